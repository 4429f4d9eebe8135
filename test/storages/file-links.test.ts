/** File links: several at once or none, with what the storage says of each, for those who may see them. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { filters, ids, type Reply } from '#test/instance.ts'
import { manage, type Person, type Scene, scene, see } from './scene.ts'

let it: Scene
let vera: Person
let reader: Person
let at: string
before(async () => {
  it = await scene()
  vera = await it.person(manage)
  reader = await it.person(see)
  at = `/work_packages/${it.workPackage}/file_links`
})
after(() => it.close())

const element = (id: string | number, name: string, more: object = {}, storage: object = {}) => ({
  originData: { id, name, ...more },
  _links: Object.keys(storage).length > 0 ? storage : { storage: { href: `/api/v3/storages/${it.nextcloud}` } },
})
const post = (elements: unknown, who = vera, to = at) => who.client.post(to, { _type: 'Collection', _embedded: { elements } })
const elementsOf = ({ body }: Reply) => body._embedded.elements
const states = (reply: Reply) =>
  Object.fromEntries(elementsOf(reply).map((one: any) => [one.originData.id, one._links.status?.href.split('file-links:')[1]]))

test('files are linked with what the client knows of them', async () => {
  const data = { mimeType: 'image/png', createdAt: '2021-12-19T09:42:10.170Z', lastModifiedByName: 'Anakin', size: 433765 }
  const reply = await post([element(40, 'Seekarte 50%.png', data)])
  assert.equal(reply.status, 201)
  const { body } = reply
  assert.deepEqual([body._type, body.total, body.count, body.pageSize, body.offset], ['Collection', 1, 1, 20, 1])
  const [link] = elementsOf(reply)
  const self = `/api/v3/file_links/${link.id}`
  assert.deepEqual(link.originData, {
    ...{ id: '40', name: 'Seekarte 50%.png', mimeType: 'image/png' },
    ...{ createdAt: '2021-12-19T09:42:10.170Z', lastModifiedByName: 'Anakin' },
  })
  assert.deepEqual(link._links, {
    self: { href: self, title: 'Seekarte 50%.png' },
    creator: { href: `/api/v3/users/${vera.id}`, title: link._links.creator.title },
    storage: { href: `/api/v3/storages/${it.nextcloud}`, title: 'Chart room' },
    container: { href: `/api/v3/work_packages/${it.workPackage}`, title: link._links.container.title },
    delete: { href: self, method: 'delete' },
    staticOriginOpen: { href: `${self}/open` },
    staticOriginOpenLocation: { href: `${self}/open?location=true` },
    staticOriginDownload: { href: `${self}/download` },
  })
})

test('a file that is linked already stays as it is', async () => {
  const [first] = elementsOf(await post([element(41, 'first.txt')]))
  const again = await post([element('41', 'second.txt'), element(42, 'new.txt'), element(42, 'new.txt')])
  assert.deepEqual(
    elementsOf(again).map((one: any) => [one.id === first.id, one.originData.name]),
    [
      [true, 'first.txt'],
      [false, 'new.txt'],
    ],
  )
})

test('whoever a work package is shared with sees its links and their storage, and no others', async () => {
  const { make } = it
  const shared = await make.workPackage({ project_id: it.project })
  await post([element(50, 'shared.txt')], vera, `/work_packages/${shared}/file_links`)
  const guest = await make.user()
  const role = await make.role(['view_work_packages', 'view_file_links'], 'work_package')
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const place = { project_id: it.project, entity_type: 'WorkPackage', entity_id: shared }
  const membership_id = await make.row('memberships', { principal_id: guest, ...place, ...stamps }, 'memberships')
  await make.row('membership_roles', { membership_id, role_id: role }, 'memberships')
  const client = await it.as(guest)
  const [link] = elementsOf(await client.get(`/work_packages/${shared}/file_links`))
  assert.deepEqual([link?.originData.name, link?._links.storage.href], ['shared.txt', `/api/v3/storages/${it.nextcloud}`])
  assert.equal((await client.get(`/file_links/${link.id}`)).status, 200)
  assert.ok('fileLinks' in (await client.get(`/work_packages/${shared}`)).body._links)
  assert.equal((await client.get(at)).status, 404)
  assert.equal((await client.delete(`/file_links/${link.id}`)).status, 403)
})

test('a storage is named by its address as well', async () => {
  for (const href of [it.cloud.url, `${it.cloud.url}/`]) {
    const [link] = elementsOf(await post([element(`by ${href}`, 'x.txt', {}, { storageUrl: { href } })]))
    assert.equal(link._links.storage.href, `/api/v3/storages/${it.nextcloud}`)
  }
})

test('all files are linked, or none, and every fault is told with its file', async () => {
  const before = (await it.admin.get(at)).body.total
  const unused = (
    await it.admin.post('/storages', {
      name: 'Unused',
      _links: { type: { href: 'urn:openproject-org:api:v3:storages:OneDrive' } },
    })
  ).body.id
  const wrong = await post([
    element(70, 'fine.txt'),
    element(71, 'url.txt', {}, { storageUrl: { href: 'https://elsewhere.example' } }),
    element(72, 'unused.txt', {}, { storage: { href: `/api/v3/storages/${unused}` } }),
    element('', 'nameless.txt'),
  ])
  assert.deepEqual([wrong.status, wrong.body.errorIdentifier.split(':').at(-1)], [422, 'MultipleErrors'])
  assert.deepEqual(
    wrong.body._embedded.errors.map((one: any) => one.message),
    [
      'File link url.txt: Storage does not exist.',
      'File link unused.txt: Storage does not exist.',
      'File link nameless.txt: Origin data must have an id.',
    ],
  )
  assert.equal((await it.admin.get(at)).body.total, before)
  const blank = await post([{ _links: { storage: { href: `/api/v3/storages/${it.nextcloud}` } } }])
  assert.deepEqual([blank.status, blank.body.message], [422, "Origin data can't be blank."])
  const nowhere = await post([{ originData: { id: 1, name: 'x' } }])
  assert.deepEqual([nowhere.status, nowhere.body.message], [422, "File link x: Storage can't be blank."])
})

test('twenty files are linked at once, and no more', async () => {
  const files = (count: number) => Array.from({ length: count }, (_, i) => element(`many ${i}`, `${i}.txt`))
  const many = await post(files(21))
  assert.deepEqual([many.status, many.body.message], [422, 'Elements are too many (maximum is 20 elements).'])
  assert.equal((await post([])).status, 422)
  for (const other of [undefined, {}, [1], 'x']) assert.equal((await post(other)).status, 400)
  const most = await post(files(20))
  assert.deepEqual([most.status, most.body.count], [201, 20])
  for (const { id } of elementsOf(most)) await it.admin.delete(`/file_links/${id}`)
})

test('who may not see file links gets an empty list; who may not link files is refused', async () => {
  const stranger = await it.person(['view_work_packages'])
  const { status, body } = await stranger.client.get(at)
  assert.deepEqual([status, body._type, body.total], [200, 'Collection', 0])
  assert.equal((await post([element(1, 'x')], stranger)).status, 403)
  assert.equal((await post([element(1, 'x')], reader)).status, 403)
  const elsewhere = await it.make.workPackage({ project_id: await it.make.project({ public: false }) })
  assert.equal((await reader.client.get(`/work_packages/${elsewhere}/file_links`)).status, 404)
  assert.equal((await post([element(1, 'x')], vera, `/work_packages/${elsewhere}/file_links`)).status, 404)
})

test('a link is shown, opened and deleted by those who may', async () => {
  const id = await it.link(it.nextcloud, 30, 'Drawings')
  const path = `/file_links/${id}`
  const { status, body } = await reader.client.get(path)
  assert.deepEqual([status, body._embedded.storage.id, body._links.delete], [200, it.nextcloud, undefined])
  const location = async (more: string) => (await reader.client.get(`${path}${more}`)).headers.get('location')
  assert.equal(await location('/open'), `${it.cloud.url}/index.php/f/30?openfile=1`)
  assert.equal(await location('/open?location=true'), `${it.cloud.url}/index.php/f/30?openfile=0`)
  const stranger = await it.person(['view_work_packages'])
  for (const more of ['', '/open', '/download']) assert.equal((await stranger.client.get(path + more)).status, 404)
  assert.equal((await stranger.client.delete(path)).status, 404)
  assert.equal((await reader.client.delete(path)).status, 403)
  assert.equal((await vera.client.delete(path)).status, 204)
  assert.equal((await vera.client.get(path)).status, 404)
})

test('a download leads to a connection first, and is an address without credentials', async () => {
  for (const [storage, file, to] of [
    [it.nextcloud, '31', `${it.cloud.url}/remote.php/direct/31`],
    [it.drive, 'D1', `${it.graph.url}/bytes/D1`],
  ] as const) {
    const path = `/file_links/${await it.link(storage, file, 'mast.pdf')}/download`
    const person = await it.person(see)
    const first = (await person.client.get(path)).headers.get('location') as string
    assert.match(first, /\/oauth_clients\/\w+\/ensure_connection\?.*destination_url=%2Fapi%2Fv3%2Ffile_links%2F\d+%2Fdownload$/)
    await it.connect(person, storage)
    const { status, headers } = await person.client.get(path)
    assert.deepEqual([status, headers.get('location')], [303, to])
  }
})

test('a file on a drive is opened on its web page', async () => {
  const id = await it.link(it.drive, 'D1', 'mast.pdf')
  const person = await it.person(see)
  await it.connect(person, it.drive)
  const location = async (more: string) => (await person.client.get(`/file_links/${id}/open${more}`)).headers.get('location')
  assert.equal(await location(''), `${it.graph.url}/web/Drawings/mast%20&%20sail.pdf`)
  assert.equal(await location('?location=true'), `${it.graph.url}/web/Drawings`)
})

test('the list asks the storages, keeps what they say, and tells who may view what', async () => {
  const workPackage = await it.make.workPackage({ project_id: it.project })
  const list = `/work_packages/${workPackage}/file_links`
  await post(
    [
      element(31, 'old name.pdf'),
      element(50, 'diary.txt'),
      element(999, 'gone.txt'),
      element('D1', 'old.pdf', {}, { storage: { href: `/api/v3/storages/${it.drive}` } }),
      element('D9', 'gone.pdf', {}, { storage: { href: `/api/v3/storages/${it.drive}` } }),
    ],
    vera,
    list,
  )
  const person = await it.person(see)
  // Nobody is asked for who is not connected.
  it.cloud.asked.length = 0
  assert.deepEqual(states(await person.client.get(list)), {
    31: undefined,
    50: undefined,
    999: undefined,
    D1: undefined,
    D9: undefined,
  })
  assert.deepEqual(it.cloud.asked, [])
  await it.connect(person, it.nextcloud)
  await it.connect(person, it.drive)
  const reply = await person.client.get(list)
  assert.deepEqual(states(reply), {
    31: 'permission:ViewAllowed',
    50: 'permission:ViewNotAllowed',
    999: 'NotFound',
    D1: 'permission:ViewAllowed',
    D9: 'NotFound',
  })
  assert.deepEqual(
    elementsOf(reply).map((one: any) => one.originData.name),
    ['mast & sail.pdf', 'diary.txt', 'gone.txt', 'mast & sail.pdf', 'gone.pdf'],
  )
  // Others read what it said, too.
  const [first] = elementsOf(await reader.client.get(list))
  assert.deepEqual(first.originData, {
    ...{ id: '31', name: 'mast & sail.pdf', mimeType: 'application/pdf' },
    ...{ lastModifiedAt: '2026-03-02T09:30:00.000Z', createdByName: 'Vera' },
  })
  it.cloud.asked.length = 0
  const counted = await person.client.get(`${list}?pageSize=0`)
  assert.deepEqual([counted.body.total, counted.body.count, it.cloud.asked], [5, 0, []])
  it.cloud.isBroken = true
  const broken = states(await person.client.get(list))
  it.cloud.isBroken = false
  assert.deepEqual([broken['31'], broken.D1], ['Error', 'permission:ViewAllowed'])
})

test('the list is filtered by storage, and every wrong filter is told alike', async () => {
  const workPackage = await it.make.workPackage({ project_id: it.project })
  const list = `/work_packages/${workPackage}/file_links`
  const [one] = elementsOf(await post([element(31, 'mast.pdf')], vera, list))
  await post([element('D1', 'mast.pdf', {}, { storage: { href: `/api/v3/storages/${it.drive}` } })], vera, list)
  assert.deepEqual(ids(await reader.client.get(`${list}?${filters(['storage', '=', [it.nextcloud]])}`)), [one.id])
  for (const query of [filters(['name', '=', ['x']]), filters(['storage', '~', ['x']]), 'filters=x']) {
    const { status, body } = await reader.client.get(`${list}?${query}`)
    assert.deepEqual([status, body.message], [400, "The query parameter 'filters' is missing or malformed."])
  }
})

test('a work package leads to its links', async () => {
  const links = async (who: Person) => (await who.client.get(`/work_packages/${it.workPackage}`)).body._links
  const href = `/api/v3${at}`
  const [managing, reading] = [await links(vera), await links(reader)]
  assert.deepEqual([managing.fileLinks, managing.addFileLink], [{ href }, { href, method: 'post' }])
  assert.deepEqual([reading.fileLinks, reading.addFileLink], [{ href }, undefined])
  assert.equal((await links(await it.person(['view_work_packages']))).fileLinks, undefined)
})

test('links go with their work package and with their storage', async () => {
  const workPackage = await it.make.workPackage({ project_id: it.project })
  await post([element(31, 'mast.pdf')], vera, `/work_packages/${workPackage}/file_links`)
  const count = async () =>
    (await it.db.one<{ n: number }>(sql`select count(*) as n from file_links where work_package_id = ${workPackage}`))?.n
  assert.equal(await count(), 1)
  assert.equal((await it.admin.delete(`/work_packages/${workPackage}`)).status, 204)
  assert.equal(await count(), 0)
  assert.equal((await it.admin.delete(`/storages/${it.nextcloud}`)).status, 204)
  assert.equal(
    (await it.db.one<{ n: number }>(sql`select count(*) as n from file_links where storage_id = ${it.nextcloud}`))?.n,
    0,
  )
})
