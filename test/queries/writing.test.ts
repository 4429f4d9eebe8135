/** Creating and changing queries: stored values and validation. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { filter, link, type Scene, scene } from './scene.ts'

let world: Scene
before(async () => {
  world = await scene()
})
after(() => world.server.close())

const create = (body: object) => world.keeper.post('/queries', { name: 'One', ...body })
/** The errors of a response: attribute and identifier. */
const wrong = ({ status, body }: any) => [status, body._embedded?.details?.attribute, body.errorIdentifier?.split(':').at(-1)]

test('a query is created with the sent values, and with defaults', async () => {
  const { project, keeperId, keeper } = world
  const answer = await create({
    name: 'Mine',
    sums: true,
    starred: true,
    hidden: false,
    timestamps: ['P-1D', 'PT0S'],
    timelineLabels: { left: 'subject' },
    filters: [filter('assignee', '=', ['/users/me']), filter('isMilestone', '=', [true]), filter('status', 'o')],
    _links: {
      project: link(`projects/${project}`),
      columns: [link('queries/columns/subject'), link('queries/columns/spentTime')],
      sortBy: [link('queries/sort_bys/status-desc'), link('queries/sort_bys/id-asc')],
      groupBy: link('queries/group_bys/status'),
    },
  })
  assert.equal(answer.status, 201, answer.text)
  const { body } = answer
  assert.ok(!('results' in body._embedded))
  assert.deepEqual([body.name, body.sums, body.starred, body.hidden, body.public], ['Mine', true, true, true, false])
  assert.deepEqual([body.showHierarchies, body.timestamps, body.timelineLabels], [false, ['P-1D', 'PT0S'], { left: 'subject' }])
  assert.equal(body._links.user.href, `/api/v3/users/${keeperId}`)
  const titles = (links: any[]) => links.map((one) => one.title)
  assert.deepEqual(titles(body._links.columns), ['Subject', 'Spent time'])
  assert.deepEqual(titles(body._links.sortBy), ['Status (Descending)', 'ID (Ascending)'])
  assert.deepEqual(body._links.groupBy, { href: '/api/v3/queries/group_bys/status', title: 'Status' })
  assert.deepEqual(body.filters, [
    {
      _type: 'AssigneeQueryFilter',
      name: 'Assignee',
      _links: {
        filter: { href: '/api/v3/queries/filters/assignee', title: 'Assignee' },
        operator: { href: '/api/v3/queries/operators/%3D', title: 'is (OR)' },
        schema: { href: '/api/v3/queries/filter_instance_schemas/assignee' },
        values: [{ href: '/api/v3/users/me', title: 'me' }],
      },
    },
    {
      _type: 'IsMilestoneQueryFilter',
      name: 'Is milestone',
      values: [true],
      _links: {
        filter: { href: '/api/v3/queries/filters/isMilestone', title: 'Is milestone' },
        operator: { href: '/api/v3/queries/operators/%3D', title: 'is (OR)' },
        schema: { href: '/api/v3/queries/filter_instance_schemas/isMilestone' },
      },
    },
    {
      _type: 'StatusQueryFilter',
      name: 'Status',
      _links: {
        filter: { href: '/api/v3/queries/filters/status', title: 'Status' },
        operator: { href: '/api/v3/queries/operators/o', title: 'open' },
        schema: { href: '/api/v3/queries/filter_instance_schemas/status' },
        values: [],
      },
    },
  ])
  const { body: again } = await keeper.patch(`/queries/${body.id}`, { filters: body.filters })
  assert.deepEqual(again.filters, body.filters)
})

test('filters are replaced as a whole, and the last one of a name counts', async () => {
  const { body } = await create({ filters: [filter('status', 'o'), filter('subject', '~', ['a'])] })
  const sent = { filters: [filter('subject', '~', ['b']), filter('subject', '~', ['c'])] }
  const changed = (await world.keeper.patch(`/queries/${body.id}`, sent)).body
  assert.deepEqual(
    changed.filters.map((one: any) => [one._type, one.values]),
    [['SubjectQueryFilter', ['c']]],
  )
  assert.deepEqual((await world.keeper.patch(`/queries/${body.id}`, { filters: [] })).body.filters, [])
})

test('a name is required, with a limited length', async () => {
  assert.deepEqual(wrong(await create({ name: ' ' })), [422, 'name', 'PropertyConstraintViolation'])
  assert.deepEqual(wrong(await create({ name: 'x'.repeat(256) })), [422, 'name', 'PropertyConstraintViolation'])
})

