/** One work package with timestamps, at its own address. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { at, attributesByTimestamp, past } from './scene.ts'

const it = await past()
const { admin, project, since, change } = it
const keys = (of: object) => Object.keys(of).sort()

let id: number
let parent: number
let person: number
before(async () => {
  person = await it.make.user()
  parent = await since(9, { subject: 'Above' })
  id = await since(9, { subject: 'First', parent_id: parent, assigned_to_id: person, description: 'Then' })
  await change(id, 2, { subject: 'Second', assigned_to_id: null })
  await change(id, 0.5, { subject: 'Third', description: 'Now' })
})
const show = (more: string) => admin.get(`/work_packages/${id}?${more}`)

describe('a work package', () => {
  test('is represented as of now, with the differences at each moment', async () => {
    const { status, body } = await show(at('P3D', 'P1D', 'PT0S'))
    assert.equal(status, 200)
    assert.deepEqual([body.subject, body.description.raw], ['Third', 'Now'])
    assert.deepEqual(body._meta, { exists: true, timestamp: 'PT0S' })
    const [first, second, third] = attributesByTimestamp(body)
    assert.deepEqual([first.subject, first._links.assignee.href], ['First', `/api/v3/users/${person}`])
    assert.deepEqual(keys(first), ['_links', '_meta', 'subject'])
    assert.deepEqual([second.subject, keys(second._links)], ['Second', ['schema', 'self']])
    assert.deepEqual([third._meta, keys(third)], [{ exists: true, timestamp: 'PT0S' }, ['_links', '_meta']])
    assert.ok('update' in body._links)
    assert.ok('status' in body._embedded && 'project' in body._embedded)
  })

  test('is represented as of the last moment, with read-only links that repeat the timestamps', async () => {
    const { body } = await show(at('P1D'))
    assert.deepEqual([body.subject, body.description.raw, body._links.assignee.href], ['Second', 'Then', null])
    assert.equal(body._links.self.href, `/api/v3/work_packages/${id}?timestamps=P1D`)
    assert.match(body._links.schema.href, /\?timestamps=P1D$/)
    for (const rel of ['update', 'updateImmediately', 'delete', 'addComment', 'addRelation', 'watch', 'logTime'])
      assert.ok(!(rel in body._links), rel)
    assert.deepEqual(body._links.parent, { href: `/api/v3/work_packages/${parent}`, title: 'Above' })
    assert.equal(body._embedded.parent.subject, 'Above')
    assert.ok(!('update' in body._embedded.parent._links))
    assert.deepEqual(await admin.get(body._links.self.href.replace('/api/v3', '')).then((reply) => reply.body.subject), 'Second')
    assert.equal((await admin.get(body._links.schema.href.replace('/api/v3', ''))).status, 200)
  })

  test('that did not exist yet is represented by its id alone', async () => {
    const { status, body } = await show(at('P30D', 'P20D'))
    assert.equal(status, 200)
    assert.deepEqual(body, {
      _type: 'WorkPackage',
      id,
      _meta: { exists: false, timestamp: 'P20D' },
      _embedded: {
        attributesByTimestamp: [
          { _meta: { exists: false, timestamp: 'P30D' }, _links: {} },
          { _meta: { exists: false, timestamp: 'P20D' }, _links: {} },
        ],
      },
      _links: { self: { href: `/api/v3/work_packages/${id}?timestamps=P30D%2CP20D` } },
    })
  })

  test('is represented as usual if all timestamps are now', async () => {
    const plain = (await show('')).body
    assert.deepEqual((await show(at('now'))).body, plain)
    assert.ok(!('_meta' in plain) && !('attributesByTimestamp' in plain._embedded))
  })

  test('responds to a write with the current state, regardless of timestamps', async () => {
    const { lockVersion } = (await show('')).body
    const { status, body } = await admin.patch(`/work_packages/${id}?${at('P1D')}`, { lockVersion, subject: 'Fourth' })
    assert.deepEqual([status, body.subject, '_meta' in body], [200, 'Fourth', false])
    await admin.patch(`/work_packages/${id}`, { lockVersion: lockVersion + 1, subject: 'Third' })
  })

  test('represents a milestone by its date, and its former state by both dates', async () => {
    const milestone = await since(9, { start_date: '2024-03-01', due_date: '2024-03-05' })
    await change(milestone, 0.5, { type_id: await it.types('Milestone'), start_date: '2024-03-05' })
    const { body } = await admin.get(`/work_packages/${milestone}?${at('P1D', 'PT0S')}`)
    const [then] = attributesByTimestamp(body)
    assert.deepEqual([body.date, then.startDate, then.dueDate, 'date' in then], ['2024-03-05', '2024-03-01', '2024-03-05', false])
    assert.equal(then._links.type.title, 'Task')
  })

  test('its deletion removes its history', async () => {
    const gone = await since(9)
    await admin.delete(`/work_packages/${gone}`)
    assert.equal((await admin.get(`/work_packages/${gone}?${at('P1D')}`)).status, 404)
    const { body } = await admin.get(`/projects/${project}/work_packages?${at('P1D')}`)
    assert.ok(!body._embedded.elements.some((element: any) => element.id === gone))
  })
})
