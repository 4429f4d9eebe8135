/** Fills projects with work packages, their versions and their time entries, some thousands at a time. */
import type { Database, Transaction } from '#db/database.ts'
import { among, moment } from '#db/dialect.ts'
import { join, name, raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { begin } from '#kernel/write/history.ts'
import { pick, type Random } from './random.ts'
import { insertAll, setParents } from './rows.ts'
import { description, planted, subject } from './texts.ts'

const DAY_MS = 86_400_000
const YEAR_MS = 365 * DAY_MS
/** Number of work packages in a transaction: those of a million would not fit into memory. */
const AT_ONCE = 20_000

/** What exists before the work packages do. */
export interface Ground {
  /** Number of work packages. */
  size: number
  now: number
  projects: readonly number[]
  /** Those of the projects in which nothing has been changed for two years. */
  dormant: readonly number[]
  /** The members of each project who write and do the work. */
  teams: ReadonlyMap<number, readonly number[]>
  viewer: { id: number; projects: readonly number[] }
  /** Two for each project. */
  categories: readonly number[]
  /** Three for each project. */
  versions: readonly number[]
  types: ReadonlyMap<string, number>
  statuses: ReadonlyMap<string, number>
  priorities: readonly number[]
  activities: readonly number[]
}

export type NewRow = Partial<Tables['work_packages']>

/**
 * Writes all work packages.
 * @param withPast whether they have been changed since they were made
 * @param each receives the rows of each transaction and their ids
 */
export async function addWorkPackages(
  db: Database,
  ground: Ground,
  random: Random,
  withPast: boolean,
  each: (rows: readonly NewRow[], ids: readonly number[]) => void,
): Promise<void> {
  const parents = new Map<number, number>()
  for (let first = 0; first < ground.size; first += AT_ONCE) {
    const rows = newRows(ground, random, first, Math.min(first + AT_ONCE, ground.size))
    const ids = await db.transaction(async (tx) => {
      const inserted = await insertAll(tx, 'work_packages', rows)
      await setParents(tx, children(inserted, rows, parents, ground, random))
      if (withPast) await grow(tx, ground, inserted)
      else await begin(tx, { table: 'work_packages', journal: 'work_package_versions' })
      await bookTime(tx, inserted, rows, ground.activities, random)
      return inserted
    })
    each(rows, ids)
  }
}

const TYPES = ['Task', 'Task', 'Task', 'Feature', 'Bug', 'Bug', 'User story', 'Milestone']
const OPEN_STATUSES = ['New', 'New', 'In progress', 'In testing', 'On hold']

/** The `first` to `end - 1`th of all work packages, oldest first. */
function newRows(ground: Ground, random: Random, first: number, end: number): NewRow[] {
  const { size, now, projects, teams, viewer, versions, categories, statuses, priorities } = ground
  const types = TYPES.map((type) => ground.types.get(type)!)
  const open = OPEN_STATUSES.map((status) => statuses.get(status)!)
  const viewed = new Set(viewer.projects)
  const dormant = new Set(ground.dormant)
  const at = (ms: number) => new Date(ms).toISOString()
  const rows: NewRow[] = []
  for (let i = first; i < end; i++) {
    const place = Math.floor(random() * projects.length)
    const project_id = projects[place]!
    const team = teams.get(project_id)!
    const type_id = pick(random, types)
    const last = dormant.has(project_id) ? now - 2 * YEAR_MS : now
    const created = last - 2 * YEAR_MS + (i / size) * 1.9 * YEAR_MS
    const isMilestone = type_id === ground.types.get('Milestone')
    const start = random() < 0.4 ? workingDay(created) : null
    const work = random() < 0.5 ? 1 + Math.floor(random() * 40) : null
    rows.push({
      project_id,
      type_id,
      status_id: random() < 0.3 ? statuses.get('Closed')! : pick(random, open),
      priority_id: pick(random, priorities),
      author_id: pick(random, team),
      assigned_to_id: random() < 0.7 ? (viewed.has(project_id) && random() < 0.3 ? viewer.id : pick(random, team)) : null,
      responsible_id: random() < 0.2 ? pick(random, team) : null,
      category_id: random() < 0.3 ? categories[place * 2 + Math.floor(random() * 2)]! : null,
      version_id: random() < 0.4 ? versions[place * 3 + Math.floor(random() * 3)]! : null,
      subject: subject(random),
      description: description(random) + planted(i),
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
      updated_at: at(created + random() * (last - created)),
    })
  }
  return rows
}

/**
 * Gives one work package in ten a parent: an older one of the same project that is no milestone's child.
 * @param parents the possible parent of each project, kept from one call to the next
 */
function children(
  ids: readonly number[],
  rows: readonly NewRow[],
  parents: Map<number, number>,
  { types }: Ground,
  random: Random,
): { id: number; parent_id: number }[] {
  const found: { id: number; parent_id: number }[] = []
  for (const [i, { project_id, type_id }] of rows.entries()) {
    const parent_id = parents.get(project_id!)
    if (parent_id !== undefined && random() < 0.1) found.push({ id: ids[i]!, parent_id })
    else if (type_id !== types.get('Milestone') && random() < 0.2) parents.set(project_id!, ids[i]!)
  }
  return found
}

/** The day of an instant, or the Monday after it. */
function workingDay(instant: number): string {
  const weekday = new Date(instant).getUTCDay()
  const days = weekday === 6 ? 2 : weekday === 0 ? 1 : 0
  return new Date(instant + days * 86_400_000).toISOString().slice(0, 10)
}

/** Days before now on which existing work packages got another priority. */
const CHANGES = [400, 300, 200, 150, 100, 60, 30, 14, 7, 2]
/** The number of changed work packages; in a larger set they are evenly distributed: a million versions take a while to write. */
const MOST_CHANGED = 100_000

/**
 * Gives work packages a history: about ten versions each, the last one equal to the present state. Every tenth has up to
 * three comments, and a quarter of these are internal.
 */
async function grow(tx: Transaction, { size, priorities, now, dormant }: Ground, ids: readonly number[]): Promise<void> {
  const own = sql`w.id between ${ids[0]} and ${ids.at(-1)}`
  const changed = sql`w.id % ${raw(String(Math.max(1, Math.ceil(size / MOST_CHANGED))))} = 0 and not ${among(tx.engine, sql`w.project_id`, dormant)}`
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
    from (select w.id, w.author_id, w.created_at, ${missed} as missed from work_packages w where ${own}) w
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
    where j.resource = 'work_packages' and w.id = j.resource_id and ${own}`)
}

/** Logs time on one work package in five. */
async function bookTime(
  tx: Transaction,
  ids: readonly number[],
  rows: readonly NewRow[],
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
