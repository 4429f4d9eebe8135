/** Invitations: a mail with a link that works once, at which the invited completes the account. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import type { Mail } from '#kernel/declaration.ts'
import { type Instance, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { to } from '#test/scene.ts'
import { type Browser, browser } from '../sessions/browser.ts'

const PAGE = '/account/activate'
const PASSWORD = 'correct horse 7!'
const DAY = 86_400_000

let it: Instance
let email: string
let guest: Browser
before(async () => {
  it = await instance()
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
})
after(async () => {
  mock.timers.reset()
  await it.close()
})
let count = 0
beforeEach(async () => {
  await it.db.transaction((tx) => tx.run(sql`delete from jobs`))
  email = `vera-${++count}@example.net`
  guest = browser(it.url)
})

async function mails(): Promise<Mail[]> {
  const sent: Mail[] = []
  await runDue(it.db)
  for (let i = 0; i < 4; i++) await runDue(it.db, { post: async (mail) => sent.push(mail), only: ['mail.send', 'notices.send'] })
  return sent
}
async function invite(more: object = {}): Promise<number> {
  const { status, body } = await it.admin.post('/users', { email, status: 'invited', ...more })
  assert.equal(status, 201)
  return body.id
}
/** The path of the link in the only mail. */
async function link(): Promise<string> {
  const [mail, ...others] = await mails()
  assert.equal(others.length, 0)
  assert.equal(mail?.recipient, email)
  const { pathname, search } = new URL(mail?.link ?? assert.fail('no link'))
  return pathname + search
}
const statusOf = async (id: number) => (await it.admin.get(`/users/${id}`)).body.status
const names = { firstName: 'Vera', lastName: 'Example' }
const password = { password: PASSWORD, repeated: PASSWORD }
const accept = async (path: string, fields: object = { ...names, ...password }, by = guest) => {
  assert.deepEqual(to(await by.get(path)), [303, PAGE])
  return by.submit(PAGE, fields as Record<string, string>)
}

