/** The pages in a real browser: accessible, usable by keyboard, on small screens and in the dark, without external requests. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Browser, Page } from 'playwright-core'
import type { Database } from '#db/database.ts'
import { inserted } from '#db/dialect.ts'
import { register } from '#identity/oauth/applications.ts'
import { allow } from '#identity/oauth/grants.ts'
import { assertFit, browserMissing, looks, picture, startBrowser } from '#test/chromium.ts'
import { type Instance, instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { register as registerProvider } from '#test/provider.ts'
import { sampled } from '#test/sample.ts'

const PASSWORD = 'correct horse 7!'

/** All pages by name; those of the account and of the administration require a session. */
const outside: [name: string, path: string][] = [
  ['sign-in', '/login'],
  ['refused by a provider', '/auth/acme/callback'],
  ['forgotten password', '/account/lost_password'],
  ['dead link', '/account/lost_password/choose'],
  ['no set-up', '/setup'],
  ['registration', '/account/register'],
  ['stopped mails', '/mail/unsubscribe'],
]
const inside: [name: string, path: string][] = [
  ['start', '/'],
  ['confirm', '/confirm'],
  ['connected-applications', '/my/applications'],
  ['file storages', '/my/storages'],
  ['oauth-applications', '/admin/oauth/applications'],
  ['oauth-new', '/admin/oauth/applications/new'],
  ['oauth-one', '/admin/oauth/applications/1'],
  ['oauth-delete', '/admin/oauth/applications/1/delete'],
  ['consent', '/oauth/authorize?response_type=code&client_id=CLIENT&redirect_uri=https%3A%2F%2Fclock.example%2Fback'],
  ['code', '/oauth/authorize/native?code=0a1b2c3d4e5f'],
  ['profile', '/my/account'],
  ['e-mail address', '/my/email'],
  ['settings', '/my/settings'],
  ['password', '/my/password'],
  ['sign-out', '/logout'],
  ['access tokens', '/my/access_tokens'],
  ['new access token', '/my/access_tokens/new'],
  ['sessions', '/my/sessions'],
  ['API settings', '/admin/settings/api'],
  ['registrations', '/admin/registrations'],
  ['two-factor', '/my/two_factor'],
]

/** The contents of the pages; returns the client id of an application without consent. */
const fill = (db: Database, user: number): Promise<string> =>
  db.transaction(async (tx) => {
    const now = new Date()
    const shared = { redirectUris: ['https://clock.example/back'], scopes: ['api_v3'], confidential: true, actingUserId: user }
    const { clientId } = await register(tx, { ...shared, name: 'Time clock' }, user, now)
    const { id } = await register(tx, { ...shared, name: 'Weekly report' }, user, now)
    await allow(tx, id, user, ['api_v3'], now)
    const stamps = { created_at: now.toISOString(), updated_at: now.toISOString() }
    for (const name of ['Chart room', 'Cargo hold']) {
      const storage = { type: 'Nextcloud', name, host: `https://${name.at(-1)}.example`, ...stamps }
      const storage_id = await inserted(tx, 'storages', storage)
      const client = { storage_id, client_id: name, client_secret: 'secret', ...stamps }
      const credentials_id = await inserted(tx, 'oauth_client_credentials', client)
      const connection = { credentials_id, user_id: user, expires_at: stamps.created_at, refused: false, ...stamps }
      if (name === 'Cargo hold') await inserted(tx, 'storage_connections', connection)
    }
    return clientId
  })

