/** Copies of projects with storages: which storages, folders and file links the copy has. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { copiedResources } from '#kernel/write/copying.ts'
import { filters } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { upload } from '../files/upload.ts'
import { type Scene, scene, see } from './scene.ts'

let it: Scene
let source: number
let workPackage: number
/** The folders of the project, by the name of the storage. */
const folders: Record<string, string> = {}

const link = (href: string) => ({ href })
const settle = async () => {
  await runDue(it.db, { only: ['projects.copy'], files: it.files })
  // A drive is asked again until it has copied.
  for (const minutes of [1, 2, 3])
    await runDue(it.db, { only: ['storages.manage-folders'], now: new Date(Date.now() + minutes * 60_000) })
}

before(async () => {
  it = await scene()
  await it.admin.patch(`/storages/${it.nextcloud}`, { applicationPassword: it.cloud.applicationPassword })
  source = await it.make.project({ name: 'Template', public: false })
  workPackage = await it.make.workPackage({ project_id: source, subject: 'Launch' })
  for (const storage of [it.nextcloud, it.drive]) {
    const project = link(`/api/v3/projects/${source}`)
    const { status, text } = await it.admin.post('/project_storages', {
      projectFolderMode: 'automatic',
      _links: { project, storage: link(`/api/v3/storages/${storage}`) },
    })
    assert.equal(status, 201, text)
  }
  await settle()
  for (const { storage, folder } of await foldersOf(source)) folders[storage] = folder
  // A file in each folder, and one elsewhere.
  const path = `/Template (${source})`
  it.cloud.groupFiles.push({ id: 2001, path: `${path}/Plans`, rights: {} })
  it.cloud.groupFiles.push({ id: 2002, path: `${path}/Plans/ä & b.txt`, isFile: true, rights: {} })
  it.graph.items.push({ id: 'G1', name: 'Plans', parent: String(folders.Drive) })
  it.graph.items.push({ id: 'G2', name: 'c.pdf', parent: 'G1', type: 'application/pdf' })
  for (const [storage, id, name] of [
    [it.nextcloud, '2002', 'ä & b.txt'],
    [it.nextcloud, '40', 'elsewhere.png'],
    [it.drive, 'G2', 'c.pdf'],
  ] as const) {
    const element = { originData: { id, name }, _links: { storage: link(`/api/v3/storages/${storage}`) } }
    const linked = await it.admin.post(`/work_packages/${workPackage}/file_links`, { _embedded: { elements: [element] } })
    assert.equal(linked.status, 201, linked.text)
  }
  assert.equal((await upload(it.admin, `/work_packages/${workPackage}/attachments`)).status, 201)
})
after(() => it.close())

/** The storages of a project, with the modes and ids of their folders. */
async function foldersOf(project: number): Promise<{ storage: string; mode: string; folder: string; creator: string }[]> {
  const { body } = await it.admin.get(`/project_storages?${filters(['projectId', '=', [project]])}`)
  const elements = body._embedded.elements.map(
    ({ projectFolderMode: mode, _links: { storage, projectFolder, creator } }: any) => ({
      ...{ storage: storage.title, mode, creator: creator.href },
      folder: projectFolder?.href.split('/').at(-1),
    }),
  )
  return elements.sort((a: any, b: any) => a.storage.localeCompare(b.storage))
}

/** The ids of the files that work packages of a project link to, by their names. */
async function linksOf(project: number): Promise<Record<string, string>> {
  const { body } = await it.admin.get(`/work_packages?${filters(['project', '=', [project]])}`)
  const own: Record<string, string> = {}
  for (const { id } of body._embedded.elements) {
    const { body: list } = await it.admin.get(`/work_packages/${id}/file_links`)
    for (const { originData } of list._embedded.elements) own[originData.name] = originData.id
  }
  return own
}

/** The id of a copy with these flags, once its jobs are done. */
async function copied(name: string, meta: object = {}, client = it.admin): Promise<number> {
  const { status, text } = await client.post(`/projects/${source}/copy`, { name, _meta: meta })
  assert.equal(status, 302, text)
  await settle()
  return it.id('projects', name)
}

test('the form counts what there is', async () => {
  const { body } = await it.admin.post(`/projects/${source}/copy/form`, { name: 'Second' })
  const { schema } = body._embedded
  const told = (flag: string) => schema[flag].description
  assert.deepEqual(
    ['copyStorages', 'copyStorageProjectFolders', 'copyFileLinks', 'copyWorkPackages', 'copyWorkPackageAttachments'].map(told),
    ['2 objects', '2 objects', '3 objects', '1 object', '1 object'],
  )
})

test('a copy has as many of everything as the form counts', async () => {
  const counts = async (project: number) => {
    const { body } = await it.admin.post(`/projects/${project}/copy/form`, { name: 'Any' })
    const schema = Object.entries<any>(body._embedded.schema)
    return Object.fromEntries(schema.map(([name, one]) => [name, one.description]).filter(([, n]) => n !== undefined))
  }
  assert.deepEqual(await counts(await copied('Same')), await counts(source))
})

