/** Copies of a project have its overview and its boards, which show the copies of its queries. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Instance, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let it: Instance
before(async () => {
  it = await instance({ seed: 'demo' })
})
after(() => it.close())

const placed = async (scope: string): Promise<any[]> => {
  const filters = JSON.stringify([{ scope: { operator: '=', values: [scope] } }])
  return (await it.admin.get(`/grids?filters=${encodeURIComponent(filters)}`)).body._embedded.elements
}

/** Copies the demo project. @param meta which parts are left out */
async function copied(identifier: string, meta: Readonly<Record<string, boolean>> = {}): Promise<number> {
  const source = await it.id('projects', 'Demo project')
  const reply = await it.admin.post(`/projects/${source}/copy`, { name: identifier, identifier, _meta: meta })
  assert.equal(reply.status, 302, reply.text)
  await runDue(it.db, { files: it.files })
  return it.id('projects', identifier)
}

test('the form tells how many there are', async () => {
  const source = await it.id('projects', 'Demo project')
  const { schema } = (await it.admin.post(`/projects/${source}/copy/form`, {})).body._embedded
  assert.deepEqual([schema.copyBoards.description, schema.copyOverview.description], ['3 objects', '1 object'])
})

test('boards and overview are copied with their widgets', async () => {
  const project = await copied('copy')
  const [overview] = await placed('/projects/copy')
  const [original] = await placed('/projects/demo-project')
  assert.deepEqual(
    overview.widgets.map((one: any) => [one.identifier, one.startRow, one.options.name]),
    original.widgets.map((one: any) => [one.identifier, one.startRow, one.options.name]),
  )
  const query = (await it.admin.get(`/queries/${overview.widgets.at(-1).options.queryId}`)).body
  assert.deepEqual([query.name, query._links.project.href], ['Milestones', `/api/v3/projects/${project}`])

  const boards = await placed('/projects/copy/boards')
  assert.deepEqual(
    boards.map((one) => one.name),
    ['Work breakdown structure', 'Basic board', 'Kanban board'],
  )
  const [list] = boards[0].widgets
  const parent = list.options.filters[0].parent.values[0]
  const task = (await it.admin.get(`/work_packages/${parent}`)).body
  assert.deepEqual(
    [task.subject, task._links.project.href],
    ['Make the ship ready for the season', `/api/v3/projects/${project}`],
  )
})

test('each can be left out; without queries a board has none', async () => {
  await copied('without-overview', { copyOverview: false })
  assert.deepEqual(
    [(await placed('/projects/without-overview')).length, (await placed('/projects/without-overview/boards')).length],
    [0, 3],
  )
  await copied('without-boards', { copyBoards: false, copyQueries: false })
  assert.equal((await placed('/projects/without-boards/boards')).length, 0)
  const [overview] = await placed('/projects/without-boards')
  assert.equal(overview.widgets.at(-1).options.queryId, null)
})
