/** The history of a work package: the contents of its entries, and the aggregation of changes. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Client, type Instance, instance } from '#test/instance.ts'

let server: Instance
let project: number
/** A member with all permissions for these tests. */
let mia: Client
let miaId: number
let task: number
let path: string

const permissions = [
  'view_project',
  'view_work_packages',
  'edit_work_packages',
  'add_work_package_comments',
  'edit_own_work_package_comments',
]

before(async () => {
  server = await instance()
  project = await server.make.project({ identifier: 'house', name: 'House' })
  miaId = await server.make.user({ name: 'Mia Member' })
  await server.make.member(miaId, project, permissions)
  mia = await server.as(miaId)
})
after(() => server.close())
beforeEach(async () => {
  await server.setting('journal_aggregation_time_minutes', 0)
  task = await server.make.workPackage({ project_id: project, author_id: miaId, subject: 'Dig' })
  path = `/work_packages/${task}`
})

const patch = async (client: Client, body: object) => {
  const { lockVersion } = (await client.get(path)).body
  const reply = await client.patch(path, { lockVersion, ...body })
  assert.equal(reply.status, 200, reply.text)
  return reply.body
}
const say = (client: Client, raw: string, more: object = {}) => client.post(`${path}/activities`, { comment: { raw }, ...more })
const history = async (client = mia) => (await client.get(`${path}/activities`)).body._embedded.elements
const told = (entry: any): string[] => entry.details.map((detail: any) => detail.raw)

describe('contents of an entry', () => {
  test('the first one has the initial values', async () => {
    const [first] = await history()
    assert.equal(first._type, 'Activity')
    assert.equal(first.version, 1)
    assert.deepEqual(told(first), [
      'Subject set to Dig',
      'Author set to Mia Member',
      'Project set to House',
      'Type set to Task',
      'Status set to New',
      'Priority set to Low',
    ])
    assert.deepEqual(first._links.user, { href: `/api/v3/users/${miaId}` })
    assert.deepEqual(first._links.workPackage, { href: `/api/v3${path}`, title: 'Dig' })
  })

  test('a change has the old and the new value, in text and in HTML', async () => {
    await patch(mia, { subject: 'Dig <deep>' })
    const entry = (await history()).at(-1)
    assert.deepEqual(entry.details, [
      {
        format: 'custom',
        raw: 'Subject changed from Dig to Dig <deep>',
        html: '<strong>Subject</strong> changed from <i>Dig</i> <strong>to</strong> <i>Dig &lt;deep&gt;</i>',
      },
    ])
  })

  test('dates, durations, work and percentages are formatted for people', async () => {
    await patch(mia, { startDate: '2026-03-02', dueDate: '2026-03-04', estimatedTime: 'PT20H', remainingTime: 'PT10H' })
    assert.deepEqual(told((await history()).at(-1)), [
      'Duration set to 3 days',
      'Start date set to 03/02/2026',
      'Finish date set to 03/04/2026',
      'Work set to 20h',
      'Remaining work set to 10h',
      '% Complete set to 50%',
    ])
    await patch(mia, { ignoreNonWorkingDays: true, startDate: null })
    assert.deepEqual(told((await history()).at(-1)), [
      'Duration deleted (3 days)',
      'Ignore non-working days activated',
      'Start date deleted (03/02/2026)',
    ])
  })

  test('a long text links to its diff instead of repeating it', async () => {
    await patch(mia, { description: { raw: 'Long' } })
    const [detail] = (await history()).at(-1).details
    assert.equal(detail.raw, 'Description set')
    assert.match(detail.html, /^<strong>Description<\/strong> set \(<a href="\/journals\/\d+\/diff\/description">Details<\/a>\)$/)
  })

  test('a parent that the viewer does not see is not disclosed', async () => {
    const elsewhere = await server.make.project({ identifier: `away-${task}`, name: 'Away' })
    const hidden = await server.make.workPackage({ project_id: elsewhere, subject: 'Hidden' })
    await patch(server.admin, { _links: { parent: { href: `/api/v3/work_packages/${hidden}` } } })
    assert.deepEqual(told((await history(server.admin)).at(-1)), [`Parent set to #${hidden}`])
    assert.deepEqual(told((await history(mia)).at(-1)), [])
  })
})

