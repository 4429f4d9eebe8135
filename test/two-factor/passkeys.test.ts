/** Passkeys: signing in without a password, use as the second factor, and invalid signatures. */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { after, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'

import { invalidate } from '#kernel/cache.ts'
import { Authenticator, certified, type Overrides } from '#test/authenticator.ts'
import { runDue } from '#test/jobs.ts'
import { MINUTE, PASSWORD, type Scene, scene, to } from '#test/scene.ts'
import { codeOf } from '#test/totp.ts'
import { type Browser, browser } from '../sessions/browser.ts'
import { codesIn, OWN, STAGE, setUp, waitingBrowser } from './scene.ts'

const LOGIN = '/login/passkey'
/** The host of the settings; the server listens on 127.0.0.1. */
const ORIGIN = 'http://localhost:8080'

let it: Scene
let vera: number
let login: string
let one: Browser
let device: Authenticator
before(async () => {
  it = await scene({ clock: 'stopped' })
})
after(() => it.close())
beforeEach(async () => {
  ;({ id: vera, login, browser: one } = await it.visitor())
  await one.signIn(login, PASSWORD)
  device = new Authenticator(ORIGIN)
  // Resets the limits of the network.
  mock.timers.tick(60 * MINUTE)
  await one.submit('/confirm', { password: PASSWORD })
})

/** The options that a browser requests before it uses a device. */
async function options(of: Browser, path: string): Promise<any> {
  const { status, body, text } = await of.submit(path, { action: 'passkey_options' })
  assert.equal(status, 200, text)
  return body
}
const add = async (of: Browser = one, with_ = device, overrides: Overrides = {}, name = 'Telephone') =>
  of.submit(OWN, { action: 'add_passkey', name, credential: with_.create(await options(of, OWN), overrides) })
const use = async (of: Browser, path: string, overrides: Overrides = {}, more: Record<string, string> = {}) =>
  of.submit(path, { credential: device.get(await options(of, path), overrides), ...more })
const passkeys = () => it.db.all(sql`select * from passkeys where user_id = ${vera} order by id`)

describe('A new passkey', () => {
  test('is requested as a discoverable key with user verification', async () => {
    const { rp, user, challenge, attestation, authenticatorSelection, excludeCredentials } = await options(one, OWN)
    assert.deepEqual(rp, { name: 'Halyard', id: 'localhost' })
    assert.equal(user.name, login)
    assert.equal(Buffer.from(challenge, 'base64url').length, 32)
    assert.equal(attestation, 'none')
    assert.equal(authenticatorSelection.residentKey, 'required')
    assert.equal(authenticatorSelection.userVerification, 'required')
    assert.deepEqual(excludeCredentials, [])
  })

  test('is listed with its name, gives recovery codes if it is the first factor, and ends other sessions', async () => {
    const other = browser(it.url)
    await other.signIn(login, PASSWORD)
    const reply = await add()
    assert.equal(codesIn(reply).length, 10)
    assert.match((await one.get(OWN)).text, /<th scope="row">Telephone<\/th>.*never/s)
    assert.deepEqual([await one.me(), await other.me()], [vera, undefined])
    const second = new Authenticator(ORIGIN)
    assert.deepEqual(to(await add(one, second, {}, ' <b> ')), [303, `${OWN}?done=added`])
    assert.match((await one.get(OWN)).text, /<th scope="row">&lt;b&gt;<\/th>/)
    assert.equal((await options(one, OWN)).excludeCredentials.length, 2)
  })

  test('is refused if it is for another site or user, unverified, attested, or repeated', async () => {
    for (const [what, overrides] of Object.entries<Overrides>({
      'another origin': { origin: 'http://evil.example' },
      'another port': { origin: 'http://localhost:8081' },
      'another site': { rpId: 'evil.example' },
      'no user verification': { isVerified: false },
      'another challenge': { challenge: 'AAAA' },
      'a certificate': { format: certified },
    })) {
      assert.equal((await add(one, new Authenticator(ORIGIN), overrides)).status, 422, what)
    }
    const made = device.create(await options(one, OWN))
    assert.equal((await one.submit(OWN, { action: 'add_passkey', credential: made })).status, 200)
    assert.equal((await one.submit(OWN, { action: 'add_passkey', credential: made })).status, 422)
    assert.equal((await add()).status, 422)
    assert.equal((await passkeys()).length, 1)
  })

  test('is refused in another browser, even of the same user, and after five minutes', async () => {
    const other = browser(it.url)
    await other.signIn(login, PASSWORD)
    const asked = await options(one, OWN)
    await options(other, OWN)
    assert.equal((await other.submit(OWN, { action: 'add_passkey', credential: device.create(asked) })).status, 422)
    mock.timers.tick(5 * MINUTE)
    assert.equal((await one.submit(OWN, { action: 'add_passkey', credential: device.create(asked) })).status, 422)
    await runDue(it.db)
    assert.deepEqual(await it.db.all(sql`select * from passkey_challenges`), [])
    assert.deepEqual(await passkeys(), [])
  })

  test('any other input is refused', async () => {
    for (const credential of [
      '',
      '{}',
      'null',
      '[]',
      '"x"',
      '{"id":1,"response":{"clientDataJSON":"e30"}}',
      '\u0000',
      '{"response":{}}',
    ])
      assert.equal((await one.submit(OWN, { action: 'add_passkey', credential })).status, 422, credential)
  })

  test('requires a proof, as its removal does', async () => {
    await add()
    mock.timers.tick(20 * MINUTE)
    const [{ id = 0 } = {}] = await passkeys()
    for (const fields of [{ action: 'passkey_options' }, { action: 'add_passkey' }, { action: 'remove_passkey', id: String(id) }])
      assert.deepEqual(to(await one.submit(OWN, fields as Record<string, string>)), [303, '/confirm?back_url=%2Fmy%2Ftwo_factor'])
    assert.equal((await passkeys()).length, 1)
  })
})

describe('Signing in without a password', () => {
  test('redirects to the destination, past all factors, with a new session', async () => {
    await add()
    const two = browser(it.url)
    assert.match((await two.get('/login')).text, /data-passkey="get" hidden>.*Sign in with a passkey/s)
    const asked = await options(two, LOGIN)
    assert.deepEqual([asked.rpId, asked.userVerification, asked.allowCredentials ?? []], ['localhost', 'required', []])
    const reply = await use(two, LOGIN, {}, { back_url: '/my/account' })
    assert.deepEqual(to(reply), [303, '/my/account'])
    assert.equal(await two.me(), vera)
    assert.match(
      (await one.get(OWN)).text,
      new RegExp(`Telephone</th>.*Last used">${new Date().toISOString().slice(0, 10)}`, 's'),
    )
    assert.deepEqual(to(await use(browser(it.url), LOGIN, {}, { back_url: '//evil.example' })), [303, '/'])
  })

  test('does not require the app', async () => {
    await setUp(one)
    await add()
    const two = browser(it.url)
    assert.deepEqual(to(await use(two, LOGIN)), [303, '/'])
    assert.equal(await two.me(), vera)
  })

  test('never continues a planted session', async () => {
    await add()
    const attacker = await waitingBrowser(it.url, login)
    const victim = browser(it.url)
    victim.cookie = attacker.cookie
    assert.deepEqual(to(await use(victim, LOGIN)), [303, '/'])
    assert.deepEqual([await victim.me(), await attacker.me()], [vera, undefined])
    assert.deepEqual(to(await attacker.get(STAGE)), [303, '/login'])
  })

  test('is refused for every fault with the same message', async () => {
    await add()
    const told = new Set<string>()
    const refused = async (what: string, two: Browser, credential: string) => {
      const { status, text } = await two.submit(LOGIN, { credential })
      assert.deepEqual([what, status, await two.me()], [what, 422, undefined])
      told.add(text)
    }
    for (const [what, overrides] of Object.entries<Overrides>({
      'another origin': { origin: 'http://evil.example' },
      'the address of the request, which is not the one that we are known by': { origin: it.url },
      'another site': { rpId: 'evil.example' },
      'no user verification': { isVerified: false },
      'another challenge': { challenge: 'AAAA' },
      'another user': { userHandle: 'AAAA' },
      'no user': { userHandle: null },
    })) {
      mock.timers.tick(60 * MINUTE)
      const two = browser(it.url)
      await refused(what, two, device.get(await options(two, LOGIN), overrides))
    }
    mock.timers.tick(60 * MINUTE)
    const two = browser(it.url)
    const forged = JSON.parse(device.get(await options(two, LOGIN)))
    const unknown = JSON.parse(new Authenticator(ORIGIN).get(await options(two, LOGIN)))
    await refused('a key that nobody has', two, JSON.stringify(unknown))
    forged.response = unknown.response
    await refused('a signature of another key', two, JSON.stringify(forged))
    await refused('nonsense', two, '{"id":')
    await refused('no challenge asked for', browser(it.url), device.get({ challenge: 'AAAA' }))
    assert.equal(told.size, 1)
  })

  test('accepts a signature once, in the requesting browser, within five minutes', async () => {
    await add()
    const [two, three] = [browser(it.url), browser(it.url)]
    const asked = await options(two, LOGIN)
    await options(three, LOGIN)
    const credential = device.get(asked)
    assert.equal((await three.submit(LOGIN, { credential })).status, 422)
    assert.equal((await browser(it.url).submit(LOGIN, { credential })).status, 422)
    assert.deepEqual(to(await two.submit(LOGIN, { credential })), [303, '/'])
    await two.submit('/logout')
    assert.equal((await two.submit(LOGIN, { credential })).status, 422)
    const late = device.get(await options(two, LOGIN))
    mock.timers.tick(5 * MINUTE)
    assert.equal((await two.submit(LOGIN, { credential: late })).status, 422)
  })

  test('accepts one of several concurrent copies', async () => {
    await add()
    const two = browser(it.url)
    const credential = device.get(await options(two, LOGIN))
    const { cookie } = two
    const replies = await Promise.all(
      Array.from({ length: 5 }, () => {
        const each = browser(it.url)
        each.cookie = cookie
        return each.submit(LOGIN, { credential })
      }),
    )
    assert.deepEqual(replies.map(({ status }) => status).sort(), [303, 422, 422, 422, 422])
  })

  test('is refused if the signature counter decreases, as for a cloned key', async () => {
    await add()
    assert.equal((await use(browser(it.url), LOGIN, { uses: 7 })).status, 303)
    assert.equal((await use(browser(it.url), LOGIN, { uses: 7 })).status, 422)
    assert.equal((await use(browser(it.url), LOGIN, { uses: 3 })).status, 422)
    assert.equal((await use(browser(it.url), LOGIN, { uses: 0 })).status, 422)
    assert.equal((await use(browser(it.url), LOGIN, { uses: 0xffffffff })).status, 303)
  })

  test('works for keys without a counter', async () => {
    await add()
    for (let i = 0; i < 2; i++) assert.equal((await use(browser(it.url), LOGIN, { uses: 0 })).status, 303)
  })

  test('is refused after the removal of the passkey, and a lock, deletion or reset of its user', async () => {
    await add()
    const [{ id } = {}] = await passkeys()
    const two = browser(it.url)
    const before = device.get(await options(two, LOGIN))
    assert.deepEqual(to(await one.submit(OWN, { action: 'remove_passkey', id: String(id) })), [
      303,
      `${OWN}?done=passkey_removed`,
    ])
    assert.equal((await two.submit(LOGIN, { credential: before })).status, 422)
    assert.deepEqual(await it.db.all(sql`select * from recovery_codes where user_id = ${vera}`), [])

    await add()
    assert.equal((await it.admin.post(`/users/${vera}/lock`)).status, 200)
    assert.equal((await use(two, LOGIN)).status, 422)
    assert.equal((await it.admin.delete(`/users/${vera}/lock`)).status, 200)
    assert.equal((await use(two, LOGIN)).status, 303)
    await two.submit('/logout')
    await it.setting('users_deletable_by_admins', true)
    assert.equal((await it.admin.delete(`/users/${vera}`)).status, 202)
    assert.deepEqual(await passkeys(), [])
    assert.equal((await use(two, LOGIN)).status, 422)
  })

  test('is not offered at an IP address, and uses any host name', async () => {
    await it.setting('host_name', '10.0.0.1:8080')
    const { text } = await browser(it.url).get('/login')
    await it.setting('host_name', 'work.example')
    await it.setting('https', true)
    const { rpId } = await options(browser(it.url), LOGIN)
    await it.setting('https', false)
    await it.setting('host_name', 'localhost:8080')
    assert.equal(/data-passkey|<script/.test(text), false)
    assert.equal(rpId, 'work.example')
  })

  test('is refused if only providers may sign users in', async () => {
    await add()
    const two = browser(it.url)
    const credential = device.get(await options(two, LOGIN))
    await it.setting('disable_password_login', true)
    const { text } = await two.get('/login')
    const { status } = await two.submit(LOGIN, { credential })
    await it.setting('disable_password_login', false)
    assert.equal(/data-passkey|<script/.test(text), false)
    assert.deepEqual([status, await two.me()], [403, undefined])
  })

  test('by repeated wrong ones, a network is blocked', async () => {
    const two = browser(it.url)
    let reply = await two.submit(LOGIN, { credential: '{}' })
    for (let i = 0; i < 200 && reply.status === 422; i++) reply = await two.submit(LOGIN, { credential: '{}' })
    assert.equal(reply.status, 429)
    mock.timers.tick(60 * MINUTE)
  })
})

describe('As the second factor', () => {
  test('a passkey is required after the password, or a recovery code', async () => {
    const [code = ''] = codesIn(await add())
    const two = await waitingBrowser(it.url, login)
    const { text } = await two.get(STAGE)
    assert.match(text, /Use one of your passkeys.*data-passkey="get"/s)
    assert.equal(/name="code"/.test(text), false)
    const { allowCredentials } = await options(two, STAGE)
    assert.deepEqual(allowCredentials, [
      { id: device.id.toString('base64url'), type: 'public-key', transports: ['internal', 'hybrid'] },
    ])
    const before = two.cookie
    assert.deepEqual(to(await use(two, STAGE, { userHandle: null }, { back_url: '/x' })), [303, '/x'])
    assert.notEqual(two.cookie, before)
    assert.equal(await two.me(), vera)
    assert.equal((await (await waitingBrowser(it.url, login)).submit(STAGE, { recovery: code })).status, 200)
  })

  test('the app works as well if there are both', async () => {
    const { secret } = await setUp(one)
    await add()
    mock.timers.tick(MINUTE)
    const two = await waitingBrowser(it.url, login)
    assert.match((await two.get(STAGE)).text, /name="code".*data-passkey="get"/s)
    assert.deepEqual(to(await two.submit(STAGE, { code: codeOf(secret) })), [303, '/'])
  })

  test('a passkey of another user is refused, and one for another session', async () => {
    await add()
    const other = `other-${vera}`
    await it.make.user({ login: other, password_hash: it.hash })
    const mallory = browser(it.url)
    await mallory.signIn(other, PASSWORD)
    const own = new Authenticator(ORIGIN)
    await add(mallory, own)
    const two = await waitingBrowser(it.url, login)
    const theirs = own.get(await options(two, STAGE))
    assert.equal((await two.submit(STAGE, { credential: theirs })).status, 422)
    const asked = await options(await waitingBrowser(it.url, other), STAGE)
    await options(two, STAGE)
    assert.equal((await two.submit(STAGE, { credential: device.get(asked) })).status, 422)
    const fresh = await options(browser(it.url), LOGIN)
    assert.equal((await two.submit(STAGE, { credential: device.get(fresh) })).status, 422)
    assert.equal(await two.me(), undefined)
  })

  test('a signature is refused without user verification, twice, or in an expired session', async () => {
    await add()
    const two = await waitingBrowser(it.url, login)
    assert.equal((await use(two, STAGE, { isVerified: false })).status, 422)
    const credential = device.get(await options(two, STAGE))
    assert.equal((await two.submit(STAGE, { credential })).status, 303)
    assert.equal((await (await waitingBrowser(it.url, login)).submit(STAGE, { credential })).status, 422)
    const slow = await waitingBrowser(it.url, login)
    mock.timers.tick(10 * MINUTE)
    assert.deepEqual(to(await slow.submit(STAGE, { action: 'passkey_options' })), [303, '/login'])
  })
})

describe('Confirming', () => {
  test('works with an own passkey in the requesting session', async () => {
    await add()
    mock.timers.tick(20 * MINUTE)
    assert.match((await one.get('/confirm')).text, /name="password".*Confirm with a passkey/s)
    const stranger = browser(it.url)
    const foreign = device.get(await options(stranger, LOGIN))
    await options(one, '/confirm')
    assert.equal((await one.submit('/confirm', { credential: foreign })).status, 422)
    assert.deepEqual(to(await one.get(OWN)), [303, '/confirm?back_url=%2Fmy%2Ftwo_factor'])
    assert.deepEqual(to(await use(one, '/confirm', {}, { back_url: OWN })), [303, OWN])
    assert.equal((await one.get(OWN)).status, 200)
  })

  test('is the only option without a password', async () => {
    await add()
    await it.db.transaction(async (tx) => {
      await tx.run(sql`update principals set password_hash = null where id = ${vera}`)
      await invalidate(tx, 'principals')
    })
    const { text } = await one.get('/confirm')
    assert.match(text, /Confirm with a passkey/)
    assert.equal(/name="password"|Sign out and sign in again/.test(text), false)
  })
})

test('Where two-factor authentication is required, a passkey is enough, and the last one stays', async () => {
  await add()
  await it.setting('two_factor_required', 'everybody')
  const [{ id } = {}] = await passkeys()
  const reply = await one.submit(OWN, { action: 'remove_passkey', id: String(id) })
  const signedIn = to(await use(browser(it.url), LOGIN))
  await it.setting('two_factor_required', 'nobody')
  assert.equal(reply.status, 422)
  assert.deepEqual(signedIn, [303, '/'])
  assert.equal((await passkeys()).length, 1)
})

test('A user cannot remove the passkey of another', async () => {
  await add()
  const [{ id } = {}] = await passkeys()
  await it.make.user({ login: `other-${vera}`, password_hash: it.hash })
  const mallory = browser(it.url)
  await mallory.signIn(`other-${vera}`, PASSWORD)
  await add(mallory, new Authenticator(ORIGIN))
  await mallory.submit(OWN, { action: 'remove_passkey', id: String(id) })
  assert.equal((await passkeys()).length, 1)
})

test('Pages allow only our script, and only where needed', async () => {
  await add()
  for (const [of, path] of [
    [browser(it.url), '/login'],
    [one, OWN],
    [one, '/confirm'],
    [await waitingBrowser(it.url, login), STAGE],
  ] as const) {
    const { headers, text } = await of.get(path)
    const scripts = [...text.matchAll(/<script type="module">(.*?)<\/script>/gs)].map(([, script]) => script as string)
    assert.equal(scripts.length, 1, path)
    const hash = createHash('sha256')
      .update(scripts[0] as string)
      .digest('base64')
    assert.ok(headers.get('content-security-policy')?.includes(`; script-src 'sha256-${hash}'; connect-src 'self'`), path)
  }
  const other = await one.get('/logout')
  assert.equal(/script/.test(other.text + other.headers.get('content-security-policy')), false)
})
