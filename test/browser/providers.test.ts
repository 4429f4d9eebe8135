/** Signing in by a provider in a real browser, with its real rules for cookies and policies. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { browserMissing, startBrowser } from '#test/chromium.ts'
import { instance } from '#test/instance.ts'
import { fakeProvider, link, register } from '#test/provider.ts'

describe('in a browser', { skip: browserMissing }, () => {
  test('a provider on another site redirects back after the sign-in', async (t) => {
    const it = await instance()
    t.after(() => it.close())
    const acme = await fakeProvider()
    t.after(() => acme.close())
    const chromium = await startBrowser()
    t.after(() => chromium.close())
    const vera = await it.make.user({ name: 'Vera Example' })
    await link(it, vera, await register(it, acme), 'vera')
    acme.visitor = { sub: 'vera' }
    // The address of the provider is an IP address, so it is another site.
    const ours = it.url.replace('127.0.0.1', 'localhost')
    await it.setting('host_name', new URL(ours).host)

    const page = await chromium.newPage()
    await page.goto(`${ours}/login`)
    await page.getByRole('link', { name: 'Sign in with Acme' }).click()
    await page.getByRole('link', { name: 'It is me' }).click()
    await page.waitForURL(`${ours}/`)
    assert.match((await page.textContent('main')) ?? '', /signed in as Vera Example/)
  })
})
