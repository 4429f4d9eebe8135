/** Compares our document with the official one: covered operations, and the ratchet that keeps them. */

/** An operation: `name` with the official document's path, `path` with our server's, `definition` from the official document. */
export type Operation = { name: string; method: string; path: string; tag: string; definition: any }

const methods = ['get', 'post', 'put', 'patch', 'delete']

/** The path with its parameters made nameless, so `/users/{id}` and `/users/{userId}` are one: `/users/{}`. */
export const shapeOf = (path: string): string => path.replaceAll(/\{[^}]*\}/g, '{}')

/** Lists every operation of an OpenAPI `document`, in its order; an operation of several tags counts under the first. */
export function operationsOf(document: any): Operation[] {
  return Object.entries<any>(document.paths ?? {}).flatMap(([path, item]) =>
    methods
      .filter((method) => item[method])
      .map((method) => {
        const name = `${method.toUpperCase()} ${path}`
        return { name, method, path, tag: item[method].tags?.[0] ?? 'Untagged', definition: item[method] }
      }),
  )
}

/**
 * Splits the `official` operations into those `served` and those missing. A path may be served under its alias
 * (official path → path in use); the operation then carries the path found in the served document.
 */
export function compare(official: Operation[], served: Operation[], aliases: Record<string, string>) {
  const paths = new Map(served.map((operation) => [`${operation.method} ${shapeOf(operation.path)}`, operation.path]))
  const present: Operation[] = []
  const missing: Operation[] = []
  for (const operation of official) {
    const spellings = [aliases[operation.path] ?? operation.path, operation.path]
    const path = spellings.map((spelling) => paths.get(`${operation.method} ${shapeOf(spelling)}`)).find(Boolean)
    if (path) present.push({ ...operation, path })
    else missing.push(operation)
  }
  return { present, missing }
}

/** Counts `[tag, present, total]` for each tag, sorted; tags that differ only in letter case are one. */
export function countByTag(present: Operation[], missing: Operation[]): [tag: string, present: number, total: number][] {
  const counts = new Map<string, [string, number, number]>()
  const count = (operation: Operation, served: number) => {
    const key = operation.tag.toLowerCase()
    const [tag, here, total] = counts.get(key) ?? [operation.tag, 0, 0]
    counts.set(key, [tag, here + served, total + 1])
  }
  for (const operation of present) count(operation, 1)
  for (const operation of missing) count(operation, 0)
  return [...counts.values()].sort(([a], [b]) => a.localeCompare(b))
}

/**
 * Compares the names now `present` with those `recorded` earlier: `lost` are gone, `unrecorded` are new, and `grown`
 * is the sorted list to record next, which never shrinks.
 */
export function ratchet(recorded: string[], present: string[]) {
  return {
    lost: recorded.filter((name) => !present.includes(name)),
    unrecorded: present.filter((name) => !recorded.includes(name)),
    grown: [...new Set([...recorded, ...present])].sort(),
  }
}
