/** Fills a fresh database with an instance as it looks after some years: projects, people, work packages, time booked. */
import type { Database, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { takeIn } from '#db/search.ts'
import { sql } from '#db/sql.ts'
import type { TableName, Tables } from '#db/tables.ts'
import { begin, record } from '#kernel/history.ts'
import { resourceNamed } from '#kernel/resource.ts'
import { hashToken, randomToken } from '#kernel/tokens.ts'
import { insertForIds, insertRows } from '#server/seeds/rows.ts'
import { setup } from '#server/setup.ts'
import { pick, type Random, randomFrom, sample } from './random.ts'

/** Somebody whose requests are measured. */
export interface Person {
  id: number
  token: string
  /** The projects they are a member of; the administrator sees all. */
  projects: number[]
}

/** What the cases have to know of the data. */
export interface Dataset {
  size: number
  /** Sees everything by being an administrator. */
  admin: Person
  /** A member of 40 projects. */
  viewer: Person
  /** A member of three quarters of all projects. */
  everywhere: Person
  types: { task: number; feature: number; bug: number }
  priorities: number[]
  /** Work packages that the viewer sees. */
  seen: number[]
  /** Pairs of words that occur together in a subject. */
  wordPairs: [string, string][]
}

const USERS = 500
const VIEWER_PROJECTS = 40
const WORK_PACKAGES_PER_PROJECT = 50
const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
/** Texts that are put into their indexes at once. */
const TAKEN_IN = 5000
/** SQLite takes at most 32,766 parameters in a statement. */
const MOST_PARAMETERS = 30_000

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
 */
export async function fill(db: Database, size: number): Promise<Dataset> {
  const random = randomFrom(size)
  const adminToken = randomToken()
  await setup(db, { seed: 'basic', adminToken })
  const dataset = await db.transaction((tx) => write(tx, size, random, adminToken))
  while ((await takeIn(db, TAKEN_IN)) > 0);
  // A database in use has its statistics; SQLite keeps none unless asked.
  if (db.engine === 'postgres') await db.script('vacuum analyze')
  return dataset
}

async function write(tx: Transaction, size: number, random: Random, adminToken: string): Promise<Dataset> {
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
      name: `${nameFrom(verbs, i)} ${nameFrom(nouns, i * 7)}`,
      login: `user${i}`,
      first_name: nameFrom(verbs, i),
      last_name: nameFrom(nouns, i * 7),
      email: `user${i}@example.net`,
      admin: false,
      status: 1,
      ...old,
    })),
  )
  const [viewer, everywhere, ...others] = users as [number, number, ...number[]]
  const [viewerToken, everywhereToken] = [randomToken(), randomToken()]
  await insertAll(tx, 'tokens', [
    { user_id: viewer, name: 'bench', hash: hashToken(viewerToken), created_at: old.created_at },
    { user_id: everywhere, name: 'bench', hash: hashToken(everywhereToken), created_at: old.created_at },
  ])

  const projects = await insertAll(
    tx,
    'projects',
    Array.from({ length: size / WORK_PACKAGES_PER_PROJECT }, (_, i) => ({
      identifier: `project-${i}`,
      name: `${capital(pick(random, adjectives))} ${pick(random, nouns)} ${i}`,
      description: description(random),
      public: false,
      active: true,
      ...old,
    })),
  )
  await nest(tx, projects)
  const modules = ['work_package_tracking', 'gantt', 'costs', 'wiki']
  await insertAllPlain(
    tx,
    'enabled_modules',
    projects.flatMap((project_id) => modules.map((name) => ({ project_id, name }))),
  )
  await insertAllPlain(
    tx,
    'project_types',
    projects.flatMap((project_id) => [...types.values()].map((type_id) => ({ project_id, type_id }))),
  )

  const viewerProjects = sample(random, projects, VIEWER_PROJECTS)
  const everywhereProjects = sample(random, projects, Math.floor(projects.length * 0.75))
  const isViewers = new Set(viewerProjects)
  const isEverywheres = new Set(everywhereProjects)
  const members = new Map(
    projects.map((project) => [
      project,
      [
        ...sample(random, others, 8),
        ...(isViewers.has(project) ? [viewer] : []),
        ...(isEverywheres.has(project) ? [everywhere] : []),
      ],
    ]),
  )
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
  await begin(tx, { table: 'work_packages', journal: 'work_package_versions' })
  await grow(tx, rows, workPackages, [...priorities.values()], now)
  await bookTime(tx, workPackages, rows, [...activities.values()], random)

  const seen = workPackages.filter((_, i) => isViewers.has(rows[i]!.project_id!))
  const wordPairs = Array.from({ length: 20 }, (): [string, string] => {
    const words = pick(random, rows).subject!.split(' ')
    return [words[1] as string, words[2] as string]
  })
  return {
    size,
    admin: { id: admin, token: adminToken, projects: [] },
    viewer: { id: viewer, token: viewerToken, projects: viewerProjects },
    everywhere: { id: everywhere, token: everywhereToken, projects: everywhereProjects },
    types: { task: types.get('Task')!, feature: types.get('Feature')!, bug: types.get('Bug')! },
    priorities: [...priorities.values()],
    seen,
    wordPairs,
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

/** About 300 characters of markdown: a paragraph with bold words and a link, and a list. */
function description(random: Random): string {
  const sentence = () => `${subject(random)}.`
  return `${sentence()} ${sentence()} **${pick(random, adjectives)} ${pick(random, nouns)}**, see [the ${pick(random, nouns)}](https://example.net/${pick(random, nouns)}).

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
  for (const [i, row] of rows.entries()) {
    const parent = newest.get(row.project_id!)
    if (parent !== undefined && random() < 0.1)
      await tx.run(sql`update work_packages set parent_id = ${parent} where id = ${ids[i]}`)
    else if (row.type_id !== milestone && random() < 0.2) newest.set(row.project_id!, ids[i]!)
  }
}

/** Days ago on which half of the work packages there were became another priority. */
const CHANGES = [400, 300, 200, 150, 100, 60, 30, 14, 7, 2]

/** Gives work packages a past: the older ones have been changed five times. */
async function grow(
  tx: Transaction,
  rows: readonly Partial<Tables['work_packages']>[],
  ids: readonly number[],
  priorities: readonly number[],
  now: number,
): Promise<void> {
  const actor = rows[0]!.author_id!
  for (const [step, days] of CHANGES.entries()) {
    const at = new Date(now - days * DAY_MS).toISOString()
    const changing = ids.filter((id, i) => (id + step) % 2 === 0 && rows[i]!.created_at! < at)
    const priority = priorities[step % priorities.length]
    await tx.run(sql`update work_packages set priority_id = ${priority} where ${among(tx.engine, sql`id`, changing)}`)
    await record(tx, resourceNamed('WorkPackage'), changing, { actor, at, window: 0 })
  }
}

/** Books time on one work package in five. */
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

/** Rows in as many statements as their parameters need. */
function* batches<T extends object>(rows: readonly T[]): Generator<readonly T[]> {
  const size = Math.floor(MOST_PARAMETERS / Object.keys(rows[0] ?? { a: 1 }).length)
  for (let i = 0; i < rows.length; i += size) yield rows.slice(i, i + size)
}

/** Inserts rows; gives their ids in the order of the rows. */
async function insertAll<T extends TableName>(tx: Transaction, table: T, rows: readonly Partial<Tables[T]>[]): Promise<number[]> {
  const ids: number[] = []
  for (const batch of batches(rows)) for (const id of await insertForIds(tx, table, batch)) ids.push(id)
  return ids
}

/** Inserts rows of a table without ids. */
async function insertAllPlain<T extends TableName>(
  tx: Transaction,
  table: T,
  rows: readonly Partial<Tables[T]>[],
): Promise<void> {
  for (const batch of batches(rows)) await insertRows(tx, table, batch)
}
