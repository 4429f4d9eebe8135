/** A client that fills in forms from their schemas alone. */
import type { Person } from './populated.ts'
import type { Exchange } from './wire.ts'

type Json = Record<string, any>

let count = 0

/** The allowed values of a schema's entry, as addresses; those within the project `place` alone, if any are. */
export async function offered(entry: Json, { send }: Person, place?: string): Promise<string[]> {
  const allowed = entry._links?.allowedValues
  if (Array.isArray(allowed)) return allowed.map((link) => link.href)
  if (typeof allowed?.href !== 'string') return []
  // All of them: the values of one project may be on any page.
  const list = await send('GET', `${allowed.href}${allowed.href.includes('?') ? '&' : '?'}pageSize=1000`)
  const elements: Json[] = list.status === 200 ? list.body._embedded.elements : []
  const inPlace = elements.filter((one) => one._links.project?.href === place)
  return (inPlace.length > 0 ? inPlace : elements).map((one) => one._links.self.href)
}

/**
 * A value of an entry's type other than `current`; undefined if there is none.
 * @param others addresses to choose from if the schema offers none
 * @param attempt the number of values that were rejected before
 * @param place the preferred project of the value
 */
export async function anotherValue(
  entry: Json,
  current: any,
  person: Person,
  { others = [] as readonly string[], attempt = 0, place = undefined as string | undefined } = {},
): Promise<unknown> {
  const n = ++count
  const texts: unknown[] | undefined = entry._embedded?.allowedValues
  if (entry.location === '_links') {
    const isMany = Array.isArray(current) || String(entry.type).startsWith('[]')
    const taken = [current].flat().map((link) => link?.href)
    const list = await offered(entry, person, place)
    const href = (list.length > 0 ? list : others).filter((one) => attempt > 0 || !taken.includes(one))[attempt]
    if (href === undefined) return undefined
    return isMany ? [{ href }] : { href }
  }
  if (texts) return texts.find((text) => text !== current)
  switch (entry.type) {
    case 'String':
      return attempt % 2 === 0 ? `law-${n}` : `law${n}@example.net`
    case 'Password':
      return `Law-abiding ${n}!`
    case 'Formattable':
      return { raw: `Changed for the ${n}th time.` }
    case 'Integer':
      return ((current ?? 0) + 1) % 100
    case 'Boolean':
      return !current
    case 'Date':
      return current === '2031-03-04' ? '2031-03-05' : '2031-03-04'
    case 'DateTime':
      return '2031-03-04T09:15:00.000Z'
    case 'Duration':
      return current === 'P3D' ? 'P4D' : 'P3D'
    default:
      return undefined
  }
}

/** The value in an object for an entry of its schema. */
export const held = (body: Json, name: string, entry: Json): any =>
  entry.location === '_links' ? body._links?.[name] : body[name]

/** A payload of one property. */
export const payloadOf = (name: string, entry: Json, value: unknown): Json =>
  entry.location === '_links' ? { _links: { [name]: value } } : { [name]: value }

/** The entries of a schema, without its own properties. */
export const entriesOf = (schema: Json): [string, Json][] =>
  Object.entries<Json>(schema).filter(([, entry]) => typeof entry?.writable === 'boolean')

const merged = (a: Json, b: Json): Json => ({ ...a, ...b, _links: { ...a._links, ...b._links } })

/** A form's last response, and the payload so far. */
export interface Filled {
  readonly answer: Exchange
  readonly payload: Json
  /** The `commit` link of a valid form. */
  readonly commit: { method: string; href: string } | undefined
}

/** Fills in a form: required values that are missing or invalid are replaced until there are no errors. */
export async function filledIn(path: string, person: Person): Promise<Filled> {
  let payload: Json = {}
  let answer = await person.send('POST', path, payload)
  const attempts: Record<string, number> = {}
  for (let round = 0; round < 12 && answer.status === 200 && !answer.body._links.commit; round++) {
    const { schema, validationErrors, payload: kept } = answer.body._embedded
    payload = merged(payload, kept)
    for (const [name, entry] of entriesOf(schema)) {
      const current = held(payload, name, entry)
      const isMissing = entry.required && (current === undefined || current === null || current === '' || current.href === null)
      if (!entry.writable || !(name in validationErrors || isMissing)) continue
      const attempt = attempts[name] ?? 0
      attempts[name] = attempt + 1
      const value = await anotherValue(entry, current, person, { attempt, place: payload._links?.project?.href })
      if (value !== undefined) payload = merged(payload, payloadOf(name, entry, value))
    }
    answer = await person.send('POST', path, payload)
  }
  const commit = answer.status === 200 ? answer.body._links.commit : undefined
  return { answer, payload, commit: commit && { method: commit.method.toUpperCase(), href: commit.href } }
}
