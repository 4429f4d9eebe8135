/** Parts of queries: columns, sort orders, groups, filters and operators, derived from work packages. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Scene, scene } from './scene.ts'

let world: Scene
before(async () => {
  world = await scene()
})
after(() => world.server.close())

test('columns, groups, orders, filters and operators have names', async () => {
  const { viewer } = world
  const { body: column } = await viewer.get('/queries/columns/dueDate')
  assert.deepEqual(column, {
    _type: 'QueryColumn::Property',
    id: 'dueDate',
    name: 'Finish date',
    _links: { self: { href: '/api/v3/queries/columns/dueDate', title: 'Finish date' } },
  })
  const { body: group } = await viewer.get('/queries/group_bys/status')
  assert.deepEqual([group._type, group.id, group.name], ['QueryGroupBy', 'status', 'Status'])
  const { body: sort } = await viewer.get('/queries/sort_bys/id-asc')
  assert.deepEqual([sort._type, sort.id, sort.name], ['QuerySortBy', 'id-asc', 'ID (Ascending)'])
  assert.equal(sort._links.column.href, '/api/v3/queries/columns/id')
  assert.deepEqual(sort._links.direction, { href: 'urn:openproject-org:api:v3:queries:directions:asc', title: 'Ascending' })
  const { body: filter } = await viewer.get('/queries/filters/assignee')
  assert.deepEqual([filter._type, filter.id, filter.name], ['QueryFilter', 'assignee', 'Assignee'])
  const { body: operator } = await viewer.get('/queries/operators/%21%2A')
  assert.deepEqual([operator._type, operator.id, operator.name], ['QueryOperator', '!*', 'is empty'])
  assert.equal(operator._links.self.href, '/api/v3/queries/operators/%21%2A')
})

test('every operator of a filter has a name', async () => {
  const schemas = (await world.viewer.get(`/projects/${world.project}/queries/filter_instance_schemas`)).body._embedded.elements
  const known = new Set<string>(schemas.flatMap((schema: any) => Object.keys(schema._dependencies[0].dependencies)))
  for (const schema of schemas) {
    const named = schema.operator._links.allowedValues
    assert.deepEqual(
      named.map((one: any) => one.href),
      Object.keys(schema._dependencies[0].dependencies),
    )
  }
  for (const href of known) assert.equal((await world.viewer.send('GET', href)).status, 200, href)
})

test('unknown parts are not found', async () => {
  for (const path of ['columns/description', 'group_bys/subject', 'sort_bys/parent-asc', 'filters/nothing', 'operators/%3F']) {
    assert.equal((await world.viewer.get(`/queries/${path}`)).status, 404, path)
  }
})

test('users who see no work packages anywhere get 403', async () => {
  for (const path of ['columns/id', 'filters/status', 'filter_instance_schemas', 'filter_instance_schemas/status', 'default']) {
    assert.equal((await world.stranger.get(`/queries/${path}`)).status, 403, path)
  }
})

/** The types of values by operator in the schema of a filter. */
async function valuesOf(filter: string): Promise<Record<string, string | undefined>> {
  const { body } = await world.viewer.get(`/queries/filter_instance_schemas/${filter}`)
  const byOperator: [string, any][] = Object.entries(body._dependencies[0].dependencies)
  return Object.fromEntries(
    byOperator.map(([href, { values }]) => [decodeURIComponent(href.split('/').at(-1) as string), values?.type]),
  )
}

test('the schema of a filter has the values for each operator', async () => {
  assert.deepEqual(await valuesOf('status'), { o: undefined, '=': '[]Status', c: undefined, '!': '[]Status', '*': undefined })
  assert.deepEqual(await valuesOf('assignee'), { '=': '[]User', '!': '[]User', '*': undefined, '!*': undefined })
  assert.deepEqual(await valuesOf('subject'), { '~': '[1]String', '!~': '[1]String' })
  assert.deepEqual(await valuesOf('isMilestone'), { '=': '[1]Boolean', '!': '[1]Boolean' })
  const { '=d': day, '<>d': days, 't+': ahead, t: today } = await valuesOf('startDate')
  assert.deepEqual([day, days, ahead, today], ['[1]Date', '[2]Date', '[1]Integer', undefined])
  const { '=d': instant, '<>d': instants } = await valuesOf('createdAt')
  assert.deepEqual([instant, instants], ['[1]DateTime', '[2]DateTime'])
  assert.equal((await world.viewer.get('/queries/filter_instance_schemas/nothing')).status, 404)
})

/** The filters in a list of schemas. */
const filtersIn = (body: any): string[] =>
  body._embedded.elements.map((schema: any) => schema._links.filter.href.split('/').at(-1))

test('some filters are available only in a project, with allowed values from it', async () => {
  const { viewer, project, server } = world
  const everywhere = filtersIn((await viewer.get('/queries/filter_instance_schemas')).body)
  const below = await server.make.project({ parent_id: project })
  const offered = async () => filtersIn((await viewer.get(`/projects/${project}/queries/filter_instance_schemas`)).body)
  assert.equal((await offered()).includes('subprojectId'), false)
  await server.make.member(world.viewerId, below, ['view_work_packages'])
  for (const parent of ['projects', 'workspaces']) {
    const { body } = await viewer.get(`/${parent}/${project}/queries/filter_instance_schemas`)
    const own = filtersIn(body)
    assert.deepEqual(own.filter((filter) => !everywhere.includes(filter)).toSorted(), [
      'category',
      'onlySubproject',
      'subprojectId',
    ])
    const types = body._embedded.elements[own.indexOf('type')]._dependencies[0].dependencies['/api/v3/queries/operators/%3D']
    assert.equal(types.values._links.allowedValues.href, `/api/v3/projects/${project}/types`)
  }
  assert.equal((await viewer.get(`/projects/${world.elsewhere}/queries/filter_instance_schemas`)).status, 404)
})

test('filters by relations have work packages as values; the one for candidates exists, but is not listed', async () => {
  const { body: follows } = await world.viewer.get('/queries/filter_instance_schemas/follows')
  const [{ dependencies }] = follows._dependencies
  assert.equal(dependencies['/api/v3/queries/operators/%3D'].values.type, '[]WorkPackage')
  assert.equal((await world.viewer.get('/queries/filter_instance_schemas/relatable')).status, 200)
  for (const path of ['', `/projects/${world.project}`]) {
    const { body } = await world.viewer.get(`${path}/queries/filter_instance_schemas`)
    const offered = filtersIn(body)
    assert.deepEqual([offered.includes('follows'), offered.includes('relatable')], [true, false])
  }
})
