/**
 * Laws of languages: in a language whose letters are all the same, every letter left is data. So nothing that people read is
 * written past the catalogues, on pages and in answers of the API.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { beginSession } from '#identity/sessions.ts'
import { product } from '#server/modules.ts'
import type { Router } from '#server/web/page.ts'
import { areas } from '#server/web/pages.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import { catalogues } from '#text/languages/index.ts'
import { type Browser, browser } from '../sessions/browser.ts'

const MASKED = 'qps'
/** A pattern with its letters masked, but for its tags and values. */
const masked = (pattern: string) => pattern.replace(/<[^>]*>|\{\d+\}|\p{L}/gu, (part) => (part.length > 1 ? part : 'ž'))

const pages = new Set<string>()
const forms = new Set<string>()
const router: Router = { get: (path) => void pages.add(path), post: (path) => void forms.add(path) }
for (const area of areas) area.routes(router, {} as never)
const filled = (path: string) => path.replace(/:\w+/g, '1')

let it: Instance
let client: Client
let signedIn: Browser
before(async () => {
  catalogues.set(MASKED, masked)
  it = await instance({ seed: 'demo' })
  const id = await it.make.user({
    name: 'VERA',
    first_name: 'VERA',
    last_name: 'VERA',
    login: 'VERA',
    email: 'VERA@VERA',
    admin: true,
    language: MASKED,
  })
  client = await it.as(id)
  const secret = await it.db.transaction((tx) => beginSession(tx, id, undefined, new Date()))
  signedIn = browser(it.url)
  signedIn.cookie = `_open_project_session=${secret}`
})
after(async () => {
  await it.close()
  catalogues.delete(MASKED)
})

/** Data of the test, and sentences of the OAuth library. */
const DATA = /\b(VERA|Halyard|UTC|test|api_v3)\b|…[0-9a-f]{4}|missing required parameter\s+client_id/g

/** The words of a text that are neither masked nor data. */
const wordsIn = (text: string): string[] => text.replace(DATA, '').match(/[A-Za-z]{2,}/g) ?? []

