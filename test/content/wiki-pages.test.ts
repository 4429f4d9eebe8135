/** Wiki pages: a tree of texts in each project, read, edited and managed by permission. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Database } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let it: Instance
let project: number
let manager: Client
let editor: Client
let reader: Client
let stranger: Client
before(async () => {
  it = await instance()
  project = await it.make.project({ public: false })
  const [one, other, third, fourth] = [await it.make.user(), await it.make.user(), await it.make.user(), await it.make.user()]
  await it.make.member(one, project, ['view_wiki_pages', 'edit_wiki_pages', 'manage_wiki'])
  await it.make.member(other, project, ['view_wiki_pages', 'edit_wiki_pages'])
  await it.make.member(third, project, ['view_wiki_pages'])
  await it.make.member(fourth, project, ['view_work_packages'])
  ;[manager, editor, reader, stranger] = [await it.as(one), await it.as(other), await it.as(third), await it.as(fourth)]
})
after(() => it.close())

const link = (path: string, id: number | string) => ({ href: `/api/v3/${path}/${id}` })
let pages = 0
const payload = (title = `Page ${++pages}`, links: object = {}) => ({
  title,
  text: { raw: 'Begin with the *bowline*.' },
  _links: { project: link('projects', project), ...links },
})
const made = async (title?: string, links: object = {}) => (await editor.post('/wiki_pages', payload(title, links))).body
const asked = (filters: object[]) => `/wiki_pages?filters=${encodeURIComponent(JSON.stringify(filters))}`

test('an editor creates a page, as its author', async () => {
  const { status, body } = await editor.post('/wiki_pages', payload('Knots'))
  assert.deepEqual([status, body._type, body.title, body.lockVersion], [201, 'WikiPage', 'Knots', 0])
  assert.match(body.text.html, /<em>bowline<\/em>/)
  assert.deepEqual(body._links.parent, { href: null })
  assert.equal(body._embedded.author.id, (await editor.get('/users/me')).body.id)
  assert.equal((await reader.post('/wiki_pages', payload())).status, 403)
  assert.equal((await stranger.post('/wiki_pages', payload())).status, 403)
})

test('it is read with view_wiki_pages, and shows the links that the viewer may follow', async () => {
  const { id } = await made()
  const links = async (client: Client) => Object.keys((await client.get(`/wiki_pages/${id}`)).body._links).sort()
  const always = ['attachments', 'author', 'children', 'parent', 'project', 'self']
  assert.deepEqual(await links(reader), always)
  assert.deepEqual(await links(editor), [...always, 'addAttachment', 'update', 'updateImmediately'].sort())
  assert.deepEqual(await links(manager), [...always, 'addAttachment', 'delete', 'update', 'updateImmediately'].sort())
  assert.equal((await stranger.get(`/wiki_pages/${id}`)).status, 404)
})

test('editors change the text; the title and the place are for those who manage the wiki', async () => {
  const { id } = await made('Sails')
  const changed = await editor.patch(`/wiki_pages/${id}`, { lockVersion: 0, text: { raw: 'All of them.' } })
  assert.deepEqual([changed.status, changed.body.text.raw, changed.body.lockVersion], [200, 'All of them.', 1])
  const renamed = await editor.patch(`/wiki_pages/${id}`, { lockVersion: 1, title: 'Canvas' })
  assert.deepEqual([renamed.status, renamed.body._embedded.details.attribute], [422, 'title'])
  assert.equal((await manager.patch(`/wiki_pages/${id}`, { lockVersion: 1, title: 'Canvas' })).body.title, 'Canvas')
  assert.equal((await reader.patch(`/wiki_pages/${id}`, { lockVersion: 2 })).status, 403)
  assert.equal((await stranger.patch(`/wiki_pages/${id}`, { lockVersion: 2 })).status, 404)
})

test('a change on top of another that was not read is refused', async () => {
  const { id } = await made()
  assert.equal((await editor.patch(`/wiki_pages/${id}`, { lockVersion: 0, text: { raw: 'One.' } })).status, 200)
  assert.equal((await editor.patch(`/wiki_pages/${id}`, { lockVersion: 0, text: { raw: 'Another.' } })).status, 409)
})

test('a title is given once in a project, whatever its capitals', async () => {
  await made('Ägir')
  const again = await editor.post('/wiki_pages', payload('äGIR'))
  assert.deepEqual([again.status, again.body.message], [422, 'Title has already been taken.'])
  const elsewhere = await it.make.project()
  const other = await it.admin.post('/wiki_pages', payload('Ägir', { project: link('projects', elsewhere) }))
  assert.equal(other.status, 201)
  const blank = await editor.post('/wiki_pages', payload(' '))
  assert.deepEqual([blank.status, blank.body.message], [422, "Title can't be blank."])
})

test('a page is below another one of its project, and never below itself', async () => {
  const top = await made()
  const middle = await made(undefined, { parent: link('wiki_pages', top.id) })
  const bottom = await made(undefined, { parent: link('wiki_pages', middle.id) })
  assert.deepEqual(bottom._links.parent, { ...link('wiki_pages', middle.id), title: middle.title })
  assert.deepEqual(ids(await reader.get(asked([{ parent: { operator: '=', values: [String(top.id)] } }]))), [middle.id])
  const move = (parent: number, lockVersion = 0) =>
    manager.patch(`/wiki_pages/${top.id}`, { lockVersion, _links: { parent: link('wiki_pages', parent) } })
  for (const parent of [top.id, middle.id, bottom.id]) {
    const { status, body } = await move(parent)
    assert.deepEqual([status, body.message], [422, 'Parent cannot be the page itself or a page below it.'])
  }
  const place = await it.make.project()
  const foreign = (await it.admin.post('/wiki_pages', payload(undefined, { project: link('projects', place) }))).body
  const lost = await it.admin.patch(`/wiki_pages/${top.id}`, {
    lockVersion: 0,
    _links: { parent: link('wiki_pages', foreign.id) },
  })
  assert.deepEqual([lost.status, lost.body.message], [422, 'Parent must be a page of the same project.'])
  assert.equal((await move(foreign.id)).body.message, 'Parent does not exist.')
})

test('a move is refused where another one, at the same time, makes it a circle', async () => {
  const [one, other] = [await made(), await made()]
  const { transaction } = it.db
  const { db } = it as { db: { transaction: Database['transaction'] } }
  db.transaction = async (work) => {
    db.transaction = transaction
    await it.db.transaction((tx) => tx.run(sql`update wiki_pages set parent_id = ${one.id} where id = ${other.id}`))
    return it.db.transaction(work)
  }
  const move = { lockVersion: 0, _links: { parent: link('wiki_pages', other.id) } }
  const { status, body } = await manager.patch(`/wiki_pages/${one.id}`, move)
  assert.deepEqual([status, body.errorIdentifier], [409, 'urn:openproject-org:api:v3:errors:UpdateConflict'])
})

test('the form offers the pages of the project, and tells what is wrong', async () => {
  const form = await editor.post('/wiki_pages/form', { ...payload(''), text: { raw: 'Empty.' } })
  const { schema, validationErrors } = form.body._embedded
  assert.deepEqual(Object.keys(validationErrors), ['title'])
  assert.match(schema.parent._links.allowedValues.href, /^\/api\/v3\/wiki_pages\?filters=/)
  const commit = (await editor.post('/wiki_pages/form', payload())).body._links.commit
  assert.deepEqual(commit, { href: '/api/v3/wiki_pages', method: 'post' })
})

test('who manages the wiki deletes a page; the pages below it stay, without a parent', async () => {
  const top = await made()
  const below = await made(undefined, { parent: link('wiki_pages', top.id) })
  assert.equal((await editor.delete(`/wiki_pages/${top.id}`)).status, 403)
  assert.equal((await manager.delete(`/wiki_pages/${top.id}`)).status, 204)
  const { body } = await reader.get(`/wiki_pages/${below.id}`)
  assert.deepEqual([body._links.parent, body.lockVersion], [{ href: null }, 1])
})

test('each change is kept in the history, which ends with the project', async () => {
  await it.setting('journal_aggregation_time_minutes', 0)
  const place = await it.make.project()
  const { id } = (await it.admin.post('/wiki_pages', payload('Log', { project: link('projects', place) }))).body
  await it.admin.patch(`/wiki_pages/${id}`, { lockVersion: 0, text: { raw: 'Later.' } })
  const texts = () => it.db.all<{ text: string }>(sql`select text from wiki_page_versions where id = ${id} order by version`)
  assert.deepEqual(
    (await texts()).map((row) => row.text),
    ['Begin with the *bowline*.', 'Later.'],
  )
  assert.equal((await it.admin.delete(`/projects/${place}`)).status, 204)
  await runDue(it.db, { only: ['projects.delete'] })
  assert.deepEqual(await texts(), [])
})

test('who may view edits reads what a page said after each change, newest first, and restores it by an update', async () => {
  await it.setting('journal_aggregation_time_minutes', 0)
  const historian = await it.make.user()
  await it.make.member(historian, project, ['view_wiki_pages', 'view_wiki_edits'])
  const [viewer, path] = [await it.as(historian), `/wiki_pages/${(await made('Ledger')).id}`]
  await editor.patch(path, { lockVersion: 0, text: { raw: 'Torn.' } })
  await manager.patch(path, { lockVersion: 1, title: 'Account' })
  const page = await viewer.get(path)
  assert.deepEqual(page.body._links.versions, { href: `/api/v3${path}/versions` })
  const list = await viewer.get(`${path}/versions`)
  const told = (one: any) => [one.number, one.title, one.text.raw, one._links.user.href]
  const [own, other] = [
    (await editor.get('/users/me')).body._links.self.href,
    (await manager.get('/users/me')).body._links.self.href,
  ]
  assert.deepEqual(list.body._embedded.elements.map(told), [
    [3, 'Account', 'Torn.', other],
    [2, 'Ledger', 'Torn.', own],
    [1, 'Ledger', 'Begin with the *bowline*.', own],
  ])
  assert.deepEqual(ids(await viewer.get(`${path}/versions?pageSize=1&offset=2`)), [ids(list)[1]])
  const first = await viewer.get(`/wiki_page_versions/${ids(list)[2]}`)
  assert.deepEqual(
    [first.status, first.body._type, first.body._links.self, first.body._links.wikiPage],
    [
      200,
      'WikiPageVersion',
      { href: `/api/v3/wiki_page_versions/${ids(list)[2]}`, title: 'Ledger (1)' },
      { href: `/api/v3${path}`, title: 'Account' },
    ],
  )
  const restored = await editor.patch(path, { lockVersion: 2, text: { raw: first.body.text.raw } })
  assert.deepEqual([restored.body.text, restored.body.lockVersion], [first.body.text, 3])
  assert.deepEqual(told((await viewer.get(`${path}/versions`)).body._embedded.elements[0]), [
    4,
    'Account',
    first.body.text.raw,
    own,
  ])
})

test('versions are hidden from everybody else, and entries of other histories are no versions', async () => {
  const { id } = await made()
  const { id: version } = (await it.admin.get(`/wiki_pages/${id}/versions`)).body._embedded.elements[0]
  for (const client of [manager, reader]) {
    assert.equal((await client.get(`/wiki_pages/${id}`)).body._links.versions, undefined)
    assert.equal((await client.get(`/wiki_pages/${id}/versions`)).status, 403)
    assert.equal((await client.get(`/wiki_page_versions/${version}`)).status, 404)
  }
  assert.equal((await stranger.get(`/wiki_pages/${id}/versions`)).status, 404)
  assert.equal((await it.admin.get(`/activities/${version}`)).status, 404)
  const task = await it.make.workPackage({ project_id: project })
  const [entry] = (await it.admin.get(`/work_packages/${task}/activities`)).body._embedded.elements
  assert.equal((await it.admin.get(`/wiki_page_versions/${entry.id}`)).status, 404)
})

test('files are attached by editors, and read by those who read the page', async () => {
  const { id } = await made()
  const upload = (client: Client) => {
    const body = new FormData()
    body.set('metadata', new Blob(['{"fileName":"knot.txt"}'], { type: 'application/json' }))
    body.set('file', new Blob(['Over, under']), 'knot.txt')
    return client.send('POST', `/api/v3/wiki_pages/${id}/attachments`, { body })
  }
  assert.deepEqual([(await upload(reader)).status, (await upload(stranger)).status], [403, 404])
  const { status, body } = await upload(editor)
  assert.deepEqual([status, body._links.container.href], [201, `/api/v3/wiki_pages/${id}`])
  assert.deepEqual(ids(await reader.get(`/wiki_pages/${id}/attachments`)), [body.id])
})
