/** Internal comments are visible only in projects that enable them, to all viewers. */

import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { internalComments } from '#db/migrations/0032-internal-comments.ts'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { switchModule } from '#modules/projects/modules.ts'
import { product } from '#server/modules.ts'
import { type Client, filters } from '#test/instance.ts'
import { upload } from '../files/upload.ts'
import { created, link, scene } from '../work-packages/scene.ts'

const it = await scene()
const { admin, project, make } = it
const RIGHTS = [
  ...['view_work_packages', 'add_work_package_comments', 'view_members'],
  ...['view_internal_comments', 'add_internal_comments', 'edit_own_internal_comments', 'edit_others_internal_comments'],
]
const turn = (isOn: boolean) => it.db.transaction((tx) => switchModule(tx, product, project, 'internal_comments', isOn))

let work: number
let path: string
let comment: number
let file: number
let notification: number
let insider: { id: number; client: Client }
before(async () => {
  insider = await it.person(...RIGHTS)
  work = (await created(admin, project, { subject: 'Quiet' })).id
  path = `/work_packages/${work}/activities`
  comment = (await insider.client.post(path, { comment: { raw: 'A muffled foghorn' }, internal: true })).body.id
  file = (await upload(insider.client, `/activities/${comment}/attachments`)).body.id
  await insider.client.patch(`/activities/${comment}/emoji_reactions`, { reaction: 'heart' })
  const now = new Date().toISOString()
  const told = { recipient_id: insider.id, actor_id: insider.id, work_package_id: work, journal_id: comment, reason: 'commented' }
  notification = await make.row('notifications', { ...told, read_ian: false, internal: true, created_at: now, updated_at: now })
})

/** The visibility of the comment in each place that could show it. */
async function found(asking: Client): Promise<Record<string, unknown>> {
  const get = async (at: string) => (await asking.get(at)).status
  const total = async (at: string) => (await asking.get(at)).body.total as number
  const names = async (filter: string) =>
    JSON.stringify(
      (await asking.get(`/principals?${filters([filter, '=', [work]])}`)).body._embedded?.elements?.map((one: any) => one.id),
    )
  return {
    told: (await asking.get(path)).body._embedded.elements.some((one: { id: number }) => one.id === comment),
    single: await get(`/activities/${comment}`),
    correcting: (await asking.patch(`/activities/${comment}`, { comment: 'A muffled foghorn' })).status,
    reactions: await get(`/activities/${comment}/emoji_reactions`),
    allReactions: (await asking.get(`/work_packages/${work}/activities_emoji_reactions`)).body._embedded.elements.length,
    attachments: await get(`/activities/${comment}/attachments`),
    attaching: (await upload(asking, `/activities/${comment}/attachments`)).status,
    attachment: await get(`/attachments/${file}`),
    content: await get(`/attachments/${file}/content`),
    comments: await total(`/work_packages?${filters(['comment', '~', ['foghorn']])}`),
    search: await total(`/work_packages?${filters(['search', '**', ['foghorn']])}`),
    without: await total(`/work_packages?${filters(['comment', '!~', ['foghorn']], ['id', '=', [work]])}`),
    mentionable: (await names('internalMentionableOnWorkPackage'))?.includes(String(insider.id)) ?? false,
    enabled: (await asking.get(`/projects/${project}/configuration`)).body.enabledInternalComments,
  }
}

const there = {
  ...{
    told: true,
    single: 200,
    correcting: 200,
    reactions: 200,
    allReactions: 1,
    attachments: 200,
    attaching: 201,
    attachment: 200,
  },
  ...{ content: 200, comments: 1, search: 1, without: 0, mentionable: true, enabled: true },
}
const nowhere = {
  ...{
    told: false,
    single: 404,
    correcting: 404,
    reactions: 404,
    allReactions: 0,
    attachments: 404,
    attaching: 404,
    attachment: 404,
  },
  ...{ content: 404, comments: 0, search: 0, without: 1, mentionable: false, enabled: false },
}

