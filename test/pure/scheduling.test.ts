/** Scheduling: worked examples, and random plans against a naive scheduler that iterates until nothing moves. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { dayAfter, type Follows, type Planned, type Schedule, schedule, scheduled } from '#modules/work-packages/scheduling.ts'
import { type Calendar, soonestWorkingDay } from '#modules/work-packages/working-days.ts'
import { type Chance, chance } from '#test/chance.ts'

/** Monday to Friday, nothing off. 2024-03-01 is a Friday. */
const weekdays: Calendar = { weekdays: [1, 2, 3, 4, 5], daysOff: new Set() }

const plan = (id: number, values: Partial<Planned> = {}): Planned => ({
  id,
  parent_id: null,
  start_date: null,
  due_date: null,
  duration: null,
  schedule_manually: true,
  ignore_non_working_days: false,
  derived_start_date: null,
  derived_due_date: null,
  ...values,
})
const auto = (id: number, values: Partial<Planned> = {}) => plan(id, { schedule_manually: false, ...values })
const on = (start_date: string, due_date = start_date, duration = 1) => ({ start_date, due_date, duration })
const after = (from_id: number, to_id: number, lag: number | null = 0): Follows => ({ from_id, to_id, lag })
const days = (changes: ReadonlyMap<number, Schedule>) =>
  [...changes]
    .toSorted(([a], [b]) => a - b)
    .map(([id, { start_date, due_date, duration }]) => [id, start_date, due_date, duration])

describe('the day after a predecessor', () => {
  for (const [base, lag, normal, ignoring] of [
    ['2024-03-01', 0, '2024-03-04', '2024-03-02'],
    ['2024-03-01', null, '2024-03-04', '2024-03-02'],
    ['2024-03-01', 1, '2024-03-05', '2024-03-05'],
    ['2024-03-01', 2, '2024-03-06', '2024-03-06'],
    ['2024-03-01', -1, '2024-03-01', '2024-03-01'],
    ['2024-03-01', -2, '2024-02-29', '2024-02-29'],
    ['2024-03-03', -1, '2024-03-01', '2024-03-01'],
    // The lag counts working days even for a successor that ignores them: only its start may be a non-working day.
    ['2024-02-29', 1, '2024-03-04', '2024-03-02'],
  ] as const) {
    test(`on ${base} with a lag of ${lag} is ${normal}, or ${ignoring} ignoring non-working days`, () => {
      const raw = dayAfter(base, lag, weekdays)
      assert.deepEqual([soonestWorkingDay(raw, weekdays), raw], [normal, ignoring])
    })
  }
})

describe('a successor', () => {
  const first = plan(1, on('2024-03-01'))

  test('keeps its duration', () => {
    const second = auto(2, on('2024-03-01', '2024-03-05', 3))
    assert.deepEqual(days(schedule([first, second], [after(2, 1)], weekdays)), [[2, '2024-03-04', '2024-03-06', 3]])
  })

  test('moves to an earlier day as well: no gap is kept', () => {
    const second = auto(2, on('2024-06-03', '2024-06-04', 2))
    assert.deepEqual(days(schedule([first, second], [after(2, 1)], weekdays)), [[2, '2024-03-04', '2024-03-05', 2]])
  })

  test('without a duration keeps its due date, unless that is too early', () => {
    const late = auto(2, { due_date: '2024-03-08' })
    assert.deepEqual(days(schedule([first, late], [after(2, 1)], weekdays)), [[2, '2024-03-04', '2024-03-08', 5]])
    const early = auto(2, { due_date: '2024-02-08' })
    assert.deepEqual(days(schedule([first, early], [after(2, 1)], weekdays)), [[2, '2024-03-04', '2024-03-04', 1]])
  })

  test('with neither gets only a start', () => {
    assert.deepEqual(days(schedule([first, auto(2)], [after(2, 1)], weekdays)), [[2, '2024-03-04', null, null]])
  })

  test('waits for the last of its predecessors', () => {
    const third = plan(3, on('2024-03-05'))
    const second = auto(2, on('2024-03-04'))
    assert.deepEqual(days(schedule([first, second, third], [after(2, 1), after(2, 3)], weekdays)), [
      [2, '2024-03-06', '2024-03-06', 1],
    ])
  })

  test('follows the start of a predecessor without an end, and ignores one without dates', () => {
    const begun = plan(1, { start_date: '2024-03-01' })
    const second = auto(2, on('2024-06-03'))
    assert.deepEqual(days(schedule([begun, second], [after(2, 1)], weekdays)), [[2, '2024-03-04', '2024-03-04', 1]])
    assert.deepEqual(days(schedule([plan(1), second], [after(2, 1)], weekdays)), [])
  })

  test('that is manually scheduled does not move', () => {
    assert.deepEqual(days(schedule([first, plan(2, on('2024-01-01'))], [after(2, 1)], weekdays)), [])
  })

  test('without predecessors becomes manually scheduled, with its dates', () => {
    const [[id, now]] = [...schedule([auto(2, on('2024-03-04'))], [], weekdays)] as [[number, Schedule]]
    assert.deepEqual([id, now.schedule_manually, now.start_date], [2, true, '2024-03-04'])
  })
})

