/**
 * The law of effects: a write has no effect on rows that its actor may not write. All hidden rows are copied into the actor's
 * project, and linked to its rows by every column that can refer to them. Then every write of the registry is sent. The database
 * is compared before and after it, within its own transaction, which is rolled back: all writes start from the same state.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { ConstraintError, type Database, type Reader, type Row, type Transaction } from '#db/database.ts'
import { insert } from '#db/dialect.ts'
import { join, name, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { type Viewer, viewerOf } from '#kernel/access/viewer.ts'
import { createCache, invalidate } from '#kernel/cache.ts'
import type { Operation, Property, Resource } from '#kernel/declaration.ts'
import { makeAction } from '#modules/custom-fields/actions.ts'
import { product } from '#server/modules.ts'
import { type Hidden, hide } from '#test/hidden.ts'
import { type Instance, instance } from '#test/instance.ts'
import { layout, references } from '#test/layout.ts'
import { payloadFor } from '#test/populated.ts'
import { isAt, isStored, operations, PREFIX, pathWith, targetsOf } from '#test/registry.ts'
import { sampled } from '#test/sample.ts'
import { type Wire, wire } from '#test/wire.ts'

const { permissions } = product

type Rows = Map<string, Row>
type Json = Record<string, any>

/** Effects of scheduling and sharing on hidden rows: see docs/effects.md. */
const consequences: Record<string, readonly string[]> = {
  work_packages: [
    'start_date',
    'due_date',
    'duration',
    'schedule_manually',
    'ignore_non_working_days',
    'derived_start_date',
    'derived_due_date',
    'derived_estimated_hours',
    'derived_remaining_hours',
    'derived_done_ratio',
    'lock_version',
    'updated_at',
  ],
}
/** Columns that may become empty. */
const detached: Record<string, readonly string[]> = {
  work_packages: ['parent_id', 'version_id', 'project_phase_id', 'budget_id', 'sprint_id'],
}
/**
 * Principals are visible through memberships, definitions of phases and storages through the projects that use them: their visibility
 * changes with these.
 */
const seenByMembership = new Set(['principals', 'project_phase_definitions', 'storages'])
/** Tables outside the comparison: records of requests and changes, and permissions of roles, which no request changes. */
const passing = new Set<string>([
  'tokens',
  'sessions',
  'outbox',
  'jobs',
  'revisions',
  ...product.resources.flatMap(({ journal }) => journal ?? []),
  'permissions',
  'role_permissions',
])

let server: Instance
let hidden: Hidden
let home: number
let dock: number
let fleet: number
let yachts: number
let crew: number
let actors: Wire[] = []
let mine: ReadonlySet<number>
let watching: { name: string; id: number }[]
let committed: Database['transaction']
/** The rows before any write, and their visibility for each viewer. */
let standing: Rows
let standingPrints: ReadonlyMap<string, string>
/** Those that do not belong to the actor's projects. */
let foreign: Rows
let sight: ReadonlyMap<string, ReadonlySet<string>>

const tables = [...layout.keys()].filter((table) => !passing.has(table))
const hasId = (table: string) => layout.get(table)!.includes('id')
const key = (table: string, id: unknown) => `${table} ${id}`
const tableNamed = (type: string) => product.resources.find((one) => one.name === type)?.table as string | undefined

/** The rows that a row refers to: by foreign keys, and by pairs of a type and an id. */
function* pointers(table: string, row: Row): Generator<{ column: string; target: string; id: number }> {
  for (const { column, target } of referencesOf.get(table) ?? []) {
    if (row[column] !== null) yield { column, target, id: row[column] }
  }
  for (const { type, column } of pairsOf.get(table) ?? []) {
    const target = type === 'resource' ? row[type] : tableNamed(row[type])
    if (target && row[column] !== null) yield { column, target, id: row[column] }
  }
}
const pairs = (table: string): { type: string; column: string }[] => {
  const own = layout.get(table)!
  return own.flatMap((type) => {
    const column = type === 'resource' ? 'resource_id' : type.endsWith('_type') ? type.replace(/_type$/, '_id') : ''
    return own.includes(column) ? [{ type, column }] : []
  })
}

