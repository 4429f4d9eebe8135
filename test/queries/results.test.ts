/** Results of queries, and overrides by the parameters of a request. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { filters, ids, type Reply } from '#test/instance.ts'
import { filter, link, type Scene, scene } from './scene.ts'

let world: Scene
let query: string
let [open, closed, hidden] = [0, 0, 0]
let elsewhere: number
before(async () => {
  world = await scene()
  const { server, project, keeper } = world
  elsewhere = world.elsewhere
  const done = await server.id('statuses', 'Closed')
  open = await server.make.workPackage({ project_id: project, subject: 'Rope', estimated_hours: 2 })
  closed = await server.make.workPackage({ project_id: project, subject: 'Rope, old', status_id: done, estimated_hours: 3 })
  hidden = await server.make.workPackage({ project_id: elsewhere, subject: 'Rope of others' })
  const { body } = await keeper.post('/queries', {
    name: 'Ropes',
    filters: [filter('subject', '~', ['rope'])],
    _links: { project: link(`projects/${project}`), sortBy: [link('queries/sort_bys/id-asc')] },
  })
  query = `/queries/${body.id}`
})
after(() => world.server.close())

const found = ({ body }: Reply): number[] => ids({ body: body._embedded.results } as Reply)
const operators = ({ body }: Reply): string[] => body.filters.map((one: any) => `${one._type} ${one._links.operator.title}`)

test('the default query has the open work packages, newest first, and is not saved', async () => {
  const answer = await world.keeper.get('/queries/default')
  assert.equal(answer.status, 200)
  assert.deepEqual(found(answer), [open])
  const { body } = answer
  assert.deepEqual([body.id, body.public, body.starred, body.hidden], [null, false, false, true])
  assert.deepEqual([body.showHierarchies, body.sums, body.timestamps], [true, false, ['PT0S']])
  assert.deepEqual(operators(answer), ['StatusQueryFilter open'])
  assert.deepEqual(
    body._links.columns.map((column: any) => column.title),
    ['ID', 'Subject', 'Type', 'Status', 'Assignee', 'Priority', 'Project'],
  )
  assert.deepEqual(body._links.sortBy, [{ href: '/api/v3/queries/sort_bys/id-desc', title: 'ID (Descending)' }])
  assert.deepEqual(body._links.groupBy, { href: null, title: null })
  assert.deepEqual(body._links.update, { href: '/api/v3/queries/form', method: 'post' })
  assert.deepEqual(body._links.updateImmediately, { href: '/api/v3/queries', method: 'post' })
  for (const rel of ['delete', 'star', 'unstar']) assert.ok(!(rel in body._links), rel)
  assert.ok(!('updateImmediately' in (await world.viewer.get('/queries/default')).body._links))
})

test('the default query of a project has its work packages only', async () => {
  const { body } = await world.keeper.get(`/projects/${world.project}/queries/default?pageSize=0`)
  assert.equal(body._links.self.href, `/api/v3/projects/${world.project}/queries/default?pageSize=0`)
  assert.equal(body._links.project.href, `/api/v3/projects/${world.project}`)
  assert.match(body._links.results.href, new RegExp(`^/api/v3/projects/${world.project}/work_packages\\?`))
  assert.equal(body._links.columns.length, 6)
  assert.equal((await world.keeper.get(`/projects/${elsewhere}/queries/default`)).status, 404)
})

test('a saved query applies its filters and order, like the linked list', async () => {
  const answer = await world.keeper.get(query)
  assert.deepEqual(found(answer), [open, closed])
  const list = await world.keeper.send('GET', answer.body._links.results.href)
  assert.deepEqual(answer.body._embedded.results, list.body)
})

test('parameters change the response, but not the saved query', async () => {
  const { keeper } = world
  const answer = await keeper.get(`${query}?${filters(['status', 'c'])}&sortBy=[["subject","desc"]]&showSums=true&columns[]=id`)
  assert.deepEqual(found(answer), [closed])
  assert.deepEqual(operators(answer), ['StatusQueryFilter closed'])
  assert.equal(answer.body.sums, true)
  assert.equal(answer.body._embedded.results.totalSums.estimatedTime, 'PT3H')
  assert.deepEqual(
    answer.body._links.columns.map((column: any) => column.href),
    ['/api/v3/queries/columns/id'],
  )
  assert.match(answer.body._links.self.href, /^\/api\/v3\/queries\/\d+\?filters=/)
  assert.deepEqual(found(await keeper.get(`${query}?filters=[]&sortBy=[["id","desc"]]`)), [closed, open])
  assert.deepEqual(found(await keeper.get(query)), [open, closed])
})

test('results have pages like a list; an empty page gives the query alone', async () => {
  const none = await world.keeper.get(`${query}?pageSize=0`)
  assert.deepEqual([none.body._embedded.results.total, found(none)], [2, []])
  assert.deepEqual(found(await world.keeper.get(`${query}?pageSize=1&offset=2`)), [closed])
})

test('grouping disables hierarchies, and a request for both is rejected', async () => {
  const { keeper } = world
  const { body } = await keeper.get(`${query}?groupBy=status`)
  assert.deepEqual([body.showHierarchies, body._links.groupBy.href], [false, '/api/v3/queries/group_bys/status'])
  assert.equal(body._embedded.results.groups.length, 2)
  assert.equal((await keeper.get(`${query}?groupBy=status&showHierarchies=true`)).status, 400)
  assert.equal((await keeper.get(`${query}?groupBy=`)).body._links.groupBy.href, null)
})

test('invalid parameters are rejected, or ignored with valid_subset', async () => {
  const { keeper } = world
  const wrong = [
    filters(['nothing', '=']),
    filters(['status', '~', ['x']]),
    filters(['id', '=', [hidden]]),
    'filters=no',
    'sortBy=[["nothing","asc"]]',
    'groupBy=subject',
    'columns[]=nothing',
    'timelineZoomLevel=forever',
    'timestamps=yesterday',
  ]
  for (const one of wrong) {
    const { status, body } = await keeper.get(`${query}?${one}`)
    assert.deepEqual([status, body.errorIdentifier], [400, 'urn:openproject-org:api:v3:errors:InvalidQuery'], one)
    assert.equal((await keeper.get(`${query}?${one}&valid_subset=true`)).status, 200, one)
  }
  const both = await keeper.get(`${query}?${filters(['nothing', '='], ['neither', '='])}`)
  assert.deepEqual([both.status, both.body._embedded.errors.length], [422, 2])
  const { body } = await keeper.get(`${query}?${filters(['nothing', '='], ['status', 'c'])}&valid_subset=true`)
  assert.deepEqual(
    body.filters.map((one: any) => one._type),
    ['StatusQueryFilter'],
  )
})

test('hidden values are removed from filters and are not evaluated', async () => {
  const { server, keeper, keeperId, project } = world
  const row = await server.db.one<{ id: number }>(
    (await import('#db/dialect.ts')).insert('queries', {
      name: 'Of another',
      project_id: project,
      user_id: keeperId,
      filters: JSON.stringify([
        { name: 'id', operator: '=', values: [String(open), String(hidden)] },
        { name: 'parent', operator: '=', values: [String(hidden)] },
        { name: 'nothing', operator: '=', values: ['1'] },
      ]),
      sort_by: '["id-asc"]',
      highlighting_mode: 'inline',
      timestamps: '["PT0S"]',
      timeline_zoom_level: 'auto',
      timeline_labels: '{}',
      created_at: '2026-01-01T00:00:00.000Z',
      updated_at: '2026-01-01T00:00:00.000Z',
    }),
  )
  const answer = await keeper.get(`/queries/${row!.id}`)
  assert.deepEqual(found(answer), [open])
  assert.deepEqual(
    answer.body.filters.map((one: any) => one._links.values.map((value: any) => value.href)),
    [[`/api/v3/work_packages/${open}`]],
  )
})
