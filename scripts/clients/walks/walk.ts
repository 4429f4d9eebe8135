/** Shorthands of both walks. */

/** Throws an Error unless two values are the same. */
export function equal(actual: unknown, expected: unknown): void {
  if (actual !== expected) throw new Error(`${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`)
}

/** The id of a resource in a response. Throws an Error where there is none. */
export function id(resource: { id?: number | string } | undefined): number {
  if (typeof resource?.id !== 'number') throw new Error(`no id in ${JSON.stringify(resource)}`)
  return resource.id
}

/** A link in a payload. */
export const linkTo = (collection: string, of: number): { href: string } => ({ href: `/api/v3/${collection}/${of}` })
