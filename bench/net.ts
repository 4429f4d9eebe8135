/** A network of planned work packages: chains that begin after one work package, connected to each other, in phases. */
import type { Transaction } from '#db/database.ts'
import type { Tables } from '#db/tables.ts'
import { type Follows, type Planned, schedule, scheduled } from '#modules/work-packages/scheduling.ts'
import { pick, type Random } from './random.ts'
import { insertAll, setParents } from './rows.ts'

/** A network, identified by the work package that all others follow. */
export interface Net {
  root: number
  /** Number of rows that move with it, itself included. */
  rows: number
}

const CHAINS = 200
const STEPS = 50
const CHAINS_PER_PHASE = 2
/** Number of steps between those that also follow the previous chain. */
const TIED = 10
/** Number of steps between those with a lag of a day. */
const WAITING = 7

/** Two weeks, Monday to Friday, for the dates of the first work package of a network. */
export const HOME = { startDate: '2026-01-05', dueDate: '2026-01-09' }
export const AWAY = { startDate: '2026-01-12', dueDate: '2026-01-16' }

const WEEK = { weekdays: [1, 2, 3, 4, 5], daysOff: new Set<string>() }

const blank = {
  parent_id: null,
  start_date: null,
  due_date: null,
  duration: null,
  schedule_manually: false,
  ignore_non_working_days: false,
  derived_start_date: null,
  derived_due_date: null,
} satisfies Partial<Planned>

/**
 * Plans a network and writes it: one work package, 10,000 that follow it automatically, and 100 parents that span these.
 * @param alike further columns of all of them
 */
export async function insertNet(tx: Transaction, alike: Partial<Tables['work_packages']>, random: Random): Promise<Net> {
  const planned: Planned[] = []
  const follows: Follows[] = []
  const add = (one: Partial<Planned>): number => planned.push({ ...blank, id: planned.length, ...one }) - 1
  const root = add({ start_date: HOME.startDate, due_date: HOME.dueDate, duration: 5, schedule_manually: true })
  let parent_id = root
  let before: number[] = []
  for (let chain = 0; chain < CHAINS; chain++) {
    if (chain % CHAINS_PER_PHASE === 0) parent_id = add({})
    const own: number[] = []
    for (let step = 0; step < STEPS; step++) {
      const from_id = add({ parent_id, duration: pick(random, [1, 2, 2, 3, 5]) })
      follows.push({ from_id, to_id: own.at(-1) ?? root, lag: step % WAITING === WAITING - 1 ? 1 : null })
      const tie = before[step - 1]
      if (tie !== undefined && step % TIED === TIED - 1) follows.push({ from_id, to_id: tie, lag: null })
      own.push(from_id)
    }
    before = own
  }
  const dates = schedule(planned, follows, WEEK)
  const ids = await insertAll(
    tx,
    'work_packages',
    planned.map((one, i) => {
      const own = dates.get(i) ?? one
      return { ...alike, subject: `Step ${i}`, ...Object.fromEntries(scheduled.map((column) => [column, own[column]])) }
    }),
  )
  const idOf = (place: number) => ids[place] as number
  const { created_at, updated_at } = alike as Tables['work_packages']
  await insertAll(
    tx,
    'relations',
    follows.map(({ from_id, to_id, lag }) => ({
      from_id: idOf(from_id),
      to_id: idOf(to_id),
      relation_type: 'follows',
      lag,
      created_at,
      updated_at,
    })),
  )
  await setParents(
    tx,
    planned.flatMap((one, i) => (one.parent_id === null ? [] : [{ id: idOf(i), parent_id: idOf(one.parent_id) }])),
  )
  return { root: idOf(root), rows: planned.length }
}
