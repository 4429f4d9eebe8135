/** Queries with timestamps: their stored timestamps and results. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { ids } from '#test/instance.ts'
import { link } from '../work-packages/scene.ts'
import { at, attributesByTimestamp, past } from './scene.ts'

const it = await past()
const { admin, project, since, change } = it
const query = (href: string) => new URL(href, 'http://x').searchParams
const results = ({ body }: { body: any }) => ({ body: body._embedded.results }) as never

let closed: number
let steady: number
let saved: number
before(async () => {
  steady = await since(9, { subject: 'Steady' })
  closed = await since(9, { subject: 'Ended' })
  await change(closed, 0.5, { status_id: await it.statuses('Closed') })
  const reply = await admin.post('/queries', {
    name: 'Since yesterday',
    timestamps: ['oneDayAgo@00:00+00:00', 'now'],
    _links: { project: link('projects', project) },
  })
  assert.equal(reply.status, 201, reply.text)
  saved = reply.body.id
})

describe('a query', () => {
  test('keeps the notation of its timestamps', async () => {
    assert.deepEqual((await admin.get(`/queries/${saved}`)).body.timestamps, ['oneDayAgo@00:00+00:00', 'PT0S'])
  })

  test('finds the work packages that satisfy it at any of them, and links to the same list', async () => {
    const reply = await admin.get(`/queries/${saved}`)
    assert.deepEqual(ids(results(reply)), [closed, steady])
    const [then] = attributesByTimestamp(reply.body._embedded.results._embedded.elements[0])
    assert.deepEqual([then._meta.timestamp, then._links.status.title], ['oneDayAgo@00:00+00:00', 'New'])
    const { href } = reply.body._links.results
    assert.equal(query(href).get('timestamps'), 'oneDayAgo@00:00+00:00,PT0S')
    assert.deepEqual(ids(await admin.get(href.replace('/api/v3', ''))), [closed, steady])
  })

  test('uses the timestamps of a request instead of its own', async () => {
    const now = await admin.get(`/queries/${saved}?${at('PT0S')}`)
    assert.deepEqual([now.body.timestamps, ids(results(now))], [['PT0S'], [steady]])
    const then = await admin.get(`/queries/${saved}?${at('1d')}`)
    assert.deepEqual([then.body.timestamps, ids(results(then))], [['P1D'], [closed, steady]])
    assert.equal(query(then.body._links.self.href).get('timestamps'), '1d')
    assert.deepEqual((await admin.get(`/queries/${saved}`)).body.timestamps, ['oneDayAgo@00:00+00:00', 'PT0S'])
  })

  test('without timestamps has the present', async () => {
    const { body } = await admin.post('/queries', { name: 'Now', timestamps: [] })
    assert.deepEqual([body.timestamps, query(body._links.results.href).has('timestamps')], [['PT0S'], false])
  })

  test('the default query compares as well', async () => {
    for (const path of ['/queries/default', `/projects/${project}/queries/default`]) {
      assert.deepEqual(ids(results(await admin.get(path))), [steady])
      assert.deepEqual(ids(results(await admin.get(`${path}?${at('P1D', 'PT0S')}`))), [closed, steady])
    }
  })

  test('rejects invalid timestamps, or ignores them with valid_subset', async () => {
    for (const text of ['yesterday', Array(11).fill('P1D').join(',')]) {
      assert.equal((await admin.get(`/queries/${saved}?${at(text)}`)).status, 400)
      const reply = await admin.get(`/queries/${saved}?${at(text)}&valid_subset=true`)
      assert.deepEqual([reply.status, ids(results(reply))], [200, [closed, steady]])
    }
    for (const timestamps of [['yesterday'], [1], Array(11).fill('P1D')]) {
      const { status, body } = await admin.patch(`/queries/${saved}`, { timestamps })
      assert.deepEqual([status, body.errorIdentifier.split(':').at(-1)], [422, 'PropertyFormatError'], JSON.stringify(timestamps))
    }
  })
})
