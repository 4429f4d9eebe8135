/** One's own password: changes by the page and the API, limits of guesses, and forced changes. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { computations, verifyPassword } from '#identity/passwords.ts'
import type { Client } from '#test/instance.ts'
import { MINUTE, PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { type Browser, browser } from '../sessions/browser.ts'
import { ANOTHER, DAY, HOUR, mailOf, saidOf, twice } from './scene.ts'

const PAGE = '/my/password'
const FORCED = '/account/force_password_change'

let it: Scene
let vera: number
let login: string
let one: Browser
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
beforeEach(async () => {
  await it.db.transaction((tx) => tx.run(sql`delete from jobs where name = 'mail.send'`))
  ;({ id: vera, login, browser: one } = await it.visitor({ created_at: new Date().toISOString() }))
})

const signIn = (password: string) => browser(it.url).signIn(login, password)
const signsIn = async (password: string) => (await signIn(password)).status === 303
const changing = (password: string, currentPassword = PASSWORD) => ({ ...twice(password), currentPassword })
const row = async () => (await it.db.one(sql`select * from principals where id = ${vera}`)) ?? assert.fail('nobody')
/** Changes one's own password by the API. */
const patch = (client: Client, password: string, currentPassword = PASSWORD) =>
  client.patch('/users/me', { password, currentPassword })