test('links are copied before the folders, whose job changes them', () => {
  const order = copiedResources(it.model).map(({ name }) => name)
  assert.ok(order.indexOf('FileLink') < order.indexOf('ProjectStorage'), order.join(', '))
})

test('the form counts what the caller sees', async () => {
  const copier = await it.person(see)
  await it.make.member(copier.id, source, ['copy_projects', 'view_work_packages'])
  const { body } = await copier.client.post(`/projects/${source}/copy/form`, { name: 'Second' })
  const { copyStorages, copyStorageProjectFolders, copyFileLinks } = body._embedded.schema
  assert.deepEqual(
    [copyStorages, copyStorageProjectFolders, copyFileLinks].map(({ description }) => description),
    ['0 objects', '0 objects', '0 objects'],
  )
})

test('a copy has copies of the folders, and its links lead into them', async () => {
  const copy = await copied('Second')
  assert.deepEqual(
    (await foldersOf(copy)).map(({ storage, mode }) => [storage, mode]),
    [
      ['Chart room', 'automatic'],
      ['Drive', 'automatic'],
    ],
  )
  const own = Object.fromEntries((await foldersOf(copy)).map(({ storage, folder }) => [storage, folder]))
  const path = `/Second (${copy})`
  const fileAt = (at: string) => String(it.cloud.groupFiles.find((one) => one.path === at)?.id)
  assert.equal(own['Chart room'], fileAt(path))
  const item = it.graph.items.find(({ name }) => name === `Second (${copy})`)
  assert.equal(own.Drive, item?.id)
  const plans = it.graph.items.find(({ parent }) => parent === item?.id)
  assert.deepEqual(await linksOf(copy), {
    'ä & b.txt': fileAt(`${path}/Plans/ä & b.txt`),
    'elsewhere.png': '40',
    'c.pdf': it.graph.items.find(({ parent }) => parent === plans?.id)?.id,
  })
  // The original stays as it is.
  assert.deepEqual(await linksOf(source), { 'ä & b.txt': '2002', 'elsewhere.png': '40', 'c.pdf': 'G2' })
})

test('without copies of the folders, the copy has new ones, and its links lead to the same files', async () => {
  const copy = await copied('Third', { copyStorageProjectFolders: false })
  const path = `/Third (${copy})`
  assert.deepEqual(
    it.cloud.groupFiles.filter((one) => one.path.startsWith(path)).map((one) => one.path),
    [path],
  )
  assert.deepEqual(await linksOf(copy), { 'ä & b.txt': '2002', 'elsewhere.png': '40', 'c.pdf': 'G2' })
})

test('without storages there are neither folders nor links', async () => {
  const copy = await copied('Fourth', { copyStorages: false })
  assert.deepEqual([await foldersOf(copy), await linksOf(copy)], [[], {}])
  assert.equal(it.cloud.groupFiles.filter(({ path }) => path.startsWith('/Fourth')).length, 0)
})

test('without links there are the folders alone', async () => {
  const copy = await copied('Fifth', { copyFileLinks: false })
  assert.deepEqual(await linksOf(copy), {})
  assert.ok(it.cloud.groupFiles.some(({ path }) => path === `/Fifth (${copy})/Plans/ä & b.txt`))
})

test('who may not read the files of the folders gets empty ones', async () => {
  const copier = await it.person(see)
  await it.make.member(copier.id, source, [...see, 'copy_projects', 'add_subprojects'])
  const global = await it.make.role(['add_project'], 'global')
  await it.make.member(copier.id, null, { role: global })
  const copy = await copied('Sixth', {}, copier.client)
  assert.deepEqual(
    (await foldersOf(copy)).map(({ creator }) => creator),
    [`/api/v3/users/${copier.id}`, `/api/v3/users/${copier.id}`],
  )
  assert.equal(it.cloud.groupFiles.filter(({ path }) => path.startsWith(`/Sixth (${copy})`)).length, 1)
})

test('a chosen folder is shared, and a copy without a folder has none', async () => {
  const uses = await it.db.all<{ id: number }>(
    sql`select id from project_storages where project_id = ${source} order by storage_id`,
  )
  const folder = link(`/api/v3/storages/${it.nextcloud}/files/30`)
  const [cloud, drive] = uses
  const chosen = await it.admin.patch(`/project_storages/${cloud?.id}`, {
    projectFolderMode: 'manual',
    _links: { projectFolder: folder },
  })
  assert.equal(chosen.status, 200, chosen.text)
  assert.equal((await it.admin.patch(`/project_storages/${drive?.id}`, { projectFolderMode: 'inactive' })).status, 200)
  const { body } = await it.admin.post(`/projects/${source}/copy/form`, { name: 'Seventh' })
  assert.equal(body._embedded.schema.copyStorageProjectFolders.description, '0 objects')
  const copy = await copied('Seventh')
  assert.deepEqual(
    (await foldersOf(copy)).map(({ storage, mode, folder: id }) => [storage, mode, id]),
    [
      ['Chart room', 'manual', '30'],
      ['Drive', 'inactive', undefined],
    ],
  )
})
