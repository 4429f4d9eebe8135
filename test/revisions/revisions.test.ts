/** Revisions: commits of a repository that refer to work packages. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { importAll, importCommits, numbersIn } from '#modules/revisions/importing.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'

let server: Instance
let project: number
let developer: Client
let developerId: number
let reader: Client
before(async () => {
  server = await instance()
  project = await server.make.project({ identifier: 'harbour', name: 'Harbour' })
  developerId = await server.make.user({ name: 'Dee Veloper', first_name: 'Dee', last_name: 'Veloper', email: 'dee@example.net' })
  await server.make.member(developerId, project, ['view_project', 'view_work_packages', 'view_changesets'])
  developer = await server.as(developerId)
  const other = await server.make.user()
  await server.make.member(other, project, ['view_project', 'view_work_packages'])
  reader = await server.as(other)
})
after(() => server.close())

const commit = (identifier: string, message: string, authorEmail = 'nobody@example.net') => ({
  identifier: identifier.padEnd(40, '0'),
  authorName: 'D. V.',
  authorEmail,
  committedAt: '2026-03-04T05:06:07.000Z',
  message,
})
const imported = (...commits: Parameters<typeof importCommits>[2]) =>
  server.db.transaction((tx) => importCommits(tx, project, commits))

test('A commit is linked to the work packages of its project that its message mentions', async () => {
  const [one, other] = [
    await server.make.workPackage({ project_id: project }),
    await server.make.workPackage({ project_id: await server.make.project() }),
  ]
  assert.equal(await imported(commit('ab12', `Mend the crane, #${one} and #${other}\n\nAt last.`, 'Dee@example.net')), 1)
  const { body } = await developer.get(`/work_packages/${one}/revisions`)
  const [revision] = body._embedded.elements
  assert.deepEqual(revision, {
    _type: 'Revision',
    id: revision.id,
    identifier: 'ab12'.padEnd(40, '0'),
    formattedIdentifier: 'ab120000',
    authorName: 'D. V.',
    message: revision.message,
    createdAt: '2026-03-04T05:06:07.000Z',
    _links: {
      self: { href: `/api/v3/revisions/${revision.id}` },
      project: { href: `/api/v3/projects/${project}`, title: 'Harbour' },
      author: { href: `/api/v3/users/${developerId}`, title: 'Dee Veloper' },
      showRevision: { href: `/projects/harbour/repository/revisions/${'ab12'.padEnd(40, '0')}`, type: 'text/html' },
    },
  })
  assert.equal(revision.message.raw, `Mend the crane, #${one} and #${other}\n\nAt last.`)
  assert.deepEqual((await server.admin.get(`/work_packages/${other}/revisions`)).body.total, 0)
})

test('A commit is imported once, and has no author without a user of its address', async () => {
  const work = await server.make.workPackage({ project_id: project })
  const same = commit('cd34', `#${work}`)
  assert.deepEqual([await imported(same), await imported(same)], [1, 0])
  const { body } = await developer.get(`/work_packages/${work}/revisions`)
  assert.equal(body.total, 1)
  assert.equal('author' in body._embedded.elements[0]._links, false)
})

test('The first imported commit enables the repository module of the project', async () => {
  const bare = await server.make.project()
  await server.db.transaction((tx) => tx.run(sql`delete from enabled_modules where project_id = ${bare} and name = 'repository'`))
  const work = await server.make.workPackage({ project_id: bare })
  await server.db.transaction((tx) => importCommits(tx, bare, [commit('0a1b', `#${work}`)]))
  assert.equal((await server.admin.get(`/work_packages/${work}/revisions`)).body.total, 1)
})

test('Users without the permission for the repository see no revisions, and no links to them', async () => {
  const work = await server.make.workPackage({ project_id: project })
  await imported(commit('ef56', `For #${work}`))
  const list = await developer.get(`/work_packages/${work}/revisions`)
  const [id] = ids(list)
  assert.equal((await developer.get(`/revisions/${id}`)).status, 200)
  assert.equal((await reader.get(`/revisions/${id}`)).status, 404)
  const { status, body } = await reader.get(`/work_packages/${work}/revisions`)
  assert.deepEqual([status, body.total, body._embedded.elements], [200, 0, []])
  const linked = async (client: Client) => (await client.get(`/work_packages/${work}`)).body._links.revisions
  assert.deepEqual(await linked(developer), { href: `/api/v3/work_packages/${work}/revisions` })
  assert.equal(await linked(reader), undefined)
})

test('Each revision of a work package is visible to users who may see its own repository', async () => {
  const pier = await server.make.project({ parent_id: project })
  const [committer, worker] = [await server.make.user(), await server.make.user()]
  for (const user of [committer, worker]) await server.make.member(user, pier, ['view_work_packages'])
  await server.make.member(committer, project, ['view_changesets'])
  const work = await server.make.workPackage({ project_id: pier })
  await imported(commit('0c2d', `For #${work}, which is further down`))
  const seen = async (user: number) => (await (await server.as(user)).get(`/work_packages/${work}/revisions`)).body.total
  assert.deepEqual([await seen(committer), await seen(worker)], [1, 0])
})

test('Many commits are imported in several transactions, and not repeated', async () => {
  const { db, make } = server
  const large = await make.project()
  const work = await make.workPackage({ project_id: large })
  const commits = Array.from({ length: 250 }, (_, n) => commit(n.toString(16).padStart(6, '0'), `Part ${n} of #${work}`))
  let transactions = 0
  const counting: typeof db = {
    ...db,
    statements: 0,
    transaction: (write) => {
      transactions++
      return db.transaction(write)
    },
  }
  assert.equal(await importAll(counting, large, commits), 250)
  assert.equal(transactions, 3)
  assert.equal((await server.admin.get(`/work_packages/${work}/revisions`)).body.total, 250)
  assert.equal(await importAll(db, large, commits), 0)
})

test('A number refers to a work package if it stands by itself after a hash sign', () => {
  assert.deepEqual(numbersIn('#1, (#2) refs #3; see a#4, &#5; ##6 #7b #1'), [1, 2, 3])
})
