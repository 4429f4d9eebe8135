/** Fills a fresh database like an instance after some years: projects, users, work packages, time entries. */
import type { Database, Transaction } from '#db/database.ts'
import { moment } from '#db/dialect.ts'
import { indexPending } from '#db/search.ts'
import { join, name, raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { hashToken, randomToken } from '#identity/tokens.ts'
import { begin } from '#kernel/write/history.ts'
import { setup } from '#server/setup.ts'
import { choices } from './cases.ts'
import type { Dataset } from './dataset.ts'
import { find } from './found.ts'
import { insertNet, type Net } from './net.ts'
import { pick, type Random, randomFrom, sample } from './random.ts'
import { insertAll, insertAllPlain, setParents } from './rows.ts'

const USERS = 500
const VIEWER_PROJECTS = 40
const WORK_PACKAGES_PER_PROJECT = 50
/** Each server has a net of its own to write to. */
const SERVERS = 3
/** Number of searches of each kind. */
const SEARCHES = 3
const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
/** Number of texts per step of the indexing. */
const TAKEN_IN = 5000

const verbs =
  'Add Allow Avoid Change Check Clarify Compare Correct Describe Draw Explain Extend Fix Improve Install Measure Merge Move Order Prepare Print Remove Rename Repair Replace Review Sort Test Translate Update'.split(
    ' ',
  )
const adjectives =
  'annual broken central daily empty external final former general hidden internal large late local main missing monthly new obsolete old optional outdated printed public regional second shared slow technical weekly'.split(
    ' ',
  )
const nouns =
  'address agreement archive booking bridge budget calendar campaign catalogue contract customer dashboard delivery device engine export firewall forecast gearbox handbook import index invoice label ledger licence machine manual meeting message network newsletter office order password permit plan platform printer process product protocol pump quota receipt report request roof safety sample schedule sensor server shipment signature station storage survey switch template terminal ticket timetable training valve vehicle warehouse website window workshop'.split(
    ' ',
  )
const links = 'before behind beside during for from in inside near of on under with without'.split(' ')

/**
 * Migrates and fills an empty database.
 * @param size number of work packages, 50 in a project
 * @param withPast whether they have been changed since they were made
 */
export async function fill(db: Database, size: number, withPast: boolean): Promise<Dataset> {
  const random = randomFrom(size)
  const adminToken = randomToken()
  await setup(db, { seed: 'basic', adminToken })
  const dataset = await db.transaction((tx) => write(tx, size, withPast, random, adminToken))
  while ((await indexPending(db, TAKEN_IN)) > 0);
  // A database in use has statistics; SQLite keeps none by default.
  if (db.engine === 'postgres') await db.script('vacuum analyze')
  return dataset
}

/** Adds the nets of work packages for the cascade. They are the newest rows, and much larger than the usual project. */
export async function addNets(db: Database, dataset: Dataset): Promise<Dataset> {
  const { planner, types, priorities } = dataset
  const nets = await db.transaction(async (tx) => {
    const now = new Date().toISOString()
    const alike = {
      project_id: planner.projects[0]!,
      type_id: types.task,
      status_id: (await tx.one<{ id: number }>(sql`select id from statuses where is_default`))!.id,
      priority_id: priorities[0]!,
      author_id: planner.id,
      created_at: now,
      updated_at: now,
    }
    const random = randomFrom(0)
    const added: Net[] = []
    for (let i = 0; i < SERVERS; i++) added.push(await insertNet(tx, alike, random))
    await begin(tx, { table: 'work_packages', journal: 'work_package_versions' })
    return added
  })
  while ((await indexPending(db, TAKEN_IN)) > 0);
  if (db.engine === 'postgres') await db.script('analyze')
  return { ...dataset, nets }
}

async function write(tx: Transaction, size: number, withPast: boolean, random: Random, adminToken: string): Promise<Dataset> {
  const now = Date.now()
  const at = (ms: number) => new Date(ms).toISOString()
  const old = { created_at: at(now - 3 * YEAR_MS), updated_at: at(now - 2 * YEAR_MS) }
  const admin = (await tx.one<{ id: number }>(sql`select id from principals where admin`))!.id
  const member = (await tx.one<{ id: number }>(sql`select id from roles where name = 'Member'`))!.id
  const idsOf = async (table: 'types' | 'statuses' | 'priorities' | 'time_entry_activities') => {
    const rows = await tx.all<{ id: number; name: string }>(sql`select id, name from ${tableName[table]} order by position`)
    return new Map(rows.map((row) => [row.name, row.id]))
  }
  const [types, statuses, priorities, activities] = [
    await idsOf('types'),
    await idsOf('statuses'),
    await idsOf('priorities'),
    await idsOf('time_entry_activities'),
  ]

  const users = await insertAll(
    tx,
    'principals',
    Array.from({ length: USERS }, (_, i) => ({
      type: 'User',
      name: `${nameFrom(verbs, i)} ${lastName(i)}`,
      login: `user${i}`,
      first_name: nameFrom(verbs, i),
      last_name: lastName(i),
      email: `user${i}@example.net`,
      admin: false,
      status: 1,
      ...old,
    })),
  )
  const [viewer, everywhere, planner, ...others] = users as [number, number, number, ...number[]]
  const [viewerToken, everywhereToken, plannerToken] = [randomToken(), randomToken(), randomToken()]
  const given = { name: 'bench', created_at: old.created_at }
  await insertAll(tx, 'tokens', [
    { user_id: viewer, hash: hashToken(viewerToken), ...given },
    { user_id: everywhere, hash: hashToken(everywhereToken), ...given },
    { user_id: planner, hash: hashToken(plannerToken), ...given },
  ])

  const [planned, ...projects] = (await insertAll(
    tx,
    'projects',
    Array.from({ length: 1 + size / WORK_PACKAGES_PER_PROJECT }, (_, i) => ({
      identifier: `project-${i}`,
      name: `${capital(pick(random, adjectives))} ${pick(random, nouns)} ${i}`,
      description: description(random),
      public: false,
      active: true,
      ...old,
    })),
  )) as [number, ...number[]]
  await nest(tx, projects)
  const modules = ['work_package_tracking', 'gantt', 'costs', 'wiki']
  await insertAllPlain(
    tx,
    'enabled_modules',
    [planned, ...projects].flatMap((project_id) => modules.map((name) => ({ project_id, name }))),
  )
  await insertAllPlain(
    tx,
    'project_types',
    [planned, ...projects].flatMap((project_id) => [...types.values()].map((type_id) => ({ project_id, type_id }))),
  )

  const viewerProjects = sample(random, projects, VIEWER_PROJECTS)
  const everywhereProjects = sample(random, projects, Math.floor(projects.length * 0.75))
  const isViewers = new Set(viewerProjects)
  const isEverywheres = new Set(everywhereProjects)
  const members = new Map([
    [planned, [planner]],
    ...projects.map((project): [number, number[]] => [
      project,
      [
        ...sample(random, others, 8),
        ...(isViewers.has(project) ? [viewer] : []),
        ...(isEverywheres.has(project) ? [everywhere] : []),
      ],
    ]),
  ])
  const memberships = await insertAll(
    tx,
    'memberships',
    [...members].flatMap(([project_id, list]) => list.map((principal_id) => ({ principal_id, project_id, ...old }))),
  )
  await insertAllPlain(
    tx,
    'membership_roles',
    memberships.map((membership_id) => ({ membership_id, role_id: member })),
  )

  const versions = await insertAll(
    tx,
    'versions',
    projects.flatMap((project_id) =>
      ['1.0', '1.1', '2.0'].map((name) => ({ project_id, name, status: 'open', sharing: 'none', ...old })),
    ),
  )
  const categories = await insertAll(
    tx,
    'categories',
    projects.flatMap((project_id) => ['Planning', 'Building'].map((name) => ({ project_id, name }))),
  )

  const commonTypes = ['Task', 'Task', 'Task', 'Feature', 'Bug', 'Bug', 'User story', 'Milestone'].map((name) => types.get(name)!)
  const openStatuses = ['New', 'New', 'In progress', 'In testing', 'On hold'].map((name) => statuses.get(name)!)
  const rows: Partial<Tables['work_packages']>[] = []
  for (let i = 0; i < size; i++) {
    const place = Math.floor(random() * projects.length)
    const project_id = projects[place]!
    const team = members.get(project_id)!
    const type_id = pick(random, commonTypes)
    const created = now - 2 * YEAR_MS + (i / size) * 1.9 * YEAR_MS
    const isMilestone = type_id === types.get('Milestone')
    const start = random() < 0.4 ? workingDay(created) : null
    const work = random() < 0.5 ? 1 + Math.floor(random() * 40) : null
    rows.push({
      project_id,
      type_id,
      status_id: random() < 0.3 ? statuses.get('Closed')! : pick(random, openStatuses),
      priority_id: pick(random, [...priorities.values()]),
      author_id: pick(random, team),
      assigned_to_id: random() < 0.7 ? (isViewers.has(project_id) && random() < 0.3 ? viewer : pick(random, team)) : null,
      responsible_id: random() < 0.2 ? pick(random, team) : null,
      category_id: random() < 0.3 ? categories[place * 2 + Math.floor(random() * 2)]! : null,
      version_id: random() < 0.4 ? versions[place * 3 + Math.floor(random() * 3)]! : null,
      subject: subject(random),
      description: description(random),
      start_date: start,
      due_date: isMilestone ? start : null,
      duration: isMilestone ? 1 : null,
      estimated_hours: work,
      remaining_hours: work,
      done_ratio: work === null ? null : 0,
      schedule_manually: true,
      ignore_non_working_days: false,
      lock_version: 0,
      created_at: at(created),
      updated_at: at(created + random() * (now - created)),
    })
  }
  const workPackages = await insertAll(tx, 'work_packages', rows)
  await adopt(tx, workPackages, rows, random)
  if (withPast) await grow(tx, size, [...priorities.values()], now)
  else await begin(tx, { table: 'work_packages', journal: 'work_package_versions' })
  await bookTime(tx, workPackages, rows, [...activities.values()], random)

  const seen = workPackages.filter((_, i) => isViewers.has(rows[i]!.project_id!))
  const wordPairs = Array.from({ length: 20 }, (): [string, string] => {
    const words = pick(random, rows).subject!.split(' ')
    return [words[1] as string, words[2] as string]
  })
  const people = {
    viewer: { id: viewer, token: viewerToken, projects: viewerProjects },
    everywhere: { id: everywhere, token: everywhereToken, projects: everywhereProjects },
  }
  const kinds = { task: types.get('Task')!, feature: types.get('Feature')!, bug: types.get('Bug')! }
  const queries = await insertAll(
    tx,
    'queries',
    choices({ ...people, types: kinds }).map(({ on, ids }, i) => ({
      name: `Open work ${i}`,
      user_id: admin,
      public: true,
      filters: JSON.stringify([
        { name: 'status', operator: 'o', values: [] },
        { name: on, operator: '=', values: ids.map(String) },
      ]),
      columns: JSON.stringify(['id', 'subject', 'type', 'status', 'assignee', 'priority', 'updatedAt']),
      sort_by: JSON.stringify(['updatedAt-desc']),
      show_hierarchies: false,
      highlighting_mode: 'none',
      timestamps: '["PT0S"]',
      timeline_zoom_level: 'auto',
      timeline_labels: '{}',
      ...old,
    })),
  )
  const searches = await find(tx, wordPairs.slice(0, SEARCHES), rare(random, rows, SEARCHES), nouns.slice(0, SEARCHES))
  const found = new Set((await tx.all<{ id: number }>(sql`select work_package_id as id from bench_found`)).map(({ id }) => id))
  return {
    size,
    admin: { id: admin, token: adminToken, projects: [] },
    ...people,
    planner: { id: planner, token: plannerToken, projects: [planned] },
    types: kinds,
    priorities: [...priorities.values()],
    seen,
    unfound: seen.filter((id) => !found.has(id)),
    wordPairs,
    searches,
    queries,
    nets: [],
  }
}

const tableName = {
  types: sql`types`,
  statuses: sql`statuses`,
  priorities: sql`priorities`,
  time_entry_activities: sql`time_entry_activities`,
}

const capital = (word: string) => word.charAt(0).toUpperCase() + word.slice(1)
const nameFrom = (list: readonly string[], i: number) => capital(list[i % list.length] as string)
/** Unique together with the first name. */
const lastName = (i: number) => nameFrom(nouns, i * 7 + Math.floor(i / verbs.length))

/** The day of an instant, or the Monday after it. */
function workingDay(instant: number): string {
  const weekday = new Date(instant).getUTCDay()
  const days = weekday === 6 ? 2 : weekday === 0 ? 1 : 0
  return new Date(instant + days * 86_400_000).toISOString().slice(0, 10)
}

/** A subject of five to seven words; the second and third are an adjective and a noun. */
function subject(random: Random): string {
  const words = [pick(random, verbs), pick(random, adjectives), pick(random, nouns), pick(random, links), pick(random, nouns)]
  if (random() < 0.5) words.push(pick(random, links), pick(random, nouns))
  return words.join(' ')
}

/** A made-up name of three syllables: a few are frequent and most are rare, like words. */
function madeUp(random: Random): string {
  const place = Math.floor(NAMES * random() ** 3)
  const syllable = (n: number) => `${'bdfgklmnprstvz'.charAt(n % 14)}${'aeiou'.charAt(Math.floor(n / 14) % 5)}`
  return capital(syllable(place) + syllable(Math.floor(place / 70)) + syllable(place * 31))
}
const NAMES = 4900

/** Pairs of a rare such name and a word beside it in a description. */
function rare(random: Random, rows: readonly Partial<Tables['work_packages']>[], count: number): string[][] {
  const pairs: string[][] = []
  while (pairs.length < count) {
    const [, noun, named] = / (\w+)\*\* for (\w+),/.exec(pick(random, rows).description!)!
    pairs.push([named!, noun!])
  }
  return pairs
}

/** About 300 characters of markdown: a paragraph with bold words, a name and a link, and a list. */
function description(random: Random): string {
  const sentence = () => `${subject(random)}.`
  return `${sentence()} ${sentence()} **${pick(random, adjectives)} ${pick(random, nouns)}** for ${madeUp(random)}, see [the ${pick(random, nouns)}](https://example.net/${pick(random, nouns)}).

- ${subject(random)}
- ${subject(random)}
- ${subject(random)}

${sentence()} ${sentence()}`
}

/** Every tenth project is the parent of the four after it. */
async function nest(tx: Transaction, projects: readonly number[]): Promise<void> {
  for (let i = 0; i < projects.length; i += 10) {
    for (const child of projects.slice(i + 1, i + 5))
      await tx.run(sql`update projects set parent_id = ${projects[i]} where id = ${child}`)
  }
}

/** Gives one work package in ten a parent: an older one of the same project that is no milestone's child. */
async function adopt(
  tx: Transaction,
  ids: readonly number[],
  rows: readonly Partial<Tables['work_packages']>[],
  random: Random,
): Promise<void> {
  const newest = new Map<number, number>()
  const milestone = (await tx.one<{ id: number }>(sql`select id from types where is_milestone`))!.id
  const children: { id: number; parent_id: number }[] = []
  for (const [i, row] of rows.entries()) {
    const parent_id = newest.get(row.project_id!)
    if (parent_id !== undefined && random() < 0.1) children.push({ id: ids[i]!, parent_id })
    else if (row.type_id !== milestone && random() < 0.2) newest.set(row.project_id!, ids[i]!)
  }
  await setParents(tx, children)
}

/** Days before now on which existing work packages got another priority. */
const CHANGES = [400, 300, 200, 150, 100, 60, 30, 14, 7, 2]
/** The number of changed work packages; in a larger set they are evenly distributed: a million versions take a while to write. */
const MOST_CHANGED = 100_000

/**
 * Gives work packages a history: about ten versions each, the last one equal to the present state. Every tenth has up to
 * three comments, and a quarter of these are internal.
 */
async function grow(tx: Transaction, size: number, priorities: readonly number[], now: number): Promise<void> {
  const changed = raw(`w.id % ${Math.max(1, Math.ceil(size / MOST_CHANGED))} = 0`)
  const days = CHANGES.map(
    (ago, i) => sql`select ${raw(String(i + 1))} as step, ${moment(tx.engine, new Date(now - ago * DAY_MS).toISOString())} as at`,
  )
  const changes = sql`(${join(days, ' union all ')})`
  const missed = sql`case when ${changed} then (select count(*) from ${changes} c where c.at <= w.created_at) else ${raw(String(CHANGES.length))} end`
  const said = sql`(select a.subject || '. ' || b.subject || '.' from work_packages a cross join work_packages b
    where a.id = w.id - 3 * s.step and b.id = w.id - 7 * s.step)`
  // Missing entries come first, so that a work package's first change is its second version.
  await tx.run(sql`
    insert into journals (resource, resource_id, version, user_id, notes, internal, created_at, updated_at)
    select 'work_packages', w.id, case s.step when 0 then 1 else s.step + 1 - w.missed end, w.author_id,
      case when w.id % 10 = 0 and s.step - w.missed between 1 and 1 + w.id / 10 % 3 then ${said} end,
      w.id % 40 = 0 and s.step - w.missed between 1 and 1 + w.id / 10 % 3, coalesce(s.at, w.created_at), coalesce(s.at, w.created_at)
    from (select w.id, w.author_id, w.created_at, ${missed} as missed from work_packages w) w
    cross join (select 0 as step, null as at union all select * from ${changes} x) s
    where s.step = 0 or s.step > w.missed`)
  const columns = Object.keys((await tx.one(sql`select * from work_packages limit 1`))!)
  const place = sql`(w.priority_id + ${raw(String(CHANGES.length + 1))} - (${missed}) - j.version) % ${raw(String(priorities.length))}`
  const former = sql`case ${place} ${join(
    priorities.map((id) => raw(`when ${id % priorities.length} then ${id}`)),
    ' ',
  )} end`
  await tx.run(sql`
    insert into work_package_versions (journal_id, version, valid_from, valid_until, ${join(columns.map(name))})
    select j.id, j.version, j.created_at, n.created_at, ${join(columns.map((one) => (one === 'priority_id' ? former : name(`w.${one}`))))}
    from journals j cross join work_packages w left join journals n
      on n.resource = j.resource and n.resource_id = j.resource_id and n.version = j.version + 1
    where j.resource = 'work_packages' and w.id = j.resource_id`)
}

/** Logs time on one work package in five. */
async function bookTime(
  tx: Transaction,
  ids: readonly number[],
  rows: readonly Partial<Tables['work_packages']>[],
  activities: readonly number[],
  random: Random,
): Promise<void> {
  const entries = rows.flatMap((row, i) =>
    random() < 0.2
      ? [
          {
            project_id: row.project_id!,
            entity_type: 'WorkPackage',
            entity_id: ids[i]!,
            user_id: row.author_id!,
            logged_by_id: row.author_id!,
            activity_id: pick(random, activities),
            spent_on: row.created_at!.slice(0, 10),
            hours: 0.5 + Math.floor(random() * 12) / 2,
            ongoing: false,
            created_at: row.created_at!,
            updated_at: row.created_at!,
          },
        ]
      : [],
  )
  await insertAll(tx, 'time_entries', entries)
}