/** What people read of a page: its texts and the attributes that are read out. */
function readIn(html: string): string[] {
  const texts = html
    .replace(/<(style|script|select|code|textarea)\b[\s\S]*?<\/\1>/g, '')
    .split(/<[^>]*>/)
    .concat([...html.matchAll(/\s(?:aria-label|alt|data-label|placeholder|title)="([^"]*)"/g)].map(([, text]) => text as string))
  return texts.map((text) => text.replace(/&\w+;|&#\d+;/g, ' ').trim()).filter(Boolean)
}

/** What is not translated on a page. */
const leftIn = (html: string): string[] => readIn(html).filter((text) => wordsIn(text).length > 0)

const isPage = (headers: Headers) => headers.get('content-type')?.startsWith('text/html')

describe('A page has no text that is in no catalogue', () => {
  const anonymous = { 'accept-language': MASKED }
  for (const path of pages) {
    test(path, async () => {
      for (const reply of [await signedIn.get(filled(path)), await browser(it.url).get(filled(path), anonymous)]) {
        if (!isPage(reply.headers)) continue
        assert.deepEqual(leftIn(reply.text), [])
        assert.equal(reply.headers.get('content-language'), MASKED)
        assert.match(reply.text, /<html lang="qps">/)
      }
    })
  }
  for (const path of forms) {
    test(`the form ${path}`, async () => {
      const origin = { origin: it.url, 'sec-fetch-site': 'same-origin' }
      const fields = {
        firstName: '',
        email: '!',
        password: 'x',
        repeated: 'y',
        code: '1',
        name: '',
        action: 'confirm',
        expires: 'never',
      }
      for (const reply of [
        ...(path === '/logout' ? [] : [await signedIn.submit(filled(path), fields)]),
        await browser(it.url).submit(filled(path), fields, { ...origin, ...anonymous }),
        await browser(it.url).submit(filled(path), fields, anonymous),
      ]) {
        if (isPage(reply.headers)) assert.deepEqual(leftIn(reply.text), [])
      }
    })
  }
})

/** The names and messages in an answer, at any depth, that are ours. */
function saidIn(body: unknown): string[] {
  if (Array.isArray(body)) return body.flatMap(saidIn)
  if (typeof body !== 'object' || body === null) return []
  const { _type, name, message, writable, attributeGroup } = body as Record<string, unknown>
  const own = _type === 'Error' ? [message] : writable !== undefined ? [name, attributeGroup] : []
  const texts = own.filter((one) => typeof one === 'string')
  return [...texts, ...Object.entries(body).flatMap(([key, value]) => (key === 'allowedValues' ? [] : saidIn(value)))]
}

const operations = product.operations.filter(({ path }) => !/[:*]/.test(path))

describe('The API says nothing that is in no catalogue', () => {
  for (const { path } of operations.filter((one) => one.answers.as === 'schema')) {
    test(`in the schema ${path}`, async () => {
      const { status, body } = await client.get(path)
      assert.equal(status, 200)
      const said = saidIn(body)
      assert.ok(said.length > 0)
      assert.deepEqual(
        said.filter((text) => wordsIn(text).length > 0),
        [],
      )
    })
  }
  for (const { path } of operations.filter((one) => one.answers.as === 'form')) {
    test(`in the form ${path}`, async () => {
      for (const payload of [{}, { name: '', subject: '', title: '', lockVersion: -1 }]) {
        const { body } = await client.post(path, payload)
        const said = saidIn(body)
        assert.ok(said.length > 0)
        assert.deepEqual(
          said.filter((text) => wordsIn(text).length > 0),
          [],
        )
      }
    })
  }

  test('in the parts of queries', async () => {
    const { body } = await client.post('/queries/form')
    const { columnsNames, ...schema } = body._embedded.schema
    for (const property of ['columns', 'groupBy', 'sortBy']) {
      const values: { name: string; _links: Record<string, { title?: string }> }[] = schema[property]._embedded.allowedValues
      assert.ok(values.length > 5)
      assert.deepEqual(
        values.flatMap(({ name }) => wordsIn(name)),
        [],
      )
    }
    const schemas = (await client.get('/queries/filter_instance_schemas')).body._embedded.elements
    assert.ok(schemas.length > 20)
    for (const one of schemas) {
      assert.deepEqual(wordsIn(one._links.filter.title), [])
      assert.deepEqual(
        one.operator._embedded.allowedValues.flatMap(({ name }: { name: string }) => wordsIn(name)),
        [],
      )
    }
  })

  test('in errors', async () => {
    const replies = [
      await client.get('/nothing'),
      await client.delete('/statuses'),
      await client.get('/work_packages/999999'),
      await client.get('/work_packages?filters={}'),
      await client.get('/work_packages?filters=[{"status":{"operator":"x","values":[]}}]'),
      await client.get('/work_packages?filters=[{"assignee":{"operator":"=","values":[]}}]'),
      await client.get('/work_packages?groupBy=1'),
      await client.send('PATCH', '/api/v3/users/me', { body: '{"a":1,"a":2}', headers: { 'content-type': 'application/json' } }),
      await client.send('POST', '/api/v3/projects', { body: 'x', headers: { 'content-type': 'text/plain' } }),
      await client.post('/projects', { name: 5, public: 'yes', _links: { parent: { href: '/api/v3/users/1' } } }),
      await client.patch('/users/me', { id: 5, email: '!', lastName: '' }),
      await it.anonymous.get('/users/me', { 'accept-language': MASKED }),
      await it.anonymous.get('/users/me', { 'accept-language': MASKED, authorization: 'Bearer opapi-x' }),
    ]
    // Names of the protocol and of the API.
    const names =
      /JSON|CONTENT|TYPE|text|plain|hal|json|application|select|filters|api|users|parent|public|name|yes|property|position|in|column|line/
    for (const { status, body, text } of replies) {
      assert.ok(status >= 400, text)
      assert.ok(/ž/.test(body.message), text)
      assert.deepEqual(
        wordsIn(body.message).filter((word) => !names.test(word)),
        [],
        body.message,
      )
    }
  })
})
