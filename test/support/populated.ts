/** A server with several rows of every resource, and users with different permissions. */

import assert from 'node:assert/strict'
import type { Database, Row } from '#db/database.ts'
import { join, name, sql } from '#db/sql.ts'
import { newName } from '#files/store.ts'
import { type CacheTopic, invalidate } from '#kernel/cache.ts'
import type { Resource } from '#kernel/declaration.ts'
import { hrefOf, isAutomatic } from '#kernel/resource.ts'
import { readingsOf } from '#kernel/standard.ts'
import { begin } from '#kernel/write/history.ts'
import { product } from '#server/modules.ts'
import { english } from '#text/messages.ts'
import { separatingSets } from './codes.ts'
import { addFields } from './fields.ts'
import { type Instance, instance } from './instance.ts'
import { layout } from './layout.ts'
import { addressesOf, isAt, operations, PREFIX, pathWith, readingsWith } from './registry.ts'
import { type Exchange, type Wire, wire } from './wire.ts'

const { permissions } = product

export interface Person {
  readonly name: string
  /** Undefined for anonymous. */
  readonly id: number | undefined
  readonly send: Wire
}

export interface Populated {
  readonly server: Instance
  /** The administrator first, anonymous last. */
  readonly people: readonly Person[]
  person(name: string): Person
  close(): Promise<void>
}

/** Permissions by scope, without public ones. */
const grantable = (scope: 'project' | 'global') => permissions.filter((one) => one.scopes.includes(scope) && !one.public)

/**
 * The demo data, a private project with all kinds of resources, and users of it. The "coded" ones see everything that
 * members can see; for any two other permissions one of them has the first without the second.
 * @param told receives all exchanges of these users
 */
export async function populated(told?: (exchange: Exchange) => void): Promise<Populated> {
  const server = await instance({ seed: 'demo' })
  const { db, make } = server
  await server.setting('login_required', false)
  await server.setting('allow_tracking_start_and_end_times', true)
  await server.setting('users_deletable_by_admins', true)
  await server.setting('users_deletable_by_self', true)

  const workspaces: number[] = []
  for (const name of ['fleet', 'armada']) {
    const portfolio = await make.project({ identifier: name, name, workspace_type: 'portfolio' })
    const program = { identifier: `${name}-sails`, name: `Sails of ${name}`, workspace_type: 'program', parent_id: portfolio }
    workspaces.push(portfolio, await make.project(program))
  }
  const lab = await make.project({ identifier: 'lab', name: 'Laboratory', description: 'Where things are tried.' })
  const annex = await make.project({ identifier: 'annex', name: 'Annex', parent_id: lab })
  workspaces.push(lab, annex)
  await make.row('former_identifiers', { identifier: 'old-lab', project_id: lab }).catch(() => {})

  const everything = await make.role(grantable('project').map((one) => one.name))
  const adminId = await idOf(db, 'principals', 'login', 'admin')
  const userIds: [name: string, id: number][] = []
  const join = async (who: string, own: readonly string[], global: readonly string[] = []) => {
    const id = await make.user({ name: `Coded ${who}`, login: `law-${who}`, first_name: 'Coded', last_name: who })
    const views = grantable('project').filter((one) => one.name.startsWith('view_'))
    for (const project of workspaces) await make.member(id, project, [...views.map((one) => one.name), ...own])
    if (global.length > 0) await make.member(id, null, global)
    userIds.push([who, id])
    return id
  }

  const member = await join('member', [])
  await make.member(member, await idOf(db, 'projects', 'identifier', 'demo-project'), {
    role: await server.id('roles', 'Member'),
  })
  for (const project of [lab, annex]) {
    const membership = await db.one<{ id: number }>(
      sql`select id from memberships where principal_id = ${member} and project_id = ${project}`,
    )
    await make.row('membership_roles', { membership_id: membership!.id, role_id: everything }, 'memberships')
  }
  const inProjects = separatingSets(
    grantable('project')
      .filter((one) => !one.name.startsWith('view_'))
      .map((one) => one.name),
  )
  const globals = separatingSets(grantable('global').map((one) => one.name))
  for (const [i, own] of inProjects.entries()) await join(`coded${i + 1}`, own, globals[i] ?? [])
  const stranger = await make.user({ name: 'Stranger', login: 'law-stranger', first_name: 'Sam', last_name: 'Stranger' })
  const sharee = await make.user({ name: 'Sharee', login: 'law-sharee', first_name: 'Shirin', last_name: 'Sharee' })
  userIds.push(['sharee', sharee], ['stranger', stranger])

  await addWorkPackages({ server, lab, annex, member, sharee, coded: userIds.slice(1, -2).map(([, id]) => id) })
  const residents = [adminId, ...userIds.slice(0, -2).map(([, id]) => id)]
  await addQueries(server, lab, residents)
  await addNotifications(server, lab, residents)
  await addDummies(server, lab)
  await addApplications(server, residents)
  await addStorages(server, [lab, annex], residents)
  await addFields(server, lab, member)
  const changes = { _links: { assignee: { href: '/api/v3/users/me' } } }
  for (const [position, action] of ['Take it', 'Take it as well'].entries())
    await make.row('custom_actions', { name: action, position, conditions: {}, changes, ...stamps }, 'custom_actions')

  const people: Person[] = [{ name: 'admin', id: adminId, send: wire(server.url, server.adminToken, told) }]
  for (const [who, id] of userIds) people.push({ name: who, id, send: wire(server.url, await server.token(id), told) })
  people.push({ name: 'anonymous', id: undefined, send: wire(server.url, undefined, told) })
  const world: Populated = {
    server,
    people,
    person: (wanted) => people.find((one) => one.name === wanted)!,
    close: async () => {
      for (const { send } of people) send.close()
      await server.close()
    },
  }
  try {
    await createMissing(world, lab, annex)
    await demandRows(world)
  } catch (error) {
    await world.close()
    throw error
  }
  return world
}

