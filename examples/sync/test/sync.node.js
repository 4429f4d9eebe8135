import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { startHalyard } from '@halyard-server/halyard/testing'
import { sync } from '../src/sync.js'

let halyard
let target
before(async () => {
  const fixtures = fileURLToPath(new URL('fixtures.yaml', import.meta.url))
  halyard = await startHalyard({ seed: 'basic', clock: '2026-01-05T09:00Z', fixtures })
  target = { url: halyard.url, token: halyard.tokens.sync, project: 'harbour' }
})
after(() => halyard.stop())
beforeEach(() => halyard.reset())

const tickets = [
  { key: 'T-1', title: 'Order the mast', due: '2026-01-07' },
  { key: 'T-2', title: 'Raise the mast' },
]
/** The work packages, by their subjects. */
const shown = async () => {
  const { _embedded } = await halyard.get('/projects/harbour/work_packages?filters=[]&sortBy=[["id","asc"]]')
  return _embedded.elements.map(({ subject, dueDate, _links }) => [subject, dueDate, _links.status.title])
}
const writes = async () => (await halyard.requests()).filter(({ method }) => method !== 'GET').length

test('creates work packages for tickets, once', async () => {
  await sync(target, tickets)
  await sync(target, tickets)
  assert.deepEqual(await shown(), [
    ['[T-1] Order the mast', '2026-01-07', 'New'],
    ['[T-2] Raise the mast', null, 'New'],
  ])
  assert.equal(await writes(), 2)
})

test('closes the work package of a ticket that is done', async () => {
  await sync(target, tickets)
  await sync(target, [{ ...tickets[0], done: true }])
  assert.deepEqual((await shown())[0], ['[T-1] Order the mast', '2026-01-07', 'Closed'])
})

test('waits as long as a busy server asks for', async () => {
  const { id } = await halyard.fault({ operation: 'getStatuses', status: 503, retryAfter: 0, count: 2 })
  await sync(target, tickets)
  const asked = await halyard.requests({ operation: 'getStatuses' })
  assert.deepEqual(
    asked.map(({ status, fault }) => [status, fault]),
    [
      [503, id],
      [503, id],
      [200, null],
    ],
  )
})

test('does not create a work package twice where the response was lost', async () => {
  await halyard.fault({ method: 'POST', path: '*/work_packages', cut: 'response', count: 1 })
  await sync(target, tickets)
  assert.equal((await shown()).length, 2)
})

test('looks again where somebody else was faster', async () => {
  await sync(target, tickets)
  await halyard.fault({ operation: 'patchWork_packages_Id', status: 409, count: 1 })
  await sync(target, [{ ...tickets[1], title: 'Lower the mast' }])
  assert.deepEqual((await shown())[1], ['[T-2] Lower the mast', null, 'New'])
})
