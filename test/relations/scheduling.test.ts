/** Effects of changed dates, relations and parents: successors move, and become manually scheduled without predecessors. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { runDue } from '#test/jobs.ts'
import { changed, created, errors, kind, link, scene } from '../work-packages/scene.ts'

const it = await scene()
const { admin, project, make } = it
const add = async (body: object = {}, links: object = {}) =>
  (await created(admin, project, { ...body, _links: links })).id as number
const below = (parent: number, body: object = {}) => add(body, { parent: link('work_packages', parent) })
const on = (startDate: string, dueDate = startDate) => ({ startDate, dueDate })
const follow = async (from: number, to: number, lag = 0) => {
  const reply = await admin.post(`/work_packages/${from}/relations`, {
    type: 'follows',
    lag,
    _links: { to: link('work_packages', to) },
  })
  assert.equal(reply.status, 201, reply.text)
  return reply.body.id as number
}
const now = async (id: number) => (await admin.get(`/work_packages/${id}`)).body
const days = async (id: number) => {
  const { startDate, dueDate, duration } = await now(id)
  return [startDate, dueDate, duration]
}
const isManual = async (id: number) => (await now(id)).scheduleManually
/** A successful change. */
const change = async (id: number, body: Record<string, unknown>) => {
  const reply = await changed(admin, id, body)
  assert.equal(reply.status, 200, reply.text)
  return reply.body
}

describe('the first predecessor', () => {
  test('makes its successor automatic, and moves it to the first working day after it, with its duration', async () => {
    const [a, b] = [await add(on('2024-03-01')), await add(on('2024-02-05', '2024-02-07'))]
    await follow(b, a)
    assert.equal(await isManual(b), false)
    assert.deepEqual(await days(b), ['2024-03-04', '2024-03-06', 'P3D'])
  })

  test('increases the lock version of the successor by one', async () => {
    const [a, b] = [await add(on('2024-03-01')), await add(on('2024-02-05'))]
    const { lockVersion } = await now(b)
    await follow(b, a)
    assert.equal((await now(b)).lockVersion, lockVersion + 1)
    assert.equal((await now(a)).lockVersion, 0)
  })

  for (const [lag, start] of [
    [0, '2024-03-04'],
    [1, '2024-03-05'],
    [2, '2024-03-06'],
    [-1, '2024-03-01'],
    [-2, '2024-02-29'],
  ] as const) {
    test(`with a lag of ${lag} moves it to ${start}`, async () => {
      const [a, b] = [await add(on('2024-03-01')), await add(on('2024-02-05'))]
      await follow(b, a, lag)
      assert.equal((await days(b))[0], start)
    })
  }

  test('moves a successor that ignores non-working days to a weekend', async () => {
    const [a, b] = [await add(on('2024-03-01')), await add({ ...on('2024-02-05'), ignoreNonWorkingDays: true })]
    await follow(b, a)
    assert.deepEqual(await days(b), ['2024-03-02', '2024-03-02', 'P1D'])
  })

  test('moves a milestone', async () => {
    const milestone = await add({ date: '2024-02-05' }, { type: link('types', await it.types('Milestone')) })
    await follow(milestone, await add(on('2024-03-01')))
    assert.equal((await now(milestone)).date, '2024-03-04')
  })

  test('does not move a parent, whose dates come from its children', async () => {
    const parent = await add()
    const child = await below(parent, on('2024-02-05'))
    await change(parent, { scheduleManually: true })
    await follow(parent, await add(on('2024-03-01')))
    assert.equal(await isManual(parent), true)
    assert.deepEqual(await days(child), ['2024-02-05', '2024-02-05', 'P1D'])
  })

  test('makes no manual work package automatic if it is its second one', async () => {
    const b = await add(on('2024-02-05'))
    await follow(b, await add(on('2024-03-01')))
    await change(b, { scheduleManually: true, ...on('2024-02-05') })
    await follow(b, await add(on('2024-03-01')))
    assert.deepEqual([await isManual(b), (await days(b))[0]], [true, '2024-02-05'])
  })
})

