/** Reading projects: visibility and representation. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'
import { forgetReads, stopUsageRecords } from '#test/statements.ts'

let halyard: Instance
let vera: Client
const projects: Record<string, number> = {}

before(async () => {
  halyard = await instance()
  const { make } = halyard
  projects.own = await make.project({ name: 'Own', identifier: 'own', description: 'What **for**.', status_code: 'at_risk' })
  projects.foreign = await make.project({ name: 'Foreign', identifier: 'foreign' })
  projects.open = await make.project({ name: 'Open', identifier: 'open', public: true })
  projects.archived = await make.project({ name: 'Archived', identifier: 'archived', active: false })
  const userId = await make.user()
  await make.member(userId, projects.own, ['view_work_packages', 'view_members', 'add_work_packages'])
  await make.member(userId, projects.archived, ['view_work_packages'])
  vera = await halyard.as(userId)
})
after(() => halyard.close())

const path = (name: string) => `/projects/${projects[name]}`

test('a member sees the project with its texts and status', async () => {
  const { status, body } = await vera.get(path('own'))
  assert.equal(status, 200)
  assert.equal(body._type, 'Project')
  assert.equal(body.identifier, 'own')
  assert.equal(body.name, 'Own')
  assert.deepEqual([body.active, body.public, body.favorited], [true, false, false])
  assert.equal(body.description.raw, 'What **for**.')
  assert.match(body.description.html, /<strong>for<\/strong>/)
  assert.deepEqual(body.statusExplanation, { format: 'markdown', raw: '', html: '' })
  assert.match(body.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.deepEqual(body._links.status, { href: '/api/v3/project_statuses/at_risk', title: 'At risk' })
  assert.equal(body._embedded.status.name, 'At risk')
  assert.deepEqual(body._links.parent, { href: null })
  assert.deepEqual(body._links.ancestors, [])
})

test('links are offered by permission', async () => {
  const { _links } = (await vera.get(path('own'))).body
  assert.deepEqual(Object.keys(_links).sort(), [
    'ancestors',
    'categories',
    'createWorkPackage',
    'createWorkPackageImmediately',
    'favor',
    'memberships',
    'parent',
    'schema',
    'self',
    'status',
    'types',
    'versions',
    'workPackages',
  ])
  assert.deepEqual(_links.createWorkPackage, {
    href: `/api/v3/workspaces/${projects.own}/work_packages/form`,
    method: 'post',
  })
  const admins = (await halyard.admin.get(path('own'))).body._links
  for (const rel of ['update', 'updateImmediately', 'delete']) assert.ok(rel in admins, rel)
})

test('a project is found by its identifier', async () => {
  assert.equal((await vera.get('/projects/own')).body.id, projects.own)
})

test('a hidden project has the same response as a missing one', async () => {
  const hidden = await vera.get(path('foreign'))
  const missing = await vera.get('/projects/999999')
  assert.equal(hidden.status, 404)
  assert.deepEqual(hidden.body, missing.body)
  for (const id of ['foreign', 'FOREIGN', 'nothing', '99999999999999999999', 'own%00']) {
    assert.equal((await vera.get(`/projects/${id}`)).status, 404, id)
  }
})

test('a public project is visible to everybody, an archived one only to administrators', async () => {
  assert.equal((await vera.get(path('open'))).status, 200)
  assert.equal((await vera.get(path('archived'))).status, 404)
  const { status, body } = await halyard.admin.get(path('archived'))
  assert.equal(status, 200)
  assert.equal(body.active, false)
})

test('the list has the visible projects, newest first', async () => {
  assert.deepEqual(ids(await vera.get('/projects')), [projects.open, projects.own])
  assert.deepEqual(
    ids(await halyard.admin.get('/projects')),
    ['archived', 'open', 'foreign', 'own'].map((name) => projects[name]),
  )
})

test('anonymous users see public projects, unless login is required', async () => {
  assert.equal((await halyard.anonymous.get('/projects')).status, 401)
  await halyard.setting('login_required', false)
  assert.deepEqual(ids(await halyard.anonymous.get('/projects')), [projects.open])
  await halyard.setting('login_required', true)
})

test('select picks the properties of each project', async () => {
  const { body } = await vera.get('/projects?select=total,elements/identifier,elements/ancestors')
  assert.deepEqual(body, {
    total: 2,
    _embedded: {
      elements: [
        { identifier: 'open', _links: { ancestors: [] } },
        { identifier: 'own', _links: { ancestors: [] } },
      ],
    },
  })
  const wrong = await vera.get('/projects?select=elements/secret')
  assert.equal(wrong.status, 400)
  assert.match(wrong.body.errorIdentifier, /InvalidSignal$/)
})

test('a project status is found by its code', async () => {
  const { status, body } = await vera.get('/project_statuses/off_track')
  assert.equal(status, 200)
  assert.deepEqual([body._type, body.id, body.name], ['ProjectStatus', 'off_track', 'Off track'])
  assert.equal(body._links.self.href, '/api/v3/project_statuses/off_track')
  assert.equal((await vera.get('/project_statuses/excellent')).status, 404)
  assert.equal((await vera.get('/project_statuses/1')).status, 404)
})

test('the number of statements does not depend on the number of projects', async () => {
  await stopUsageRecords(halyard.db)
  const measure = async () => {
    await vera.get('/projects')
    await forgetReads(halyard.db)
    const start = halyard.db.statements
    await vera.get('/projects')
    return halyard.db.statements - start
  }
  const few = await measure()
  for (let n = 0; n < 10; n++) await halyard.make.project({ public: true, parent_id: projects.open })
  assert.equal(await measure(), few)
})
