/** The API documentation page in a real browser: no external requests, and a console that really sends them. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { browserMissing, looks, picture, startBrowser } from '#test/chromium.ts'
import { type Instance, instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { sampled } from '#test/sample.ts'

const PASSWORD = 'correct horse 7!'

/** An operation's place in the page. */
const at = (operation: string) => `/api/docs#?route=${operation}`
const ONESELF = 'get-/api/v3/users/-id-'
const RENDER = 'post-/api/v3/render/markdown'

/** The request of the console, and its response. */
interface Sent {
  readonly status: number
  readonly headers: Record<string, string>
  readonly url: string
  readonly body: string
}

describe('the page to browse the API', { skip: browserMissing }, () => {
  let it: Instance
  let chromium: Browser
  before(async () => {
    it = await instance()
    await it.make.user({ login: 'vera', name: 'Vera Example', admin: true, password_hash: quickHash(PASSWORD) })
    chromium = await startBrowser()
  })
  after(async () => {
    await chromium?.close()
    await it?.close()
  })

  /** Visits a page in a new context; collects its external requests and the errors of the browser. */
  async function visit(path: string, options: BrowserContextOptions = {}) {
    const context = await chromium.newContext(options)
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('request', (request) => {
      const { origin, protocol } = new URL(request.url())
      if (origin !== it.url && protocol !== 'data:' && protocol !== 'blob:') complaints.push(`asked ${request.url()}`)
    })
    page.on('console', (message) => {
      if (/Content Security Policy|Unable|Error/.test(message.text()) && !/status of 4\d\d/.test(message.text()))
        complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    await page.goto(it.url + path)
    return { context, page, complaints }
  }

  async function signIn(page: Page): Promise<void> {
    await page.goto(`${it.url}/login`)
    await page.getByLabel('Username').fill('vera')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(`${it.url}/`)
  }

  /** Presses the button that sends the filled-in request, and waits for the response. */
  async function send(page: Page): Promise<Sent> {
    const isAnswer = (url: string) => url.includes('/api/v3/') && !url.includes('spec.json')
    const [response] = await Promise.all([
      page.waitForResponse((one) => isAnswer(one.url())),
      page.locator('api-request .btn-execute, api-request button.m-btn.primary').first().click(),
    ])
    const headers = await response.request().allHeaders()
    return { status: response.status(), headers, url: response.url(), body: await response.text() }
  }

  const fill = (page: Page, value: string) => page.locator('api-request .request-param').first().fill(value)

  /** Opens an operation on a loaded page: loading the page takes most of the time. */
  const open = (page: Page, operation: string) =>
    page.evaluate(`document.querySelector('openapi-explorer').scrollTo('${operation}')`)

  test('sends requests with the session of the signed-in user, like our own pages', async () => {
    const { context, page, complaints } = await visit('/login')
    await signIn(page)
    await page.goto(it.url + at(ONESELF))
    await fill(page, 'me')
    const { status, headers, url, body } = await send(page)
    assert.deepEqual([status, JSON.parse(body).name], [200, 'Vera Example'])
    assert.equal(url, `${it.url}/api/v3/users/me`)
    assert.equal(headers.authorization, undefined)
    await page.locator('api-request').getByText('"Vera Example"').first().waitFor()
    assert.deepEqual(complaints, [])
    await open(page, RENDER)
    await page.locator('api-request').getByText('/render/markdown').first().waitFor()
    const written = await send(page)
    assert.deepEqual([written.status, written.headers['x-requested-with']], [200, 'XMLHttpRequest'])
    await context.close()
  })

  test('sends a given token, as Bearer or Basic; without one, it is rejected', async () => {
    const { context, page } = await visit(at(ONESELF))
    await fill(page, 'me')
    assert.equal((await send(page)).status, 401)
    await page.locator('api-request').getByText('You need to be authenticated').first().waitFor()
    for (const [kind, scheme] of [
      ['Bearer', 1],
      ['Basic', 0],
    ] as const) {
      await open(page, 'auth')
      const row = page.locator('#auth table.m-table > tr, #auth table.m-table > tbody > tr').nth(scheme)
      await page.locator('#link-auth').click()
      if (kind === 'Basic') {
        await row.locator('.api-key-user').fill('apikey')
        await row.locator('.api-key-password').fill(it.adminToken)
      } else await row.locator('.api-key-input').fill(it.adminToken)
      await row.locator('button').click()
      await row.getByText('Key Applied').waitFor()
      await open(page, ONESELF)
      await fill(page, 'me')
      const { status, headers, body } = await send(page)
      assert.deepEqual([status, JSON.parse(body)._type], [200, 'User'])
      assert.match(headers.authorization ?? '', new RegExp(`^${kind} `))
    }
    await context.close()
  })

  // A normal run samples one viewport and colour scheme.
  for (const { name: look, ...options } of sampled(looks, 1, 'docs')) {
    test(`fits the screen and its colour scheme, ${look}`, async () => {
      const { context, page, complaints } = await visit('/api/docs', options)
      const isNarrow = options.viewport.width < 768
      for (const [name, part] of [
        ['introduction', '#overview'],
        ['operation', 'api-request'],
      ] as const) {
        if (name === 'operation') await open(page, 'get-/api/v3/work_packages')
        await page.locator(part).first().waitFor()
        await picture(page, `docs-${name}-${look}`)
        const [wide, screen] = await page.evaluate<[number, number]>('[document.documentElement.scrollWidth, innerWidth]')
        assert.ok(wide <= screen, `${name} is ${wide} wide on a screen of ${screen}`)
      }
      const [background, text] = await page.evaluate<[string, string]>(`(() => {
        const style = getComputedStyle(document.querySelector('openapi-explorer').shadowRoot.querySelector('main'))
        return [getComputedStyle(document.body).backgroundColor, style.color]
      })()`)
      const light = (colour: string) => (colour.match(/\d+/g) ?? []).slice(0, 3).reduce((sum, one) => sum + Number(one), 0) > 382
      assert.deepEqual([light(background), light(text)], options.colorScheme === 'dark' ? [false, true] : [true, false])
      assert.ok(isNarrow || (await page.locator('nav.nav-bar').isVisible()))
      assert.deepEqual(complaints, [])
      await context.close()
    })
  }
})
