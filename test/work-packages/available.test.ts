/** Available assignees, and available projects for creating and moving work packages. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { type Client, filters, ids } from '#test/instance.ts'
import { created, kind, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it

let one: any
before(async () => {
  one = await created(admin, project)
})

describe('available assignees', () => {
  const ofWork = () => `/work_packages/${one.id}/available_assignees`
  const found = async (path: string, client: Client = admin) => ids(await client.get(path)).sort()

  test('are principals with an assignable role in the project: users, groups and placeholder users', async () => {
    const group = await make.group()
    const now = new Date().toISOString()
    const placeholder = await make.row(
      'principals',
      { type: 'PlaceholderUser', name: 'Rigger', status: 1, created_at: now, updated_at: now },
      'principals',
    )
    for (const id of [group, placeholder]) await make.member(id, project, ['work_package_assigned'])
    const locked = await it.person('work_package_assigned')
    await admin.post(`/users/${locked.id}/lock`)
    const expected = [it.member.id, group, placeholder].sort()
    for (const path of [ofWork(), `/projects/${project}/available_assignees`, `/workspaces/${project}/available_assignees`]) {
      assert.deepEqual(await found(path), expected)
    }
    const { body } = await admin.get(ofWork())
    assert.deepEqual(body._embedded.elements.map((element: any) => element._type).sort(), ['Group', 'PlaceholderUser', 'User'])
    assert.deepEqual(Object.keys(body).sort(), ['_embedded', '_links', '_type', 'count', 'total'])
  })

  test('include principals with an assignable share of the work package', async () => {
    const editor = await it.sharer(one.id, 'Work package editor')
    const viewer = await it.sharer(one.id, 'Work package viewer')
    const all = await found(ofWork())
    assert.ok(all.includes(editor.id))
    assert.ok(!all.includes(viewer.id))
    assert.ok(!(await found(`/projects/${project}/available_assignees`)).includes(editor.id))
  })

  test('can be filtered like principals', async () => {
    assert.deepEqual(await found(`${ofWork()}?${filters(['type', '=', ['PlaceholderUser']])}`).then((all) => all.length), 1)
  })

  test('are visible to users who may change the work package, or add some to the project', async () => {
    assert.equal((await it.reader.client.get(ofWork())).status, 403)
    assert.equal((await it.member.client.get(ofWork())).status, 200)
    const editor = await it.sharer(one.id, 'Work package editor')
    assert.equal((await editor.client.get(ofWork())).status, 200)
    assert.equal((await it.reader.client.get(`/projects/${project}/available_assignees`)).status, 403)
    const { client } = await it.person('view_work_packages', 'add_work_packages')
    assert.equal((await client.get(`/projects/${project}/available_assignees`)).status, 200)
    assert.equal((await it.stranger.client.get(`/projects/${project}/available_assignees`)).status, 404)
  })
})

describe('projects for new work packages', () => {
  test('are those in which the viewer may add work packages', async () => {
    const other = await make.project()
    await make.member(it.member.id, other, ['view_work_packages', 'add_work_packages'])
    const readable = await make.project()
    await make.member(it.member.id, readable, ['view_work_packages'])
    assert.deepEqual(ids(await it.member.client.get('/work_packages/available_projects')).sort(), [project, other].sort())
  })

  test('have pages, and can be filtered and selected', async () => {
    const { body } = await admin.get(
      `/work_packages/available_projects?pageSize=1&${filters(['name_and_identifier', '~', ['ship']])}`,
    )
    assert.deepEqual([body.total, body.count, body.pageSize, body.offset], [1, 1, 1, 1])
    const selected = (await admin.get('/work_packages/available_projects?select=total,elements/name')).body
    assert.deepEqual(Object.keys(selected._embedded.elements[0]), ['name'])
  })

  test('are hidden from users who may not add work packages anywhere', async () => {
    const reply = await it.reader.client.get('/work_packages/available_projects')
    assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
  })
})

describe('projects for moving a work package', () => {
  const path = () => `/work_packages/${one.id}/available_projects`

  test('are those in which the viewer may add', async () => {
    assert.deepEqual(
      ids(await it.member.client.get(path())),
      ids(await it.member.client.get('/work_packages/available_projects')),
    )
  })

  test('are visible to users who may change it', async () => {
    assert.equal((await it.reader.client.get(path())).status, 403)
  })
})
