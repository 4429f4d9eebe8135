/** Forums and the posts in them: threads with replies, each written by those who may. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { switchModule } from '#modules/projects/modules.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'

let it: Instance
let project: number
let forum: number
let moderator: Client
let writer: Client
let other: Client
let stranger: Client
before(async () => {
  it = await instance()
  project = await it.make.project({ public: false })
  await it.db.transaction((tx) => switchModule(tx, product, project, 'forums', true))
  const people = [await it.make.user(), await it.make.user(), await it.make.user(), await it.make.user()] as const
  await it.make.member(people[0], project, ['manage_forums', 'add_messages', 'edit_messages', 'delete_messages'])
  for (const one of [people[1], people[2]])
    await it.make.member(one, project, ['add_messages', 'edit_own_messages', 'delete_own_messages'])
  ;[moderator, writer, other, stranger] = (await Promise.all(people.map((one) => it.as(one)))) as [Client, Client, Client, Client]
  forum = (await moderator.post('/forums', named('Harbour talk'))).body.id
})
after(() => it.close())

const link = (path: string, id: number | string) => ({ href: `/api/v3/${path}/${id}` })
const named = (name: string, more: object = {}) => ({ name, _links: { project: link('projects', project) }, ...more })
const payload = (more: object = {}, links: object = {}) => ({
  subject: 'Who has seen the anchor?',
  content: { raw: 'It is *gone*.' },
  ...more,
  _links: { forum: link('forums', forum), ...links },
})
const thread = async (more: object = {}, client = writer) => (await client.post('/posts', payload(more))).body
const reply = (parent: number, client = other, more: object = {}) =>
  client.post('/posts', { content: { raw: 'At the bow.' }, ...more, _links: { parent: link('posts', parent) } })
const asked = (path: string, filters: object[]) => `/${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`
const is = (value: number) => ({ operator: '=', values: [String(value)] })

test('forums are made by those who manage them, and seen by all members', async () => {
  assert.equal((await writer.post('/forums', named('Mine'))).status, 403)
  const { body } = await writer.get(`/forums/${forum}`)
  assert.deepEqual([body._type, body.name, body.position], ['Forum', 'Harbour talk', 1])
  assert.deepEqual(Object.keys(body._links).sort(), ['posts', 'project', 'self'])
  assert.deepEqual(Object.keys((await moderator.get(`/forums/${forum}`)).body._links).sort(), [
    ...['delete', 'posts', 'project', 'self', 'update', 'updateImmediately'],
  ])
  assert.equal((await stranger.get(`/forums/${forum}`)).status, 404)
})

test('a forum comes last, and where it is put the others make room', async () => {
  const place = await it.make.project()
  await it.db.transaction((tx) => switchModule(tx, product, place, 'forums', true))
  const made = async (name: string, more: object = {}) =>
    (await it.admin.post('/forums', { name, ...more, _links: { project: link('projects', place) } })).body
  const [a, b, c] = [await made('A'), await made('B'), await made('C')]
  assert.deepEqual([a.position, b.position, c.position], [1, 2, 3])
  const order = async () => {
    const { body } = await it.admin.get(asked('forums', [{ project: is(place) }]))
    return body._embedded.elements.map((one: { name: string; position: number }) => `${one.position}${one.name}`).join(' ')
  }
  await it.admin.patch(`/forums/${a.id}`, { position: 2 })
  assert.equal(await order(), '1B 2A 3C')
  await it.admin.patch(`/forums/${c.id}`, { position: 1 })
  assert.equal(await order(), '1C 2B 3A')
  await it.admin.patch(`/forums/${c.id}`, { position: 99 })
  assert.equal(await order(), '1B 2A 3C')
  await made('D', { position: 2 })
  assert.equal(await order(), '1B 2D 3A 4C')
  const { status, body } = await it.admin.patch(`/forums/${a.id}`, { position: 0 })
  assert.deepEqual([status, body.message], [422, 'Position must be greater than or equal to 1.'])
})

test('members with the permission begin a thread in a forum', async () => {
  const { status, body } = await writer.post('/posts', payload())
  assert.deepEqual([status, body._type, body.subject], [201, 'Post', 'Who has seen the anchor?'])
  assert.match(body.content.html, /<em>gone<\/em>/)
  assert.deepEqual([body.locked, body.sticky, body.repliesCount], [false, false, 0])
  assert.deepEqual([body._links.project.href, body._links.parent], [`/api/v3/projects/${project}`, { href: null }])
  assert.equal(body._embedded.project.id, project)
  assert.equal((await stranger.post('/posts', payload())).status, 403)
  assert.equal((await stranger.get(`/posts/${body.id}`)).status, 404)
})

test('links show who may change and delete a post', async () => {
  const { id } = await thread()
  const links = async (client: Client) => Object.keys((await client.get(`/posts/${id}`)).body._links).sort()
  const always = ['attachments', 'author', 'forum', 'lastReply', 'parent', 'project', 'replies', 'self']
  assert.deepEqual(await links(other), always)
  const all = [...always, 'addAttachment', 'delete', 'update', 'updateImmediately'].sort()
  assert.deepEqual(await links(writer), all)
  assert.deepEqual(await links(moderator), all)
  assert.equal((await other.patch(`/posts/${id}`, { subject: 'Mine' })).status, 403)
  assert.equal((await writer.patch(`/posts/${id}`, { subject: 'Found' })).body.subject, 'Found')
  assert.equal((await moderator.patch(`/posts/${id}`, { subject: 'Closed' })).body.subject, 'Closed')
})

test('a reply takes forum and subject from its thread, which tells of it', async () => {
  const { id } = await thread()
  const first = await reply(id)
  assert.deepEqual([first.status, first.body.subject], [201, 'RE: Who has seen the anchor?'])
  assert.equal(first.body._links.forum.href, `/api/v3/forums/${forum}`)
  assert.equal('repliesCount' in first.body, false)
  const second = await reply(id, other, { subject: 'At the stern' })
  const { body } = await writer.get(`/posts/${id}`)
  assert.deepEqual([body.repliesCount, body._links.lastReply], [2, { ...link('posts', second.body.id), title: 'At the stern' }])
  assert.deepEqual(ids(await writer.get(body._links.replies.href.replace('/api/v3', ''))), [second.body.id, first.body.id])
  const threads = ids(await writer.get(asked('posts', [{ forum: is(forum) }, { parent: { operator: '!*', values: [] } }])))
  assert.ok(threads.includes(id) && !threads.includes(first.body.id))
})

test('a reply has a first post of a thread as its parent, in the same forum', async () => {
  const { id } = await thread()
  const { body } = await reply(id)
  const deeper = await reply(body.id)
  assert.deepEqual([deeper.status, deeper.body.message], [422, 'Parent must be the first post of a thread.'])
  const elsewhere = (await moderator.post('/forums', named('Workshop'))).body.id
  const apart = await writer.post('/posts', payload({}, { forum: link('forums', elsewhere), parent: link('posts', id) }))
  assert.deepEqual([apart.status, apart.body.message], [422, 'Parent must be in the same forum.'])
  const nowhere = await writer.post('/posts', { subject: 'Lost' })
  assert.deepEqual([nowhere.status, nowhere.body.message], [422, "Forum can't be blank."])
})

test('moderators lock threads, which then take no replies, and make them sticky', async () => {
  const { id } = await thread()
  const refused = await writer.patch(`/posts/${id}`, { locked: true })
  assert.deepEqual([refused.status, refused.body._embedded.details.attribute], [422, 'locked'])
  const locked = await moderator.patch(`/posts/${id}`, { locked: true, sticky: true })
  assert.deepEqual([locked.body.locked, locked.body.sticky], [true, true])
  const { status, body } = await reply(id)
  assert.deepEqual([status, body.message], [422, 'Parent is locked and takes no replies.'])
})

test('who wrote a post deletes it, unless others have replied; a thread goes with its replies', async () => {
  const { id } = await thread()
  const own = (await reply(id, writer)).body.id
  assert.equal((await other.delete(`/posts/${id}`)).status, 403)
  assert.equal((await writer.delete(`/posts/${own}`)).status, 204)
  const answer = (await reply(id)).body.id
  const kept = await writer.delete(`/posts/${id}`)
  assert.deepEqual([kept.status, kept.body.message], [422, 'The post cannot be deleted: others have replied to it.'])
  assert.equal((await moderator.delete(`/posts/${id}`)).status, 204)
  assert.equal((await other.get(`/posts/${answer}`)).status, 404)
})

test('a forum that is deleted takes its posts along', async () => {
  const place = (await moderator.post('/forums', named('Mess'))).body.id
  const { id } = (await writer.post('/posts', payload({}, { forum: link('forums', place) }))).body
  assert.equal((await moderator.delete(`/forums/${place}`)).status, 204)
  assert.equal((await writer.get(`/posts/${id}`)).status, 404)
})

test('files are attached by those who may change the post', async () => {
  const { id } = await thread()
  const upload = (client: Client) => {
    const body = new FormData()
    body.set('metadata', new Blob(['{"fileName":"anchor.txt"}'], { type: 'application/json' }))
    body.set('file', new Blob(['Iron']), 'anchor.txt')
    return client.send('POST', `/api/v3/posts/${id}/attachments`, { body })
  }
  assert.deepEqual([(await upload(other)).status, (await upload(stranger)).status], [403, 404])
  const { status, body } = await upload(writer)
  assert.deepEqual([status, body._links.container.href], [201, `/api/v3/posts/${id}`])
  assert.deepEqual(ids(await other.get(`/posts/${id}/attachments`)), [body.id])
  assert.equal((await stranger.get(`/attachments/${body.id}`)).status, 404)
})
