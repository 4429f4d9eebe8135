/** Parents and children: derived values of parents, and invalid parents. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { changed, created, errors, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
const below = (parent: { id: number }, body: object = {}, links: object = {}) =>
  created(admin, project, { ...body, _links: { parent: link('work_packages', parent.id), ...links } })
const now = async ({ id }: { id: number }) => (await admin.get(`/work_packages/${id}`)).body
const days = ({ startDate, dueDate, duration }: any) => [startDate, dueDate, duration]
const parentOf = (body: any) => body._links.parent.href

describe('the first child', () => {
  test('makes its parent automatic', async () => {
    const parent = await created(admin, project, { startDate: '2024-01-01', dueDate: '2024-01-31' })
    await below(parent, { startDate: '2024-03-04', dueDate: '2024-03-08' })
    const after = await now(parent)
    assert.equal(after.scheduleManually, false)
    assert.deepEqual(days(after), ['2024-03-04', '2024-03-08', 'P5D'])
  })

  test('updates the parent', async () => {
    const parent = await created(admin, project)
    await below(parent, { startDate: '2024-03-04' })
    const after = await now(parent)
    assert.ok(after.lockVersion > parent.lockVersion)
    assert.equal(
      (await admin.patch(`/work_packages/${parent.id}`, { lockVersion: parent.lockVersion, subject: 'x' })).status,
      409,
    )
  })

  test('does so only once: a manually scheduled parent stays manual', async () => {
    const parent = await created(admin, project)
    await below(parent)
    await changed(admin, parent.id, { scheduleManually: true, startDate: '2024-03-04', dueDate: '2024-03-08' })
    await below(parent, { startDate: '2024-05-06', dueDate: '2024-05-10' })
    assert.deepEqual(days(await now(parent)), ['2024-03-04', '2024-03-08', 'P5D'])
  })
})

describe('an automatic parent', () => {
  let parent: any
  let first: any
  beforeEach(async () => {
    parent = await created(admin, project)
    first = await below(parent, { startDate: '2024-03-04', dueDate: '2024-03-08' })
  })

  test('spans all children, starts and due dates alike', async () => {
    await below(parent, { startDate: null, dueDate: '2024-02-26' })
    await below(parent, { startDate: '2024-03-20', dueDate: null })
    assert.deepEqual(days(await now(parent)), ['2024-02-26', '2024-03-20', 'P18D'])
  })

  test('spans further descendants', async () => {
    const middle = await below(parent, { startDate: null, dueDate: null })
    await below(middle, { startDate: '2024-04-01', dueDate: '2024-04-02' })
    assert.deepEqual(days(await now(middle)), ['2024-04-01', '2024-04-02', 'P2D'])
    assert.deepEqual(days(await now(parent)), ['2024-03-04', '2024-04-02', 'P22D'])
  })

  test('moves with them', async () => {
    await changed(admin, first.id, { startDate: '2024-03-11', dueDate: '2024-03-12' })
    assert.deepEqual(days(await now(parent)), ['2024-03-11', '2024-03-12', 'P2D'])
  })

  test('has read-only dates', async () => {
    for (const body of [
      { startDate: '2024-01-01' },
      { dueDate: '2024-12-31' },
      { duration: 'P1D' },
      { ignoreNonWorkingDays: true },
    ]) {
      const reply = await changed(admin, parent.id, body)
      assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
    }
  })

  test('ignores non-working days if one child does', async () => {
    await below(parent, { startDate: '2024-03-09', dueDate: '2024-03-10', ignoreNonWorkingDays: true })
    const after = await now(parent)
    assert.equal(after.ignoreNonWorkingDays, true)
    assert.deepEqual(days(after), ['2024-03-04', '2024-03-10', 'P7D'])
  })

  test('can be scheduled manually, with dates', async () => {
    const reply = await changed(admin, parent.id, { scheduleManually: true, startDate: '2024-01-01', dueDate: '2024-01-05' })
    assert.equal(reply.status, 200, reply.text)
    assert.deepEqual(days(reply.body), ['2024-01-01', '2024-01-05', 'P5D'])
    assert.deepEqual([reply.body.derivedStartDate, reply.body.derivedDueDate], ['2024-03-04', '2024-03-08'])
  })

  test('can be scheduled automatically again', async () => {
    await changed(admin, parent.id, { scheduleManually: true, startDate: '2024-01-01', dueDate: '2024-01-05' })
    const { body } = await changed(admin, parent.id, { scheduleManually: false })
    assert.deepEqual(days(body), ['2024-03-04', '2024-03-08', 'P5D'])
  })

  test('becomes manually scheduled without children, with the same dates', async () => {
    await changed(admin, first.id, { _links: { parent: { href: null } } })
    const after = await now(parent)
    assert.equal(after.scheduleManually, true)
    assert.deepEqual(days(after), ['2024-03-04', '2024-03-08', 'P5D'])
    assert.equal(after.derivedStartDate, null)
  })
})

test('a work package without children stays manually scheduled', async () => {
  const one = await created(admin, project)
  const { body, status } = await changed(admin, one.id, { scheduleManually: false })
  assert.deepEqual([status, body.scheduleManually], [200, true])
})

describe('totals of a parent', () => {
  const totals = ({ derivedEstimatedTime, derivedRemainingTime, derivedPercentageDone }: any) => [
    derivedEstimatedTime,
    derivedRemainingTime,
    derivedPercentageDone,
  ]

  test('are its own work and that of all descendants', async () => {
    const parent = await created(admin, project, { estimatedTime: 'PT10H', percentageDone: 50 })
    const child = await below(parent, { estimatedTime: 'PT4H' })
    await below(child, { estimatedTime: 'PT6H', remainingTime: 'PT0S' })
    assert.deepEqual(totals(await now(child)), ['PT10H', 'PT4H', 60])
    assert.deepEqual(totals(await now(parent)), ['PT20H', 'PT9H', 55])
    assert.equal((await now(parent)).estimatedTime, 'PT10H')
  })

  test('change with the work of descendants, and when a child leaves', async () => {
    const parent = await created(admin, project)
    const child = await below(parent, { estimatedTime: 'PT4H' })
    await changed(admin, child.id, { percentageDone: 25 })
    assert.deepEqual(totals(await now(parent)), ['PT4H', 'PT3H', 25])
    await changed(admin, child.id, { _links: { parent: { href: null } } })
    assert.deepEqual(totals(await now(parent)), [null, null, null])
  })

  test('change with its own work', async () => {
    const parent = await created(admin, project)
    await below(parent, { estimatedTime: 'PT4H' })
    const { body } = await changed(admin, parent.id, { estimatedTime: 'PT12H', percentageDone: 50 })
    assert.deepEqual(totals(body), ['PT16H', 'PT10H', 38])
  })

  test('are null without any work', async () => {
    const parent = await created(admin, project)
    await below(parent)
    assert.deepEqual(totals(await now(parent)), [null, null, null])
  })

  test('exclude work packages with an excluded status', async () => {
    const dropped = await make.row('statuses', { name: 'Dropped', position: 50, excluded_from_totals: true }, 'statuses')
    const parent = await created(admin, project)
    await below(parent, { estimatedTime: 'PT4H' })
    await below(parent, { estimatedTime: 'PT40H' }, { status: link('statuses', dropped) })
    assert.deepEqual(totals(await now(parent)), ['PT4H', 'PT4H', 0])
  })

  test('are a simple average of the children and the parent, by a setting', async () => {
    await it.setting('total_percent_complete_mode', 'simple_average')
    const parent = await created(admin, project, { percentageDone: 10 })
    await below(parent, { percentageDone: 50 })
    await below(parent)
    assert.equal((await now(parent)).derivedPercentageDone, 20)
    await it.setting('total_percent_complete_mode', 'work_weighted_average')
  })
})

describe('a parent cannot be', () => {
  test('the work package itself', async () => {
    const one = await created(admin, project)
    const reply = await changed(admin, one.id, { _links: { parent: link('work_packages', one.id) } })
    assert.deepEqual(errors(reply.body), ['parent: Parent cannot be the work package itself.'])
  })

  test('one of its descendants', async () => {
    const root = await created(admin, project)
    const leaf = await below(await below(root))
    const reply = await changed(admin, root.id, { _links: { parent: link('work_packages', leaf.id) } })
    assert.deepEqual(errors(reply.body), ['parent: Parent cannot be one of the descendants of the work package.'])
  })

  test('a milestone', async () => {
    const milestone = await created(admin, project, { _links: { type: link('types', await it.types('Milestone')) } })
    const reply = await admin.post('/work_packages', {
      subject: 'x',
      _links: { project: link('projects', project), parent: link('work_packages', milestone.id) },
    })
    assert.deepEqual(errors(reply.body), ['parent: Parent cannot be a milestone.'])
  })

  test('in another project, unless the instance allows it', async () => {
    const parent = await created(admin, await make.project())
    const one = await below(parent)
    assert.equal(parentOf(one), `/api/v3/work_packages/${parent.id}`)
    await it.setting('cross_project_work_package_relations', false)
    const other = await created(admin, project)
    const reply = await changed(admin, other.id, { _links: { parent: link('work_packages', parent.id) } })
    assert.deepEqual(errors(reply.body), ['parent: Parent cannot be in another project.'])
    await it.setting('cross_project_work_package_relations', true)
  })

  test('an unknown or hidden work package: both get the same response', async () => {
    const hidden = await created(admin, await make.project())
    const one = await created(admin, project)
    for (const id of [99999, hidden.id]) {
      const reply = await changed(it.member.client, one.id, { _links: { parent: link('work_packages', id) } })
      assert.deepEqual(errors(reply.body), ['parent: Parent does not exist.'])
    }
  })
})
