/** A small instance in which the elements of every list differ in all filterable properties. */

import { name, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { begin } from '#kernel/write/history.ts'
import type { Client, Instance } from '#test/instance.ts'
import { payloadFor } from './populated.ts'
import { resourcesOfProjects } from './registry.ts'

export interface Varied {
  /** The administrator, the default viewer. */
  readonly viewer: number
  /** A member of some projects, with different permissions in them. */
  readonly ann: { readonly id: number; readonly client: Client }
  readonly lab: number
  /** Watchers of work packages. */
  readonly watching: readonly (readonly [workPackage: number, user: number])[]
  /** Users who are temporarily blocked. */
  readonly blocked: readonly number[]
  /** Shares of work packages. */
  readonly shares: readonly (readonly [workPackage: number, user: number])[]
  readonly templated: readonly number[]
  /** A query, and the work packages in its manual order. */
  readonly query: number
  readonly ordered: readonly number[]
  /** Comments on work packages. */
  readonly comments: readonly (readonly [workPackage: number, text: string])[]
  /** The names of attachments of work packages, and their texts. */
  readonly files: readonly (readonly [workPackage: number, name: string])[]
  readonly contents: readonly (readonly [workPackage: number, text: string])[]
}

const DAY = 86_400_000

/** Fills an instance. Times are relative to the present of `Date`. */
export async function vary({ db, make, id, as, admin }: Instance): Promise<Varied> {
  const day = (count: number) => new Date(Date.now() + count * DAY).toISOString().slice(0, 10)
  const moment = (count: number) => new Date(Date.now() + count * DAY).toISOString()
  const stamps = (count: number) => ({ created_at: moment(count), updated_at: moment(Math.min(0, count + 2)) })
  const link = (path: string, to: number) => ({ href: `/api/v3/${path}/${to}` })
  const viewer = (await db.one<{ id: number }>(sql`select id from principals where login = 'admin'`))!.id

  const lab = await make.project({ name: 'Old laboratory', identifier: 'lab', status_code: 'on_track', ...stamps(-40) })
  const annex = await make.project({ name: 'Annex of the lab', identifier: 'annex', parent_id: lab, public: true, ...stamps(-7) })
  const cellar = await make.project({
    name: 'Cellar',
    identifier: 'cellar',
    parent_id: annex,
    status_code: 'at_risk',
    ...stamps(-3),
  })
  await make.project({ name: 'Shed', identifier: 'shed', active: false, ...stamps(-20) })
  const mould = await make.project({ name: 'Mould', identifier: 'mould', templated: true, ...stamps(0) })
  await make.project({ name: 'All of it', identifier: 'all', workspace_type: 'portfolio', ...stamps(-8) })
  const [task, milestone] = [await id('types', 'Task'), await id('types', 'Milestone')]
  await db.transaction(async (tx) => {
    await tx.run(sql`delete from project_types where project_id = ${cellar} and type_id <> ${task}`)
    await tx.run(sql`insert into favorites (user_id, project_id) values (${viewer}, ${cellar})`)
    await invalidate(tx, 'projects', 'principals')
  })

  const person = (first: string, last: string, values: Record<string, unknown> = {}) =>
    make.user({
      name: `${first} ${last}`,
      first_name: first,
      last_name: last,
      login: first.toLowerCase(),
      email: `${first.toLowerCase()}@${last.toLowerCase()}.example`,
      ...values,
    })
  const ann = await person('Ann', 'Archer')
  const bob = await person('Bob', 'Baker', { status: 4, failed_logins: 20, failed_login_at: moment(0) })
  const cleo = await person('Cleo', 'Cook', { status: 3, email: 'cook@sea.example' })
  await person('Dora', 'Deer', { status: 2 })
  const crew = await make.group({ name: 'Crew at sea' })
  const guild = await make.group({ name: 'Guild' })
  await make.row('principals', { type: 'PlaceholderUser', name: 'Somebody to come', status: 1, ...stamps(-1) }, 'principals')
  await make.row('principals', { type: 'PlaceholderUser', name: 'Another', status: 1, ...stamps(-1) }, 'principals')
  await db.transaction(async (tx) => {
    for (const [group, user] of [
      [crew, ann],
      [crew, cleo],
      [guild, bob],
    ])
      await tx.run(sql`insert into group_users (group_id, user_id) values (${group}, ${user})`)
    await invalidate(tx, 'principals')
  })
  const [member, reader] = [await id('roles', 'Member'), await id('roles', 'Reader')]
  const join = async (principal: number, project: number | null, role: number, age: number) => {
    const membership = await make.member(principal, project, { role })
    await db.transaction(async (tx) => {
      const { created_at, updated_at } = stamps(age)
      await tx.run(sql`update memberships set created_at = ${created_at}, updated_at = ${updated_at} where id = ${membership}`)
    })
  }
  await join(ann, lab, member, -40)
  await join(ann, annex, reader, -7)
  await join(bob, lab, reader, -3)
  await join(cleo, lab, reader, -1)
  await join(crew, annex, member, -2)
  await join(viewer, annex, member, 0)
  await join(ann, null, await make.role(['add_project'], 'global'), 0)

  const versions: number[] = []
  for (const [name, status, sharing] of [
    ['Spring 1.0', 'open', 'none'],
    ['Summer 2.0', 'locked', 'descendants'],
    ['Autumn', 'closed', 'system'],
  ])
    versions.push(await make.row('versions', { project_id: lab, name, status, sharing, ...stamps(-1) }, 'versions'))
  const categories = [
    await make.row('categories', { project_id: lab, name: 'Glass' }, 'categories'),
    await make.row('categories', { project_id: lab, name: 'Steam' }, 'categories'),
  ]
  const phases: number[] = []
  const definitions = await db.all<{ id: number }>(sql`select id from project_phase_definitions order by position`)
  for (const [i, project_id] of [lab, lab, lab, annex, annex, cellar].entries()) {
    const days = [-40, -7, 0, -2, 1, 3][i] as number
    const dates = i === 5 ? {} : { start_date: day(days), finish_date: day(days + 2) }
    const phase = { project_id, definition_id: definitions[i % 4]?.id, active: i !== 2, ...dates, ...stamps(-1) }
    phases.push(await make.row('project_phases', phase, 'projects'))
  }
  const [budgets, sprints]: number[][] = [[], []]
  for (const [i, project_id] of [lab, lab, annex, cellar].entries()) {
    budgets?.push(await make.row('budgets', { project_id, author_id: ann, subject: `Budget ${i}`, ...stamps(-i) }))
    const status = ['active', 'in_planning', 'completed', 'in_planning'][i]
    sprints?.push(await make.row('sprints', { project_id, name: `Sprint ${i}`, status, ...stamps(-i) }, 'projects', 'sprints'))
  }
  const named = async (table: string, ...names: string[]) => Promise.all(names.map((one) => id(table, one)))
  const statuses = await named('statuses', 'New', 'In progress', 'Closed')
  const priorities = await named('priorities', 'Low', 'High')
  const people = [ann, crew, undefined, bob, viewer]
  const subjects = [
    'Boil the water',
    'Water cooler',
    'Clean 100% of it',
    'Sort_the bottles',
    'Blow glass',
    'Label',
    'Ship glass bottles',
  ]
  const workPackages: number[] = []
  for (const [i, days] of [-40, -7, -3, -1, 0, 1, 3, 7, 30].entries()) {
    const isMilestone = i === 3
    workPackages.push(
      await make.workPackage({
        project_id: [lab, lab, annex, cellar, mould][i % 5] as number,
        subject: subjects[i % subjects.length],
        description: i % 3 === 0 ? null : `About **step ${i}** of the brewing`,
        type_id: isMilestone ? milestone : task,
        status_id: statuses[i % 3],
        priority_id: priorities[i % 2],
        author_id: i % 2 ? ann : viewer,
        assigned_to_id: people[i % 5] ?? null,
        responsible_id: people[(i + 2) % 5] ?? null,
        category_id: i < 2 ? categories[i] : null,
        version_id: i < 3 ? versions[i] : null,
        // Of the projects in the order in which they take turns.
        project_phase_id: [phases[0], phases[1], phases[3], phases[5], null, phases[0], phases[2], phases[4]][i] ?? null,
        budget_id: [budgets?.[0], budgets?.[1], budgets?.[2], budgets?.[3]][i] ?? null,
        sprint_id: [sprints?.[0], sprints?.[1], sprints?.[2], sprints?.[3]][i] ?? null,
        parent_id: { 2: workPackages[0], 4: workPackages[2], 5: workPackages[1] }[i] ?? null,
        start_date: i === 8 ? null : day(days),
        due_date: i === 8 ? null : day(isMilestone || days === 0 ? days : days + 2),
        duration: i === 8 ? null : isMilestone ? 1 : 3 + (i % 2),
        estimated_hours: i % 3 === 0 ? null : i * 4.5,
        done_ratio: i % 4 === 0 ? null : i * 10,
        ...stamps(Math.min(0, days)),
      }),
    )
  }
  const at = (i: number) => workPackages[i] as number
  const ties = ['relates', 'follows', 'blocks', 'duplicates', 'includes', 'requires']
  for (const [i, relation_type] of ties.entries())
    await make.row('relations', {
      from_id: at(i),
      to_id: at(i + 3),
      relation_type,
      lag: relation_type === 'follows' ? 0 : null,
      ...stamps(-1),
    })
  const watching = [
    [at(0), viewer],
    [at(1), ann],
    [at(2), viewer],
    [at(2), ann],
  ] as const
  const shares = [
    [at(3), ann],
    [at(4), bob],
    [at(4), viewer],
  ] as const
  await db.transaction(async (tx) => {
    for (const [workPackage, user] of watching)
      await tx.run(sql`insert into watchers (work_package_id, user_id) values (${workPackage}, ${user})`)
  })
  const viewing = await id('roles', 'Work package viewer')
  for (const [workPackage, user] of shares) {
    const { project_id } = (await db.one<{ project_id: number }>(
      sql`select project_id from work_packages where id = ${workPackage}`,
    ))!
    const share = { principal_id: user, project_id, entity_type: 'WorkPackage', entity_id: workPackage, ...stamps(-1) }
    const membership = await make.row('memberships', share, 'memberships')
    await make.row('membership_roles', { membership_id: membership, role_id: viewing }, 'memberships')
  }
  const comments = [
    [at(5), 'Said aloud'],
    [at(6), 'Whispered of brewing'],
  ] as const
  for (const [workPackage, text] of comments) {
    const { created_at, updated_at } = stamps(-1)
    await make.row('journals', {
      resource: 'work_packages',
      resource_id: workPackage,
      version: 2,
      user_id: ann,
      notes: text,
      internal: false,
      created_at,
      updated_at,
    })
  }
  const files = [
    [at(1), 'Floor plan.png'],
    [at(5), 'Recipe for brewing.txt'],
  ] as const
  const contents = [
    [at(1), 'Measured in fathoms'],
    [at(5), 'Water, malt and hops'],
  ] as const
  for (const [i, [workPackage, file_name]] of files.entries()) {
    const attachment = await make.row('attachments', {
      container_type: 'WorkPackage',
      container_id: workPackage,
      author_id: ann,
      file_name,
      file_size: 1,
      content_type: 'text/plain',
      storage_name: `file of ${workPackage}`,
      ...stamps(-1),
    })
    await make.row('attachment_contents', { id: attachment, content: contents[i]?.[1] })
  }

  const activities = await named('time_entry_activities', 'Development', 'Testing')
  for (const [i, days] of [-40, -7, -1, 0, 1].entries())
    await make.row('time_entries', {
      project_id: i % 2 ? lab : annex,
      entity_type: 'WorkPackage',
      entity_id: i % 2 ? at(0) : at(2),
      user_id: i < 2 ? ann : viewer,
      logged_by_id: viewer,
      activity_id: i === 4 ? null : activities[i % 2],
      spent_on: day(days),
      hours: i === 3 ? null : i + 0.5,
      ongoing: i === 3,
      ...stamps(Math.min(0, days)),
    })
  for (const [i, days] of [-30, -2, 2, 30].entries())
    await make.row('non_working_days', { date: day(days), name: `Feast ${i}` }, 'non_working_days')

  for (const [i, reason] of ['mentioned', 'watched', 'assigned', 'watched'].entries()) {
    const told = { recipient_id: viewer, actor_id: ann, work_package_id: at(i % 2 ? 0 : 2), reason, read_ian: i > 1 }
    await make.row('notifications', { ...told, ...stamps(-i) })
  }

  const queries: number[] = []
  for (const [i, values] of [{ public: true }, { starred: true }, {}, { public: true }].entries()) {
    const body = { name: `Query ${i} of all`, ...values, _links: i === 3 ? {} : { project: link('projects', i ? lab : annex) } }
    const { body: made, status, text } = await admin.post('/queries', body)
    if (status !== 201) throw new Error(text)
    queries.push(made.id)
    const { created_at, updated_at } = stamps(-i * 4)
    await db.transaction(async (tx) => {
      await tx.run(sql`update queries set created_at = ${created_at}, updated_at = ${updated_at} where id = ${made.id}`)
    })
    await make.row('views', { query_id: made.id, type: i % 2 ? 'gantt' : 'work_packages_table', ...stamps(-1) })
  }
  for (const href of ['/my/page', '/projects/lab', '/projects/annex', '/projects/lab/boards'])
    await admin.post('/grids', { rowCount: 1, columnCount: 1, _links: { scope: { href } } })
  const [query, ordered] = [queries[0] as number, [at(4), at(1)]]
  await admin.patch(`/queries/${query}/order`, { delta: Object.fromEntries(ordered.map((one, i) => [one, i])) })
  const pages: number[] = []
  for (const [i, title] of ['Knots and splices', 'Sails', 'Watches'].entries()) {
    const page = { project_id: i === 2 ? annex : lab, title, text: `All of step ${i}`, author_id: i ? ann : viewer }
    pages.push(
      await make.row('wiki_pages', { ...page, parent_id: i === 1 ? pages[0] : null, ...stamps([-40, -3, 0][i] as number) }),
    )
  }
  await db.transaction((tx) => begin(tx, { table: 'wiki_pages', journal: 'wiki_page_versions' }))
  const meetings: number[] = []
  for (const [i, days] of [-9, -1, 0, 1, 7].entries()) {
    const meeting = { project_id: i % 2 ? lab : annex, title: `Meeting ${i} of all`, author_id: i % 2 ? ann : viewer }
    const end = new Date(Date.parse(moment(days)) + 90 * 60_000).toISOString()
    const at = { start_time: moment(days), duration: 1.5, end_time: end, ...stamps(Math.min(0, days)) }
    meetings.push(await make.row('meetings', { ...meeting, ...at }))
    const about = { meeting_id: meetings[i], title: `Item ${i} of all`, position: 1, ...stamps(0) }
    await make.row('meeting_agenda_items', {
      ...about,
      ...(i > 2 && { work_package_id: workPackages[i], presenter_id: i > 3 ? ann : viewer }),
    })
  }
  await db.transaction(async (tx) => {
    await begin(tx, { table: 'meetings', journal: 'meeting_versions' })
    for (const [i, user] of [ann, viewer, bob].entries())
      for (const role of ['invited', 'attended'])
        await tx.run(
          sql`insert into meeting_participants (meeting_id, role, user_id) values (${meetings[role === 'invited' ? i : i + 1]}, ${role}, ${user})`,
        )
  })
  const urn = (type: string) => ({ href: `urn:openproject-org:api:v3:storages:${type}` })
  for (const [i, place] of [lab, annex].entries()) {
    const origin = { href: `https://files${i}.example` }
    const made = await admin.post('/storages', { name: `Files ${i}`, _links: { type: urn('Nextcloud'), origin } })
    const storage = { storage: link('storages', made.body.id) }
    await admin.post('/project_storages', { _links: { ...storage, project: link('projects', place) } })
    if (i === 1) await admin.post('/project_storages', { _links: { ...storage, project: link('projects', lab) } })
    await admin.post(`/work_packages/${at(1)}/file_links`, {
      _embedded: { elements: [{ originData: { id: i, name: `${i}.txt` }, _links: storage }] },
    })
  }
  // All other resources of projects, by declaration.
  for (const resource of resourcesOfProjects()) {
    if (await db.one(sql`select id from ${name(resource.table)} limit 1`)) continue
    for (const [i, place] of [lab, annex, cellar].entries())
      await admin.post(`/${resource.path}`, await payloadFor(db, resource, place, i))
  }
  const forums = await db.all<{ id: number }>(sql`select id from forums order by id`)
  const posts: number[] = []
  for (const [i, forum] of [0, 0, 1, 1].entries()) {
    const post = { forum_id: forums[forum]!.id, subject: `Post ${i} of all`, author_id: i % 2 ? ann : viewer }
    posts.push(await make.row('posts', { ...post, parent_id: i === 1 ? posts[0] : null, ...stamps(-i) }))
  }

  return {
    viewer,
    query,
    ordered,
    ann: { id: ann, client: await as(ann) },
    lab,
    watching,
    shares,
    blocked: [bob],
    templated: [mould],
    comments,
    files,
    contents,
  }
}
