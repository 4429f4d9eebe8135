/** The overviews and boards of the demo projects. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Instance, instance } from '#test/instance.ts'

let it: Instance
before(async () => {
  it = await instance({ seed: 'demo' })
})
after(() => it.close())

const get = async (path: string) => (await it.admin.get(path)).body
const placed = async (scope: string): Promise<any[]> =>
  (await get(`/grids?filters=${encodeURIComponent(JSON.stringify([{ scope: { operator: '=', values: [scope] } }]))}`))._embedded
    .elements

test('each project has an overview, that of the demo project with six rows', async () => {
  const [overview] = await placed('/projects/demo-project')
  assert.deepEqual([overview.rowCount, overview.columnCount], [6, 2])
  assert.deepEqual(
    overview.widgets.map((one: any) => one.identifier),
    [
      ...['custom_text', 'custom_text', 'project_status', 'project_description', 'members'],
      ...['work_packages_overview', 'work_packages_table'],
    ],
  )
  const { queryId } = overview.widgets.at(-1).options
  assert.equal((await get(`/queries/${queryId}`)).name, 'Milestones')
  assert.equal((await placed('/projects/your-scrum-project')).length, 1)
  assert.equal((await placed('/my/page')).length, 0)
})

test('boards have a hidden query for each list', async () => {
  const boards = [...(await placed('/projects/demo-project/boards')), ...(await placed('/projects/your-scrum-project/boards'))]
  const described = []
  for (const { name, options, columnCount, widgets } of boards) {
    const queries = await Promise.all(widgets.map((one: any) => get(`/queries/${one.options.queryId}`)))
    assert.ok(queries.every((one) => one.hidden && one.public))
    assert.equal(columnCount, queries.length)
    described.push([name, options.type, options.attribute, queries.map((one) => [one.name, one._embedded.results.total])])
  }
  assert.deepEqual(described, [
    [
      'Work breakdown structure',
      ...['action', 'subtasks'],
      [
        ['Make the ship ready for the season', 4],
        ['Renew the running rigging', 3],
      ],
    ],
    [
      'Basic board',
      'free',
      undefined,
      [
        ['Wishes', 1],
        ['Short list', 2],
        ['This week', 2],
        ['Never', 0],
      ],
    ],
    [
      'Kanban board',
      'action',
      'status',
      [
        ['New', 4],
        ['In progress', 4],
        ['Closed', 3],
        ['Rejected', 0],
      ],
    ],
    [
      'Task board',
      'free',
      undefined,
      [
        ['To do', 1],
        ['Doing', 1],
        ['Done', 1],
      ],
    ],
    [
      'Kanban board',
      'action',
      'status',
      [
        ['New', 8],
        ['In progress', 6],
        ['Closed', 1],
        ['Rejected', 0],
      ],
    ],
  ])
})

test('a grid can be saved as it is', async () => {
  for (const { id } of (await get('/grids?pageSize=100'))._embedded.elements) {
    const form = await it.admin.post(`/grids/${id}/form`)
    assert.deepEqual([form.status, form.body._embedded?.validationErrors], [200, {}])
    const before = (await get(`/grids/${id}`)).widgets
    const saved = await it.admin.patch(`/grids/${id}`, form.body._embedded.payload)
    assert.deepEqual([saved.status, saved.body.widgets], [200, before])
  }
})