describe('The password page', () => {
  test('changes the password, ends all other sessions, and renews the current one', async () => {
    const other = browser(it.url)
    for (const each of [one, other]) await each.signIn(login, PASSWORD)
    const { cookie } = one
    assert.match((await one.get(PAGE)).text, /<a href="\/my\/password" aria-current="page">Password<\/a>/)
    assert.deepEqual(to(await one.submit(PAGE, changing(ANOTHER))), [303, `${PAGE}?done=changed`])
    assert.deepEqual([await one.me(), await other.me()], [vera, undefined])
    const thief = browser(it.url)
    thief.cookie = cookie
    assert.equal(await thief.me(), undefined)
    assert.match((await one.get(`${PAGE}?done=changed`)).text, /role="status".*has been changed/)
    assert.deepEqual([await signsIn(PASSWORD), await signsIn(ANOTHER)], [false, true])
  })

  test('shows errors at their fields, and changes nothing then', async () => {
    await one.signIn(login, PASSWORD)
    for (const [form, field, sentence] of [
      [changing(ANOTHER, 'wrong'), 'currentPassword', /incorrect/],
      [changing(ANOTHER, ''), 'currentPassword', /can't be blank/],
      [changing('short'), 'password', /too short/],
      [{ ...changing(ANOTHER), repeated: 'else' }, 'repeated', /do not match/],
    ] as const) {
      const reply = await one.submit(PAGE, form)
      assert.equal(reply.status, 422)
      assert.match(saidOf(reply, field) ?? '', sentence)
      assert.equal(/battery|correct horse/.test(reply.text), false, 'no password is put into a page')
    }
    assert.equal((await row()).password_hash, it.hash)
  })

  test('has no form for users of an identity provider', async () => {
    await one.signIn(login, PASSWORD)
    await it.admin.patch(`/users/${vera}`, { identityUrl: 'https://id.example.net/1' })
    assert.match((await one.get(PAGE)).text, /has no password on this server/)
    assert.equal((await one.submit(PAGE, changing(ANOTHER))).status, 422)
    assert.equal((await row()).password_hash, it.hash)
  })

  test('requires a session, and accepts no form of another site', async () => {
    assert.deepEqual(to(await one.get(PAGE)), [303, '/login?back_url=%2Fmy%2Fpassword'])
    assert.deepEqual(to(await one.submit(PAGE, changing(ANOTHER))), [303, '/login?back_url=%2Fmy%2Fpassword'])
    await one.signIn(login, PASSWORD)
    assert.equal((await one.submit(PAGE, changing(ANOTHER), { 'sec-fetch-site': 'cross-site' })).status, 403)
    assert.deepEqual(to(await one.submit(PAGE, { ...changing(ANOTHER), back_url: '//evil.example' })), [
      303,
      `${PAGE}?done=changed`,
    ])
  })
})

describe('Guessing', () => {
  test('has one count for the sign-in page, the confirmation, the password page and the API', async () => {
    await it.setting('brute_force_block_after_failed_logins', 5)
    const client = await it.as(vera)
    await one.signIn(login, PASSWORD)
    const interfaces = [
      () => signIn('wrong'),
      () => one.submit('/confirm', { password: 'wrong' }),
      () => one.submit(PAGE, changing(ANOTHER, 'wrong')),
      () => patch(client, ANOTHER, 'wrong'),
      () => client.post('/users/me/form', { password: ANOTHER, currentPassword: 'wrong' }),
    ]
    for (const [i, attempt] of interfaces.entries()) {
      const { status } = await attempt()
      assert.equal(status, i === 4 ? 200 : 422)
      assert.equal((await row()).failed_logins, i + 1)
    }
    assert.equal((await signIn(PASSWORD)).status, 422)
    assert.equal((await one.submit('/confirm', { password: PASSWORD })).status, 422)
    assert.equal((await one.submit(PAGE, changing(ANOTHER))).status, 422)
    assert.equal((await patch(client, ANOTHER)).status, 422)
    assert.equal((await row()).password_hash, it.hash)
    await it.setting('brute_force_block_after_failed_logins', 20)
  })

  test('is blocked after twenty wrong passwords in a minute, without hashing', async () => {
    await it.setting('brute_force_block_after_failed_logins', 0)
    const client = await it.as(vera)
    await one.signIn(login, PASSWORD)
    for (let i = 0; i < 20; i++) {
      const { status } = await (i % 2 ? patch(client, ANOTHER, 'wrong') : one.submit(PAGE, changing(ANOTHER, 'wrong')))
      assert.equal(status, 422)
    }
    const computed = computations()
    const byApi = await patch(client, ANOTHER)
    assert.deepEqual([byApi.status, byApi.headers.get('retry-after')], [429, '1800'])
    assert.match(byApi.body.errorIdentifier, /:Throttled$/)
    const byPage = await one.submit(PAGE, changing(ANOTHER))
    assert.deepEqual([byPage.status, byPage.headers.get('retry-after')], [429, '1800'])
    assert.match(byPage.text, /role="alert".*Too many wrong passwords/)
    assert.equal((await client.post('/users/me/form', { password: ANOTHER, currentPassword: PASSWORD })).status, 429)
    assert.equal((await one.submit('/confirm', { password: PASSWORD })).status, 429)
    assert.equal((await signIn(PASSWORD)).status, 429)
    assert.equal(computations(), computed)
    assert.equal((await row()).password_hash, it.hash)
    await it.setting('brute_force_block_after_failed_logins', 20)
  })

  test('has the same limit for concurrent attempts', async () => {
    await it.setting('brute_force_block_after_failed_logins', 3)
    const client = await it.as(vera)
    await Promise.all(Array.from({ length: 10 }, () => patch(client, ANOTHER, 'wrong')))
    assert.equal((await row()).failed_logins, 3)
    assert.equal((await patch(client, ANOTHER)).status, 422)
    await it.setting('brute_force_block_after_failed_logins', 20)
  })

  test('has its count reset by the right password', async () => {
    const client = await it.as(vera)
    await patch(client, ANOTHER, 'wrong')
    assert.equal((await patch(client, ANOTHER)).status, 200)
    assert.equal((await row()).failed_logins, 0)
    assert.equal((await client.patch('/users/me', { firstName: 'Verena' })).status, 200, 'what is no password is not counted')
    assert.equal((await row()).failed_logins, 0)
  })
})

describe('The API rejects', () => {
  const refused: [payload: object, attribute: string][] = [
    [{ admin: true }, 'admin'],
    [{ status: 'locked' }, 'status'],
    [{ login: 'root' }, 'login'],
    [{ password: ANOTHER }, 'currentPassword'],
    [{ password: ANOTHER, currentPassword: null }, 'currentPassword'],
    [{ password: ANOTHER, currentPassword: { toString: PASSWORD } }, 'currentPassword'],
    [{ password: ANOTHER, currentPassword: [PASSWORD] }, 'currentPassword'],
    [{ password: null, currentPassword: PASSWORD }, 'password'],
  ]
  for (const [payload, attribute] of refused) {
    test(`a password change with ${JSON.stringify(payload)}`, async () => {
      const stored = await row()
      for (const address of ['/users/me', `/users/${vera}`, `/users/${login}`]) {
        const { status, body } = await (await it.as(vera)).patch(address, payload)
        assert.equal(status, 422)
        assert.equal(body._embedded.details.attribute, attribute)
      }
      const { failed_logins: _, failed_login_at: __, ...now } = await row()
      const { failed_logins: ___, failed_login_at: ____, ...then } = stored
      assert.deepEqual(now, then)
    })
  }
})

describe('A mail notifies the owner of a password change', () => {
  const ways: [name: string, change: () => Promise<unknown>][] = [
    [
      'by the page',
      async () => {
        await one.signIn(login, PASSWORD)
        await one.submit(PAGE, changing(ANOTHER))
      },
    ],
    ['by the API', async () => patch(await it.as(vera), ANOTHER)],
    ['by an administrator', () => it.admin.patch(`/users/${vera}`, { password: ANOTHER })],
    [
      'together with the address, at the old one',
      () => it.admin.patch(`/users/${vera}`, { password: ANOTHER, email: 'new@example.net' }),
    ],
  ]
  for (const [name, change] of ways) {
    test(name, async () => {
      await change()
      assert.equal(await verifyPassword(ANOTHER, (await row()).password_hash), true)
      const mails = await mailOf(it)
      assert.deepEqual(mails.map(({ recipient }) => recipient).slice(0, 1), [`${login}@example.net`])
      assert.match(mails[0]?.subject ?? '', /^Your password at Halyard has been changed$/)
      assert.equal(JSON.stringify(mails).includes(ANOTHER), false)
      await it.admin.patch(`/users/${vera}`, { email: `${login}@example.net` })
    })
  }

  test('but not without a change', async () => {
    await patch(await it.as(vera), 'short')
    await it.admin.patch(`/users/${vera}`, { firstName: 'Verena' })
    assert.deepEqual(await mailOf(it), [])
  })
})

describe('A forced password change', () => {
  const forced = (values: object = { force_password_change: true }) =>
    it.make.user({ login: `forced-${vera}`, password_hash: it.hash, ...values })

  test('shows one page until the user chooses another password, which signs them in', async () => {
    const id = await forced()
    assert.deepEqual(to(await one.signIn(`forced-${vera}`, PASSWORD, { back_url: '/my/account' })), [
      303,
      `${FORCED}?back_url=%2Fmy%2Faccount`,
    ])
    assert.equal(await one.me(), undefined)
    assert.deepEqual(to(await one.get('/my/account')), [303, `${FORCED}?back_url=%2Fmy%2Faccount`])
    const { status, text } = await one.get(`${FORCED}?back_url=%2Fmy%2Faccount`)
    assert.equal(status, 200)
    assert.match(text, /name="back_url" value="\/my\/account"/)
    const same = await one.submit(FORCED, twice(PASSWORD))
    assert.deepEqual([same.status, saidOf(same, 'password')], [422, 'The password has been used before.'])
    assert.equal((await one.submit(FORCED, twice('short'))).status, 422)
    assert.equal(await one.me(), undefined)
    const { cookie } = one
    assert.deepEqual(to(await one.submit(FORCED, { ...twice(ANOTHER), back_url: '/my/account' })), [303, '/my/account'])
    assert.equal(await one.me(), id)
    assert.notEqual(one.cookie, cookie)
    assert.deepEqual(to(await browser(it.url).signIn(`forced-${vera}`, ANOTHER)), [303, '/'])
  })

  test('redirects to no other site afterwards', async () => {
    await forced()
    await one.signIn(`forced-${vera}`, PASSWORD)
    assert.equal((await one.get(`${FORCED}?back_url=//evil.example`)).text.includes('evil'), false)
    assert.deepEqual(to(await one.submit(FORCED, { ...twice(ANOTHER), back_url: '//evil.example' })), [303, '/'])
  })

  test('applies to expired passwords', async () => {
    await it.setting('password_days_valid', 30)
    assert.deepEqual(to(await signIn(PASSWORD)), [303, '/'])
    mock.timers.tick(30 * DAY)
    assert.deepEqual(to(await one.signIn(login, PASSWORD)), [303, FORCED])
    await one.submit(FORCED, twice(ANOTHER))
    assert.equal(await one.me(), vera)
    mock.timers.tick(29 * DAY)
    assert.deepEqual(to(await signIn(ANOTHER)), [303, '/'])
    await it.setting('password_days_valid', 0)
  })

  test('does not apply to users of an identity provider', async () => {
    await forced({ force_password_change: true, identity_url: 'https://id.example.net/2' })
    assert.deepEqual(to(await one.signIn(`forced-${vera}`, PASSWORD)), [303, '/'])
  })

  test('requires the old password', async () => {
    assert.deepEqual(to(await one.get(FORCED)), [303, '/login'])
    assert.deepEqual(to(await one.submit(FORCED, twice(ANOTHER))), [303, '/login'])
    await one.signIn(login, PASSWORD)
    assert.deepEqual(to(await one.submit(FORCED, twice(ANOTHER))), [303, PAGE])
    assert.equal((await row()).password_hash, it.hash)
  })
})

describe('Former passwords', () => {
  test('cannot be chosen again, up to the configured number, and no more are stored', async () => {
    await it.setting('password_count_former_banned', 3)
    const client = await it.as(vera)
    const chosen = [PASSWORD, 'number two 2!', 'number three 3!', 'number four 4!']
    for (const [i, next] of chosen.entries()) if (i > 0) assert.equal((await patch(client, next, chosen[i - 1])).status, 200)
    for (const banned of chosen.slice(1)) {
      const { status, body } = await patch(client, banned, chosen[3])
      assert.deepEqual([status, body.message], [422, 'Password has been used before.'])
    }
    assert.equal((await it.admin.patch(`/users/${vera}`, { password: chosen[2] })).status, 422)
    const kept = async () => (await it.db.all(sql`select id from former_passwords where user_id = ${vera}`)).length
    assert.equal(await kept(), 2)
    assert.equal((await patch(client, PASSWORD, chosen[3])).status, 200)
    await it.setting('password_count_former_banned', 0)
    assert.equal((await patch(client, PASSWORD, PASSWORD)).status, 200)
    assert.equal(await kept(), 0)
    mock.timers.tick(HOUR + MINUTE)
  })

  test('are not revealed without the current password', async () => {
    await it.setting('password_count_former_banned', 1)
    const { body } = await patch(await it.as(vera), PASSWORD, 'wrong')
    assert.equal(body._embedded.details.attribute, 'currentPassword')
    await it.setting('password_count_former_banned', 0)
  })
})
