/** Creating and changing accounts: permissions and validation. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { verifyPassword } from '#identity/passwords.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'

let i: Instance
let manager: number
let asManager: Client
let creator: Client

before(async () => {
  i = await instance()
  manager = await i.make.user()
  await i.make.member(manager, null, ['manage_user'])
  asManager = await i.as(manager)
  const other = await i.make.user()
  await i.make.member(other, null, ['create_user'])
  creator = await i.as(other)
})
after(() => i.close())

const jane = (n: string) => ({
  login: `jane-${n}`,
  email: `jane-${n}@example.net`,
  firstName: 'Jane',
  lastName: 'Doe',
  status: 'active',
  password: 'correct horse',
})

/** The attributes of validation errors (422), with the kind of each error. */
const complaints = ({ status, body }: Reply): Record<string, string> => {
  assert.equal(status, 422, JSON.stringify(body))
  const errors = body._embedded.errors ?? [body]
  return Object.fromEntries(
    errors.map((error: any) => [error._embedded.details.attribute, error.errorIdentifier.split(':').at(-1)]),
  )
}

test('an administrator creates an active user with a password, which is stored as a hash only', async () => {
  const { status, body } = await i.admin.post('/users', jane('one'))
  assert.equal(status, 201)
  assert.equal(body.name, 'Jane Doe')
  assert.equal(body.status, 'active')
  assert.equal(body.language, 'en')
  assert.doesNotMatch(JSON.stringify(body), /correct horse|argon2/)
  const row = await i.db.one(sql`select password_hash from principals where id = ${body.id}`)
  assert.ok(await verifyPassword('correct horse', row?.password_hash))
})

test('an active user needs a password or another sign-in method', async () => {
  const { password: _, ...without } = jane('two')
  assert.deepEqual(complaints(await i.admin.post('/users', without)), { password: 'PropertyConstraintViolation' })
  assert.equal((await i.admin.post('/users', { ...without, identityUrl: 'https://id.example.net/jane' })).status, 201)
})

test('users with the permission to create users, but not administrators, can only invite: by an address, and without a password', async () => {
  const invited = await creator.post('/users', { email: 'sam.poe@example.net', status: 'invited' })
  assert.equal(invited.status, 201)
  assert.deepEqual(
    [invited.body.login, invited.body.firstName, invited.body.lastName, invited.body.status],
    ['sam.poe@example.net', 'sam.poe', '@example.net', 'invited'],
  )
  assert.equal(complaints(await creator.post('/users', jane('three'))).password, 'PropertyIsReadOnly')
  assert.equal(
    complaints(await creator.post('/users', { ...jane('three'), password: undefined, status: 'invited', admin: true })).admin,
    'PropertyIsReadOnly',
  )
})

test('other users cannot create users', async () => {
  const plain = await i.as(await i.make.user())
  assert.equal((await plain.post('/users', jane('four'))).status, 403)
  assert.equal((await plain.post('/users/form', {})).status, 403)
})

test('login and address are unique ignoring case, and well formed', async () => {
  await i.admin.post('/users', jane('five'))
  assert.deepEqual(
    complaints(await i.admin.post('/users', { ...jane('five'), login: ' JANE-FIVE ', email: 'Jane-Five@example.net' })),
    {
      login: 'PropertyConstraintViolation',
      email: 'PropertyConstraintViolation',
    },
  )
  for (const wrong of [
    { login: 'me' },
    { login: 'jane;doe' },
    { login: 'x'.repeat(257) },
    { email: 'nowhere' },
    { email: 'a b@example.net' },
    { firstName: '<b>Jane</b>' },
    { lastName: '' },
    { language: 'english' },
    { status: 'locked' },
    { status: 'unheard of' },
    { password: 'short' },
    { password: '' },
  ]) {
    const [attribute] = Object.keys(wrong) as [string]
    assert.deepEqual(Object.keys(complaints(await i.admin.post('/users', { ...jane('six'), ...wrong }))), [attribute], attribute)
  }
  assert.equal((await i.admin.post('/users', { ...jane('six'), firstName: 'Zoë-Ñ 🦊', lastName: "O'Hara, jr. (2)" })).status, 201)
})

test('a password has to follow the rules of the settings', async () => {
  await i.setting('password_min_adhered_rules', 3)
  await i.setting('password_min_length', 12)
  const { body } = await i.admin.post('/users', { ...jane('seven'), password: 'lowercase 1' })
  assert.match(body.message, /^Password is too short \(minimum is 12 characters\)\.$/)
  assert.deepEqual(complaints(await i.admin.post('/users', { ...jane('seven'), password: 'onlylowercaseletters' })), {
    password: 'PropertyConstraintViolation',
  })
  assert.equal((await i.admin.post('/users', { ...jane('seven'), password: 'Lower And Upper 1' })).status, 201)
  await i.setting('password_min_adhered_rules', 0)
  await i.setting('password_min_length', 10)
})

