/** The list of all principals: the users, groups and placeholder users that the viewer sees. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

let i: Instance
let project: number
let other: number
let vera: number
let mate: number
let stranger: number
let team: number
let placeholder: number
let asVera: Client

const found = async (client: Client, ...list: Parameters<typeof filters>) =>
  ids(await client.get(`/principals?pageSize=100&${filters(...list)}`)).toSorted((a, b) => a - b)
const among = (...wanted: number[]) => wanted.toSorted((a, b) => a - b)

before(async () => {
  i = await instance()
  project = await i.make.project()
  other = await i.make.project()
  vera = await i.make.user({ name: 'Vera Voss', login: 'vera', email: 'vera@example.net' })
  mate = await i.make.user({ name: 'Mate Mason', login: 'matelogin', email: 'mate@canary.example' })
  stranger = await i.make.user({ name: 'Canary Stone', login: 'canary', email: 'canary@example.net' })
  team = await i.make.group({ name: 'Team' })
  placeholder = await i.make.row('principals', {
    ...{ type: 'PlaceholderUser', name: 'Somebody', status: 1 },
    ...{ created_at: new Date().toISOString(), updated_at: new Date().toISOString() },
  })
  await i.make.member(vera, project, ['view_members'])
  await i.make.member(mate, project, [])
  await i.make.member(team, project, [])
  await i.make.member(placeholder, project, [])
  await i.make.member(stranger, other, [])
  asVera = await i.as(vera)
})
after(() => i.close())

test('the principals of the viewer’s projects are listed, each as its own type, and no others', async () => {
  const { status, body, text } = await asVera.get('/principals')
  assert.equal(status, 200)
  const kinds = Object.fromEntries(body._embedded.elements.map((one: any) => [one.id, [one._type, one._links.self.href]]))
  assert.deepEqual(kinds, {
    [vera]: ['User', `/api/v3/users/${vera}`],
    [mate]: ['User', `/api/v3/users/${mate}`],
    [team]: ['Group', `/api/v3/groups/${team}`],
    [placeholder]: ['PlaceholderUser', `/api/v3/placeholder_users/${placeholder}`],
  })
  assert.equal(body.total, 4)
  assert.doesNotMatch(text, /[Cc]anary/)
})

test('pages count visible principals only', async () => {
  const { body } = await asVera.get('/principals?pageSize=1&offset=4')
  assert.deepEqual([body.total, body.count], [4, 1])
  assert.ok(!('nextByOffset' in body._links))
})

test('without permissions a user sees only themselves; administrators and users with view_all_principals see all', async () => {
  const lonely = await i.make.user()
  assert.deepEqual(await found(await i.as(lonely)), [lonely])
  const reader = await i.make.user()
  await i.make.member(reader, null, ['view_all_principals'])
  const all = await found(i.admin)
  assert.deepEqual(await found(await i.as(reader)), all)
  assert.ok([vera, mate, stranger, team, placeholder].every((id) => all.includes(id)))
})

test('anonymous users see no principals, except with the permission to view members', async () => {
  await i.setting('login_required', false)
  assert.deepEqual(await found(i.anonymous), [])
  const open = await i.make.project({ public: true })
  const host = await i.make.user()
  await i.make.member(host, open, [])
  assert.deepEqual(await found(i.anonymous), [])
  await i.db.transaction(async (tx) => {
    await tx.run(
      sql`insert into role_permissions (role_id, permission) select id, 'view_members' from roles where builtin = 'anonymous'`,
    )
    await invalidate(tx, 'roles')
  })
  assert.deepEqual(await found(i.anonymous), [host])
  await i.setting('login_required', true)
})

test('the built-in users are never listed', async () => {
  const { body } = await i.admin.get('/principals?pageSize=100')
  assert.ok(body._embedded.elements.every((one: any) => !/Deleted|Anonymous|System/.test(one.name)))
})

test('principals are filtered by type, id, name and status number', async () => {
  assert.deepEqual(await found(asVera, ['type', '=', ['Group', 'PlaceholderUser']]), among(team, placeholder))
  assert.deepEqual(await found(asVera, ['type', '!', ['User']]), among(team, placeholder))
  assert.deepEqual(await found(asVera, ['id', '=', ['me', String(team)]]), among(vera, team))
  assert.deepEqual(await found(asVera, ['name', '~', ['mason']]), [mate])
  assert.deepEqual(await found(asVera, ['typeahead', '**', ['some bod']]), [placeholder])
  assert.deepEqual(await found(asVera, ['status', '=', ['3']]), [])
  assert.deepEqual(await found(asVera, ['status', '!', ['3']]), among(vera, mate, team, placeholder))
  for (const wrong of [
    ['status', 'active'],
    ['type', 'Robot'],
    ['id', 'you'],
  ] as const) {
    assert.equal((await asVera.get(`/principals?${filters([wrong[0], '=', [wrong[1]]])}`)).status, 400)
  }
})

test('hidden and unknown ids get the same response', async () => {
  const hidden = await asVera.get(`/principals?${filters(['id', '=', [stranger]])}`)
  const missing = await asVera.get(`/principals?${filters(['id', '=', [999999]])}`)
  assert.equal(hidden.status, 400)
  assert.equal(hidden.text, missing.text)
})

test('addresses and logins cannot be guessed by a search', async () => {
  assert.deepEqual(await found(asVera, ['any_name_attribute', '~', ['canary.example']]), [])
  assert.deepEqual(await found(asVera, ['any_name_attribute', '~', ['matelogin']]), [])
  assert.deepEqual(await found(asVera, ['any_name_attribute', '~', ['vera@example']]), [vera])
  assert.deepEqual(await found(i.admin, ['any_name_attribute', '~', ['canary.example']]), [mate])
})

test('members of a project are found where the viewer may see its members', async () => {
  assert.deepEqual(await found(asVera, ['member', '=', [project]]), among(vera, mate, team, placeholder))
  assert.deepEqual(await found(asVera, ['member', '!', [project]]), [])
  assert.deepEqual(await found(asVera, ['access_to_anything_in_project', '=', [project]]), among(vera, mate, team, placeholder))
  assert.deepEqual(await found(i.admin, ['member', '=', [other]]), [stranger])
  assert.ok((await found(i.admin, ['member', '!*'])).every((id) => ![vera, mate, stranger].includes(id)))

  const secret = await i.make.project({ public: true })
  await i.make.member(mate, secret, [])
  assert.deepEqual(await found(asVera, ['member', '=', [secret]]), [])
  assert.equal((await asVera.get(`/principals?${filters(['member', '=', [other]])}`)).status, 400)
})

test('the mentionable principals of a work package are those who see it', async () => {
  const place = await i.make.project()
  const [reader, mute, guest] = [await i.make.user(), await i.make.user(), await i.make.user()]
  await i.make.member(reader, place, ['view_work_packages', 'view_internal_comments'])
  await i.make.member(mute, place, [])
  const workPackage = await i.make.workPackage({ project_id: place })
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const share = await i.make.row(
    'memberships',
    { principal_id: guest, project_id: place, entity_type: 'WorkPackage', entity_id: workPackage, ...stamps },
    'memberships',
  )
  const viewer = await i.id('roles', 'Work package viewer')
  await i.make.row('membership_roles', { membership_id: share, role_id: viewer }, 'memberships')
  const asReader = await i.as(reader)
  assert.deepEqual(await found(i.admin, ['mentionable_on_work_package', '=', [workPackage]]), among(reader, guest))
  assert.deepEqual(await found(asReader, ['mentionable_on_work_package', '=', [workPackage]]), among(reader, guest))
  assert.deepEqual(await found(asReader, ['internal_mentionable_on_work_package', '=', [workPackage]]), [reader])
  assert.equal((await asVera.get(`/principals?${filters(['mentionable_on_work_package', '=', [workPackage]])}`)).status, 400)
  const asGuest = await i.as(guest)
  assert.equal(
    (await asGuest.get(`/principals?${filters(['internal_mentionable_on_work_package', '=', [workPackage]])}`)).status,
    400,
  )
})

test('principals are sorted by name, and select reduces the response', async () => {
  const { body } = await asVera.get(
    `/principals?sortBy=${encodeURIComponent('[["name","asc"]]')}&select=total,elements/name,elements/self`,
  )
  assert.equal(body.total, 4)
  const names = body._embedded.elements.map((one: any) => one.name)
  assert.deepEqual(names, names.toSorted())
  assert.ok(body._embedded.elements.every((one: any) => Object.keys(one).join() === 'name,_links'))
  assert.equal((await asVera.get('/principals?select=elements/password_hash')).status, 400)
})
