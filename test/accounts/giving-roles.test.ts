/** Grantable roles: any role for members or, with the setting, only those whose permissions the user holds. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'

let i: Instance
let project: number
/** Manages the members of the project, and may see work packages. */
let lead: number
let asLead: Client
const role = { same: 0, less: 0, more: 0, apart: 0, admin: 0 }

const MANAGING = ['manage_members', 'view_members', 'view_work_packages', 'view_time_entries']
const link = (path: string, id: number) => ({ href: `/api/v3/${path}/${id}` })
const roles = (...ids: number[]) => ids.map((id) => link('roles', id))
const attributesOf = ({ body }: Reply) => [
  body.errorIdentifier?.split(':').at(-1),
  body.message,
  body._embedded?.details?.attribute,
]
const refused = ['PropertyConstraintViolation', 'Roles has an unassignable role.', 'roles']
const LIMIT = 'members_given_held_permissions_only'

const membership = (principal: number, of: string, ...ids: number[]) => ({
  _links: { project: link('projects', project), principal: link(of, principal), roles: roles(...ids) },
})

before(async () => {
  i = await instance()
  project = await i.make.project()
  role.same = await i.make.role(MANAGING)
  role.less = await i.make.role(['view_work_packages'])
  role.more = await i.make.role([...MANAGING, 'delete_work_packages'])
  role.apart = await i.make.role(['edit_project'])
  role.admin = await i.id('roles', 'Project admin')
  lead = await i.make.user({ name: 'Lead' })
  await i.make.member(lead, project, { role: role.same })
  await i.make.member(lead, null, ['view_all_principals'])
  asLead = await i.as(lead)
})
after(() => i.close())
beforeEach(() => i.setting(LIMIT, false))

const ownMembership = async () =>
  (await i.db.one<{ id: number }>(sql`select id from memberships where principal_id = ${lead} and project_id = ${project}`))!.id

test('a role that cannot be granted in a project, or only there, is rejected with OpenProject’s messages', async () => {
  const builtin = ['Non member', 'Anonymous', 'Work package editor', 'Staff and projects manager', 'Standard global role']
  for (const name of builtin) {
    const body = membership(await i.make.user(), 'users', role.less, await i.id('roles', name))
    const reply = await asLead.post('/memberships', body)
    assert.deepEqual([reply.status, ...attributesOf(reply)], [422, ...refused], name)
    const form = (await asLead.post('/memberships/form', body)).body
    assert.equal(form._embedded.validationErrors.roles.message, refused[1], name)
    assert.ok(!('commit' in form._links))
  }
  const global = { _links: { principal: link('users', await i.make.user()), roles: roles(role.less) } }
  assert.deepEqual(attributesOf(await i.admin.post('/memberships', global)), refused)
})

test('a user who manages members may grant any role for members, also to themselves', async () => {
  const own = await ownMembership()
  const form = (await asLead.post(`/memberships/${own}/form`)).body
  assert.match(form._embedded.schema.roles._links.allowedValues.href, /^\/api\/v3\/roles\?filters=%5B%7B%22unit%22/)
  assert.ok(!form._embedded.schema.roles._links.allowedValues.href.includes('grantableIn'))
  assert.equal((await asLead.patch(`/memberships/${own}`, { _links: { roles: roles(role.same, role.admin) } })).status, 200)
  assert.equal((await asLead.patch(`/memberships/${own}`, { _links: { roles: roles(role.same) } })).status, 200)
})

