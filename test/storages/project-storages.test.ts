/** Project storages: which project uses which storage, with which folder. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { filters, ids } from '#test/instance.ts'
import { type Person, pathOf, type Scene, scene, see } from './scene.ts'

let it: Scene
let manager: Person
let reader: Person
before(async () => {
  it = await scene()
  manager = await it.person([...see, 'manage_files_in_project'])
  reader = await it.person(see)
})
after(() => it.close())

const link = (href: string) => ({ href })
const payload = (project: number, storage: number, more: object = {}, links: object = {}) => ({
  ...more,
  _links: { project: link(`/api/v3/projects/${project}`), storage: link(`/api/v3/storages/${storage}`), ...links },
})
const ofScene = async (storage: number): Promise<number> =>
  (await it.db.one<{ id: number }>(sql`select id from project_storages where storage_id = ${storage}`))!.id

test('members who see file links see the storages of their project', async () => {
  const id = await ofScene(it.nextcloud)
  const { status, body } = await reader.client.get(`/project_storages/${id}`)
  assert.equal(status, 200)
  assert.deepEqual(body, {
    ...{ _type: 'ProjectStorage', id, projectFolderMode: 'inactive', createdAt: body.createdAt, updatedAt: body.updatedAt },
    _links: {
      self: { href: `/api/v3/project_storages/${id}` },
      project: { href: `/api/v3/projects/${it.project}`, title: body._links.project.title },
      storage: { href: `/api/v3/storages/${it.nextcloud}`, title: 'Chart room' },
      creator: body._links.creator,
      open: { href: `/api/v3/project_storages/${id}/open` },
      openWithConnectionEnsured: { href: `/api/v3/project_storages/${id}/open` },
    },
  })
  const stranger = await it.person(['view_work_packages'])
  assert.equal((await stranger.client.get(`/project_storages/${id}`)).status, 404)
  assert.deepEqual(ids(await stranger.client.get('/project_storages')), [])
  assert.deepEqual(ids(await reader.client.get('/project_storages')).length, 2)
})

test('the list is filtered by project, storage and address', async () => {
  const id = await ofScene(it.nextcloud)
  const found = async (name: string, ...values: (string | number)[]) =>
    ids(await reader.client.get(`/project_storages?${filters([name, '=', values])}`))
  assert.deepEqual(await found('storageId', it.nextcloud), [id])
  assert.deepEqual(await found('storage_id', it.nextcloud), [id])
  assert.deepEqual((await found('project_id', it.project)).length, 2)
  assert.deepEqual(await found('storageUrl', it.cloud.url), [id])
  assert.deepEqual(await found('storage_url', `${it.cloud.url}/`), [id])
  assert.deepEqual(await found('storage_url', 'https://elsewhere.example'), [])
  assert.equal((await reader.client.get(`/project_storages?${filters(['name', '=', ['x']])}`)).status, 400)
})

test('those who manage files in a project add, change and remove its storages', async () => {
  const project = await it.make.project({ public: false })
  await it.make.member(manager.id, project, [...see, 'manage_files_in_project'])
  const { status, body } = await manager.client.post('/project_storages', payload(project, it.nextcloud))
  assert.deepEqual([status, body.projectFolderMode, body._links.projectFolder], [201, 'inactive', undefined])
  assert.equal(body._links.creator.href, `/api/v3/users/${manager.id}`)
  const twice = await manager.client.post('/project_storages', payload(project, it.nextcloud))
  assert.deepEqual([twice.status, twice.body.message], [422, 'Storage has already been taken.'])
  const at = `/project_storages/${body.id}`
  const folder = link(`/api/v3/storages/${it.nextcloud}/files/30`)
  const changed = await manager.client.patch(at, { projectFolderMode: 'manual', _links: { projectFolder: folder } })
  assert.deepEqual([changed.status, changed.body._links.projectFolder], [200, folder])
  const other = await manager.client.patch(at, { _links: { storage: link(`/api/v3/storages/${it.drive}`) } })
  assert.deepEqual([other.status, other.body.errorIdentifier.split(':').at(-1)], [422, 'PropertyIsReadOnly'])
  const cleared = await manager.client.patch(at, { projectFolderMode: 'inactive' })
  assert.equal(cleared.body._links.projectFolder, undefined)
  assert.equal((await reader.client.post('/project_storages', payload(it.project, it.nextcloud))).status, 403)
  await it.make.member(reader.id, project, see)
  assert.equal((await reader.client.patch(at, { projectFolderMode: 'manual' })).status, 403)
  assert.equal((await reader.client.delete(at)).status, 403)
  assert.equal((await manager.client.delete(at)).status, 204)
  assert.equal((await manager.client.get(at)).status, 404)
})

test('a folder is one of the storage, and comes with its mode', async () => {
  const project = await it.make.project({ public: false })
  const wrong = async (more: object, links: object = {}) => {
    const { status, body } = await it.admin.post('/project_storages', payload(project, it.nextcloud, more, links))
    return [status, body._embedded.details.attribute, body.message]
  }
  const folder = (href: string) => ({ projectFolder: { href } })
  assert.deepEqual(await wrong({ projectFolderMode: 'manual' }), [422, 'projectFolder', "Project folder can't be blank."])
  assert.deepEqual(await wrong({ projectFolderMode: 'automatic' }), [
    422,
    'projectFolderMode',
    'Project folder mode is not set to one of the allowed values.',
  ])
  assert.deepEqual(await wrong({ projectFolderMode: 'manual' }, folder(`/api/v3/storages/${it.drive}/files/30`)), [
    422,
    'projectFolder',
    'Project folder must be a folder of the storage.',
  ])
  assert.equal((await wrong({ projectFolderMode: 'manual' }, folder('https://x.example/30')))[0], 422)
})

test('opening leads to the folder, or to the root of the storage', async () => {
  const id = await ofScene(it.nextcloud)
  const open = async (one: number, who = reader) => {
    const { status, headers } = await who.client.get(`/project_storages/${one}/open`)
    return [status, headers.get('location')]
  }
  assert.deepEqual(await open(id), [303, `${it.cloud.url}/index.php/apps/files`])
  const folder = link(`/api/v3/storages/${it.nextcloud}/files/30`)
  await it.admin.patch(`/project_storages/${id}`, { projectFolderMode: 'manual', _links: { projectFolder: folder } })
  assert.deepEqual(await open(id), [303, `${it.cloud.url}/index.php/f/30?openfile=1`])
  const drive = await ofScene(it.drive)
  await it.admin.patch(`/project_storages/${drive}`, {
    projectFolderMode: 'manual',
    _links: { projectFolder: link(`/api/v3/storages/${it.drive}/files/F1`) },
  })
  const [status, to] = await open(drive)
  assert.deepEqual([status, pathOf(to as string).startsWith('/oauth_clients/')], [303, true])
  await it.connect(reader, it.drive)
  assert.deepEqual(await open(drive), [303, `${it.graph.url}/web/Drawings`])
  const stranger = await it.person(['view_work_packages'])
  assert.equal((await open(id, stranger))[0], 404)
})

test('a storage that is not configured yet cannot be opened', async () => {
  const storage = (await it.admin.post('/storages', { _links: { type: link('urn:openproject-org:api:v3:storages:OneDrive') } }))
    .body
  const { body } = await it.admin.post('/project_storages', payload(it.project, storage.id))
  assert.deepEqual(body._links.open, { href: null })
  assert.equal((await reader.client.get(`/project_storages/${body.id}/open`)).status, 404)
  assert.equal((await it.admin.delete(`/storages/${storage.id}`)).status, 204)
  assert.equal((await reader.client.get(`/project_storages/${body.id}`)).status, 404)
})

test('who has removed a storage from a project removes the links to its files there', async () => {
  const one = await it.link(it.nextcloud, 40, 'chart.png')
  const other = await it.link(it.drive, 'D2', 'chart.png')
  assert.equal((await it.admin.delete(`/project_storages/${await ofScene(it.nextcloud)}`)).status, 204)
  assert.equal((await it.admin.get(`/file_links/${one}`)).status, 404)
  assert.equal((await it.admin.get(`/file_links/${other}`)).status, 200)
})
