/** Self-registration, as the setting says, without telling anybody which accounts exist. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { computations } from '#identity/passwords.ts'
import type { Mail } from '#kernel/declaration.ts'
import { build } from '#server/app.ts'
import { client } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { forgetReads } from '#test/statements.ts'
import { browser } from '../sessions/browser.ts'

const REGISTER = '/account/register'
const ACTIVATE = '/account/activate'
const HOUR = 3_600_000

let it: Scene
let email: string
let login: string
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
let count = 0
beforeEach(async () => {
  email = `Newcomer-${++count}@example.net`
  login = `newcomer-${count}`
  mock.timers.tick(2 * HOUR)
  await it.db.transaction((tx) => tx.run(sql`delete from jobs`))
})

const fields = (more: object = {}) => ({
  ...{ firstName: 'Vera', lastName: 'Example', email, login, password: PASSWORD, repeated: PASSWORD },
  ...more,
})
const register = (more: object = {}) => browser(it.url).submit(REGISTER, fields(more) as Record<string, string>)
async function mails(): Promise<Mail[]> {
  const sent: Mail[] = []
  await runDue(it.db)
  for (let i = 0; i < 4; i++) await runDue(it.db, { post: async (mail) => sent.push(mail), only: ['mail.send'] })
  return sent
}
const signsIn = async (password = PASSWORD, as = login) => (await browser(it.url).signIn(as, password)).status === 303
const account = async () => (await it.db.one(sql`select * from principals where login = ${login}`)) ?? {}
const pathOf = (mail: Mail | undefined) => {
  const { pathname, search } = new URL(mail?.link ?? assert.fail('no link'))
  return pathname + search
}

describe('with the setting 0', () => {
  test('there is no registration', async () => {
    await it.setting('self_registration', 0)
    assert.equal((await browser(it.url).get('/login')).text.includes(REGISTER), false)
    assert.equal((await browser(it.url).get(REGISTER)).status, 404)
    assert.equal((await register()).status, 404)
    await it.setting('self_registration', 1)
    await it.setting('disable_password_login', true)
    assert.equal((await browser(it.url).get(REGISTER)).status, 404)
    await it.setting('disable_password_login', false)
  })
})

describe('with activation by e-mail', () => {
  before(() => it.setting('self_registration', 1))

  test('the link in the mail and the password activate the account', async () => {
    assert.match((await browser(it.url).get('/login')).text, /<a href="\/account\/register">/)
    assert.deepEqual(to(await register()), [303, `${REGISTER}?done=mailed`])
    const [mail, ...others] = await mails()
    assert.equal(others.length, 0)
    assert.equal(mail?.recipient, email)
    assert.equal(await signsIn(), false)
    const one = browser(it.url)
    assert.deepEqual(to(await one.get(pathOf(mail))), [303, ACTIVATE])
    assert.match((await one.get(ACTIVATE)).text, /Enter the password that you have chosen/)
    assert.equal((await account()).status, 2, 'following a link changes nothing, as programs that scan mails do it')
    const wrong = await one.submit(ACTIVATE, { password: 'another one 9!' })
    assert.deepEqual([wrong.status, /The password is incorrect/.test(wrong.text)], [422, true])
    assert.deepEqual(to(await one.submit(ACTIVATE, { password: PASSWORD })), [303, '/'])
    assert.equal(await one.me(), (await account()).id)
    assert.equal(await signsIn(), true)
    assert.equal((await browser(it.url).get(pathOf(mail))).status, 303)
    assert.equal((await one.get(ACTIVATE)).status, 410, 'it works once')
  })

  test('pages, mail and account are in the language of the browser', async () => {
    const german = { 'accept-language': 'de-AT,de;q=0.9,en;q=0.1' }
    assert.match((await browser(it.url).get(REGISTER, german)).text, /<html lang="de">.*<h1>Konto erstellen<\/h1>.*>Vorname</s)
    const own = { origin: it.url, 'sec-fetch-site': 'same-origin', ...german }
    await browser(it.url).submit(REGISTER, fields() as Record<string, string>, own)
    const [mail] = await mails()
    assert.equal(mail?.subject, 'Ihre Registrierung bei Halyard')
    assert.match(mail?.text ?? '', /^Hallo Vera Example,\n\nAktivieren Sie Ihr Konto „newcomer-/)
    assert.equal((await account()).language, 'de')
  })

  test('the response is the same whatever accounts there are, and the owners alone are told', async () => {
    const known = await it.visitor({ email: `known-${count}@example.net` })
    await it.make.user({ email: `locked-${count}@example.net`, status: 3 })
    await it.make.user({ email: `invited-${count}@example.net`, last_name: '@example.net', status: 4 })
    await browser(it.url).get('/login')
    const told = new Set<string>()
    for (const more of [
      {},
      { email: `KNOWN-${count}@example.net` },
      { email: `locked-${count}@example.net`, login: `x-${count}` },
      { email: `invited-${count}@example.net`, login: `y-${count}` },
      { email: `other-${count}@example.net`, login: known.login },
    ]) {
      await forgetReads(it.db)
      const [computed, statements] = [computations(), it.db.statements]
      const reply = await register(more)
      const head = [...reply.headers].filter(([key]) => !['x-request-id', 'date'].includes(key))
      told.add(JSON.stringify([reply.status, head, reply.text, computations() - computed, it.db.statements - statements]))
    }
    assert.equal(told.size, 1, [...told].join('\n'))
    const sent: [string, string | undefined][] = (await mails()).map(({ recipient, text }) => [
      recipient,
      /Activate the account|Sign in|Accept the invitation|not available/.exec(text)?.[0],
    ])
    assert.deepEqual(
      sent.sort(([a], [b]) => a.localeCompare(b)),
      [
        [`invited-${count}@example.net`, 'Accept the invitation'],
        [`known-${count}@example.net`, 'Sign in'],
        [email, 'Activate the account'],
        [`other-${count}@example.net`, 'not available'],
      ],
    )
    assert.equal(await signsIn(PASSWORD, known.login), true, 'their account is unchanged')
  })

  test('who registers with the address of an invited user does not end the invitation', async () => {
    const address = `expected-${count}@example.net`
    await it.admin.post('/users', { email: address, status: 'invited' })
    const [invitation] = await mails()
    await register({ email: address, login: `else-${count}` })
    const [again] = await mails()
    assert.equal(again?.recipient, address)
    const one = browser(it.url)
    await one.get(pathOf(invitation))
    assert.match((await one.get(ACTIVATE)).text, /Accept the invitation/)
    const accepted = await one.submit(ACTIVATE, { firstName: 'A', lastName: 'B', password: PASSWORD, repeated: PASSWORD })
    assert.equal(accepted.status, 303)
    const late = browser(it.url)
    await late.get(pathOf(again))
    assert.equal((await late.get(ACTIVATE)).status, 410, 'one of them works, once')
  })

  test('the link does not activate the account once registration is off, or left to administrators', async () => {
    await register()
    const [mail] = await mails()
    const one = browser(it.url)
    await one.get(pathOf(mail))
    for (const [setting, status] of [
      [0, 410],
      [2, 410],
      [3, 200],
      [1, 200],
    ] as const) {
      await it.setting('self_registration', setting)
      assert.equal((await one.get(ACTIVATE)).status, status)
      if (status === 410) assert.equal((await one.submit(ACTIVATE, { password: PASSWORD })).status, 410)
    }
    assert.equal((await account()).status, 2)
  })

  test('who registers with the address of another does not get their account by their click', async () => {
    await register({ login: `thief-${count}`, password: 'stolen horse 8!', repeated: 'stolen horse 8!' })
    const [first] = await mails()
    // The owner of the address registers as well, before anybody has activated anything.
    await register()
    const [second] = await mails()
    const one = browser(it.url)
    await one.get(pathOf(first))
    assert.equal((await one.get(ACTIVATE)).status, 410)
    await one.get(pathOf(second))
    assert.equal((await one.submit(ACTIVATE, { password: 'stolen horse 8!' })).status, 422)
    assert.equal((await one.submit(ACTIVATE, { password: PASSWORD })).status, 303)
    assert.equal((await account()).email, email)
  })

  test('faults of the fields are told at them', async () => {
    const { status, text } = await register({
      email: 'nobody',
      login: 'me',
      lastName: '',
      password: 'short',
      repeated: 'shorter',
    })
    assert.equal(status, 422)
    assert.deepEqual(
      [...text.matchAll(/id="(\w+)-error"/g)].map(([, name]) => name),
      ['lastName', 'email', 'login', 'password', 'repeated'],
    )
    assert.equal(text.includes('shorter'), false)
    const other = await register({ login: 'boss@example.net' })
    assert.deepEqual(
      [other.status, /id="login-error"/.test(other.text)],
      [422, true],
      'the address of somebody else is no username',
    )
    assert.equal((await register({ login: email })).status, 303)
  })

  test('an address can be registered three times an hour, a network twenty times', async () => {
    for (let i = 0; i < 3; i++) assert.equal((await register()).status, 303)
    const refused = await register({ email: email.toUpperCase() })
    assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '3600'])
    for (let i = 0; i < 16; i++) assert.equal((await register({ email: `crowd-${i}@example.net`, login: `c-${i}` })).status, 303)
    assert.equal((await register({ email: 'crowd-x@example.net', login: 'c-x' })).status, 429)
  })
})

describe('with activation by administrators', () => {
  before(async () => {
    await it.setting('self_registration', 2)
    await it.db.transaction((tx) => tx.run(sql`update principals set email = 'admin@example.net' where login = 'admin'`))
  })

  test('they are mailed, and activate or reject it on a page', async () => {
    assert.deepEqual(to(await register()), [303, `${REGISTER}?done=waiting`])
    await register({ email: `spam-${count}@example.net`, login: `spam-${count}` })
    const [mail] = (await mails()).filter(({ text }) => text.includes(email))
    assert.equal(mail?.recipient, 'admin@example.net')
    assert.match(mail?.text ?? '', /\nName: Vera Example\nUsername: newcomer-\d+\nE-mail address: Newcomer-\d+@example\.net\n/)
    assert.match(mail?.text ?? '', /http:\/\/localhost:8080\/admin\/registrations\n/)

    const stranger = await it.visitor()
    await stranger.browser.signIn(stranger.login, PASSWORD)
    assert.equal((await stranger.browser.get('/admin/registrations')).status, 404)
    const { browser: admin, login: name } = await it.visitor({ admin: true })
    await admin.signIn(name, PASSWORD)
    const list = (await admin.get('/admin/registrations')).text
    assert.ok(list.includes(email) && list.includes(`spam-${count}`))
    const { id } = await account()
    assert.deepEqual(to(await admin.submit('/admin/registrations', { id: String(id), action: 'activate' })), [
      303,
      '/admin/registrations?done=activated',
    ])
    assert.equal(await signsIn(), true)
    assert.deepEqual(
      (await mails()).map(({ recipient, subject }) => [recipient, subject]),
      [[email, 'Your account at Halyard has been activated']],
    )
    const spam = await it.db.one(sql`select id from principals where login = ${`spam-${count}`}`)
    await admin.submit('/admin/registrations', { id: String(spam?.id), action: 'reject' })
    assert.equal(await it.db.one(sql`select id from principals where login = ${`spam-${count}`}`), undefined)
    await admin.submit('/admin/registrations', { id: String(stranger.id), action: 'reject' })
    assert.equal((await it.admin.get(`/users/${stranger.id}`)).status, 200, 'only accounts that wait')
  })
})

describe('with automatic activation', () => {
  test('the account can be used at once', async () => {
    await it.setting('self_registration', 3)
    assert.deepEqual(to(await register()), [303, `${REGISTER}?done=active`])
    assert.deepEqual(await mails(), [])
    assert.equal(await signsIn(), true)
  })
})

describe('without a mail server', () => {
  test('no page says that a mail is on its way', async () => {
    const app = await build(it.db)
    const url = await app.listen({ port: 0, host: '127.0.0.1' })
    const send = (path: string, body?: Record<string, string>) =>
      client(url).send(body ? 'POST' : 'GET', path, {
        ...(body && { body: new URLSearchParams(body).toString() }),
        headers: { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' },
      })
    await it.setting('self_registration', 1)
    for (const reply of [await send(REGISTER), await send(REGISTER, fields())]) {
      assert.match(reply.text, /This server cannot send the mail that activates an account\. Ask an administrator/)
      assert.equal(reply.text.includes('<form'), false)
    }
    for (const reply of [await send('/account/lost_password'), await send('/account/lost_password', { email })]) {
      assert.match(reply.text, /This server cannot send mails\. Ask an administrator for a new password\./)
      assert.equal(reply.text.includes('<form'), false)
    }
    await app.close()
  })
})