/**
 * Two rows of every resource that the API can create and that has fewer, or only two in one project: writable properties
 * get values of their kinds, links refer to the first row of their target, in `lab` if it is of projects.
 */
async function createMissing({ server, person }: Populated, lab: number, annex: number): Promise<void> {
  for (const resource of readingsWith('create')) {
    const own = name(resource.table)
    const there = (await server.db.all(sql`select * from ${own}`)).filter((row) => isAt(resource, row)).length
    const isSpread =
      resource.belongsTo !== 'project_id' ||
      there > 2 ||
      ((await server.db.one<{ n: number }>(sql`select count(distinct project_id) as n from ${own}`))?.n ?? 0) > 1
    for (let i = isSpread ? there : 0; i < 2; i++) {
      const body = await payloadFor(server.db, resource, i % 2 ? annex : lab, i)
      const { status, body: answer } = await person('admin').send('POST', `${PREFIX}/${resource.path}`, body)
      assert.equal(status, 201, `${resource.name} could not be created: ${JSON.stringify(answer)}`)
    }
  }
}

const values: Readonly<Record<string, (label: string, i: number) => unknown>> = {
  String: (label, i) => `${label} ${i}`,
  Integer: (_, i) => i + 1,
  Boolean: () => true,
  Date: (_, i) => `2031-03-0${i + 3}`,
  DateTime: (_, i) => `2031-03-0${i + 3}T08:00:00Z`,
  Duration: () => 'PT8H',
  Formattable: (label, i) => ({ raw: `${label} ${i}, in *words*.` }),
}

/** A payload for a new row of a resource in the project `lab`: see `createMissing`. */
export async function payloadFor(db: Database, { properties }: Resource, lab: number, i: number): Promise<object> {
  const payload: Record<string, unknown> = {}
  const links: Record<string, { href: string }> = {}
  for (const { name: own, kind, label, to, many, column, options } of properties) {
    // One of a few texts is the one it has by default.
    if (options.readOnly !== undefined || !column || isAutomatic(own) || (options.allowed && 'texts' in options.allowed)) continue
    if (options.inLinks)
      links[own] = { href: (kind.json.examples as string[])[i % (kind.json.examples as string[]).length] as string }
    else if (!to) payload[own] = values[kind.type]?.(english(label), i)
    else if (options.required === true && !many) {
      const target = product.of(to)
      const isPlaced = to !== 'Project' && layout.get(target.table)?.includes('project_id')
      const place = isPlaced ? sql`case when project_id = ${lab} then 0 else 1 end, ` : sql``
      const first = await db.one(sql`select * from ${name(target.table)} order by ${place}id limit 1`)
      links[own] = { href: to === 'Project' ? `${PREFIX}/projects/${lab}` : hrefOf(target, first!) }
    }
  }
  return { ...payload, _links: links }
}

