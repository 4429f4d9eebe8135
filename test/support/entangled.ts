/** Visible resources with all kinds of links to hidden ones; and a mirror in which the hidden ones sort the other way. */
import type { Database, Row } from '#db/database.ts'
import { among, assignments } from '#db/dialect.ts'
import { name, raw, type Sql, sql } from '#db/sql.ts'
import { type CacheTopic, invalidate } from '#kernel/cache.ts'
import { type FieldPlan, makeField } from '#modules/custom-fields/making.ts'
import type { Hidden } from './hidden.ts'
import type { Instance } from './instance.ts'
import { layout } from './layout.ts'

/** The markers of this file have numbers above it. */
export const FIRST_BESIDE = 800

/** The time when some visible work packages were still in a hidden project. */
export const WHEN_HIDDEN = '2025-12-15T00:00:00Z'

const before = '2025-12-01T00:00:00.000Z'
const stamps = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' }

export interface Entangled {
  /** The ids of visible rows, by table. */
  readonly visible: ReadonlyMap<string, readonly number[]>
  /** Links each pair of visible rows to different hidden rows, whose order would be disclosed by that of the pair. */
  tie(hidden: Hidden): Promise<void>
  /** Links between hidden rows, which `inMirror` swaps: statements to do and to undo so. */
  readonly ties: readonly (readonly [there: Sql, back: Sql])[]
}

/**
 * Makes further visible rows, at least two of everything. The names of some hidden users, projects and a version occur in links or
 * addresses: these have ordinary ids, and markers in all undisclosed columns.
 * @param home a project that `member` sees
 */
