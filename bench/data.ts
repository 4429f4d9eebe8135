/** Fills a fresh database like an instance after some years: projects, users, work packages, time entries. */
import type { Database, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { indexPending, mergeIndexes } from '#db/search.ts'
import { sql } from '#db/sql.ts'
import { hashToken, randomToken } from '#identity/tokens.ts'
import { begin } from '#kernel/write/history.ts'
import { setup } from '#server/setup.ts'
import { choices } from './cases.ts'
import type { Dataset, Person } from './dataset.ts'
import { find } from './found.ts'
import { insertNet, type Net } from './net.ts'
import { pick, type Random, randomFrom, sample } from './random.ts'
import { insertAll, insertAllPlain } from './rows.ts'
import { type ShapeName, shapes } from './shapes.ts'
import { description, nouns, personName, projectName, rarePair } from './texts.ts'
import { addWorkPackages, type Ground, type NewRow } from './work-packages.ts'

const USERS = 500
/** Users who ask by turns. */
const VIEWERS = 100
const DORMANT_PROJECTS = 2
/** Each server has a net of its own to write to. */
const SERVERS = 3
/** Number of searches of each kind. */
const SEARCHES = 3
/** Number of work packages kept in memory for the cases. */
const KEPT = 5000
const YEAR_MS = 365 * 86_400_000
/** Number of texts per step of the indexing. */
const TAKEN_IN = 5000

/** Indexes all texts. */
async function indexAll(db: Database): Promise<void> {
  while ((await indexPending(db, TAKEN_IN)) > 0);
  while (await db.transaction(mergeIndexes));
}

/**
 * Migrates and fills an empty database.
 * @param size number of work packages
 * @param withPast whether they have been changed since they were made
 */
export async function fill(
  db: Database,
  shape: ShapeName,
  size: number,
  withPast: boolean,
): Promise<{ dataset: Dataset; ground: Ground }> {
  const random = randomFrom(size)
  const adminToken = randomToken()
  await setup(db, { seed: 'basic', adminToken })
  const { people, ground, parents } = await db.transaction((tx) => begun(tx, shape, size, random, adminToken))
  const viewed = new Set(people.viewer.projects)
  const kept: NewRow[] = []
  const allSeen: number[] = []
  await addWorkPackages(db, ground, random, withPast, (rows, ids) => {
    for (const [i, row] of rows.entries()) {
      if (random() < KEPT / size) kept.push(row)
      if (viewed.has(row.project_id!)) allSeen.push(ids[i]!)
    }
  })
  const seen = sample(random, allSeen, KEPT)
  const wordPairs = Array.from({ length: 20 }, (): [string, string] => {
    const words = pick(random, kept).subject!.split(' ')
    return [words[1] as string, words[2] as string]
  })
  const rarePairs = Array.from({ length: SEARCHES }, () => rarePair(pick(random, kept).description!))
  const types = { task: ground.types.get('Task')!, feature: ground.types.get('Feature')!, bug: ground.types.get('Bug')! }
  const rest = await db.transaction(async (tx) => {
    const searches = await find(tx, wordPairs.slice(0, SEARCHES), rarePairs, nouns.slice(0, SEARCHES))
    const { pairs, rare, common } = searches
    const bySubject = [...pairs, ...rare, ...common].map(({ id }) => id)
    const found = await tx.all<{ id: number }>(
      sql`select work_package_id as id from bench_found where ${among(tx.engine, sql`search`, bySubject)}`,
    )
    const changing = new Set(seen).difference(new Set(found.map(({ id }) => id)))
    return { searches, unfound: [...changing], queries: await addQueries(tx, people, types) }
  })
  await indexAll(db)
  // A database in use has statistics; SQLite keeps none by default.
  if (db.engine === 'postgres') await db.script('vacuum analyze')
  const dataset = {
    size,
    shape,
    ...people,
    projectCount: ground.projects.length,
    parents,
    types,
    priorities: [...ground.priorities],
    seen,
    wordPairs,
    ...rest,
    nets: [],
  }
  return { dataset, ground }
}

type People = Pick<Dataset, 'admin' | 'viewer' | 'everywhere' | 'dormant' | 'viewers' | 'planner'>

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
  await indexAll(db)
  if (db.engine === 'postgres') await db.script('analyze')
  return { ...dataset, nets }
}

