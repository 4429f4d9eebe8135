/** Events: written in the transaction of the change if there is a subscriber, and delivered in order, at least once. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { deliverEvents } from '#jobs/events.ts'
import type { Event } from '#kernel/declaration.ts'
import { build } from '#server/app.ts'
import { type Client, client, type Instance, instance } from '#test/instance.ts'
import { jobsOf, runDue } from '#test/jobs.ts'

let it: Instance
/** The same instance, in a process without subscribers. */
let withoutSubscribers: Client
let close: () => Promise<void>
let project: number
let told: string[] = []
let fault: string | undefined
const note = ({ name, resourceId, changed }: Event) => {
  if (name === fault) throw new Error('The subscriber is away.')
  told.push([name, resourceId, ...changed.filter((column) => column === 'subject')].join(' '))
}
before(async () => {
  it = await instance({
    subscribers: [
      { event: 'work_packages.*', handle: note },
      { event: 'projects.updated', handle: note },
    ],
  })
  const app = await build(it.db)
  withoutSubscribers = client(await app.listen({ port: 0, host: '127.0.0.1' }), it.adminToken)
  close = () => app.close()
  project = await it.make.project()
})
after(async () => {
  await close()
  await it.close()
})
beforeEach(async () => {
  await it.db.transaction((tx) => tx.run(sql`delete from outbox`))
  told = []
  fault = undefined
})

const start = new Date()
const deliver = (seconds = 0) =>
  runDue(it.db, { model: it.model, now: new Date(start.getTime() + seconds * 1000), only: [deliverEvents.name] })
const waiting = async () => (await it.db.all(sql`select id from outbox`)).length
const rename = async (id: number, subject: string, by = it.admin) => {
  const { lockVersion } = (await by.get(`/work_packages/${id}`)).body
  assert.equal((await by.patch(`/work_packages/${id}`, { lockVersion, subject })).status, 200)
}

test('Subscribers of a name receive events in order, after the commit', async () => {
  const { id } = (await it.admin.post(`/projects/${project}/work_packages`, { subject: 'Hull' })).body
  await rename(id, 'Mast')
  assert.equal((await it.admin.patch(`/projects/${project}`, { name: 'Ship' })).status, 200)
  assert.equal((await it.admin.delete(`/work_packages/${id}`)).status, 204)
  assert.deepEqual(told, [])
  await deliver()
  assert.deepEqual(told, [
    `work_packages.created ${id} subject`,
    `work_packages.updated ${id} subject`,
    `projects.updated ${project}`,
    `work_packages.deleted ${id}`,
  ])
  await deliver()
  assert.deepEqual([told.length, await waiting()], [4, 0])
})

test('Events without subscribers are not written, which saves a statement', async () => {
  const id = await it.make.workPackage({ project_id: project })
  const costs = async (by: Client, subject: string) => {
    const { lockVersion } = (await by.get(`/work_packages/${id}`)).body
    const former = it.db.statements
    assert.equal((await by.patch(`/work_packages/${id}`, { lockVersion, subject })).status, 200)
    return it.db.statements - former
  }
  // The first request of each process takes more statements: later ones use its caches.
  for (const by of [it.admin, withoutSubscribers]) await costs(by, 'One')
  const former = await waiting()
  const silent = await costs(withoutSubscribers, 'Two')
  assert.equal(await waiting(), former)
  assert.equal((await costs(it.admin, 'Three')) - silent, 1)
  assert.equal(await waiting(), former + 1)
  const { id: version } = (
    await it.admin.post('/versions', { name: 'One', _links: { definingProject: { href: `/api/v3/projects/${project}` } } })
  ).body
  assert.ok(version > 0)
  assert.equal(await waiting(), former + 1, 'nobody subscribes to versions')
})

test('After a subscriber fails, its event and all later ones wait in order; earlier ones are not delivered again', async () => {
  const id = await it.make.workPackage({ project_id: project })
  await rename(id, 'Hull')
  await it.admin.patch(`/projects/${project}`, { name: 'Boat' })
  await rename(id, 'Mast')
  fault = 'projects.updated'
  await assert.rejects(deliver(), /The subscriber is away/)
  await deliver()
  assert.deepEqual(told, [`work_packages.updated ${id} subject`])
  const [failed] = await jobsOf(it.db, deliverEvents)
  assert.deepEqual([failed?.attempts, failed?.last_error], [1, 'The subscriber is away.'])
  fault = undefined
  await deliver(1)
  assert.deepEqual(told, [
    `work_packages.updated ${id} subject`,
    `projects.updated ${project}`,
    `work_packages.updated ${id} subject`,
  ])
  assert.deepEqual([await waiting(), await jobsOf(it.db, deliverEvents)], [0, []])
})

test('Many processes deliver each event once', async () => {
  const id = await it.make.workPackage({ project_id: project })
  for (let i = 0; i < 5; i++) await rename(id, `Hull ${i}`)
  await Promise.all(Array.from({ length: 4 }, () => deliver()))
  await deliver()
  assert.deepEqual([told.length, await waiting()], [5, 0])
})
