/** Moving a work package to another project: permissions, and related resources. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { changed, created, errors, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it

let target: number
before(async () => {
  target = await make.project({ identifier: 'dock', name: 'Dock' })
})
const to = (id: number, links: object = {}) => ({ _links: { project: link('projects', id), ...links } })
const now = async (id: number) => (await admin.get(`/work_packages/${id}`)).body
const projectOf = (body: any) => body._links.project.href

describe('a user who moves a work package', () => {
  test('needs the permission to move here and to add there', async () => {
    const one = await created(admin, project)
    const { id, client } = await it.person('view_work_packages', 'move_work_packages')
    await make.member(id, target, ['view_work_packages', 'add_work_packages'])
    const reply = await changed(client, one.id, to(target))
    assert.equal(reply.status, 200, reply.text)
    assert.equal(projectOf(reply.body), `/api/v3/projects/${target}`)
    assert.equal(reply.body._links.project.title, 'Dock')
  })

  test('needs the permission to add there: otherwise nothing is changed', async () => {
    const one = await created(admin, project)
    const { id, client } = await it.person('view_work_packages', 'move_work_packages', 'edit_work_packages')
    await make.member(id, target, ['view_work_packages', 'edit_work_packages'])
    const reply = await changed(client, one.id, { subject: 'Moved', ...to(target) })
    assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
    assert.deepEqual(await now(one.id), one)
  })

  test('needs the permission to move here', async () => {
    const one = await created(admin, project)
    const { id, client } = await it.person('view_work_packages', 'edit_work_packages')
    await make.member(id, target, ['view_work_packages', 'add_work_packages'])
    const reply = await changed(client, one.id, to(target))
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
    assert.equal(projectOf(await now(one.id)), `/api/v3/projects/${project}`)
  })

  test('gets the same response for hidden projects as for unknown ones', async () => {
    const one = await created(admin, project)
    const hidden = await make.project()
    const replies = await Promise.all([hidden, 99999].map((id) => changed(it.member.client, one.id, to(id))))
    assert.deepEqual(replies[0]?.body, replies[1]?.body)
    assert.equal(replies[0]?.status, 403)
  })

  test('gets the saved work package, though it may be hidden now', async () => {
    const one = await created(admin, project)
    const { id, client } = await it.person('view_work_packages', 'move_work_packages')
    await make.member(id, target, ['add_work_packages'])
    const reply = await changed(client, one.id, to(target))
    assert.equal(reply.status, 200, reply.text)
    assert.equal((await client.get(`/work_packages/${one.id}`)).status, 404)
  })
})

describe('a version', () => {
  test('is removed if it is not shared', async () => {
    const version = await it.version({ project_id: project, name: 'own' })
    const one = await created(admin, project, { _links: { version: link('versions', version) } })
    assert.deepEqual((await changed(admin, one.id, to(target))).body._links.version, { href: null })
  })

  test('stays if it is shared', async () => {
    const version = await it.version({ project_id: project, name: 'shared', sharing: 'system' })
    const one = await created(admin, project, { _links: { version: link('versions', version) } })
    assert.equal((await changed(admin, one.id, to(target))).body._links.version.title, 'shared')
  })

  test('of the target can be set by the same request', async () => {
    const version = await it.version({ project_id: target, name: 'next' })
    const one = await created(admin, project)
    const reply = await changed(admin, one.id, to(target, { version: link('versions', version) }))
    assert.equal(reply.body._links.version.title, 'next')
  })
})

describe('a category', () => {
  test('is replaced by the one of the same name', async () => {
    const here = await it.category({ project_id: project, name: 'Hull' })
    const there = await it.category({ project_id: target, name: 'Hull' })
    const one = await created(admin, project, { _links: { category: link('categories', here) } })
    assert.equal((await changed(admin, one.id, to(target))).body._links.category.href, `/api/v3/categories/${there}`)
  })

  test('is removed if there is none of that name', async () => {
    const here = await it.category({ project_id: project, name: 'Sails' })
    const one = await created(admin, project, { _links: { category: link('categories', here) } })
    assert.deepEqual((await changed(admin, one.id, to(target))).body._links.category, { href: null })
  })
})

test('the type stays, and has to be enabled in the target', async () => {
  const narrow = (await admin.post('/projects', { name: 'Narrow' })).body.id
  const epic = await created(admin, project, { _links: { type: link('types', await it.types('Epic')) } })
  const reply = await changed(admin, epic.id, to(narrow))
  assert.deepEqual(errors(reply.body), ['type: Type is not set to one of the allowed values.'])
  assert.equal((await changed(admin, epic.id, to(narrow, { type: link('types', await it.types('Task')) }))).status, 200)
})

test('an assignee stays, assignable there or not', async () => {
  const one = await created(admin, project, { _links: { assignee: link('users', it.member.id) } })
  assert.equal((await changed(admin, one.id, to(target))).body._links.assignee.href, `/api/v3/users/${it.member.id}`)
})

describe('descendants', () => {
  test('move along, at any depth', async () => {
    const category = await it.category({ project_id: project, name: 'Mast' })
    const version = await it.version({ project_id: project, name: 'mine' })
    const root = await created(admin, project)
    const middle = await created(admin, project, { _links: { parent: link('work_packages', root.id) } })
    const leaf = await created(admin, project, {
      _links: {
        parent: link('work_packages', middle.id),
        category: link('categories', category),
        version: link('versions', version),
      },
    })
    await changed(admin, root.id, to(target))
    for (const { id } of [root, middle, leaf]) assert.equal(projectOf(await now(id)), `/api/v3/projects/${target}`)
    const after = await now(leaf.id)
    assert.deepEqual([after._links.category.href, after._links.version.href], [null, null])
    assert.ok(after.lockVersion > leaf.lockVersion)
    assert.equal(after._links.parent.href, `/api/v3/work_packages/${middle.id}`)
  })

  test('move without the ancestors', async () => {
    const root = await created(admin, project)
    const child = await created(admin, project, { _links: { parent: link('work_packages', root.id) } })
    const { body } = await changed(admin, child.id, to(target))
    assert.equal(body._links.parent.href, `/api/v3/work_packages/${root.id}`)
    assert.equal(projectOf(await now(root.id)), `/api/v3/projects/${project}`)
  })

  test('lose the parent if parents in other projects are not allowed', async () => {
    await it.setting('cross_project_work_package_relations', false)
    const root = await created(admin, project)
    const child = await created(admin, project, { _links: { parent: link('work_packages', root.id) } })
    const reply = await changed(admin, child.id, to(target))
    assert.equal(reply.status, 200, reply.text)
    assert.deepEqual(reply.body._links.parent, { href: null })
    await it.setting('cross_project_work_package_relations', true)
  })
})

test('time entries move along, and so do shares', async () => {
  const one = await created(admin, project)
  const booked = await admin.post('/time_entries', {
    spentOn: '2024-03-01',
    hours: 'PT1H',
    _links: { entity: link('work_packages', one.id) },
  })
  assert.equal(booked.status, 201, booked.text)
  const guest = await it.sharer(one.id, 'Work package viewer')
  await changed(admin, one.id, to(target))
  const entry = (await admin.get(`/time_entries/${booked.body.id}`)).body
  assert.equal(entry._links.project.href, `/api/v3/projects/${target}`)
  assert.equal((await guest.client.get(`/work_packages/${one.id}`)).status, 200)
  const share = await it.db.one(sql`select project_id from memberships where principal_id = ${guest.id}`)
  assert.equal(share?.project_id, target)
})
