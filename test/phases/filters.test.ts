/** Projects found and put in order by the dates of their phases and gates, as far as the viewer sees these. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

let it: Instance
/** Projects with planning in spring, in autumn, without dates, without phases, and with one that the planner does not see. */
let [spring, autumn, undated, none, hidden]: number[] = []
let planner: Client
let stranger: Client
let planning: number
let closing: number
before(async () => {
  it = await instance()
  const projects: number[] = []
  for (let i = 0; i < 5; i++) projects.push(await it.make.project())
  ;[spring, autumn, undated, none, hidden] = projects
  const [one, two] = [await it.make.user(), await it.make.user()]
  for (const project of projects) {
    await it.make.member(one, project, project === hidden ? [] : ['view_project_phases'])
    await it.make.member(two, project, [])
  }
  ;[planner, stranger] = [await it.as(one), await it.as(two)]
  planning = await it.id('project_phase_definitions', 'Planning')
  closing = await it.id('project_phase_definitions', 'Closing')
  const phase = (
    project_id: number | undefined,
    definition_id: number,
    start: string | null,
    finish: string | null,
    active = true,
  ) => {
    const dates = { start_date: start, finish_date: finish }
    const now = new Date().toISOString()
    const row = { project_id, definition_id, active, ...dates, created_at: now, updated_at: now }
    return it.make.row('project_phases', row, 'projects')
  }
  await phase(spring, planning, '2031-03-03', '2031-05-30')
  await phase(spring, closing, '2031-08-04', '2031-08-08')
  await phase(autumn, planning, '2031-09-01', '2031-11-28')
  await phase(autumn, closing, '2031-04-07', '2031-04-11', false)
  await phase(undated, planning, null, null)
  await phase(hidden, planning, '2031-03-03', '2031-05-30')
})
after(() => it.close())

const found = async (client: Client, filter: string, operator: string, values: string[] = []) =>
  ids(await client.get(`/projects?${filters([filter, operator, values])}&pageSize=-1`)).sort((a, b) => a - b)

test('a phase is found on each of its days, and between days of which it has any', async () => {
  const filter = `project_phase_${planning}`
  for (const day of ['2031-03-03', '2031-04-15', '2031-05-30'])
    assert.deepEqual(await found(planner, filter, '=d', [day]), [spring], day)
  for (const day of ['2031-03-02', '2031-05-31']) assert.deepEqual(await found(planner, filter, '=d', [day]), [], day)
  assert.deepEqual(await found(planner, filter, '<>d', ['2031-05-30', '2031-09-01']), [spring, autumn])
  assert.deepEqual(await found(planner, filter, '<>d', ['2031-06-01', '']), [autumn])
  assert.deepEqual(await found(planner, filter, '!*'), [undated, none])
})

test('any phase counts that is active, and the one of its definition', async () => {
  assert.deepEqual(await found(planner, 'project_phase_any', '<>d', ['2031-08-01', '2031-09-30']), [spring, autumn])
  assert.deepEqual(await found(planner, `project_phase_${closing}`, '<>d', ['2031-04-01', '2031-09-30']), [spring])
})

test('a gate has the date at its end of the phase, and exists where its definition has it', async () => {
  const gate = `project_start_gate_${planning}`
  assert.deepEqual(await found(planner, gate, '=d', ['2031-03-03']), [spring])
  assert.deepEqual(await found(planner, gate, '=d', ['2031-03-04']), [])
  assert.deepEqual(await found(planner, gate, '!*'), [undated, none])
  const missing = `project_finish_gate_${planning}`
  const asked = `/projects?${filters([missing, '!*'])}`
  assert.equal((await planner.get(asked)).body.message, `${missing} filter does not exist.`)
  const change = { finishGate: true, finishGateName: 'Planned' }
  assert.equal((await it.admin.patch(`/project_phase_definitions/${planning}`, change)).status, 200)
  assert.deepEqual(await found(planner, missing, '=d', ['2031-11-28']), [autumn])
})

test('projects are sorted by the start of a phase; those whose phases are hidden are like those without', async () => {
  const order = async (direction: string, client = planner) =>
    ids(await client.get(`/projects?sortBy=${encodeURIComponent(JSON.stringify([[`project_phase_${planning}`, direction]]))}`))
  assert.deepEqual((await order('asc')).slice(0, 2), [spring, autumn])
  assert.deepEqual((await order('desc')).slice(-2), [autumn, spring])
  assert.deepEqual(await order('asc', stranger), await order('desc', stranger))
})

test('who sees no phases has none of these filters; who sees those of some projects finds no others', async () => {
  for (const filter of ['project_phase_any', `project_phase_${planning}`, `project_start_gate_${planning}`]) {
    const { status, body } = await stranger.get(`/projects?${filters([filter, '=d', ['2031-03-03']])}`)
    assert.deepEqual([status, body.message], [400, `${filter} filter does not exist.`])
    assert.ok(!(await found(planner, filter, '!*')).includes(hidden as number))
    assert.deepEqual(await found(it.admin, filter, '=d', ['2031-03-03']), [spring, hidden])
  }
})
