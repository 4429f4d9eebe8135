/** Files of a storage that somebody else's WebDAV server keeps. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { outgoing } from '#outgoing/client.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { PASSWORD } from '#test/scene.ts'
import { type WebdavCloud, webdavCloud } from '#test/webdav.ts'
import { browser } from '../sessions/browser.ts'
import { manage, pathOf } from './scene.ts'

let it: Instance
let cloud: WebdavCloud
let client: Client
let storage: number
before(async () => {
  it = await instance({ outgoing: outgoing({ allow: ['127.0.0.1'] }) })
  cloud = await webdavCloud(['/Drawings/', '/Drawings/mast & sail 50%.txt', '/Drawings/Ägir/', '/log.txt'])
  const type = { href: 'urn:openproject-org:api:v3:storages:Nextcloud' }
  const made = await it.admin.post('/storages', { name: 'Cabin', _links: { type, origin: { href: cloud.url } } })
  storage = made.body.id
  const { clientId, clientSecret } = cloud
  await it.admin.post(`/storages/${storage}/oauth_client_credentials`, { clientId, clientSecret })
  const project = await it.make.project()
  const links = { project: { href: `/api/v3/projects/${project}` }, storage: made.body._links.self }
  assert.equal((await it.admin.post('/project_storages', { _links: links })).status, 201)
  const user = await it.make.user({ login: 'olga', password_hash: quickHash(PASSWORD) })
  await it.make.member(user, project, manage)
  client = await it.as(user)
  const one = browser(it.url)
  await one.signIn('olga', PASSWORD)
  const start = await one.get(pathOf((await client.get(`/storages/${storage}`)).body._links.authorize.href))
  await one.get(pathOf(cloud.consent(start.headers.get('location') as string)))
})
after(async () => {
  await it.close()
  await cloud.close()
})

const list = (parent: string) => client.get(`/storages/${storage}/files?parent=${encodeURIComponent(parent)}`)

test('are listed from the root, folders and files, with the ids that the storage gives', async () => {
  const { status, body } = await list('/')
  assert.deepEqual([status, body.parent.id], [200, String(cloud.ids.get('/'))])
  const found = body.files.map(({ id, name, mimeType }: any) => [Number(id), name, mimeType])
  assert.deepEqual(found.toSorted(), [
    [cloud.ids.get('/Drawings'), 'Drawings', 'application/x-op-directory'],
    [cloud.ids.get('/log.txt'), 'log.txt', 'text/plain; charset=utf-8'],
  ])
})

test('are listed in a folder by its path or id, whatever their names', async () => {
  for (const parent of ['/Drawings', String(cloud.ids.get('/Drawings'))]) {
    const { body } = await list(parent)
    const names = body.files.map(({ name }: any) => name)
    assert.deepEqual([body.parent.location, names.toSorted()], ['/Drawings', ['mast & sail 50%.txt', 'Ägir']])
  }
  assert.equal((await list('/Nowhere')).status, 404)
})

test('a folder is created, once', async () => {
  const create = () => client.post(`/storages/${storage}/folders`, { name: 'Plans & more', parentId: cloud.ids.get('/Drawings') })
  const { status, body } = await create()
  assert.deepEqual([status, body.name, body.location], [201, 'Plans & more', '/Drawings/Plans & more'])
  assert.equal(Number(body.id), cloud.ids.get('/Drawings/Plans & more'))
  assert.ok((await create()).status >= 400)
})
