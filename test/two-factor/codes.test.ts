/** Codes as a second factor: setup, sign-in, and limits against guesses, theft and repetition. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { resetTwoFactor } from '#identity/two-factor.ts'
import { invalidate } from '#kernel/cache.ts'
import { instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { MINUTE, PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { codeOf, wrongCodeOf } from '#test/totp.ts'
import { mailOf } from '../passwords/scene.ts'
import { type Browser, browser } from '../sessions/browser.ts'
import { codesIn, HALF, OWN, STAGE, secretIn, setUp, waitingBrowser } from './scene.ts'

let it: Scene
let vera: number
let login: string
let one: Browser
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
beforeEach(async () => {
  ;({ id: vera, login, browser: one } = await it.visitor())
  await one.signIn(login, PASSWORD)
})

const waiting = (more: Record<string, string> = {}) => waitingBrowser(it.url, login, more)
/** Sets two-factor authentication up, half a minute ago, so that the next code is accepted. */
async function ready() {
  const made = await setUp(one)
  mock.timers.tick(MINUTE)
  return made
}
const sessions = async () => (await it.db.all(sql`select id from sessions where user_id = ${vera}`)).length

describe('Setting up an authenticator app', () => {
  test('shows the key as QR code and text, and takes effect with the first code', async () => {
    assert.match((await one.get(OWN)).text, /Set up an authenticator app/)
    await one.submit(OWN, { action: 'begin' })
    const page = await one.get(OWN)
    assert.match(page.text, /<svg class="qr" role="img"/)
    const secret = secretIn(page)
    assert.match(secret, /^[A-Z2-7]{32}$/)
    assert.deepEqual(to(await browser(it.url).signIn(login, PASSWORD)), [303, '/'])
    const wrong = await one.submit(OWN, { action: 'confirm', code: wrongCodeOf(secret) })
    assert.equal(wrong.status, 422)
    assert.match(wrong.text, /role="alert" id="error"[^>]*>The code is wrong/)
    assert.equal(secretIn(wrong), secret)
    assert.deepEqual(to(await browser(it.url).signIn(login, PASSWORD)), [303, '/'])
    const right = await one.submit(OWN, { action: 'confirm', code: codeOf(secret) })
    assert.equal(right.status, 200)
    assert.equal(new Set(codesIn(right)).size, 10)
    assert.deepEqual(to(await browser(it.url).signIn(login, PASSWORD)), [303, STAGE])
  })

  test('never shows key or recovery codes again, and stores the codes as hashes', async () => {
    const { secret, codes } = await setUp(one)
    const { text } = await one.get(OWN)
    assert.equal(/class="secret"|class="codes"/.test(text), false)
    const kept = JSON.stringify(await it.db.all(sql`select * from recovery_codes where user_id = ${vera}`))
    for (const code of codes) assert.equal(kept.includes(code) || kept.includes(code.replaceAll('-', '')), false)
    assert.equal(text.includes(secret), false)
  })

  test('can be cancelled', async () => {
    await one.submit(OWN, { action: 'begin' })
    await one.submit(OWN, { action: 'cancel' })
    assert.match((await one.get(OWN)).text, /Set up an authenticator app/)
  })

  test('confirms only the key shown in the same session', async () => {
    const thief = browser(it.url)
    await thief.signIn(login, PASSWORD)
    await thief.submit(OWN, { action: 'begin' })
    const known = secretIn(await thief.get(OWN))
    await one.submit(OWN, { action: 'begin' })
    assert.notEqual(secretIn(await one.get(OWN)), known)
    assert.equal((await one.submit(OWN, { action: 'confirm', code: codeOf(known) })).status, 422)
  })

  test('again replaces the app and the recovery codes after the confirmation', async () => {
    const { secret, codes } = await ready()
    await one.submit(OWN, { action: 'begin' })
    const other = secretIn(await one.get(OWN))
    assert.deepEqual(to(await (await waiting()).submit(STAGE, { code: codeOf(secret) })), [303, '/'])
    await one.submit(OWN, { action: 'confirm', code: codeOf(other) })
    mock.timers.tick(MINUTE)
    const late = await waiting()
    assert.equal((await late.submit(STAGE, { code: codeOf(secret) })).status, 422)
    assert.equal((await late.submit(STAGE, { recovery: codes[0] as string })).status, 422)
    assert.deepEqual(to(await late.submit(STAGE, { code: codeOf(other) })), [303, '/'])
  })
})

