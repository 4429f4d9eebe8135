/** Applications in the API: visible to administrators, and without secrets. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { register } from '#identity/oauth/applications.ts'
import { type Scene, scene } from './scene.ts'

let it: Scene
before(async () => {
  it = await scene()
})
after(() => it.close())

test('An administrator reads an application', async () => {
  const owner = await it.make.user({ name: 'Grace Example' })
  const redirectUris = ['https://app.example/callback', 'http://localhost/callback']
  const values = { name: 'Chart', redirectUris, scopes: ['api_v3'], confidential: true, actingUserId: owner }
  const now = new Date('2026-03-04T05:06:07.890Z')
  const { id, clientId, secret } = await it.db.transaction((tx) => register(tx, values, owner, now))
  const { status, body, text } = await it.admin.get(`/oauth_applications/${id}`)
  assert.equal(status, 200)
  assert.deepEqual(body, {
    _type: 'OAuthApplication',
    id,
    name: 'Chart',
    clientId,
    confidential: true,
    scopes: ['api_v3'],
    createdAt: '2026-03-04T05:06:07.890Z',
    updatedAt: '2026-03-04T05:06:07.890Z',
    _links: {
      self: { href: `/api/v3/oauth_applications/${id}`, title: 'Chart' },
      owner: { href: `/api/v3/users/${owner}`, title: 'Grace Example' },
      integration: { href: null },
      redirectUri: redirectUris.map((href) => ({ href })),
    },
  })
  assert.ok(!text.includes(secret as string))
})

test('A public application without an owner is represented as such', async () => {
  const { id } = await it.application({ confidential: false, redirectUris: ['sea-chart://callback'] })
  const { body } = await it.admin.get(`/oauth_applications/${id}`)
  assert.equal(body.confidential, false)
  assert.deepEqual(body._links.owner, { href: null })
  assert.deepEqual(body._links.redirectUri, [{ href: 'sea-chart://callback' }])
})

test('Other users get 404, whether the application exists or not', async () => {
  const { id } = await it.application()
  const [ada, robot] = [await it.as(await it.make.user()), await it.make.user()]
  const application = await it.application({ actingUserId: robot })
  for (const path of [`/oauth_applications/${id}`, '/oauth_applications/999999']) {
    assert.equal((await ada.get(path)).status, 403)
    assert.equal((await it.anonymous.get(path)).status, 401)
  }
  assert.equal((await it.admin.get('/oauth_applications/999999')).status, 404)
  const { body } = await it.exchange(application, { grant_type: 'client_credentials' })
  const headers = { authorization: `Bearer ${body.access_token}` }
  assert.equal((await it.anonymous.get(`/oauth_applications/${application.id}`, headers)).status, 403)
})

test('Pages and the command line register and change applications, not the API', async () => {
  const { id } = await it.application()
  assert.equal((await it.admin.patch(`/oauth_applications/${id}`, { name: 'Other' })).status, 405)
  assert.equal((await it.admin.delete(`/oauth_applications/${id}`)).status, 405)
  assert.equal((await it.admin.post('/oauth_applications', { name: 'Other' })).status, 404)
  assert.equal((await it.admin.get('/oauth_client_credentials/1')).status, 404)
})
