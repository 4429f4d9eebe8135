/** Signing in by a provider: the flow, its attacks, and the linked accounts. */

import assert from 'node:assert/strict'
import { after, afterEach, before, beforeEach, describe, mock, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { makeLink, userOfLink } from '#identity/one-time-links.ts'
import { sendOut } from '#jobs/mail.ts'
import { type Instance, instance, type Reply } from '#test/instance.ts'
import { jobsOf, runDue } from '#test/jobs.ts'
import { CLIENT_ID, change, type FakeProvider, fakeProvider, link, type Person, register } from '#test/provider.ts'
import { type Browser, browser } from '../sessions/browser.ts'

/** A further provider for one test. They end together: otherwise the next one might get the same port. */
const others: FakeProvider[] = []
const another = async (): Promise<FakeProvider> => {
  const provider = await fakeProvider()
  others.push(provider)
  return provider
}

let it: Instance
let acme: FakeProvider
let provider: number
let vera: number
let one: Browser
let count = 0
let subject: string

before(async () => {
  it = await instance()
  acme = await fakeProvider()
  provider = await register(it, acme, { name: 'Acme <Inc>' })
})
after(async () => {
  for (const provider of [acme, ...others]) await provider.close()
  await it.close()
})
beforeEach(async () => {
  subject = `subject ${++count}`
  vera = await it.make.user({ login: `vera-${count}`, email: `vera-${count}@example.net` })
  await link(it, vera, provider, subject)
  one = browser(it.url)
})
afterEach(() => {
  acme.answers = {}
  acme.faults = {}
  mock.timers.reset()
})

const to = (reply: Reply) => [reply.status, reply.headers.get('location')]
const alertIn = ({ text }: Reply) => /role="alert"[^>]*>([^<]*)</.exec(text)?.[1]
/** Asserts a rejected sign-in with its message. */
const isRefused = (reply: Reply, status: number, sentence: string) => {
  assert.deepEqual([reply.status, alertIn(reply), reply.headers.get('set-cookie')], [status, sentence, null])
  assert.match(reply.text, /<a href="\/login\/internal">/)
}
/** The address of the redirect to the provider. */
const setOut = async (by: Browser, query = ''): Promise<string> => {
  const reply = await by.get(`/auth/acme${query}`)
  assert.equal(reply.status, 303)
  return reply.headers.get('location') as string
}
/** The path and query of the redirect back from the provider. */
const cameBack = (address: string, person: Person, userInfo?: Record<string, unknown>): string => {
  const { pathname, search } = new URL(acme.signIn(address, person, userInfo))
  return pathname + search
}
/** The whole sign-in. */
const signIn = async (person: Person, userInfo?: Record<string, unknown>, by = one): Promise<Reply> =>
  by.get(cameBack(await setOut(by), person, userInfo))
const userOf = (column: 'login' | 'email', value: string) =>
  it.db.one(sql`select * from principals where ${column === 'login' ? sql`login` : sql`email`} = ${value}`)
const UNRELIABLE = 'The response of Acme &lt;Inc&gt; is invalid.'
const USED = 'The sign-in was started in another browser, has expired, or has already been used. Start again.'
const TAKEN = 'An existing account may be yours, but it is not linked to Acme &lt;Inc&gt;. Ask an administrator to link it.'
const UNVERIFIED = 'Acme &lt;Inc&gt; has not verified your e-mail address. Ask an administrator to link your account.'
const UNKNOWN = 'You have no account on this server. Ask an administrator to create one.'
const INACTIVE = 'Your account is locked. Contact an administrator.'

describe('the sign-in page', () => {
  test('has a button for each available provider, with the destination', async () => {
    const button = /<a class="button quiet" href="\/auth\/acme\?back_url=%2Fapi%2Fdocs">Sign in with Acme &lt;Inc&gt;<\/a>/
    assert.match((await one.get('/login?back_url=/api/docs')).text, button)
    await change(it, provider, 'available', false)
    assert.doesNotMatch((await one.get('/login?back_url=/api/docs')).text, /\/auth\/|Acme/)
    assert.equal((await one.get('/auth/acme')).status, 404)
    await change(it, provider, 'available', true)
  })

  test('shows no password form if disabled, and accepts no password', async () => {
    await it.setting('disable_password_login', true)
    const { text } = await one.get('/login')
    const { status } = await one.signIn('admin', 'whatever it is')
    await it.setting('disable_password_login', false)
    assert.doesNotMatch(text, /type="password"/)
    assert.match(text, /href="\/auth\/acme"/)
    assert.equal(status, 403)
  })

  test('redirects to the direct provider, but not after a sign-out', async () => {
    await it.setting('omniauth_direct_login_provider', 'acme')
    assert.deepEqual(to(await one.get('/login?back_url=/x')), [303, '/auth/acme?back_url=%2Fx'])
    assert.match((await one.get('/login/internal')).text, /type="password"/)
    await signIn({ sub: subject })
    assert.deepEqual(to(await one.submit('/logout')), [303, '/login/internal'])
    await change(it, provider, 'available', false)
    assert.equal((await one.get('/login')).status, 200)
    await change(it, provider, 'available', true)
    await it.setting('omniauth_direct_login_provider', null)
  })
})

describe('signing in by a provider', () => {
  test('requests a code with state, nonce and PKCE, for the public address', async () => {
    const { origin, pathname, searchParams } = new URL(await setOut(one))
    assert.deepEqual([origin + pathname, searchParams.get('client_id')], [`${acme.issuer}/authorize`, CLIENT_ID])
    assert.equal(searchParams.get('redirect_uri'), 'http://localhost:8080/auth/acme/callback')
    assert.deepEqual([searchParams.get('response_type'), searchParams.get('scope')], ['code', 'openid profile email'])
    assert.match(searchParams.get('state') as string, /^[0-9a-f]{64}$/)
    assert.match(searchParams.get('nonce') as string, /^[0-9a-f]{64}$/)
    assert.match(searchParams.get('code_challenge') as string, /^[\w-]{43}$/)
    assert.equal(searchParams.get('code_challenge_method'), 'S256')
  })

  test('starts a session of the user linked to the subject', async () => {
    assert.deepEqual(to(await signIn({ sub: subject })), [303, '/'])
    assert.equal(await one.me(), vera)
  })

  test('redirects to the destination, and nowhere else', async () => {
    const ways: [back: string, to: string][] = [
      ['/api/docs?x=1#y', '/api/docs?x=1#y'],
      ['//evil.example', '/'],
      ['/\\evil.example', '/'],
      ['https://evil.example', '/'],
      ['/%2fevil.example', '/'],
      ['javascript:alert(1)', '/'],
    ]
    for (const [back, where] of ways) {
      const visitor = browser(it.url)
      const path = cameBack(await setOut(visitor, `?back_url=${encodeURIComponent(back)}`), { sub: subject })
      // Parameters added to the callback are ignored.
      assert.deepEqual(to(await visitor.get(`${path}&back_url=/elsewhere`)), [303, where], back)
      assert.deepEqual(to(await visitor.get(`/auth/acme?back_url=${encodeURIComponent(back)}`)), [303, where], back)
    }
  })

  test('uses the configured address, whatever the Host header', async () => {
    const { headers } = await it.anonymous.send('GET', '/auth/acme', { headers: { 'x-forwarded-host': 'evil.example' } })
    const { searchParams } = new URL(headers.get('location') as string)
    assert.equal(searchParams.get('redirect_uri'), 'http://localhost:8080/auth/acme/callback')
  })

  test('sets a short-lived cookie with HttpOnly and SameSite', async () => {
    const { headers } = await one.get('/auth/acme')
    const cookie = /^_open_project_session_browser=[0-9a-f]{64}; Max-Age=600; Path=\/; HttpOnly; SameSite=Lax$/
    assert.match(headers.get('set-cookie') as string, cookie)
    await it.setting('https', true)
    const secure = (await one.get('/auth/acme')).headers.get('set-cookie') as string
    await it.setting('https', false)
    assert.match(secure, /^__Host-_open_project_session_browser=[0-9a-f]{64}; Max-Age=600; Path=\/; .*; Secure$/)
  })

  test('works in several windows concurrently', async () => {
    const [first, second] = [await setOut(one, '?back_url=/first'), await setOut(one, '?back_url=/second')]
    assert.deepEqual(to(await one.get(cameBack(second, { sub: subject }))), [303, '/second'])
    assert.deepEqual(to(await one.get(cameBack(first, { sub: subject }))), [303, '/first'])
    assert.equal(await one.me(), vera)
  })

  test('never continues an earlier session, real or made up, and ends it (session fixation)', async () => {
    const path = cameBack(await setOut(one), { sub: subject })
    const attacker = browser(it.url)
    await signIn({ sub: subject }, undefined, attacker)
    const planted = /_open_project_session=[0-9a-f]{64}/.exec(attacker.cookie)?.[0] as string
    one.cookie = `${one.cookie}; ${planted}`
    assert.equal(await one.me(), vera)
    await one.get(path)
    assert.equal(one.cookie.includes(planted), false)
    assert.deepEqual([await one.me(), await attacker.me()], [vera, undefined])
  })

  test('is a first factor: the other stages follow', async () => {
    await it.setting('two_factor_required', 'everybody')
    const reply = await one.get(cameBack(await setOut(one, '?back_url=/x'), { sub: subject }))
    await it.setting('two_factor_required', 'nobody')
    assert.deepEqual(to(reply), [303, '/login/two_factor_setup?back_url=%2Fx'])
    assert.equal(await one.me(), undefined)
  })

  test('does nothing for signed-in users', async () => {
    await signIn({ sub: subject })
    assert.deepEqual(to(await one.get('/auth/acme?back_url=/x')), [303, '/x'])
  })

  test('stores state and cookie as hashes', async () => {
    const address = await setOut(one)
    const rows = JSON.stringify(await it.db.all(sql`select * from provider_sign_ins`))
    assert.equal(rows.includes(new URL(address).searchParams.get('state') as string), false)
    assert.equal(rows.includes(one.cookie.split('=')[1] as string), false)
  })
})

describe('the sign-in fails', () => {
  test('with a code from another browser (login CSRF)', async () => {
    const attacker = browser(it.url)
    const path = cameBack(await setOut(attacker), { sub: subject })
    isRefused(await one.get(path), 422, USED)
    await setOut(one)
    isRefused(await one.get(path), 422, USED)
    assert.equal(await one.me(), undefined)
  })

  test('on a second callback', async () => {
    const path = cameBack(await setOut(one), { sub: subject })
    assert.equal((await one.get(path)).status, 303)
    isRefused(await one.get(path), 422, USED)
  })

  test('with a made-up, missing or repeated state', async () => {
    for (const change of [(p: string) => p.replace(/state=\w/, 'state=x'), (p: string) => p.replace(/&?state=\w+/, '')]) {
      isRefused(await one.get(change(cameBack(await setOut(one), { sub: subject }))), 422, USED)
    }
    const path = cameBack(await setOut(one), { sub: subject })
    isRefused(await one.get(`${path}&state=x`), 422, UNRELIABLE)
  })

  test('after ten minutes', async () => {
    const path = cameBack(await setOut(one), { sub: subject })
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 601_000 })
    isRefused(await one.get(path), 422, USED)
  })

  test('with the response of another provider (mix-up)', async () => {
    const other = await another()
    await register(it, other, { slug: 'other', name: 'Other' })
    const path = cameBack(await setOut(one), { sub: subject })
    isRefused(await one.get(path.replace('/auth/acme/', '/auth/other/')), 422, USED)
    isRefused(await one.get(path.replace(/iss=[^&]+/, `iss=${encodeURIComponent(other.issuer)}`)), 422, UNRELIABLE)
    const silent = cameBack(await setOut(one), { sub: subject })
    isRefused(await one.get(silent.replace(/&iss=[^&]+/, '')), 422, UNRELIABLE)
  })

  test('with a code that the provider does not know', async () => {
    const path = cameBack(await setOut(one), { sub: subject })
    isRefused(await one.get(path.replace(/code=\w+/, 'code=made-up')), 422, UNRELIABLE)
  })

  const seconds = () => Math.floor(Date.now() / 1000)
  const faults: [what: string, fault: () => FakeProvider['faults']][] = [
    ['another nonce', () => ({ claims: { nonce: 'another' } })],
    ['no nonce', () => ({ claims: { nonce: undefined } })],
    ['another issuer', () => ({ claims: { iss: 'https://evil.example' } })],
    ['another audience', () => ({ claims: { aud: 'another' } })],
    ['an expired time', () => ({ claims: { exp: seconds() - 86_400 } })],
    ['no subject', () => ({ claims: { sub: undefined } })],
    ['a subject with invalid characters', () => ({ claims: { sub: 'a\u0000b' } })],
    ['a forged signature', () => ({ forged: true })],
  ]
  for (const [what, fault] of faults) {
    test(`with an ID token of ${what}`, async () => {
      acme.faults = fault()
      isRefused(await signIn({ sub: subject }), 422, UNRELIABLE)
      assert.equal(await one.me(), undefined)
    })
  }

  test('if the user cancels at the provider', async () => {
    const state = new URL(await setOut(one)).searchParams.get('state')
    const query = new URLSearchParams({
      error: 'access_denied',
      error_description: '<b>Call 555</b>',
      state: state as string,
      iss: acme.issuer,
    })
    const reply = await one.get(`/auth/acme/callback?${query}`)
    isRefused(reply, 422, 'Acme &lt;Inc&gt; rejected the sign-in.')
    assert.doesNotMatch(reply.text, /555|access_denied/)
  })

  test('while the provider does not respond, before or after', async () => {
    const away = 'Acme &lt;Inc&gt; does not respond. Try again in a minute.'
    const path = cameBack(await setOut(one), { sub: subject })
    acme.answers['/token'] = (request) => void request.socket.destroy()
    isRefused(await one.get(path), 503, away)
    const other = await another()
    await register(it, other, { slug: 'away', name: 'Acme <Inc>' })
    await other.close()
    isRefused(await one.get('/auth/away'), 503, away)
  })

  test('with a provider that redirects, or whose response is too large', async () => {
    const answers: FakeProvider['answers'][string][] = [
      (_, response) => void response.writeHead(307, { location: 'http://127.0.0.1:1/token' }).end(),
      (_, response) => void response.writeHead(200, { 'content-type': 'application/json' }).end(' '.repeat(300_000)),
      (_, response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>'),
    ]
    for (const answer of answers) {
      acme.answers['/token'] = answer
      assert.ok([422, 503].includes((await signIn({ sub: subject })).status))
      assert.equal(await one.me(), undefined)
    }
  })

  test('for a locked or inactive account, with one message', async () => {
    for (const status of [2, 3]) {
      const user = await it.make.user({ status })
      await link(it, user, provider, `of state ${status}`)
      isRefused(await signIn({ sub: `of state ${status}` }), 422, INACTIVE)
    }
  })
})

