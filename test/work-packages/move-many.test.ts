/** Moving a work package with many others below it: it moves at once, and a job moves these along, parents first. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { runDue } from '#test/jobs.ts'
import { changed, created, link, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
/** More than a request moves itself. */
const MANY = 60

const projectOf = async (id: number) =>
  Number((await admin.get(`/work_packages/${id}`)).body._links.project.href.split('/').at(-1))
const parentOf = async (id: number) => (await admin.get(`/work_packages/${id}`)).body._links.parent.href
const to = (id: number) => ({ _links: { project: link('projects', id) } })
const under = (parent: number, body: { _links?: object } = {}, where = project) =>
  created(admin, where, { ...body, _links: { ...body._links, parent: link('work_packages', parent) } })
/** A work package with many children, inserted directly. */
const family = async () => {
  const root: number = (await created(admin, project)).id
  const children: number[] = []
  for (let n = 0; n < MANY; n++) children.push(await it.make.workPackage({ project_id: project, parent_id: root }))
  return { root, children }
}
const run = () => runDue(it.db, { only: ['work_packages.move', 'work_packages.settle'] })

describe('many descendants', () => {
  let target: number
  before(async () => {
    target = await it.make.project()
  })

  test('move along a moment later, with their time, categories and versions', async () => {
    const { root, children } = await family()
    const mast = await it.category({ project_id: project, name: 'Mast' })
    const mastThere = await it.category({ project_id: target, name: 'Mast' })
    const version = await it.version({ project_id: project, name: 'mine' })
    const links = { category: link('categories', mast), version: link('versions', version) }
    const leaf = (await under(children[3]!, { _links: links })).id
    const time = { spentOn: '2024-03-01', hours: 'PT1H', _links: { entity: link('work_packages', leaf) } }
    const entry = (await admin.post('/time_entries', time)).body.id
    const reply = await changed(admin, root, to(target))
    assert.equal(reply.status, 200, reply.text)
    assert.deepEqual([await projectOf(root), await projectOf(children[3]!), await projectOf(leaf)], [target, project, project])
    await run()
    for (const id of [...children, leaf]) assert.equal(await projectOf(id), target)
    const { _links } = (await admin.get(`/work_packages/${leaf}`)).body
    assert.deepEqual(
      [_links.category.href, _links.version.href, _links.parent.href],
      [`/api/v3/categories/${mastThere}`, null, `/api/v3/work_packages/${children[3]}`],
    )
    assert.equal((await admin.get(`/time_entries/${entry}`)).body._links.project.href, `/api/v3/projects/${target}`)
    const [last] = (await admin.get(`/work_packages/${leaf}/activities`)).body._embedded.elements.slice(-1)
    assert.match(JSON.stringify(last.details), /Project/)
  })

  test('stay where somebody has taken them meanwhile, with those below them', async () => {
    const { root, children } = await family()
    const below = (await under(children[0]!)).id
    await changed(admin, root, to(target))
    const elsewhere = await it.make.project()
    await changed(admin, children[0]!, { _links: { parent: { href: null } } })
    await changed(admin, children[1]!, to(elsewhere))
    await run()
    assert.deepEqual(
      [await projectOf(children[0]!), await projectOf(below), await projectOf(children[2]!)],
      [project, project, target],
    )
  })

  test('stay if the user may not move them', async () => {
    const { root, children } = await family()
    const hidden = await it.make.project()
    const kept = (await under(children[0]!, {}, hidden)).id
    const { id, client } = await it.person('view_work_packages', 'edit_work_packages', 'move_work_packages')
    await it.make.member(id, target, ['view_work_packages', 'add_work_packages', 'move_work_packages'])
    assert.equal((await changed(client, root, to(target))).status, 200)
    await run()
    assert.deepEqual([await projectOf(children[0]!), await projectOf(kept)], [target, hidden])
  })

  test('lose relations and parents, where these may not lead across projects', async () => {
    const { root, children } = await family()
    const hidden = await it.make.project()
    const kept = (await under(children[0]!, {}, hidden)).id
    const successor = (await created(admin, project)).id
    const follows = { type: 'follows', _links: { to: link('work_packages', children[1]!) } }
    assert.equal((await admin.post(`/work_packages/${successor}/relations`, follows)).status, 201)
    await it.setting('cross_project_work_package_relations', false)
    const { id, client } = await it.person('view_work_packages', 'edit_work_packages', 'move_work_packages')
    await it.make.member(id, target, ['view_work_packages', 'add_work_packages', 'move_work_packages'])
    assert.equal((await changed(client, root, to(target))).status, 200)
    await run()
    assert.equal(await parentOf(kept), null)
    assert.deepEqual(await it.db.all(sql`select id from relations where from_id = ${successor}`), [])
    assert.equal(await parentOf(children[1]!), `/api/v3/work_packages/${root}`)
    await it.setting('cross_project_work_package_relations', true)
  })

  test('leave behind sprints that the other project cannot use', async () => {
    const { root, children } = await family()
    const at = new Date().toISOString()
    const values = { project_id: project, name: 'Sprint', status: 'in_planning', sharing: 'none', created_at: at, updated_at: at }
    const sprint = await it.make.row('sprints', values, 'sprints', 'projects')
    await it.db.transaction((tx) => tx.run(sql`update work_packages set sprint_id = ${sprint} where id = ${children[5]}`))
    await changed(admin, root, to(target))
    await run()
    const row = await it.db.one(sql`select project_id, sprint_id from work_packages where id = ${children[5]}`)
    assert.deepEqual({ ...row }, { project_id: target, sprint_id: null })
  })
})
