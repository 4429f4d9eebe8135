/** The demo's plan: derived dates and totals of a tree of work packages. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { WorkPackageSeed } from '#server/seeds/demo.ts'
import { plan } from '#server/seeds/plan.ts'

const task = (subject: string, more: Partial<WorkPackageSeed> = {}): WorkPackageSeed => ({
  type: 'Task',
  status: 'New',
  subject,
  ...more,
})
/** The plan without its seeds. */
const figures = (...seeds: WorkPackageSeed[]) => plan(seeds).map(({ seed, ...rest }) => ({ subject: seed.subject, ...rest }))

test('a work package without children has its own dates and figures, and no totals', () => {
  assert.deepEqual(figures(task('Caulk', { start: 4, duration: 2, estimated_hours: 10, done_ratio: 25 })), [
    { subject: 'Caulk', parent: null, start: 4, due: 7, duration: 2, work: 10, remaining: 7.5, done: 25, totals: null },
  ])
})

test('unknown values stay unknown', () => {
  assert.deepEqual(figures(task('Dream')), [
    {
      subject: 'Dream',
      parent: null,
      start: null,
      due: null,
      duration: null,
      work: null,
      remaining: null,
      done: null,
      totals: null,
    },
  ])
})

test('a parent spans its descendants in working days, and totals them together with itself', () => {
  const tree = task('Refit', {
    estimated_hours: 2,
    children: [
      task('Rig', { children: [task('Mast', { start: -3, duration: 1, estimated_hours: 6, done_ratio: 100 })] }),
      task('Hull', { start: 1, duration: 6, estimated_hours: 2 }),
    ],
  })
  const [refit, rig, mast, hull] = figures(tree)
  assert.deepEqual([refit?.parent, rig?.parent, mast?.parent, hull?.parent], [null, 0, 1, 0])
  assert.deepEqual(refit, {
    subject: 'Refit',
    parent: null,
    start: -3,
    due: 8,
    duration: 8,
    work: 2,
    remaining: 2,
    done: 0,
    totals: { start: -3, due: 8, work: 10, remaining: 4, done: 60 },
  })
  assert.deepEqual(rig?.totals, { start: -3, due: -3, work: 6, remaining: 0, done: 100 })
})

test('a parent of children without dates and work has none either', () => {
  const [wish] = figures(task('Wish', { children: [task('Star')] }))
  assert.deepEqual(wish?.totals, { start: null, due: null, work: null, remaining: null, done: null })
  assert.equal(wish?.duration, null)
})