/** Resources with fewer than two visible rows, and why. */
const single: Readonly<Record<string, string>> = {
  UserPreferences: 'they are one for each, at an address of their own',
  Example: 'there is one, which is no row',
}

/** Fails unless a user sees at least two rows of every resource: with fewer, a law about them would prove little. */
async function demandRows(world: Populated): Promise<void> {
  const wanting: string[] = []
  for (const resource of product.resources.flatMap(readingsOf)) {
    if (resource.name in single) continue
    let most = 0
    for (const person of world.people) {
      most = Math.max(most, await rowsSeenBy(world, person, resource))
      if (most >= 2) break
    }
    if (most < 2) wanting.push(`${resource.words}: ${most}`)
  }
  assert.deepEqual(wanting, [], 'Somebody has to see two rows of every resource: test/support/populated.ts makes them.')
}

/** The number of rows of a resource visible to a user, up to two: in lists, at their addresses, or below the user. */
async function rowsSeenBy({ server }: Populated, { send, id }: Person, resource: Resource): Promise<number> {
  const { name: own, path, operations: standard } = resource
  const below = operations().find(
    ({ method, path, answers }) =>
      method === 'GET' && answers.as === 'collection' && answers.of === own && /^\/users\/:id\/\w+$/.test(path),
  )
  const lists = [
    ...(standard.includes('index') ? [`${PREFIX}/${path}`] : []),
    ...(below && id ? [pathWith(below, [String(id)])] : []),
  ]
  let most = 0
  for (const list of lists) most = Math.max(most, (await send('GET', list)).body?.total ?? 0)
  if (!standard.includes('show')) return most
  let seen = 0
  for (const address of await addressesOf(server.db, resource, 12)) {
    if (most >= 2 || seen >= 2) break
    if ((await send('GET', address)).status === 200) seen++
  }
  return Math.max(most, seen)
}

async function idOf(db: Database, table: string, column: string, value: string): Promise<number> {
  return (await db.one<{ id: number }>(sql`select id from ${name(table)} where ${name(column)} = ${value}`))!.id
}

const now = new Date().toISOString()
const stamps = { created_at: now, updated_at: now }

interface Filling {
  server: Instance
  lab: number
  annex: number
  member: number
  sharee: number
  coded: readonly number[]
}