test('filters that a list would reject are rejected', async () => {
  const { server, elsewhere } = world
  const hidden = await server.make.workPackage({ project_id: elsewhere })
  const refused = [
    filter('nothing', '='),
    filter('status', '~', ['x']),
    filter('subject', '~', []),
    filter('id', '=', [`/work_packages/${hidden}`]),
  ]
  for (const one of refused) {
    assert.deepEqual(
      wrong(await create({ filters: [one] })),
      [422, 'filters', 'PropertyConstraintViolation'],
      JSON.stringify(one),
    )
  }
  assert.deepEqual(wrong(await create({ filters: [filter('status', '=', ['/users/1'])] })), [
    422,
    'filters',
    'PropertyFormatError',
  ])
  assert.deepEqual(wrong(await create({ filters: [{ values: ['1'] }] })), [400, undefined, 'InvalidRequestBody'])
  assert.deepEqual(wrong(await create({ filters: 'none' })), [422, 'filters', 'PropertyFormatError'])
})

test('columns, orders and groups must exist', async () => {
  for (const [name, value] of [
    ['columns', [link('queries/columns/nothing')]],
    ['sortBy', [link('queries/sort_bys/parent-asc')]],
    ['groupBy', link('queries/group_bys/subject')],
    ['highlightedAttributes', [link('queries/columns/subject')]],
  ] as const) {
    assert.deepEqual(wrong(await create({ _links: { [name]: value } })), [422, name, 'PropertyConstraintViolation'])
  }
  assert.deepEqual(wrong(await create({ timelineZoomLevel: 'forever' })), [
    422,
    'timelineZoomLevel',
    'PropertyConstraintViolation',
  ])
  assert.deepEqual(wrong(await create({ highlightingMode: 'loud' })), [422, 'highlightingMode', 'PropertyConstraintViolation'])
  assert.deepEqual(wrong(await create({ timestamps: ['yesterday'] })), [422, 'timestamps', 'PropertyFormatError'])
})

test('at most three orders are stored', async () => {
  const sorts = ['id', 'subject', 'status', 'type'].map((column) => link(`queries/sort_bys/${column}-asc`))
  const { body } = await create({ _links: { sortBy: sorts } })
  assert.deepEqual(
    body._links.sortBy.map((one: any) => one.title),
    ['ID (Ascending)', 'Subject (Ascending)', 'Status (Ascending)'],
  )
})

test('hierarchies and grouping exclude each other', async () => {
  const sent = { showHierarchies: true, _links: { groupBy: link('queries/group_bys/type') } }
  assert.deepEqual(wrong(await create(sent)), [422, 'showHierarchies', 'PropertyConstraintViolation'])
})

test('a form has the allowed values, and the validation errors', async () => {
  const { body } = await world.keeper.post('/queries/form', { name: 'New' })
  const { schema, payload, validationErrors } = body._embedded
  assert.deepEqual(validationErrors, {})
  assert.deepEqual(body._links.commit, { href: '/api/v3/queries', method: 'post' })
  assert.equal(payload.name, 'New')
  assert.equal(schema.filters.type, '[]QueryFilterInstance')
  assert.equal(schema.filters._links.allowedValuesSchemas.href, '/api/v3/queries/filter_instance_schemas')
  assert.equal(schema._embedded.filtersSchemas._links.self.href, '/api/v3/queries/filter_instance_schemas')
  const chosen = (name: string) => schema[name]._embedded.allowedValues.map((one: any) => one.id)
  assert.ok(chosen('columns').includes('spentTime') && !chosen('columns').includes('description'))
  assert.ok(chosen('sortBy').includes('dueDate-desc'))
  assert.ok(chosen('groupBy').includes('assignee') && !chosen('groupBy').includes('subject'))
  assert.deepEqual(chosen('highlightedAttributes').toSorted(), ['dueDate', 'priority', 'status'])
  assert.equal(schema.project._links.allowedValues.href, '/api/v3/queries/available_projects')
  const nameless = await world.keeper.post('/queries/form')
  assert.deepEqual(Object.keys(nameless.body._embedded.validationErrors), ['name'])
  assert.ok(!('commit' in nameless.body._links))
})

test('a schema at its own address has a self link, and no allowed values', async () => {
  const { viewer, project } = world
  for (const path of ['/queries/schema', `/projects/${project}/queries/schema`]) {
    const { body } = await viewer.get(path)
    assert.equal(body._links.self.href, `/api/v3${path}`)
    assert.deepEqual(body.columns._links, {})
    assert.equal(body.results.type, 'WorkPackageCollection')
  }
  const { body } = await viewer.get(`/projects/${project}/queries/schema`)
  const schemas = `/api/v3/projects/${project}/queries/filter_instance_schemas`
  assert.equal(body.filters._links.allowedValuesSchemas.href, schemas)
})