describe('with the setting that limits roles to held permissions', () => {
  beforeEach(() => i.setting(LIMIT, true))

  test('a role is granted by exactly the users who hold all of its permissions there', async () => {
    const other = await i.make.project()
    const wide = await i.make.user()
    await i.make.member(wide, project, { role: role.same })
    await i.make.member(wide, other, { role: role.admin })
    const two = await i.make.user()
    const twofold = await i.make.member(two, project, { role: role.same })
    await i.make.row('membership_roles', { membership_id: twofold, role_id: role.apart }, 'memberships')
    const owner = await i.make.user({ admin: true })
    await i.make.member(owner, project, { role: role.same })
    const group = await i.make.group()
    const grouped = await i.make.user()
    await i.admin.patch(`/groups/${group}`, { _links: { members: [link('users', grouped)] } })
    await i.admin.post('/memberships', membership(group, 'groups', role.same, role.apart))
    const { same, less, more, apart, admin } = role
    for (const one of [wide, two, grouped]) await i.make.member(one, null, ['view_all_principals'])
    const may: [string, Client, number[]][] = [
      ['a manager', asLead, [same, less]],
      ['one who holds more in another project', await i.as(wide), [same, less]],
      ['one of two roles', await i.as(two), [same, less, apart]],
      ['one whose roles come from a group', await i.as(grouped), [same, less, apart]],
      ['an administrator', i.admin, [same, less, more, apart, admin]],
      ['an administrator whose token is for this project', await i.as(owner, { projects: [project] }), [same, less]],
    ]
    for (const [name, asking, givable] of may) {
      const link = (await asking.post('/memberships/form', membership(await i.make.user(), 'users'))).body._embedded.schema.roles
        ._links.allowedValues.href
      const offered = (await asking.get(link.replace('/api/v3', ''))).body._embedded.elements.map((one: { id: number }) => one.id)
      for (const [kind, id] of Object.entries(role)) {
        const expected = givable.includes(id)
        const told = `${name}, ${kind}`
        if (name !== 'an administrator') assert.equal(offered.includes(id), expected, `${told}: offered`)
        const principals = { users: await i.make.user(), groups: await i.make.group(), placeholder_users: 0 }
        principals.placeholder_users = await i.make.user({ type: 'PlaceholderUser', login: null, email: null })
        // With a token limited to a project, users outside are hidden, so it can only change existing members.
        for (const [of, principal] of name.includes('token') ? [] : Object.entries(principals)) {
          const body = membership(principal, of, less, id)
          const form = (await asking.post('/memberships/form', body)).body._embedded.validationErrors
          assert.deepEqual(Object.keys(form), expected ? [] : ['roles'], `${told}: form`)
          const reply = await asking.post('/memberships', body)
          assert.equal(reply.status, expected ? 201 : 422, `${told}, ${of}: ${reply.text}`)
          if (!expected) assert.deepEqual(attributesOf(reply), refused)
        }
        const stored = await i.make.member(await i.make.user(), project, { role: less })
        const patched = await asking.patch(`/memberships/${stored}`, { _links: { roles: roles(less, id) } })
        assert.equal(patched.status, expected ? 200 : 422, `${told}: PATCH`)
      }
    }
  })

  test('neither their own membership nor that of a group of theirs extends their grants', async () => {
    const own = await ownMembership()
    assert.deepEqual(
      attributesOf(await asLead.patch(`/memberships/${own}`, { _links: { roles: roles(role.same, role.more) } })),
      refused,
    )
    const group = await i.make.group()
    await i.admin.patch(`/groups/${group}`, { _links: { members: [link('users', lead)] } })
    assert.deepEqual(attributesOf(await asLead.post('/memberships', membership(group, 'groups', role.more))), refused)
    const weak = await asLead.post('/memberships', membership(group, 'groups', role.less))
    assert.equal(weak.status, 201)
    assert.deepEqual(
      attributesOf(await asLead.patch(`/memberships/${weak.body.id}`, { _links: { roles: roles(role.apart) } })),
      refused,
    )
    assert.equal((await asLead.patch(`/groups/${group}`, { name: 'Mine' })).status, 403)
    // Clients cannot write shares as memberships.
    assert.equal((await asLead.delete(`/memberships/${weak.body.id}`)).status, 204)
  })

  test('users who could not grant a role can keep or remove it in a membership', async () => {
    const stored = await i.make.member(await i.make.user(), project, { role: role.admin })
    const patch = (...ids: number[]) => asLead.patch(`/memberships/${stored}`, { _links: { roles: roles(...ids) } })
    assert.equal((await patch(role.admin, role.less)).status, 200)
    assert.deepEqual(attributesOf(await patch(role.admin, role.apart)), refused)
    assert.equal((await patch(role.less)).status, 200)
    assert.deepEqual(attributesOf(await patch(role.admin)), refused)
  })

  test('disabled modules make no difference to grantable roles', async () => {
    await i.db.transaction((tx) => tx.run(sql`delete from enabled_modules where project_id = ${project} and name = 'costs'`))
    assert.equal((await asLead.post('/memberships', membership(await i.make.user(), 'users', role.same))).status, 201)
  })

  test('a new project gives its creator no permissions beyond those held elsewhere, unless an administrator has configured the role', async () => {
    const founder = await i.make.user()
    await i.make.member(founder, null, ['add_project'])
    const asFounder = await i.as(founder)
    const create = (asking = asFounder) => asking.post('/projects', { name: `Founded ${Math.random()}` })
    const reply = await create()
    assert.deepEqual([reply.status, reply.body.message], [422, 'Roles has an unassignable role.'])
    const form = (await asFounder.post('/projects/form', { name: 'Founded' })).body
    assert.equal(form._embedded.validationErrors.base.message, 'Roles has an unassignable role.')
    assert.equal((await create(i.admin)).status, 201)

    await i.setting('new_project_user_role_id', role.same)
    const named = await create()
    assert.equal(named.status, 201)
    const rolesIn = async (id: number) =>
      (
        await i.db.all<{
          role_id: number
        }>(sql`select r.role_id from memberships m join membership_roles r on r.membership_id = m.id
          where m.principal_id = ${founder} and m.project_id = ${id}`)
      ).map((one) => one.role_id)
    assert.deepEqual(await rolesIn(named.body.id), [role.same])
    await i.setting('new_project_user_role_id', null)

    await i.make.member(founder, project, { role: role.admin })
    const found = await create()
    assert.deepEqual(await rolesIn(found.body.id), [role.admin])
    await i.setting(LIMIT, false)
    assert.equal((await create()).status, 201)
  })
})

test('the filter finds the roles that the viewer may grant in a project', async () => {
  const filters = (operator: string, ...values: number[]) =>
    `/roles?filters=${encodeURIComponent(JSON.stringify([{ grantableIn: { operator, values: values.map(String) } }]))}`
  const names = async (path: string) => (await asLead.get(path)).body._embedded.elements.map((one: { id: number }) => one.id)
  const all = await names('/roles')
  const givable = await names(filters('=', project))
  assert.deepEqual(
    Object.values(role).filter((id) => !givable.includes(id)),
    [],
  )
  await i.setting(LIMIT, true)
  const limited = await names(filters('=', project))
  assert.deepEqual(limited, [role.same, role.less])
  assert.deepEqual(
    await names(filters('!', project)),
    all.filter((id: number) => !limited.includes(id)),
  )
  assert.equal((await asLead.get(filters('=', await i.make.project()))).status, 400)
})