/** Work packages with all properties, in a hierarchy over two projects; with time entries, watchers and shares. */
async function addWorkPackages({ server, lab, annex, member, sharee, coded }: Filling): Promise<void> {
  const { make } = server
  const category = await make.row('categories', { project_id: lab, name: 'Glassware', assigned_to_id: member }, 'categories')
  const versions: number[] = []
  for (const sharing of ['none', 'descendants', 'hierarchy', 'tree', 'system']) {
    versions.push(
      await make.row(
        'versions',
        { project_id: lab, name: `Shared: ${sharing}`, sharing, start_date: '2031-02-03', end_date: '2031-03-07', ...stamps },
        'versions',
      ),
    )
  }
  const milestone = await server.id('types', 'Milestone')
  const closed = await server.id('statuses', 'Closed')
  const [planning, executing] = [
    await server.id('project_phase_definitions', 'Planning'),
    await server.id('project_phase_definitions', 'Executing'),
  ]
  const period = { start_date: '2031-02-03', finish_date: '2031-02-14', ...stamps }
  const phase = await make.row('project_phases', { project_id: lab, definition_id: planning, ...period }, 'projects')
  for (const [project_id, definition_id] of [
    [lab, executing],
    [annex, planning],
  ] as const)
    await make.row('project_phases', { project_id, definition_id, ...stamps }, 'projects')
  const costs = {
    author_id: member,
    labor_items: JSON.stringify([{ description: 'Blowing', hours: 8, amount: 400 }]),
    material_items: JSON.stringify([{ description: 'Glass', units: 8, amount: 40 }]),
    ...stamps,
  }
  const sprints: number[] = []
  const budgets: number[] = []
  for (const [i, project_id] of [lab, lab, annex].entries()) {
    const status = i === 0 ? 'active' : 'in_planning'
    const sharing = i === 0 ? 'descendants' : 'none'
    const sprint = { project_id, name: `Sprint ${i}`, description: 'To *blow* glass.', status, sharing, ...period }
    sprints.push(await make.row('sprints', sprint, 'projects', 'sprints'))
    budgets.push(await make.row('budgets', { project_id, subject: `Budget ${i}`, description: 'For glass.', ...costs }))
  }
  const full = {
    project_phase_id: phase,
    sprint_id: sprints[0],
    budget_id: budgets[0],
    project_id: lab,
    description: 'See **there**: #1 and `code`.',
    assigned_to_id: member,
    responsible_id: coded[0],
    category_id: category,
    version_id: versions[0],
    start_date: '2031-02-03',
    due_date: '2031-02-07',
    duration: 5,
    estimated_hours: 40,
    remaining_hours: 10,
    done_ratio: 75,
  }
  const nowhere = { project_phase_id: null, budget_id: null }
  const parent = await make.workPackage({ ...full, subject: 'A parent', schedule_manually: false })
  const child = await make.workPackage({ ...full, subject: 'A child', parent_id: parent, author_id: member })
  const others = [
    child,
    await make.workPackage({
      ...full,
      subject: 'A child elsewhere',
      project_id: annex,
      parent_id: parent,
      category_id: null,
      ...nowhere,
    }),
    await make.workPackage({ ...full, subject: 'A milestone', type_id: milestone, start_date: '2031-02-07', duration: 1 }),
    await make.workPackage({ ...full, subject: 'Done with', status_id: closed }),
  ]
  for (const [i, user] of [member, ...coded].entries()) {
    others.push(await make.workPackage({ ...full, subject: `Of coder ${i}`, assigned_to_id: user, author_id: user }))
    await make.row('time_entries', {
      project_id: lab,
      entity_id: others.at(-1),
      user_id: user,
      logged_by_id: user,
      activity_id: await server.id('time_entry_activities', 'Development'),
      spent_on: '2031-02-04',
      hours: i + 0.5,
      comment: 'Worked.',
      ...stamps,
    })
  }
  await make.row('time_entries', {
    project_id: lab,
    entity_id: child,
    user_id: member,
    logged_by_id: member,
    spent_on: '2031-02-04',
    ongoing: true,
    start_minute: 540,
    time_zone: 'Europe/Berlin',
    ...stamps,
  })
  const types = ['relates', 'follows', 'blocks', 'duplicates', 'includes', 'requires']
  for (const [i, relation_type] of types.entries()) {
    const lag = relation_type === 'follows' ? 1 : null
    const ends = { from_id: others[i + 4], to_id: others[i + 5] }
    await make.row('relations', { ...ends, relation_type, lag, description: 'As it is.', ...stamps })
  }
  await server.db.transaction(async (tx) => {
    for (const user of [member, ...coded.slice(0, 4)])
      await tx.run(sql`insert into watchers (work_package_id, user_id) values (${child}, ${user})`)
  })
  for (const user of [member, ...coded]) {
    for (const work_package_id of [child, parent])
      await make.row('reminders', { work_package_id, creator_id: user, remind_at: '2093-02-03T08:00:00Z', note: 'Look.' })
    await make.row('notification_settings', { user_id: user, project_id: lab, watched: true, overdue: 3 })
    for (const day of ['2031-02-03', `${now.slice(0, 4)}-06-02`, `${now.slice(0, 4)}-09-01`]) {
      await make.row('user_working_hours', { user_id: user, valid_from: day, monday_minutes: 450 })
      await make.row('user_non_working_times', { user_id: user, start_date: day, end_date: day })
    }
  }
  await make.row('non_working_days', { date: '2031-12-25', name: 'Christmas' }, 'non_working_days')
  // In this year, which lists contain, on a weekend: on any day nothing is planned for it.
  const january = new Date(`${now.slice(0, 4)}-01-01T00:00:00Z`)
  for (const days of [6 - january.getUTCDay(), 7 - january.getUTCDay()]) {
    const date = new Date(january.getTime() + days * 86_400_000).toISOString().slice(0, 10)
    await make.row('non_working_days', { date, name: 'A weekend' }, 'non_working_days')
  }
  const comments = await server.db.all<{ id: number }>(sql`select id from journals order by id limit 4`)
  await server.db.transaction((tx) => tx.run(sql`update journals set notes = 'See there.' where id <= ${comments.at(-1)!.id}`))
  for (const [i, author] of [member, ...coded].entries()) {
    const [storage, size] = [newName(), 10]
    await server.files.write(storage, pieces('0123456789'))
    const file = { file_name: `note ${i}.txt`, description: 'A note.', content_type: 'text/plain', file_size: size, digest: 'd' }
    const places = [
      {},
      { container_type: 'WorkPackage', container_id: others[i % others.length] },
      { container_type: 'Activity', container_id: comments[i % comments.length]!.id },
    ]
    await make.row('attachments', { ...file, ...places[i % 3], author_id: author, storage_name: storage, ...stamps })
  }
  for (const user of [member, ...coded]) {
    const commit = { project_id: lab, identifier: `${user}`.padStart(40, 'a'), author_name: 'A coder', message: `See #${child}.` }
    const revision = await make.row('changesets', { ...commit, user_id: user, committed_at: stamps.created_at })
    await server.db.transaction((tx) =>
      tx.run(sql`insert into changeset_work_packages (changeset_id, work_package_id) values (${revision}, ${child})`),
    )
  }
  const share = await make.row('memberships', {
    principal_id: sharee,
    project_id: lab,
    entity_type: 'WorkPackage',
    entity_id: child,
    ...stamps,
  })
  const editor = await server.db.one<{ id: number }>(sql`
    select r.id from roles r join role_permissions p on p.role_id = r.id
    where r.kind = 'work_package' and p.permission = 'edit_work_packages' limit 1`)
  await make.row('membership_roles', { membership_id: share, role_id: editor!.id }, 'memberships')
}

