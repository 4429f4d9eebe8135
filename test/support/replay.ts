/** All requests with hidden rows: each operation with each of their ids, names and texts, in every place for one. */

import type { Reader } from '#db/database.ts'
import { name, sql } from '#db/sql.ts'
import type { Operation, Resource } from '#kernel/declaration.ts'
import { filtersOf } from '#kernel/read/judge.ts'
import { operatorsOf, takesValues } from '#kernel/read/operators.ts'
import { product } from '#server/modules.ts'
import { WHEN_HIDDEN } from './entangled.ts'
import type { Ask, Hidden } from './hidden.ts'
import { offersOf } from './links.ts'
import { oneFile } from './parts.ts'
import { groupsOf, query, selectionOf, sortsOf } from './queries.ts'
import { isStored, operations, pathWith, targetsOf } from './registry.ts'

/** The hidden rows, and a visible row of every table for the other places. */
export interface Ground {
  readonly hidden: Hidden
  readonly visible: ReadonlyMap<string, number>
  /** Further visible rows, by table. */
  readonly beside?: ReadonlyMap<string, readonly number[]>
  /** The names of the custom fields, by resource. */
  readonly fields?: ReadonlyMap<string, readonly string[]>
}

const tableOf = (resource: Resource | undefined): string => (resource && isStored(resource) ? resource.table : '')

/** Notations of a hidden row in an address. */
function spellings(resource: Resource | undefined, { ids, names }: Hidden): string[] {
  const table = tableOf(resource)
  if (ids.has(table)) return [...ids.get(table)!.map(String), ...(names.get(table) ?? [])]
  const project = [ids.get('projects')![0], names.get('projects')![0]]
  return [...[...ids.values()].map((list) => String(list[0])), ...project.flatMap((one) => [String(one), `${one}-1`])]
}

/** The values of an operation's parameters: each of them hidden in turn, the others visible, and all of them hidden. */
function* places(operation: Operation, { hidden, visible }: Ground): Generator<string[]> {
  const targets = targetsOf(operation)
  const beside = targets.map((target) => String(visible.get(tableOf(target)) ?? 1))
  for (const [i, target] of targets.entries()) {
    for (const spelling of spellings(target, hidden)) yield beside.map((own, k) => (k === i ? spelling : own))
  }
  if (targets.length > 1) yield targets.map((target) => spellings(target, hidden)[0]!)
}

/** Every operation with a hidden row in its path. */
export function* byPath(ground: Ground): Generator<Ask> {
  for (const operation of operations()) {
    for (const values of places(operation, ground)) {
      const path = pathWith(operation, values)
      const { method, accepts } = operation
      if (method === 'GET') {
        yield { method, path }
        yield { method: 'HEAD', path }
        yield { method: 'OPTIONS', path }
      } else if (method === 'DELETE') yield { method, path }
      else if (accepts === 'parts') yield { method, path, ...oneFile }
      else if (accepts === 'text') yield { method, path, body: 'A text.', headers: { 'content-type': 'text/plain' } }
      else yield { method, path, body: { lockVersion: 0 } }
    }
  }
}

/** The path of an operation at visible rows. */
const visiblePath = (operation: Operation, { visible }: Ground): string =>
  pathWith(
    operation,
    targetsOf(operation).map((target) => String(visible.get(tableOf(target)) ?? 1)),
  )

/** All reads of visible rows that are linked to hidden ones. */
export function* byNeighbour(ground: Ground): Generator<Ask> {
  for (const operation of operations()) {
    const { method, answers, query: parameters } = operation
    for (const path of visiblePaths(operation, ground)) {
      if (method === 'GET') yield { method, path }
      else if (answers.as === 'form') yield { method, path, body: { lockVersion: 0 } }
      if (parameters?.includes('timestamps')) yield { method, path: path + query({ timestamps: `${WHEN_HIDDEN},PT0S` }) }
    }
  }
}

/** The paths of an operation for all visible rows. */
function visiblePaths(operation: Operation, ground: Ground): string[] {
  const others = targetsOf(operation).map((target) => ground.beside?.get(tableOf(target)) ?? [])
  const most = Math.max(0, ...others.map((ids) => ids.length))
  const further = Array.from({ length: most }, (_, n) => {
    const visible = new Map([
      ...ground.visible,
      ...[...(ground.beside ?? [])].map(([table, ids]) => [table, ids[n] ?? ids[0]!] as const),
    ])
    return visiblePath(operation, { ...ground, visible })
  })
  return [visiblePath(operation, ground), ...further]
}

/** The lists, with paths of visible rows. */
function visibleLists(ground: Ground): { path: string; listed: Resource }[] {
  return operations().flatMap((operation) => {
    const { method, answers } = operation
    const listed = product.resources.find((one) => one.name === answers.of)
    const isList = method === 'GET' && answers.as === 'collection' && listed
    return isList ? [{ path: visiblePath(operation, ground), listed }] : []
  })
}