const referencesOf = Map.groupBy(references, (one) => one.table)
const pairsOf = new Map([...layout.keys()].map((table) => [table, pairs(table)]))

async function everyRow(db: Reader, of: Iterable<string> = tables): Promise<Rows> {
  const found: Rows = new Map()
  for (const table of of) {
    for (const row of await db.all(sql`select * from ${name(table)}`))
      found.set(key(table, hasId(table) ? row.id : JSON.stringify(row)), row)
  }
  return found
}

/** The contents of every table, as one text. */
async function everyPrint(db: Reader): Promise<ReadonlyMap<string, string>> {
  const print = (table: string) =>
    db.engine === 'postgres'
      ? sql`(select string_agg(r::text, ' ' order by r::text) from ${name(table)} r)`
      : sql`(select group_concat(${join(
          layout.get(table)!.map((column) => sql`quote(${name(column)})`),
          ' || ',
        )}, ' ') from ${name(table)})`
  const rows = await db.all<{ table: string; print: string }>(
    join(
      tables.map((table) => sql`select ${table} as "table", ${print(table)} as print`),
      ' union all ',
    ),
  )
  return new Map(rows.map((row) => [row.table, row.print]))
}

/** The rows visible to each observing viewer, by rules evaluated again: `table id` by name. */
async function everySight(db: Reader): Promise<Map<string, Set<string>>> {
  const seen = new Map<string, Set<string>>()
  const snapshot = await createCache().snapshot(db)
  for (const { name: of, id } of watching) {
    const row = (await db.one(sql`select * from principals where id = ${id}`)) as Row
    const viewer: Viewer = await viewerOf(snapshot, row)
    const kinds = product.resources.filter((one) => isStored(one) && tables.includes(one.table) && hasId(one.table))
    const visible = await rights({ db, viewer }, ...kinds.map((one) => one.visible))
    const rows = await db.all<{ of: string; id: number }>(
      join(
        kinds.map(
          ({ table }, i) =>
            sql`select ${table} as "of", ${name(`${table}.id`)} as id from ${name(table)} where ${visible[i]!.where(table)}`,
        ),
        ' union ',
      ),
    )
    seen.set(of, new Set(rows.map((one) => key(one.of, one.id))))
  }
  return seen
}

/** The project of a row, if it has the column. */
const projectOf = (table: string, row: Row): number | null | undefined => (table === 'projects' ? row.id : row.project_id)

/** Whether a row belongs to the actor's projects: by its project, or, without one, as part of a row that does. */
function isMine(table: string, row: Row, rows = standing, steps = 3): boolean {
  const project = projectOf(table, row)
  if (project !== undefined && project !== null) return mine.has(project)
  if (steps === 0 || table === 'principals') return false
  return [...pointers(table, row)].some(({ target, id }) => {
    const owner = rows.get(key(target, id))
    return owner !== undefined && isMine(target, owner, rows, steps - 1)
  })
}

const same = (a: unknown, b: unknown) => JSON.stringify(a) === JSON.stringify(b)

/** The effects of a write on rows of other projects, in words. */
async function reached(tx: Reader): Promise<string[]> {
  const prints = await everyPrint(tx)
  const changed = new Set(tables.filter((table) => prints.get(table) !== standingPrints.get(table)))
  if (changed.size === 0) return []
  const untouched = [...standing].filter(([place]) => !changed.has(place.split(' ')[0] as string))
  const now = new Map([...untouched, ...(await everyRow(tx, changed))])
  const sees = await everySight(tx)
  const found: string[] = []
  for (const [place, row] of foreign) {
    const [table] = place.split(' ') as [string]
    const after = now.get(place)
    if (!after) {
      found.push(`${place} is gone`)
      continue
    }
    for (const column of Object.keys(row)) {
      if (same(row[column], after[column]) || consequences[table]?.includes(column)) continue
      if (detached[table]?.includes(column) && after[column] === null) continue
      found.push(`${place} has another ${column}`)
    }
    for (const { name: of } of watching) {
      if (seenByMembership.has(table)) continue
      if (sight.get(of)!.has(place) !== sees.get(of)!.has(place)) found.push(`${place} is seen otherwise by ${of}`)
    }
  }
  for (const [place, row] of now) {
    if (!standing.has(place) && isForeign(place.split(' ')[0] as string, row, now)) found.push(`${place} appears`)
  }
  return found
}

