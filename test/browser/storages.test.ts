/** Connecting and disconnecting an account in a real browser, with its real rules for cookies, forms and redirects. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { outgoing } from '#outgoing/client.ts'
import { browserMissing, startBrowser } from '#test/chromium.ts'
import { halyardCloud } from '#test/halyard-cloud.ts'
import { instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { PASSWORD } from '#test/scene.ts'
import { scene as oauthScene } from '../oauth/scene.ts'

describe('in a browser', { skip: browserMissing }, () => {
  test('an account is connected at the consent page of a storage, and disconnected on the page of its owner', async (t) => {
    const it = await instance({ outgoing: outgoing({ allow: ['127.0.0.1'] }) })
    t.after(() => it.close())
    const remote = await oauthScene()
    t.after(() => remote.close())
    const cloud = await halyardCloud(remote)
    t.after(() => cloud.close())
    const chromium = await startBrowser()
    t.after(() => chromium.close())
    // The storage's address is an IP address, so it is another site.
    const ours = it.url.replace('127.0.0.1', 'localhost')
    await it.setting('host_name', new URL(ours).host)
    const type = { href: 'urn:openproject-org:api:v3:storages:Nextcloud' }
    const made = await it.admin.post('/storages', { name: 'Chart room', _links: { type, origin: { href: cloud.url } } })
    assert.equal(made.status, 201, made.text)
    const { id, clientId, secret } = await remote.application({ name: 'Project server' })
    const credentials = { clientId, clientSecret: secret }
    assert.equal((await it.admin.post(`/storages/${made.body.id}/oauth_client_credentials`, credentials)).status, 201)
    await remote.redirectsTo(id, `${ours}/oauth_clients/${clientId}/callback`)
    const password_hash = quickHash(PASSWORD)
    await it.make.user({ login: 'vera', admin: true, password_hash })
    await remote.make.user({ login: 'ada', password_hash })

    const page = await chromium.newPage()
    const signIn = async (login: string) => {
      await page.getByLabel('Username').fill(login)
      await page.getByLabel('Password', { exact: true }).fill(PASSWORD)
      await page.getByRole('button', { name: 'Sign in', exact: true }).click()
    }
    await page.goto(`${ours}/login?back_url=/my/storages`)
    await signIn('vera')
    await page.getByRole('link', { name: 'Connect Chart room' }).click()
    await signIn('ada')
    await page.getByRole('button', { name: 'Authorise' }).click()
    await page.waitForURL(`${ours}/my/storages`)
    await page.getByRole('cell', { name: 'Connected', exact: true }).waitFor()
    await page.getByRole('button', { name: 'Disconnect Chart room' }).click()
    await page.getByRole('status').getByText('The account has been disconnected.').waitFor()
    await page.getByRole('cell', { name: 'Not connected', exact: true }).waitFor()
  })
})
