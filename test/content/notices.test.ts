/** Mails about news, documents, wiki pages and forums: to members whose settings ask for them, and who see what they are about. */
import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Mail } from '#kernel/declaration.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'
import { sentBy } from './mails.ts'

const manages = ['view_wiki_pages', 'edit_wiki_pages', 'view_documents', 'manage_documents', 'manage_news', 'add_messages']

let it: Instance
let project: number
let author: Client
let forum: number
/** A member who asks for everything, one who asks for nothing, and one who sees neither documents nor wiki pages. */
let [keen, quiet, limited]: number[] = []
before(async () => {
  it = await instance()
  project = await it.make.project({ name: 'Harbour' })
  const one = await it.make.user({ email: 'author@example.net' })
  const names = ['keen', 'quiet', 'limited', 'stranger']
  const [first, second, third, stranger] = await Promise.all(
    names.map((name) => it.make.user({ name, email: `${name}@example.net` })),
  )
  ;[keen, quiet, limited] = [first, second, third] as number[]
  await it.make.member(one, project, manages)
  for (const id of [keen, quiet] as number[]) await it.make.member(id, project, manages)
  await it.make.member(limited as number, project, [])
  author = await it.as(one)
  forum = await it.make.row('forums', { project_id: project, name: 'Moorings', position: 1, created_at: NOW, updated_at: NOW })
  const all = {
    ...{ newsAdded: true, documentAdded: true, forumMessages: true, wikiPageAdded: true, wikiPageUpdated: true },
    _links: { project: { href: null } },
  }
  for (const id of [keen, limited, stranger, one] as number[]) {
    const { status } = await (await it.as(id)).patch('/users/me/preferences', {
      notifications: [all],
    })
    assert.equal(status, 200)
  }
})
after(() => it.close())
beforeEach(async () => {
  await it.db.transaction((tx) => tx.run(sql`delete from jobs`))
})

const NOW = new Date().toISOString()
const link = (path: string, id: number) => ({ href: `/api/v3/${path}/${id}` })
const ofProject = () => ({ _links: { project: link('projects', project) } })

const sent = (meanwhile?: () => Promise<unknown>) => sentBy(it.db, meanwhile)
const told = (mails: readonly Mail[]) => mails.map(({ recipient, subject }) => [recipient, subject]).sort()
const created = ({ status, body }: Reply): number => {
  assert.equal(status, 201)
  return body.id
}

test('news is mailed to members who ask for it, but not to its author', async () => {
  const news = { title: 'The mast is up', summary: 'At last.', description: { raw: 'Rigging starts on *Monday*.' } }
  const id = created(await author.post('/news', { ...news, ...ofProject() }))
  const mails = await sent()
  const subject = '[Harbour] News "The mast is up" added'
  assert.deepEqual(told(mails), [
    ['keen@example.net', subject],
    ['limited@example.net', subject],
  ])
  const { text } = mails.find(({ recipient }) => recipient === 'keen@example.net') as Mail
  assert.match(text, /^Hello keen,\n\nHarbour: News "The mast is up" added\n\nAt last\.\n\nRigging starts on \*Monday\*\.\n/)
  assert.ok(text.includes(`/news/${id}\n`))
  assert.match(text, /\nStop these mails: http:\/\/localhost:8080\/mail\/unsubscribe\?token=\d+\.news_added\.[\w-]{43}\n$/)
  assert.deepEqual(await sent(), [], 'once')
})

test('so are documents, wiki pages and posts, to those who see them', async () => {
  const subjects = async (write: () => Promise<Reply>) => {
    const { status } = await write()
    assert.ok(status < 300)
    return told(await sent())
  }
  assert.deepEqual(await subjects(() => author.post('/documents', { title: 'Chart', ...ofProject() })), [
    ['keen@example.net', '[Harbour] Document "Chart" added'],
  ])
  assert.deepEqual(await subjects(() => author.post('/wiki_pages', { title: 'Knots', ...ofProject() })), [
    ['keen@example.net', '[Harbour] Wiki page "Knots" added'],
  ])
  const post = { subject: 'Anchor', content: { raw: 'Lost.' }, _links: { forum: link('forums', forum) } }
  assert.deepEqual(await subjects(() => author.post('/posts', post)), [
    ['keen@example.net', '[Harbour] Post "Anchor" added'],
    ['limited@example.net', '[Harbour] Post "Anchor" added'],
  ])
})

test('an update of a wiki page is mailed where its title or text has changed', async () => {
  const top = created(await it.admin.post('/wiki_pages', { title: 'Rigging', ...ofProject() }))
  const page = created(await it.admin.post('/wiki_pages', { title: 'Sails', ...ofProject() }))
  await sent()
  const change = (body: object) => it.admin.patch(`/wiki_pages/${page}`, body)
  assert.equal((await change({ lockVersion: 0, text: { raw: 'All of them.' } })).status, 200)
  assert.deepEqual(told(await sent()), [
    ['author@example.net', '[Harbour] Wiki page "Sails" updated'],
    ['keen@example.net', '[Harbour] Wiki page "Sails" updated'],
  ])
  assert.equal((await change({ lockVersion: 1, _links: { parent: link('wiki_pages', top) } })).status, 200)
  assert.deepEqual(await sent(), [])
})

test('nobody is mailed where a request says so, or of what is gone when the mail is sent', async () => {
  created(await author.post('/news?notify=false', { title: 'Quietly', ...ofProject() }))
  assert.deepEqual(await sent(), [])
  const id = created(await author.post('/news', { title: 'Withdrawn', ...ofProject() }))
  assert.deepEqual(await sent(() => author.delete(`/news/${id}`)), [])
})

test('whoever has lost sight of a row, or leaves the settings or the instance, is not mailed about it any more', async () => {
  const whether = (change: () => Promise<unknown>, back: () => Promise<unknown>) => async () => {
    created(await author.post('/documents', { title: 'Chart', ...ofProject() }))
    const mails = await sent(change)
    await back()
    return mails
  }
  const run = (statement: ReturnType<typeof sql>) => () =>
    it.db.transaction(async (tx) => {
      await tx.run(statement)
      await invalidate(tx, 'projects', 'principals')
    })
  const cases = [
    whether(
      run(sql`delete from enabled_modules where project_id = ${project} and name = 'documents'`),
      run(sql`insert into enabled_modules (project_id, name) values (${project}, 'documents')`),
    ),
    whether(
      run(sql`update notification_settings set document_added = false where user_id = ${keen}`),
      run(sql`update notification_settings set document_added = true where user_id = ${keen}`),
    ),
    whether(
      run(sql`update principals set status = 3 where id = ${keen}`),
      run(sql`update principals set status = 1 where id = ${keen}`),
    ),
  ]
  for (const one of cases) assert.deepEqual(await one(), [])
  created(await author.post('/documents', { title: 'Chart', ...ofProject() }))
  assert.equal((await sent()).length, 1)
})
