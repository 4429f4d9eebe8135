/** A forgotten password: the request discloses nothing, and the mailed link sets a new password once. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { mailResetLink } from '#identity/lost-password.ts'
import { computations } from '#identity/passwords.ts'
import { build } from '#server/app.ts'
import { jobsOf } from '#test/jobs.ts'
import { MINUTE, PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { forgetReads } from '#test/statements.ts'
import { type Browser, browser } from '../sessions/browser.ts'
import { ANOTHER, HOUR, mailOf, saidOf, twice } from './scene.ts'

const ASK = '/account/lost_password'
const CHOOSE = '/account/lost_password/choose'

let it: Scene
let vera: number
let login: string
let email: string
let one: Browser
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
let count = 0
beforeEach(async () => {
  email = `Vera-${++count}@example.net`
  ;({ id: vera, login, browser: one } = await it.visitor({ email }))
  // The count of the network is reset.
  mock.timers.tick(2 * HOUR)
})

const ask = (address: string) => browser(it.url).submit(ASK, { email: address })
/** The path of the link in the last mail. */
async function linkTo(address: string): Promise<string> {
  await ask(address)
  const link = (await mailOf(it)).find((mail) => mail.recipient.toLowerCase() === address.trim().toLowerCase())?.link
  const { pathname, search } = new URL(link ?? assert.fail(`no mail to ${address}`))
  return pathname + search
}
const signsIn = async (password: string) => (await browser(it.url).signIn(login, password)).status === 303
/** Follows a link like a browser. */
async function follow(link: string, by = one) {
  assert.deepEqual(to(await by.get(link)), [303, CHOOSE])
  return by.get(CHOOSE)
}

