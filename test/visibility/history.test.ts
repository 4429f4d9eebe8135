/** The history discloses nothing hidden from its viewer. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Client } from '#test/instance.ts'
import { type Scene, scene, stamps } from './scene.ts'

let s: Scene
before(async () => {
  s = await scene()
})
after(() => s.server.close())

const detailsOf = async (who: Client, id: number): Promise<string[]> =>
  (await who.get(`/work_packages/${id}/activities`)).body._embedded.elements.flatMap((one: any) =>
    one.details.map((detail: any) => detail.raw),
  )
const link = (path: string) => ({ href: `/api/v3/${path}` })
async function change(id: number, change: Record<string, unknown>, links: Record<string, unknown> = {}): Promise<void> {
  const { body } = await s.server.admin.get(`/work_packages/${id}`)
  const reply = await s.server.admin.patch(`/work_packages/${id}`, { lockVersion: body.lockVersion, ...change, _links: links })
  assert.equal(reply.status, 200, reply.text)
}

test('An entry caused by a hidden predecessor does not name it', async () => {
  const plan = { start_date: '2031-02-03', due_date: '2031-02-04', duration: 2 }
  const hidden = await s.server.make.workPackage({ project_id: s.deep, subject: 'Hidden', ...plan })
  const id = await s.task('Follows', { ...plan, schedule_manually: false })
  const related = await s.server.admin.post(`/work_packages/${id}/relations`, {
    type: 'follows',
    _links: { to: link(`work_packages/${hidden}`) },
  })
  assert.equal(related.status, 201, related.text)
  await change(hidden, { dueDate: '2031-02-06' })
  const said = (await detailsOf(s.server.admin, id)).filter((one) => one.startsWith('Dates changed'))
  assert.deepEqual([...new Set(said)], [`Dates changed by changes to predecessor #${hidden}`])
  const { text } = await s.watch.get(`/work_packages/${id}/activities`)
  assert.match(text, /Dates changed by changes to another work package/)
  assert.doesNotMatch(text, new RegExp(`#${hidden}|predecessor`))
})

test('Values from a former, hidden project are not disclosed', async () => {
  const { make } = s.server
  const version = await make.row('versions', { project_id: s.deep, name: 'First dive', ...stamps }, 'versions')
  const category = await make.row('categories', { project_id: s.deep, name: 'Wrecks' }, 'categories')
  const parent = await make.workPackage({ project_id: s.deep, subject: 'Hidden parent' })
  const id = await make.workPackage({ project_id: s.deep, subject: 'Moved' })
  await s.server.setting('journal_aggregation_time_minutes', 0)
  const links = { version: link(`versions/${version}`), category: link(`categories/${category}`) }
  await change(id, {}, { ...links, parent: link(`work_packages/${parent}`) })
  await change(id, {}, { version: { href: null }, category: { href: null }, parent: { href: null } })
  await change(id, {}, { project: link(`projects/${s.bay}`) })
  const hidden = new RegExp(`First dive|Wrecks|Deep|#${parent}`)
  assert.equal((await detailsOf(s.server.admin, id)).filter((one) => hidden.test(one)).length, 8)
  const { status, text } = await s.watch.get(`/work_packages/${id}/activities`)
  assert.equal(status, 200)
  assert.doesNotMatch(text, hidden)
})

test('Values of fields are shown if the fields are enabled in the project, and otherwise hidden', async () => {
  const near = await s.field({ name: 'Near', format: 'int', projects: [s.bay] })
  const far = await s.field({ name: 'Far', format: 'int', projects: [s.deep] })
  // A user who sees both fields, as a member of both projects.
  const both = await s.server.make.user()
  for (const project of [s.bay, s.deep]) await s.server.make.member(both, project, ['view_work_packages'])
  const id = await s.task('Kept', { custom_values: { [near]: 4711, [far]: 1847 } })
  const told = await detailsOf(await s.server.as(both), id)
  assert.deepEqual(
    told.filter((one) => /4711|1847/.test(one)),
    ['Near set to 4711'],
  )
})