export async function entangled({ db, make }: Instance, home: number, member: number): Promise<Entangled> {
  const run = (...statements: readonly Sql[]) =>
    db.transaction(async (tx) => {
      for (const statement of statements) await tx.run(statement)
    })
  const put = (table: string, id: number, values: Record<string, unknown>) =>
    run(sql`update ${name(table)} set ${assignments(values)} where id = ${id}`)
  let marks = FIRST_BESIDE
  const mark = () => `zqk${++marks}x`
  const field = (plan: FieldPlan) => db.transaction((tx) => makeField(tx, { filterable: true, ...plan }))
  const ofWork = (plan: Omit<FieldPlan, 'resource'>) => field({ resource: 'WorkPackage', ...plan })

  // Hidden projects of shared or named rows, and public ones.
  const coves = [
    await make.project({ name: mark(), identifier: mark() }),
    await make.project({ name: mark(), identifier: mark() }),
  ]
  const jetties = [
    await make.project({ name: 'Jetty one', public: true }),
    await make.project({ name: 'Jetty two', public: true }),
    await make.project({ name: 'Jetty three', public: true }),
  ] as const
  const inner = await make.project({ name: mark(), identifier: mark(), parent_id: jetties[0] })

  // Users and a version whose names links disclose: everything but their names is hidden.
  const about = await field({ resource: 'User', name: 'About', format: 'string' })
  const roles = [await make.role(['view_work_packages']), await make.role(['view_work_packages'])]
  const ghosts: number[] = []
  const memberships: number[] = []
  for (const last_name of ['One', 'Two']) {
    const markers = { login: mark(), email: `${mark()}@example.net`, avatar: mark(), identity_url: mark() }
    const called = { name: `Ghost ${last_name}`, first_name: 'Ghost', last_name }
    const id = await make.user({ ...called, ...markers, custom_values: { [about]: mark() } })
    for (const cove of coves) memberships.push(await make.member(id, cove, { role: roles[0]! }))
    ghosts.push(id)
  }
  const dated = { project_id: coves[0], end_date: '2093-07-10', ...stamps }
  const version_id = await make.row('versions', { ...dated, name: 'Ghost version', description: mark() }, 'versions')

  // Fields with hidden users and versions as values, disabled fields with values, and fields computed from hidden ones.
  const crew = await ofWork({ name: 'Crew', format: 'user', multiple: true })
  const pilot = await ofWork({ name: 'Pilot', format: 'user' })
  const release = await ofWork({ name: 'Release', format: 'version' })
  const releases = await ofWork({ name: 'Releases', format: 'version', multiple: true })
  const depth = await ofWork({ name: 'Depth', format: 'int', projects: [jetties[1]] })
  const note = await ofWork({ name: 'Note', format: 'string', projects: [jetties[1]], searchable: true })
  const secret = await ofWork({ name: mark(), format: 'float', admin_only: true })
  const computed = await ofWork({ name: mark(), format: 'calculated_value', formula: `{{cf_${secret}}} * 2` })
  const owner = await field({ resource: 'Project', name: 'Owner', format: 'user' })
  const booker = await field({ resource: 'TimeEntry', name: 'Booker', format: 'user' })

  // Work packages of hidden users, above and below hidden ones, moved from a hidden project, or shared from one.
  const task = (subject: string, values: Record<string, unknown> = {}) =>
    make.workPackage({ project_id: home, author_id: member, subject, created_at: before, ...values })
  const tied = [
    await task('Tied one', { assigned_to_id: ghosts[1], responsible_id: ghosts[0], version_id }),
    await task('Tied two', { assigned_to_id: ghosts[0], author_id: ghosts[0] }),
    await task('Tied in public', { project_id: jetties[0], assigned_to_id: ghosts[0] }),
    await task('Tied in public too', { project_id: jetties[0], responsible_id: ghosts[1] }),
    await task('Shared one', { project_id: coves[1], author_id: ghosts[0], assigned_to_id: ghosts[1] }),
    await task('Shared two', { project_id: coves[0], author_id: ghosts[1] }),
  ]
  const [above, below] = [await task('Above'), await task('Below what is below it')]
  await run(...ghosts.map((id) => sql`insert into watchers (work_package_id, user_id) values (${tied[0]}, ${id})`))
  const role = await make.role(['view_work_packages', 'add_work_package_comments'], 'work_package')
  for (const [n, entity_id] of tied.slice(4).entries()) {
    const of = { principal_id: member, project_id: coves[1 - n], entity_type: 'WorkPackage', entity_id, ...stamps }
    await make.row('membership_roles', { membership_id: await make.row('memberships', of), role_id: role }, 'memberships')
    const told = { recipient_id: member, work_package_id: entity_id, reason: 'shared', read_ian: false, actor_id: ghosts[n] }
    await make.row('notifications', { ...told, ...stamps })
  }
  const moved = [tied[0]!, tied[2]!, tied[4]!]
  const journals: number[] = []
  for (const resource_id of moved) {
    await put('work_package_versions', resource_id, { valid_until: stamps.updated_at })
    const entry = { resource: 'work_packages', resource_id, version: 2, user_id: ghosts[0], notes: 'Moved.', ...stamps }
    const journal_id = await make.row('journals', entry)
    journals.push(journal_id)
    await run(
      ...ghosts.map(
        (user) => sql`insert into emoji_reactions (journal_id, user_id, reaction, created_at)
          values (${journal_id}, ${user}, 'rocket', ${stamps.created_at})`,
      ),
    )
  }
  const booked = { project_id: home, entity_id: tied[0], logged_by_id: member, spent_on: '2026-01-01', hours: 1, ...stamps }
  const entries = [
    await make.row('time_entries', { ...booked, user_id: ghosts[0] }),
    await make.row('time_entries', { ...booked, user_id: ghosts[1] }),
  ]

  // A visible group with a hidden user.
  const group = await make.group({ name: 'Visible group' })
  await make.member(group, home, ['view_work_packages'])
  await run(...[ghosts[0], member].map((id) => sql`insert into group_users (group_id, user_id) values (${group}, ${id})`))

  const tie = async (hidden: Hidden) => {
    const ids = (table: string) => hidden.ids.get(table) as readonly [number, number, number, number]
    const [people, versions, projects, works] = [ids('principals'), ids('versions'), ids('projects'), ids('work_packages')]
    await put('projects', jetties[0], { parent_id: projects[0], custom_values: { [owner]: people[0] } })
    await put('projects', jetties[1], { parent_id: projects[3], custom_values: { [owner]: people[1] } })
    await put('projects', jetties[2], { parent_id: inner })
    for (const [n, id] of tied.entries()) {
      const i = (n % 2) as 0 | 1
      const custom_values = {
        [crew]: i === 0 ? [people[0], member] : [people[1], people[0]],
        [pilot]: people[i],
        [release]: versions[i],
        [releases]: [versions[1 - i]],
        [depth]: 7381 + i,
        [note]: mark(),
        [secret]: 7381.25 * (i + 1),
        [computed]: 14762.5 * (i + 1),
      }
      await put('work_packages', id, { parent_id: works[i], custom_values })
    }
    await put('work_packages', works[2], { parent_id: above })
    await put('work_packages', below, { parent_id: works[2] })
    for (const [n, id] of entries.entries())
      await put('time_entries', id, { entity_id: works[n], custom_values: { [booker]: people[n] } })
    const once = { project_id: projects[0], version_id: versions[0], category_id: ids('categories')[0], parent_id: works[0] }
    for (const [n, id] of moved.entries()) {
      await put('work_package_versions', id, once)
      const cause = { type: 'work_package_predecessor_changed_times', work_package_id: works[1] }
      await put('journals', journals[n]!, { cause })
      await run(sql`insert into work_package_versions select j.id, j.version, j.created_at, null, w.* from journals j
        join work_packages w on w.id = j.resource_id where j.id = ${journals[n]}`)
    }
    await run(sql`insert into group_users (group_id, user_id) values (${hidden.group[0]}, ${member})`)
    await db.transaction((tx) => invalidate(tx, ...topics))
  }

  const others = (role: number | undefined) =>
    sql`update membership_roles set role_id = ${role} where ${among(db.engine, raw('membership_id'), memberships)}`
  const visible = {
    projects: [...jetties],
    work_packages: [tied[0]!, tied[2]!, tied[4]!, above, below],
    journals,
    time_entries: entries,
    principals: [group],
    roles,
  }
  return {
    visible: new Map(Object.entries(visible)),
    tie,
    ties: [
      [
        sql`update group_users set user_id = ${ghosts[1]} where user_id = ${ghosts[0]}`,
        sql`update group_users set user_id = ${ghosts[0]} where user_id = ${ghosts[1]}`,
      ],
      [others(roles[1]), others(roles[0])],
    ],
  }
}