describe('Requesting a reset link', () => {
  test('is offered on the sign-in page, unless disabled', async () => {
    assert.match((await one.get('/login')).text, /<a href="\/account\/lost_password">/)
    assert.match((await one.get(ASK)).text, /name="email" type="email"/)
    await it.setting('lost_password', false)
    assert.equal((await one.get('/login')).text.includes('lost_password'), false)
    assert.equal((await one.get(ASK)).status, 404)
    assert.equal((await ask(email)).status, 404)
    await it.setting('lost_password', true)
  })

  test('mails a link to the address of the account, ignoring case', async () => {
    assert.deepEqual(to(await ask(` ${email.toUpperCase()} `)), [303, `${ASK}?done=asked`])
    assert.match((await one.get(`${ASK}?done=asked`)).text, /role="status".*If an account with this e-mail address/)
    const [mail, ...others] = await mailOf(it)
    assert.equal(others.length, 0)
    assert.equal(mail?.recipient, email)
    assert.match(mail?.link ?? '', /^http:\/\/localhost:8080\/account\/lost_password\?token=[0-9a-f]{64}$/)
    assert.ok(mail?.text.includes(mail.link ?? '?') && mail.text.includes(login))
    const kept = JSON.stringify(await it.db.all(sql`select * from one_time_links`))
    assert.equal(kept.includes(mail?.link?.slice(-64) ?? '?'), false, 'only a hash of the secret is kept')
  })

  test('does not reveal whether an account exists, by text, status, headers or work', async () => {
    const others = ['locked', 'invited', 'elsewhere', 'remote', 'nobody'].map((name) => `${name}-${count}@example.net`)
    const [locked, invited, elsewhere, remote] = others
    await it.make.user({ email: locked, password_hash: it.hash, status: 3 })
    await it.make.user({ email: invited, password_hash: it.hash, status: 4 })
    await it.make.user({ email: elsewhere, password_hash: null })
    await it.make.user({ email: remote, password_hash: it.hash, identity_url: 'https://id.example.net/9' })
    await one.get('/login')
    const told = new Set<string>()
    for (const address of [email, ...others, '', 'a\u0000b', `${'x'.repeat(300)}@example.net`]) {
      await forgetReads(it.db)
      const [computed, statements] = [computations(), it.db.statements]
      const reply = await ask(address)
      const head = [...reply.headers].filter(([key]) => !['x-request-id', 'date'].includes(key))
      const work = [computations() - computed, it.db.statements - statements]
      told.add(JSON.stringify([reply.status, head, reply.text, work]))
    }
    assert.equal(told.size, 1, [...told].join('\n'))
    assert.match([...told][0] as string, /^\[303,.*\[0,\d+\]\]$/)
    assert.deepEqual(
      (await mailOf(it)).map(({ recipient }) => recipient),
      [email],
      'of all these one gets a mail',
    )
    assert.deepEqual(await jobsOf(it.db, mailResetLink), [])
  })

  test('is limited to three times an hour per address, known or not, in any spelling', async () => {
    for (const address of [email, `nobody-${count}@example.net`]) {
      for (const spelled of [address, address.toUpperCase(), ` ${address}`]) assert.equal((await ask(spelled)).status, 303)
      const refused = await ask(address)
      assert.deepEqual([refused.status, refused.headers.get('retry-after')], [429, '3600'])
      assert.match(refused.text, /role="alert".*Too many attempts to reset a password/)
    }
    assert.equal((await mailOf(it)).length, 3)
    mock.timers.tick(HOUR)
    assert.equal((await ask(email)).status, 303)
  })

  test('is limited to thirty times an hour per network', async () => {
    for (let i = 0; i < 30; i++) assert.equal((await ask(`crowd-${i}@example.net`)).status, 303)
    assert.equal((await ask(email)).status, 429)
    await mailOf(it)
  })

  test('mails a link to the public address, whatever the Host header', async () => {
    const app = await build(it.db, { mail: true })
    for (const headers of [
      { host: 'evil.example', origin: 'http://evil.example' },
      { 'x-forwarded-host': 'evil.example', 'x-forwarded-proto': 'https', 'sec-fetch-site': 'same-origin' },
      { forwarded: 'host=evil.example', 'sec-fetch-site': 'same-origin' },
    ]) {
      const payload = new URLSearchParams({ email }).toString()
      const type = 'application/x-www-form-urlencoded'
      const reply = await app.inject({
        method: 'POST',
        url: ASK,
        payload,
        headers: { 'content-type': type, ...headers } as never,
      })
      assert.equal(reply.headers.location, `${ASK}?done=asked`)
      const [mail] = await mailOf(it)
      assert.match(mail?.link ?? '', /^http:\/\/localhost:8080\/account\//)
      assert.equal(JSON.stringify(mail).includes('evil'), false)
    }
    await app.close()
  })

  test('is refused to other sites', async () => {
    assert.equal((await one.submit(ASK, { email }, { 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.deepEqual(await mailOf(it), [])
  })
})

describe('The link', () => {
  test('moves from the address to an HttpOnly cookie at once', async () => {
    const link = await linkTo(email)
    const { status, headers, text } = await one.get(link)
    assert.deepEqual([status, headers.get('location'), headers.get('referrer-policy'), text], [303, CHOOSE, 'no-referrer', ''])
    assert.match(
      headers.get('set-cookie') ?? '',
      /^_open_project_session_link=[0-9a-f]{64}; Max-Age=3600; Path=\/; HttpOnly; SameSite=Lax$/,
    )
    const shown = await one.get(CHOOSE)
    assert.equal(shown.status, 200)
    assert.equal(shown.text.includes(link.slice(-64)), false)
    assert.ok(shown.text.includes(`<strong>${login}</strong>`))
  })

  test('sets a password, ends all sessions and other links, and does not sign in', async () => {
    const other = browser(it.url)
    await other.signIn(login, PASSWORD)
    const [first, link] = [await linkTo(email), await linkTo(email)]
    await follow(link)
    const reply = await one.submit(CHOOSE, twice(ANOTHER))
    assert.deepEqual(to(reply), [303, '/login?done=password'])
    assert.match((await one.get('/login?done=password')).text, /role="status".*has been changed/)
    assert.deepEqual([await one.me(), await other.me()], [undefined, undefined])
    assert.deepEqual([await signsIn(PASSWORD), await signsIn(ANOTHER)], [false, true])
    assert.equal((await follow(first, browser(it.url))).status, 410)
    const [mail] = await mailOf(it)
    assert.deepEqual([mail?.recipient, mail?.subject], [email, 'Your password at Halyard has been changed'])
  })

  test('unblocks an account after wrong passwords', async () => {
    await it.setting('brute_force_block_after_failed_logins', 3)
    for (let i = 0; i < 3; i++) await signsIn('wrong')
    assert.equal(await signsIn(PASSWORD), false)
    await follow(await linkTo(email))
    await one.submit(CHOOSE, twice(ANOTHER))
    assert.equal(await signsIn(ANOTHER), true)
    await it.setting('brute_force_block_after_failed_logins', 20)
  })

  test('refuses a weak password, which does not consume it', async () => {
    await follow(await linkTo(email))
    const short = await one.submit(CHOOSE, twice('short'))
    assert.deepEqual([short.status, saidOf(short, 'password')], [422, 'The password is too short (minimum is 10 characters).'])
    const unlike = await one.submit(CHOOSE, twice(ANOTHER, PASSWORD))
    assert.deepEqual([unlike.status, saidOf(unlike, 'repeated')], [422, 'The passwords do not match.'])
    assert.deepEqual(to(await one.submit(CHOOSE, twice(ANOTHER))), [303, '/login?done=password'])
  })

  test('redirects to no other site', async () => {
    await follow(await linkTo(email))
    const { text } = await one.get(`${CHOOSE}?back_url=//evil.example`)
    assert.equal(text.includes('evil'), false)
    assert.deepEqual(to(await one.submit(CHOOSE, { ...twice(ANOTHER), back_url: '//evil.example' })), [
      303,
      '/login?done=password',
    ])
  })

  const ends: [how: string, end: (link: string) => Promise<unknown>][] = [
    [
      'used before',
      async (link) => {
        const other = browser(it.url)
        await follow(link, other)
        await other.submit(CHOOSE, twice(ANOTHER))
      },
    ],
    ['an hour old', async () => mock.timers.tick(HOUR)],
    ['of a user who was locked', () => it.admin.post(`/users/${vera}/lock`)],
    ['older than the password', () => it.admin.patch(`/users/${vera}`, { password: ANOTHER })],
    ['older than the address', () => it.admin.patch(`/users/${vera}`, { email: `new-${email}` })],
    ['of a user who was removed', () => it.db.transaction((tx) => tx.run(sql`delete from principals where id = ${vera}`))],
  ]
  for (const [how, end] of ends) {
    test(`is invalid if it is ${how}, before or after it is opened`, async () => {
      const link = await linkTo(email)
      await follow(link)
      await end(link)
      const told = [await one.get(CHOOSE), await one.submit(CHOOSE, twice('yet another 9!')), await follow(link, browser(it.url))]
      const made = await follow(`${ASK}?token=${'0'.repeat(64)}`, browser(it.url))
      for (const { status, text } of told) assert.deepEqual([status, text], [410, made.text])
      const row = await it.db.one(sql`select password_changed_at from principals where id = ${vera}`)
      assert.equal(await signsIn('yet another 9!'), false, String(row?.password_changed_at))
    })
  }

  test('is invalid if it is unknown', async () => {
    for (const token of ['', 'x', '0'.repeat(63), `${'0'.repeat(64)}; Path=/`, 'é']) {
      assert.equal((await follow(`${ASK}?token=${encodeURIComponent(token)}`)).status, 410)
    }
  })

  test('is valid for its own account only', async () => {
    const other = await it.make.user({ login: `other-${count}`, password_hash: it.hash })
    await follow(await linkTo(email))
    await one.submit(CHOOSE, { ...twice(ANOTHER), user_id: String(other), login: `other-${count}` })
    assert.equal(await signsIn(ANOTHER), true)
    assert.equal((await browser(it.url).signIn(`other-${count}`, PASSWORD)).status, 303)
  })

  test('works once, even for concurrent uses', async () => {
    const link = await linkTo(email)
    const both = [browser(it.url), browser(it.url)]
    for (const each of both) await follow(link, each)
    const replies = await Promise.all(both.map((each, i) => each.submit(CHOOSE, twice(`${ANOTHER} ${i}`))))
    assert.deepEqual(replies.map(({ status }) => status).toSorted(), [303, 410])
    const won = replies.findIndex(({ status }) => status === 303)
    assert.deepEqual([await signsIn(`${ANOTHER} ${won}`), await signsIn(`${ANOTHER} ${1 - won}`)], [true, false])
  })

  test('is removed after it expires', async () => {
    await linkTo(email)
    mock.timers.tick(HOUR + MINUTE)
    await mailOf(it)
    assert.deepEqual(await it.db.all(sql`select * from one_time_links where purpose = 'reset'`), [])
  })
})