describe('the descendants', () => {
  test('of an automatic parent begin after the parent’s predecessors', () => {
    const all = [plan(1, on('2024-03-01')), auto(2), auto(3, { parent_id: 2, ...on('2024-01-01', '2024-01-02', 2) })]
    assert.deepEqual(days(schedule(all, [after(2, 1)], weekdays)), [
      [2, '2024-03-04', '2024-03-05', 2],
      [3, '2024-03-04', '2024-03-05', 2],
    ])
  })

  test('of a manually scheduled parent do not', () => {
    const all = [plan(1, on('2024-03-01')), plan(2), auto(3, { parent_id: 2, ...on('2024-01-01') })]
    const now = schedule(all, [after(2, 1)], weekdays)
    assert.deepEqual([now.get(3)?.start_date, now.get(3)?.schedule_manually], ['2024-01-01', true])
  })

  test('determine the dates of their parent, starts and due dates alike', () => {
    const all = [
      auto(1),
      plan(2, { parent_id: 1, due_date: '2024-02-26' }),
      plan(3, { parent_id: 1, start_date: '2024-03-20' }),
      plan(4, on('2024-03-21')),
    ]
    assert.deepEqual(days(schedule(all, [], weekdays)), [[1, '2024-02-26', '2024-03-20', 18]])
  })
})

test('a chain of ten thousand moves at once', () => {
  const all = [plan(1, on('2024-03-01')), ...Array.from({ length: 9_999 }, (_, i) => auto(i + 2, on('2024-01-01')))]
  const follows = Array.from({ length: 9_999 }, (_, i) => after(i + 2, i + 1))
  const now = schedule(all, follows, weekdays)
  assert.equal(now.size, 9_999)
  assert.equal(now.get(10_000)?.start_date, '2062-06-29')
})

test('a cycle does not change, and neither do its dependents', () => {
  const all = [
    auto(1, on('2024-03-01')),
    auto(2, on('2024-03-01')),
    auto(3, on('2024-01-01')),
    plan(4, on('2024-03-01')),
    auto(5),
  ]
  const follows = [after(1, 2), after(2, 1), after(3, 1), after(5, 4)]
  assert.deepEqual(days(schedule(all, follows, weekdays)), [[5, '2024-03-04', null, null]])
})

const plus = (day: string, count: number) => new Date(Date.parse(day) + count * 86_400_000).toISOString().slice(0, 10)