describe('Signing in', () => {
  test('requires a code after the password, and redirects to the destination with a new session', async () => {
    const { secret } = await ready()
    const two = await waiting({ back_url: '/my/account?a=1' })
    assert.match((await two.get(`${STAGE}?back_url=%2Fmy%2Faccount%3Fa%3D1`)).text, /name="back_url" value="\/my\/account\?a=1"/)
    const before = two.cookie
    assert.deepEqual(to(await two.submit(STAGE, { code: codeOf(secret), back_url: '/my/account?a=1' })), [303, '/my/account?a=1'])
    assert.notEqual(two.cookie, before)
    assert.equal(await two.me(), vera)
    const old = browser(it.url)
    old.cookie = before
    assert.deepEqual(to(await old.submit(STAGE, { code: codeOf(secret, 1) })), [303, '/login'])
    assert.equal(await old.me(), undefined)
  })

  test('redirects to no other site', async () => {
    const { secret } = await ready()
    const two = await waiting({ back_url: '//evil.example' })
    assert.deepEqual(to(await two.submit(STAGE, { code: codeOf(secret), back_url: '//evil.example' })), [303, '/'])
  })

  test('accepts codes with a clock skew of half a minute at most, with any spaces', async () => {
    const { secret } = await setUp(one)
    for (const [steps, status] of [
      [-2, 422],
      [2, 422],
      [-1, 303],
      [1, 303],
    ] as const) {
      mock.timers.tick(5 * MINUTE)
      const code = codeOf(secret, steps).replace(/^.../, '$& ')
      assert.equal((await (await waiting()).submit(STAGE, { code })).status, status, `${steps}`)
    }
  })

  test('accepts each code once, and none older than the last one', async () => {
    const { secret } = await ready()
    const code = codeOf(secret)
    assert.equal((await (await waiting()).submit(STAGE, { code })).status, 303)
    const two = await waiting()
    assert.equal((await two.submit(STAGE, { code })).status, 422)
    assert.equal((await two.submit(STAGE, { code: codeOf(secret, -1) })).status, 422)
    mock.timers.tick(HALF)
    assert.equal((await two.submit(STAGE, { code: codeOf(secret) })).status, 303)
  })

  test('accepts a code once, even concurrently', async () => {
    const { secret } = await ready()
    const all = await Promise.all(Array.from({ length: 5 }, () => waiting()))
    const code = codeOf(secret)
    const replies = await Promise.all(all.map((two) => two.submit(STAGE, { code })))
    assert.deepEqual(replies.map(({ status }) => status).sort(), [303, 422, 422, 422, 422])
    assert.equal((await Promise.all(all.map((two) => two.me()))).filter((id) => id === vera).length, 1)
  })

  test('refuses the code of the setup', async () => {
    const { secret } = await setUp(one)
    assert.equal((await (await waiting()).submit(STAGE, { code: codeOf(secret) })).status, 422)
  })

  test('accepts a recovery code once, in any spelling, and reports the rest', async () => {
    const { codes } = await setUp(one)
    const [code = ''] = codes
    const two = await waiting({ back_url: '/my/account' })
    assert.match((await two.get(`${STAGE}?recovery=`)).text, /name="recovery"/)
    const reply = await two.submit(STAGE, { recovery: ` ${code.toUpperCase().replaceAll('-', ' ')}`, back_url: '/my/account' })
    assert.equal(reply.status, 200)
    assert.match(reply.text, /Recovery code used.*You have 9 recovery codes left\..*href="\/my\/account"/s)
    assert.equal(await two.me(), vera)
    assert.equal((await (await waiting()).submit(STAGE, { recovery: code })).status, 422)
  })

  test('accepts a recovery code once, even concurrently', async () => {
    const { codes } = await setUp(one)
    const all = await Promise.all(Array.from({ length: 5 }, () => waiting()))
    const replies = await Promise.all(all.map((two) => two.submit(STAGE, { recovery: codes[0] as string })))
    assert.deepEqual(replies.map(({ status }) => status).sort(), [200, 422, 422, 422, 422])
  })

  test('refuses codes of other users', async () => {
    const { secret, codes } = await ready()
    const other = `other-${vera}`
    await it.make.user({ login: other, password_hash: it.hash })
    const mallory = browser(it.url)
    await mallory.signIn(other, PASSWORD)
    const own = await setUp(mallory)
    mock.timers.tick(MINUTE)
    const two = await waiting()
    assert.equal((await two.submit(STAGE, { code: codeOf(own.secret) })).status, 422)
    assert.equal((await two.submit(STAGE, { recovery: own.codes[0] as string })).status, 422)
    const three = await waitingBrowser(it.url, other)
    assert.equal((await three.submit(STAGE, { code: codeOf(secret) })).status, 422)
    assert.equal((await three.submit(STAGE, { recovery: codes[0] as string })).status, 422)
    assert.deepEqual([await two.me(), await three.me()], [undefined, undefined])
  })

  test('never continues a planted session (session fixation)', async () => {
    const { secret } = await ready()
    const attacker = await waiting()
    const planted = attacker.cookie
    const victim = browser(it.url)
    victim.cookie = planted
    assert.equal((await victim.submit(STAGE, { code: codeOf(secret) })).status, 303)
    assert.equal(await victim.me(), vera)
    assert.equal(await attacker.me(), undefined)
    assert.deepEqual(to(await attacker.get(STAGE)), [303, '/login'])
  })

  test('expires after ten minutes, with a lock, and with a password change', async () => {
    const { secret } = await ready()
    const slow = await waiting()
    mock.timers.tick(10 * MINUTE)
    assert.deepEqual(to(await slow.submit(STAGE, { code: codeOf(secret), back_url: '/x' })), [303, '/login?back_url=%2Fx'])
    const changing = await waiting()
    assert.equal((await it.admin.patch(`/users/${vera}`, { password: 'a long new one' })).status, 200)
    assert.deepEqual(to(await changing.submit(STAGE, { code: codeOf(secret) })), [303, '/login'])
    await it.db.transaction((tx) => tx.run(sql`update principals set password_hash = ${it.hash} where id = ${vera}`))
    const locked = await waiting()
    assert.equal((await it.admin.post(`/users/${vera}/lock`)).status, 200)
    assert.deepEqual(to(await locked.submit(STAGE, { code: codeOf(secret) })), [303, '/login'])
    assert.deepEqual([await slow.me(), await changing.me(), await locked.me()], [undefined, undefined, undefined])
  })
})

