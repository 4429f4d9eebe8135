/** Sprints: planned, started and completed by a team, and shared with the projects below. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

let it: Instance
let project: number
let below: number
let master: Client
let planner: Client
let worker: Client
let viewer: Client
before(async () => {
  it = await instance()
  project = await it.make.project()
  below = await it.make.project({ parent_id: project })
  const people = await Promise.all([1, 2, 3, 4].map(() => it.make.user()))
  const [one, two, three, four] = people as [number, number, number, number]
  const see = ['view_work_packages', 'view_sprints']
  const work = [...see, 'add_work_packages', 'edit_work_packages', 'move_work_packages', 'manage_subtasks']
  const plan = [...work, 'manage_sprint_items']
  const all = [...plan, 'create_sprints', 'start_complete_sprint', 'share_sprint']
  for (const place of [project, below]) await it.make.member(one, place, all)
  await it.make.member(two, project, plan)
  await it.make.member(three, project, ['view_work_packages', 'add_work_packages', 'edit_work_packages'])
  await it.make.member(four, below, see)
  ;[master, planner, worker, viewer] = await Promise.all([it.as(one), it.as(two), it.as(three), it.as(four)])
})
after(() => it.close())

const link = (path: string, id: number | null) => ({ href: id === null ? null : `/api/v3/${path}/${id}` })
const payload = (more: object = {}, of = project) => ({
  name: 'Sprint',
  ...more,
  _links: { definingWorkspace: link('projects', of) },
})
const made = async (more: object = {}, of = project) => (await master.post('/sprints', payload(more, of))).body
const task = (client: Client, sprint: number | null, of = project, more: object = {}) =>
  client.post('/work_packages', {
    subject: 'A story',
    _links: { project: link('projects', of), sprint: link('sprints', sprint), ...more },
  })
const sprintOf = async (id: number): Promise<string | null> => (await master.get(`/work_packages/${id}`)).body._links.sprint.href
const at = (id: number) => `/api/v3/sprints/${id}`

test('a sprint is created in planning by those who create sprints', async () => {
  const { status, body } = await master.post('/sprints', payload({ startDate: '2031-03-03', finishDate: '2031-03-14' }))
  assert.equal(status, 201)
  assert.deepEqual(
    [body._type, body.name, body.startDate, body.finishDate, body.startedAt, body.completedAt, body.sharing],
    ['Sprint', 'Sprint', '2031-03-03', '2031-03-14', null, null, 'none'],
  )
  assert.deepEqual(body._links.status, { href: 'urn:openproject-org:api:v3:sprints:status:in_planning', title: 'In planning' })
  assert.equal(body._links.definingWorkspace.href, `/api/v3/projects/${project}`)
  assert.deepEqual(body._links.start, { href: `${at(body.id)}/start`, method: 'post' })
  assert.equal('complete' in body._links, false)
  assert.equal((await planner.post('/sprints', payload())).status, 403)
  assert.equal((await planner.get(`/sprints/${body.id}`)).status, 200)
  assert.equal((await worker.get(`/sprints/${body.id}`)).status, 404)
  const wrong = await master.patch(`/sprints/${body.id}`, { finishDate: '2031-03-01' })
  assert.deepEqual([wrong.status, wrong.body.message], [422, 'Finish date must not be before the start date.'])
  assert.equal((await master.delete(`/sprints/${body.id}`)).status, 204)
})

test('the list of a project has its own sprints and those shared by projects above', async () => {
  const own = await made({ name: 'Of its own' }, below)
  const shared = await made({ name: 'Shared', sharing: 'descendants' })
  const kept = await made({ name: 'Kept' })
  assert.deepEqual(ids(await viewer.get(`/projects/${below}/sprints`)), [own.id, shared.id])
  assert.deepEqual(ids(await viewer.get('/sprints')), [own.id, shared.id])
  assert.equal((await viewer.get(`/sprints/${shared.id}`)).status, 200)
  assert.equal((await viewer.get(`/sprints/${kept.id}`)).status, 404)
  const { body } = await viewer.get(`/projects/${below}/sprints?pageSize=1&offset=2`)
  assert.deepEqual([body.total, body.count, body.pageSize, body.offset], [2, 1, 1, 2])
  const of = (workspace: number) => filters(['definingWorkspace', '=', [workspace]])
  assert.deepEqual(ids(await master.get(`/projects/${below}/sprints?${of(project)}`)), [shared.id])
  assert.deepEqual(ids(await master.get(`/sprints?${of(below)}`)), [own.id])
  assert.equal((await worker.get(`/projects/${project}/sprints`)).status, 403)
  assert.equal((await worker.get(`/projects/${below}/sprints`)).status, 404)
  for (const { id } of [own, shared, kept]) await master.delete(`/sprints/${id}`)
})

test('sharing takes a permission of its own, and its end takes the sprint from work packages below', async () => {
  const { id } = await made({ sharing: 'descendants' })
  const one = (await task(master, id, below)).body
  assert.equal(one._links.sprint.href, at(id))
  assert.equal((await master.patch(`/sprints/${id}`, { sharing: 'system' })).status, 422)
  assert.equal((await master.patch(`/sprints/${id}`, { sharing: 'none' })).status, 200)
  assert.equal(await sprintOf(one.id), null)
  assert.equal((await task(master, id, below)).body.message, 'Sprint does not exist.')
})

test('planning takes a permission of its own, which is enough to change nothing else', async () => {
  const { id } = await made()
  assert.equal((await task(planner, id)).body._links.sprint.href, at(id))
  const one = (await task(worker, null)).body
  assert.equal('sprint' in one._links, false)
  const refused = await worker.patch(`/work_packages/${one.id}`, { lockVersion: 0, _links: { sprint: link('sprints', id) } })
  assert.equal(refused.status, 422)
  const found = ids(await planner.get(`/work_packages?${filters(['sprint', '=', [id]])}`))
  assert.equal(found.length, 1)
  const schema = (await planner.post('/work_packages/form', { _links: { project: link('projects', project) } })).body._embedded
    .schema
  assert.ok(schema.sprint._links.allowedValues.some(({ href }: any) => href === at(id)))
})

test('one sprint at a time is active in a project', async () => {
  const [first, second] = [await made({ name: 'First' }), await made({ name: 'Second' })]
  assert.equal((await planner.post(`/sprints/${first.id}/start`)).status, 403)
  assert.equal((await worker.post(`/sprints/${first.id}/start`)).status, 404)
  const started = await master.post(`/sprints/${first.id}/start`)
  assert.equal(started.status, 200)
  assert.equal(started.body._links.status.title, 'Active')
  assert.match(started.body.startedAt, /^\d{4}-/)
  assert.deepEqual(
    Object.keys(started.body._links).filter((rel) => ['start', 'complete'].includes(rel)),
    ['complete'],
  )
  const other = await master.post(`/sprints/${second.id}/start`)
  assert.deepEqual(
    [other.status, other.body.message],
    [422, 'The sprint "First" is active: complete it before starting another.'],
  )
  const again = await master.post(`/sprints/${first.id}/start`)
  assert.deepEqual([again.status, again.body.message], [422, 'The sprint is active; it has to be in planning.'])
  const early = await master.post(`/sprints/${second.id}/complete`)
  assert.deepEqual([early.status, early.body.message], [422, 'The sprint is in planning; it has to be active.'])
  const completed = await master.post(`/sprints/${first.id}/complete`)
  assert.match(completed.body.completedAt, /^\d{4}-/)
  assert.equal((await master.post(`/sprints/${second.id}/start`)).status, 200)
  assert.deepEqual(ids(await master.get(`/sprints?${filters(['status', '=', ['active']])}`)), [second.id])
  await master.post(`/sprints/${second.id}/complete`)
})

test('completing moves unfinished work packages on; closed ones stay', async () => {
  const [current, next, done] = [await made(), await made(), await made()]
  await master.post(`/sprints/${done.id}/start`)
  await master.post(`/sprints/${done.id}/complete`)
  await master.post(`/sprints/${current.id}/start`)
  const [open, closed] = [(await task(master, current.id)).body, (await task(master, current.id)).body]
  const status = await it.id('statuses', 'Closed')
  const finish = { lockVersion: closed.lockVersion, _links: { status: link('statuses', status) } }
  assert.equal((await it.admin.patch(`/work_packages/${closed.id}`, finish)).status, 200)
  const complete = (to: number) => master.post(`/sprints/${current.id}/complete`, { _links: { moveTo: link('sprints', to) } })
  for (const target of [current.id, done.id, 999_999]) {
    const { status, body } = await complete(target)
    assert.equal(status, 422)
    assert.match(body.message, /is not another sprint of the project that is still open/)
  }
  assert.equal((await complete(next.id)).status, 200)
  assert.deepEqual([await sprintOf(open.id), await sprintOf(closed.id)], [at(next.id), at(current.id)])
  await master.post(`/sprints/${next.id}/start`)
  await master.post(`/sprints/${next.id}/complete`)
  assert.equal(await sprintOf(open.id), null)
})

test('work packages stay in a sprint as long as their project can use it', async () => {
  const [kept, shared] = [await made(), await made({ sharing: 'descendants' })]
  const top = (await task(master, shared.id)).body
  const child = (await task(master, kept.id, project, { parent: link('work_packages', top.id) })).body
  const { lockVersion } = (await master.get(`/work_packages/${top.id}`)).body
  const move = { lockVersion, _links: { project: link('projects', below) } }
  assert.equal((await master.patch(`/work_packages/${top.id}`, move)).body._links.sprint.href, at(shared.id))
  assert.equal((await master.get(`/work_packages/${child.id}`)).body._links.project.href, `/api/v3/projects/${below}`)
  assert.equal(await sprintOf(child.id), null)
  assert.equal((await it.admin.patch(`/projects/${below}`, { _links: { parent: { href: null } } })).status, 200)
  assert.equal(await sprintOf(top.id), null)
})

test('work packages outlast their sprint', async () => {
  const { id } = await made()
  const one = (await task(master, id)).body
  assert.equal((await master.delete(`/sprints/${id}`)).status, 204)
  assert.equal(await sprintOf(one.id), null)
})
