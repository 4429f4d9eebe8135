/**
 * Laws of confirmed identity: changes of sign-in credentials require a confirmed identity, on all interfaces. Tokens of any
 * kind cannot do so; a session can, and needs a recent confirmation.
 */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { assignments } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { makeLink } from '#identity/one-time-links.ts'
import { invalidate } from '#kernel/cache.ts'
import { User } from '#modules/accounts/users.ts'
import { product } from '#server/modules.ts'
import type { Router } from '#server/web/page.ts'
import { areas } from '#server/web/pages.ts'
import type { Reply } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { type FakeProvider, fakeProvider, link, register } from '#test/provider.ts'
import { type Scene, scene } from '../oauth/scene.ts'
import { type Browser, browser } from '../sessions/browser.ts'

const PASSWORD = 'correct horse 7!'
const ANOTHER = 'battery staple 8?'

/** The columns that identify a user at the sign-in, or permit it. */
const COLUMNS = ['login', 'email', 'password_hash', 'identity_url', 'admin', 'status']
/** Values that change each property. */
const values: Readonly<Record<string, unknown>> = {
  login: 'somebody-else',
  email: 'somebody-else@example.net',
  password: ANOTHER,
  identityUrl: 'https://id.example.net/somebody-else',
  admin: true,
  status: 'locked',
}

let it: Scene
let acme: FakeProvider
let provider: number
let hash: string
before(async () => {
  it = await scene()
  acme = await fakeProvider()
  provider = await register(it, acme)
  hash = quickHash(PASSWORD)
})
after(async () => {
  await acme.close()
  await it.close()
})

let count = 0
let login: string
let vera: number
beforeEach(async () => {
  login = `vera-${++count}`
  vera = await it.make.user({ login, email: `${login}@example.net`, password_hash: hash })
})

const stored = async (id: number) => it.db.one(sql`select ${raw(COLUMNS.join(', '))} from principals where id = ${id}`)
const appoint = (id: number) =>
  it.db.transaction(async (tx) => {
    await tx.run(sql`update principals set ${assignments({ admin: true })} where id = ${id}`)
    await invalidate(tx, 'principals')
  })
/** Makes the confirmation of a user's sessions an old one. */
const age = (id: number) =>
  it.db.transaction(async (tx) => {
    const at = new Date(Date.now() - 20 * 60_000).toISOString()
    await tx.run(sql`update sessions set proved_at = ${at} where user_id = ${id}`)
    await invalidate(tx, 'sessions')
  })
const signedIn = async (name: string): Promise<Browser> => {
  const one = browser(it.url)
  assert.equal((await one.signIn(name, PASSWORD)).status, 303)
  return one
}

/** The headers of each kind of credential of a user. */
const credentials: Readonly<Record<string, (id: number, name: string) => Promise<Record<string, string>>>> = {
  'an API token': async (id) => ({ authorization: `Bearer ${await it.token(id)}` }),
  'an API token by Basic': async (id) => ({
    authorization: `Basic ${Buffer.from(`apikey:${await it.token(id)}`).toString('base64')}`,
  }),
  'the token of an application': async (id) => {
    const application = await it.application({ actingUserId: id })
    const { body } = await it.exchange(application, { grant_type: 'client_credentials' })
    return { authorization: `Bearer ${body.access_token}` }
  },
  'the token of a provider': async (id, name) => {
    await link(it, id, provider, name)
    return { authorization: `Bearer ${await acme.token({ sub: name })}` }
  },
  'a session without a recent confirmation': async (id, name) => {
    const one = await signedIn(name)
    await age(id)
    return { cookie: one.cookie, 'x-requested-with': 'XMLHttpRequest' }
  },
}

/** The error identifiers in a response, by property. */
const wrongs = ({ status, body, text }: Reply): Record<string, string> => {
  assert.equal(status, 422, text)
  const errors = body._embedded.errors ?? [body]
  return Object.fromEntries(errors.map((one: any) => [one._embedded.details.attribute, one.errorIdentifier.split(':').at(-1)]))
}