/** Notifications of all kinds: read and unread, by users and by time. */
async function addNotifications({ make, db }: Instance, lab: number, users: readonly number[]): Promise<void> {
  const entries = await db.all<{ id: number; resource_id: number }>(sql`
    select j.id, j.resource_id from journals j join work_packages w on w.id = j.resource_id where w.project_id = ${lab} order by j.id`)
  for (const user of users) {
    const to = { recipient_id: user, ...stamps }
    const [first, second] = entries as [(typeof entries)[0], (typeof entries)[0]]
    const [one, other] = [first, second].map(({ id, resource_id }) => ({ journal_id: id, work_package_id: resource_id }))
    await make.row('notifications', { ...to, ...one, reason: 'assigned', actor_id: users[1], read_ian: false })
    await make.row('notifications', { ...to, ...other, reason: 'mentioned', actor_id: users[1], read_ian: true })
    const about = { work_package_id: first.resource_id, read_ian: false }
    await make.row('notifications', { ...to, ...about, reason: 'dateAlert', alert: 'dueDate', alerted_on: '2031-02-06' })
    const reminder = await db.one<{ id: number }>(sql`select id from reminders where creator_id = ${user}`)
    await make.row('notifications', { ...to, ...about, reason: 'reminder', reminder_id: reminder?.id ?? null })
  }
}

/** Queries of all kinds: of a project and of none, public and not, with views and without. */
async function addQueries({ make, db }: Instance, lab: number, users: readonly number[]): Promise<void> {
  const open = await db.one<{ id: number }>(sql`select id from statuses where not is_closed order by position limit 1`)
  const filters = [
    { name: 'status', operator: '=', values: [String(open!.id)] },
    { name: 'assignee', operator: '!', values: ['me', String(users[1])] },
    { name: 'startDate', operator: '<>d', values: ['2031-01-01', '2031-12-31'] },
  ]
  const query = {
    filters: '[]',
    sort_by: '["id-desc"]',
    highlighting_mode: 'inline',
    timestamps: '["PT0S"]',
    timeline_zoom_level: 'auto',
    timeline_labels: '{}',
    ...stamps,
  }
  const grouped = { sums: true, group_by: 'status', show_hierarchies: false, columns: '["id","subject","spentTime"]' }
  for (const user of users) {
    await make.row('queries', { ...query, name: 'Of my own', user_id: user, project_id: lab, filters: JSON.stringify(filters) })
    await make.row('queries', { ...query, ...grouped, name: 'For all', user_id: user, public: true, project_id: lab })
    await make.row('queries', { ...query, name: 'Everywhere', user_id: user, starred: true, filters: JSON.stringify(filters) })
    const shared = await make.row('queries', { ...query, name: 'Everywhere, for all', user_id: user, public: true })
    await make.row('views', { query_id: shared, type: 'work_packages_table', ...stamps })
  }
  await place({ make, db }, lab, users)
}