test('An invited user gets a mail, chooses name and password, and is signed in', async () => {
  const id = await invite()
  const path = await link()
  assert.match(path, /^\/account\/activate\?token=[0-9a-f]{64}$/)
  assert.deepEqual(to(await guest.get(path)), [303, PAGE])
  const { status, text } = await guest.get(PAGE)
  assert.equal(status, 200)
  assert.ok(text.includes(`Your username is <strong>${email}</strong>`))
  assert.equal(/value="(vera-|@example)/.test(text), false, 'a name that was derived from the address is none')
  assert.deepEqual(to(await guest.submit(PAGE, { ...names, ...password })), [303, '/'])
  assert.equal(await guest.me(), id)
  const { body } = await it.admin.get(`/users/${id}`)
  assert.deepEqual([body.status, body.name, body.login], ['active', 'Vera Example', email])
  assert.deepEqual(to(await browser(it.url).signIn(email, PASSWORD)), [303, '/'])
})

test('The mail names the inviter and the days that the link works', async () => {
  await it.setting('invitation_expiration_days', 2)
  await invite({ firstName: 'Vera', lastName: 'Example' })
  const [mail] = await mails()
  assert.equal(mail?.subject, 'Invitation to Halyard')
  assert.match(
    mail?.text ?? '',
    /^Hello Vera Example,\n\n.+ invites you to Halyard\.\n\nAccept the invitation:\nhttp:\/\/localhost:8080\/account\/activate\?token=/,
  )
  assert.match(mail?.text ?? '', /\n\nThe link works once and expires in 2 days\./)
  await it.setting('invitation_expiration_days', 7)
})

test('A name that the inviter gave is proposed', async () => {
  await invite({ firstName: 'Ada', lastName: 'Byron' })
  await guest.get(await link())
  assert.match((await guest.get(PAGE)).text, /name="firstName"[^>]*value="Ada"/)
})

describe('The link', () => {
  test('works once, and for a week', async () => {
    await invite()
    const path = await link()
    await accept(path)
    assert.equal((await accept(path, {}, browser(it.url))).status, 410)
    email = `late-${count}@example.net`
    const id = await invite()
    const late = await link()
    mock.timers.tick(7 * DAY)
    assert.equal((await accept(late)).status, 410)
    assert.equal(await statusOf(id), 'invited')
  })

  test('is renewed by inviting once more, and ends with a change of the address', async () => {
    const id = await invite()
    const first = await link()
    assert.equal((await it.admin.patch(`/users/${id}`, { status: 'invited' })).status, 200)
    const second = await link()
    assert.equal((await accept(first)).status, 410)
    email = `moved-${count}@example.net`
    assert.equal((await it.admin.patch(`/users/${id}`, { email })).status, 200)
    const third = await link()
    assert.equal((await accept(second)).status, 410)
    assert.equal((await accept(third)).status, 303)
  })

  test('is kept as a hash, and opens nothing else', async () => {
    const id = await invite()
    const path = await link()
    const secret = path.slice(-64)
    assert.equal(JSON.stringify(await it.db.all(sql`select * from one_time_links`)).includes(secret), false)
    await guest.get(`/account/lost_password?token=${secret}`)
    assert.equal((await guest.get('/account/lost_password/choose')).status, 410)
    assert.equal((await guest.get('/setup')).status, 410)
    assert.equal(await statusOf(id), 'invited')
  })

  test('shows errors at their fields, and still works then', async () => {
    await invite()
    const path = await link()
    const wrong = await accept(path, { ...names, password: 'short', repeated: 'short' })
    assert.equal(wrong.status, 422)
    assert.match(wrong.text, /id="password-error">The password /)
    const nameless = await guest.submit(PAGE, { firstName: '', lastName: 'x<y', ...password })
    assert.match(nameless.text, /id="firstName-error"/)
    assert.match(nameless.text, /id="lastName-error"/)
    assert.deepEqual(to(await guest.submit(PAGE, { ...names, ...password })), [303, '/'])
  })

  test('does nothing for an account that was locked, or activated by somebody else', async () => {
    const id = await invite()
    const path = await link()
    assert.equal((await it.admin.patch(`/users/${id}`, { status: 'active' })).status, 200)
    assert.equal((await accept(path)).status, 410)
  })
})

describe('A membership', () => {
  let project: number
  let role: number
  before(async () => {
    project = await it.make.project({ name: 'Harbour' })
    role = await it.make.role(['view_work_packages'])
  })
  const add = async (id: number, more: object = {}) => {
    const href = (path: string) => ({ href: `/api/v3/${path}` })
    const _links = { project: href(`projects/${project}`), principal: href(`users/${id}`), roles: [href(`roles/${role}`)] }
    const reply = await it.admin.post('/memberships', { _links, ...more })
    assert.equal(reply.status, 201, reply.text)
    return reply.body.id as number
  }

  test('of an invited user renews the invitation with the message, and leaves the first link as it is', async () => {
    const id = await invite()
    const first = await link()
    await add(id, { _meta: { notificationMessage: { raw: 'Welcome aboard!' } } })
    const [mail] = await mails()
    assert.match(
      mail?.text ?? '',
      / has added you to the project Harbour, and invites you to Halyard\.\n\nWelcome aboard!\n\nAccept the invitation:/,
    )
    assert.deepEqual(to(await accept(first)), [303, '/'])
  })

  test('of somebody by address takes the right to create users, and to manage members', async () => {
    const manager = await it.make.user({ name: 'Mate', email: `mate-${count}@example.net` })
    await it.make.member(manager, project, ['manage_members', 'view_members'])
    const client = await it.as(manager)
    assert.equal((await client.post('/users', { email, status: 'invited' })).status, 403)
    await it.make.member(manager, null, ['create_user', 'view_all_principals'])
    const { status, body } = await client.post('/users', { email, status: 'invited' })
    assert.equal(status, 201)
    const href = (path: string) => ({ href: `/api/v3/${path}` })
    const _links = { project: href(`projects/${project}`), principal: href(`users/${body.id}`), roles: [href(`roles/${role}`)] }
    const form = await client.post('/memberships/form', { _links })
    assert.deepEqual(form.body._embedded.validationErrors, {})
    const added = await client.post('/memberships', { _links, _meta: { notificationMessage: { raw: 'Join us.' } } })
    assert.equal(added.status, 201, added.text)
    assert.deepEqual(
      (await mails()).map(({ text }) => /Mate .*[.]/.exec(text)?.[0]),
      ['Mate invites you to Halyard.', 'Mate has added you to the project Harbour, and invites you to Halyard.'],
    )
  })

  test('is mailed with its message, or where the settings of the new member ask for it', async () => {
    const member = async () => it.make.user({ name: 'Ada Byron', email: `ada-${++count}@example.net` })
    const quiet = await member()
    await add(quiet)
    assert.deepEqual(await mails(), [])

    const spoken = await member()
    await add(spoken, { _meta: { notificationMessage: { raw: 'Welcome aboard!' } } })
    const [mail, ...others] = await mails()
    assert.equal(others.length, 0)
    assert.equal(mail?.subject, '[Harbour] You have been added')
    assert.match(
      mail?.text ?? '',
      /^Hello Ada Byron,\n\n.* has added you to the project Harbour\.\n\nRoles: .+\n\nWelcome aboard!\n\nOpen the project:\n/,
    )
    assert.equal(mail?.unsubscribe, undefined, 'no setting keeps a message away')

    const keen = await member()
    await asksFor(keen, { membershipAdded: true, membershipUpdated: true })
    const membership = await add(keen)
    const [added] = await mails()
    assert.match(added?.unsubscribe ?? '', /\.membership_added\./)
    const other = await it.make.role(['view_work_packages'])
    const roles = (id: number) => ({ _links: { roles: [{ href: `/api/v3/roles/${id}` }] } })
    assert.equal((await it.admin.patch(`/memberships/${membership}`, roles(other))).status, 200)
    assert.deepEqual(
      (await mails()).map(({ subject }) => subject),
      ['[Harbour] Your roles have changed'],
    )
    assert.equal((await it.admin.patch(`/memberships/${membership}`, roles(other))).status, 200)
    assert.deepEqual(await mails(), [], 'nothing has changed')
  })

  test('is not mailed where the request says so, or when it is gone by then', async () => {
    const id = await it.make.user({ email: `ben-${++count}@example.net` })
    const said = { notificationMessage: { raw: 'Welcome!' } }
    const membership = await add(id, { _meta: { ...said, sendNotifications: false } })
    assert.deepEqual(await mails(), [])
    assert.equal((await it.admin.delete(`/memberships/${membership}`)).status, 204)
    const again = await add(id, { _meta: said })
    assert.equal((await it.admin.delete(`/memberships/${again}`)).status, 204)
    assert.deepEqual(await mails(), [])
  })

  test('of a group is mailed to its users', async () => {
    const users = [
      await it.make.user({ email: `a-${++count}@example.net` }),
      await it.make.user({ email: `b-${count}@example.net` }),
    ]
    const members = users.map((id) => ({ href: `/api/v3/users/${id}` }))
    const group = await it.admin.post('/groups', { name: `Crew ${count}`, _links: { members } })
    assert.equal(group.status, 201)
    const href = (path: string) => ({ href: `/api/v3/${path}` })
    const _links = {
      project: href(`projects/${project}`),
      principal: href(`groups/${group.body.id}`),
      roles: [href(`roles/${role}`)],
    }
    const { status } = await it.admin.post('/memberships', { _links, _meta: { notificationMessage: { raw: 'All hands!' } } })
    assert.equal(status, 201)
    assert.deepEqual((await mails()).map(({ recipient }) => recipient).sort(), [
      `a-${count}@example.net`,
      `b-${count}@example.net`,
    ])
  })

  test('that is inherited from a group is mailed to who joins it and asks for it', async () => {
    const [keen, quiet] = [
      await it.make.user({ email: `k-${++count}@example.net` }),
      await it.make.user({ email: `q-${count}@example.net` }),
    ]
    await asksFor(keen, { membershipAdded: true })
    const group = (await it.admin.post('/groups', { name: `Watch ${count}` })).body.id
    const href = (path: string) => ({ href: `/api/v3/${path}` })
    const _links = { project: href(`projects/${project}`), principal: href(`groups/${group}`), roles: [href(`roles/${role}`)] }
    assert.equal((await it.admin.post('/memberships', { _links })).status, 201)
    const members = [keen, quiet].map((id) => href(`users/${id}`))
    assert.equal((await it.admin.patch(`/groups/${group}`, { _links: { members } })).status, 200)
    assert.deepEqual(
      (await mails()).map(({ recipient, subject }) => [recipient, subject]),
      [[`k-${count}@example.net`, '[Harbour] You have been added']],
    )
  })

  const asksFor = async (id: number, flags: object) => {
    const notifications = [{ ...flags, _links: { project: { href: null } } }]
    assert.equal((await (await it.as(id)).patch('/users/me/preferences', { notifications })).status, 200)
  }
})