/** The naive scheduler: it looks at every day, and at every work package again until nothing changes. */
function slowly(all: readonly Planned[], follows: readonly Follows[], calendar: Calendar): Planned[] {
  const works = (day: string, ignoring = false) =>
    ignoring || (calendar.weekdays.includes(new Date(day).getUTCDay() || 7) && !calendar.daysOff.has(day))
  const count = (from: string, to: string, ignoring: boolean) => {
    let n = 0
    for (let day = from; day <= to; day = plus(day, 1)) if (works(day, ignoring)) n++
    return n
  }
  const afterwards = (base: string, lag: number) => {
    let day = lag < 0 ? base : plus(base, 1)
    for (let left = lag; left > 0; day = plus(day, 1)) if (works(day)) left--
    for (let left = -lag; left > 0; ) {
      if (works(day)) left--
      if (left > 0) day = plus(day, -1)
    }
    return day
  }
  const now = new Map(all.map((one) => [one.id, { ...one }]))
  const modes = new Map(all.map((one) => [one.id, one.schedule_manually]))
  const below = (id: number): Planned[] =>
    [...now.values()].filter((one) => one.parent_id === id).flatMap((one) => [one, ...below(one.id)])
  const edgesOf = (one: Planned): Follows[] => {
    const parent = one.parent_id === null ? undefined : now.get(one.parent_id)
    const own = follows.filter((edge) => edge.from_id === one.id)
    return parent && !modes.get(parent.id) ? [...own, ...edgesOf(parent)] : own
  }
  const become = (one: Planned) => {
    const dates = below(one.id)
      .flatMap((child) => [child.start_date, child.due_date])
      .filter((day) => day !== null)
      .sort()
    one.derived_start_date = dates[0] ?? null
    one.derived_due_date = dates.at(-1) ?? null
    if (one.schedule_manually) return
    if (below(one.id).length > 0) {
      one.ignore_non_working_days = below(one.id).some((child) => child.parent_id === one.id && child.ignore_non_working_days)
      one.start_date = one.derived_start_date
      one.due_date = one.derived_due_date
      one.duration = one.start_date && one.due_date ? count(one.start_date, one.due_date, one.ignore_non_working_days) : null
      return
    }
    const edges = edgesOf(one)
    if (edges.length === 0) one.schedule_manually = true
    const bases = edges.map(({ to_id, lag }) => [now.get(to_id)?.due_date ?? now.get(to_id)?.start_date, lag ?? 0] as const)
    let start = bases
      .filter((pair): pair is [string, number] => Boolean(pair[0]))
      .map(([base, lag]) => afterwards(base, lag))
      .sort()
      .at(-1)
    const former = all.find(({ id }) => id === one.id) as Planned
    if (!start) {
      Object.assign(one, { start_date: former.start_date, due_date: former.due_date, duration: former.duration })
      return
    }
    while (!works(start, one.ignore_non_working_days)) start = plus(start, 1)
    let due = former.due_date && ([former.due_date, start].sort()[1] as string)
    if (former.duration !== null)
      for (due = start; count(start, due, one.ignore_non_working_days) < former.duration; ) due = plus(due, 1)
    Object.assign(one, { start_date: start, due_date: due, duration: due && count(start, due, one.ignore_non_working_days) })
  }
  for (let before = ''; before !== JSON.stringify([...now]); ) {
    before = JSON.stringify([...now])
    for (const one of now.values()) become(one)
  }
  return [...now.values()]
}