describe('an unlinked subject', () => {
  const person = (more: Record<string, unknown> = {}): Person => ({
    sub: `new ${count}`,
    preferred_username: `newcomer-${count}`,
    email: `newcomer-${count}@example.org`,
    email_verified: true,
    given_name: 'Nora',
    family_name: `Newcomer ${count}`,
    ...more,
  })
  const openly = async <T>(work: () => Promise<T>): Promise<T> => {
    await change(it, provider, 'registration', 'open')
    return work().finally(() => change(it, provider, 'registration', 'limited'))
  }

  test('gets an account at once if the provider may create accounts', async () => {
    assert.deepEqual(to(await openly(() => signIn(person()))), [303, '/'])
    const { body } = await one.get('/api/v3/users/me')
    const { login, firstName, lastName, email, status, identityUrl } = body
    assert.deepEqual(
      { login, firstName, lastName, email, status, identityUrl },
      {
        login: `newcomer-${count}`,
        firstName: 'Nora',
        lastName: `Newcomer ${count}`,
        email: `newcomer-${count}@example.org`,
        status: 'active',
        identityUrl: `acme:new ${count}`,
      },
    )
    const again = browser(it.url)
    // From now on the subject is enough, and other claims change nothing.
    await signIn({ sub: `new ${count}`, preferred_username: 'admin' }, undefined, again)
    assert.equal(await again.me(), body.id)
  })

  test('is identified by the userinfo endpoint', async () => {
    const { sub, ...userInfo } = person()
    await openly(() => signIn({ sub }, userInfo))
    assert.equal((await one.get('/api/v3/users/me')).body.login, `newcomer-${count}`)
  })

  test('waits for activation, gets an account, or none, by the setting self_registration', async () => {
    const pending = 'Your account has been created. An administrator must activate it before you can sign in.'
    await it.db.transaction((tx) => tx.run(sql`update principals set email = 'admin@example.org' where login = 'admin'`))
    isRefused(await signIn(person()), 422, pending)
    assert.equal((await userOf('login', `newcomer-${count}`))?.status, 2)
    assert.deepEqual(
      (await jobsOf(it.db, sendOut)).map(({ payload }) => [payload.recipient, payload.subject]),
      [['admin@example.org', 'New registration at Halyard']],
    )
    isRefused(await signIn(person()), 422, INACTIVE)
    for (const [setting, more] of [
      [1, { sub: 'by mail', preferred_username: 'by-mail', email: 'by-mail@example.org' }],
      [3, { sub: 'at once', preferred_username: 'at-once', email: 'at-once@example.org' }],
    ] as const) {
      await it.setting('self_registration', setting)
      assert.equal((await signIn(person(more), undefined, browser(it.url))).status, 303)
    }
    await it.setting('self_registration', 0)
    isRefused(await signIn(person({ sub: 'none', preferred_username: 'none', email: 'none@example.org' })), 422, UNKNOWN)
    await it.setting('self_registration', 2)
    assert.equal(await userOf('login', 'none'), undefined)
  })

  test('gets none if only linked users may sign in', async () => {
    await change(it, provider, 'registration', 'none')
    isRefused(await signIn(person()), 422, UNKNOWN)
    await change(it, provider, 'registration', 'limited')
    assert.equal(await userOf('login', `newcomer-${count}`), undefined)
  })

  test('gets none with an unverified address', async () => {
    for (const email_verified of [undefined, false, 'false', 1, null]) {
      isRefused(await openly(() => signIn(person({ email_verified }))), 422, UNVERIFIED)
    }
    isRefused(await openly(() => signIn(person({ email: 'no address' }))), 422, UNVERIFIED)
    isRefused(await openly(() => signIn(person({ email: undefined }))), 422, UNVERIFIED)
    assert.equal(await userOf('login', `newcomer-${count}`), undefined)
  })

  test('has its address verified only if the claim belongs to it', async () => {
    const elsewhere = { email: `vera-${count}@example.net` }
    isRefused(await openly(() => signIn(person(), elsewhere)), 422, UNVERIFIED)
  })

  test('uses the address as username if the claim is not a valid one', async () => {
    await openly(() => signIn(person({ preferred_username: 'me', given_name: '<b>', family_name: undefined })))
    const { body } = await one.get('/api/v3/users/me')
    assert.deepEqual([body.login, body.name], [body.email, `newcomer-${count} @example.org`])
  })

  test('does not get the account with the claimed username (takeover)', async () => {
    const admin = await userOf('login', 'admin')
    for (const preferred_username of ['admin', 'ADMIN', `vera-${count}`]) {
      isRefused(await openly(() => signIn(person({ preferred_username }))), 422, TAKEN)
    }
    assert.equal(await one.me(), undefined)
    assert.deepEqual(await userOf('login', 'admin'), admin)
  })

  test('gets one account, even concurrently', async () => {
    const windows = [browser(it.url), browser(it.url), browser(it.url)]
    const paths = await Promise.all(windows.map(async (each) => cameBack(await setOut(each), person())))
    await openly(() => Promise.all(windows.map((each, index) => each.get(paths[index] as string))))
    const users = await Promise.all(windows.map((each) => each.me()))
    assert.deepEqual([...new Set(users)].length, 1)
    assert.equal(typeof users[0], 'number')
  })
})

