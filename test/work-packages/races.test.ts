/** Concurrent writes: no lost updates, and no inconsistent rows. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { created, link, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
const read = async (id: number) => (await admin.get(`/work_packages/${id}`)).body
const write = ({ id, lockVersion }: any, body: object) => admin.patch(`/work_packages/${id}`, { lockVersion, ...body })
const below = (parent: { id: number }, body: object = {}) =>
  created(admin, project, { ...body, _links: { parent: link('work_packages', parent.id) } })

test('concurrently changed children all count for their parent', async () => {
  const root = await created(admin, project)
  const parent = await below(root)
  const children = []
  for (let n = 0; n < 8; n++) children.push(await below(parent, { estimatedTime: 'PT1H', startDate: `2024-03-0${n + 1}` }))
  const replies = await Promise.all(
    children.map((child, n) => write(child, { estimatedTime: `PT${n + 2}H`, dueDate: `2024-04-1${n}` })),
  )
  assert.deepEqual(
    replies.map((reply) => reply.status),
    children.map(() => 200),
  )
  for (const { id } of [parent, root]) {
    const { derivedEstimatedTime, startDate, dueDate } = await read(id)
    assert.deepEqual([derivedEstimatedTime, startDate, dueDate], ['P1DT20H', '2024-03-01', '2024-04-17'])
  }
})

test('concurrently added children all count for their parent', async () => {
  const parent = await created(admin, project)
  await Promise.all(Array.from({ length: 6 }, () => below(parent, { estimatedTime: 'PT2H' })))
  const after = await read(parent.id)
  assert.equal(after._links.children.length, 6)
  assert.equal(after.derivedEstimatedTime, 'PT12H')
})

test('of two work packages that concurrently become each other’s parent at most one succeeds', async () => {
  for (let round = 0; round < 5; round++) {
    const [a, b] = [await created(admin, project), await created(admin, project)]
    const replies = await Promise.all([
      write(a, { _links: { parent: link('work_packages', b.id) } }),
      write(b, { _links: { parent: link('work_packages', a.id) } }),
    ])
    const statuses = replies.map((reply) => reply.status).sort()
    assert.deepEqual([statuses[0], [409, 422].includes(statuses[1]!)], [200, true], String(statuses))
    const parents = [await read(a.id), await read(b.id)].map((one) => one._links.parent.href)
    assert.equal(parents.filter((href) => href !== null).length, 1)
  }
})

test('a deletion concurrent with an addition removes the addition too, or comes after it', async () => {
  for (let round = 0; round < 5; round++) {
    const parent = await created(admin, project)
    const [gone, added] = await Promise.all([
      admin.delete(`/work_packages/${parent.id}`),
      admin.post('/work_packages', {
        subject: 'late',
        _links: { project: link('projects', project), parent: link('work_packages', parent.id) },
      }),
    ])
    assert.ok([204, 409].includes(gone.status), gone.text)
    assert.ok([201, 409, 422].includes(added.status), added.text)
    if (added.status === 201) {
      const { status } = await admin.get(`/work_packages/${added.body.id}`)
      assert.equal(status, gone.status === 204 ? 404 : 200)
    }
  }
})