const topics: readonly CacheTopic[] = [
  'principals',
  'memberships',
  'roles',
  'projects',
  'versions',
  'categories',
  'custom_fields',
]

/** A value of a hidden row with another name, date and number. */
function mirrored(value: unknown): unknown {
  if (typeof value === 'string')
    return value
      .replace(/zqk(\d+)x/g, (_, digits: string) => `${Number(digits) % 2 === 0 ? 'aqk' : 'zqk'}${9999 - Number(digits)}x`)
      .replaceAll('2093-07-06', '1993-07-06')
      .replaceAll('2093-07-10', '1993-07-10')
  if (typeof value === 'number') {
    if (Math.abs(value) <= 7000 || Math.abs(value) >= 15_000) return value
    return Number.isInteger(value) ? Math.trunc(value / 1000) : value / 1000
  }
  if (Array.isArray(value)) return value.map(mirrored)
  if (typeof value === 'object' && value !== null && !(value instanceof Date))
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, mirrored(one)]))
  return value
}

/** Runs something while all hidden rows have other names, dates, numbers and links. */
export async function inMirror<T>(db: Database, ties: Entangled['ties'], work: () => Promise<T>): Promise<T> {
  const changes: { table: string; row: Row; to: Row }[] = []
  for (const [table, columns] of layout) {
    if (!columns.includes('id')) continue
    for (const row of await db.all(sql`select * from ${name(table)}`)) {
      const to = Object.fromEntries(
        Object.entries(row)
          .map(([column, value]) => [column, mirrored(value), value] as const)
          .filter(([, now, then]) => JSON.stringify(now) !== JSON.stringify(then))
          .map(([column, now]) => [column, now]),
      )
      if (Object.keys(to).length > 0) changes.push({ table, row, to })
    }
  }
  const apply = (of: 'row' | 'to') =>
    db.transaction(async (tx) => {
      for (const [there, back] of ties) await tx.run(of === 'to' ? there : back)
      for (const { table, row, to } of changes) {
        const same = 'version' in row && 'journal_id' in row ? sql` and journal_id = ${row.journal_id}` : raw('')
        for (const column of Object.keys(to)) {
          const kept = of === 'to' ? to[column] : row[column]
          // JSON is passed as a text: the driver would convert lists. One column of JSON holds a text.
          const isJson = column === 'default_value' || (typeof kept === 'object' && kept !== null)
          const value = isJson ? JSON.stringify(kept) : kept
          await tx.run(sql`update ${name(table)} set ${name(column)} = ${value} where id = ${row.id}${same}`)
        }
      }
      await invalidate(tx, ...topics, 'custom_options', 'custom_field_items')
    })
  await apply('to')
  try {
    return await work()
  } finally {
    await apply('row')
  }
}
