/** Tasks: each is run, whatever becomes of the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { periodically, runTasks } from '#kernel/tasks.ts'

test('one that fails keeps no other one from being run, and what it threw is told', async () => {
  let runs = 0
  periodically(async () => {
    throw new Error('The first one failed.')
  })
  periodically(async () => {
    runs++
  })
  await assert.rejects(runTasks({} as never, new Date()), /The first one failed/)
  assert.equal(runs, 1)
})
