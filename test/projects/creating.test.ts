/** Creating projects: permissions, defaults and validation. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'

let halyard: Instance
let founder: Client
let branch: Client
let member: Client
let founderId: number
let parentId: number

before(async () => {
  halyard = await instance()
  const { make } = halyard
  parentId = await make.project({ name: 'Parent' })
  founderId = await make.user()
  await make.member(founderId, null, ['add_project'])
  founder = await halyard.as(founderId)
  const branchId = await make.user()
  await make.member(branchId, parentId, ['add_subprojects'])
  branch = await halyard.as(branchId)
  const memberId = await make.user()
  await make.member(memberId, parentId, ['view_work_packages'])
  member = await halyard.as(memberId)
})
after(() => halyard.close())

const parent = () => ({ href: `/api/v3/projects/${parentId}` })
const messages = (body: any): string[] => (body._embedded.errors ?? [body]).map((error: any) => error.message)

test('a name is enough: the identifier is made from it, and the rest has defaults', async () => {
  const { status, body } = await halyard.admin.post('/projects', { name: '  Größere   Änderung ' })
  assert.equal(status, 201)
  assert.equal(body.name, 'Größere Änderung')
  assert.equal(body.identifier, 'grossere-anderung')
  assert.deepEqual([body.active, body.public], [true, false])
  assert.deepEqual(body._links.status, { href: null })
  assert.equal((await halyard.admin.get('/projects/grossere-anderung')).status, 200)
})

test('identifiers made from names are unique, valid and not reserved', async () => {
  const made = async (name: string) => (await halyard.admin.post('/projects', { name })).body.identifier
  assert.equal(await made('Twice'), 'twice')
  assert.equal(await made('Twice'), 'twice-1')
  assert.equal(await made('2026'), 'project-2026')
  assert.equal(await made('New'), 'project-new')
  assert.equal(await made('計画'), 'project')
})

test('all writable properties are stored', async () => {
  const { status, body } = await halyard.admin.post('/projects', {
    name: 'Whole',
    identifier: 'whole_one',
    public: true,
    description: { raw: 'About' },
    statusExplanation: { raw: 'Because' },
    _links: { parent: parent(), status: { href: '/api/v3/project_statuses/on_track' } },
  })
  assert.equal(status, 201)
  assert.deepEqual(
    [body.identifier, body.public, body.description.raw, body.statusExplanation.raw],
    ['whole_one', true, 'About', 'Because'],
  )
  assert.deepEqual(body._links.parent, { href: `/api/v3/projects/${parentId}`, title: 'Parent' })
  assert.deepEqual(body._links.ancestors, [{ href: `/api/v3/projects/${parentId}`, title: 'Parent' }])
  assert.equal(body._embedded.parent.name, 'Parent')
})

test('a new project has the default modules and types', async () => {
  const { id } = (await halyard.admin.post('/projects', { name: 'Equipped' })).body
  const types = (await halyard.admin.get(`/projects/${id}/types`)).body
  assert.deepEqual(
    types._embedded.elements.map((type: { name: string }) => type.name),
    ['Task', 'Milestone', 'Summary task'],
  )
  const modules = await halyard.db.all(sql`select name from enabled_modules where project_id = ${id} order by name`)
  assert.ok(modules.some((module) => module.name === 'work_package_tracking'))
})

test('the creator of a project becomes a member, and gets its action links', async () => {
  const { status, body } = await founder.post('/projects', { name: 'Founded', description: { raw: 'Mine' } })
  assert.equal(status, 201)
  assert.equal(body.description.raw, 'Mine')
  assert.ok('update' in body._links)
  assert.ok(!('delete' in body._links))
  assert.equal((await founder.get(`/projects/${body.id}`)).status, 200)
  const roles = await halyard.db.all(sql`
    select r.name from memberships m join membership_roles x on x.membership_id = m.id join roles r on r.id = x.role_id
    where m.project_id = ${body.id} and m.principal_id = ${founderId}`)
  assert.deepEqual(
    roles.map((role) => role.name),
    ['Project admin'],
  )
})

test('a setting determines the role of the creator', async () => {
  await halyard.setting('new_project_user_role_id', await halyard.id('roles', 'Reader'))
  const { body } = await founder.post('/projects', { name: 'Read only' })
  assert.ok(!('update' in body._links))
  await halyard.setting('new_project_user_role_id', null)
})

test('a user who may add subprojects can create subprojects only', async () => {
  assert.equal((await branch.post('/projects', { name: 'Below', _links: { parent: parent() } })).status, 201)
  const nowhere = await branch.post('/projects', { name: 'Nowhere' })
  assert.equal(nowhere.status, 422)
  assert.equal(nowhere.body._embedded.details.attribute, 'parent')
})

test('a parent must permit subprojects of the viewer', async () => {
  for (const href of [`/api/v3/projects/${parentId}`, '/api/v3/projects/999999']) {
    const { status, body } = await founder.post('/projects', { name: 'Misplaced', _links: { parent: { href } } })
    assert.equal(status, 422)
    assert.deepEqual(messages(body), ['Subproject of does not exist.'])
  }
})

test('others may not create projects', async () => {
  const { status, body } = await member.post('/projects', { name: 'No' })
  assert.equal(status, 403)
  assert.match(body.errorIdentifier, /MissingPermission$/)
  assert.equal((await member.post('/projects/form', {})).status, 403)
})

test('a name is required, with a limited length, and is the only error', async () => {
  const { status, body } = await halyard.admin.post('/projects', {})
  assert.equal(status, 422)
  assert.deepEqual(messages(body), ["Name can't be blank."])
  const long = await halyard.admin.post('/projects', { name: 'x'.repeat(256) })
  assert.deepEqual(messages(long.body), ['Name is too long (maximum is 255 characters).'])
})

test('invalid identifiers are rejected', async () => {
  const refused = async (identifier: string) => {
    const { status, body } = await halyard.admin.post('/projects', { name: 'Refused', identifier })
    assert.equal(status, 422, identifier)
    assert.equal(body._embedded.details.attribute, 'identifier')
    return body.message
  }
  await halyard.admin.post('/projects', { name: 'Taken', identifier: 'taken' })
  assert.equal(await refused('taken'), 'Identifier has already been taken.')
  assert.equal(await refused('new'), 'Identifier is reserved.')
  for (const identifier of ['123', 'Upper', 'with space', 'ünï', "a'b"])
    assert.equal(await refused(identifier), 'Identifier is invalid.')
  assert.match(await refused('x'.repeat(101)), /too long/)
})

test('an unknown status, a link of the wrong kind and a missing boolean are rejected', async () => {
  const status = async (href: string) =>
    (await halyard.admin.post('/projects', { name: 'Bad status', _links: { status: { href } } })).body
  assert.equal((await status('/api/v3/project_statuses/great')).message, 'Status is not set to one of the allowed values.')
  assert.match((await status('/api/v3/statuses/1')).errorIdentifier, /ResourceTypeMismatch$/)
  const { body } = await halyard.admin.post('/projects', { name: 'Null', public: null, active: null })
  assert.deepEqual(messages(body).sort(), ["Active can't be blank.", "Public can't be blank."])
})

test('administrators may set the time of creation, if the instance allows it', async () => {
  const createdAt = '2020-02-02T02:02:02.000Z'
  const refused = await halyard.admin.post('/projects', { name: 'Old', createdAt })
  assert.equal(refused.status, 422)
  assert.match(refused.body.errorIdentifier, /PropertyIsReadOnly$/)
  await halyard.setting('apiv3_write_readonly_attributes', true)
  assert.equal((await halyard.admin.post('/projects', { name: 'Old', createdAt })).body.createdAt, createdAt)
  assert.equal((await founder.post('/projects', { name: 'Older', createdAt })).status, 422)
  await halyard.setting('apiv3_write_readonly_attributes', false)
})