test('Every property that writes a sign-in column requires a proof, and nothing else writes one', () => {
  for (const resource of product.resources) {
    if (resource.table !== 'principals') continue
    for (const { name, column, options } of resource.properties) {
      const isWritten = resource.operations.some((one) => one === 'update') && options.readOnly === undefined
      if (!COLUMNS.includes(column ?? '') || !isWritten || resource.name !== 'User') continue
      assert.ok(options.proof, `${resource.name}.${name}`)
    }
  }
  assert.deepEqual(
    User.properties.filter(({ options }) => options.proof).map(({ name }) => name),
    ['login', 'admin', 'email', 'status', 'identityUrl', 'password'],
  )
})

describe('For one’s own account', () => {
  for (const [name, by] of Object.entries(credentials)) {
    for (const isAdmin of [false, true]) {
      test(`no sign-in property is changed by ${name}${isAdmin ? ' of an administrator' : ''}`, async () => {
        if (isAdmin) await appoint(vera)
        const headers = await by(vera, login)
        const { anonymous } = it
        const row = await stored(vera)
        const { body: form } = await anonymous.post('/users/me/form', {}, headers)
        for (const { name: property, options } of User.properties) {
          if (!options.proof) continue
          const change = { [property]: property === 'admin' ? !isAdmin : values[property] }
          const attribute = property === 'password' ? 'currentPassword' : property
          const kind = property === 'password' ? 'PropertyConstraintViolation' : 'PropertyIsReadOnly'
          for (const address of ['/users/me', `/users/${vera}`, `/users/${login}`]) {
            assert.deepEqual(wrongs(await anonymous.patch(address, change, headers)), { [attribute]: kind }, property)
          }
          const { body } = await anonymous.post(`/users/${vera}/form`, change, headers)
          assert.deepEqual(Object.keys(body._embedded.validationErrors), [attribute])
          if (property !== 'password') assert.equal(form._embedded.schema[property].writable, false, property)
          assert.equal(property in form._embedded.payload, false, property)
        }
        assert.deepEqual(await stored(vera), row)
        const { message } = (await anonymous.patch('/users/me', { email: values.email }, headers)).body
        assert.match(message, headers.cookie ? /^Email .*confirm at \/confirm/ : /^Email .*token.*currentPassword/)
        assert.equal((await anonymous.patch('/users/me', { firstName: 'Verena' }, headers)).status, 200)
      })
    }

    test(`by ${name} the address is changed with the current password, within the common limit of guesses`, async () => {
      const headers = await by(vera, login)
      const email = `new-${login}@example.net`
      const change = (currentPassword: unknown) => it.anonymous.patch('/users/me', { email, currentPassword }, headers)
      for (const no of [null, '', [PASSWORD], { toString: PASSWORD }]) {
        assert.deepEqual(wrongs(await change(no)), { email: 'PropertyIsReadOnly' })
      }
      assert.deepEqual(wrongs(await change('wrong')), {
        email: 'PropertyIsReadOnly',
        currentPassword: 'PropertyConstraintViolation',
      })
      const row = await it.db.one(sql`select failed_logins from principals where id = ${vera}`)
      assert.equal(row?.failed_logins, 1)
      assert.equal((await change(PASSWORD)).status, 200)
      assert.equal((await stored(vera))?.email, email)
    })
  }

  test('a session with a recent confirmation changes it', async () => {
    const headers = { cookie: (await signedIn(login)).cookie, 'x-requested-with': 'XMLHttpRequest' }
    const email = `new-${login}@example.net`
    assert.equal((await it.anonymous.post('/users/me/form', {}, headers)).body._embedded.schema.email.writable, true)
    assert.equal((await it.anonymous.patch('/users/me', { email }, headers)).status, 200)
  })
})

