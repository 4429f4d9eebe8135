/** Deletion of attachments, of their containers, and of the files. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { expireUploads, removeFile, reserve } from '#modules/files/loose.ts'
import { jobsOf, runDue } from '#test/jobs.ts'
import { changed, created, link, scene } from '../work-packages/scene.ts'
import { upload } from './upload.ts'

const it = await scene()
const { client } = it.member
const { id: task } = await created(it.admin, it.project)
const attached = async (to = task): Promise<{ id: number; file: string }> => {
  const { id } = (await upload(it.admin, `/work_packages/${to}/attachments`)).body
  return { id, file: await fileOf(id) }
}
/** An attachment of a comment. */
const saidWith = async (on: number): Promise<{ id: number; file: string }> => {
  const comment = (await it.admin.post(`/work_packages/${on}/activities`, { comment: { raw: 'See there' } })).body.id
  const { id } = (await upload(it.admin, `/activities/${comment}/attachments`)).body
  return { id, file: await fileOf(id) }
}
const fileOf = async (id: number): Promise<string> =>
  (await it.db.one(sql`select storage_name from attachments where id = ${id}`))!.storage_name
const isThere = async (file: string) => (await it.files.read(file)) !== undefined
const sweep = (now: Date) => runDue(it.db, { files: it.files, now, only: [expireUploads.name, removeFile.name] })
const isRow = async (id: number) => (await it.db.one(sql`select id from attachments where id = ${id}`)) !== undefined

/** Asserts that an attachment's row is gone, and that its file follows. */
async function isGone({ id, file }: { id: number; file: string }): Promise<void> {
  assert.equal(await isRow(id), false)
  await sweep(new Date())
  assert.equal(await isThere(file), false)
  assert.equal(
    (await jobsOf(it.db, removeFile)).some(({ key }) => key === file),
    false,
  )
}

describe('an attachment is deleted', () => {
  test('by a user who may edit its work package, and then its file', async () => {
    const one = await attached()
    assert.equal((await client.delete(`/attachments/${one.id}`)).status, 204)
    await isGone(one)
    assert.equal((await client.delete(`/attachments/${one.id}`)).status, 404)
  })

  test('by its uploader while it is unclaimed', async () => {
    const { id } = (await upload(client, '/attachments')).body
    const file = await fileOf(id)
    assert.equal((await it.admin.delete(`/attachments/${id}`)).status, 404)
    assert.equal((await client.delete(`/attachments/${id}`)).status, 204)
    await isGone({ id, file })
  })

  test('by no user who may only add attachments (403) or does not see it (404)', async () => {
    const one = await attached()
    const adder = await it.person('view_work_packages', 'add_work_package_attachments')
    const own = (await upload(adder.client, `/work_packages/${task}/attachments`)).body
    for (const id of [one.id, own.id]) assert.equal((await adder.client.delete(`/attachments/${id}`)).status, 403)
    assert.ok(!('delete' in own._links))
    assert.equal((await it.stranger.client.delete(`/attachments/${one.id}`)).status, 404)
    assert.ok(await isRow(one.id))
  })

  test('and its work package is updated', async () => {
    const one = await attached()
    const before = (await client.get(`/work_packages/${task}`)).body.updatedAt
    await client.delete(`/attachments/${one.id}`)
    assert.ok((await client.get(`/work_packages/${task}`)).body.updatedAt > before)
  })
})

describe('attachments are deleted', () => {
  test('with their work package and its descendants', async () => {
    const { id } = await created(it.admin, it.project)
    const child = await created(it.admin, it.project, { _links: { parent: link('work_packages', id) } })
    const all = [await attached(id), await attached(child.id), await saidWith(id), await saidWith(child.id)]
    const left = await saidWith(task)
    assert.equal((await it.admin.delete(`/work_packages/${id}`)).status, 204)
    for (const one of all) await isGone(one)
    assert.ok(await isRow(left.id))
  })

  test('with their project', async () => {
    const project = await it.make.project()
    const { id } = await created(it.admin, project)
    const both = [await attached(id), await saidWith(id)]
    assert.equal((await it.admin.delete(`/projects/${project}`)).status, 204)
    await runDue(it.db, { only: ['projects.delete'] })
    for (const one of both) await isGone(one)
  })

  test('with an update that links to others', async () => {
    const { id } = await created(it.admin, it.project)
    const one = await attached(id)
    await changed(it.admin, id, { _links: { attachments: [] } })
    await isGone(one)
  })

  test('but not with their uploader: they belong to the deleted user', async () => {
    await it.setting('users_deletable_by_admins', true)
    const adder = await it.person('view_work_packages', 'add_work_package_attachments')
    const { id } = (await upload(adder.client, `/work_packages/${task}/attachments`)).body
    assert.equal((await it.admin.delete(`/users/${adder.id}`)).status, 202)
    assert.equal((await it.admin.get(`/attachments/${id}`)).body._links.author.title, 'Deleted user')
  })
})

describe('the cleanup', () => {
  const in_ = (minutes: number) => new Date(Date.now() + minutes * 60_000)

  test('removes uploads that are unclaimed for three hours, and no others', async () => {
    const kept = await attached()
    const { id } = (await upload(client, '/attachments')).body
    const file = await fileOf(id)
    await sweep(in_(179))
    assert.deepEqual([await isRow(id), await isThere(file)], [true, true])
    await sweep(in_(181))
    assert.deepEqual([await isRow(id), await isThere(file)], [false, false])
    assert.deepEqual([await isRow(kept.id), await isThere(kept.file)], [true, true])
  })

  test('removes the files of incomplete uploads, once no upload can last as long', async () => {
    const file = 'ab'.repeat(16)
    await it.files.write(file, (async function* () {})())
    await reserve(it.db, file, new Date())
    await sweep(in_(60))
    assert.ok(await isThere(file))
    await sweep(in_(25 * 60))
    assert.equal(await isThere(file), false)
  })
})
