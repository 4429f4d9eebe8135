/** Projects and the other kinds of workspace: lists, paths, parents and ancestors. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let halyard: Instance
let vera: Client
let portfolio: number
let program: number
let hidden: number
let project: number
let below: number

before(async () => {
  halyard = await instance()
  const { make } = halyard
  portfolio = await make.project({ name: 'Fleet', workspace_type: 'portfolio' })
  program = await make.project({ name: 'Yachts', workspace_type: 'program', parent_id: portfolio, identifier: 'yachts' })
  hidden = await make.project({ name: 'Hidden', parent_id: program })
  project = await make.project({ name: 'Sloop', parent_id: hidden })
  below = await make.project({ name: 'Sail', parent_id: project })
  const userId = await make.user()
  for (const id of [portfolio, program, project, below]) {
    await make.member(userId, id, ['view_work_packages', 'edit_project', 'add_subprojects'])
  }
  vera = await halyard.as(userId)
})
after(() => halyard.close())

test('the list of projects has only projects, that of workspaces all kinds, each with its own name and path', async () => {
  assert.deepEqual(ids(await vera.get('/projects')), [below, project])
  const { body } = await vera.get('/workspaces')
  assert.deepEqual(
    body._embedded.elements.map((one: any) => [one._type, one._links.self.href]),
    [
      ['Project', `/api/v3/projects/${below}`],
      ['Project', `/api/v3/projects/${project}`],
      ['Program', `/api/v3/programs/${program}`],
      ['Portfolio', `/api/v3/portfolios/${portfolio}`],
    ],
  )
  assert.deepEqual(ids(await vera.get(`/workspaces?${filters(['workspace_type', '=', ['program', 'portfolio']])}`)), [
    program,
    portfolio,
  ])
})

test('a program is not found as a project', async () => {
  for (const path of [program, 'yachts']) {
    assert.equal((await vera.get(`/projects/${path}`)).status, 404)
    assert.equal((await vera.patch(`/projects/${path}`, { name: 'No' })).status, 404)
    assert.equal((await halyard.admin.delete(`/projects/${path}`)).status, 404)
    assert.equal((await vera.get(`/projects/${path}/types`)).status, 404)
    assert.equal((await vera.get(`/workspaces/${path}/types`)).status, 200)
  }
})

test('ancestors are listed from the root, hidden ones without their names', async () => {
  const { body } = await vera.get(`/projects/${below}`)
  assert.deepEqual(body._links.ancestors, [
    { href: `/api/v3/portfolios/${portfolio}`, title: 'Fleet' },
    { href: `/api/v3/programs/${program}`, title: 'Yachts' },
    { href: 'urn:openproject-org:api:v3:undisclosed', title: 'Undisclosed' },
    { href: `/api/v3/projects/${project}`, title: 'Sloop' },
  ])
})

test('a hidden parent is undisclosed, not embedded, and can be sent back', async () => {
  const { body, text } = await vera.get(`/projects/${project}`)
  assert.equal(body._links.parent.href, 'urn:openproject-org:api:v3:undisclosed')
  assert.equal(body._embedded, undefined)
  assert.ok(!text.includes('Hidden') && !text.includes(`/${hidden}"`))
  const { status } = await vera.patch(`/projects/${project}`, { _links: { parent: body._links.parent } })
  assert.equal(status, 200)
  assert.deepEqual((await halyard.admin.get(`/projects/${project}`)).body._links.parent.title, 'Hidden')
})

test('available parents permit subprojects of the user, and have a suitable kind', async () => {
  assert.deepEqual(ids(await vera.get('/projects/available_parent_projects')), [below, project, program, portfolio])
  assert.deepEqual(ids(await vera.get('/projects/available_parent_projects?workspace_type=program')), [portfolio])
  assert.deepEqual(ids(await vera.get('/projects/available_parent_projects?workspace_type=portfolio')), [])
  assert.equal((await vera.get('/projects/available_parent_projects?workspace_type=company')).status, 400)
})

test('a project cannot go below itself', async () => {
  const reply = await vera.get(`/projects/available_parent_projects?of=${project}`)
  assert.deepEqual(ids(reply), [program, portfolio])
  assert.match(reply.body._links.self.href, new RegExp(`of=${project}`))
  const named = `/projects/available_parent_projects?of=${project}&${filters(['name_and_identifier', '~', ['yacht']])}`
  assert.deepEqual(ids(await vera.get(named)), [program])
  assert.equal((await vera.get(`/projects/available_parent_projects?of=${hidden}`)).status, 404)
})

test('a user without any permission to create or edit projects gets no list of parents', async () => {
  const userId = await halyard.make.user()
  await halyard.make.member(userId, project, ['view_work_packages'])
  const { status } = await (await halyard.as(userId)).get('/projects/available_parent_projects')
  assert.equal(status, 403)
})

describe('portfolios and programs', () => {
  test('have lists of their own, and their own paths only', async () => {
    assert.deepEqual(ids(await vera.get('/portfolios')), [portfolio])
    assert.deepEqual(ids(await vera.get('/programs')), [program])
    const { status, body } = await vera.get('/programs/yachts')
    assert.equal(status, 200)
    assert.equal(body._type, 'Program')
    assert.deepEqual(body._links.self, { href: `/api/v3/programs/${program}`, title: 'Yachts' })
    assert.equal(body._embedded.parent._type, 'Portfolio')
    for (const path of [`/portfolios/${program}`, `/programs/${portfolio}`, `/programs/${project}`, `/programs/${hidden}`])
      assert.equal((await vera.get(path)).status, 404, path)
  })

  test('are updated and previewed at their own paths', async () => {
    const { body } = await vera.get(`/portfolios/${portfolio}`)
    assert.deepEqual(body._links.updateImmediately, { href: `/api/v3/portfolios/${portfolio}`, method: 'patch' })
    const form = await vera.post(`/portfolios/${portfolio}/form`, { name: 'Fleets' })
    assert.equal(form.body._links.commit.href, `/api/v3/portfolios/${portfolio}`)
    const { body: renamed } = await vera.patch(`/portfolios/${portfolio}`, { name: 'Fleets' })
    assert.equal(renamed.name, 'Fleets')
    assert.equal((await vera.patch(`/portfolios/${program}`, { name: 'No' })).status, 404)
  })

  test('have lists of their own for filter values', async () => {
    const { body } = await vera.get(`/workspaces/${program}/queries/filter_instance_schemas`)
    const found = [...JSON.stringify(body).matchAll(/"\/api\/v3(\/(?:projects|workspaces)\/\d+\/[a-z]+)"/g)].map(
      ([, href]) => href!,
    )
    assert.ok(found.includes(`/workspaces/${program}/versions`))
    for (const href of found) assert.equal((await vera.get(href)).status, 200, href)
  })

  test('have portfolios or nothing as parents', async () => {
    const below = (href: string) => ({ _links: { parent: { href } } })
    const { status, body } = await halyard.admin.patch(`/programs/${program}`, below(`/api/v3/projects/${project}`))
    assert.equal(status, 422)
    assert.equal(body._embedded.details.attribute, 'parent')
    assert.equal((await halyard.admin.patch(`/portfolios/${portfolio}`, below(`/api/v3/programs/${program}`))).status, 422)
  })

  test('are created by users with the permission', async () => {
    const userId = await halyard.make.user()
    await halyard.make.member(userId, null, ['add_portfolios', 'add_programs'])
    const client = await halyard.as(userId)
    assert.equal((await client.post('/projects', { name: 'Jetty' })).status, 403)
    const form = await client.post('/portfolios/form', { name: 'Harbour' })
    assert.deepEqual(form.body._links.commit, { href: '/api/v3/portfolios', method: 'post' })
    const made = await client.post('/portfolios', { name: 'Harbour' })
    assert.equal(made.status, 201)
    assert.equal(made.body._type, 'Portfolio')
    assert.equal(made.body._links.self.href, `/api/v3/portfolios/${made.body.id}`)
    assert.equal((await client.post('/programs', { name: 'Piers' })).body._type, 'Program')
    assert.equal((await vera.post('/portfolios', { name: 'Harbour' })).status, 403)
  })

  test('are deleted by administrators', async () => {
    const { id } = (await halyard.admin.post('/programs', { name: 'Past' })).body
    assert.equal((await vera.delete(`/programs/${id}`)).status, 404)
    assert.equal((await halyard.admin.delete(`/programs/${id}`)).status, 204)
    await runDue(halyard.db, { only: ['projects.delete'] })
    assert.equal((await halyard.admin.get(`/programs/${id}`)).status, 404)
  })
})