describe('For other accounts', () => {
  let boss: number
  let name: string
  beforeEach(async () => {
    name = `boss-${count}`
    boss = await it.make.user({ login: name, email: `${name}@example.net`, password_hash: hash, admin: true })
  })

  for (const [kind, by] of Object.entries(credentials)) {
    test(`${kind} of an administrator changes no sign-in property of another administrator`, async () => {
      await appoint(vera)
      const headers = await by(vera, login)
      const row = await stored(boss)
      const { body: form } = await it.anonymous.post(`/users/${boss}/form`, {}, headers)
      for (const property of ['login', 'email', 'password', 'identityUrl']) {
        const reply = await it.anonymous.patch(`/users/${boss}`, { [property]: values[property] }, headers)
        assert.deepEqual(wrongs(reply), { [property]: 'PropertyIsReadOnly' })
        assert.equal(form._embedded.schema[property].writable, false, property)
      }
      assert.deepEqual(await stored(boss), row)
      const change = { email: `new-${name}@example.net`, currentPassword: PASSWORD }
      assert.equal((await it.anonymous.patch(`/users/${boss}`, change, headers)).status, 200)
    })

    test(`${kind} of an administrator ${kind.startsWith('a session') ? 'needs a recent confirmation to administer' : 'administers'} other users`, async () => {
      await appoint(vera)
      const headers = await by(vera, login)
      const other = await it.make.user({ login: `other-${count}`, email: `other-${count}@example.net`, password_hash: hash })
      const person = { login: `new-${count}`, email: `new-${count}@example.net`, firstName: 'New', lastName: 'One' }
      const replies = [
        await it.anonymous.post('/users', { ...person, status: 'active', password: ANOTHER, admin: true }, headers),
        await it.anonymous.patch(`/users/${other}`, { email: `more-${count}@example.net` }, headers),
        await it.anonymous.patch(`/users/${other}`, { login: `more-${count}`, password: ANOTHER }, headers),
        await it.anonymous.post(`/users/${other}/lock`, {}, headers),
        await it.anonymous.delete(`/users/${other}/lock`, headers),
        await it.anonymous.patch(`/users/${other}`, { admin: true }, headers),
      ]
      const statuses = replies.map(({ status }) => status)
      assert.deepEqual(statuses, kind.startsWith('a session') ? [422, 422, 422, 403, 403, 422] : [201, 200, 200, 200, 200, 200])
      const links = (await it.anonymous.get(`/users/${other}`, headers)).body._links
      assert.equal('lock' in links, !kind.startsWith('a session'))
    })
  }

  test('the first administrator gets a password by a token before the setup', async () => {
    const first = await it.make.user({ login: `first-${count}`, admin: true })
    await it.db.transaction((tx) => makeLink(tx, 'setup', first, new Date(0)))
    await appoint(vera)
    const client = await it.as(vera)
    assert.equal((await client.patch(`/users/${first}`, { password: ANOTHER })).status, 200)
    assert.deepEqual(wrongs(await client.patch(`/users/${first}`, { password: PASSWORD })), { password: 'PropertyIsReadOnly' })
  })
})

test('A session without a recent confirmation deletes no account', async () => {
  await it.setting('users_deletable_by_self', true)
  const one = await signedIn(login)
  await age(vera)
  const headers = { cookie: one.cookie, 'x-requested-with': 'XMLHttpRequest' }
  assert.equal('delete' in (await it.anonymous.get('/users/me', headers)).body._links, false)
  const reply = await it.anonymous.delete('/users/me', headers)
  assert.deepEqual([reply.status, /\/confirm/.test(reply.body.message)], [403, true])
  await one.submit('/confirm', { password: PASSWORD })
  assert.equal((await it.anonymous.delete('/users/me', headers)).status, 202)
})

test('An expiring credential creates no calendar address, which would outlast it', async () => {
  const project = await it.make.project()
  await it.make.member(vera, project, ['view_work_packages', 'view_calendar', 'share_calendars', 'save_queries'])
  const forever = await it.as(vera)
  const query = (await forever.post('/queries', { name: 'Dates', _links: { project: { href: `/api/v3/projects/${project}` } } }))
    .body
  const ask = (headers: Record<string, string>, name: string) =>
    it.anonymous.post(`/queries/${query.id}/ical_url`, { token_name: name }, headers)
  for (const [kind, by] of Object.entries(credentials)) {
    const isForever = kind.startsWith('an API token')
    const headers = await by(vera, login)
    assert.equal((await ask(headers, kind)).status, isForever ? 201 : 403, kind)
    assert.equal('icalUrl' in (await it.anonymous.get(`/queries/${query.id}`, headers)).body._links, isForever, kind)
  }
  const expiring = { authorization: `Bearer ${await it.token(vera, { expiresAt: new Date(Date.now() + 60_000).toISOString() })}` }
  assert.equal((await ask(expiring, 'expiring')).status, 403)
})

