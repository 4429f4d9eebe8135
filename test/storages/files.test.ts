/** Files of storages: read and written with the connection of the viewer, through two kinds of storages with one face. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { DRIVE } from '#test/graph.ts'
import type { Reply } from '#test/instance.ts'
import { manage, type Person, pathOf, type Scene, scene, see } from './scene.ts'

let it: Scene
let vera: Person
let reader: Person
before(async () => {
  it = await scene()
  vera = await it.person(manage)
  reader = await it.person(see)
  for (const person of [vera, reader]) for (const storage of [it.nextcloud, it.drive]) await it.connect(person, storage)
})
after(() => it.close())

const noLink = { self: { href: 'urn:openproject-org:api:v3:storages:storage_file:no_link_provided' } }
const identifier = ({ status, body }: Reply) => [status, body.errorIdentifier.replace(/^.*:errors:/, '')]
const list = (storage: number, parent?: string, who = vera) =>
  who.client.get(`/storages/${storage}/files${parent === undefined ? '' : `?parent=${encodeURIComponent(parent)}`}`)

describe('the files of a Nextcloud', () => {
  test('are listed from the root, with what the storage knows of them', async () => {
    const { status, body } = await list(it.nextcloud)
    assert.equal(status, 200)
    assert.deepEqual(body, {
      _type: 'StorageFiles',
      files: [
        {
          ...{ id: '30', name: 'Drawings', location: '/Drawings', mimeType: 'application/x-op-directory', size: 10 },
          ...{ lastModifiedAt: '2026-03-02T09:30:00.000Z', createdByName: 'Vera & Co', _type: 'StorageFile', _links: noLink },
        },
        {
          ...{ id: '40', name: 'Seekarte 50%.png', location: '/Seekarte 50%.png', mimeType: 'image/png', size: 10 },
          ...{ lastModifiedAt: '2026-03-02T09:30:00.000Z', createdByName: 'Vera & Co', _type: 'StorageFile', _links: noLink },
        },
      ],
      parent: {
        ...{ id: '2', name: '/', location: '/', mimeType: 'application/x-op-directory', size: 10 },
        ...{ lastModifiedAt: '2026-03-02T09:30:00.000Z', createdByName: 'Vera & Co', _type: 'StorageFile', _links: noLink },
      },
      ancestors: [],
      _links: noLink,
    })
    assert.ok(it.cloud.asked.includes('PROPFIND /remote.php/dav/files/vera%20l%C3%B6we'))
  })

  test('are listed in a folder by its path or its id', async () => {
    for (const parent of ['/Drawings', '/Drawings/', '30']) {
      const { body } = await list(it.nextcloud, parent)
      assert.deepEqual([body.parent.location, body.files.map((one: any) => one.name)], ['/Drawings', ['mast & sail.pdf']])
      assert.deepEqual(
        body.ancestors.map((one: any) => [one.id, one.name]),
        [['/', '/']],
      )
    }
  })
})

test('the files of a drive look the same', async () => {
  const { body } = await list(it.drive)
  assert.deepEqual(
    [body.parent, ...body.files].map((one: any) => [one.id, one.name, one.location, one.mimeType]),
    [
      ['ROOT', '/', '/', 'application/x-op-directory'],
      ['F1', 'Drawings', '/Drawings', 'application/x-op-directory'],
      ['D2', 'chart.png', '/chart.png', 'image/png'],
    ],
  )
  for (const parent of ['/Drawings', 'F1']) {
    const inside = (await list(it.drive, parent)).body
    assert.deepEqual([inside.parent.id, inside.files[0].location], ['F1', '/Drawings/mast & sail.pdf'])
    assert.equal(inside.ancestors[0].location, '/')
  }
})

test('a file is asked for by its id', async () => {
  for (const [storage, id, location] of [
    [it.nextcloud, '31', '/Drawings/mast & sail.pdf'],
    [it.nextcloud, '30', '/Drawings'],
    [it.drive, 'D1', '/Drawings/mast & sail.pdf'],
    [it.drive, 'ROOT', '/'],
  ] as const) {
    const { status, body } = await vera.client.get(`/storages/${storage}/files/${id}`)
    assert.deepEqual([status, body._type, body.id, body.location], [200, 'StorageFile', id, location])
  }
  for (const [storage, id, status] of [
    [it.nextcloud, '50', 403],
    [it.nextcloud, '99', 404],
    [it.drive, 'D99', 404],
    [it.drive, '..%2F..', 404],
  ] as const)
    assert.equal((await vera.client.get(`/storages/${storage}/files/${id}`)).status, status)
})

test('a file is no folder, and what is not there is not found', async () => {
  for (const [storage, file] of [
    [it.nextcloud, '40'],
    [it.nextcloud, '/Drawings/mast & sail.pdf'],
    [it.drive, 'D1'],
  ] as const)
    assert.deepEqual(identifier(await list(storage, file)), [400, 'InvalidQuery'])
  for (const [storage, file] of [
    [it.nextcloud, '99'],
    [it.nextcloud, 'x'],
    [it.nextcloud, '/Nowhere'],
    [it.nextcloud, '/../../../other'],
    [it.drive, '..'],
    [it.drive, '/../../other'],
    [it.drive, 'F99'],
    [it.drive, '/Nowhere'],
  ] as const)
    assert.deepEqual(identifier(await list(storage, file)), [404, 'NotFound'], file)
  // Nothing above the root was asked for.
  for (const path of it.cloud.asked.filter((one) => one.startsWith('PROPFIND')))
    assert.match(path, /^PROPFIND \/remote\.php\/dav\/files\/vera/)
  assert.ok(!it.graph.asked.some((path) => path === `GET /v1.0/drives/${DRIVE}` || path.endsWith('/other')))
})

test('who is not connected is told so; who does not see the storage finds none', async () => {
  const other = await it.person(manage)
  const { status, body } = await list(it.nextcloud, '/', other)
  assert.deepEqual([status, body.errorIdentifier.split(':').at(-1)], [403, 'MissingPermission'])
  assert.match(body.message, /not connected/)
  const stranger = await it.person(['view_work_packages'])
  assert.equal((await list(it.nextcloud, '/', stranger)).status, 404)
})

test('a folder is created by those who link files', async () => {
  for (const [storage, root] of [
    [it.nextcloud, '/'],
    [it.nextcloud, '30'],
    [it.drive, 'ROOT'],
  ] as const) {
    const create = (who: Person, name: string) => who.client.post(`/storages/${storage}/folders`, { name, parentId: root })
    const { status, body } = await create(vera, 'Log & Book')
    assert.deepEqual(
      [status, body._type, body.name, body.mimeType],
      [201, 'StorageFile', 'Log & Book', 'application/x-op-directory'],
    )
    const again = await create(vera, 'Log & Book')
    assert.deepEqual([again.status, again.body.message], [422, 'Name has already been taken.'])
    assert.equal((await create(reader, 'Mine')).status, 403)
    for (const name of ['../up', 'a/b', '..']) assert.equal((await create(vera, name)).status, 422, name)
  }
  const missing = await vera.client.post(`/storages/${it.nextcloud}/folders`, {})
  assert.deepEqual(
    missing.body._embedded.errors.map((one: any) => one.message),
    ["Name can't be blank.", "Parent can't be blank."],
  )
  assert.equal((await vera.client.post(`/storages/${it.nextcloud}/folders`, { name: 'x', parentId: '99' })).status, 404)
})

test('an upload is prepared for a project that uses the storage, by those who link files there', async () => {
  const prepare = (storage: number, more: object = {}, who = vera) =>
    who.client.post(`/storages/${storage}/files/prepare_upload`, {
      ...{ projectId: it.project, fileName: 'mast.pdf', parent: '/', ...more },
    })
  const { status, body } = await prepare(it.nextcloud)
  assert.equal(status, 201)
  assert.deepEqual(body, {
    _type: 'UploadLink',
    _links: {
      self: { href: 'urn:openproject-org:api:v3:storages:upload_link:no_link_provided' },
      destination: {
        href: `${it.cloud.url}/index.php/apps/integration_openproject/direct-upload/to-2`,
        method: 'post',
        title: 'Upload File',
      },
    },
  })
  assert.match((await prepare(it.nextcloud, { parent: '30' })).body._links.destination.href, /to-30$/)
  const drive = (await prepare(it.drive)).body._links.destination
  assert.deepEqual([drive.method, drive.href.startsWith(`${it.graph.url}/upload/ROOT`)], ['put', true])
  const elsewhere = await it.make.project({ public: false })
  assert.equal((await prepare(it.nextcloud, { projectId: elsewhere })).status, 403)
  assert.equal((await prepare(it.nextcloud, { projectId: 'x' })).status, 403)
  assert.equal((await prepare(it.nextcloud, {}, reader)).status, 403)
  assert.equal((await prepare(it.nextcloud, { fileName: '../x' })).status, 422)
  assert.deepEqual(identifier(await prepare(it.nextcloud, { parent: '/Seekarte 50%.png' })), [400, 'InvalidQuery'])
  assert.deepEqual(identifier(await prepare(it.nextcloud, { parent: '99' })), [500, 'OutboundRequest:NotFound'])
})

test('opening a storage leads to its web page', async () => {
  const open = async (storage: number, who: Person) => {
    const { status, headers } = await who.client.get(`/storages/${storage}/open`)
    return [status, headers.get('location')]
  }
  assert.deepEqual(await open(it.nextcloud, vera), [303, `${it.cloud.url}/index.php/apps/files`])
  assert.deepEqual(await open(it.drive, vera), [303, `${it.graph.url}/web`])
  // The page of a drive is known to those who are connected: others connect first, and come back.
  const other = await it.person(see)
  const [status, to] = await open(it.drive, other)
  assert.equal(status, 303)
  const out = await other.browser.get(pathOf(to as string))
  const back = await other.browser.get(pathOf(it.graph.consent(out.headers.get('location') as string)))
  assert.equal(back.headers.get('location'), `/api/v3/storages/${it.drive}/open`)
})

test('a storage that is down, or says nothing of use, is told as such', async () => {
  it.cloud.isBroken = true
  const { status, body } = await list(it.nextcloud)
  it.cloud.isBroken = false
  assert.deepEqual([status, body.errorIdentifier.split(':').at(-1)], [500, 'OutboundRequest'])
  assert.match(body.message, /status 500/)
})
