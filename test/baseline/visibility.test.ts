/** Visibility of the past: today's permissions apply, and hidden states are not disclosed. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import type { Person } from '../work-packages/scene.ts'
import { at, attributesByTimestamp, elements, past } from './scene.ts'

const it = await past()
const { admin, project, since, change } = it
const dayAgo = at('P1D', 'PT0S')
const all = filters()

let hidden: number
let reader: Person
/** Moved to the hidden project. */
let left: number
/** Moved from the hidden project. */
let came: number
let stayed: number
before(async () => {
  reader = await it.person('view_work_packages')
  hidden = await it.make.project({ name: 'Secret plans' })
  stayed = await since(9, { subject: 'Stayed' })
  left = await since(9, { subject: 'Left', estimated_hours: 4 })
  came = await since(9, { project_id: hidden, subject: 'Secret', estimated_hours: 16 })
  await change(left, 0.5, { project_id: hidden, subject: 'Secret now', parent_id: came })
  await change(came, 0.5, { project_id: project, subject: 'Came' })
})

describe('a work package from a hidden project', () => {
  test('was not there before', async () => {
    assert.deepEqual(ids(await reader.client.get(`/work_packages?${all}&${at('P1D')}`)), [stayed, left])
    const element = elements(await reader.client.get(`/work_packages?${all}&${dayAgo}`)).get(came)
    assert.equal(element.subject, 'Came')
    assert.deepEqual(attributesByTimestamp(element)[0], {
      _meta: { exists: false, timestamp: 'P1D', matchesFilters: false },
      _links: {},
    })
    const { status, body, text } = await reader.client.get(`/work_packages/${came}?${at('P1D')}`)
    assert.deepEqual([status, body._meta], [200, { exists: false, timestamp: 'P1D' }])
    assert.ok(!/Secret/.test(text))
  })

  test('is not found by its former values', async () => {
    const found = await reader.client.get(`/work_packages?${filters(['subject', '~', ['Secret']])}&${dayAgo}`)
    assert.deepEqual([ids(found), found.body.total], [[], 0])
    assert.deepEqual(ids(await admin.get(`/work_packages?${filters(['subject', '~', ['Secret']])}&${dayAgo}`)), [came, left])
  })

  test('adds nothing to sums and groups', async () => {
    const { body } = await reader.client.get(`/work_packages?${all}&groupBy=project&showSums=true&${at('P1D')}`)
    assert.equal(body.totalSums.estimatedTime, null)
    assert.deepEqual(
      body.groups.map((group: any) => [group.value, group.count]),
      [['Ship', 1]],
    )
  })
})

describe('a work package moved to a hidden project', () => {
  test('is listed last, as a stub, if it was visible before', async () => {
    for (const moments of [dayAgo, at('P1D')]) {
      const reply = await reader.client.get(
        `/work_packages?${all}&${moments}&sortBy=${encodeURIComponent('[["subject","desc"]]')}`,
      )
      assert.equal(ids(reply).at(-1), left)
      const { _meta, ...stub } = elements(reply).get(left)
      assert.deepEqual(stub, {
        _type: 'WorkPackage',
        id: left,
        _links: { self: { href: `/api/v3/work_packages/${left}?${moments.replace('P1D,', 'P1D%2C')}` } },
      })
      assert.deepEqual([_meta.exists, _meta.matchesFilters], [false, false])
      assert.ok(!/Secret|"Left"/.test(reply.text))
    }
  })

  test('is absent if it was never visible', async () => {
    assert.ok(!ids(await reader.client.get(`/work_packages?${all}&${at('PT1H', 'PT0S')}`)).includes(left))
  })

  test('is not found at its own address', async () => {
    for (const moments of ['', dayAgo, at('P1D')])
      assert.equal((await reader.client.get(`/work_packages/${left}?${moments}`)).status, 404)
  })

  test('is represented in full for viewers who see both', async () => {
    const element = elements(await admin.get(`/work_packages?${all}&${dayAgo}`)).get(left)
    assert.equal(element.subject, 'Secret now')
    const [then] = attributesByTimestamp(element)
    assert.deepEqual([then.subject, then._links.project.title], ['Left', 'Ship'])
    assert.deepEqual(then._links.parent, { href: null })
  })
})

describe('the past', () => {
  test('names no parents and children that are hidden now', async () => {
    const above = await since(9, { subject: 'Hidden above' })
    const child = await since(9, { subject: 'Child', parent_id: above })
    const below = await since(9, { subject: 'Hidden below', parent_id: child })
    for (const id of [above, below]) await change(id, 0.5, { project_id: hidden })
    const { body, text } = await reader.client.get(`/work_packages/${child}?${at('P1D')}`)
    assert.deepEqual([body._links.parent, body._links.ancestors, body._links.children], [{ href: null }, [], undefined])
    assert.ok(!('parent' in body._embedded) && !/Hidden/.test(text))
    const seen = (await admin.get(`/work_packages/${child}?${at('P1D')}`)).body
    assert.equal(seen._links.parent.title, 'Hidden above')
    assert.equal(seen._embedded.parent.subject, 'Hidden above')
  })

  test('of a shared work package is visible as far as its project is', async () => {
    const shared = await since(9, { project_id: hidden, subject: 'Secret start' })
    await change(shared, 0.5, { project_id: project, subject: 'Shared' })
    const sharer = await it.sharer(shared, 'Work package viewer')
    const { body, text } = await sharer.client.get(`/work_packages/${shared}?${dayAgo}`)
    assert.deepEqual([body.subject, attributesByTimestamp(body)[0]._meta.exists], ['Shared', false])
    assert.ok(!/Secret/.test(text))
    const later = (await sharer.client.get(`/work_packages/${shared}?${at('PT1H', 'PT0S')}`)).body
    assert.equal(attributesByTimestamp(later)[0]._meta.exists, true)
  })

  test('needs today’s permissions', async () => {
    assert.equal((await it.stranger.client.get(`/work_packages?${at('P1D')}`)).status, 403)
    assert.equal((await it.stranger.client.get(`/work_packages/${stayed}?${at('P1D')}`)).status, 404)
  })

  test('names people, versions and statuses as the present does', async () => {
    const version = await it.version({ project_id: hidden, name: 'Secret 1.0' })
    const id = await since(9, { version_id: version })
    await change(id, 0.5, { version_id: null })
    const link = attributesByTimestamp((await reader.client.get(`/work_packages/${id}?${dayAgo}`)).body)[0]._links.version
    await change(id, 0.1, { version_id: version })
    assert.deepEqual(link, (await reader.client.get(`/work_packages/${id}`)).body._links.version)
  })
})