/** A plan without cycles: successors come later than their predecessors, with all descendants. */
function randomPlan(chance: Chance): { all: Planned[]; follows: Follows[]; calendar: Calendar } {
  const calendar = {
    weekdays: chance.of([[1, 2, 3, 4, 5], [1, 3], [7], [1, 2, 3, 4, 5, 6, 7]]),
    daysOff: new Set(Array.from({ length: chance.below(6) }, () => plus('2024-02-26', chance.below(60)))),
  }
  const all: Planned[] = []
  const families: number[][] = []
  const dates = () => {
    const start = soonestWorkingDay(plus('2024-02-26', chance.below(30)), calendar)
    const due = soonestWorkingDay(plus(start, 2), calendar)
    return chance.of([{}, { start_date: start }, { due_date: start }, { duration: 1 + chance.below(6) }, on(start, due, 3)])
  }
  for (let n = 1 + chance.below(5); n > 0; n--) {
    const family: number[] = []
    for (let size = 1 + chance.below(4); size > 0; size--) {
      const parent_id = family.length > 0 ? chance.of(family) : null
      const flags = { schedule_manually: chance.oneIn(3), ignore_non_working_days: chance.oneIn(4) }
      all.push(plan(all.length + 1, { parent_id, ...dates(), ...flags }))
      family.push(all.length)
    }
    families.push(family)
  }
  const follows: Follows[] = []
  for (let n = chance.below(8); n > 0; n--) {
    const later = chance.below(families.length)
    const sooner = chance.below(later + 1)
    if (later === sooner) continue
    follows.push(after(chance.of(families[later]!), chance.of(families[sooner]!), chance.of([null, 0, 0, 1, 3, 7, -1, -4])))
  }
  return { all, follows, calendar }
}

const rounds = 3000
const applied = (all: readonly Planned[], changes: ReadonlyMap<number, Schedule>): Planned[] =>
  all.map((one) => ({ ...one, ...changes.get(one.id) }))

test('random plans have the same result as in the naive scheduler, in any order', () => {
  for (let seed = 1; seed <= rounds; seed++) {
    const draws = chance(seed)
    const { all, follows, calendar } = randomPlan(draws)
    const shuffled = all
      .map((one) => [draws(), one] as const)
      .sort((a, b) => a[0] - b[0])
      .map(([, one]) => one)
    const byId = (list: readonly Planned[]) => list.toSorted((a, b) => a.id - b.id)
    assert.deepEqual(
      byId(applied(shuffled, schedule(shuffled, follows, calendar))),
      byId(slowly(all, follows, calendar)),
      `seed ${seed}`,
    )
  }
})

test('scheduling is idempotent', () => {
  for (let seed = 1; seed <= rounds; seed++) {
    const { all, follows, calendar } = randomPlan(chance(seed))
    const once = applied(all, schedule(all, follows, calendar))
    // A work package that became manual no longer passes its predecessors on, so that its children may become manual too.
    if (once.some((one, i) => one.schedule_manually !== all[i]!.schedule_manually)) continue
    assert.deepEqual([...schedule(once, follows, calendar)], [], `seed ${seed}`)
  }
})

test('order is kept, work packages start and finish on working days, and only changes are returned', () => {
  for (let seed = 1; seed <= rounds; seed++) {
    const { all, follows, calendar } = randomPlan(chance(seed))
    const changes = schedule(all, follows, calendar)
    const now = new Map(applied(all, changes).map((one) => [one.id, one]))
    for (const [id, change] of changes) {
      const was = all.find((one) => one.id === id) as Planned
      assert.ok(
        scheduled.some((column) => was[column] !== change[column]),
        `seed ${seed}: ${id} is told to be the same`,
      )
    }
    const isParent = new Set(all.map((one) => one.parent_id))
    for (const { from_id, to_id, lag } of follows) {
      const [from, to] = [now.get(from_id)!, now.get(to_id)!]
      if (from.schedule_manually || isParent.has(from_id)) continue
      const base = to.due_date ?? to.start_date
      if (!base) continue
      assert.ok(from.start_date! >= dayAfter(base, lag, calendar), `seed ${seed}: ${from_id} begins before ${to_id} lets it`)
      if (from.ignore_non_working_days) continue
      assert.equal(from.start_date, soonestWorkingDay(from.start_date!, calendar), `seed ${seed}: ${from_id} begins on a day off`)
      if (from.duration && now.get(from_id) !== all.find((one) => one.id === from_id) && all[from_id - 1]!.duration)
        assert.equal(from.due_date, soonestWorkingDay(from.due_date!, calendar), `seed ${seed}: ${from_id} ends on a day off`)
    }
  }
})