describe('aggregation', () => {
  const entries = async () => (await history()).map((entry: any) => [entry.version, entry._type])

  test('a change by the same user within the window updates the entry, which keeps its id and version', async () => {
    await server.setting('journal_aggregation_time_minutes', 5)
    const [first] = await history()
    await patch(server.admin, { subject: 'One' })
    await patch(server.admin, { subject: 'Two' })
    const all = await history()
    assert.deepEqual(
      all.map((entry: any) => entry.version),
      [1, 2],
    )
    assert.equal(all[0].id, first.id)
    assert.deepEqual(told(all[1]), ['Subject changed from Dig to Two'])
  })

  test('without a window every change is an entry', async () => {
    await patch(mia, { subject: 'One' })
    await patch(mia, { subject: 'Two' })
    assert.deepEqual(await entries(), [
      [1, 'Activity'],
      [2, 'Activity'],
      [3, 'Activity'],
    ])
  })

  test('a comment joins the change before it, a second comment does not join the first', async () => {
    await server.setting('journal_aggregation_time_minutes', 5)
    await patch(server.admin, { subject: 'One' })
    await say(server.admin, 'Since it is one')
    await say(server.admin, 'And not two')
    assert.deepEqual(await entries(), [
      [1, 'Activity'],
      [2, 'Activity::Comment'],
      [3, 'Activity::Comment'],
    ])
  })

  test('a change reverted within the window leaves a comment about it', async () => {
    await server.setting('journal_aggregation_time_minutes', 5)
    await patch(server.admin, { subject: 'One' })
    await patch(server.admin, { subject: 'Dig' })
    const last = (await history()).at(-1)
    assert.equal(last._type, 'Activity::Comment')
    assert.deepEqual(last.details, [])
    assert.match(last.comment.raw, /retracted/)
  })

  test('a write without changes makes no entry', async () => {
    await patch(mia, { subject: 'Dig' })
    assert.deepEqual(await entries(), [[1, 'Activity']])
  })
})

describe('comments', () => {
  test('have a raw text, and update the work package', async () => {
    const reply = await say(mia, 'Found **water**')
    assert.equal(reply.status, 201)
    assert.equal(reply.body._type, 'Activity::Comment')
    assert.equal(reply.body.comment.html, '<p class="op-uc-p">Found <strong>water</strong></p>')
    assert.equal(reply.body._embedded.workPackage.id, task)
    assert.equal((await mia.get(path)).body.updatedAt, reply.body.updatedAt)
    assert.equal((await mia.get(`/activities/${reply.body.id}`)).body.comment.raw, 'Found **water**')
  })

  test('with another type than an object are 400, blank ones 422', async () => {
    assert.equal((await mia.post(`${path}/activities`, { comment: 'text' })).status, 400)
    assert.equal((await mia.post(`${path}/activities`, {})).status, 400)
    const blank = await say(mia, '  ')
    assert.equal(blank.status, 422)
    assert.equal(blank.body._embedded.details.attribute, 'comment')
    assert.equal((await history()).length, 1)
  })

  test('require the permission to comment or to edit', async () => {
    const reader = await server.make.user()
    await server.make.member(reader, project, ['view_work_packages'])
    const client = await server.as(reader)
    assert.equal((await say(client, 'Let me in')).status, 404)
    assert.ok(!('addComment' in (await client.get(path)).body._links))
    assert.deepEqual((await mia.get(path)).body._links.addComment, {
      href: `/api/v3${path}/activities`,
      title: 'Add comment',
      method: 'post',
    })
  })

  test('are edited by their author, with a text as the body', async () => {
    const { id } = (await say(mia, 'Watr')).body
    const reply = await mia.patch(`/activities/${id}`, { comment: 'Water' })
    assert.equal(reply.status, 200)
    assert.equal(reply.body.comment.raw, 'Water')
    assert.deepEqual(reply.body._links.update, { href: `/api/v3/activities/${id}`, method: 'patch' })
    const other = await server.make.user()
    await server.make.member(other, project, permissions)
    const client = await server.as(other)
    assert.equal((await client.patch(`/activities/${id}`, { comment: 'Wine' })).status, 403)
    assert.ok(!('update' in (await client.get(`/activities/${id}`)).body._links))
  })

  test('of other users are edited with the permission', async () => {
    const { id } = (await say(mia, 'Watr')).body
    const keeper = await server.make.user()
    await server.make.member(keeper, project, ['view_work_packages', 'edit_work_package_comments'])
    const reply = await (await server.as(keeper)).patch(`/activities/${id}`, { comment: 'Water' })
    assert.equal(reply.status, 200)
  })

  test('that are internal are visible only to users who may read internal comments', async () => {
    const insider = await server.make.user()
    await server.make.member(insider, project, [...permissions, 'view_internal_comments', 'add_internal_comments'])
    const client = await server.as(insider)
    const reply = await say(client, 'Between us', { internal: true })
    assert.equal(reply.status, 201)
    assert.equal(reply.body.internal, true)
    assert.equal((await history(client)).length, 2)
    assert.equal((await history(mia)).length, 1)
    assert.equal((await mia.get(`/activities/${reply.body.id}`)).status, 404)
    const refused = await say(mia, 'Between us', { internal: true })
    assert.equal(refused.status, 422)
    assert.equal(refused.body._embedded.details.attribute, 'internal')
  })

  test('are removed with their work package', async () => {
    const { id } = (await say(mia, 'Found water')).body
    assert.equal((await server.admin.delete(path)).status, 204)
    assert.equal((await server.admin.get(`/activities/${id}`)).status, 404)
  })
})

