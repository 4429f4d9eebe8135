/**
 * Hidden rows with a marker in every field, and the same requests for them and for missing rows. Markers of hidden data are
 * recognisable: texts contain `zqk`, ids are 770001 to 770999, days are in 2093. The twin of a request has the equally long
 * values of missing rows: `zqj`, 779001 to 779999, 2094.
 */

import { insert } from '#db/dialect.ts'
import { join, name, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { isAutomatic } from '#kernel/resource.ts'
import type { Instance } from './instance.ts'
import { layout } from './layout.ts'
import { resourcesOfProjects } from './registry.ts'

/** A request that may contain values of hidden rows. */
export interface Ask {
  readonly method: string
  readonly path: string
  readonly body?: unknown
  readonly headers?: Record<string, string>
}

/** Six separate digits: the characters before them may be a percent encoding in an address. */
const idOf = (digits: string) => new RegExp(`(?:(?<!\\d)|(?<=%[0-9A-F]{2}))${digits}(\\d{3})(?!\\d)`, 'g')
const [hiddenId, anyId] = [idOf('770'), idOf('77[09]')]

const twinOf = (text: string): string => text.replaceAll('zqk', 'zqj').replace(hiddenId, '779$1').replaceAll('2093-', '2094-')

/** The same request for missing rows. */
export const twin = ({ method, path, body, headers }: Ask): Ask => ({
  method,
  path: twinOf(path),
  ...(body !== undefined && { body: typeof body === 'string' ? twinOf(body) : JSON.parse(twinOf(JSON.stringify(body))) }),
  ...(headers && { headers }),
})

/** A text in which markers of hidden and missing rows are equal. */
export const neutral = (text: string): string =>
  text
    .replace(/zq[kj]/g, 'zq')
    .replace(anyId, '77$1')
    .replace(/209[34]-/g, '209-')

/**
 * The hidden data in a text: a piece around the first marker; undefined if there is none.
 * @param known hidden data that may be disclosed
 */
export function leak(text: string, known: readonly string[] = []): string | undefined {
  const rest = known.reduce((left, one) => left.replaceAll(one, ''), text)
  const found = new RegExp(`zqk|${hiddenId.source}|209[23]-|P307DT13H`, 'i').exec(rest)
  return found ? `…${rest.slice(Math.max(0, found.index - 80), found.index + 80)}…` : undefined
}

export interface Hidden {
  /** The ids of hidden rows, by table. */
  readonly ids: ReadonlyMap<string, readonly number[]>
  /** Texts of hidden rows. */
  readonly texts: readonly string[]
  /** Names in addresses of rows of a table besides their ids. */
  readonly names: ReadonlyMap<string, readonly string[]>
  /** A group in the hidden project, and its name. */
  readonly group: readonly [id: number, name: string]
  /** A member who sees all of it, and one whose membership the test ends. */
  readonly insider: number
  readonly leaver: number
  /** The membership of the leaver. */
  readonly membership: number
}

/** Makes a project with rows of every kind, visible to its members only. */
export async function hide({ db, make, id: named }: Instance, role: number): Promise<Hidden> {
  const ids = new Map<string, number[]>()
  let last = 770_000
  let marks = 0
  const mark = () => `zqk${++marks}x`
  const stamps = { created_at: '2092-05-06T07:08:09.000Z', updated_at: '2092-05-07T07:08:09.000Z' }
  /** A row with a marker in each of these columns. */
  const add = async (table: string, marked: readonly string[], values: Record<string, unknown> = {}): Promise<number> => {
    const id = ++last
    const own = layout.get(table)!
    const row = {
      id,
      ...(own.includes('created_at') && stamps),
      ...Object.fromEntries(marked.map((column) => [column, mark()])),
      ...values,
    }
    await db.transaction((tx) => tx.one(insert(table, row)))
    ids.set(table, [...(ids.get(table) ?? []), id])
    return id
  }
  const link = (table: string, values: Record<string, unknown>) =>
    db.transaction((tx) =>
      tx.run(sql`insert into ${name(table)} (${join(Object.keys(values).map(name))}) values (${join(Object.values(values))})`),
    )
  const admit = async (principal: number, project: number) => {
    const membership = await add('memberships', [], { principal_id: principal, project_id: project })
    await db.transaction((tx) => tx.one(insert('membership_roles', { membership_id: membership, role_id: role })))
    return membership
  }

  const person = () => {
    const login = mark()
    return add('principals', ['name', 'first_name', 'last_name', 'avatar', 'identity_url'], {
      type: 'User',
      status: 1,
      login,
      email: `${login}@example.net`,
    })
  }
  const workspace = async (values: Record<string, unknown> = {}) => {
    const id = await add('projects', ['identifier', 'name', 'description', 'status_explanation'], {
      status_code: 'at_risk',
      ...values,
    })
    for (const module of await db.all<{ module: string }>(sql`select distinct module from permissions where module is not null`))
      await link('enabled_modules', { project_id: id, name: module.module })
    for (const type of await db.all<{ id: number }>(sql`select id from types`))
      await link('project_types', { project_id: id, type_id: type.id })
    return id
  }

  const [insider, leaver, other] = [await person(), await person(), await person()]
  const harbour = await workspace()
  const pier = await workspace({ parent_id: harbour })
  await workspace({ active: false })
  const program = await workspace({ workspace_type: 'program' })
  const portfolio = await workspace({ workspace_type: 'portfolio' })
  await db.transaction((tx) =>
    tx.run(sql`insert into former_identifiers (identifier, project_id) values (${'zqkformerly'}, ${harbour})`),
  )
  const group = await add('principals', ['name'], { type: 'Group', status: 1 })
  const placeholder = await add('principals', ['name'], { type: 'PlaceholderUser', status: 1 })
  await link('group_users', { group_id: group, user_id: other })
  for (const principal of [insider, other, group, placeholder]) await admit(principal, harbour)
  const membership = await admit(leaver, harbour)
  for (const project of [pier, program, portfolio]) await admit(insider, project)
  await link('favorites', { user_id: insider, project_id: harbour })

  const category = await add('categories', ['name'], { project_id: harbour, assigned_to_id: other })
  const planned = { start_date: '2093-07-06', end_date: '2093-07-10' }
  const version = await add('versions', ['name', 'description'], { project_id: harbour, ...planned })
  await add('versions', ['name', 'description'], { project_id: pier, ...planned, sharing: 'hierarchy' })
  const work = {
    project_id: harbour,
    type_id: await named('types', 'Task'),
    status_id: await named('statuses', 'In progress'),
    priority_id: await named('priorities', 'Normal'),
    author_id: leaver,
    assigned_to_id: other,
    responsible_id: group,
    category_id: category,
    version_id: version,
    start_date: '2093-07-06',
    due_date: '2093-07-10',
    duration: 5,
    estimated_hours: 7381.25,
    remaining_hours: 7381.25,
    done_ratio: 0,
    derived_start_date: '2093-07-06',
    derived_due_date: '2093-07-10',
    derived_estimated_hours: 7381.25,
    derived_remaining_hours: 7381.25,
  }
  const written = ['subject', 'description']
  const parent = await add('work_packages', written, { ...work, assigned_to_id: leaver })
  const child = await add('work_packages', written, { ...work, parent_id: parent })
  await add('work_packages', written, { ...work, parent_id: child, type_id: await named('types', 'Milestone'), duration: 1 })
  const later = await add('work_packages', written, work)
  const field = (values: Record<string, unknown>) => add('custom_fields', ['name'], { resource: 'WorkPackage', ...values })
  const [list, tree, text] = [
    await field({ format: 'list' }),
    await field({ format: 'hierarchy' }),
    await field({ format: 'string', default_value: JSON.stringify(mark()) }),
  ]
  for (const custom_field_id of [list, tree, text]) {
    await link('custom_field_projects', { custom_field_id, project_id: harbour })
    await link('custom_field_types', { custom_field_id, type_id: work.type_id })
  }
  const choice = ['label', 'short', 'weight']
  const option = await add('custom_options', ['value'], { custom_field_id: list, position: 1 })
  const root = await add('custom_field_items', choice, { custom_field_id: tree, position: 1 })
  const item = await add('custom_field_items', choice, { custom_field_id: tree, parent_id: root, position: 1 })
  const values = { [list]: option, [tree]: item, [text]: mark() }
  await db.transaction((tx) => tx.run(sql`update work_packages set custom_values = ${values} where project_id = ${harbour}`))
  const definition_id = await named('project_phase_definitions', 'Planning')
  const period = { start_date: '2093-07-06', finish_date: '2093-07-10' }
  const phase = await add('project_phases', [], { project_id: harbour, definition_id, ...period })
  const sprint = await add('sprints', ['name', 'description'], {
    ...{ project_id: harbour, ...period, status: 'active', started_at: '2093-07-06T07:08:09.000Z' },
  })
  await add('sprints', ['name', 'description'], { project_id: pier, ...period, sharing: 'descendants' })
  const plannedItems = (of: string) => JSON.stringify([{ description: mark(), [of]: 7381.25, amount: 7381.25 }])
  const budget = await add('budgets', ['subject', 'description'], {
    ...{
      project_id: harbour,
      author_id: insider,
      fixed_date: '2093-07-06',
      labor_items: plannedItems('hours'),
      material_items: plannedItems('units'),
    },
  })
  const places = sql`project_phase_id = ${phase}, sprint_id = ${sprint}, budget_id = ${budget}`
  await db.transaction((tx) => tx.run(sql`update work_packages set ${places} where project_id = ${harbour}`))
  const help = await add('help_texts', ['caption', 'help_text'], { attribute: `customField${text}`, custom_field_id: text })
  for (const [from, type] of [
    [parent, 'follows'],
    [child, 'blocks'],
  ] as const) {
    await add('relations', ['description'], {
      from_id: from,
      to_id: later,
      relation_type: type,
      lag: type === 'follows' ? 1 : null,
    })
  }
  for (const user of [insider, leaver, other]) await link('watchers', { work_package_id: child, user_id: user })
  const entry = { resource: 'work_packages', user_id: insider }
  for (const task of ids.get('work_packages')!) await add('journals', ['notes'], { ...entry, resource_id: task, version: 1 })
  await add('journals', ['notes'], { ...entry, resource_id: child, version: 2, internal: true })
  await db.transaction((tx) =>
    tx.run(sql`insert into work_package_versions select j.id, j.version, j.created_at, null, w.* from journals j
      join work_packages w on w.id = j.resource_id where w.project_id = ${harbour}`),
  )
  for (const journal of ids.get('journals')!)
    await link('emoji_reactions', { journal_id: journal, user_id: other, reaction: 'rocket', created_at: stamps.created_at })
  for (const user of [insider, leaver]) {
    await add('time_entries', ['comment'], {
      project_id: harbour,
      entity_id: child,
      user_id: user,
      logged_by_id: insider,
      activity_id: await named('time_entry_activities', 'Development'),
      spent_on: '2093-07-07',
      hours: 7381.25,
    })
  }
  for (const user of [insider, leaver]) {
    await add('reminders', ['note'], { work_package_id: child, creator_id: user, remind_at: '2093-07-07T07:08:09.000Z' })
    await add('user_working_hours', [], { user_id: user, valid_from: '2093-07-06', monday_minutes: 73 })
    await add('user_non_working_times', [], { user_id: user, start_date: '2093-07-06', end_date: '2093-07-10' })
  }
  // The administrator sees everything, except notifications of others.
  const admin = await db.one<{ id: number }>(sql`select id from principals where login = 'admin'`)
  const [comment, internal] = [ids.get('journals')![0], ids.get('journals')!.at(-1)]
  for (const user of [insider, leaver, other, admin!.id]) {
    const about = { recipient_id: user, work_package_id: child, read_ian: false }
    await add('notifications', [], { ...about, reason: 'mentioned', actor_id: insider, journal_id: comment })
    await add('notifications', [], { ...about, reason: 'commented', actor_id: insider, journal_id: internal, internal: true })
    await add('notifications', [], { ...about, reason: 'dateAlert', alert: 'dueDate', alerted_on: '2093-07-09' })
    await add('notifications', [], { ...about, reason: 'reminder', reminder_id: ids.get('reminders')![0] })
    await add('notification_settings', [], { user_id: user, project_id: harbour, watched: true })
  }
  const kept = { content_type: 'application/zqkmark', file_size: 7381, digest: mark() }
  const file = ['file_name', 'description', 'storage_name']
  const attachment = await add('attachments', file, {
    ...kept,
    container_type: 'WorkPackage',
    container_id: child,
    author_id: leaver,
  })
  await add('attachment_contents', ['content'], { id: attachment })
  await add('attachments', file, { ...kept, author_id: insider })
  const storage = await add('storages', ['name', 'storage_audience', 'token_exchange_scope', 'forbidden_file_name_characters'], {
    type: 'Nextcloud',
    host: `https://${mark()}.example`,
    authentication_method: 'TwoWayOAuth2',
  })
  await add('oauth_client_credentials', ['client_id', 'client_secret'], { storage_id: storage })
  const folder = { project_folder_mode: 'manual', project_folder_id: mark() }
  await add('project_storages', [], { project_id: harbour, storage_id: storage, creator_id: insider, ...folder })
  for (const user of [insider, leaver]) {
    const origin_id = mark()
    const origin_data = { id: origin_id, name: mark(), mimeType: mark(), createdByName: mark() }
    await add('file_links', [], { work_package_id: child, storage_id: storage, creator_id: user, origin_id, origin_data })
  }
  for (const [container_type, container_id] of Object.entries({ Budget: budget, HelpText: help }))
    await add('attachments', file, { ...kept, container_type, container_id, author_id: insider })
  // All other resources of projects, by declaration, with a file where possible.
  for (const { name: container_type, table, properties, journal, attached, attachments } of resourcesOfProjects()) {
    if (ids.has(table)) continue
    const texts = properties.flatMap(({ kind, column, to }) =>
      column && !to && ['String', 'Formattable'].includes(kind.type) ? [column] : [],
    )
    const moments = properties.flatMap(({ name, kind, column }) =>
      column && kind.type === 'DateTime' && !isAutomatic(name) ? [[column, '2093-07-07T07:08:09.000Z']] : [],
    )
    const author = layout.get(table)!.includes('author_id') && { author_id: insider }
    const container_id = await add(table, texts, { project_id: harbour, ...Object.fromEntries(moments), ...author })
    if (attachments) await add('attachments', file, { ...kept, container_type, container_id, author_id: insider })
    if (!journal) continue
    // An entry with an id that is recognisable: `begin` would leave it to the database.
    const entry = await add('journals', [], { resource: table, resource_id: container_id, version: 1, user_id: insider })
    await db.transaction(async (tx) => {
      if (attached) await tx.run(sql`update journals set attached = ${attached(tx.engine, sql`resource_id`)} where id = ${entry}`)
      await tx.run(sql`insert into ${name(journal)} select j.id, 1, j.created_at, null, w.* from journals j
        join ${name(table)} w on w.id = j.resource_id where j.id = ${entry}`)
    })
  }
  const forum_id = ids.get('forums')![0]
  const thread = await add('posts', ['subject', 'content'], { forum_id, author_id: insider })
  await add('posts', ['subject', 'content'], { forum_id, parent_id: thread, author_id: leaver })
  await add('attachments', file, { ...kept, container_type: 'Post', container_id: thread, author_id: insider })
  const meeting_id = ids.get('meetings')![0]
  for (const meeting_role of ['invited', 'attended'])
    await link('meeting_participants', { meeting_id, role: meeting_role, user_id: other })
  const agenda = { meeting_id, position: 1, duration_in_minutes: 738, work_package_id: child, presenter_id: leaver }
  await add('meeting_agenda_items', ['title', 'notes'], agenda)
  for (const journal of [comment, internal])
    await add('attachments', file, { ...kept, container_type: 'Activity', container_id: journal, author_id: insider })
  await db.transaction((tx) => tx.run(sql`update journals set attached = ${{ '770998': mark() }} where id = ${comment}`))
  const revision = await add('changesets', ['identifier', 'author_name', 'message'], {
    project_id: harbour,
    user_id: insider,
    committed_at: '2093-07-07T07:08:09.000Z',
  })
  await link('changeset_work_packages', { changeset_id: revision, work_package_id: child })
  await add('oauth_applications', ['name', 'client_id'], {
    redirect_uris: JSON.stringify([`https://${mark()}.example/`]),
    scopes: '["api_v3"]',
    owner_id: insider,
  })
  const share = await add('memberships', [], {
    principal_id: other,
    project_id: harbour,
    entity_type: 'WorkPackage',
    entity_id: child,
  })
  const sharing = await make.role(['view_work_packages'], 'work_package')
  await db.transaction((tx) => tx.one(insert('membership_roles', { membership_id: share, role_id: sharing })))
  const query = await add('queries', ['name'], {
    project_id: harbour,
    user_id: insider,
    public: true,
    filters: JSON.stringify([
      { name: 'subject', operator: '~', values: [mark()] },
      { name: 'assignee', operator: '=', values: [String(other)] },
      { name: 'version', operator: '=', values: [String(version)] },
      { name: 'parent', operator: '=', values: [String(parent)] },
    ]),
    columns: '["id"]',
    sort_by: '["id-desc"]',
    highlighting_mode: 'inline',
    timestamps: '["PT0S"]',
    timeline_zoom_level: 'auto',
    timeline_labels: '{}',
  })
  await add('views', [], { query_id: query, type: 'work_packages_table' })
  const pages = [
    { page: 'overview', project_id: harbour },
    { page: 'boards', project_id: harbour },
    { page: 'my', user_id: insider },
  ]
  const cell = { start_row: 1, end_row: 2, start_column: 1, end_column: 2 }
  for (const page of pages) {
    const grid = await add('grids', ['name'], { ...page, row_count: 1, column_count: 1, options: { note: mark() } })
    const widget = { grid_id: grid, identifier: 'custom_text', ...cell, query_id: query }
    await add('grid_widgets', [], { ...widget, options: { name: mark(), text: mark(), queryId: null } })
    await add('attachments', file, { ...kept, container_type: 'Grid', container_id: grid, author_id: insider })
  }
  await db.transaction((tx) =>
    invalidate(
      tx,
      'principals',
      'memberships',
      'projects',
      'versions',
      'categories',
      'custom_fields',
      'custom_options',
      'sprints',
    ),
  )

  const spelled = async (table: string, column: string) =>
    (await db.all(sql`select * from ${name(table)}`)).map((row) => row[column]).filter((text) => String(text).includes('zqk'))
  const names = new Map([
    ['projects', [...(await spelled('projects', 'identifier')), ...(await spelled('former_identifiers', 'identifier'))]],
    ['principals', await spelled('principals', 'login')],
  ])
  const groupName = (await db.one<{ name: string }>(sql`select name from principals where id = ${group}`))!.name
  const texts = [...(await spelled('work_packages', 'subject')).slice(0, 1), ...(await spelled('projects', 'name')).slice(0, 1)]
  return { ids, names, texts, group: [group, groupName], insider, leaver, membership }
}