/** Whether a new row is outside of the actor's projects; entries in the history of remaining rows are allowed. */
function isForeign(table: string, row: Row, now: Rows): boolean {
  if (table === 'journals' || isMine(table, row, now)) return false
  const project = projectOf(table, row)
  if (project !== undefined && project !== null) return standing.has(key('projects', project))
  return [...pointers(table, row)].some(({ target, id }) => {
    const owner = now.get(key(target, id))
    return target !== 'principals' && owner !== undefined && isForeign(target, owner, now)
  })
}

/** Copies the hidden project's rows into the home project, with the rows that they refer to. */
async function copyHidden(harbour: number): Promise<void> {
  const copies = new Map<string, number>([[key('projects', harbour), home]])
  const all = [...hidden.ids].flatMap(([table, ids]) => ids.map((id) => ({ table, id }))).toSorted((a, b) => a.id - b.id)
  const shared = ['principals', 'projects', 'custom_fields', 'custom_options', 'custom_field_items', 'oauth_applications']
  for (const { table, id } of all) {
    if (shared.includes(table)) continue
    const row = await server.db.one(sql`select * from ${name(table)} where id = ${id}`)
    if (!row) continue
    const changes: Row = {}
    for (const { column, target, id: of } of pointers(table, row)) {
      const copy = copies.get(key(target, of))
      if (copy) changes[column] = copy
    }
    const made = await copied(table, row, { custom_values: null, ...changes })
    if (made) copies.set(key(table, id), made)
  }
}

let copiesMade = 0
/** A copy of a row with some columns changed; undefined if it would violate a constraint. */
async function copied(table: string, row: Row, changes: Row): Promise<number | undefined> {
  const { id: _, ...copy } = { ...row, ...changes }
  for (const column of ['identifier', 'storage_name', 'client_id', 'digest'])
    if (typeof copy[column] === 'string') copy[column] = `${copy[column]}-${++copiesMade}`
  if (table === 'versions') copy.name = `${copy.name}-${++copiesMade}`
  for (const column of Object.keys(copy)) {
    if (!layout.get(table)!.includes(column)) delete copy[column]
    // The PostgreSQL driver would turn a list into an array.
    else if (Array.isArray(copy[column])) copy[column] = JSON.stringify(copy[column])
  }
  try {
    return (await server.db.transaction((tx) => tx.one<{ id: number }>(insert(table, copy))))!.id
  } catch (error) {
    if (error instanceof ConstraintError) return undefined
    throw error
  }
}

