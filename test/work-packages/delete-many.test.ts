/** Deleting a work package with many others below it: nobody sees any of them any more, and a job removes them. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { among } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { jobsOf, runDue } from '#test/jobs.ts'
import { created, link, type Person, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
/** More than a request deletes itself. */
const MANY = 60

const under = (parent: number | undefined, body: object = {}, where = project) =>
  created(admin, where, { ...body, ...(parent !== undefined && { _links: { parent: link('work_packages', parent) } }) })
const status = async (id: number) => (await admin.get(`/work_packages/${id}`)).status
/** Children, inserted directly. */
const children = async (parent_id: number) => {
  const ids: number[] = []
  for (let n = 0; n < MANY; n++) ids.push(await it.make.workPackage({ project_id: project, parent_id }))
  return ids
}
const total = async (path: string) => (await admin.get(path)).body.total
const filtered = (path: string, name: string, ...values: number[]) =>
  `${path}?filters=${encodeURIComponent(JSON.stringify([{ [name]: { operator: '=', values: values.map(String) } }]))}`

describe('a work package with many descendants', () => {
  let above: number
  let root: number
  let below: number[]
  let leaf: number
  let kept: number
  let keptBelow: number
  let successor: number
  let entry: number
  let person: Person
  let guest: Person
  before(async () => {
    above = (await under(undefined, { startDate: '2024-03-04', dueDate: '2024-03-04', estimatedTime: 'PT1H' })).id
    root = (await under(above, { startDate: '2024-03-04', dueDate: '2024-03-08', estimatedTime: 'PT4H' })).id
    below = await children(root)
    leaf = (await under(below[3], { startDate: '2024-03-11', dueDate: '2024-03-15' })).id
    const elsewhere = await it.make.project()
    kept = (await under(below[5], {}, elsewhere)).id
    keptBelow = (await under(kept, {}, elsewhere)).id
    successor = (await under(undefined)).id
    const follows = { type: 'follows', _links: { to: link('work_packages', leaf) } }
    assert.equal((await admin.post(`/work_packages/${successor}/relations`, follows)).status, 201)
    await admin.patch(`/work_packages/${successor}`, {
      lockVersion: (await admin.get(`/work_packages/${successor}`)).body.lockVersion,
      scheduleManually: false,
    })
    const time = { spentOn: '2024-03-01', hours: 'PT1H', _links: { entity: link('work_packages', leaf) } }
    entry = (await admin.post('/time_entries', time)).body.id
    await admin.post(`/work_packages/${leaf}/activities`, { comment: { raw: 'Ahoy' } })
    guest = await it.sharer(leaf, 'Work package viewer')
    person = await it.person('view_work_packages', 'delete_work_packages', 'view_time_entries', 'edit_time_entries')
    await it.make.member(person.id, elsewhere, ['view_work_packages'])
    assert.equal((await admin.get(`/work_packages/${successor}`)).body.scheduleManually, false)
    const before = await total(filtered('/work_packages', 'project', project))
    const { status, text } = await person.client.delete(`/work_packages/${root}`)
    assert.deepEqual([status, text], [204, ''])
    assert.equal(await total(filtered('/work_packages', 'project', project)), before - MANY - 2)
  })

  test('looks gone at once, with all that belongs to it', async () => {
    assert.equal((await it.db.all(sql`select work_package_id from work_package_deletions`)).length, MANY + 2)
    for (const id of [root, below[0]!, below.at(-1)!, leaf]) assert.equal(await status(id), 404)
    const shown = await Promise.all(
      [`/work_packages/${leaf}/activities`, `/work_packages/${leaf}/watchers`, `/time_entries/${entry}`].map((path) =>
        admin.get(path),
      ),
    )
    assert.deepEqual(
      shown.map((reply) => reply.status),
      [404, 404, 404],
    )
    assert.equal(await total(filtered('/time_entries', 'project', project)), 0)
    assert.equal(await total(filtered('/relations', 'involved', successor)), 0)
    assert.deepEqual((await admin.get(`/work_packages/${above}`)).body._links.children ?? [], [])
    assert.equal((await guest.client.get('/work_packages')).status, 403)
  })

  test('leaves those that the user may not delete, with their own descendants', async () => {
    const [own, other] = [await admin.get(`/work_packages/${kept}`), await admin.get(`/work_packages/${keptBelow}`)]
    assert.deepEqual([own.status, own.body._links.parent.href], [200, null])
    assert.equal(other.body._links.parent.href, `/api/v3/work_packages/${kept}`)
  })

  test('takes no changes any more', async () => {
    const replies = [
      await admin.patch(`/work_packages/${leaf}`, { lockVersion: 0, subject: 'Late' }),
      await admin.delete(`/work_packages/${root}`),
      await admin.post(`/projects/${project}/work_packages`, { subject: 'x', _links: { parent: link('work_packages', leaf) } }),
      await admin.post(`/work_packages/${successor}/relations`, { type: 'relates', _links: { to: link('work_packages', leaf) } }),
      await admin.post('/time_entries', {
        spentOn: '2024-03-01',
        hours: 'PT1H',
        _links: { entity: link('work_packages', leaf) },
      }),
    ]
    assert.deepEqual(
      replies.map((reply) => reply.status),
      [404, 404, 422, 422, 422],
    )
  })

  test('is removed by a job, and what depended on it changes', async () => {
    await runDue(it.db, { only: ['work_packages.delete'] })
    assert.deepEqual(await jobsOf(it.db, { name: 'work_packages.delete' }), [])
    const ids = [root, ...below, leaf]
    for (const [table, column] of [
      ['work_packages', 'id'],
      ['work_package_versions', 'id'],
      ['work_package_deletions', 'work_package_id'],
      ['time_entries', 'entity_id'],
      ['relations', 'to_id'],
    ] as const)
      assert.deepEqual(
        await it.db.all(sql`select 1 as one from ${raw(table)} where ${among(it.db.engine, raw(column), ids)}`),
        [],
        table,
      )
    assert.equal((await admin.get(`/work_packages/${kept}`)).body._links.parent.href, null)
    const after = (await admin.get(`/work_packages/${above}`)).body
    assert.deepEqual([after.scheduleManually, after.derivedEstimatedTime], [true, null])
    assert.equal((await admin.get(`/work_packages/${successor}`)).body.scheduleManually, true)
  })
})

test('whose descendants have time that the user may not delete is refused whole', async () => {
  const root = (await under(undefined)).id
  const below = await children(root)
  await admin.post('/time_entries', {
    spentOn: '2024-03-01',
    hours: 'PT1H',
    _links: { entity: link('work_packages', below[9]!) },
  })
  const { client } = await it.person('view_work_packages', 'delete_work_packages')
  const reply = await client.delete(`/work_packages/${root}`)
  assert.equal(reply.status, 422)
  assert.deepEqual([await status(root), await status(below[9]!)], [200, 200])
})