for (const isOn of [true, false, true]) {
  test(`with internal comments ${isOn ? 'enabled' : 'disabled'} they are found ${isOn ? 'by users who may read them' : 'by nobody'}`, async () => {
    await turn(isOn)
    for (const asking of [insider.client, admin]) assert.deepEqual(await found(asking), isOn ? there : nowhere)
    const { client } = insider
    assert.equal((await client.get(`/notifications/${notification}`)).status, isOn ? 200 : 404)
    assert.equal((await client.get('/notifications')).body.total, isOn ? 1 : 0)
    const capabilities = await client.get(
      `/capabilities?${filters(['principal', '=', ['me']], ['action', '=', ['internal_comments/read']])}`,
    )
    assert.equal(capabilities.body.total, isOn ? 1 : 0)
    const outsider = await it.person('view_work_packages', 'add_work_package_comments')
    const { attaching, correcting, mentionable, enabled, ...rest } = nowhere
    const theirs = await found(outsider.client)
    assert.deepEqual(theirs, { ...rest, attaching, correcting, mentionable, enabled: isOn })
  })
}

describe('in a project with internal comments disabled', () => {
  before(() => turn(false))

  test('nobody can write one, and the error names the reason; public comments still work', async () => {
    for (const asking of [insider.client, admin]) {
      const reply = await asking.post(path, { comment: { raw: 'Hush' }, internal: true })
      const { errorIdentifier, message, _embedded } = reply.body
      assert.deepEqual(
        [reply.status, errorIdentifier.split(':').at(-1), message, _embedded.details.attribute],
        [422, 'PropertyConstraintViolation', 'Internal comments are disabled in this project.', 'internal'],
      )
      const said = await asking.post(path, { comment: { raw: 'Aloud' }, internal: false })
      assert.deepEqual([said.status, said.body.internal], [201, false])
    }
    const rows = await it.db.all(sql`select id from journals where resource_id = ${work} and notes = 'Hush'`)
    assert.deepEqual(rows, [])
  })

  test('a role on a shared work package makes no difference', async () => {
    const sharer = await make.user()
    const now = new Date().toISOString()
    const share = { principal_id: sharer, project_id: project, entity_type: 'WorkPackage', entity_id: work }
    const id = await make.row('memberships', { ...share, created_at: now, updated_at: now }, 'memberships')
    await make.row('membership_roles', { membership_id: id, role_id: await make.role(RIGHTS, 'work_package') }, 'memberships')
    const client = await it.as(sharer)
    assert.equal((await client.get(`/activities/${comment}`)).status, 404)
    await turn(true)
    assert.equal((await client.get(`/activities/${comment}`)).status, 200)
    await turn(false)
  })

  test('a moved work package takes its comments along, visible in a project that enables internal comments', async () => {
    const other = await make.project()
    await make.member(insider.id, other, RIGHTS)
    const { lockVersion } = (await admin.get(`/work_packages/${work}`)).body
    await admin.patch(`/work_packages/${work}`, { lockVersion, _links: { project: link('projects', other) } })
    assert.equal((await insider.client.get(`/activities/${comment}`)).status, 200)
  })
})

test('a new project has them disabled', async () => {
  const { id } = (await admin.post('/projects', { name: 'Fresh' })).body
  assert.equal((await admin.get(`/projects/${id}/configuration`)).body.enabledInternalComments, false)
})

test('an upgrade enables them in projects that have some, and in no others', async () => {
  const places = [await make.project(), await make.project()] as const
  for (const [i, place] of places.entries()) {
    const { id } = await created(admin, place)
    await admin.post(`/work_packages/${id}/activities`, { comment: { raw: 'Before' }, internal: i === 0 })
    await it.db.transaction((tx) => switchModule(tx, product, place, 'internal_comments', false))
  }
  await it.db.transaction(async (tx) => {
    await tx.run(sql`delete from enabled_modules where name = 'internal_comments'`)
    await tx.script(internalComments)
    await invalidate(tx, 'projects')
  })
  const enabled = await Promise.all(places.map(async (place) => (await admin.get(`/projects/${place}/configuration`)).body))
  assert.deepEqual(
    enabled.map((one) => one.enabledInternalComments),
    [true, false],
  )
})
