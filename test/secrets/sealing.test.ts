/** Secrets in the database: encrypted at rest, decrypted for use, and encrypted again by a rotation of the key. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { after, afterEach, before, describe, mock, test } from 'node:test'
import type { Database } from '#db/database.ts'
import { raw, sql } from '#db/sql.ts'
import { type Key, keysOf, randomSecretKey, resealSecrets, sealSecrets, secretColumns, useKeys } from '#identity/secrets.ts'
import { type Instance, instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { CLIENT_SECRET, type FakeProvider, fakeProvider, register } from '#test/provider.ts'
import { MINUTE, PASSWORD, to } from '#test/scene.ts'
import { codeOf } from '#test/totp.ts'
import { type Browser, browser } from '../sessions/browser.ts'
import { OWN, STAGE, secretIn, setUp, waitingBrowser } from '../two-factor/scene.ts'

let it: Instance
let acme: FakeProvider
let provider: number
let one: Browser
let secret: string
before(async () => {
  it = await instance()
  await it.setting('host_name', new URL(it.url).host)
  acme = await fakeProvider()
  provider = await register(it, acme)
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  await it.make.user({ login: 'vera', password_hash: quickHash(PASSWORD) })
  one = browser(it.url)
  await one.signIn('vera', PASSWORD)
  ;({ secret } = await setUp(one))
  await sealSecrets(it.db)
})
after(async () => {
  mock.timers.reset()
  await acme.close()
  await it.close()
})
afterEach(() => mock.timers.tick(MINUTE))

/** All stored values. */
async function dump(db: Database): Promise<string> {
  const tables = /^ {2}(\w+): \{$/gm
  const source = readFileSync(new URL('../../server/db/tables.ts', import.meta.url), 'utf8')
  const all = await Promise.all([...source.matchAll(tables)].map(([, name]) => db.all(sql`select * from ${raw(name as string)}`)))
  return JSON.stringify(all)
}
const given = (...keys: Key[]) => ({ where: 'the test', read: () => keys })
const signsIn = async () => {
  mock.timers.tick(MINUTE)
  return (await (await waitingBrowser(it.url, 'vera')).submit(STAGE, { code: codeOf(secret) })).status === 303
}
/** Whether the provider accepts the client secret. */
const byProvider = async () => {
  const two = browser(it.url)
  const [, address] = to(await two.get('/auth/acme'))
  const back = acme.signIn(address as string, { sub: 'vera@acme', email: 'nobody@example.net', email_verified: true })
  return (await two.get(back.slice(new URL(back).origin.length))).text
}

test('The database contains no secret in plain text, even before its confirmation', async () => {
  await one.submit(OWN, { action: 'begin' })
  const begun = secretIn(await one.get(OWN))
  const two = browser(it.url)
  const [, address] = to(await two.get('/auth/acme'))
  const nonce = new URL(address as string).searchParams.get('nonce') as string
  const all = await dump(it.db)
  for (const clear of [secret, begun, nonce, CLIENT_SECRET]) assert.equal(all.includes(clear), false, clear)
  const rows = await it.db.all<{ secret: string }>(sql`select secret from authenticators`)
  for (const row of rows) assert.match(row.secret, /^sealed:1:[0-9a-f]{8}:[\w-]+$/)
  await one.submit(OWN, { action: 'cancel' })
})

test('Signing in with an app and with a provider still works', async () => {
  assert.equal(await signsIn(), true)
  assert.doesNotMatch(await byProvider(), /is invalid|does not respond/)
})

test('Every column with the name of a secret is encrypted, or has an exception', async () => {
  const source = readFileSync(new URL('../../server/db/tables.ts', import.meta.url), 'utf8')
  /** Other columns with such names, and the reasons why they are not secret. */
  const others: Readonly<Record<string, string>> = {
    'jobs.key': 'tells jobs of a kind apart',
    'passkeys.public_key': 'public',
    'provider_sign_ins.nonce': 'sealed',
    'oauth_applications.secret_hash': 'a hash',
    'principals.password_hash': 'a hash',
    'former_passwords.hash': 'a hash',
    'principals.disable_keyboard_shortcuts': 'a choice',
    'principals.force_password_change': 'a choice',
    'principals.password_changed_at': 'a time',
  }
  let table = ''
  for (const line of source.split('\n')) {
    table = /^ {2}(\w+): \{$/.exec(line)?.[1] ?? table
    const column = /^ {4}(\w+): string/.exec(line)?.[1]
    if (!column || !/secret|verifier|nonce|password|private|(^|_)key$/.test(column)) continue
    const isSealed = secretColumns.some((sealed) => sealed.table === table && sealed.column === column)
    assert.ok(isSealed || `${table}.${column}` in others, `${table}.${column}`)
  }
})

test('An encrypted value is valid in its own row only', async () => {
  const keys = keysOf(it.db)
  const place = { table: 'authenticators', column: 'secret' } as const
  const sealed = await it.db.transaction((tx) => keys.seal(tx, { ...place, id: 1 }, 'hush'))
  assert.equal(keys.open({ ...place, id: 1 }, sealed), 'hush')
  assert.notEqual(sealed, await it.db.transaction((tx) => keys.seal(tx, { ...place, id: 1 }, 'hush')))
  assert.throws(() => keys.open({ ...place, id: 2 }, sealed))
  assert.throws(() => keys.open({ ...place, table: 'auth_providers', column: 'client_secret', id: 1 }, sealed))
  assert.throws(() => keys.open({ ...place, id: 1 }, `${sealed.slice(0, -4)}AAAA`))
})

describe('At a start', () => {
  const clear = (table: string, column: string, value: string, id: number) =>
    it.db.transaction((tx) => tx.run(sql`update ${raw(table)} set ${raw(column)} = ${value} where id = ${id}`))
  const client = async () =>
    (await it.db.one<{ client_secret: string }>(sql`select client_secret from auth_providers where id = ${provider}`))
      ?.client_secret

  test('unencrypted secrets are encrypted, by concurrent servers too, and encrypted ones stay unchanged', async () => {
    await clear('auth_providers', 'client_secret', CLIENT_SECRET, provider)
    assert.doesNotMatch(await byProvider(), /is invalid|does not respond/, 'until then they are read as they are')
    await Promise.all([sealSecrets(it.db), sealSecrets(it.db), sealSecrets(it.db)])
    const sealed = (await client()) as string
    assert.match(sealed, /^sealed:1:/)
    await sealSecrets(it.db)
    assert.equal(await client(), sealed)
    assert.doesNotMatch(await byProvider(), /is invalid|does not respond/)
  })

  test('another key is refused with a message, and nothing is changed', async () => {
    const { source } = keysOf(it.db)
    const before = await dump(it.db)
    useKeys(it.db, given(randomSecretKey()))
    await assert.rejects(
      sealSecrets(it.db),
      /^Error: The secrets in the database are encrypted with the key [0-9a-f]{8}, which is not in the test\./,
    )
    assert.equal(await dump(it.db), before)
    const reply = await (await waitingBrowser(it.url, 'vera')).submit(STAGE, { code: codeOf(secret) })
    assert.deepEqual([reply.status, /encrypted with the key/.test(reply.text)], [503, true])
    useKeys(it.db, source)
    assert.equal(await signsIn(), true)
  })

  test('short-lived secrets expire if their key is lost', async () => {
    const { source } = keysOf(it.db)
    const other = await instance({ seed: 'none' })
    await other.make.user({ login: 'vera', password_hash: quickHash(PASSWORD) })
    const two = browser(other.url)
    await two.signIn('vera', PASSWORD)
    await two.submit(OWN, { action: 'begin' })
    useKeys(other.db, source)
    await sealSecrets(other.db)
    assert.deepEqual(await other.db.all(sql`select * from authenticator_setups`), [])
    assert.equal((await setUp(two)).codes.length, 10)
    await other.close()
  })

  test('another key is accepted while nothing is encrypted; afterwards all servers need the first key', async () => {
    const other = await instance({ seed: 'none' })
    const [first, second] = [randomSecretKey(), randomSecretKey()]
    const place = { table: 'auth_providers', column: 'client_secret', id: 1 } as const
    const keys = useKeys(other.db, given(first))
    await other.db.transaction((tx) => keys.seal(tx, place, 'x'))
    const others = useKeys(other.db, given(second))
    await assert.rejects(
      other.db.transaction((tx) => others.seal(tx, place, 'x')),
      /encrypted with the key/,
    )
    await sealSecrets(other.db)
    await other.db.transaction((tx) => others.seal(tx, place, 'x'))
    await other.close()
  })
})

describe('Rotation', () => {
  test('encrypts all secrets with the new key; the old key is needed until then, and not afterwards', async () => {
    const [old] = keysOf(it.db).source.read() as [Key]
    const fresh = randomSecretKey()
    useKeys(it.db, given(fresh, old))
    assert.equal(await signsIn(), true)
    const { id } = await resealSecrets(it.db)
    assert.equal(id, fresh.id)
    assert.equal((await dump(it.db)).includes(`sealed:1:${old.id}`), false)
    useKeys(it.db, given(fresh))
    await sealSecrets(it.db)
    assert.equal(await signsIn(), true)
    assert.doesNotMatch(await byProvider(), /is invalid|does not respond/)
  })

  test('that fails has changed nothing', async () => {
    const { source } = keysOf(it.db)
    const before = await dump(it.db)
    useKeys(it.db, given(randomSecretKey()))
    await assert.rejects(resealSecrets(it.db), /which is not in the test/)
    assert.equal(await dump(it.db), before)
    useKeys(it.db, source)
  })
})
