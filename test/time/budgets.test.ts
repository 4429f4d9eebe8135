/** Budgets: planned costs of a project, seen by those who view budgets, and the time spent on their work packages. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { switchModule } from '#modules/projects/modules.ts'
import { product } from '#server/modules.ts'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let it: Instance
let project: number
let editor: Client
let viewer: Client
let worker: Client
let stranger: Client
before(async () => {
  it = await instance()
  project = await it.make.project()
  const people = await Promise.all([1, 2, 3, 4].map(() => it.make.user()))
  const [one, two, three, four] = people as [number, number, number, number]
  const work = ['view_work_packages', 'add_work_packages', 'edit_work_packages']
  await it.make.member(one, project, [...work, 'view_budgets', 'edit_budgets', 'view_time_entries', 'log_time'])
  await it.make.member(two, project, [...work, 'view_budgets'])
  await it.make.member(three, project, work)
  await it.make.member(four, project, ['view_news'])
  ;[editor, viewer, worker, stranger] = await Promise.all([it.as(one), it.as(two), it.as(three), it.as(four)])
})
after(() => it.close())

const link = (path: string, id: number | null) => ({ href: id === null ? null : `/api/v3/${path}/${id}` })
const payload = (more: object = {}, of = project) => ({ subject: 'Refit', ...more, _links: { project: link('projects', of) } })
const made = async (more: object = {}) => (await editor.post('/budgets', payload(more))).body
const task = async (client: Client, budget: number | null, of = project) =>
  client.post('/work_packages', {
    subject: 'A task',
    _links: { project: link('projects', of), budget: link('budgets', budget) },
  })

test('a budget plans labour and material, and sums them up', async () => {
  const { status, body } = await editor.post(
    '/budgets',
    payload({
      description: { raw: 'In *spring*.' },
      fixedDate: '2031-03-03',
      laborItems: [
        { description: 'Riggers', hours: 80, amount: 3600.1 },
        { hours: 1.5, amount: 0.2 },
      ],
      materialItems: [{ description: 'Rope', units: 200, amount: 450 }],
    }),
  )
  assert.equal(status, 201)
  assert.deepEqual(
    [body._type, body.plannedTime, body.plannedLaborCosts, body.plannedMaterialCosts, body.plannedCosts, body.spentTime],
    ['Budget', 'P3DT9H30M', 3600.3, 450, 4050.3, 'PT0S'],
  )
  assert.deepEqual(body.laborItems[1], { description: '', hours: 1.5, amount: 0.2 })
  assert.deepEqual(body._links.self, { href: `/api/v3/budgets/${body.id}`, title: 'Refit' })
  assert.deepEqual(body._links.attachments, { href: `/api/v3/budgets/${body.id}/attachments` })
})

test('items are numbers with a description', async () => {
  for (const laborItems of [[{ hours: -1, amount: 2 }], [{ amount: 2 }], [null], 'many', [{ hours: 1, amount: '2' }]]) {
    const { status, body } = await editor.post('/budgets', payload({ laborItems }))
    assert.deepEqual([status, body.errorIdentifier], [422, 'urn:openproject-org:api:v3:errors:PropertyFormatError'])
    assert.match(body.message, /numbers hours and amount/)
  }
  assert.equal((await editor.post('/budgets', payload({ subject: '' }))).body.message, "Subject can't be blank.")
})

test('those who see only the work packages see its subject', async () => {
  const { id } = await made({ description: { raw: 'Secret.' } })
  const known = (await worker.get(`/budgets/${id}`)).body
  const { _embedded, _links, ...told } = known
  assert.deepEqual(told, { _type: 'Budget', id, subject: 'Refit' })
  assert.deepEqual(Object.keys(_links).sort(), ['attachments', 'project', 'self'])
  assert.equal((await viewer.get(`/budgets/${id}`)).body.description.raw, 'Secret.')
  assert.equal((await stranger.get(`/budgets/${id}`)).status, 404)
})

test('it is written by those who edit budgets, on the version that they read', async () => {
  const { id, lockVersion } = await made()
  const address = `/budgets/${id}`
  assert.equal((await viewer.post('/budgets', payload())).status, 403)
  assert.equal((await viewer.patch(address, { subject: 'Mine' })).status, 403)
  assert.equal((await viewer.delete(address)).status, 403)
  const changed = await editor.patch(address, { lockVersion, subject: 'Repair', laborItems: [] })
  assert.deepEqual([changed.body.subject, changed.body.laborItems, changed.body.lockVersion], ['Repair', [], lockVersion + 1])
  assert.equal((await editor.patch(address, { lockVersion, subject: 'Again' })).status, 409)
  assert.equal((await editor.delete(address)).status, 204)
  assert.equal((await editor.get(address)).status, 404)
})

test('the list of a project is not paginated, and there is none where the project has no budgets', async () => {
  const place = await it.make.project()
  const own: number[] = []
  for (let i = 0; i < 3; i++) own.push((await it.admin.post('/budgets', payload({}, place))).body.id)
  const { body } = await it.admin.get(`/projects/${place}/budgets?pageSize=1`)
  assert.deepEqual([ids({ body } as never), body.total, 'pageSize' in body], [own, 3, false])
  assert.equal((await worker.get(`/projects/${project}/budgets`)).status, 200)
  assert.equal((await stranger.get(`/projects/${project}/budgets`)).status, 403)
  assert.equal((await stranger.get(`/projects/${place}/budgets`)).status, 404)
  await it.db.transaction((tx) => switchModule(tx, product, place, 'budgets', false))
  assert.equal((await it.admin.get(`/projects/${place}/budgets`)).status, 404)
  assert.equal((await it.admin.get(`/budgets/${own[0]}`)).status, 404)
})

test('work packages count towards a budget of their project', async () => {
  const { id } = await made()
  const one = (await task(editor, id)).body
  assert.deepEqual(one._links.budget, { href: `/api/v3/budgets/${id}`, title: 'Refit' })
  assert.equal('budget' in (await worker.get(`/work_packages/${one.id}`)).body._links, false)
  const elsewhere = await it.make.project()
  const foreign = (await it.admin.post('/budgets', payload({}, elsewhere))).body.id
  assert.equal((await task(editor, foreign)).body.message, 'Budget does not exist.')
  assert.equal((await task(it.admin, foreign)).body.message, 'Budget does not exist.')
  const { budget } = (await editor.post(`/work_packages/form`, { _links: { project: link('projects', project) } })).body._embedded
    .schema
  assert.ok(budget._links.allowedValues.some(({ href }: any) => href === `/api/v3/budgets/${id}`))
  const found = ids(await editor.get(`/work_packages?${filters(['budget', '=', [id]])}`))
  assert.deepEqual(found, [one.id])
  const unknown = await worker.get(`/work_packages?${filters(['budget', '*'])}`)
  assert.deepEqual([unknown.status, unknown.body.message], [400, 'budget filter does not exist.'])
})

test('time spent is that of its work packages, as far as the caller sees it', async () => {
  const { id } = await made()
  const one = (await task(editor, id)).body
  for (const hours of ['PT3H', 'PT30M']) {
    const links = { entity: link('work_packages', one.id) }
    assert.equal((await editor.post('/time_entries', { hours, spentOn: '2031-03-03', _links: links })).status, 201)
  }
  assert.equal((await editor.get(`/budgets/${id}`)).body.spentTime, 'PT3H30M')
  assert.equal((await viewer.get(`/budgets/${id}`)).body.spentTime, 'PT0S')
})

test('a copied work package counts towards no budget', async () => {
  const from = await it.make.project()
  const budget = (await it.admin.post('/budgets', payload({}, from))).body.id
  assert.equal((await task(it.admin, budget, from)).status, 201)
  assert.equal((await it.admin.post(`/projects/${from}/copy`, { name: 'Without budgets' })).status, 302)
  await runDue(it.db, { files: it.files })
  const list = await it.admin.get(`/projects/${await it.id('projects', 'Without budgets')}/work_packages`)
  assert.deepEqual(
    list.body._embedded.elements.map(({ _links }: any) => _links.budget),
    [{ href: null }],
  )
})

test('a work package leaves its budget when it moves, and when the budget goes', async () => {
  const there = await it.make.project()
  const { id } = await made()
  const [top, other] = [(await task(editor, id)).body, (await task(editor, id)).body]
  const child = (
    await it.admin.patch(`/work_packages/${other.id}`, { lockVersion: 0, _links: { parent: link('work_packages', top.id) } })
  ).body
  assert.equal(child._links.parent.href, `/api/v3/work_packages/${top.id}`)
  const { lockVersion } = (await it.admin.get(`/work_packages/${top.id}`)).body
  const moved = await it.admin.patch(`/work_packages/${top.id}`, { lockVersion, _links: { project: link('projects', there) } })
  assert.deepEqual(moved.body._links.budget, { href: null })
  const below = (await it.admin.get(`/work_packages/${other.id}`)).body
  assert.deepEqual([below._links.project.href, below._links.budget], [`/api/v3/projects/${there}`, { href: null }])
  const stays = (await task(editor, id)).body
  assert.equal((await editor.delete(`/budgets/${id}`)).status, 204)
  const left = (await editor.get(`/work_packages/${stays.id}`)).body
  assert.deepEqual([left._links.budget, left.lockVersion], [{ href: null }, 1])
})
