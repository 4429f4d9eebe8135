/** Folders that this server manages in storages: they come and go with project storages, and follow projects and their members. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { runDue } from '#test/jobs.ts'
import { manage, type Person, type Scene, scene, see } from './scene.ts'

let it: Scene
before(async () => {
  it = await scene()
  const set = await it.admin.patch(`/storages/${it.nextcloud}`, { applicationPassword: it.cloud.applicationPassword })
  assert.deepEqual([set.status, set.body.hasApplicationPassword], [200, true])
})
after(() => it.close())

const link = (href: string) => ({ href })
/** Runs the jobs of folders. */
const settle = async () => {
  await runDue(it.db, { only: ['storages.watch-folders'] })
  await runDue(it.db, { only: ['storages.manage-folders'], now: new Date(Date.now() + 60_000) })
}

/** A project with a folder of its own in a storage, which it is asked for by the API. */
async function managed(storage: number, name: string) {
  const project = await it.make.project({ name, public: false })
  const { status, body, text } = await it.admin.post('/project_storages', {
    projectFolderMode: 'automatic',
    _links: { project: link(`/api/v3/projects/${project}`), storage: link(`/api/v3/storages/${storage}`) },
  })
  assert.equal(status, 201, text)
  return {
    project,
    id: body.id as number,
    folder: async () => (await it.admin.get(`/project_storages/${body.id}`)).body._links.projectFolder?.href,
  }
}

/** A connected user with these permissions in a project, with an account of its own at the storage. */
async function member(account: string, storage: number, project: number, permissions: readonly string[]): Promise<Person> {
  const person = await it.person(see)
  await it.make.member(person.id, project, permissions)
  Object.assign(storage === it.nextcloud ? it.cloud : it.graph, { account })
  await it.connect(person, storage)
  return person
}

/** Gives a member of a project another role. */
async function gains({ id }: Person, project: number, permissions: readonly string[]): Promise<void> {
  const where = sql`principal_id = ${id} and project_id = ${project}`
  const membership = await it.db.one<{ id: number }>(sql`select id from memberships where ${where}`)
  const role_id = await it.make.role(permissions)
  await it.make.row('membership_roles', { membership_id: membership?.id, role_id }, 'memberships')
}

/** The users with rights in a folder of the Nextcloud. */
const rightsIn = (path: string) => {
  const {
    'group OpenProject': group,
    'user OpenProject': own,
    ...others
  } = it.cloud.groupFiles.find((one) => one.path === path)?.rights ?? {}
  assert.deepEqual([group, own], [0, 31])
  return others
}