/** The forms of pages that need no recent confirmation: each only ends something, or asks for the password itself. */
const HARMLESS: Readonly<Record<string, string>> = {
  '/login': 'asks for the password',
  '/login/passkey': 'asks for a passkey',
  '/login/two_factor': 'a stage of the sign-in, which asks for a code',
  '/login/two_factor_setup': 'a stage of the sign-in',
  '/confirm': 'asks for the password',
  '/logout': 'ends the session',
  '/my/account': 'changes the name',
  '/my/settings': 'changes language and time zone',
  '/my/password': 'asks for the current password',
  '/my/access_tokens': 'revokes tokens',
  '/my/sessions': 'ends sessions',
  '/my/applications': 'revokes grants of applications',
  '/my/storages': 'ends connections to file storages',
  '/account/lost_password': 'mails a link to the owner',
  '/account/lost_password/choose': 'requires the secret of such a link',
  '/account/force_password_change': 'a stage of the sign-in',
  '/account/register': 'creates an account of its own',
  '/account/activate': 'requires the secret of a mailed link',
  '/mail/unsubscribe': 'requires a signed address, and stops mails',
  '/setup': 'requires the secret of the setup link',
}

describe('On pages', () => {
  const forms = new Set<string>()
  const router: Router = { get: () => {}, post: (path) => void forms.add(path) }
  for (const area of areas) area.routes(router, {} as never)
  const TABLES = ['tokens', 'oauth_grants', 'oauth_applications', 'authenticators', 'passkeys', 'recovery_codes', 'settings']
  const state = async (id: number) => [
    await stored(id),
    await Promise.all(TABLES.map((table) => it.db.all(sql`select * from ${raw(table)}`))),
  ]

  for (const path of forms) {
    test(`${path} ${HARMLESS[path] ?? 'requires a recent confirmation'}`, async () => {
      await appoint(vera)
      const application = await it.application()
      const one = await signedIn(login)
      await age(vera)
      const fields: Record<string, string> = {
        firstName: 'Vera',
        lastName: 'Vogt',
        login: 'somebody-else',
        email: 'somebody-else@example.net',
        password: ANOTHER,
        repeated: ANOTHER,
        name: 'Token',
        scope: 'api_v3',
        expires: '30',
        action: 'begin',
        decision: 'allow',
        user: String(vera),
        response_type: 'code',
        client_id: application.clientId,
        redirect_uri: 'https://app.example/callback',
        do: 'rotate',
      }
      const before = await state(vera)
      const reply = await one.submit(path.replace(':id', String(application.id)), fields)
      const isAsked = reply.status === 303 && (reply.headers.get('location') ?? '').startsWith('/confirm?back_url=')
      assert.equal(isAsked, !(path in HARMLESS), `${reply.status} ${reply.headers.get('location')}`)
      assert.deepEqual(await state(vera), before)
    })
  }

  test('consent to an application needs a session with a recent confirmation of identity', async () => {
    const application = await it.application()
    const one = await signedIn(login)
    await age(vera)
    const asked = await it.authorize(one, application)
    const to = asked.headers.get('location') ?? ''
    assert.match(to, /^\/confirm\?back_url=%2Foauth%2Fauthorize%3F/)
    const back_url = new URL(to, it.url).searchParams.get('back_url') as string
    const confirmed = await one.submit('/confirm', { password: PASSWORD, back_url })
    const page = await one.get(confirmed.headers.get('location') as string)
    assert.equal(page.status, 200)
    assert.match((await it.decide(one, page)).headers.get('location') ?? '', /^https:\/\/app\.example\/callback\?code=/)
  })
})
