/** Memberships: visibility, permissions, grantable roles, and the roles that users inherit from groups. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, filters, type Instance, ids, instance, type Reply } from '#test/instance.ts'

let i: Instance
let project: number
let member: number
let reader: number
let lead: number
let asLead: Client
let viewer: number
let asViewer: Client

before(async () => {
  i = await instance()
  project = await i.make.project()
  member = await i.id('roles', 'Member')
  reader = await i.id('roles', 'Reader')
  lead = await i.make.user({ name: 'Lead' })
  await i.make.member(lead, project, ['manage_members', 'view_members'])
  await i.make.member(lead, null, ['view_all_principals'])
  asLead = await i.as(lead)
  viewer = await i.make.user({ name: 'Viewer' })
  await i.make.member(viewer, project, ['view_members'])
  asViewer = await i.as(viewer)
})
after(() => i.close())

const user = (id: number) => ({ href: `/api/v3/users/${id}` })
const roles = (...list: number[]) => list.map((id) => ({ href: `/api/v3/roles/${id}` }))
const at = (id: number) => ({ href: `/api/v3/projects/${id}` })
const attributes = ({ status, body }: Reply): string[] => {
  assert.equal(status, 422, JSON.stringify(body))
  return (body._embedded.errors ?? [body]).map((error: any) => error._embedded.details.attribute).toSorted()
}
const roleIds = ({ body }: Reply): number[] =>
  body._links.roles.map((link: any) => Number(link.href.split('/').at(-1))).toSorted((a: number, b: number) => a - b)

test('a user who manages members adds a member', async () => {
  const id = await i.make.user({ name: 'New Person' })
  const { status, body } = await asLead.post('/memberships', {
    _links: { project: at(project), principal: user(id), roles: roles(member) },
  })
  assert.equal(status, 201)
  assert.equal(body._type, 'Membership')
  assert.deepEqual(body._links.self, { href: `/api/v3/memberships/${body.id}`, title: 'New Person' })
  assert.equal(body._links.schema.href, '/api/v3/memberships/schema')
  assert.equal(body._links.update.method, 'post')
  assert.equal(body._links.updateImmediately.method, 'patch')
  assert.equal(body._links.project.href, `/api/v3/projects/${project}`)
  assert.deepEqual(body._links.principal, { href: `/api/v3/users/${id}`, title: 'New Person' })
  assert.deepEqual(body._links.roles, [{ href: `/api/v3/roles/${member}`, title: 'Member' }])
  assert.ok(!('delete' in body._links))
  assert.deepEqual(Object.keys(body._embedded).sort(), ['principal', 'project', 'roles'])
  assert.equal((await (await i.as(id)).get(`/projects/${project}`)).status, 200)
})

test('missing and invalid values are reported by property', async () => {
  const id = await i.make.user()
  const create = (links: object) => asLead.post('/memberships', { _links: links })
  const whole = { project: at(project), principal: user(id), roles: roles(member) }
  const without = await create({ ...whole, roles: [] })
  assert.deepEqual(attributes(without), ['roles'])
  assert.equal(without.body.message, 'Roles need to be assigned.')
  assert.deepEqual(attributes(await create({ ...whole, principal: undefined })), ['principal'])
  assert.deepEqual(attributes(await create({ ...whole, project: undefined })), ['project', 'roles'])
  assert.deepEqual(attributes(await create({ ...whole, principal: user(999999) })), ['principal'])
  assert.deepEqual(attributes(await create({ ...whole, roles: roles(999999) })), ['roles'])
  assert.deepEqual(attributes(await create({ ...whole, principal: user(lead) })), ['principal'])
  const locked = await i.make.user({ status: 3 })
  assert.deepEqual(attributes(await create({ ...whole, principal: user(locked) })), ['principal'])
  for (const name of ['Anonymous', 'Non member', 'Staff and projects manager', 'Work package editor', 'Standard global role']) {
    assert.deepEqual(attributes(await create({ ...whole, roles: roles(member, await i.id('roles', name)) })), ['roles'], name)
  }
})

test('without the permission to manage members it is 403, whether the project exists or not', async () => {
  const id = await i.make.user()
  const foreign = await i.make.project()
  const create = (place: number, given: number[]) =>
    asLead.post('/memberships', { _links: { project: at(place), principal: user(id), roles: roles(...given) } })
  const refused = await create(foreign, [member])
  assert.equal(refused.status, 403)
  assert.equal((await create(999999, [member])).text, refused.text)
  assert.deepEqual(attributes(await create(foreign, [])), ['project', 'roles'])
  assert.equal(
    (await asViewer.post('/memberships', { _links: { project: at(project), principal: user(id), roles: roles(member) } })).status,
    403,
  )
  assert.equal((await asViewer.post('/memberships/form', {})).status, 403)
})

test('hidden users cannot become members, and their existence is not disclosed', async () => {
  const half = await i.make.user()
  await i.make.member(half, project, ['manage_members'])
  const hidden = await i.make.user({ name: 'Canary' })
  const client = await i.as(half)
  const create = (id: number) =>
    client.post('/memberships', { _links: { project: at(project), principal: user(id), roles: roles(member) } })
  const refused = await create(hidden)
  assert.deepEqual(attributes(refused), ['principal'])
  assert.equal(refused.text, (await create(999999)).text)
})

test('a membership without a project needs an administrator and a global role', async () => {
  const staff = await i.id('roles', 'Staff and projects manager')
  const id = await i.make.user()
  const { status, body } = await i.admin.post('/memberships', { _links: { principal: user(id), roles: roles(staff) } })
  assert.equal(status, 201)
  assert.deepEqual(body._links.project, { href: null })
  assert.equal((await (await i.as(id)).get('/users')).status, 200)
  assert.equal((await asViewer.get(`/memberships/${body.id}`)).status, 404)
  assert.equal((await (await i.as(id)).patch(`/memberships/${body.id}`, { _links: { roles: roles(staff) } })).status, 404)
  const other = await i.make.user()
  assert.deepEqual(attributes(await i.admin.post('/memberships', { _links: { principal: user(other), roles: roles(member) } })), [
    'roles',
  ])
})

test('memberships are visible to users who may view or manage members there; others do not count them', async () => {
  const hidden = await i.make.project()
  const someone = await i.make.user()
  const foreign = await i.make.member(someone, hidden, [])
  const list = await asViewer.get('/memberships?pageSize=100')
  assert.equal(list.status, 200)
  assert.ok(list.body._embedded.elements.every((one: any) => one._links.project.href === `/api/v3/projects/${project}`))
  assert.equal(list.body.total, list.body.count)
  const refused = await asViewer.get(`/memberships/${foreign}`)
  assert.equal(refused.status, 404)
  assert.equal(refused.text, (await asViewer.get('/memberships/999999')).text)
  assert.deepEqual(ids(await (await i.as(someone)).get('/memberships')), [])
})

test('shares of single work packages are no memberships', async () => {
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const guest = await i.make.user()
  const share = await i.make.row(
    'memberships',
    { principal_id: guest, project_id: project, entity_type: 'WorkPackage', entity_id: 1, ...stamps },
    'memberships',
  )
  assert.equal((await i.admin.get(`/memberships/${share}`)).status, 404)
  assert.deepEqual(ids(await i.admin.get(`/memberships?${filters(['principal', '=', [guest]])}`)), [])
})

test('memberships are filtered by project, principal, role, group and the principal’s name', async () => {
  const place = await i.make.project()
  const [ada, bob] = [
    await i.make.user({ name: 'Ada Filter', email: 'ada@filter.example' }),
    await i.make.user({ name: 'Bob Filter' }),
  ]
  const team = await i.make.group({ name: 'Filter team' })
  await i.admin.patch(`/groups/${team}`, { _links: { members: [user(bob)] } })
  const [ofAda, ofTeam] = [await i.make.member(ada, place, { role: member }), await i.make.member(team, place, { role: reader })]
  const ofBob = await i.make.member(bob, place, { role: reader })
  const found = async (...list: Parameters<typeof filters>) =>
    ids(await i.admin.get(`/memberships?${filters(['project', '=', [place]], ...list)}`))
  assert.deepEqual(await found(), [ofAda, ofTeam, ofBob])
  assert.deepEqual(await found(['principal', '=', [ada]]), [ofAda])
  assert.deepEqual(await found(['role', '=', [reader]]), [ofTeam, ofBob])
  assert.deepEqual(await found(['group', '=', [team]]), [ofBob])
  assert.deepEqual(await found(['principal_type', '=', ['Group']]), [ofTeam])
  assert.deepEqual(await found(['name', '~', ['filter']], ['principal_type', '!', ['Group']]), [ofAda, ofBob])
  assert.deepEqual(await found(['any_name_attribute', '~', ['ada@filter']]), [ofAda])
  assert.deepEqual(await found(['status', '=', ['active']]), [ofAda, ofTeam, ofBob])
  assert.deepEqual(await found(['status', '=', ['locked']]), [])
  assert.deepEqual(await found(['created_at', 't']), [ofAda, ofTeam, ofBob])
  assert.deepEqual(await found(['blocked', '!', ['blocked']]), [ofAda, ofTeam, ofBob])
  assert.deepEqual(await found(['only_project_member', '=', ['f']]), [])
  assert.equal((await asViewer.get(`/memberships?${filters(['project', '=', [place]])}`)).status, 400)
  assert.deepEqual(ids(await asViewer.get(`/memberships?${filters(['any_name_attribute', '~', ['@filter.example']])}`)), [])
  const sorted = async (by: string) =>
    ids(
      await i.admin.get(
        `/memberships?${filters(['project', '=', [place]])}&sortBy=${encodeURIComponent(JSON.stringify([[by, 'asc']]))}`,
      ),
    )
  assert.deepEqual(await sorted('name'), [ofAda, ofBob, ofTeam])
  assert.deepEqual((await sorted('email'))[2], ofTeam)
})

test('an update replaces the roles; project and principal are read-only', async () => {
  const id = await i.make.user()
  const membership = await i.make.member(id, project, { role: member })
  const update = (links: object) => asLead.patch(`/memberships/${membership}`, { _links: links })
  assert.deepEqual(roleIds(await update({ roles: roles(member, reader) })), [member, reader])
  assert.deepEqual(roleIds(await update({ roles: roles(reader) })), [reader])
  assert.deepEqual(attributes(await update({ roles: [] })), ['roles'])
  const other = await i.make.user()
  const moved = await update({ principal: user(other), project: at(await i.make.project()) })
  assert.equal(moved.status, 422)
  assert.ok(moved.body._embedded.errors.some((error: any) => /PropertyIsReadOnly$/.test(error.errorIdentifier)))
  const untouched = await i.db.one(sql`select principal_id, project_id from memberships where id = ${membership}`)
  assert.deepEqual({ ...untouched }, { principal_id: id, project_id: project })
  assert.equal((await asViewer.patch(`/memberships/${membership}`, { _links: { roles: roles(member) } })).status, 403)
})

test('a message for the new member is accepted and repeated by the form, but not stored', async () => {
  const id = await i.make.user()
  const payload = {
    _links: { project: at(project), principal: user(id), roles: roles(member) },
    _meta: { notificationMessage: { raw: 'Welcome' }, sendNotifications: false },
  }
  const form = (await asLead.post('/memberships/form', payload)).body
  assert.equal(form._embedded.payload._meta.notificationMessage.raw, 'Welcome')
  assert.deepEqual(form._embedded.payload._links.roles, [{ href: `/api/v3/roles/${member}`, title: 'Member' }])
  assert.deepEqual(form._embedded.validationErrors, {})
  assert.deepEqual(form._links.commit, { href: '/api/v3/memberships', method: 'post' })
  const made = await asLead.post('/memberships', form._embedded.payload)
  assert.equal(made.status, 201)
  assert.ok(!('_meta' in made.body))
})

test('forms link to the allowed values', async () => {
  const id = await i.make.user()
  const create = (await asLead.post('/memberships/form', { _links: { project: at(project), principal: user(id) } })).body
  const hrefOf = (property: string) => decodeURIComponent(create._embedded.schema[property]._links.allowedValues.href)
  assert.equal(create._embedded.validationErrors.roles.message, 'Roles need to be assigned.')
  assert.match(hrefOf('project'), /available_projects\?filters=.*"principal".*"!"/)
  assert.match(hrefOf('principal'), /principals\?filters=.*"status".*"3".*"member"/)
  assert.equal(hrefOf('roles'), '/api/v3/roles')
  const membership = await i.make.member(id, project, { role: member })
  const edit = (await asLead.post(`/memberships/${membership}/form`, {})).body
  assert.equal(edit._embedded.schema.principal.writable, false)
  assert.deepEqual(Object.keys(edit._embedded.payload._links), ['roles'])
  assert.deepEqual(edit._links.commit, { href: `/api/v3/memberships/${membership}`, method: 'patch' })
})

test('the schema is visible to users who see members', async () => {
  const { status, body } = await asViewer.get('/memberships/schema')
  assert.equal(status, 200)
  assert.equal(body.notificationMessage.location, '_meta')
  assert.equal(body.roles.type, '[]Role')
  assert.deepEqual([body.project.required, body.principal.required, body.roles.required], [false, true, true])
  assert.equal((await (await i.as(await i.make.user())).get('/memberships/schema')).status, 403)
})

test('available projects are those in which the user manages members', async () => {
  await i.make.project({ public: true })
  assert.deepEqual(ids(await asLead.get('/memberships/available_projects')), [project])
  assert.equal((await asViewer.get('/memberships/available_projects')).status, 403)
})

test('deleting a membership removes the roles and watches that it gave', async () => {
  const id = await i.make.user()
  const workPackage = await i.make.workPackage({ project_id: project })
  const membership = await i.make.member(id, project, ['view_work_packages'])
  await i.db.transaction((tx) => tx.run(sql`insert into watchers (work_package_id, user_id) values (${workPackage}, ${id})`))
  assert.equal((await asViewer.delete(`/memberships/${membership}`)).status, 403)
  const { status, text } = await asLead.delete(`/memberships/${membership}`)
  assert.deepEqual([status, text], [204, ''])
  assert.equal((await asLead.get(`/memberships/${membership}`)).status, 404)
  assert.equal((await (await i.as(id)).get(`/projects/${project}`)).status, 404)
  assert.deepEqual(await i.db.all(sql`select * from watchers where user_id = ${id}`), [])
})

test('users inherit a group’s membership, its changes and its removal', async () => {
  const place = await i.make.project()
  const person = await i.make.user()
  const team = await i.make.group()
  await i.admin.patch(`/groups/${team}`, { _links: { members: [user(person)] } })
  const made = await i.admin.post('/memberships', {
    _links: { project: at(place), principal: { href: `/api/v3/groups/${team}` }, roles: roles(member) },
  })
  assert.equal(made.status, 201)
  const ofPerson = async () => i.admin.get(`/memberships?${filters(['project', '=', [place]], ['principal', '=', [person]])}`)
  const [passedOn] = (await ofPerson()).body._embedded.elements
  assert.deepEqual(passedOn._links.roles, [{ href: `/api/v3/roles/${member}`, title: 'Member' }])

  const refused = await i.admin.delete(`/memberships/${passedOn.id}`)
  assert.deepEqual(attributes(refused), ['base'])

  const own = await i.admin.patch(`/memberships/${passedOn.id}`, { _links: { roles: roles(member, reader) } })
  assert.deepEqual(roleIds(own), [member, reader])
  await i.admin.patch(`/memberships/${made.body.id}`, { _links: { roles: roles(await i.id('roles', 'Project admin')) } })
  assert.deepEqual(roleIds({ body: (await ofPerson()).body._embedded.elements[0] } as Reply), [
    reader,
    await i.id('roles', 'Project admin'),
  ])

  assert.deepEqual(roleIds(await i.admin.patch(`/memberships/${passedOn.id}`, { _links: { roles: [] } })), [
    await i.id('roles', 'Project admin'),
  ])
  assert.equal((await i.admin.delete(`/memberships/${made.body.id}`)).status, 204)
  assert.equal((await ofPerson()).body.total, 0)
})

test('sending a form’s payload back changes nothing', async () => {
  const place = await i.make.project()
  const person = await i.make.user()
  const team = await i.make.group()
  await i.admin.patch(`/groups/${team}`, { _links: { members: [user(person)] } })
  await i.admin.post('/memberships', {
    _links: { project: at(place), principal: { href: `/api/v3/groups/${team}` }, roles: roles(member) },
  })
  const [id] = ids(await i.admin.get(`/memberships?${filters(['project', '=', [place]], ['principal', '=', [person]])}`))
  const before = await i.db.all(sql`select * from membership_roles where membership_id = ${id}`)
  const form = (await i.admin.post(`/memberships/${id}/form`)).body
  assert.equal((await i.admin.patch(`/memberships/${id}`, form._embedded.payload)).status, 200)
  assert.deepEqual(await i.db.all(sql`select * from membership_roles where membership_id = ${id}`), before)
})