/** Links every hidden row to every row of the home project that it can refer to, and further home rows to the hidden one. */
async function linkHidden(): Promise<Set<string>> {
  const ways = new Set<string>()
  const own = [...(await everyRow(server.db))].filter(([place, row]) => {
    const project = projectOf(place.split(' ')[0]!, row)
    return project === home
  })
  const ownOf = (table: string) => own.filter(([place]) => place.startsWith(`${table} `)).map(([, row]) => row)
  for (const [table, ids] of hidden.ids) {
    if (!tables.includes(table) || !hasId(table)) continue
    const places = [
      ...references.filter((one) => one.table === table).map(({ column, target }) => ({ column, target, type: undefined })),
      ...pairs(table).flatMap(({ type, column }) => {
        const kinds = type === 'resource' ? ['work_packages'] : ['WorkPackage']
        return kinds.map((kind) => ({ column, target: 'work_packages', type: { [type]: kind } }))
      }),
    ]
    for (const { column, target, type } of places) {
      // A row of another project belongs to that project.
      if (column === 'project_id' || target === 'principals') continue
      for (const to of ownOf(target).slice(0, 1)) {
        for (const id of type ? ids : ids.slice(0, 2)) {
          const row = await server.db.one(sql`select * from ${name(table)} where id = ${id}`)
          if (!row) continue
          // A share is part of its work package.
          if (table === 'memberships' && type && row.entity_type === null) continue
          const place = table === 'memberships' && type ? { project_id: home } : {}
          const made = await copied(table, row, { ...type, ...place, [column]: to.id })
          if (!made) continue
          ways.add(`${table}.${column}`)
          if (table === 'projects') await server.make.member(hidden.insider, made, { role: await everything() })
          if (table === target && table === 'work_packages')
            await copied(table, { ...to, parent_id: null }, { [column]: made, subject: 'Home again' })
          if (table === 'work_packages') {
            const booked = (await server.db.one(
              sql`select * from time_entries where id = ${hidden.ids.get('time_entries')![0]}`,
            )) as Row
            await copied('time_entries', booked, { entity_id: made })
          }
        }
      }
    }
  }
  return ways
}
let role: number | undefined
const everything = async () => {
  role ??= await server.make.role(permissions.filter((one) => one.scopes.includes('project')).map((one) => one.name))
  return role
}
let ways: Set<string>

before(async () => {
  server = await instance()
  await server.setting('journal_aggregation_time_minutes', 0)
  const { make } = server
  home = await make.project({ identifier: 'home', name: 'At home' })
  dock = await make.project({ identifier: 'dock', name: 'Dock' })
  fleet = await make.project({ identifier: 'fleet', name: 'Fleet', workspace_type: 'portfolio' })
  yachts = await make.project({ identifier: 'yachts', name: 'Yachts', workspace_type: 'program', parent_id: fleet })
  mine = new Set([home, dock, fleet, yachts])
  const person = async (of: string, ...projects: number[]) => {
    const id = await make.user({ name: of, login: of })
    for (const project of projects) await make.member(id, project, { role: await everything() })
    return id
  }
  hidden = await hide(server, await everything())
  const harbour = hidden.ids.get('projects')![0]!
  const actor = await person('actor', ...mine)
  const all = (await server.db.all<{ id: number }>(sql`select id from projects`)).map((row) => row.id)
  const manager = await person('manager', ...all)
  await make.member(manager, null, ['add_project', 'manage_user', 'manage_placeholder_user', 'view_all_principals'])
  const both = await person('both', home, harbour)
  // A former member, with a membership without roles and a watch.
  const former = await person('former', home)
  const stamps = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' }
  await make.row('memberships', { principal_id: former, project_id: harbour, ...stamps })
  await server.db.transaction((tx) =>
    tx.run(sql`insert into watchers (work_package_id, user_id) values (${hidden.ids.get('work_packages')![0]}, ${former})`),
  )
  const stranger = await person('stranger')
  // A group that is a member there, whose user has inherited nothing yet.
  crew = await make.group()
  await make.member(crew, harbour, { role: await everything() })
  await server.db.transaction((tx) => tx.run(sql`insert into group_users (group_id, user_id) values (${crew}, ${former})`))
  await copyHidden(harbour)
  ways = await linkHidden()
  // Unlinked rows, for further links.
  const alone = { project_id: home, name: 'Alone', ...stamps }
  await make.row('versions', alone)
  const task = await server.db.one(sql`select * from work_packages where project_id = ${home} order by id limit 1`)
  await copied('work_packages', task as Row, { subject: 'Alone', parent_id: null, version_id: null })
  await server.db.transaction(async (tx) => {
    await makeAction(tx, { name: 'To the dock', changes: { _links: { project: { href: `${PREFIX}/projects/${dock}` } } } })
    await invalidate(tx, 'principals', 'memberships', 'projects', 'versions', 'categories')
  })
  actors = [wire(server.url, await server.token(actor)), wire(server.url, await server.token(manager, { projects: [...mine] }))]
  watching = [
    { name: 'the insider', id: hidden.insider },
    { name: 'a member of both', id: both },
    { name: 'the actor', id: actor },
    { name: 'a stranger', id: stranger },
  ]
  standing = await everyRow(server.db)
  standingPrints = await everyPrint(server.db)
  foreign = new Map([...standing].filter(([place, row]) => !isMine(place.split(' ')[0] as string, row)))
  sight = await everySight(server.db)
  committed = server.db.transaction.bind(server.db)
})
after(async () => {
  for (const send of actors) send.close()
  await server.close()
})

