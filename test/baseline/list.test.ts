/** Lists with timestamps: their work packages, order, and attributesByTimestamp. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import { forgetReads, stopUsageRecords } from '#test/statements.ts'
import { ago, at, attributesByTimestamp, elements, past } from './scene.ts'

const it = await past()
const { admin, project, since, change } = it
const keys = (of: object) => Object.keys(of).sort()
const query = (href: string) => new URL(href, 'http://x').searchParams
const dayAgo = at('P1D', 'PT0S')

let steady: number
let renamed: number
let closed: number
let young: number
let task: number
before(async () => {
  task = await it.types('Task')
  steady = await since(9, { subject: 'Steady', estimated_hours: 1 })
  renamed = await since(8, { subject: 'Before', estimated_hours: 2 })
  closed = await since(7, { subject: 'Ended', estimated_hours: 4 })
  young = await since(0, { subject: 'Young', estimated_hours: 8 })
  await change(renamed, 0.5, {
    subject: 'After',
    start_date: '2024-03-01',
    description: 'Told at greater length',
    done_ratio: 50,
  })
  await change(closed, 0.4, { status_id: await it.statuses('Closed') })
})

describe('a compared list', () => {
  test('has the work packages that satisfy the filters at any of the timestamps', async () => {
    assert.deepEqual(ids(await admin.get('/work_packages')), [young, renamed, steady])
    const reply = await admin.get(`/work_packages?${dayAgo}`)
    assert.deepEqual(ids(reply), [young, closed, renamed, steady])
    assert.deepEqual([reply.body.total, reply.body.count], [4, 4])
    assert.deepEqual(ids(await admin.get(`/work_packages?${filters(['subject', '~', ['Before']])}&${dayAgo}`)), [renamed])
    assert.deepEqual(ids(await admin.get(`/work_packages?${filters(['subject', '~', ['Before']])}`)), [])
  })

  test('has exists and matchesFilters for each work package', async () => {
    const found = elements(await admin.get(`/work_packages?${dayAgo}`))
    const told = (id: number) => [found.get(id)._meta, ...attributesByTimestamp(found.get(id)).map(({ _meta }) => _meta)]
    const then = { timestamp: 'P1D' }
    const now = { timestamp: 'PT0S' }
    assert.deepEqual(told(steady), [
      { exists: true, ...now, matchesFilters: true },
      { exists: true, ...then, matchesFilters: true },
      { exists: true, ...now, matchesFilters: true },
    ])
    assert.deepEqual(told(closed), [
      { exists: true, ...now, matchesFilters: false },
      { exists: true, ...then, matchesFilters: true },
      { exists: true, ...now, matchesFilters: false },
    ])
    assert.deepEqual(told(young), [
      { exists: true, ...now, matchesFilters: true },
      { exists: false, ...then, matchesFilters: false },
      { exists: true, ...now, matchesFilters: true },
    ])
  })

  test('has the differences of compared properties, with links', async () => {
    const found = elements(await admin.get(`/work_packages?${dayAgo}`))
    const [then, now] = attributesByTimestamp(found.get(renamed))
    assert.equal(found.get(renamed).subject, 'After')
    assert.deepEqual(keys(then), ['_links', '_meta', 'startDate', 'subject'])
    assert.deepEqual([then.subject, then.startDate], ['Before', null])
    assert.deepEqual(then._links, {
      self: { href: `/api/v3/work_packages/${renamed}?timestamps=P1D` },
      schema: { href: `/api/v3/work_packages/schemas/${project}-${task}?timestamps=P1D` },
    })
    assert.deepEqual(keys(now), ['_links', '_meta'])
    const [open] = attributesByTimestamp(found.get(closed))
    assert.deepEqual(keys(open._links), ['schema', 'self', 'status'])
    assert.deepEqual(open._links.status, { href: `/api/v3/statuses/${await it.statuses('New')}`, title: 'New' })
    assert.deepEqual(attributesByTimestamp(found.get(young))[0]._links, {})
  })

  test('is represented as of the last moment, without links that change it', async () => {
    const now = elements(await admin.get(`/work_packages?${dayAgo}`)).get(renamed)
    assert.ok('update' in now._links && 'updateImmediately' in now._links && 'delete' in now._links)
    const then = elements(await admin.get(`/work_packages?${at('P3D', 'P1D')}`)).get(renamed)
    assert.equal(then.subject, 'Before')
    const writing = Object.entries<any>(then._links).filter(([, { method = 'get' }]) => method !== 'get')
    assert.deepEqual(
      writing.map(([rel]) => rel),
      ['previewMarkup'],
    )
    assert.ok('activities' in then._links && 'relations' in then._links)
  })

  test('has the work packages that existed at a single timestamp', async () => {
    const found = elements(await admin.get(`/work_packages?${at('P1D')}`))
    assert.deepEqual([...found.keys()], [closed, renamed, steady])
    assert.equal(found.get(renamed).subject, 'Before')
    assert.deepEqual(found.get(renamed)._meta, { exists: true, timestamp: 'P1D', matchesFilters: true })
    assert.deepEqual(ids(await admin.get(`/work_packages?${at('P30D')}`)), [])
  })

  test('has all compared properties of rows that did not exist at the last moment', async () => {
    const element = elements(await admin.get(`/work_packages?${at('PT0S', 'P1D')}`)).get(young)
    assert.deepEqual([element.subject, element._meta], ['Young', { exists: false, timestamp: 'P1D', matchesFilters: false }])
    assert.ok(!('update' in element._links))
    const [now, then] = attributesByTimestamp(element)
    assert.deepEqual(keys(now), ['_links', '_meta', 'dueDate', 'startDate', 'subject'])
    assert.deepEqual(keys(now._links), [
      'assignee',
      'parent',
      'priority',
      'project',
      'responsible',
      'schema',
      'self',
      'status',
      'type',
      'version',
    ])
    assert.deepEqual(then, { _meta: { exists: false, timestamp: 'P1D', matchesFilters: false }, _links: {} })
  })

  test('is ordered, grouped and summed up by the represented states', async () => {
    const all = filters()
    const bySubject = (more: string) => `/work_packages?${all}&sortBy=${encodeURIComponent('[["subject","asc"]]')}&${more}`
    assert.deepEqual(ids(await admin.get(bySubject(dayAgo))), [renamed, closed, steady, young])
    assert.deepEqual(ids(await admin.get(bySubject(at('P2D', 'P1D')))), [renamed, closed, steady])
    const grouped = (more: string) => admin.get(`/work_packages?${all}&groupBy=status&showSums=true&${more}`)
    const groups = async (more: string) =>
      (await grouped(more)).body.groups.map((group: any) => [group.value, group.count, group.sums.estimatedTime])
    assert.deepEqual(await groups(dayAgo), [
      ['New', 3, 'PT11H'],
      ['Closed', 1, 'PT4H'],
    ])
    assert.deepEqual(await groups(at('P1D')), [['New', 3, 'PT7H']])
    assert.equal((await grouped(at('P1D'))).body.totalSums.estimatedTime, 'PT7H')
    assert.deepEqual(ids(await grouped(dayAgo)), [young, renamed, steady, closed])
  })

  test('has pages with links between them', async () => {
    const { body } = await admin.get(`/work_packages?${at('1d', 'now')}&pageSize=2`)
    assert.deepEqual([ids({ body } as never), body.total, body.count], [[young, closed], 4, 2])
    for (const rel of ['self', 'jumpTo', 'changeSize', 'nextByOffset'])
      assert.equal(query(body._links[rel].href).get('timestamps'), 'P1D,PT0S', rel)
    assert.deepEqual(ids(await admin.get(body._links.nextByOffset.href.replace('/api/v3', ''))), [renamed, steady])
    assert.deepEqual((await admin.get(`/work_packages?${dayAgo}&pageSize=0`)).body.total, 4)
    assert.deepEqual(ids(await admin.get(`/work_packages?${dayAgo}&offset=9`)), [])
  })

  test('embeds the former schemas as well, at addresses that repeat the timestamps', async () => {
    const bug = await it.types('Bug')
    const id = await since(5)
    await change(id, 0.3, { type_id: bug })
    const { _embedded, _links } = (await admin.get(`/work_packages?${filters(['id', '=', [id]])}&${dayAgo}`)).body
    const hrefs = _embedded.schemas._embedded.elements.map((schema: any) => schema._links.self.href)
    const address = (type: number) => `/api/v3/work_packages/schemas/${project}-${type}?timestamps=P1D%2CPT0S`
    assert.deepEqual(hrefs.sort(), [address(task), address(bug)].sort())
    assert.equal(_embedded.elements[0]._links.schema.href, address(bug))
    assert.equal(query(_links.schemas.href).get('timestamps'), 'P1D,PT0S')
    const schema = (await admin.get(address(bug).replace('/api/v3', ''))).body
    assert.equal(schema._links.self.href, address(bug))
    assert.equal((await admin.get(_links.schemas.href.replace('/api/v3', ''))).body.total, 2)
    await admin.delete(`/work_packages/${id}`)
  })

  test('exists for projects as well', async () => {
    const other = await it.make.project()
    const moved = await since(5, { project_id: other })
    await change(moved, 0.3, { project_id: project })
    const found = async (where: number, more: string) => ids(await admin.get(`/projects/${where}/work_packages?${more}`))
    assert.deepEqual(await found(other, ''), [])
    assert.deepEqual(await found(other, dayAgo), [moved])
    assert.deepEqual(await found(project, at('P1D')), [closed, renamed, steady])
    assert.deepEqual(ids(await admin.get(`/workspaces/${project}/work_packages?${dayAgo}`)), [
      moved,
      young,
      closed,
      renamed,
      steady,
    ])
    await admin.delete(`/work_packages/${moved}`)
  })

  test('has only the selected properties', async () => {
    const { body } = await admin.get(`/work_packages?${dayAgo}&select=total,elements/id,elements/subject`)
    assert.deepEqual(keys(body), ['_embedded', 'total'])
    assert.deepEqual(body._embedded.elements.at(-1), { id: steady, subject: 'Steady' })
  })

  test('finds children by their former parents', async () => {
    const child = await since(5, { parent_id: steady })
    await change(child, 0.3, { parent_id: renamed })
    const below = async (parent: number, more: string) =>
      ids(await admin.get(`/work_packages?${filters(['ancestor', '=', [parent]])}&${more}`))
    assert.deepEqual([await below(steady, ''), await below(steady, at('P1D'))], [[], [child]])
    assert.deepEqual([await below(renamed, ''), await below(renamed, at('P1D'))], [[child], []])
    const found = elements(await admin.get(`/work_packages?${dayAgo}`))
    assert.deepEqual(found.get(child)._links.parent, { href: `/api/v3/work_packages/${renamed}`, title: 'After' })
    assert.deepEqual(attributesByTimestamp(found.get(child))[0]._links.parent, {
      href: `/api/v3/work_packages/${steady}`,
      title: 'Steady',
    })
    const then = elements(await admin.get(`/work_packages?${at('P1D')}`))
    assert.deepEqual([then.get(steady)._links.children?.length, then.get(renamed)._links.children], [1, undefined])
    await admin.delete(`/work_packages/${child}`)
  })
})

describe('the parameter timestamps', () => {
  test('has no effect if all of it is the present', async () => {
    const plain = (await admin.get('/work_packages')).body
    for (const text of ['PT0S', 'now', 'PT0S,PT0S', ''])
      assert.deepEqual((await admin.get(`/work_packages?timestamps=${text}`)).body, plain, text)
  })

  test('compares with the present even in another notation', async () => {
    const { body } = await admin.get(`/work_packages?${at('P0D', 'PT0S')}`)
    assert.deepEqual(
      attributesByTimestamp(body._embedded.elements[0]).map(({ _meta }) => _meta.timestamp),
      ['P0D', 'PT0S'],
    )
  })

  test('accepts absolute and relative timestamps', async () => {
    for (const timestamp of [
      ago(1),
      ago(1).slice(0, 10),
      'oneDayAgo@00:00+00:00',
      'lastWorkingDay@00:00-12:00',
      'oneWeekAgo@23:59',
    ]) {
      const { status, body } = await admin.get(`/work_packages?${at(timestamp, 'PT0S')}`)
      assert.deepEqual([status, attributesByTimestamp(body._embedded.elements[0])[0]._meta.timestamp], [200, timestamp])
    }
  })

  test('is rejected for invalid or too many timestamps', async () => {
    const refused = [
      'yesterday',
      'P1D,,PT0S',
      'P1D,',
      "oneDayAgo@00:00+00:00\n'); select 1; --",
      '2024-02-30',
      Array(11).fill('P1D').join(','),
    ]
    for (const text of refused) {
      for (const path of ['/work_packages', `/projects/${project}/work_packages`, `/work_packages/${steady}`]) {
        const { status, body } = await admin.get(`${path}?${at(text)}`)
        assert.deepEqual(
          [status, body.errorIdentifier],
          [400, 'urn:openproject-org:api:v3:errors:InvalidQuery'],
          `${path} ${text}`,
        )
        assert.match(body.message, /^The parameter timestamps is not a list/)
      }
    }
    const ten = Array(10).fill('P1D').join(',')
    assert.equal((await admin.get(`/work_packages?${at(ten)}`)).status, 200)
  })

  test('the number of statements depends on the number of timestamps, not on that of rows', async () => {
    await stopUsageRecords(it.db)
    const statements = async (moments: string, pageSize: number) => {
      const path = `/work_packages?${moments}&pageSize=${pageSize}`
      await admin.get(path)
      await forgetReads(it.db)
      const before = it.db.statements
      await admin.get(path)
      return it.db.statements - before
    }
    const few = await statements(dayAgo, 1)
    for (let n = 0; n < 30; n++) await change(await since(5), 0.2, { subject: `Number ${n}` })
    assert.ok((await statements(dayAgo, 100)) <= few)
    const perMoment = (await statements(at('P2D', 'P1D', 'PT0S'), 100)) - (await statements(dayAgo, 100))
    assert.ok(perMoment <= 5, `${perMoment} more statements for one more moment`)
  })
})