describe('reactions', () => {
  test('are added and removed, and list their users', async () => {
    const { id } = (await say(mia, 'Found water')).body
    const reactions = `/activities/${id}/emoji_reactions`
    const first = await mia.patch(reactions, { reaction: 'heart' })
    assert.equal(first.status, 200)
    await server.admin.patch(reactions, { reaction: 'heart' })
    const [heart] = (await mia.get(reactions)).body._embedded.elements
    assert.deepEqual(
      [heart._type, heart.id, heart.reaction, heart.emoji, heart.reactionsCount],
      ['EmojiReaction', `${id}-heart`, 'heart', '❤️', 2],
    )
    assert.deepEqual(heart._links.reactingUsers[0], { href: `/api/v3/users/${miaId}`, title: 'Mia Member' })
    assert.equal((await mia.get(`${path}/activities_emoji_reactions`)).body.total, 1)
    assert.equal((await mia.patch(reactions, { reaction: 'heart' })).body._embedded.elements[0].reactionsCount, 1)
  })

  test('require a comment, a known emoji and the permission to comment', async () => {
    const [entry] = await history()
    assert.equal((await mia.patch(`/activities/${entry.id}/emoji_reactions`, { reaction: 'heart' })).status, 400)
    const { id } = (await say(mia, 'Found water')).body
    assert.equal((await mia.patch(`/activities/${id}/emoji_reactions`, { reaction: 'toString' })).status, 400)
    const reader = await server.make.user()
    await server.make.member(reader, project, ['view_work_packages'])
    const reply = await (await server.as(reader)).patch(`/activities/${id}/emoji_reactions`, { reaction: 'heart' })
    assert.equal(reply.status, 403)
  })
})

describe('automatic changes', () => {
  test('the entry of a moved successor names its predecessor, and the user who moved the predecessor', async () => {
    await patch(mia, { startDate: '2026-03-02', dueDate: '2026-03-03' })
    const next = await server.make.workPackage({ project_id: project, author_id: miaId, subject: 'Fill' })
    const relation = { type: 'follows', _links: { to: { href: `/api/v3${path}` } } }
    assert.equal((await server.admin.post(`/work_packages/${next}/relations`, relation)).status, 201)
    await patch(mia, { dueDate: '2026-03-05' })
    const entry = (await mia.get(`/work_packages/${next}/activities`)).body._embedded.elements.at(-1)
    assert.equal(entry._links.user.href, `/api/v3/users/${miaId}`)
    assert.deepEqual(told(entry), [
      `Dates changed by changes to predecessor #${task}`,
      'Start date changed from 03/04/2026 to 03/06/2026',
    ])
  })

  test('a parent with derived dates names the child that caused the change', async () => {
    const child = await server.make.workPackage({ project_id: project, parent_id: task, author_id: miaId, subject: 'Shovel' })
    const { lockVersion } = (await mia.get(`/work_packages/${child}`)).body
    const reply = await mia.patch(`/work_packages/${child}`, { lockVersion, startDate: '2026-03-02', dueDate: '2026-03-03' })
    assert.equal(reply.status, 200, reply.text)
    assert.equal(told((await history()).at(-1))[0], `Dates changed by changes to child #${child}`)
    assert.equal((await mia.get(`/work_packages/${child}/activities`)).body.total, 2)
  })
})