test('A session at a stage has no access to the API, pages, confirmation or changes, and ends only itself', async () => {
  const { secret } = await ready()
  const two = await waiting()
  const ajax = { cookie: two.cookie, 'x-requested-with': 'XMLHttpRequest' }
  assert.equal(await two.me(), undefined)
  assert.equal((await it.anonymous.post(`/users/${vera}/form`, {}, ajax)).status, 401)
  for (const path of ['/', '/confirm', OWN]) {
    assert.match(to(await two.get(path))[1] ?? '', /^\/login\/two_factor/, path)
    if (path !== '/')
      assert.match(to(await two.submit(path, { password: PASSWORD, action: 'remove' }))[1] ?? '', /^\/login\/two_factor/, path)
  }
  assert.deepEqual(to(await two.get('/login/two_factor_setup')), [303, STAGE])
  assert.deepEqual(to(await two.submit('/login/two_factor_setup', { action: 'begin' })), [303, STAGE])
  assert.equal(await two.me(), undefined)
  const before = await sessions()
  await two.submit('/logout')
  assert.equal(await sessions(), before - 1)
  assert.equal(await one.me(), vera)
  assert.equal((await (await waiting()).submit(STAGE, { code: codeOf(secret) })).status, 303)
})

test('Another site cannot submit a code', async () => {
  const { secret } = await ready()
  const two = await waiting()
  assert.equal((await two.submit(STAGE, { code: codeOf(secret) }, { 'sec-fetch-site': 'cross-site' })).status, 403)
  assert.equal(await two.me(), undefined)
})

