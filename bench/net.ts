/** Work that is planned as a net: chains that begin after one work package, tied to each other, in phases. */
import type { Transaction } from '#db/database.ts'
import type { Tables } from '#db/tables.ts'
import { type Follows, type Planned, schedule, scheduled } from '#modules/work-packages/scheduling.ts'
import { pick, type Random } from './random.ts'
import { insertAll, setParents } from './rows.ts'

/** A net by the work package that everything follows. */
export interface Net {
  root: number
  /** How many move when it does, itself included. */
  rows: number
}

const CHAINS = 200
const STEPS = 50
const CHAINS_PER_PHASE = 2
/** Steps from one that also follows the chain before to the next. */
const TIED = 10
/** Steps from one that waits a day to the next. */
const WAITING = 7

/** Two weeks, Monday to Friday, in which the first work package of a net may be done. */
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
 * Plans a net and writes it: one work package, 10,000 that follow it automatically, and 100 parents that span these.
 * @param alike what else all of them have
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
