/** Pages and their grids: users' own pages, overviews and boards of projects. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { switchModule } from '#modules/projects/modules.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { upload } from '../files/upload.ts'

let it: Instance
let project: number
let manager: Client
let reader: Client
let stranger: Client
let removed: Client
before(async () => {
  it = await instance()
  await it.setting('users_deletable_by_self', true)
  project = await it.make.project({ identifier: 'regatta', public: false })
  const people = await Promise.all([1, 2, 3, 4].map(() => it.make.user()))
  const manage = ['manage_overview', 'manage_board_views', 'save_queries', 'manage_public_queries']
  await it.make.member(people[0]!, project, ['view_work_packages', 'show_board_views', ...manage])
  await it.make.member(people[1]!, project, ['view_work_packages', 'show_board_views'])
  ;[manager, reader, stranger, removed] = (await Promise.all(people.map((id) => it.as(id)))) as [Client, Client, Client, Client]
})
after(() => it.close())

const at = (scope: string, more: object = {}) => ({ ...more, _links: { scope: { href: scope } } })
const listed = (scope: string, name = 'scope') =>
  `/grids?filters=${encodeURIComponent(JSON.stringify([{ [name]: { operator: '=', values: [scope] } }]))}`
const board = (more: object = {}) => at('/projects/regatta/boards', { name: 'Kanban', rowCount: 1, columnCount: 3, ...more })
const errors = (body: any) => (body._embedded.errors ?? [body]).map((one: any) => [one._embedded.details.attribute, one.message])

describe('the page of a user', () => {
  test('is not there at first; its form has the usual widgets; then it is created', async () => {
    assert.equal((await reader.get(listed('/my/page'))).body.total, 0)
    const form = await reader.post('/grids/form', at('/my/page'))
    const { payload, validationErrors } = form.body._embedded
    assert.deepEqual([form.status, validationErrors], [200, {}])
    assert.deepEqual([payload.rowCount, payload.columnCount, payload._links.scope.href], [1, 2, '/my/page'])
    assert.deepEqual(
      payload.widgets.map((one: any) => [one._type, one.id, one.identifier, one.startColumn, one.endColumn]),
      [
        ['GridWidget', null, 'work_packages_assigned', 1, 2],
        ['GridWidget', null, 'work_packages_created', 2, 3],
      ],
    )
    assert.deepEqual(Object.keys(payload.widgets[0].options), ['name', 'queryProps'])
    assert.deepEqual(form.body._links.commit, { href: '/api/v3/grids', method: 'post' })

    const { status, body } = await reader.post('/grids', payload)
    assert.equal(status, 201)
    assert.deepEqual([body._type, body.rowCount, body.columnCount, 'name' in body, body.options], ['Grid', 1, 2, false, {}])
    assert.deepEqual(
      body.widgets.map((one: any) => typeof one.id),
      ['number', 'number'],
    )
    assert.deepEqual(body._links, {
      self: { href: `/api/v3/grids/${body.id}` },
      attachments: { href: `/api/v3/grids/${body.id}/attachments` },
      scope: { href: '/my/page', type: 'text/html' },
      update: { href: `/api/v3/grids/${body.id}/form`, method: 'post' },
      updateImmediately: { href: `/api/v3/grids/${body.id}`, method: 'patch' },
      addAttachment: { href: `/api/v3/grids/${body.id}/attachments`, method: 'post' },
    })
    assert.deepEqual(ids(await reader.get(listed('/my/page'))), [body.id])
    assert.deepEqual(ids(await reader.get(listed('/my/page', 'page'))), [body.id])
  })

  test('is one for each user, and seen by nobody else', async () => {
    const again = await reader.post('/grids', at('/my/page'))
    assert.deepEqual([again.status, errors(again.body)], [422, [['scope', 'Page has already been taken.']]])
    const { id } = (await manager.post('/grids', at('/my/page'))).body
    for (const client of [reader, it.admin]) {
      assert.equal((await client.get(`/grids/${id}`)).status, 404)
      assert.equal((await client.patch(`/grids/${id}`, { rowCount: 2 })).status, 404)
    }
    assert.ok(!ids(await it.admin.get('/grids')).includes(id))
    assert.equal((await it.anonymous.get('/grids')).status, 401)
  })

  test('is not deleted, and goes with its user', async () => {
    const { id } = (await removed.post('/grids', at('/my/page'))).body
    assert.equal((await removed.delete(`/grids/${id}`)).status, 404)
    assert.equal((await removed.delete('/users/me')).status, 202)
    assert.equal(await it.db.one(sql`select id from grids where id = ${id}`), undefined)
  })
})

describe('the overview of a project', () => {
  test('is written by those who manage it, and read by everybody who sees the project', async () => {
    const refused = await reader.post('/grids', at('/projects/regatta', { rowCount: 1, columnCount: 1 }))
    assert.deepEqual([refused.status, errors(refused.body)], [422, [['scope', 'Page is not set to one of the allowed values.']]])

    const { status, body } = await manager.post('/grids', at(`/projects/${project}`))
    assert.equal(status, 201)
    assert.deepEqual(body._links.scope, { href: '/projects/regatta', type: 'text/html' })
    assert.equal(body._links.project.href, `/api/v3/projects/${project}`)
    assert.equal('delete' in body._links, false)
    assert.deepEqual([body.rowCount, body.columnCount, body.widgets.length], [3, 2, 5])

    const read = (await reader.get(`/grids/${body.id}`)).body
    assert.deepEqual(Object.keys(read._links).sort(), ['attachments', 'project', 'scope', 'self'])
    assert.equal((await stranger.get(`/grids/${body.id}`)).status, 404)
    assert.deepEqual(ids(await stranger.get(listed('/projects/regatta'))), [])
    assert.deepEqual(ids(await reader.get(listed('/projects/regatta'))), [body.id])
    assert.deepEqual(ids(await reader.get(listed('/projects/regatta/boards'))), [])
  })

  test('answers 404 to changes by those who only see it', async () => {
    const [id] = ids(await reader.get(listed('/projects/regatta')))
    for (const method of ['PATCH', 'DELETE'] as const)
      assert.equal((await reader.send(method, `/grids/${id}`, { body: '{}' })).status, 404)
    assert.equal((await reader.post(`/grids/${id}/form`, {})).status, 404)
    assert.equal((await manager.delete(`/grids/${id}`)).status, 404)
  })

  test('is found by the identifier that the project has now', async () => {
    const [id] = ids(await reader.get(listed('/projects/regatta')))
    await it.admin.patch(`/projects/${project}`, { identifier: 'sea-race' })
    assert.equal((await reader.get(`/grids/${id}`)).body._links.scope.href, '/projects/sea-race')
    assert.deepEqual(ids(await reader.get(listed('/projects/sea-race'))), [id])
    await it.admin.patch(`/projects/${project}`, { identifier: 'regatta' })
  })
})

describe('boards of a project', () => {
  test('are many, and created, changed and deleted by those who manage them', async () => {
    assert.equal((await reader.post('/grids', board())).status, 422)
    const options = { type: 'action', attribute: 'status', filters: [] }
    const { status, body } = await manager.post('/grids', board({ options }))
    assert.deepEqual([status, body.name, body.options, body.widgets], [201, 'Kanban', options, []])
    assert.deepEqual(body._links.delete, { href: `/api/v3/grids/${body.id}`, method: 'delete' })
    const other = (await manager.post('/grids', board({ name: 'Basic' }))).body
    assert.deepEqual(ids(await reader.get(listed('/projects/regatta/boards'))), [other.id, body.id])

    const changed = await manager.patch(`/grids/${body.id}`, { name: 'Flow', columnCount: 4 })
    assert.deepEqual([changed.status, changed.body.name, changed.body.columnCount], [200, 'Flow', 4])
    assert.equal((await manager.delete(`/grids/${body.id}`)).status, 204)
    assert.equal((await manager.get(`/grids/${body.id}`)).status, 404)
  })

  test('are there where the project has the module, for those who may see boards', async () => {
    const { id } = (await manager.post('/grids', board())).body
    assert.equal((await reader.get(`/grids/${id}`)).status, 200)
    const turn = (isOn: boolean) => it.db.transaction((tx) => switchModule(tx, product, project, 'board_view', isOn))
    await turn(false)
    assert.equal((await reader.get(`/grids/${id}`)).status, 404)
    await turn(true)
    assert.equal((await reader.get(`/grids/${id}`)).status, 200)
  })
})

describe('a grid', () => {
  test('needs a page that its creator may write, and does not tell of hidden ones', async () => {
    const refusal = 'Page is not set to one of the allowed values.'
    const places = ['/projects/regatta', '/projects/nowhere', '/projects/regatta/boards', '/elsewhere', '/my/page/more']
    for (const scope of places) {
      const { status, body } = await stranger.post('/grids', at(scope, { rowCount: 1, columnCount: 1 }))
      assert.deepEqual([status, errors(body)], [422, [['scope', refusal]]], scope)
    }
    const { body } = await stranger.post('/grids', { rowCount: 1, columnCount: 1 })
    assert.deepEqual(errors(body), [['scope', refusal]])
  })

  test('stays on its page', async () => {
    const { id } = (await manager.post('/grids', board())).body
    const moved = await manager.patch(`/grids/${id}`, at('/projects/regatta'))
    assert.deepEqual([moved.status, moved.body.errorIdentifier.split(':').at(-1)], [422, 'PropertyIsReadOnly'])
    assert.equal((await manager.patch(`/grids/${id}`, at('/projects/regatta/boards'))).status, 200)
  })

  test('has at least one row and one column', async () => {
    const { body } = await manager.post('/grids', board({ rowCount: 0, columnCount: null }))
    assert.deepEqual(errors(body), [
      ['rowCount', 'Number of rows must be greater than or equal to 1.'],
      ['columnCount', "Number of columns can't be blank."],
    ])
  })

  test('keeps the options that it is given, which are an object', async () => {
    const { id } = (await manager.post('/grids', board({ options: { type: 'free' } }))).body
    const { body } = await manager.patch(`/grids/${id}`, { options: { type: 'free', depth: { of: [1, null, 'x'] } } })
    assert.deepEqual(body.options, { type: 'free', depth: { of: [1, null, 'x'] } })
    for (const options of [[], 'free', { type: 'a\u0000b' }]) {
      const refused = await manager.patch(`/grids/${id}`, { options })
      assert.deepEqual([refused.status, refused.body.errorIdentifier.split(':').at(-1)], [422, 'PropertyFormatError'])
    }
  })

  test('has files that its writers attach and its readers read', async () => {
    const { id } = (await manager.post('/grids', board())).body
    const { status, body } = await upload(manager, `/grids/${id}/attachments`)
    assert.deepEqual([status, body._links.container], [201, { href: `/api/v3/grids/${id}` }])
    assert.equal((await upload(reader, `/grids/${id}/attachments`)).status, 403)
    const list = await reader.get(`/grids/${id}/attachments`)
    assert.deepEqual([list.status, ids(list)], [200, [body.id]])
    assert.equal((await reader.delete(`/attachments/${body.id}`)).status, 403)
    assert.equal((await manager.delete(`/grids/${id}`)).status, 204)
    assert.equal((await manager.get(`/attachments/${body.id}`)).status, 404)
    const other = (await manager.post('/grids', board())).body
    assert.equal((await stranger.get(`/grids/${other.id}/attachments`)).status, 404)
  })

  test('the schema has the pages that the caller may write, and the widgets that they take', async () => {
    const { status, body } = await manager.get('/grids/schema')
    assert.equal(status, 200)
    assert.deepEqual(
      ['rowCount', 'name', 'options', 'scope', 'widgets'].map((one) => body[one].type),
      ['Integer', 'String', 'JSON', 'Href', '[]GridWidget'],
    )
    assert.equal('_dependencies' in body, false)
    const { schema } = (await manager.post('/grids/form', at('/projects/regatta/boards'))).body._embedded
    assert.deepEqual(schema.scope._links.allowedValues, [{ href: '/projects/regatta/boards' }])
    assert.deepEqual(schema.widgets._embedded.allowedValues, [
      { _type: 'GridWidget', identifier: 'work_package_query', options: {} },
    ])
    const own = (await stranger.post('/grids/form', {})).body._embedded.schema
    assert.deepEqual(own.scope._links.allowedValues, [{ href: '/my/page' }])
  })
})

test('what belongs to a project goes with it', async () => {
  const other = await it.make.project({ identifier: 'short-lived' })
  const { id } = (await it.admin.post('/grids', at('/projects/short-lived'))).body
  assert.equal((await it.admin.delete(`/projects/${other}`)).status, 204)
  await runDue(it.db, { only: ['projects.delete'] })
  assert.equal((await it.admin.get(`/grids/${id}`)).status, 404)
})
