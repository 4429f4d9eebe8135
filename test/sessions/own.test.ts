/** The page of one's own sessions, and their end. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { inWords } from '#server/web/user-agent.ts'
import { PASSWORD, type Scene, scene } from '#test/scene.ts'
import { english } from '#text/messages.ts'
import { type Browser, browser } from './browser.ts'

const PATH = '/my/sessions'
const FIREFOX = 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0'

let it: Scene
let vera: number
let login: string
let [here, there]: Browser[] = []
before(async () => {
  it = await scene()
})
after(() => it.close())
const signedIn = async (name: string): Promise<Browser> => {
  const one = browser(it.url)
  const own = { origin: it.url, 'sec-fetch-site': 'same-origin', 'user-agent': FIREFOX }
  await one.submit('/login', { username: name, password: PASSWORD }, own)
  return one
}
beforeEach(async () => {
  ;({ id: vera, login } = await it.visitor())
  ;[here, there] = [await signedIn(login), await signedIn(login)]
})
const sessions = () => it.db.all<{ id: number }>(sql`select id from sessions where user_id = ${vera} order by id`)

test('the page lists them with their browsers and marks the current one', async () => {
  const { status, text, headers } = await here!.get(PATH)
  assert.equal(status, 200)
  // Once for each of them, and once more at the button that ends the other.
  assert.equal(text.match(/Firefox on Linux/g)!.length, 3)
  assert.equal(text.match(/\(current session\)/g)!.length, 1)
  assert.match(text, /data-label="Started">\d{4}-\d\d-\d\d \d\d:\d\d UTC</)
  assert.match(headers.get('content-security-policy') ?? '', /frame-ancestors 'none'/)
})

describe('ending', () => {
  test('one leaves the others', async () => {
    const [, other] = await sessions()
    const reply = await here!.submit(PATH, { end: String(other!.id) })
    assert.deepEqual([reply.status, reply.headers.get('location')], [303, `${PATH}?done=ended`])
    assert.deepEqual([await here!.me(), await there!.me()], [vera, undefined])
  })

  test('all others leaves the current one', async () => {
    const third = await signedIn(login)
    await here!.submit(PATH, { end: 'others' })
    assert.deepEqual([await here!.me(), await there!.me(), await third.me()], [vera, undefined, undefined])
    assert.ok(!(await here!.get(PATH)).text.includes('End all other sessions'))
  })

  test('the current one signs out', async () => {
    const [own] = await sessions()
    const reply = await here!.submit(PATH, { end: String(own!.id) })
    assert.deepEqual([reply.status, reply.headers.get('location')], [303, '/login'])
    assert.match(reply.headers.get('set-cookie') ?? '', /Max-Age=0/)
    assert.deepEqual([await here!.me(), await there!.me()], [undefined, vera])
  })

  test('another user’s is 404, like an unknown one', async () => {
    const [own] = await sessions()
    await it.make.user({ login: `eve-${vera}`, password_hash: it.hash })
    const eve = await signedIn(`eve-${vera}`)
    const answers = []
    for (const end of [String(own!.id), '999999', 'x', '']) answers.push(await eve.submit(PATH, { end }))
    assert.deepEqual(
      answers.map(({ status }) => status),
      [404, 404, 404, 404],
    )
    assert.equal(new Set(answers.map(({ text }) => text)).size, 1)
    assert.equal((await sessions()).length, 2)
  })

  test('is refused to other sites and anonymous visitors', async () => {
    const cross = { origin: 'https://evil.example', 'sec-fetch-site': 'cross-site' }
    assert.equal((await here!.submit(PATH, { end: 'others' }, cross)).status, 403)
    assert.match((await browser(it.url).submit(PATH, { end: 'others' })).headers.get('location') ?? '', /^\/login/)
    assert.equal((await sessions()).length, 2)
  })
})

test('browsers are named', () => {
  const mac = 'Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)'
  const told: [string | null, string][] = [
    [FIREFOX, 'Firefox on Linux'],
    [`${mac} Version/18.0 Safari/605.1.15`, 'Safari on macOS'],
    [`${mac} Chrome/140.0.0.0 Safari/537.36`, 'Chrome on macOS'],
    ['Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0', 'Edge on Windows'],
    ['Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 CriOS/140.0 Safari/604.1', 'Chrome on iPhone'],
    ['Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36', 'Chrome on Android'],
    ['curl/8.0 (Linux)', 'Unknown browser on Linux'],
    ['<script>', 'Unknown browser'],
    [null, 'Unknown browser'],
  ]
  for (const [agent, words] of told) assert.equal(english(inWords(agent)), words, String(agent))
})