test('users change their own names and language, and, with their password, their address, which receives password resets', async () => {
  const id = await i.make.user({ password_hash: quickHash('old password') })
  const client = await i.as(id)
  const change = { firstName: 'Verena', lastName: 'Vogt', language: 'de' }
  assert.deepEqual(complaints(await client.patch('/users/me', { ...change, email: 'verena@example.net' })), {
    email: 'PropertyIsReadOnly',
  })
  const { status, body } = await client.patch('/users/me', {
    ...change,
    email: 'verena@example.net',
    currentPassword: 'old password',
  })
  assert.equal(status, 200)
  assert.deepEqual([body.name, body.email, body.language], ['Verena Vogt', 'verena@example.net', 'de'])
  assert.equal((await client.patch('/users/me', { ...change, email: body.email })).status, 200, 'what stays needs no proof')
})

test('nobody changes their own login, admin flag or status, not even an administrator', async () => {
  const plain = await i.as(await i.make.user())
  for (const client of [plain, asManager, i.admin]) {
    for (const change of [{ login: 'other' }, { status: 'locked' }]) {
      assert.deepEqual(complaints(await client.patch('/users/me', change)), { [Object.keys(change)[0]!]: 'PropertyIsReadOnly' })
    }
  }
  assert.deepEqual(complaints(await plain.patch('/users/me', { admin: true })), { admin: 'PropertyIsReadOnly' })
  assert.deepEqual(complaints(await i.admin.patch('/users/me', { admin: false })), { admin: 'PropertyIsReadOnly' })
  assert.deepEqual(complaints(await plain.patch('/users/me', { identityUrl: 'https://evil.example' })), {
    identityUrl: 'PropertyIsReadOnly',
  })
})

test('the name is read-only, even unchanged', async () => {
  const me = (await i.admin.get('/users/me')).body
  const reply = await i.admin.patch('/users/me', { name: me.name })
  assert.deepEqual(complaints(reply), { name: 'PropertyIsReadOnly' })
  assert.match(reply.body.message, /first and the last name/)
})

test('internal properties are read-only for everybody', async () => {
  const id = await i.make.user()
  const before = await i.db.one(sql`select * from principals where id = ${id}`)
  const reply = await i.admin.patch(`/users/${id}`, { createdAt: '2001-01-01T00:00:00Z' })
  assert.deepEqual(complaints(reply), { createdAt: 'PropertyIsReadOnly' })
  await i.admin.patch(`/users/${id}`, {
    id: 1,
    type: 'SystemUser',
    password_hash: 'x',
    passwordHash: 'x',
    __proto__: { admin: true },
  })
  assert.deepEqual(await i.db.one(sql`select * from principals where id = ${id}`), before)
})

test('changing one’s own password requires the current one', async () => {
  const id = await i.make.user({ password_hash: quickHash('old password') })
  const client = await i.as(id)
  const hash = async () => (await i.db.one(sql`select password_hash from principals where id = ${id}`))?.password_hash
  const before = await hash()

  assert.deepEqual(complaints(await client.patch('/users/me', { password: 'new password' })), {
    currentPassword: 'PropertyConstraintViolation',
  })
  assert.deepEqual(complaints(await client.patch('/users/me', { password: 'new password', currentPassword: 'wrong' })), {
    currentPassword: 'PropertyConstraintViolation',
  })
  assert.deepEqual(complaints(await client.patch('/users/me', { password: 'short', currentPassword: 'old password' })), {
    password: 'PropertyConstraintViolation',
  })
  assert.equal(await hash(), before)

  assert.equal((await client.patch('/users/me', { password: 'new password', currentPassword: 'old password' })).status, 200)
  assert.ok(await verifyPassword('new password', await hash()))
})

test('administrators set other users’ passwords; user managers do not', async () => {
  const id = await i.make.user()
  assert.equal((await i.admin.patch(`/users/${id}`, { password: 'set by admin' })).status, 200)
  const stored = await i.db.one(sql`select password_hash from principals where id = ${id}`)
  assert.ok(await verifyPassword('set by admin', stored?.password_hash))
  assert.deepEqual(complaints(await asManager.patch(`/users/${id}`, { password: 'set by manager' })), {
    password: 'PropertyIsReadOnly',
  })
})