/** Grids of all pages, with widgets that show queries: of everybody, and of one user alone. */
async function place({ make, db }: Pick<Instance, 'make' | 'db'>, lab: number, users: readonly number[]): Promise<void> {
  const size = { row_count: 2, column_count: 4, ...stamps }
  const own = await db.all<{ id: number }>(sql`select id from queries where name in ('Of my own', 'For all') order by id limit 4`)
  const grids = [
    { page: 'overview', project_id: lab },
    { page: 'boards', project_id: lab, name: 'Of the laboratory', options: { type: 'free', filters: [] } },
    { page: 'boards', project_id: lab, name: 'Another one' },
    ...users.slice(0, 4).map((user_id) => ({ page: 'my', user_id })),
  ]
  for (const grid of grids) {
    const grid_id = await make.row('grids', { options: {}, ...grid, ...size })
    for (const [at, { id }] of own.entries()) {
      const area = { start_row: 1, end_row: 2, start_column: at + 1, end_column: at + 2 }
      const identifier = grid.page === 'boards' ? 'work_package_query' : 'work_packages_table'
      await make.row('grid_widgets', { grid_id, identifier, ...area, options: { name: 'A list', queryId: null }, query_id: id })
    }
    const text = { start_row: 2, end_row: 3, start_column: 1, end_column: 2, options: { text: 'See *there*: #1.' } }
    if (grid.page !== 'boards') await make.row('grid_widgets', { grid_id, identifier: 'custom_text', ...text })
  }
}

async function* pieces(text: string): AsyncGenerator<Uint8Array> {
  yield Buffer.from(text)
}

/** Applications: confidential, public, and one with client credentials. */
async function addApplications({ make }: Instance, users: readonly number[]): Promise<void> {
  const application = { scopes: '["api_v3"]', owner_id: users[0], ...stamps }
  const [secret_hash, redirect_uris] = ['f'.repeat(64), '["https://app.example/callback"]']
  await make.row('oauth_applications', { ...application, name: 'Cloud', client_id: 'cloud', secret_hash, redirect_uris })
  const native = '["urn:ietf:wg:oauth:2.0:oob","sea-chart://callback"]'
  await make.row('oauth_applications', { ...application, name: 'Chart', client_id: 'chart', redirect_uris: native })
  const robot = { acting_user_id: users[1], redirect_uris: '[]', owner_id: null, enabled: false }
  await make.row('oauth_applications', { ...application, name: 'Robot', client_id: 'robot', secret_hash, ...robot })
}

