/** Favorites: one list for each user. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, type Instance, instance } from '#test/instance.ts'

let halyard: Instance
let vera: Client
let projectId: number

before(async () => {
  halyard = await instance()
  projectId = await halyard.make.project({ public: true, identifier: 'liked' })
  vera = await halyard.as(await halyard.make.user())
})
after(() => halyard.close())

const state = async (client: Client) => {
  const { favorited, _links } = (await client.get(`/projects/${projectId}`)).body
  return { favorited, favor: 'favor' in _links, disfavor: 'disfavor' in _links }
}
const liked = { favorited: true, favor: false, disfavor: true }
const unliked = { favorited: false, favor: true, disfavor: false }

test('a favorite belongs to the viewer, and its link toggles', async () => {
  assert.deepEqual(await state(vera), unliked)
  const { status, text } = await vera.post(`/projects/${projectId}/favorite`)
  assert.deepEqual([status, text], [204, ''])
  assert.deepEqual(await state(vera), liked)
  assert.deepEqual(await state(halyard.admin), unliked)
  assert.equal((await vera.delete(`/workspaces/${projectId}/favorite`)).status, 204)
  assert.deepEqual(await state(vera), unliked)
})

test('the links have addresses and methods', async () => {
  const { _links } = (await vera.get(`/projects/${projectId}`)).body
  assert.deepEqual(_links.favor, { href: `/api/v3/workspaces/${projectId}/favorite`, method: 'post' })
})

test('repeating it changes nothing', async () => {
  for (let n = 0; n < 2; n++) assert.equal((await vera.post('/projects/liked/favorite')).status, 204)
  assert.deepEqual(await state(vera), liked)
  for (let n = 0; n < 2; n++) assert.equal((await vera.delete('/projects/liked/favorite')).status, 204)
  assert.deepEqual(await state(vera), unliked)
})

test('a hidden project is 404; a visible one is 403 without a login', async () => {
  const hidden = await halyard.make.project()
  assert.equal((await vera.post(`/projects/${hidden}/favorite`)).status, 404)
  assert.equal((await vera.delete(`/workspaces/${hidden}/favorite`)).status, 404)
  await halyard.setting('login_required', false)
  assert.equal((await halyard.anonymous.post(`/projects/${projectId}/favorite`)).status, 403)
  assert.equal((await halyard.anonymous.post(`/projects/${hidden}/favorite`)).status, 404)
  assert.deepEqual(await state(halyard.anonymous), { favorited: false, favor: false, disfavor: false })
  await halyard.setting('login_required', true)
})