describe('a Nextcloud', () => {
  test('has a folder for a project, which connected members use as far as their roles let them', async () => {
    const { project, id, folder } = await managed(it.nextcloud, 'Ship / *yard*')
    assert.equal(await folder(), undefined)
    await member('reader', it.nextcloud, project, [...see, 'read_files'])
    await member('writer & co', it.nextcloud, project, [
      ...see,
      'read_files',
      'write_files',
      'create_files',
      'delete_files',
      'share_files',
    ])
    await member('blind', it.nextcloud, project, [...see, 'write_files'])
    // Members without an account there have no rights.
    await it.make.member((await it.person(see)).id, project, [...see, 'read_files'])
    await settle()
    const path = `/Ship _ _yard_ (${project})`
    assert.deepEqual(rightsIn(path), { 'user reader': 1, 'user writer & co': 31 })
    assert.deepEqual(it.cloud.group, new Set(['OpenProject', 'reader', 'writer & co']))
    const { id: fileId } = it.cloud.groupFiles.find((one) => one.path === path) as { id: number }
    assert.equal(await folder(), `/api/v3/storages/${it.nextcloud}/files/${fileId}`)
    const open = await it.admin.get(`/project_storages/${id}/open`)
    assert.equal(open.headers.get('location'), `${it.cloud.url}/index.php/f/${fileId}?openfile=1`)
  })

  test('is asked for nothing while nothing has changed', async () => {
    await settle()
    it.cloud.asked.length = 0
    await settle()
    assert.deepEqual(it.cloud.asked, [])
  })

  test('follows names, members, roles and locks', async () => {
    const { project, folder } = await managed(it.nextcloud, 'Rigging')
    const ada = await member('ada', it.nextcloud, project, [...see, 'read_files'])
    await member('bob', it.nextcloud, project, [...see, 'read_files'])
    await settle()
    const before = await folder()
    assert.deepEqual(rightsIn(`/Rigging (${project})`), { 'user ada': 1, 'user bob': 1 })
    assert.equal((await it.admin.patch(`/projects/${project}`, { name: 'Sails' })).status, 200)
    await gains(ada, project, ['write_files'])
    await settle()
    assert.equal(await folder(), before)
    assert.deepEqual(rightsIn(`/Sails (${project})`), { 'user ada': 3, 'user bob': 1 })
    assert.equal(it.cloud.groupFiles.filter(({ path }) => path.startsWith('/Rigging')).length, 0)
    assert.equal((await it.admin.post(`/users/${ada.id}/lock`)).status, 200)
    await settle()
    assert.deepEqual(rightsIn(`/Sails (${project})`), { 'user bob': 1 })
    assert.equal(it.cloud.group.has('ada'), false)
    // Nobody reaches the folder of an archived project.
    assert.equal((await it.admin.patch(`/projects/${project}`, { active: false })).status, 200)
    await settle()
    assert.deepEqual(rightsIn(`/Sails (${project})`), {})
  })

  test('keeps the files of a project that uses it no more, and lets nobody in', async () => {
    for (const ending of [
      (id: number) => it.admin.delete(`/project_storages/${id}`),
      (id: number) => it.admin.patch(`/project_storages/${id}`, { projectFolderMode: 'inactive' }),
    ]) {
      const { project, id } = await managed(it.nextcloud, 'Ballast')
      await member(`guest ${id}`, it.nextcloud, project, [...see, 'read_files'])
      await settle()
      const path = `/Ballast (${project})`
      assert.deepEqual(rightsIn(path), { [`user guest ${id}`]: 1 })
      assert.ok((await ending(id)).status < 300)
      await runDue(it.db, { only: ['storages.manage-folders'] })
      assert.deepEqual(rightsIn(path), {})
      assert.deepEqual(
        await it.db.all(sql`select id from managed_folders where folder_id is null or project_storage_id = ${id}`),
        [],
      )
    }
  })

  test('that is down is asked again', async () => {
    const { folder } = await managed(it.nextcloud, 'Anchor')
    it.cloud.isBroken = true
    await assert.rejects(settle())
    it.cloud.isBroken = false
    // Not at once: each failure makes the wait longer.
    await settle()
    assert.equal(await folder(), undefined)
    await runDue(it.db, { only: ['storages.manage-folders'], now: new Date(Date.now() + 3_600_000) })
    assert.match((await folder()) as string, /files\/\d+$/)
  })

  test('whose application password is gone manages nothing, and offers nothing', async () => {
    const { project } = await managed(it.nextcloud, 'Keel')
    const payload = (of: number) => ({
      projectFolderMode: 'automatic',
      _links: { project: link(`/api/v3/projects/${of}`), storage: link(`/api/v3/storages/${it.nextcloud}`) },
    })
    await it.admin.patch(`/storages/${it.nextcloud}`, { applicationPassword: null })
    it.cloud.asked.length = 0
    await settle()
    assert.deepEqual(it.cloud.asked, [])
    const other = await it.make.project()
    const refused = await it.admin.post('/project_storages', payload(other))
    assert.deepEqual(
      [refused.status, refused.body._embedded.details.attribute, refused.body.message],
      [422, 'projectFolderMode', 'Project folder mode is not set to one of the allowed values.'],
    )
    await it.admin.patch(`/storages/${it.nextcloud}`, { applicationPassword: it.cloud.applicationPassword })
    await settle()
    assert.deepEqual(rightsIn(`/Keel (${project})`), {})
    assert.equal((await it.admin.post('/project_storages', payload(other))).status, 201)
  })
})

describe('a drive', () => {
  test('has a folder for a project, with the roles of its connected members', async () => {
    const { project, id, folder } = await managed(it.drive, 'Harbour')
    const eve = await member('eve', it.drive, project, [...see, 'read_files'])
    await member('fay', it.drive, project, [...see, 'read_files', 'write_files'])
    await settle()
    const item = it.graph.items.find(({ name }) => name === `Harbour (${project})`) as { id: string; name: string }
    assert.equal(await folder(), `/api/v3/storages/${it.drive}/files/${item.id}`)
    assert.deepEqual(it.graph.rolesIn(item.id), { eve: 'read', fay: 'write' })
    await it.admin.patch(`/projects/${project}`, { name: 'Port' })
    await gains(eve, project, ['create_files'])
    await settle()
    assert.deepEqual([item.name, it.graph.rolesIn(item.id)], [`Port (${project})`, { eve: 'write', fay: 'write' }])
    assert.equal((await it.admin.delete(`/project_storages/${id}`)).status, 204)
    await settle()
    assert.deepEqual(it.graph.rolesIn(item.id), {})
    assert.ok(it.graph.items.includes(item as never))
  })
})

test('who may not read the files of a managed folder cannot open it', async () => {
  const { project, id } = await managed(it.nextcloud, 'Chain')
  await settle()
  const [ada, bob] = [await it.person(see), await it.person(see)]
  await it.make.member(ada.id, project, manage)
  await it.make.member(bob.id, project, [...manage, 'read_files'])
  assert.equal((await ada.client.get(`/project_storages/${id}/open`)).status, 403)
  assert.equal((await bob.client.get(`/project_storages/${id}/open`)).status, 303)
})