describe('an account with the address of the subject', () => {
  const owner = async (values: Record<string, unknown> = {}) => {
    const email = `owner-${count}@example.net`
    const id = await it.make.user({ email, ...values })
    return { id, person: { sub: `owner ${count}`, email: email.toUpperCase(), email_verified: true } as Person }
  }
  const links = async (id: number) =>
    (await it.db.all(sql`select subject from user_auth_identities where user_id = ${id}`)).map((row) => row.subject)

  test('is linked if the provider has verified the address', async () => {
    const { id, person } = await owner()
    assert.equal((await signIn(person)).status, 303)
    assert.equal(await one.me(), id)
    assert.deepEqual(await links(id), [`owner ${count}`])
  })

  test('is not linked if unverified, unless the provider is trusted', async () => {
    const { id, person } = await owner()
    isRefused(await signIn({ ...person, email_verified: false }), 422, UNVERIFIED)
    assert.deepEqual(await links(id), [])
    await change(it, provider, 'trusts_email', true)
    await signIn({ ...person, email_verified: false })
    await change(it, provider, 'trusts_email', false)
    assert.equal(await one.me(), id)
  })

  test('is not linked if the settings forbid it', async () => {
    const { id, person } = await owner()
    await it.setting('oauth_allow_remapping_of_existing_users', false)
    isRefused(await signIn(person), 422, TAKEN)
    await it.setting('oauth_allow_remapping_of_existing_users', true)
    assert.deepEqual(await links(id), [])
  })

  test('is not linked if it is an administrator’s', async () => {
    const { id, person } = await owner({ admin: true })
    isRefused(await signIn(person), 422, TAKEN)
    assert.deepEqual(await links(id), [])
  })

  test('is not linked if it has another subject', async () => {
    const { id, person } = await owner()
    await link(it, id, provider, `former owner ${count}`)
    isRefused(await signIn(person), 422, TAKEN)
    assert.deepEqual(await links(id), [`former owner ${count}`])
  })

  test('stays locked or inactive, and is not linked', async () => {
    for (const status of [2, 3]) {
      const { id, person } = await owner({ status, email: `state-${status}-${count}@example.net` })
      isRefused(await signIn({ ...person, email: `state-${status}-${count}@example.net` }), 422, INACTIVE)
      assert.deepEqual(await links(id), [])
    }
  })

  test('is activated if it was invited', async () => {
    const { id, person } = await owner({ status: 4 })
    const secret = await it.db.transaction((tx) => makeLink(tx, 'invite', id, new Date()))
    assert.equal((await signIn(person)).status, 303)
    assert.equal(await userOfLink(it.db, 'invite', secret, new Date()), undefined)
    assert.deepEqual(await it.db.all(sql`select id from one_time_links where user_id = ${id}`), [], 'the invitation is used up')
    const { body } = await one.get('/api/v3/users/me')
    assert.deepEqual([body.id, body.status], [id, 'active'])
  })
})

