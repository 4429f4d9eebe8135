/** Types, statuses and priorities: lists, representations and visibility. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { created, kind, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
const names = (body: any): string[] => body._embedded.elements.map((one: any) => one.name)

const types = ['Task', 'Milestone', 'Summary task', 'Feature', 'Epic', 'User story', 'Bug']
const statuses = [
  'New',
  'In specification',
  'Specified',
  'Confirmed',
  'To be scheduled',
  'Scheduled',
  'In progress',
  'Developed',
  'In testing',
  'Tested',
  'Test failed',
  'Closed',
  'On hold',
  'Rejected',
]
const priorities = ['Low', 'Normal', 'High', 'Immediate']

for (const [path, type, all, members] of [
  ['types', 'Type', types, ['color', 'createdAt', 'id', 'isDefault', 'isMilestone', 'name', 'position', 'updatedAt']],
  [
    'statuses',
    'Status',
    statuses,
    ['color', 'defaultDoneRatio', 'excludedFromTotals', 'id', 'isClosed', 'isDefault', 'isReadonly', 'name', 'position'],
  ],
  ['priorities', 'Priority', priorities, ['color', 'id', 'isActive', 'isDefault', 'name', 'position']],
] as const) {
  describe(path, () => {
    test('are listed in order, without pages', async () => {
      const { body } = await admin.get(`/${path}?pageSize=1&offset=2`)
      assert.deepEqual(Object.keys(body).sort(), ['_embedded', '_links', '_type', 'count', 'total'])
      assert.deepEqual([body._type, body.total, body.count], ['Collection', all.length, all.length])
      assert.deepEqual(body._links, { self: { href: `/api/v3/${path}` } })
      assert.deepEqual(names(body), all)
    })

    test('have the same representation alone and in the list', async () => {
      const [first] = (await admin.get(`/${path}`)).body._embedded.elements
      assert.deepEqual(Object.keys(first).sort(), [...members, '_links', '_type'].sort())
      assert.equal(first._type, type)
      assert.deepEqual(first._links, { self: { href: `/api/v3/${path}/${first.id}`, title: all[0] } })
      assert.deepEqual((await admin.get(`/${path}/${first.id}`)).body, first)
    })

    test('are visible to users who see work packages in any project', async () => {
      assert.equal((await it.reader.client.get(`/${path}`)).status, 200)
      const reply = await it.stranger.client.get(`/${path}`)
      assert.deepEqual([reply.status, kind(reply.body)], [403, 'MissingPermission'])
      const manager = await it.person('manage_types')
      assert.equal((await manager.client.get(`/${path}`)).status, path === 'types' ? 200 : 403)
    })

    test('are not found by an unknown id', async () => {
      for (const id of ['99999', 'x']) assert.equal((await admin.get(`/${path}/${id}`)).status, 404)
    })

    test('are named in visible work packages, even without access to the list', async () => {
      const one = await created(admin, project)
      const guest = await it.sharer(one.id, 'Work package viewer')
      const { body } = await guest.client.get(`/work_packages/${one.id}`)
      assert.deepEqual([body._links.type.title, body._links.status.title, body._links.priority.title], ['Task', 'New', 'Normal'])
    })
  })
}

test('an inactive priority is still listed', async () => {
  await make.row('priorities', { name: 'Whenever', position: 99, is_active: false }, 'priorities')
  const { body } = await admin.get('/priorities')
  assert.deepEqual(names(body), [...priorities, 'Whenever'])
  assert.equal(body._embedded.elements.at(-1).isActive, false)
})

test('flags mark the default, milestones and closed statuses', async () => {
  const flagged = async (path: string, flag: string) =>
    (await admin.get(`/${path}`)).body._embedded.elements.filter((one: any) => one[flag]).map((one: any) => one.name)
  assert.deepEqual(await flagged('types', 'isDefault'), ['Task', 'Milestone', 'Summary task'])
  assert.deepEqual(await flagged('types', 'isMilestone'), ['Milestone'])
  assert.deepEqual(await flagged('statuses', 'isDefault'), ['New'])
  assert.deepEqual(await flagged('statuses', 'isClosed'), ['Closed', 'Rejected'])
  assert.deepEqual(await flagged('priorities', 'isDefault'), ['Normal'])
})
