/** The page on which users create and revoke their tokens. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { type Instance, ids, instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { type Browser, browser } from '../sessions/browser.ts'

const PASSWORD = 'correct horse 7!'
const PATH = '/my/access_tokens'
const NEW = `${PATH}/new`

let it: Instance
let hash: string
let ada: number
let login: string
let one: Browser
let inside: number
let outside: number
before(async () => {
  it = await instance()
  hash = quickHash(PASSWORD)
  inside = await it.make.project({ identifier: 'inside', name: 'Inside <b>' })
  outside = await it.make.project({ identifier: 'outside', name: 'Outside' })
  await it.make.project({ identifier: 'concealed', name: 'Hidden' })
})
after(() => it.close())
let count = 0
beforeEach(async () => {
  login = `ada-${++count}`
  ada = await it.make.user({ login, password_hash: hash })
  for (const project of [inside, outside]) await it.make.member(ada, project, ['view_work_packages', 'edit_work_packages'])
  one = browser(it.url)
  await one.signIn(login, PASSWORD)
})

const form = (more: Record<string, string> = {}) => ({
  name: 'Backup',
  scope: 'api_v3',
  expires: '90',
  date: '',
  projects: '',
  ...more,
})
const tokens = () => it.db.all(sql`select * from tokens where user_id = ${ada} order by id`)
/** Creates a token on the page; gives it. */
async function made(more: Record<string, string> = {}): Promise<string> {
  const { status, headers, text } = await one.submit(NEW, form(more))
  assert.deepEqual([status, headers.get('location'), headers.get('cache-control')], [200, null, 'no-store'], text)
  return /<code class="secret">(opapi-[0-9a-f]{40})<\/code>/.exec(text)?.[1] ?? assert.fail(text)
}
const get = (token: string, path = '/users/me') => it.anonymous.get(path, { authorization: `Bearer ${token}` })

