/** The registry, for tests that iterate over it. */

import type { Reader, Row } from '#db/database.ts'
import { name, sql } from '#db/sql.ts'
import type { Operation, Resource, StandardOperation } from '#kernel/declaration.ts'
import { hrefOf } from '#kernel/resource.ts'
import { readingsOf } from '#kernel/standard.ts'
import { product } from '#server/modules.ts'

export const PREFIX = '/api/v3'

/** All operations. */
export const operations = (): readonly Operation[] => product.operations

/** The resources that have a standard operation. */
export const resourcesWith = (one: StandardOperation): Resource[] =>
  product.resources.filter((resource) => resource.operations.includes(one))

/** The same, each as it answers at its own path and as it does at those of its readings. */
export const readingsWith = (one: StandardOperation): Resource[] =>
  product.resources.flatMap(readingsOf).filter((resource) => resource.operations.includes(one))

/** The resources with rows in a project that the API can create. */
export const resourcesOfProjects = (): Resource[] => resourcesWith('create').filter(({ belongsTo }) => belongsTo === 'project_id')

/** Whether the rows of a resource are stored in a table. */
export const isStored = (resource: Resource): boolean => resource.rows === undefined

/** The rows of resources that share the table of the history. */
const historyOf: Readonly<Record<string, string>> = { Activity: 'work_packages', WikiPageVersion: 'wiki_pages' }

/** Whether a row answers at the path of a resource, or only at that of another reading. */
export const isAt = (resource: Resource, row: Row): boolean =>
  !resource.readings || hrefOf(resource, row).startsWith(`${PREFIX}/${resource.path}/`)

/** The addresses of a resource's rows at its path, at most `most` of them: half from the beginning, half from the end. */
export async function addressesOf(db: Reader, resource: Resource, most = 1000): Promise<string[]> {
  const all = isStored(resource)
    ? await db.all(sql`select * from ${name(resource.table)} order by id`)
    : [...(resource.rows?.values() ?? [])]
  const rows = all.filter(
    (row) =>
      (!resource.variant || resource.variant(row as never) === resource.name) &&
      (resource.table !== 'journals' || row.resource === historyOf[resource.name]) &&
      isAt(resource, row),
  )
  const half = Math.ceil(most / 2)
  const chosen = rows.length <= most ? rows : [...rows.slice(0, half), ...rows.slice(-(most - half))]
  return chosen.map((row) => hrefOf(resource, row))
}

interface Route {
  readonly operation: Operation
  readonly pattern: RegExp
  readonly parameters: number
}
let routes: Route[] | undefined

/** The operation that answers a request, if there is one. */
export function operationAt(method: string, path: string): Operation | undefined {
  routes ??= operations()
    .map((operation) => ({
      operation,
      pattern: new RegExp(`^${PREFIX}${operation.path.replace(/\/:\w+/g, '/[^/]+').replace('*', '.+')}$`),
      parameters: operation.path.split(':').length + operation.path.split('*').length,
    }))
    .sort((a, b) => a.parameters - b.parameters)
  const plain = path.split('?')[0]!
  return routes.find((route) => route.operation.method === method && route.pattern.test(plain))?.operation
}

/** The path of an operation with `values` in place of its parameters, in order. */
export function pathWith(operation: Operation, values: readonly string[]): string {
  let next = 0
  return PREFIX + operation.path.replace(/:\w+|\*/g, () => encodeURIComponent(values[next++]!))
}

/** The number of parameters in an operation's path. */
export const parametersOf = ({ path }: Operation): number => path.match(/:\w+|\*/g)?.length ?? 0

/** The resource for each parameter of a path, by its name or the segments before it; undefined for other parameters. */
export function targetsOf({ path }: Operation): (Resource | undefined)[] {
  const all = product.resources.flatMap(readingsOf)
  const at = (list: string) => all.find((one) => one.path === list) ?? all.find((one) => one.aliases?.includes(list))
  const found: (Resource | undefined)[] = []
  const before: string[] = []
  for (const segment of path.split('/').filter(Boolean)) {
    if (segment.startsWith(':') || segment === '*') {
      const own = /^:(\w+)_id$/.exec(segment)?.[1]
      found.push((own && at(`${own}s`)) || at(before.join('/')) || at(before.at(-1)!))
      before.length = 0
    } else before.push(segment)
  }
  return found
}