test('Expired sign-ins are removed, and logs contain neither codes nor secrets', async () => {
  await setOut(one)
  await runDue(it.db, { now: new Date(Date.now() + 601_000) })
  assert.deepEqual(await it.db.all(sql`select state from provider_sign_ins`), [])
  const loud = await instance({ logLevel: 'debug' })
  await register(loud, acme)
  const visitor = browser(loud.url)
  const { headers } = await visitor.get('/auth/acme')
  const back = new URL(acme.signIn(headers.get('location') as string, { sub: 'x' }))
  acme.faults = { claims: { nonce: 'another' } }
  assert.equal((await visitor.get(back.pathname + back.search)).status, 422)
  acme.answers['/token'] = (_, response) =>
    void response.setHeader('content-type', 'application/json').end('{"access_token":eyJ}')
  const again = new URL(acme.signIn((await visitor.get('/auth/acme')).headers.get('location') as string, { sub: 'x' }))
  assert.equal((await visitor.get(again.pathname + again.search)).status, 422)
  const log = loud.logged.join('')
  assert.match(log, /sign-in by a provider failed/)
  for (const secret of ['code', 'state'].map((name) => back.searchParams.get(name) as string))
    assert.equal(log.includes(secret), false)
  assert.doesNotMatch(log, /kept to ourselves|eyJ/)
  await loud.close()
})