/** Rolls back a completed transaction. */
class Undone extends Error {}

/** Sends a write; gives its effects, or nothing if it was rejected. */
async function observe(send: Wire, method: string, path: string, body: unknown): Promise<{ status: number; found?: string[] }> {
  let found: string[] | undefined
  let result: unknown
  server.db.transaction = async (work) => {
    try {
      await committed(async (tx: Transaction) => {
        result = await work(tx)
        found = [...(found ?? []), ...(await reached(tx))]
        throw new Undone()
      })
    } catch (error) {
      if (!(error instanceof Undone)) throw error
    }
    return result as never
  }
  try {
    const { status } = await send(method, PREFIX + path, body)
    return { status, ...(found && { found }) }
  } finally {
    server.db.transaction = committed
  }
}

/** Ids of a few rows visible to the actor, those of home first. */
const choices = (target: Resource): number[] => {
  const seen = [...standing].filter(
    ([place, row]) =>
      place.startsWith(`${target.table} `) &&
      sight.get('the actor')!.has(place) &&
      (target.table !== 'principals' || target.name === 'Principal' || row.type === target.name) &&
      (target.path === product.of(target.name).path || isAt(target, row)),
  )
  const [own, others] = [true, false].map((is) =>
    seen.filter(([, row]) => isMine(target.table, row) === is).map(([, row]) => row.id as number),
  ) as [number[], number[]]
  const rows = [...own, ...others]
  return target.name === 'Membership' || rows.length < 4 ? rows : [...rows.slice(0, 2), ...rows.slice(-1)]
}

const linkTo = (target: Resource, id: number | string): Json => {
  const row = standing.get(key(target.table, id))
  const path = row && target.pathOf ? target.pathOf(row as never) : target.path
  return { href: `${PREFIX}/${path}/${id}` }
}

/** Possible values of a property. */
function values(property: Property): unknown[] {
  if (property.to) {
    const target = product.of(property.to)
    const links = (isStored(target) ? choices(target) : [...target.rows!.keys()]).map((id) => linkTo(target, id))
    return property.many ? [[], ...links.map((link) => [link])] : [{ href: null }, ...links]
  }
  switch (property.kind.type) {
    case 'Boolean':
      return [true, false]
    case 'Integer':
      return [1]
    case 'Date':
      return ['2093-08-03']
    case 'DateTime':
      return ['2093-08-03T09:00:00Z']
    case 'Duration':
      return ['P4D', 'PT4H']
    case 'Formattable':
      return [{ raw: 'Other' }]
    case '[]GridWidget':
      return [[], ...choices(product.of('Query')).map((id) => [shown(id)])]
    case 'QueryOrder':
      return [{ [choices(product.of('WorkPackage'))[0]!]: 1 }]
    default:
      return property.options.allowed ? ['closed', 'none', 'descendants'] : ['Other']
  }
}