describe('creating one', () => {
  test('shows it once, in the response to the form; only its hash is stored', async () => {
    const token = await made()
    assert.equal((await get(token)).body.id, ada)
    const [row] = await tokens()
    assert.ok(!JSON.stringify(row).includes(token))
    assert.deepEqual([row!.name, row!.scopes, row!.project_ids, row!.ending], ['Backup', ['api_v3'], null, token.slice(-4)])
    const days = (Date.parse(row!.expires_at) - Date.parse(row!.created_at)) / 86_400_000
    assert.equal(days, 90)
    const { text } = await one.get(PATH)
    assert.ok(!text.includes(token))
    assert.match(text, new RegExp(`Backup <span class="soft">…${token.slice(-4)}</span>`))
  })

  test('applies the chosen limits', async () => {
    const token = await made({ scope: 'api_v3:read', expires: 'date', date: '2999-12-31', projects: 'inside' })
    assert.deepEqual(ids(await get(token, '/projects')), [inside])
    const [row] = await tokens()
    assert.deepEqual([row!.scopes, row!.project_ids, row!.expires_at], [['api_v3:read'], [inside], '3000-01-01T00:00:00.000Z'])
    const { text } = await one.get(PATH)
    assert.match(text, /Read only, Inside &lt;b&gt;</)
    const sent = await it.anonymous.post('/projects', {}, { authorization: `Bearer ${token}` })
    assert.equal(sent.status, 403)
    assert.equal((await get(await made({ expires: 'never' }))).status, 200)
    assert.equal((await tokens())[1]!.expires_at, null)
  })

  test('shows the error of each field, and creates none', async () => {
    const wrong: [Record<string, string>, string][] = [
      [{ name: ' ' }, 'name'],
      [{ name: 'x'.repeat(256) }, 'name'],
      [{ name: 'a\u0000b' }, 'name'],
      [{ scope: 'mcp' }, 'scope'],
      [{ scope: '' }, 'scope'],
      [{ expires: '1000' }, 'expires'],
      [{ expires: 'date' }, 'date'],
      [{ expires: 'date', date: '2020-01-01' }, 'date'],
      [{ expires: 'date', date: '30' }, 'date'],
      [{ projects: 'inside nowhere' }, 'projects'],
    ]
    for (const [more, part] of wrong) {
      const { status, text } = await one.submit(NEW, form(more))
      assert.equal(status, 422, JSON.stringify(more))
      assert.match(text, new RegExp(`id="${part}-error"`), JSON.stringify(more))
    }
    assert.deepEqual(await tokens(), [])
  })

  test('does not distinguish a hidden project from a missing one', async () => {
    const said = async (name: string) => (await one.submit(NEW, form({ projects: name }))).text.replaceAll(name, '…')
    assert.equal(await said('concealed'), await said('nowhere'))
  })

  test('requires a fresh proof', async () => {
    await it.db.transaction(async (tx) => {
      await tx.run(sql`update sessions set proved_at = '2026-01-01T00:00:00.000Z' where user_id = ${ada}`)
      await invalidate(tx, 'sessions')
    })
    const to = `/confirm?back_url=${encodeURIComponent(NEW)}`
    for (const reply of [await one.get(NEW), await one.submit(NEW, form())])
      assert.deepEqual([reply.status, reply.headers.get('location')], [303, to])
    assert.deepEqual(await tokens(), [])
    await one.submit('/confirm', { password: PASSWORD })
    await made()
  })

  test('is refused to other sites and anonymous visitors', async () => {
    const cross = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    assert.equal((await one.submit(NEW, form(), cross)).status, 403)
    assert.equal((await one.submit(NEW, form(), {})).status, 403)
    const nobody = browser(it.url)
    assert.match((await nobody.submit(NEW, form())).headers.get('location') ?? '', /^\/login/)
    assert.deepEqual(await tokens(), [])
    for (const path of [PATH, NEW])
      assert.match((await one.get(path)).headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
  })

  test('is not offered while API tokens are disabled, and existing ones can be revoked', async () => {
    await made()
    await it.setting('api_tokens_enabled', false)
    const { text } = await one.get(PATH)
    assert.match(text, /API tokens are disabled/)
    assert.ok(!text.includes(NEW))
    assert.match((await one.get(NEW)).text, /role="alert"[^>]*>API tokens are disabled/)
    assert.equal((await one.submit(NEW, form())).status, 422)
    const [row, ...more] = await tokens()
    assert.deepEqual(more, [])
    assert.equal((await one.submit(PATH, { revoke: String(row!.id) })).status, 303)
    await it.setting('api_tokens_enabled', true)
  })
})

describe('revoking one', () => {
  test('takes effect at once', async () => {
    const [token, kept] = [await made(), await made()]
    assert.equal((await get(token)).status, 200)
    const [row] = await tokens()
    const reply = await one.submit(PATH, { revoke: String(row!.id) })
    assert.deepEqual([reply.status, reply.headers.get('location')], [303, `${PATH}?done=revoked`])
    assert.deepEqual([(await get(token)).status, (await get(kept)).status], [401, 200])
  })

  test('of another user is 404, like an unknown one', async () => {
    const token = await made()
    const [row] = await tokens()
    await it.make.user({ login: `eve-${count}`, password_hash: hash })
    const eve = browser(it.url)
    await eve.signIn(`eve-${count}`, PASSWORD)
    const answers = []
    for (const revoke of [String(row!.id), '999999', 'x', '']) answers.push(await eve.submit(PATH, { revoke }))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 404, 404],
    )
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
    assert.equal((await get(token)).status, 200)
    assert.ok(!(await eve.get(PATH)).text.includes('Backup'))
  })

  test('is possible for the tokens of calendars too', async () => {
    const stamps = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' }
    const query = await it.make.row('queries', {
      ...{ project_id: inside, user_id: ada, name: 'Mine', filters: '[]', sort_by: '["id-desc"]', highlighting_mode: 'inline' },
      ...{ timestamps: '["PT0S"]', timeline_zoom_level: 'auto', timeline_labels: '{}' },
      ...stamps,
    })
    const id = await it.make.row('tokens', {
      user_id: ada,
      name: 'Phone',
      hash: `h${count}`,
      query_id: query,
      created_at: stamps.created_at,
    })
    assert.match((await one.get(PATH)).text, /Phone<\/th>\s*<td data-label="Access">Calendar</)
    assert.equal((await one.submit(PATH, { revoke: String(id) })).status, 303)
    assert.deepEqual(await tokens(), [])
  })
})

test('a token of a locked user is rejected from the next request on', async () => {
  const token = await made()
  assert.equal((await get(token)).status, 200)
  await it.admin.post(`/users/${ada}/lock`)
  assert.equal((await get(token)).status, 401)
})

test('guesses are limited by address, with Bearer and Basic alike, while known tokens are exempt', async () => {
  const token = await made()
  const basic = (value: string) => ({ authorization: `Basic ${Buffer.from(`apikey:${value}`).toString('base64')}` })
  const guess = (n: number) => `opapi-${String(n).padStart(40, '0')}`
  assert.deepEqual([(await get(token)).status, (await it.anonymous.get('/users/me', basic(token))).status], [200, 200])
  const seen = new Set<number>()
  for (let n = 0; n < 120; n++) {
    const headers = n % 2 ? basic(guess(n)) : { authorization: `Bearer ${guess(n)}` }
    seen.add((await it.anonymous.get('/users/me', headers)).status)
  }
  assert.deepEqual([...seen], [401, 429])
  for (const headers of [basic(guess(500)), { authorization: `Bearer ${guess(501)}` }]) {
    const reply = await it.anonymous.get('/users/me', headers)
    assert.equal(reply.status, 429)
    assert.match(reply.headers.get('retry-after') ?? '', /^\d+$/)
  }
  assert.deepEqual([(await get(token)).status, (await it.anonymous.get('/users/me', basic(token))).status], [200, 200])
})