test('user managers change login, names and status of others, but not their addresses or admin flags', async () => {
  const id = await i.make.user()
  const changed = await asManager.patch(`/users/${id}`, {
    login: 'renamed',
    firstName: 'Re',
    lastName: 'Named',
    status: 'locked',
  })
  assert.equal(changed.status, 200)
  assert.deepEqual([changed.body.login, changed.body.name, changed.body.status], ['renamed', 'Re Named', 'locked'])
  assert.deepEqual(complaints(await asManager.patch(`/users/${id}`, { email: 'mine@example.net' })), {
    email: 'PropertyIsReadOnly',
  })
  assert.deepEqual(complaints(await asManager.patch(`/users/${id}`, { admin: true })), { admin: 'PropertyIsReadOnly' })
})

test('a user manager cannot change administrators', async () => {
  const boss = await i.make.user({ admin: true })
  for (const change of [{ firstName: 'Changed' }, { status: 'locked' }, {}]) {
    assert.equal((await asManager.patch(`/users/${boss}`, change)).status, 403)
  }
  assert.equal((await asManager.post(`/users/${boss}/form`, {})).status, 403)
  assert.equal((await asManager.post(`/users/${boss}/lock`)).status, 403)
  assert.equal((await asManager.delete(`/users/${boss}`)).status, 403)
})

test('other users cannot change users: 403 for visible ones, 404 for hidden ones', async () => {
  const project = await i.make.project()
  const [one, mate, stranger] = [await i.make.user(), await i.make.user(), await i.make.user()]
  await i.make.member(one, project, [])
  await i.make.member(mate, project, [])
  const client = await i.as(one)
  assert.equal((await client.patch(`/users/${mate}`, { firstName: 'X' })).status, 403)
  assert.equal((await client.patch(`/users/${stranger}`, { firstName: 'X' })).status, 404)
  assert.equal((await client.patch('/users/999999', { firstName: 'X' })).status, 404)
})

test('the built-in users cannot be changed', async () => {
  const deleted = await i.db.one<{ id: number }>(sql`select id from principals where type = 'DeletedUser'`)
  assert.equal((await i.admin.patch(`/users/${deleted?.id}`, { firstName: 'X' })).status, 403)
  assert.equal((await i.admin.delete(`/users/${deleted?.id}`)).status, 403)
  assert.equal((await i.admin.post(`/users/${deleted?.id}/lock`)).status, 403)
})

test('users of an identity provider cannot change their names and address', async () => {
  const client = await i.as(await i.make.user({ identity_url: 'https://id.example.net/1' }))
  assert.deepEqual(complaints(await client.patch('/users/me', { firstName: 'X', email: 'x@example.net' })), {
    firstName: 'PropertyIsReadOnly',
    email: 'PropertyIsReadOnly',
  })
})

test('the create form reports missing values, and its payload can be posted', async () => {
  const empty = (await i.admin.post('/users/form', {})).body
  assert.equal(empty._type, 'Form')
  assert.deepEqual(Object.keys(empty._embedded.validationErrors).sort(), ['email', 'firstName', 'lastName', 'login', 'password'])
  assert.ok(!('commit' in empty._links))
  const filled = (await i.admin.post('/users/form', { ...jane('eight'), status: 'invited', password: undefined })).body
  assert.deepEqual(filled._embedded.validationErrors, {})
  assert.deepEqual(filled._links.commit, { href: '/api/v3/users', method: 'post' })
  assert.equal((await i.admin.post('/users', filled._embedded.payload)).status, 201)
})

test('the edit form offers only values that the viewer may write', async () => {
  const id = await i.make.user({ language: 'en' })
  const own = (await (await i.as(id)).post('/users/me/form', {})).body
  assert.deepEqual(Object.keys(own._embedded.payload).sort(), ['_links', 'firstName', 'language', 'lastName'])
  assert.deepEqual(own._links.commit, { href: `/api/v3/users/${id}`, method: 'patch' })
  const form = (await i.admin.post(`/users/${id}/form`, { login: '' })).body
  assert.equal(form._embedded.validationErrors.login._embedded.details.attribute, 'login')
  assert.equal(
    (await i.admin.patch(`/users/${id}`, (await i.admin.post(`/users/${id}/form`)).body._embedded.payload)).status,
    200,
  )
})

test('a change applies to the next request', async () => {
  const id = await i.make.user()
  const client = await i.as(id)
  assert.equal((await client.get('/users/me')).status, 200)
  await i.admin.patch(`/users/${id}`, { status: 'locked' })
  assert.equal((await client.get('/users/me')).status, 401)
})

test('a status that is not the name of one is rejected, even a name of the prototype', async () => {
  for (const status of [{ toString: [] }, 'constructor', 'toString']) {
    const reply = await i.admin.post('/users', { login: 'odd', email: 'odd@example.net', firstName: 'O', lastName: 'D', status })
    assert.equal(reply.status, 422, reply.text)
  }
})