/** Writes users and projects. */
async function begun(
  tx: Transaction,
  shape: ShapeName,
  size: number,
  random: Random,
  adminToken: string,
): Promise<{ people: People; ground: Ground; parents: number[] }> {
  const now = Date.now()
  const old = dates()
  const admin = (await tx.one<{ id: number }>(sql`select id from principals where admin`))!.id
  const member = (await tx.one<{ id: number }>(sql`select id from roles where name = 'Member'`))!.id
  const idsOf = async (table: keyof typeof tableName) => {
    const rows = await tx.all<{ id: number; name: string }>(sql`select id, name from ${tableName[table]} order by position`)
    return new Map(rows.map((row) => [row.name, row.id]))
  }
  const types = await idsOf('types')

  const users = await insertAll(
    tx,
    'principals',
    Array.from({ length: USERS }, (_, i) => {
      const [first_name, last_name] = personName(i)
      return {
        type: 'User',
        name: `${first_name} ${last_name}`,
        login: `user${i}`,
        first_name,
        last_name,
        email: `user${i}@example.net`,
        admin: false,
        status: 1,
        ...old,
      }
    }),
  )
  const [planned] = (await addProjects(tx, 0, 1, types, random)).projects as [number]
  const { projects, versions, categories } = await addProjects(tx, 1, shapes[shape].projects(size), types, random)
  const parents = await nest(tx, projects)

  const of = (count: number) => sample(random, projects, Math.min(count, projects.length))
  const viewed = shapes[shape].viewed(projects.length)
  let asked = 0
  const person = (itsProjects: number[]): Person => ({ id: users[asked++]!, token: randomToken(), projects: itsProjects })
  const people: People = {
    admin: { id: admin, token: adminToken, projects: [] },
    viewer: person(of(viewed)),
    everywhere: person(of(Math.floor(projects.length * 0.75))),
    dormant: person(projects.slice(-DORMANT_PROJECTS)),
    planner: person([planned]),
    viewers: Array.from({ length: VIEWERS }, () => person(of(viewed))),
  }
  const { viewer, everywhere, dormant, planner, viewers } = people
  const readers = [viewer, everywhere, dormant, planner, ...viewers]
  await insertAll(
    tx,
    'tokens',
    readers.map(({ id, token }) => ({ user_id: id, hash: hashToken(token), name: 'bench', created_at: old.created_at })),
  )
  const others = users.slice(asked)
  const teams = new Map(
    projects.map((project) => [
      project,
      [...sample(random, others, 8), ...[viewer, everywhere].filter((one) => one.projects.includes(project)).map(({ id }) => id)],
    ]),
  )
  const reading = [dormant, planner, ...viewers].flatMap(({ id, projects: own }) =>
    own.map((project): [number, number] => [project, id]),
  )
  const working = [...teams].flatMap(([project, team]) => team.map((id): [number, number] => [project, id]))
  const memberships = await insertAll(
    tx,
    'memberships',
    [...working, ...reading].map(([project_id, principal_id]) => ({ principal_id, project_id, ...old })),
  )
  await insertAllPlain(
    tx,
    'membership_roles',
    memberships.map((membership_id) => ({ membership_id, role_id: member })),
  )

  const ground = {
    size,
    now,
    projects,
    dormant: dormant.projects,
    teams,
    viewer,
    categories,
    versions,
    types,
    statuses: await idsOf('statuses'),
    priorities: [...(await idsOf('priorities')).values()],
    activities: [...(await idsOf('time_entry_activities')).values()],
  }
  return { people, ground, parents }
}

/** When projects and all that belongs to them were created and changed: before any of their work packages. */
const dates = (now = Date.now()) => ({
  created_at: new Date(now - 5 * YEAR_MS).toISOString(),
  updated_at: new Date(now - 4 * YEAR_MS).toISOString(),
})

/** Writes some projects, numbered from `first` on, with versions and categories. */
async function addProjects(
  tx: Transaction,
  first: number,
  count: number,
  types: ReadonlyMap<string, number>,
  random: Random,
): Promise<Pick<Ground, 'projects' | 'versions' | 'categories'>> {
  const old = dates()
  const projects = await insertAll(
    tx,
    'projects',
    Array.from({ length: count }, (_, i) => ({
      identifier: `project-${first + i}`,
      name: projectName(random, first + i),
      description: description(random),
      public: false,
      active: true,
      ...old,
    })),
  )
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
  return { projects, versions, categories }
}

/** Adds a project of a number of work packages, with versions and time entries like the others; gives its id. */
export async function addLargeProject(db: Database, ground: Ground, size: number): Promise<number> {
  const random = randomFrom(1)
  const added = await db.transaction((tx) => addProjects(tx, ground.projects.length + 1, 1, ground.types, random))
  const [project] = added.projects as [number]
  const teams = new Map([[project, [...ground.teams.values()][0]!]])
  await addWorkPackages(db, { ...ground, ...added, size, dormant: [], teams }, random, true, () => {})
  await indexAll(db)
  return project
}

/** Public queries, one for each of the `choices`; gives their ids. */
const addQueries = (tx: Transaction, people: People, types: Dataset['types']): Promise<number[]> =>
  insertAll(
    tx,
    'queries',
    choices({ ...people, types }).map(({ on, ids }, i) => ({
      name: `Open work ${i}`,
      user_id: people.admin.id,
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
      ...dates(),
    })),
  )

const tableName = {
  types: sql`types`,
  statuses: sql`statuses`,
  priorities: sql`priorities`,
  time_entry_activities: sql`time_entry_activities`,
}

/** Every tenth project is the parent of the four after it; gives these parents. */
async function nest(tx: Transaction, projects: readonly number[]): Promise<number[]> {
  const parents = projects.filter((_, i) => i % 10 === 0)
  for (const [i, parent] of parents.entries()) {
    for (const child of projects.slice(10 * i + 1, 10 * i + 5))
      await tx.run(sql`update projects set parent_id = ${parent} where id = ${child}`)
  }
  return parents
}
