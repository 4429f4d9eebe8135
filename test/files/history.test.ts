/** Attachments in the history of a work package. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import type { Client } from '#test/instance.ts'
import { changed, created, link, scene } from '../work-packages/scene.ts'
import { upload } from './upload.ts'

const it = await scene()
const { client } = it.member
beforeEach(() => it.setting('journal_aggregation_time_minutes', 0))

const named = (...ids: number[]) => ({ _links: { attachments: ids.map((id) => link('attachments', id)) } })
const attach = async (to: string, fileName = 'report.pdf', by: Client = client): Promise<number> =>
  (await upload(by, to, { metadata: { fileName } })).body.id
const files = (task: number) => `/work_packages/${task}/attachments`
const history = async (task: number) => (await client.get(`/work_packages/${task}/activities`)).body._embedded.elements
const told = async (task: number): Promise<string[][]> =>
  (await history(task)).slice(1).map((entry: any) => entry.details.map((detail: any) => detail.raw))

describe('an activity has', () => {
  test('the added file, with a link to it', async () => {
    const { id } = await created(client, it.project)
    const file = await attach(files(id), 'a <b>.pdf')
    const entry = (await history(id)).at(-1)
    assert.deepEqual([entry.version, entry._type, entry._links.user.href], [2, 'Activity', `/api/v3/users/${it.member.id}`])
    assert.deepEqual(entry.details, [
      {
        format: 'custom',
        raw: 'File a <b>.pdf added',
        html: `<strong>File</strong> <a href="/api/v3/attachments/${file}/content">a &lt;b&gt;.pdf</a> added`,
      },
    ])
    assert.equal((await client.get(`/work_packages/${id}`)).body.updatedAt, entry.updatedAt)
  })

  test('the removed file, without a link', async () => {
    const { id } = await created(client, it.project)
    await client.delete(`/attachments/${await attach(files(id))}`)
    assert.deepEqual(
      (await history(id)).slice(1).map((entry: any) => entry.details.map((detail: any) => detail.html)),
      [['<strong>File</strong> <i>report.pdf</i> added'], ['<strong>File</strong> <strike><i>report.pdf</i></strike> deleted']],
    )
  })

  test('the attachments of a new work package, after its properties', async () => {
    const { id } = await created(client, it.project, named(await attach('/attachments')))
    const [first, ...others] = await history(id)
    assert.equal(first.details.at(-1).raw, 'File report.pdf added')
    assert.deepEqual(others, [])
  })

  test('both the properties and the attachments of one change', async () => {
    const { id } = await created(client, it.project)
    const [kept, dropped] = [await attach(files(id), 'kept'), await attach(files(id), 'dropped')]
    assert.equal(
      (await changed(client, id, { subject: 'Other', ...named(kept, await attach('/attachments', 'new')) })).status,
      200,
    )
    assert.deepEqual((await told(id)).slice(2), [
      ['Subject changed from A work package to Other', 'File new added', 'File dropped deleted'],
    ])
    assert.equal((await client.get(`/attachments/${dropped}`)).status, 404)
  })

  test('none of the attachments from before', async () => {
    const { id } = await created(client, it.project)
    await attach(files(id))
    await changed(client, id, { subject: 'Other' })
    await client.post(`/work_packages/${id}/activities`, { comment: { raw: 'See the file' } })
    assert.deepEqual((await told(id)).slice(1), [['Subject changed from A work package to Other'], []])
  })
})

describe('within the window', () => {
  beforeEach(() => it.setting('journal_aggregation_time_minutes', 5))

  test('attachments join the activity of the same user only', async () => {
    const { id } = await created(client, it.project)
    await attach(files(id), 'one', it.admin)
    await attach(files(id), 'two', it.admin)
    await attach(files(id), 'three')
    assert.deepEqual(await told(id), [['File one added', 'File two added'], ['File three added']])
  })

  test('an attachment that is removed again leaves a comment about it', async () => {
    const { id } = await created(client, it.project)
    await it.admin.delete(`/attachments/${await attach(files(id), 'report.pdf', it.admin)}`)
    const last = (await history(id)).at(-1)
    assert.deepEqual([last.version, last._type, last.details], [2, 'Activity::Comment', []])
    assert.match(last.comment.raw, /retracted/)
  })
})

test('a comparison over time does not include attachments', async () => {
  const { id, updatedAt } = await created(client, it.project)
  await attach(files(id))
  const { body } = await client.get(`/work_packages/${id}?timestamps=${updatedAt},PT0S`)
  const [then] = body._embedded.attributesByTimestamp
  assert.deepEqual([then._meta.exists, Object.keys(then)], [true, ['_meta', '_links']])
})