/** Hidden values for a filter: ids or texts, by its strategy. */
function hiddenValues(resource: Resource, key: string, strategy: string, { ids, names, texts }: Hidden): string[] {
  switch (strategy) {
    case 'text':
    case 'string':
    case 'search':
      return [...texts, String(ids.get('work_packages')![0]), `${names.get('principals')![0]}@example.net`]
    case 'date':
    case 'datetime_past':
      return ['2093-07-06']
    case 'integer':
      return ['7381.25', '177151.5']
    case 'boolean':
      return ['t']
  }
  const target = resource.property.get(key)?.to
  const table = target ? tableOf(product.of(target)) : key === 'id' ? tableOf(resource) : ''
  const own = ids.get(table)
  if (own) return own.slice(0, 2).map(String)
  return [
    ...[...ids.values()].map((list) => String(list[0])),
    ...[...names.values()].map((list) => list[0]!),
    `p${ids.get('projects')![0]}`,
  ]
}

/** Every filter of every list with hidden values; further lists of a resource share a part of the filters. */
export function* byFilter(ground: Ground): Generator<Ask> {
  const known = new Map<string, number>()
  for (const { path, listed } of visibleLists(ground)) {
    const nth = known.get(listed.name) ?? 0
    known.set(listed.name, nth + 1)
    const filters = [...new Map([...filtersOf(listed).values()].map((filter) => [filter.key, filter])).values()]
    for (const [i, filter] of filters.entries()) {
      if (nth > 0 && i % 5 !== nth % 5) continue
      for (const operator of filter.operators ?? operatorsOf[filter.strategy]) {
        const values = takesValues(operator) ? hiddenValues(listed, filter.key, filter.strategy, ground.hidden) : ['']
        for (const value of values) {
          const pair = operator === '<>d' ? ['2093-01-01', '2093-12-31'] : [value]
          yield { method: 'GET', path: path + query({ filters: [{ [filter.key]: { operator, values: pair } }], pageSize: '50' }) }
        }
      }
    }
  }
}

/** Every list with every order, group, sum and selection. */
export function* byShape(ground: Ground): Generator<Ask> {
  const fields = new Map(ground.fields)
  for (const { path, listed } of visibleLists(ground)) {
    yield { method: 'GET', path }
    const shapes: Record<string, unknown>[] = [
      ...sortsOf(listed).map((own) => ({ sortBy: [[own, 'desc']] })),
      ...groupsOf(listed).map((own) => ({ groupBy: own, showSums: 'true', filters: [] })),
      ...(fields.get(listed.name) ?? []).flatMap((own) => [
        { sortBy: [[own, 'asc']] },
        { groupBy: own, showSums: 'true', filters: [] },
      ]),
      { select: selectionOf(listed).join(',') },
      { sortBy: [['zqk', 'asc']] },
      { groupBy: 'zqk' },
      { select: 'elements/zqk' },
    ]
    // Further lists of a resource read its fields in the same way.
    fields.delete(listed.name)
    for (const shape of shapes) yield { method: 'GET', path: path + query({ pageSize: '100', ...shape }) }
  }
}

/** Every filter of every list that compares texts or dates, or tests for presence, with values over the whole range. */
export function* byLetter(ground: Ground): Generator<Ask> {
  // For each resource the list of all, if any, and one below another resource.
  const lists = Map.groupBy(
    visibleLists(ground).toSorted((a, b) => a.path.split('/').length - b.path.split('/').length),
    ({ listed }) => listed.name,
  )
  for (const { path, listed } of [...lists.values()].flatMap((all) => all.slice(0, 2))) {
    for (const filter of new Map([...filtersOf(listed).values()].map((one) => [one.key, one])).values()) {
      for (const operator of filter.operators ?? operatorsOf[filter.strategy]) {
        const to = filter.to ?? listed.property.get(filter.key)?.to
        const own = to ? (ground.beside?.get(tableOf(product.of(to))) ?? []) : []
        const shown = filter.strategy.startsWith('list') && takesValues(operator) ? own.map((id) => [String(id)]) : []
        for (const values of [...letters(filter.strategy, operator), ...shown])
          yield { method: 'GET', path: path + query({ filters: [{ [filter.key]: { operator, values } }], pageSize: '100' }) }
      }
    }
    for (const field of ground.fields?.get(listed.name) ?? []) {
      for (const [operator, value] of [['*'], ['!*'], ['~', 'zqk'], ['>=', '100'], ['!', '1']] as const)
        yield { method: 'GET', path: path + query({ filters: [{ [field]: { operator, values: value ? [value] : [] } }] }) }
    }
  }
}

/** Values over the whole range, for the strategies with an order. */
function letters(strategy: string, operator: string): string[][] {
  if (!takesValues(operator)) return [[]]
  if (['text', 'string', 'search'].includes(strategy)) return [['z'], ['zqk'], ['a'], ['aqk'], ['zqk1x'], ['@example']]
  if (strategy === 'integer') return [['10'], ['7000']]
  if (operator === '<>d') return [['2000-01-01', '2100-01-01']]
  if (operator === '=d') return [['2093-07-06']]
  return []
}