describe('the last predecessor', () => {
  let [a, b, id] = [0, 0, 0]
  beforeEach(async () => {
    ;[a, b] = [await add(on('2024-03-01')), await add(on('2024-02-05'))]
    id = await follow(b, a)
  })
  const isLeft = async () => {
    assert.equal(await isManual(b), true)
    assert.deepEqual(await days(b), ['2024-03-04', '2024-03-04', 'P1D'])
  }

  test('leaves its successor manually scheduled, with the same dates, when the relation is deleted', async () => {
    await admin.delete(`/relations/${id}`)
    await isLeft()
  })

  test('when the type of the relation changes', async () => {
    await admin.patch(`/relations/${id}`, { type: 'relates' })
    await isLeft()
  })

  test('when it is deleted itself', async () => {
    await admin.delete(`/work_packages/${a}`)
    await isLeft()
  })

  test('when its project is deleted', async () => {
    const other = await make.project()
    const there = (await created(admin, other, on('2024-03-01'))).id
    await follow(b, there)
    await admin.delete(`/relations/${id}`)
    assert.equal(await isManual(b), false)
    assert.ok((await admin.delete(`/projects/${other}`)).status < 300)
    await runDue(it.db, { only: ['projects.delete'] })
    await isLeft()
  })

  test('but not if there is another one', async () => {
    await follow(b, await add(on('2024-02-01')))
    await admin.delete(`/relations/${id}`)
    assert.equal(await isManual(b), false)
    assert.deepEqual(await days(b), ['2024-02-02', '2024-02-02', 'P1D'])
  })
})

describe('a change of dates', () => {
  let [a, b, c] = [0, 0, 0]
  beforeEach(async () => {
    ;[a, b, c] = [await add(on('2024-03-01')), await add(on('2024-03-01', '2024-03-04')), await add(on('2024-03-01'))]
    await follow(b, a)
    await follow(c, b)
  })

  test('moves all successors, each once', async () => {
    const versions = [(await now(b)).lockVersion, (await now(c)).lockVersion]
    await change(a, { dueDate: '2024-03-08' })
    assert.deepEqual(await days(b), ['2024-03-11', '2024-03-12', 'P2D'])
    assert.deepEqual(await days(c), ['2024-03-13', '2024-03-13', 'P1D'])
    assert.deepEqual([(await now(b)).lockVersion, (await now(c)).lockVersion], [versions[0] + 1, versions[1] + 1])
  })

  test('moves them to an earlier day as well: no gap is kept', async () => {
    await change(a, on('2024-02-01'))
    assert.deepEqual((await days(b))[0], '2024-02-02')
    assert.deepEqual((await days(c))[0], '2024-02-06')
  })

  test('ends at a manually scheduled work package', async () => {
    await change(b, { scheduleManually: true })
    const was = await now(c)
    await change(a, { dueDate: '2024-05-08' })
    assert.deepEqual(await now(c), was)
  })

  test('does not change work packages that keep their dates', async () => {
    const was = [await now(b), await now(c)]
    await change(a, { startDate: '2024-02-29', dueDate: '2024-03-01' })
    assert.deepEqual([await now(b), await now(c)], was)
  })

  test('of the lag moves successors as well', async () => {
    const { body } = await admin.get(
      `/relations?filters=${encodeURIComponent(JSON.stringify([{ from: { operator: '=', values: [String(b)] } }]))}`,
    )
    await admin.patch(`/relations/${body._embedded.elements[0].id}`, { lag: 5 })
    assert.equal((await days(b))[0], '2024-03-11')
    assert.equal((await days(c))[0], '2024-03-13')
  })

  test('moves successors of a child’s parent, and the parent with them', async () => {
    const parent = await add()
    const child = await below(parent, on('2024-02-01', '2024-02-02'))
    await change(child, { scheduleManually: false })
    assert.equal(await isManual(child), true)
    await follow(parent, a)
    await change(child, { scheduleManually: false })
    assert.deepEqual(await days(child), ['2024-03-04', '2024-03-05', 'P2D'])
    await change(a, { dueDate: '2024-03-08' })
    assert.deepEqual(await days(child), ['2024-03-11', '2024-03-12', 'P2D'])
    assert.deepEqual(await days(parent), ['2024-03-11', '2024-03-12', 'P2D'])
  })

  test('moves successors of the parent', async () => {
    const parent = await add()
    await below(parent, on('2024-03-04'))
    const child = await below(parent, on('2024-03-05'))
    const follower = await add(on('2024-02-01'))
    await follow(follower, parent)
    await change(child, on('2024-03-11', '2024-03-12'))
    assert.deepEqual(await days(parent), ['2024-03-04', '2024-03-12', 'P7D'])
    assert.equal((await days(follower))[0], '2024-03-13')
  })
})