/** One body for all operations with bodies of their own. */
const commonBody = (): Json => {
  const [task] = choices(product.of('WorkPackage')) as [number]
  const [query] = choices(product.of('Query')) as [number]
  const [storage] = choices(product.of('Storage')) as [number]
  return {
    comment: { raw: 'Other' },
    reaction: 'rocket',
    delta: { [task]: 1 },
    user: { href: `${PREFIX}/users/${watching[1]!.id}` },
    remindAt: '2094-01-01T00:00:00Z',
    note: 'Other',
    timeZone: 'Europe/Paris',
    token_name: 'Other',
    _embedded: {
      elements: [{ originData: { id: 'other', name: 'Other' }, _links: { storage: linkTo(product.of('Storage'), storage) } }],
    },
    _links: { workPackage: { href: `${PREFIX}/work_packages/${task}` }, query: { href: `${PREFIX}/queries/${query}` } },
  }
}

interface Write {
  readonly operation: Operation
  readonly path: string
  readonly body: unknown
}

/**
 * Every write in the registry, for all suitable rows of the home project.
 * @param actor the index of the actor: in a sampled run, each property is changed by one of the actors
 */
async function* writes(actor: number): AsyncGenerator<Write> {
  const creates = new Set<string>()
  for (const operation of operations()) {
    const { method, answers, harmless, takes, accepts } = operation
    if (method === 'GET' || answers.as === 'form' || harmless || accepts === 'text' || accepts === 'parts') continue
    const targets = targetsOf(operation)
    const given = targets.map((target) => (target && isStored(target) ? choices(target) : ['work_packages_table']))
    const some = method === 'POST' ? 1 : 10
    const [first, ...others] =
      targets.length === 0 ? [[]] : given[0]!.map((id) => [id, ...given.slice(1).map((list) => list[0] ?? 1)]).slice(0, some)
    const rows = [...(first ? [first] : []), ...sampled(others, 2, `effects ${method} ${operation.path}`)]
    const resource = product.resources.find((one) => one.name === takes)
    for (const ids of rows) {
      const path = pathWith(operation, ids.map(String)).slice(PREFIX.length)
      const row = targets[0] && standing.get(key(targets[0].table, ids[0]))
      const lock = { lockVersion: row?.lock_version ?? 0 }
      if (method === 'DELETE') {
        yield { operation, path, body: undefined }
        continue
      }
      yield { operation, path, body: { ...commonBody(), ...lock } }
      if (!resource) continue
      const start = method === 'POST' ? await started(resource, operation.path) : lock
      yield { operation, path, body: start }
      // A creation only adds rows: one way to create suffices.
      if (method === 'POST' && creates.has(resource.name)) continue
      if (method === 'POST') creates.add(resource.name)
      for (const property of resource.properties) {
        // All properties of one row are changed, and the properties with several values of the others.
        if (ids !== rows[0] && !property.many) continue
        if (!sampled([0, 1], 1, `actor ${path} ${property.name}`).includes(actor)) continue
        const all = method === 'POST' ? values(property).slice(0, 2) : values(property)
        for (const value of sampled(all, 1, `effects ${path} ${property.name}`)) {
          const own = { [property.name]: value }
          yield {
            operation,
            path,
            body: property.to ? { ...start, _links: { ...(start as Json)._links, ...own } } : { ...start, ...own },
          }
        }
      }
    }
  }
}

/** A widget that shows a query. */
const shown = (queryId: number | undefined): Json => ({
  ...{ identifier: 'work_package_query', startRow: 1, endRow: 2, startColumn: 1, endColumn: 2 },
  options: { queryId },
})

/** A payload for a new row, with the required properties. */
async function started(resource: Resource, at: string): Promise<Json> {
  const last = (of: string) => linkTo(product.of(of), choices(product.of(of)).at(-1) ?? 0)
  const project = { href: `${PREFIX}/projects/${home}` }
  const roles = [linkTo(product.of('Role'), await everything())]
  const payloads: Record<string, Json> = {
    WorkPackage: { subject: 'New', _links: { project } },
    TimeEntry: { spentOn: '2093-07-06', hours: 'PT1H', _links: { entity: last('WorkPackage') } },
    Version: { name: 'New', _links: { definingProject: project } },
    Query: { name: 'New', filters: [], _links: { project } },
    Membership: { _links: { project, principal: { href: `${PREFIX}/groups/${crew}` }, roles } },
    Relation: { type: 'follows', _links: { to: last('WorkPackage') } },
    Project: { name: 'New', _links: { parent: at === '/programs' ? { href: `${PREFIX}/portfolios/${fleet}` } : project } },
    Grid: {
      ...{ rowCount: 1, columnCount: 1, widgets: [shown(choices(product.of('Query')).at(-1))] },
      _links: { scope: { href: `/projects/${home}/boards` } },
    },
    Sprint: { name: 'New', _links: { definingWorkspace: project } },
  }
  return payloads[resource.name] ?? (await payloadFor(server.db, resource, home, 1))
}

