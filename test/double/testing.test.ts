/** The module that tests of others import: it starts the built command, controls it, and ends it. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import { after, before, beforeEach, describe, test } from 'node:test'
import type { Halyard } from '../../testing/index.ts'

const NAME = '@halyard-server/halyard/testing'
/** As others import it: by the name of the package, from what is built. */
const imported = (): Promise<typeof import('../../testing/index.ts')> => import(NAME)

const fixtures = {
  users: [{ login: 'lisa', firstName: 'Lisa', lastName: 'Sailor', email: 'lisa@example.org', token: true }],
  projects: [{ name: 'Harbour', identifier: 'harbour' }],
  memberships: [{ project: 'harbour', principal: 'lisa', roles: ['Member'] }],
  work_packages: [{ subject: 'Raise the mast', project: 'harbour', type: 'Task' }],
}

describe('startHalyard', () => {
  let halyard: Halyard
  before(async () => {
    const { startHalyard } = await imported()
    halyard = await startHalyard({ seed: 'basic', clock: new Date('2026-01-05T09:00:00Z'), fixtures })
  })
  after(() => halyard.stop())
  beforeEach(() => halyard.reset())

  test('gives the address and tokens of a server with the fixtures', async () => {
    assert.match(halyard.url, /^http:\/\/127\.0\.0\.1:\d+$/)
    assert.equal((await halyard.get('/users/me')).login, 'admin')
    assert.equal((await halyard.get('/api/v3/users/me', { as: 'lisa' })).login, 'lisa')
    const { _embedded } = await halyard.get('/work_packages', { as: 'lisa' })
    assert.deepEqual(
      _embedded.elements.map((one: { subject: string }) => one.subject),
      ['Raise the mast'],
    )
  })

  test('writes as a user, and goes back to the start', async () => {
    const work = await halyard.post('/projects/harbour/work_packages', { subject: 'Order rope' }, { as: 'lisa' })
    assert.equal(work.createdAt, '2026-01-05T09:00:00.000Z')
    const changed = await halyard.patch(`/work_packages/${work.id}`, { lockVersion: work.lockVersion, subject: 'Order' })
    assert.equal(changed.subject, 'Order')
    await halyard.reset()
    await assert.rejects(halyard.get(`/work_packages/${work.id}`), {
      name: 'HalyardError',
      status: 404,
      message: /^GET \/work_packages\/\d+ was answered by 404: The work package you are looking for/,
    })
    assert.equal((await halyard.post('/projects/harbour/work_packages', { subject: 'Again' })).id, work.id)
  })

  test('moves the clock', async () => {
    assert.equal((await halyard.clock.now()).toISOString(), '2026-01-05T09:00:00.000Z')
    assert.equal((await halyard.clock.advance('P3D')).toISOString(), '2026-01-08T09:00:00.000Z')
    assert.equal((await halyard.clock.set(new Date('2026-02-01T00:00:00Z'))).toISOString(), '2026-02-01T00:00:00.000Z')
  })

  test('injects faults, and tells what was asked', async () => {
    const fault = await halyard.fault({ operation: 'getWork_packages', status: 503, retryAfter: 1, count: 1 })
    await assert.rejects(halyard.get('/work_packages'), { status: 503 })
    await halyard.get('/work_packages', { as: 'lisa' })
    const [first, second] = await halyard.requests({ operation: 'getWork_packages' })
    assert.deepEqual([first?.status, first?.fault, second?.status, second?.fault], [503, fault.id, 200, null])
    assert.equal((await halyard.requests({ since: first!.id })).length, 1)
    const [rule] = await halyard.faults()
    assert.deepEqual([rule?.seen, rule?.injected], [2, 1])
    await fault.remove()
    assert.deepEqual(await halyard.faults(), [])
    await halyard.clearRequests()
    assert.deepEqual(await halyard.requests(), [])
  })

  test('settles notifications', async () => {
    await halyard.post('/projects/harbour/work_packages', {
      subject: 'For Lisa',
      _links: { assignee: { href: (await halyard.get('/users/me', { as: 'lisa' }))._links.self.href } },
    })
    await halyard.settle()
    assert.equal((await halyard.get('/notifications', { as: 'lisa' })).total, 1)
  })

  test('tells why a server does not start', async () => {
    const { startHalyard } = await imported()
    await assert.rejects(startHalyard({ fixtures: { projects: [{ nam: 'Pier' }] } }), (error: Error) => {
      assert.match(error.message, /^Halyard did not start: it ended with code \d\.\n(.*\n)*.*project has no property "nam"/)
      return true
    })
  })

  test('refuses a user without a token', async () => {
    await assert.rejects(halyard.get('/users/me', { as: 'tom' }), /The user "tom" has no token/)
  })
})

test('a server ends by itself at the end of a block', async () => {
  const { startHalyard } = await imported()
  let url: string
  {
    await using halyard = await startHalyard({ seed: 'basic' })
    url = halyard.url
    assert.equal((await fetch(`${url}/livez`)).status, 200)
  }
  await assert.rejects(fetch(`${url}/livez`))
})

test('a server ends with the process that started it, even if that is killed, and lets it end', async () => {
  const script = `
    const { startHalyard } = require(${JSON.stringify(createRequire(import.meta.url).resolve(NAME))})
    startHalyard({ seed: 'basic' }).then(({ url }) => {
      console.log(url)
      if (process.argv[2] === 'wait') setInterval(() => {}, 1000)
    })`
  for (const kind of ['wait', 'end']) {
    const child = spawn(process.execPath, ['-', kind], { stdio: ['pipe', 'pipe', 'inherit'] })
    child.stdin.end(script)
    const exited = once(child, 'exit')
    const [text] = await once(child.stdout.setEncoding('utf8'), 'data')
    if (kind === 'wait') child.kill('SIGKILL')
    await exited
    // It ends when it notices that its channel is closed.
    const deadline = performance.now() + 10_000
    while (
      await fetch(`${text.trim()}/livez`).then(
        () => true,
        () => false,
      )
    )
      assert.ok(performance.now() < deadline, 'the server has outlived its parent')
  }
})