describe('in a browser', { skip: browserMissing }, () => {
  let it: Instance
  let chromium: Browser
  let clientId: string
  before(async () => {
    it = await instance()
    await registerProvider(it, { issuer: 'https://id.example.org' })
    const vera = await it.make.user({
      login: 'vera',
      name: 'Vera Example',
      admin: true,
      email: 'vera@example.net',
      password_hash: quickHash(PASSWORD),
    })
    await it.make.user({ login: 'newcomer', name: 'New Comer', email: 'newcomer@example.net', status: 2 })
    clientId = await fill(it.db, vera)
    chromium = await startBrowser()
  })
  after(async () => {
    await chromium?.close()
    await it?.close()
  })

  /** External requests of a page, and errors of the browser. */
  function watched(page: Page): string[] {
    const complaints: string[] = []
    page.on('request', (request) => {
      if (new URL(request.url()).origin !== it.url) complaints.push(`asked ${request.url()}`)
    })
    page.on('console', (message) => {
      // The browser reports every error status; the page shows these as text.
      if (['error', 'warning'].includes(message.type()) && !/status of 4\d\d/.test(message.text()))
        complaints.push(message.text())
    })
    page.on('pageerror', (error) => complaints.push(String(error)))
    return complaints
  }

  /** Fills in the sign-in page and sends it by keyboard alone. */
  async function signIn(page: Page, password = PASSWORD): Promise<void> {
    await page.goto(`${it.url}/login`)
    await page.locator(':focus').waitFor()
    await page.keyboard.type('vera')
    await page.keyboard.press('Tab')
    await page.keyboard.type(password)
    await page.keyboard.press('Enter')
  }

  /** Presses Tab through a page: every control gets the focus once, visibly. */
  async function assertReached(page: Page, name: string): Promise<void> {
    const usable = 'a[href], button, input:not([type=hidden]), select, textarea, summary'
    const all = (await page.evaluate(`[...document.querySelectorAll(${JSON.stringify(usable)})]
      .filter((one) => one.checkVisibility() && !(one.type === 'radio' && !one.checked && document.querySelector('[name="' + one.name + '"]:checked'))).length`)) as number
    await page.evaluate('document.activeElement?.blur()')
    const seen = new Set<string>()
    // After the last control the page itself has the focus, and then the first one again.
    for (let i = 0; i <= all; i++) {
      await page.keyboard.press('Tab')
      const at = (await page.evaluate(`(() => {
        const one = document.activeElement
        if (one === document.body) return 'page'
        const style = getComputedStyle(one)
        const number = [...document.querySelectorAll(${JSON.stringify(usable)})].indexOf(one)
        return style.outlineStyle === 'none' || parseFloat(style.outlineWidth) < 2 ? 'unseen ' + one.outerHTML : String(number)
      })()`)) as string
      if (at === 'page') continue
      assert.match(at, /^\d+$/, `${name}: the focus cannot be seen`)
      seen.add(at)
    }
    assert.equal(seen.size, all, `${name}: some cannot be reached by keyboard`)
  }

  for (const { name: look, ...options } of looks) {
    test(`every page is accessible, ${look}`, async () => {
      const context = await chromium.newContext(options)
      const page = await context.newPage()
      const complaints = watched(page)
      const visit = async ([name, path]: [string, string]) => {
        await page.goto(it.url + path.replace('CLIENT', clientId))
        assert.equal(new URL(page.url()).pathname, path.split('?')[0], `${name} is shown`)
        await picture(page, `${name}-${look}`)
        await assertFit(page, name)
        await assertReached(page, name)
      }
      // A normal run samples one viewport and colour scheme for each page.
      const hasLook = ([name]: [string, string]) => sampled(looks, 1, `page ${name}`).some((one) => one.name === look)
      for (const one of outside.filter(hasLook)) await visit(one)
      await signIn(page)
      await page.waitForURL(`${it.url}/`)
      for (const one of inside.filter(hasLook)) await visit(one)
      assert.deepEqual(complaints, [])
      await context.close()
    })
  }

  test('a script creates and uses a passkey, and shows its forms', async () => {
    const { host } = new URL(it.url)
    const name = `localhost:${host.split(':')[1]}`
    await it.setting('host_name', name)
    const context = await chromium.newContext()
    const page = await context.newPage()
    const complaints: string[] = []
    page.on('pageerror', (error) => complaints.push(String(error)))
    page.on('console', (message) => {
      if (message.type() === 'error') complaints.push(message.text())
    })
    const device = await context.newCDPSession(page)
    await device.send('WebAuthn.enable')
    await device.send('WebAuthn.addVirtualAuthenticator', {
      options: {
        protocol: 'ctap2',
        transport: 'internal',
        hasResidentKey: true,
        hasUserVerification: true,
        isUserVerified: true,
      },
    })
    await it.make.user({ login: 'ada', name: 'Ada', password_hash: quickHash(PASSWORD) })
    await page.goto(`http://${name}/login?back_url=/my/two_factor`)
    await page.getByLabel('Username').fill('ada')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.getByLabel('Name of the passkey').fill('This computer')
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Recovery codes' }).waitFor()
    await assertFit(page, 'recovery codes')
    await picture(page, 'recovery-codes')
    await page.getByRole('link', { name: 'Continue' }).click()
    await page.getByRole('rowheader', { name: 'This computer' }).waitFor()
    await assertFit(page, 'a passkey')
    await assertReached(page, 'a passkey')
    await picture(page, 'two-factor-passkey')
    await page.getByRole('button', { name: 'Sign out' }).click()

    await page.getByRole('button', { name: 'Sign in with a passkey' }).click()
    await page.getByText('You are signed in as').waitFor()
    await page.getByRole('button', { name: 'Sign out' }).click()

    await page.getByLabel('Username').fill('ada')
    await page.getByLabel('Password').fill(PASSWORD)
    await page.keyboard.press('Enter')
    await page.waitForURL(/two_factor/)
    await assertFit(page, 'the second factor')
    await assertReached(page, 'the second factor')
    await picture(page, 'second-factor')
    await page.getByRole('button', { name: 'Use a passkey' }).click()
    await page.getByText('You are signed in as').waitFor()
    assert.deepEqual(complaints, [])
    await context.close()
    await it.setting('host_name', 'localhost:8080')
  })

  test('an authenticator app is set up', async () => {
    const context = await chromium.newContext({ viewport: { width: 375, height: 700 } })
    const page = await context.newPage()
    await signIn(page)
    await page.waitForURL(`${it.url}/`)
    await page.goto(`${it.url}/my/two_factor`)
    await page.getByRole('button', { name: 'Set up an authenticator app' }).click()
    await page.getByRole('img', { name: 'QR code' }).waitFor()
    await assertFit(page, 'setting up')
    await assertReached(page, 'setting up')
    await picture(page, 'two-factor-setup')
    await context.close()
  })

  test('an error is visible and announced', async () => {
    const context = await chromium.newContext()
    const page = await context.newPage()
    await signIn(page, 'wrong')
    const told = page.getByRole('alert')
    assert.match((await told.textContent()) ?? '', /username or the password is wrong/)
    assert.equal(await page.getByLabel('Username').inputValue(), 'vera')
    assert.equal(await page.getByLabel('Password').inputValue(), '')
    await picture(page, 'sign-in-wrong')
    await assertFit(page, 'a wrong sign-in')
    await context.close()
  })
})
