/** Tasks: each is run, whatever becomes of the others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { runFileTasks } from '#jobs/tasks.ts'
import { assemble } from '#kernel/assemble.ts'
import type { FileTask } from '#kernel/declaration.ts'
import { module } from '#kernel/module.ts'

test('those that work on files are run by themselves, in the same way, until they are told to stop', async () => {
  const runs: unknown[] = []
  const ending = new AbortController()
  const fails = async () => {
    throw new Error('The store is away.')
  }
  const notes: FileTask = async (_, files, __, signal) => void runs.push(files, signal)
  const model = assemble([module('reading', { needs: [], fileTasks: [fails, notes] })])
  const run = () => runFileTasks(model, {} as never, 'files' as never, new Date(), ending.signal)
  await assert.rejects(run(), /The store is away/)
  assert.deepEqual(runs, ['files', ending.signal])
  ending.abort()
  await run()
})