test('A wrong password does not reveal whether there is a second factor', async () => {
  const other = `without-${vera}`
  await it.make.user({ login: other, password_hash: it.hash })
  await ready()
  const told = async (name: string) => {
    const { status, headers, text } = await browser(it.url).signIn(name, 'wrong')
    const head = [...headers].filter(([key]) => !['x-request-id', 'content-length', 'date'].includes(key))
    return [status, head, text.replace(/(name="username" type="text") value="[^"]*"/, '$1')]
  }
  assert.deepEqual(await told(login), await told(other))
})

describe('Guessing', () => {
  const guesses = async (many: number, secret: string, two: Browser) => {
    for (let i = 0; i < many; i++) assert.equal((await two.submit(STAGE, { code: wrongCodeOf(secret) })).status, 422, `${i}`)
  }
  /** Asserts that no code, not even a right one, is accepted until the ban is over. */
  async function assertBanned(secret: string, codes: readonly string[]) {
    for (const right of [{ code: codeOf(secret) }, { recovery: codes[0] as string }]) {
      const reply = await (await waiting()).submit(STAGE, right as Record<string, string>)
      assert.equal(reply.status, 429)
      assert.match(reply.text, /role="alert".*Too many attempts with your account/)
    }
    mock.timers.tick(29 * MINUTE)
    await runDue(it.db)
    assert.equal((await (await waiting()).submit(STAGE, { code: codeOf(secret) })).status, 429)
    mock.timers.tick(MINUTE)
    assert.equal((await (await waiting()).submit(STAGE, { code: codeOf(secret) })).status, 303)
  }

  test('is blocked after ten attempts for half an hour', async () => {
    const { secret, codes } = await ready()
    await guesses(10, secret, await waiting())
    await assertBanned(secret, codes)
  })

  test('has one count for all sign-ins', async () => {
    const { secret, codes } = await ready()
    for (let i = 0; i < 10; i++) await guesses(1, secret, await waiting())
    await assertBanned(secret, codes)
  })

  test('has the same limit for concurrent attempts', async () => {
    const { secret } = await ready()
    const two = await waiting()
    const replies = await Promise.all(Array.from({ length: 20 }, () => two.submit(STAGE, { code: wrongCodeOf(secret) })))
    assert.deepEqual(
      [422, 429].map((status) => replies.filter((reply) => reply.status === status).length),
      [10, 10],
    )
    assert.equal((await two.submit(STAGE, { code: codeOf(secret) })).status, 429)
  })

  test('recovery codes counts as well', async () => {
    const { secret, codes } = await ready()
    const two = await waiting()
    await guesses(5, secret, two)
    for (let i = 0; i < 5; i++) assert.equal((await two.submit(STAGE, { recovery: 'aaaa-bbbb-cccc-dddd' })).status, 422)
    await assertBanned(secret, codes)
  })

  test('has its count reset by a right code', async () => {
    const { secret } = await ready()
    for (let round = 0; round < 2; round++) {
      const two = await waiting()
      await guesses(9, secret, two)
      assert.equal((await two.submit(STAGE, { code: codeOf(secret) })).status, 303)
      mock.timers.tick(MINUTE)
    }
  })

  test('does not affect other users', async () => {
    const { secret } = await ready()
    await guesses(10, secret, await waiting())
    const other = `other-${vera}`
    await it.make.user({ login: other, password_hash: it.hash })
    const mallory = browser(it.url)
    await mallory.signIn(other, PASSWORD)
    const own = await setUp(mallory)
    mock.timers.tick(MINUTE)
    assert.equal((await (await waitingBrowser(it.url, other)).submit(STAGE, { code: codeOf(own.secret) })).status, 303)
  })

  test('refuses odd texts', async () => {
    const { secret } = await ready()
    const two = await waiting()
    for (const odd of ['', '12345', '1234567', 'abcdef', '\u0000', '１２３４５６', `${codeOf(secret)}0`, '9'.repeat(5000)])
      assert.equal((await two.submit(STAGE, { code: odd })).status, 422, odd.slice(0, 10))
    assert.equal((await two.submit(STAGE)).status, 422)
    assert.equal((await two.submit(STAGE, { recovery: '' })).status, 422)
  })
})

describe('A stolen session', () => {
  test('cannot set up, replace, remove or renew without a proof', async () => {
    await setUp(one)
    mock.timers.tick(20 * MINUTE)
    assert.deepEqual(to(await one.get(OWN)), [303, '/confirm?back_url=%2Fmy%2Ftwo_factor'])
    for (const action of ['begin', 'confirm', 'renew', 'remove'])
      assert.deepEqual(
        to(await one.submit(OWN, { action, code: '123456' })),
        [303, '/confirm?back_url=%2Fmy%2Ftwo_factor'],
        action,
      )
    assert.equal((await it.db.all(sql`select * from authenticators where user_id = ${vera}`)).length, 1)
    assert.deepEqual(to(await one.submit('/confirm', { password: PASSWORD, back_url: OWN })), [303, OWN])
    assert.deepEqual(to(await one.submit(OWN, { action: 'remove' })), [303, `${OWN}?done=removed`])
    assert.match(
      (await one.get(`${OWN}?done=removed`)).text,
      /role="status" class="notice">The authenticator app has been removed/,
    )
    assert.deepEqual(to(await browser(it.url).signIn(login, PASSWORD)), [303, '/'])
    assert.deepEqual(await it.db.all(sql`select * from recovery_codes where user_id = ${vera}`), [])
  })

  test('ends with each change of the second factor in another session', async () => {
    const thief = browser(it.url)
    await thief.signIn(login, PASSWORD)
    const { secret } = await setUp(one)
    assert.deepEqual([await thief.me(), await one.me()], [undefined, vera])
    for (const action of ['renew', 'remove']) {
      mock.timers.tick(MINUTE)
      await thief.signIn(login, PASSWORD)
      await thief.submit(STAGE, { code: codeOf(secret) })
      const half = await waiting()
      assert.equal(await thief.me(), vera, action)
      await one.submit(OWN, { action })
      assert.deepEqual([await thief.me(), await one.me()], [undefined, vera], action)
      assert.deepEqual(to(await half.get(STAGE)), [303, '/login'], action)
    }
  })

  test('cannot hide a change from the owner, who gets a mail without a secret', async () => {
    const { email } = (await it.db.one(sql`select email from principals where id = ${vera}`)) as { email: string }
    await mailOf(it)
    const { secret, codes } = await setUp(one)
    await one.submit(OWN, { action: 'renew' })
    await one.submit(OWN, { action: 'remove' })
    const mails = await mailOf(it)
    assert.deepEqual(
      mails.map(({ recipient, subject }) => [recipient, subject]),
      Array(3).fill([email, 'Your two-factor authentication at Halyard has been changed']),
    )
    for (const { text } of mails)
      assert.equal(
        [secret, ...codes].some((one) => text.includes(one)),
        false,
      )
  })

  test('New recovery codes replace the old ones', async () => {
    const { codes } = await setUp(one)
    const fresh = codesIn(await one.submit(OWN, { action: 'renew' }))
    assert.equal(new Set([...codes, ...fresh]).size, 20)
    const two = await waiting()
    assert.equal((await two.submit(STAGE, { recovery: codes[0] as string })).status, 422)
    assert.equal((await two.submit(STAGE, { recovery: fresh[0] as string })).status, 200)
  })
})

describe('A user without a password', () => {
  const forgetPassword = () =>
    it.db.transaction(async (tx) => {
      await tx.run(sql`update principals set password_hash = null where id = ${vera}`)
      await invalidate(tx, 'principals')
    })

  test('confirms by a code, once, and wrong codes count as well', async () => {
    const { secret } = await ready()
    await forgetPassword()
    mock.timers.tick(20 * MINUTE)
    assert.match((await one.get('/confirm')).text, /name="code"/)
    assert.equal((await one.submit('/confirm', { password: PASSWORD })).status, 422)
    const code = codeOf(secret)
    assert.deepEqual(to(await one.submit('/confirm', { code, back_url: OWN })), [303, OWN])
    assert.equal((await one.get(OWN)).status, 200)
    assert.equal((await one.submit('/confirm', { code })).status, 422)
    for (let i = 0; i < 9; i++) assert.equal((await one.submit('/confirm', { code: wrongCodeOf(secret) })).status, 422)
    mock.timers.tick(MINUTE)
    assert.equal((await one.submit('/confirm', { code: codeOf(secret) })).status, 429)
  })

  test('and without a second factor signs in again', async () => {
    await forgetPassword()
    assert.match((await one.get('/confirm')).text, /Sign out and sign in again/)
    assert.equal((await one.submit('/confirm', { code: '123456' })).status, 422)
  })
})

describe('Where two-factor authentication is required', () => {
  const SETUP = '/login/two_factor_setup'
  const requiring = async (whom: string, work: () => Promise<void>) => {
    await it.setting('two_factor_required', whom)
    try {
      await work()
    } finally {
      await it.setting('two_factor_required', 'nobody')
    }
  }

  test('for everybody, the sign-in includes the setup', async () => {
    await requiring('everybody', async () => {
      const two = browser(it.url)
      assert.deepEqual(to(await two.signIn(login, PASSWORD, { back_url: '/x' })), [303, `${SETUP}?back_url=%2Fx`])
      assert.equal(await two.me(), undefined)
      assert.deepEqual(to(await two.get(OWN)), [303, `${SETUP}?back_url=%2Fmy%2Ftwo_factor`])
      assert.equal((await two.submit(SETUP, { code: '123456' })).status, 422)
      assert.deepEqual(to(await two.submit(SETUP, { action: 'begin', back_url: '/x' })), [303, `${SETUP}?back_url=%2Fx`])
      const secret = secretIn(await two.get(SETUP))
      assert.equal((await two.submit(SETUP, { action: 'confirm', code: wrongCodeOf(secret) })).status, 422)
      assert.equal(await two.me(), undefined)
      const waited = two.cookie
      const done = await two.submit(SETUP, { action: 'confirm', code: codeOf(secret), back_url: '/x' })
      assert.equal(codesIn(done).length, 10)
      assert.match(done.text, /href="\/x">Continue/)
      assert.notEqual(two.cookie, waited)
      assert.deepEqual([await two.me(), await one.me()], [vera, undefined])
      mock.timers.tick(MINUTE)
      assert.deepEqual(to(await (await waiting()).submit(STAGE, { code: codeOf(secret) })), [303, '/'])
    })
  })

  test('the last method cannot be removed, but replaced', async () => {
    const { secret } = await setUp(one)
    await requiring('everybody', async () => {
      const reply = await one.submit(OWN, { action: 'remove' })
      assert.equal(reply.status, 422)
      assert.match(reply.text, /role="alert"[^>]*>This server requires two-factor authentication/)
      assert.notEqual((await setUp(one)).secret, secret)
    })
  })

  test('a setup at the sign-in does not replace a concurrent one', async () => {
    await requiring('everybody', async () => {
      const [two, thief] = [browser(it.url), browser(it.url)]
      for (const each of [two, thief]) {
        await each.signIn(login, PASSWORD)
        await each.submit(SETUP, { action: 'begin' })
      }
      const [own, other] = [secretIn(await two.get(SETUP)), secretIn(await thief.get(SETUP))]
      assert.equal((await two.submit(SETUP, { action: 'confirm', code: codeOf(own) })).status, 200)
      assert.deepEqual(to(await thief.submit(SETUP, { action: 'confirm', code: codeOf(other) })), [303, '/login'])
      assert.equal(await thief.me(), undefined)
    })
  })

  test('for administrators, others sign in as before', async () => {
    await requiring('administrators', async () => {
      assert.deepEqual(to(await browser(it.url).signIn(login, PASSWORD)), [303, '/'])
      await it.make.user({ login: `chief-${vera}`, admin: true, password_hash: it.hash })
      assert.deepEqual(to(await browser(it.url).signIn(`chief-${vera}`, PASSWORD)), [303, SETUP])
    })
  })

  test('tokens still give access to the API', async () => {
    await requiring('everybody', async () => {
      assert.equal((await (await it.as(vera)).get('/users/me')).body.id, vera)
    })
  })
})

test('The command line removes all second factors of a user and ends their sessions', async () => {
  await setUp(one)
  const half = await waiting()
  await it.db.transaction((tx) => resetTwoFactor(tx, vera))
  assert.equal(await one.me(), undefined)
  assert.deepEqual(to(await half.get(STAGE)), [303, '/login'])
  assert.deepEqual(to(await browser(it.url).signIn(login, PASSWORD)), [303, '/'])
})

test('Deleting a user deletes all their second factors', async () => {
  await setUp(one)
  await one.submit(OWN, { action: 'begin' })
  await it.setting('users_deletable_by_admins', true)
  assert.equal((await it.admin.delete(`/users/${vera}`)).status, 202)
  for (const table of [sql`authenticators`, sql`recovery_codes`])
    assert.deepEqual(await it.db.all(sql`select * from ${table} where user_id = ${vera}`), [])
})

test('Neither codes nor keys are logged', async () => {
  const loud = await instance({ seed: 'none', logLevel: 'trace' })
  await loud.make.user({ login: 'vera', password_hash: it.hash })
  const two = browser(loud.url)
  await two.signIn('vera', PASSWORD)
  const { secret, codes } = await setUp(two)
  mock.timers.tick(MINUTE)
  const code = codeOf(secret)
  const three = await waitingBrowser(loud.url, 'vera')
  await three.submit(STAGE, { code })
  await (await waitingBrowser(loud.url, 'vera')).submit(STAGE, { recovery: codes[0] as string })
  const log = loud.logged.join('')
  await loud.close()
  for (const kept of [secret, code, codes[0] as string]) assert.equal(log.includes(kept), false, kept)
})