/** Writes without permission for these actors, or without a suitable row. All others must succeed at least once. */
const undone = new Set<string>([
  // Instance-wide tables, and accounts.
  'DELETE /projects/:id',
  'DELETE /programs/:id',
  'DELETE /portfolios/:id',
  'POST /portfolios',
  'POST /users',
  'PATCH /users/:id',
  'DELETE /users/:id',
  'POST /users/:id/lock',
  'DELETE /users/:id/lock',
  'POST /groups',
  'PATCH /groups/:id',
  'DELETE /groups/:id',
  'POST /placeholder_users',
  'PATCH /placeholder_users/:id',
  'DELETE /placeholder_users/:id',
  'POST /days/non_working',
  'PATCH /days/week',
  'PATCH /days/week/:day',
  'POST /storages',
  'PATCH /storages/:id',
  'DELETE /storages/:id',
  'POST /storages/:id/oauth_client_credentials',
  // The project uses the storage already.
  'POST /project_storages',
  // The storage does not answer here.
  'POST /storages/:id/files/prepare_upload',
  'POST /storages/:id/folders',
  'POST /project_phase_definitions',
  'PATCH /project_phase_definitions/:id',
  'DELETE /project_phase_definitions/:id',
  'POST /help_texts',
  // Another sprint is active; nothing else changes with it.
  'POST /sprints/:id/start',
  // Private tables of a user.
  'PATCH /my_preferences',
  'PATCH /users/:id/preferences',
  'POST /users/:id/working_hours',
  'PATCH /users/:id/working_hours/:working_hour_id',
  'DELETE /users/:id/working_hours/:working_hour_id',
  'POST /users/:id/non_working_times',
  'PATCH /users/:id/non_working_times/:non_working_time_id',
  'DELETE /users/:id/non_working_times/:non_working_time_id',
  // Only adds to a query.
  'POST /views/:kind',
])

test('the hidden rows are linked to home in every relevant way', () => {
  const known = [
    'attachments.container_id',
    'memberships.entity_id',
    'projects.parent_id',
    'relations.from_id',
    'relations.to_id',
    'time_entries.entity_id',
    'work_packages.parent_id',
    'work_packages.version_id',
  ]
  assert.deepEqual(
    known.filter((way) => !ways.has(way)),
    [],
  )
})

for (const [i, name] of [
  'writes of a user with all permissions at home have no effect elsewhere',
  'nor have those of a token limited to home, of a user with all permissions everywhere',
].entries()) {
  test(name, async () => {
    const told: string[] = []
    const done = new Map<string, number>()
    for await (const { operation, path, body } of writes(i)) {
      const { status, found } = await observe(actors[i] as Wire, operation.method, path, body)
      const own = `${operation.method} ${operation.path}`
      done.set(own, (done.get(own) ?? 0) + (found ? 1 : 0))
      const sent = `${operation.method} ${path} ${JSON.stringify(body)}`
      if (status >= 500) told.push(`${sent} answers ${status}`)
      if (found && found.length > 0) told.push(`${sent}: ${found.slice(0, 4).join(', ')}`)
    }
    assert.deepEqual(told.slice(0, 20), [])
    const never = [...done].filter(([own, times]) => times === 0 && !undone.has(own)).map(([own]) => own)
    if (i === 0) assert.deepEqual(never, [], 'commonBody() or started() has to say what these take')
  })
}
