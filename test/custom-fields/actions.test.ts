/** Custom actions: several changes of a work package in one, if their conditions hold. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type ActionPlan, makeAction } from '#modules/custom-fields/actions.ts'
import { link, type Scene, scene } from './scene.ts'

let s: Scene
before(async () => {
  s = await scene()
})
after(() => s.server.close())

const action = (plan: ActionPlan) => s.server.db.transaction((tx) => makeAction(tx, plan))
const workPackage = () => s.server.make.workPackage({ project_id: s.project })
const offered = async (id: number) =>
  (await s.writer.get(`/work_packages/${id}`)).body._links.customActions.map((one: { title: string }) => one.title)

test('A work package links to the actions whose conditions hold', async () => {
  const id = await workPackage()
  assert.deepEqual(await offered(id), [])
  const [status, other] = [await s.server.id('statuses', 'New'), await s.server.id('statuses', 'Closed')]
  await action({ name: 'Always', changes: { percentageDone: 10 } })
  await action({ name: 'When new', conditions: { status: [status] }, changes: { percentageDone: 10 } })
  await action({ name: 'When closed', conditions: { status: [other] }, changes: { percentageDone: 10 } })
  const role = await s.server.id('roles', 'Member')
  await action({ name: 'For members', conditions: { role: [role] }, changes: { percentageDone: 10 } })
  assert.deepEqual(await offered(id), ['Always', 'When new'])
  // Users who may not execute actions are offered none.
  assert.deepEqual((await s.reader.get(`/work_packages/${id}`)).body._links.customActions, [])
  const { body } = await s.writer.get(`/work_packages/${id}`)
  assert.deepEqual(
    body._embedded.customActions.map((one: { name: string }) => one.name),
    ['Always', 'When new'],
  )
})

test('An action shows its name and its execute link to users who may edit work packages in any project', async () => {
  const id = await action({ name: 'Take it', description: 'Mine.', changes: { _links: { assignee: link('users/me') } } })
  const self = `/api/v3/custom_actions/${id}`
  assert.deepEqual((await s.writer.get(`/custom_actions/${id}`)).body, {
    _type: 'CustomAction',
    name: 'Take it',
    description: 'Mine.',
    _links: {
      self: { href: self, title: 'Take it' },
      executeImmediately: { href: `${self}/execute`, title: 'Execute Take it', method: 'post' },
    },
  })
  assert.equal((await s.reader.get(`/custom_actions/${id}`)).status, 403)
  assert.equal((await s.writer.get('/custom_actions/999')).status, 404)
})

test('The execution makes all changes in one write, and responds with the work package', async () => {
  const done = await action({
    name: 'Start today',
    changes: { startDate: 'today', ignoreNonWorkingDays: true, subject: 'Started', _links: { assignee: { href: null } } },
  })
  const id = await workPackage()
  const { lockVersion } = (await s.writer.get(`/work_packages/${id}`)).body
  const { status, body } = await s.writer.post(`/custom_actions/${done}/execute`, {
    lockVersion,
    _links: { workPackage: link(`work_packages/${id}`) },
  })
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual(
    [body._type, body.subject, body.startDate, body.lockVersion],
    ['WorkPackage', 'Started', new Date().toISOString().slice(0, 10), lockVersion + 1],
  )
  assert.ok(body._embedded.project)
})

test('The execution requires a visible work package with its lock version; a stale one is a conflict, and a reader gets 403', async () => {
  const id = await action({ name: 'Rename', changes: { subject: 'Renamed' } })
  const work = await workPackage()
  const { lockVersion } = (await s.writer.get(`/work_packages/${work}`)).body
  const execute = (client: Scene['writer'], body: unknown) => client.post(`/custom_actions/${id}/execute`, body)
  const of = (to: number) => ({ workPackage: link(`work_packages/${to}`) })
  const hidden = await s.server.make.workPackage({ project_id: await s.server.make.project() })
  assert.equal((await execute(s.writer, { lockVersion, _links: of(hidden) })).status, 422)
  assert.equal((await execute(s.writer, { lockVersion })).status, 422)
  assert.equal((await execute(s.writer, { _links: of(work) })).status, 422)
  assert.equal((await execute(s.writer, { lockVersion: lockVersion + 7, _links: of(work) })).status, 409)
  assert.equal((await execute(s.reader, { lockVersion, _links: of(work) })).status, 403)
  assert.notEqual((await s.writer.get(`/work_packages/${work}`)).body.subject, 'Renamed')
})

test('Invalid changes are rejected like in any other write', async () => {
  const id = await action({ name: 'Empty the subject', changes: { subject: '' } })
  const work = await workPackage()
  const { lockVersion } = (await s.writer.get(`/work_packages/${work}`)).body
  const { status, body } = await s.writer.post(`/custom_actions/${id}/execute`, {
    lockVersion,
    _links: { workPackage: link(`work_packages/${work}`) },
  })
  assert.deepEqual([status, body.message], [422, "Subject can't be blank."])
})
