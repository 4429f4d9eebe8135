/** News: permissions, visibility, history and attachments. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { switchModule } from '#modules/projects/modules.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let it: Instance
let project: number
let editor: Client
let reader: Client
let stranger: Client
before(async () => {
  it = await instance()
  project = await it.make.project({ public: false })
  const [one, other, third] = [await it.make.user(), await it.make.user(), await it.make.user()]
  await it.make.member(one, project, ['manage_news'])
  await it.make.member(other, project, ['view_work_packages'])
  ;[editor, reader, stranger] = [await it.as(one), await it.as(other), await it.as(third)]
})
after(() => it.close())

const link = (href: string) => ({ href })
const payload = (more: object = {}) => ({
  title: 'The mast is up',
  summary: 'Rigging starts on Monday.',
  description: { raw: 'Come and **see**.' },
  _links: { project: link(`/api/v3/projects/${project}`) },
  ...more,
})

test('a user who may manage news creates one, as its author', async () => {
  const { status, body } = await editor.post('/news', payload())
  assert.equal(status, 201)
  assert.deepEqual(
    [body._type, body.title, body.summary, body.description.html, body._links.project.href],
    ['News', 'The mast is up', 'Rigging starts on Monday.', body.description.html, `/api/v3/projects/${project}`],
  )
  assert.match(body.description.html, /<strong>see<\/strong>/)
  assert.equal(body._embedded.author.id, (await editor.get('/users/me')).body.id)
  assert.deepEqual(Object.keys(body._links).sort(), [
    'addAttachment',
    'attachments',
    'author',
    'delete',
    'project',
    'self',
    'update',
    'updateImmediately',
  ])
})

test('the forms offer the projects to choose from, and tell what is wrong', async () => {
  const form = await editor.post('/news/form', payload({ title: '' }))
  const { schema, validationErrors, payload: filled } = form.body._embedded
  assert.deepEqual([form.status, Object.keys(validationErrors), form.body._links.commit], [200, ['title'], undefined])
  assert.deepEqual([filled.summary, schema.summary.writable], ['Rigging starts on Monday.', true])
  assert.deepEqual(schema.project._links.allowedValues, { href: '/api/v3/news/available_projects' })
  assert.deepEqual(ids(await editor.get('/news/available_projects')), [project])
  assert.equal((await reader.get('/news/available_projects')).status, 403)
  assert.equal((await reader.post('/news/form', payload())).status, 403)
  const valid = await editor.post('/news/form', payload())
  assert.deepEqual(valid.body._links.commit, { href: '/api/v3/news', method: 'post' })
  const { id, _links } = (await editor.post('/news', payload())).body
  assert.deepEqual(_links.update, { href: `/api/v3/news/${id}/form`, method: 'post' })
  const edit = await editor.post(`/news/${id}/form`, { title: 'The mast is down' })
  assert.deepEqual(
    [edit.body._embedded.payload.title, edit.body._embedded.schema.project.writable, edit.body._links.commit.href],
    ['The mast is down', false, `/api/v3/news/${id}`],
  )
  assert.equal((await reader.post(`/news/${id}/form`)).status, 403)
  assert.equal((await stranger.post(`/news/${id}/form`)).status, 404)
  assert.equal((await editor.get(`/news/${id}`)).body.title, 'The mast is up', 'a form saves nothing')
  assert.equal((await editor.get('/news/schema')).body.title.required, true)
})

test('members see it without links to change it; non-members do not see it', async () => {
  const { id } = (await editor.post('/news', payload())).body
  const { status, body } = await reader.get(`/news/${id}`)
  assert.equal(status, 200)
  assert.deepEqual(Object.keys(body._links).sort(), ['attachments', 'author', 'project', 'self'])
  assert.equal((await stranger.get(`/news/${id}`)).status, 404)
  assert.equal((await reader.patch(`/news/${id}`, { title: 'Mine' })).status, 403)
  assert.equal((await stranger.patch(`/news/${id}`, { title: 'Mine' })).status, 404)
  assert.equal((await reader.post('/news', payload())).status, 403)
})

test('a title is required and has 256 characters at most; a project is required', async () => {
  const blank = await editor.post('/news', payload({ title: '' }))
  assert.deepEqual([blank.status, blank.body.message], [422, "Title can't be blank."])
  const long = await editor.post('/news', payload({ title: 'x'.repeat(257) }))
  assert.deepEqual([long.status, long.body.message], [422, 'Title is too long (maximum is 256 characters).'])
  const nowhere = await editor.post('/news', payload({ _links: {} }))
  assert.deepEqual([nowhere.status, nowhere.body._embedded.details.attribute], [422, 'project'])
})

test('the list is filtered by project, newest first unless sorted, and has only visible news', async () => {
  const elsewhere = await it.make.project({ public: false })
  const { id } = (
    await it.admin.post('/news', payload({ title: 'Elsewhere', _links: { project: link(`/api/v3/projects/${elsewhere}`) } }))
  ).body
  const filters = (of: number) => encodeURIComponent(JSON.stringify([{ project_id: { operator: '=', values: [String(of)] } }]))
  const there = await it.admin.get(`/news?filters=${filters(elsewhere)}`)
  assert.deepEqual(
    there.body._embedded.elements.map((one: { id: number }) => one.id),
    [id],
  )
  const ids = (await editor.get('/news')).body._embedded.elements.map((one: { id: number }) => one.id)
  assert.deepEqual(
    ids,
    ids.toSorted((a: number, b: number) => b - a),
  )
  assert.ok(!ids.includes(id))
  const sorted = await editor.get(`/news?sortBy=${encodeURIComponent('[["id","asc"]]')}`)
  assert.deepEqual(
    sorted.body._embedded.elements.map((one: { id: number }) => one.id),
    ids.toReversed(),
  )
})

test('a change is recorded in the history; deletion gives 204 and removes the history', async () => {
  const { id } = (await editor.post('/news', payload())).body
  const { status, body } = await editor.patch(`/news/${id}`, { title: 'The mast is down' })
  assert.deepEqual([status, body.title, body.summary], [200, 'The mast is down', 'Rigging starts on Monday.'])
  assert.equal((await editor.delete(`/news/${id}`)).status, 204)
  assert.equal((await editor.get(`/news/${id}`)).status, 404)
})

test('files are attached by users who manage news, and visible to users who see it', async () => {
  const { id } = (await editor.post('/news', payload())).body
  const upload = (client: Client) => {
    const body = new FormData()
    body.set('metadata', new Blob(['{"fileName":"mast.txt"}'], { type: 'application/json' }))
    body.set('file', new Blob(['Oak']), 'mast.txt')
    return client.send('POST', `/api/v3/news/${id}/attachments`, { body })
  }
  assert.equal((await upload(reader)).status, 403)
  assert.equal((await upload(stranger)).status, 404)
  const { status, body } = await upload(editor)
  assert.deepEqual([status, body._links.container.href], [201, `/api/v3/news/${id}`])
  const file = `/attachments/${body.id}`
  assert.deepEqual([(await reader.get(file)).status, (await stranger.get(file)).status], [200, 404])
  assert.deepEqual([(await reader.delete(file)).status, (await stranger.delete(file)).status], [403, 404])
  assert.equal((await editor.delete(`/news/${id}`)).status, 204)
  assert.equal((await editor.get(file)).status, 404)
})

test('a project that disables news hides them, and shows them again once it enables news', async () => {
  const { id } = (await editor.post('/news', payload())).body
  const turn = (isOn: boolean) => it.db.transaction((tx) => switchModule(tx, product, project, 'news', isOn))
  await turn(false)
  assert.equal((await editor.get(`/news/${id}`)).status, 404)
  assert.equal((await editor.post('/news', payload())).status, 403)
  await turn(true)
  assert.equal((await editor.get(`/news/${id}`)).status, 200)
})

test('deleting a project deletes its news, with their history', async () => {
  const place = await it.make.project({ public: false })
  const { id } = (await it.admin.post('/news', payload({ _links: { project: link(`/api/v3/projects/${place}`) } }))).body
  assert.equal((await it.admin.delete(`/projects/${place}`)).status, 204)
  await runDue(it.db, { only: ['projects.delete'] })
  assert.equal((await it.admin.get(`/news/${id}`)).status, 404)
  const entries = await it.db.all(sql`select id from journals where resource = 'news' and resource_id = ${id}`)
  assert.deepEqual(entries, [])
})

test('a deleted author is shown as the deleted user, in the history as well', async () => {
  await it.setting('users_deletable_by_admins', true)
  const author = await it.make.user()
  await it.make.member(author, project, ['manage_news'])
  const { id } = (await (await it.as(author)).post('/news', payload())).body
  assert.equal((await it.admin.delete(`/users/${author}`)).status, 202)
  const row = await it.db.one(sql`
    select n.author_id as now, v.author_id as before, p.type from news n join news_versions v on v.id = n.id
    join principals p on p.id = n.author_id where n.id = ${id}`)
  assert.deepEqual([row!.now, row!.type], [row!.before, 'DeletedUser'])
})
