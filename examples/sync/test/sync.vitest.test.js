import { fileURLToPath } from 'node:url'
import { startHalyard } from '@halyard-server/halyard/testing'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { sync } from '../src/sync.js'

let halyard
let target
beforeAll(async () => {
  const fixtures = fileURLToPath(new URL('fixtures.yaml', import.meta.url))
  halyard = await startHalyard({ seed: 'basic', clock: '2026-01-05T09:00Z', fixtures })
  target = { url: halyard.url, token: halyard.tokens.sync, project: 'harbour' }
}, 60_000)
afterAll(() => halyard.stop())
beforeEach(() => halyard.reset())

test('creates a work package for a ticket, at the time of the server', async () => {
  // Fake timers of the tests do not reach the server, which has a clock of its own.
  vi.useFakeTimers({ toFake: ['Date'], now: 0 })
  await halyard.clock.advance('P1D')
  await sync(target, [{ key: 'T-1', title: 'Order the mast' }])
  vi.useRealTimers()
  const { _embedded } = await halyard.get('/projects/harbour/work_packages')
  expect(_embedded.elements).toMatchObject([{ subject: '[T-1] Order the mast', createdAt: '2026-01-06T09:00:00.000Z' }])
})

test('reports a project that the token may not see', async () => {
  await expect(sync({ ...target, project: 'pier' }, [{ key: 'T-1', title: 'Order the mast' }])).rejects.toMatchObject({
    status: 404,
  })
})