/** Storages of all types that projects use, connections of users to them, and links to their files. */
async function addStorages({ make, db }: Instance, projects: readonly number[], users: readonly number[]): Promise<void> {
  const cloud = { type: 'Nextcloud', authentication_method: 'TwoWayOAuth2', storage_audience: 'files' }
  const nextcloud = await make.row('storages', { ...cloud, name: 'Cloud of files', host: 'https://cloud.example', ...stamps })
  const drive = { type: 'OneDrive', name: 'Drive of files', tenant_id: 'tenant', drive_id: 'drive' }
  const storages = [nextcloud, await make.row('storages', { ...drive, ...stamps })]
  await db.transaction((tx) => tx.run(sql`update oauth_applications set storage_id = ${nextcloud} where name = 'Cloud'`))
  const works = await db.all<{ id: number }>(
    sql`select id from work_packages where project_id = ${projects[0]} order by id limit 3`,
  )
  for (const storage_id of storages) {
    const client = { storage_id, client_id: `client ${storage_id}`, client_secret: 'secret' }
    const credentials_id = await make.row('oauth_client_credentials', { ...client, ...stamps })
    for (const user_id of users.slice(0, 3)) {
      // Refused tokens send no requests, as neither storage exists.
      const tokens = { access_token: 'access', refresh_token: 'refresh', expires_at: stamps.created_at, refused: true }
      await make.row('storage_connections', { credentials_id, user_id, ...tokens, ...stamps })
    }
    for (const [i, project_id] of projects.entries()) {
      const mode = ['manual', 'automatic'][i] ?? 'inactive'
      const folder = { project_folder_mode: mode, project_folder_id: mode === 'inactive' ? null : `3${i}` }
      const use = { project_id, storage_id, creator_id: users[1], ...folder }
      const project_storage_id = await make.row('project_storages', { ...use, ...stamps }, 'projects')
      const managed = { storage_id, project_storage_id, folder_id: folder.project_folder_id, name: 'Folder', rights: '{}' }
      if (mode === 'automatic') await make.row('managed_folders', managed)
    }
    for (const [i, { id: work_package_id }] of works.entries()) {
      const file = { origin_id: String(i), origin_data: { id: String(i), name: `file ${i}.pdf`, mimeType: 'application/pdf' } }
      await make.row('file_links', { work_package_id, storage_id, creator_id: users[i + 1], ...file, ...stamps })
    }
  }
}

/** Principals without a role in other tests, to be locked or deleted. */
async function addDummies(server: Instance, lab: number): Promise<void> {
  const { make, db } = server
  const reader = { role: await server.id('roles', 'Reader') }
  const group = await make.group({ name: 'Dummies' })
  await make.member(group, lab, reader)
  for (let i = 1; i <= 3; i++) {
    const user = await make.user({ name: `Dummy ${i}`, login: `dummy${i}`, first_name: 'Dummy', last_name: String(i) })
    await make.member(user, lab, reader)
    await db.transaction((tx) => tx.run(sql`insert into group_users (group_id, user_id) values (${group}, ${user})`))
  }
  await make.row('principals', { type: 'PlaceholderUser', name: 'Dummy to be', status: 1, ...stamps }, 'principals')
}

/** Columns with unique values. */
const unique = ['name', 'title', 'identifier', 'login', 'email', 'hash', 'storage_name', 'client_id', 'host', 'origin_id']
/** Flags that only one row may have. */
const singular = ['is_default', 'ongoing', 'public', 'admin']

/** Copies rows until every resource's table has at least `most` of them if possible. */
export async function multiplyRows(db: Database, most = 60): Promise<void> {
  const tables = new Set(product.resources.map((one) => one.table as string).filter((table) => layout.get(table)?.includes('id')))
  for (const table of tables) {
    const rows = (await db.all(sql`select * from ${name(table)} order by id`)).filter(
      (row) => !row.builtin && !/^(Anonymous|Deleted|System)User$/.test(row.type),
    )
    const copies: Row[] = []
    for (let i = rows.length; rows.length > 0 && i < most; i++) {
      const { id: _, ...copy } = rows[i % rows.length]!
      for (const column of unique) if (typeof copy[column] === 'string') copy[column] = `copy${i}-${copy[column]}`
      for (const column of singular) if (column in copy) copy[column] = false
      // The PostgreSQL driver would turn a list into an array.
      for (const [column, value] of Object.entries(copy)) if (Array.isArray(value)) copy[column] = JSON.stringify(value)
      copies.push(copy)
    }
    if (copies.length === 0) continue
    const columns = Object.keys(copies[0] as Row)
    const lines = copies.map((row) => sql`(${join(columns.map((column) => row[column]))})`)
    // Some rows are possible only once.
    await db.transaction((tx) =>
      tx.run(sql`insert into ${name(table)} (${join(columns.map(name))}) values ${join(lines)} on conflict do nothing`),
    )
  }
  await db.transaction(async (tx) => {
    for (const resource of product.resources) if (resource.journal) await begin(tx, resource)
    await invalidate(tx, ...([...tables, 'principals', 'memberships'] as CacheTopic[]))
  })
}