/** Addresses of hidden rows for a link to `target`. */
function hrefsTo(target: Resource, { ids, names }: Hidden): string[] {
  const table = tableOf(target)
  const all = [...(ids.get(table) ?? []).map(String), ...(names.get(table) ?? []).slice(0, 2)]
  const paths = target.variant ? ['users', 'groups', 'placeholder_users'] : [target.path]
  return paths.flatMap((path) => all.map((one) => `/api/v3/${path}/${one}`))
}

/**
 * Every write with a hidden row in one of its links.
 * @param started valid payloads for new rows, by resource: a link of theirs is replaced
 */
export function* byLink({ hidden, visible }: Ground, started: ReadonlyMap<string, Record<string, any>>): Generator<Ask> {
  for (const operation of operations()) {
    const { method, takes } = operation
    const resource = takes === undefined ? undefined : product.resources.find((one) => one.name === takes)
    const own = targetsOf(operation).map((target) => visible.get(tableOf(target)))
    if (!resource || own.includes(undefined)) continue
    const start = started.get(resource.name) ?? {}
    const isNew = method === 'POST' && !/:id(\/form)?$/.test(operation.path)
    const placed = isNew ? targetsOf(operation).map((target) => target?.name) : []
    for (const property of resource.properties) {
      // The body can omit values that the path determines.
      if (!property.to || placed.includes(property.to)) continue
      for (const href of hrefsTo(product.of(property.to), hidden)) {
        const link = property.many ? [{ href }] : { href }
        const body = isNew
          ? { ...start, _links: { ...start._links, [property.name]: link } }
          : { lockVersion: 0, _links: { [property.name]: link } }
        yield { method, path: pathWith(operation, own.map(String)), body }
      }
    }
  }
}

/** Tables of what texts refer to, by the word. */
const REFERENCES = {
  version: 'versions',
  news: 'news',
  document: 'documents',
  message: 'posts',
  meeting: 'meetings',
  query: 'queries',
  view: 'queries',
}

/** Texts that mention hidden rows in every notation. */
export function* byMention({ hidden: { ids, names } }: Ground): Generator<Ask> {
  const mentions = [
    ...[...ids.values()].flatMap((list) => [`#${list[0]}`, `##${list[0]}`, `###${list[0]}`]),
    ...names.get('projects')!.flatMap((one) => [`project:${one}`, `project#${one}`, `[${one}](/projects/${one})`]),
    ...names.get('principals')!.flatMap((one) => [`@${one}`, `user:"${one}"`]),
    ...ids
      .get('principals')!
      .flatMap((id) => [
        `user#${id}`,
        `group#${id}`,
        `<mention class="mention" data-id="${id}" data-type="user" data-text="@x">@x</mention>`,
      ]),
    ...Object.entries(REFERENCES).flatMap(([word, table]) => (ids.get(table) ?? []).slice(0, 2).map((id) => `${word}#${id}`)),
    ...['attachments', 'work_packages', 'projects', 'versions'].flatMap((table) =>
      (names.get(table) ?? []).flatMap((one) => [`attachment:"${one}"`, `![](${encodeURIComponent(one)})`]),
    ),
    ...['project', 'workPackage'].flatMap((one) => [`${one}Value:name`, `${one}Label:customField1`, `${one}Value:subject`]),
    `projectValue:${ids.get('projects')![0]}:name`,
    `/api/v3/work_packages/${ids.get('work_packages')![0]}`,
    `workPackageValue:${ids.get('work_packages')![0]}:subject`,
  ]
  const headers = { 'content-type': 'text/plain' }
  for (const { method, path, accepts } of operations()) {
    if (accepts !== 'text') continue
    yield { method, path: `/api/v3${path}`, body: mentions.join('\n\n'), headers }
    for (const id of [...ids.values()].map((list) => list[0])) {
      for (const context of ['work_packages', 'projects', 'versions', 'users'])
        yield { method, path: `/api/v3${path}?context=/api/v3/${context}/${id}`, body: 'A text.', headers }
    }
  }
}

/** Links in responses to a viewer of the hidden rows, for requests of other viewers. */
export function harvested(answers: Iterable<{ body: unknown }>): Ask[] {
  const found = new Map<string, Ask>()
  for (const { body } of answers) {
    for (const { method, href, payload, from } of offersOf(body)) {
      if (!/zqk|770\d{3}/.test(href + JSON.stringify(payload ?? ''))) continue
      const sent =
        payload ?? from._embedded?.payload ?? (method === 'GET' || method === 'DELETE' ? undefined : { lockVersion: 0 })
      found.set(`${method} ${href}`, { method, path: href, ...(sent && { body: sent }) })
    }
  }
  return [...found.values()]
}

/** All contents of the database, except records of the requests. */
export async function contents(db: Reader, tables: Iterable<string>): Promise<string> {
  let all = ''
  for (const table of tables) {
    if (table === 'tokens' || table === 'sessions') continue
    const rows = await db.all(sql`select * from ${name(table)}`)
    all += `${table}\n${rows
      .map((row) => JSON.stringify(row))
      .toSorted()
      .join('\n')}\n`
  }
  return all
}