describe('a successor', () => {
  let [a, b] = [0, 0]
  beforeEach(async () => {
    ;[a, b] = [await add(on('2024-03-01')), await add(on('2024-03-01', '2024-03-04'))]
    await follow(b, a)
  })
  const first = (name: string) => `cannot be before 2024-03-04, the earliest date that the predecessors allow.${name}`

  test('cannot start before its predecessors end', async () => {
    const early = await changed(admin, b, { startDate: '2024-02-29' })
    assert.deepEqual([early.status, errors(early.body)], [422, [`startDate: Start date ${first('')}`]])
    const due = await changed(admin, b, { dueDate: '2024-02-29' })
    assert.deepEqual([due.status, errors(due.body)], [422, [`dueDate: Finish date ${first('')}`]])
    assert.deepEqual(await days(b), ['2024-03-04', '2024-03-05', 'P2D'])
  })

  test('cannot start later either: it starts on the first possible day', async () => {
    await change(b, { startDate: '2024-03-20' })
    assert.deepEqual(await days(b), ['2024-03-04', '2024-03-05', 'P2D'])
  })

  test('can take longer', async () => {
    await change(b, { dueDate: '2024-03-08' })
    assert.deepEqual(await days(b), ['2024-03-04', '2024-03-08', 'P5D'])
    await change(b, { duration: 'P3D' })
    assert.deepEqual(await days(b), ['2024-03-04', '2024-03-06', 'P3D'])
  })

  test('can be scheduled manually, and automatically again', async () => {
    await change(b, { scheduleManually: true, ...on('2024-02-05') })
    assert.deepEqual(await days(b), ['2024-02-05', '2024-02-05', 'P1D'])
    await change(b, { scheduleManually: false })
    assert.deepEqual(await days(b), ['2024-03-04', '2024-03-04', 'P1D'])
  })

  test('with a predecessor and manual scheduling does not take the dates of a first child', async () => {
    await change(b, { scheduleManually: true })
    await below(b, on('2024-05-06'))
    assert.deepEqual([await isManual(b), (await days(b))[0]], [true, '2024-03-04'])
  })

  test('that loses its last child starts after its predecessor again', async () => {
    const child = await below(b, on('2024-05-06'))
    assert.equal((await days(b))[0], '2024-05-06')
    await admin.delete(`/work_packages/${child}`)
    assert.deepEqual([await isManual(b), (await days(b))[0]], [false, '2024-03-04'])
  })
})

describe('a new parent with a predecessor', () => {
  let parent: number
  beforeEach(async () => {
    parent = await add()
    await below(parent, on('2024-03-04'))
    await follow(parent, await add(on('2024-03-08')))
  })

  test('gives a start to a manually scheduled child without one', async () => {
    const child = await add({ startDate: null, dueDate: null })
    await change(child, { _links: { parent: link('work_packages', parent) } })
    assert.deepEqual([await isManual(child), (await days(child))[0]], [true, '2024-03-11'])
  })

  test('permits a new child to be automatic, unlike other parents', async () => {
    const body = { subject: 'New', scheduleManually: false, duration: 'P2D' }
    const _links = { project: link('projects', project) }
    const refused = await admin.post('/work_packages', { ...body, _links })
    assert.deepEqual([refused.status, refused.body._embedded.details.attribute], [422, 'scheduleManually'])
    const reply = await admin.post('/work_packages', { ...body, _links: { ..._links, parent: link('work_packages', parent) } })
    assert.equal(reply.status, 201, reply.text)
    assert.deepEqual(await days(reply.body.id), ['2024-03-11', '2024-03-12', 'P2D'])
    await change(reply.body.id, { _links: { parent: { href: null } } })
    assert.equal(await isManual(reply.body.id), true)
  })
})

test('derived dates of a parent cannot be written', async () => {
  const parent = await add()
  await below(parent, on('2024-03-04'))
  const reply = await changed(admin, parent, { startDate: '2024-01-01' })
  assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
})

test('concurrent writes of a predecessor and of the relation leave the successor after it', async () => {
  for (let round = 0; round < 5; round++) {
    const [a, b] = [await add(on('2024-03-01')), await add(on('2024-02-05'))]
    await Promise.all([follow(b, a), change(a, { dueDate: '2024-03-08' })])
    assert.equal((await days(b))[0], '2024-03-11')
  }
})

test('two relations that would form a cycle together are not both created', async () => {
  for (let round = 0; round < 5; round++) {
    const [a, b, c] = [await add(), await add(), await add()]
    await follow(b, a)
    const post = (from: number, to: number) =>
      admin.post(`/work_packages/${from}/relations`, { type: 'follows', _links: { to: link('work_packages', to) } })
    const statuses = (await Promise.all([post(c, b), post(a, c)])).map((reply) => reply.status).sort()
    assert.deepEqual([statuses[0], [409, 422].includes(statuses[1]!)], [201, true], String(statuses))
  }
})
