/** Laws of pages: each of them is safe from other sites and discloses nothing hidden from the visitor. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { beginSession } from '#identity/sessions.ts'
import { product } from '#server/modules.ts'
import type { Router } from '#server/web/page.ts'
import { areas } from '#server/web/pages.ts'
import { hide, leak } from '#test/hidden.ts'
import { type Instance, instance } from '#test/instance.ts'
import { type Browser, browser } from '../sessions/browser.ts'

const { permissions } = product

/** Every address of a page, with a value for each of its parameters. */
const pages: string[] = []
const forms: string[] = []
const filled = (path: string) => path.replace(/:\w+/g, '1')
const router: Router = { get: (path) => void pages.push(filled(path)), post: (path) => void forms.push(filled(path)) }
for (const area of areas) area.routes(router, {} as never)

let it: Instance
let stranger: Browser
before(async () => {
  it = await instance()
  await hide(it, await it.make.role(permissions.filter((one) => one.scopes.includes('project')).map((one) => one.name)))
  const user = await it.make.user({ login: 'stranger', name: 'A stranger' })
  const secret = await it.db.transaction((tx) => beginSession(tx, user, undefined, new Date()))
  stranger = browser(it.url)
  stranger.cookie = `_open_project_session=${secret}`
})
after(() => it.close())

test('pages and forms exist', () => {
  assert.ok(pages.length >= 20 && forms.length >= 15, `${pages.length} pages, ${forms.length} forms`)
})

describe('A page', () => {
  for (const path of new Set(pages)) {
    test(`discloses nothing hidden: ${path}`, async () => {
      for (const one of [stranger, browser(it.url)]) {
        const { status, text } = await one.get(path)
        assert.ok(status < 500, `${status}`)
        assert.equal(leak(text), undefined)
      }
    })

    test(`is neither framed nor cached, and has a strict policy: ${path}`, async () => {
      const { headers } = await stranger.get(path)
      if (!headers.get('content-type')?.startsWith('text/html')) return
      const policy = headers.get('content-security-policy') ?? ''
      for (const directive of ["default-src 'none'", "frame-ancestors 'none'", "base-uri 'none'"])
        assert.ok(policy.includes(directive), policy)
      assert.equal(/unsafe-|\*/.test(policy), false, policy)
      assert.deepEqual(
        ['cache-control', 'x-content-type-options'].map((name) => headers.get(name)),
        ['no-store', 'nosniff'],
      )
      assert.match(headers.get('referrer-policy') ?? '', /^(same-origin|no-referrer)$/)
    })
  }
})

describe('A form', () => {
  for (const path of new Set(forms)) {
    test(`is rejected from another site: ${path}`, async () => {
      const before = stranger.cookie
      for (const headers of [
        { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
        { 'sec-fetch-site': 'same-site', origin: it.url },
        { origin: 'null' },
        {},
      ] as Record<string, string>[]) {
        const reply = await stranger.submit(path, {}, headers)
        assert.deepEqual([reply.status, reply.headers.getSetCookie()], [403, []])
      }
      assert.equal(stranger.cookie, before)
    })
  }

  test('is sent to the address of a page, so that a reload after the sign-in shows a page', () => {
    assert.deepEqual(
      forms.filter((path) => !pages.includes(path)),
      [],
    )
  })
})
