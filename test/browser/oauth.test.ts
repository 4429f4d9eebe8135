/** OAuth in a real browser: the form policy permits each step of the flow, also those of the application. */
import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import type { Browser, BrowserContext, Page } from 'playwright-core'
import { assertFit, browserMissing, looks, picture, startBrowser } from '#test/chromium.ts'
import { BUSY_MACHINE_MS } from '#test/database.ts'
import { sampled } from '#test/sample.ts'
import { PASSWORD } from '#test/scene.ts'
import { type Application, CALLBACK, pkce, type Scene, scene } from '../oauth/scene.ts'

const HOME = 'https://home.example/connected'

describe('in a browser', { skip: browserMissing }, () => {
  let it: Scene
  let chromium: Browser
  before(async () => {
    it = await scene()
    chromium = await startBrowser()
  })
  after(async () => {
    await chromium?.close()
    await it?.close()
  })

  const addressFor = ({ clientId }: Application, redirect_uri = CALLBACK) =>
    `${it.url}/oauth/authorize?${new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri, ...pkce })}`

  /** A window in which a web application receives its code, and redirects to its home page. */
  async function window(options = {}): Promise<{ context: BrowserContext; page: Page; codes: string[] }> {
    const context = await chromium.newContext(options)
    const page = await context.newPage()
    const codes: string[] = []
    await context.route('https://app.example/**', async (route) => {
      codes.push(new URL(route.request().url()).searchParams.get('code') as string)
      await route.fulfill({ status: 302, headers: { location: HOME } })
    })
    return { context, page, codes }
  }

  async function signIn(page: Page, login: string): Promise<void> {
    await page.getByLabel('Username').fill(login)
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
  }

  test('a user signs in, gives consent and returns to the application; the next time the consent is stored', async () => {
    const [{ login }, application] = [await it.person(), await it.application()]
    for (const asked of [true, false]) {
      const { context, page, codes } = await window()
      // The home page has no server; the request of the browser is enough.
      const home = context.waitForEvent('request', { predicate: (request) => request.url() === HOME, timeout: BUSY_MACHINE_MS })
      await page.goto(addressFor(application))
      await signIn(page, login)
      if (asked) await page.getByRole('button', { name: 'Authorise' }).click()
      await home
      const [code = ''] = codes
      const form = { grant_type: 'authorization_code', code, redirect_uri: CALLBACK, code_verifier: 'v'.repeat(43) }
      assert.equal((await it.exchange(application, form)).status, 200)
      await context.close()
    }
  })

  test('the redirect reaches an application on the device', async () => {
    const program = createServer((request, reply) => {
      reply.setHeader('content-type', 'text/html')
      reply.end(`<h1>${request.url?.startsWith('/callback?code=') ? 'Connected' : 'What?'}</h1>`)
    })
    await new Promise<void>((done) => program.listen(0, '127.0.0.1', done))
    const { login } = await it.person()
    const application = await it.application({ confidential: false, redirectUris: ['http://127.0.0.1/callback'] })
    const { context, page } = await window()
    await page.goto(addressFor(application, `http://127.0.0.1:${(program.address() as AddressInfo).port}/callback`))
    await signIn(page, login)
    await page.getByRole('button', { name: 'Authorise' }).click()
    await page.getByRole('heading', { name: 'Connected' }).waitFor({ timeout: BUSY_MACHINE_MS })
    await context.close()
    program.close()
  })

  // A normal run samples one viewport and colour scheme.
  for (const { name: look, ...options } of sampled(looks, 1, 'consent')) {
    test(`its pages are accessible, ${look}`, async () => {
      const { login } = await it.person()
      const native = 'urn:ietf:wg:oauth:2.0:oob'
      const application = await it.application({ confidential: false, redirectUris: ['sea-chart://callback', native] })
      const { context, page } = await window(options)
      await page.goto(addressFor(application, 'sea-chart://callback'))
      await signIn(page, login)
      await page.getByRole('heading', { name: /^Authorise App \d+\?$/ }).waitFor()
      await picture(page, `consent-${look}`)
      await assertFit(page, 'consent')
      await page.goto(addressFor(application, native))
      await page.getByRole('button', { name: 'Authorise' }).click()
      await page.getByRole('heading', { name: 'Authorization code' }).waitFor()
      await picture(page, `code-${look}`)
      await assertFit(page, 'code')
      await page.goto(addressFor(application, 'https://evil.example/'))
      await page.getByRole('heading', { name: 'Invalid authorization request' }).waitFor()
      await assertFit(page, 'failure')
      await context.close()
    })
  }
})
