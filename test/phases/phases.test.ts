/** Phases of projects: defined by administrators, selected and dated by projects, and given to work packages. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance, type Reply } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let it: Instance
let project: number
let other: number
let planner: Client
let editor: Client
let member: Client
let stranger: Client
/** The ids of the seeded definitions, in their order. */
let definitions: readonly number[]
before(async () => {
  it = await instance()
  project = await it.make.project()
  other = await it.make.project()
  const work = ['view_work_packages', 'add_work_packages', 'edit_work_packages', 'move_work_packages']
  const edit = ['view_project_phases', 'edit_project_phases']
  const people = await Promise.all([1, 2, 3, 4].map(() => it.make.user()))
  const [one, two, three, four] = people as [number, number, number, number]
  for (const place of [project, other]) {
    await it.make.member(one, place, [...work, ...edit, 'select_project_phases', 'manage_subtasks'])
    await it.make.member(two, place, [...work, ...edit])
  }
  await it.make.member(three, project, [...work, 'view_project_phases'])
  await it.make.member(four, project, work)
  ;[planner, editor, member, stranger] = await Promise.all([it.as(one), it.as(two), it.as(three), it.as(four)])
  definitions = ids(await planner.get(`/project_phase_definitions?sortBy=${encodeURIComponent('[["position","asc"]]')}`))
})
after(() => it.close())

const link = (path: string, id: number | null) => ({ href: id === null ? null : `/api/v3/${path}/${id}` })
const phase = (definition: number, more: object = {}, of = project) => ({
  ...more,
  _links: { project: link('projects', of), definition: link('project_phase_definitions', definitions[definition] as number) },
})
const message = ({ body }: Reply): string => body.message

test('an instance starts with four definitions, which those read who see or select phases somewhere', async () => {
  const { body } = await planner.get('/project_phase_definitions')
  assert.deepEqual(
    body._embedded.elements.map(({ name, startGateName }: any) => [name, startGateName]),
    [
      ['Initiating', null],
      ['Planning', 'Ready for Planning'],
      ['Executing', 'Ready for Executing'],
      ['Closing', 'Ready for Closing'],
    ],
  )
  assert.deepEqual([body.pageSize, body.offset], [20, 1])
  const [first] = definitions
  const { _links, startGate, finishGate, ...one } = (await member.get(`/project_phase_definitions/${first}`)).body
  assert.deepEqual(
    [one._type, startGate, finishGate, _links],
    [
      'ProjectPhaseDefinition',
      false,
      false,
      { self: { href: `/api/v3/project_phase_definitions/${first}`, title: 'Initiating' } },
    ],
  )
  assert.equal((await stranger.get('/project_phase_definitions')).status, 403)
  assert.equal((await stranger.get(`/project_phase_definitions/${first}`)).status, 403)
})

test('only administrators define phases', async () => {
  const body = { name: 'Mooring', color: '#1A67A3', startGate: true }
  assert.equal((await planner.post('/project_phase_definitions', body)).status, 403)
  const faults = async (more: object) => message(await it.admin.post('/project_phase_definitions', { ...body, ...more }))
  assert.equal(await faults({}), "Start gate name can't be blank.")
  assert.equal(await faults({ startGate: false, color: 'red' }), 'Color is not a colour such as #1A67A3.')
  assert.equal(await faults({ startGate: false, name: 'planning' }), 'Name has already been taken.')
  const made = await it.admin.post('/project_phase_definitions', { ...body, startGateName: 'In harbour' })
  assert.deepEqual([made.status, made.body.position], [201, 5])
  const { id } = made.body
  const renamed = await it.admin.patch(`/project_phase_definitions/${id}`, { name: 'Docking', position: 1 })
  assert.deepEqual([renamed.body.name, renamed.body.position], ['Docking', 1])
  assert.equal((await it.admin.delete(`/project_phase_definitions/${id}`)).status, 204)
})

test('a project selects its phases, each definition once', async () => {
  assert.equal((await editor.post('/project_phases', phase(0))).status, 403, 'it takes select_project_phases')
  const { status, body } = await planner.post('/project_phases', phase(0))
  assert.deepEqual([status, body._type, body.name, body.active], [201, 'ProjectPhase', 'Initiating', true])
  assert.deepEqual(body._links.self, { href: `/api/v3/project_phases/${body.id}`, title: 'Initiating' })
  assert.equal(body._links.project.href, `/api/v3/projects/${project}`)
  assert.equal(body._links.definition.title, 'Initiating')
  assert.equal(message(await planner.post('/project_phases', phase(0))), 'Definition is a phase of the project already.')
  assert.equal((await member.get(`/project_phases/${body.id}`)).status, 200)
  assert.equal((await stranger.get(`/project_phases/${body.id}`)).status, 404)
  assert.deepEqual(ids(await member.get(`/project_phases?${filters(['project', '=', [project]])}`)), [body.id])
})

test('dates are written by those who edit phases, the selection by those who select them', async () => {
  const { id } = (await planner.post('/project_phases', phase(0, {}, other))).body
  const address = `/project_phases/${id}`
  const dated = await editor.patch(address, { startDate: '2031-03-03', finishDate: '2031-03-07' })
  assert.deepEqual([dated.body.startDate, dated.body.finishDate], ['2031-03-03', '2031-03-07'])
  assert.equal((await editor.patch(address, { active: false })).body.errorIdentifier.split(':').at(-1), 'PropertyIsReadOnly')
  assert.equal((await planner.patch(address, { active: false })).body.active, false)
})

test('dates are working days, in order, and apart from the phases around', async () => {
  const place = await it.make.project()
  const make = async (definition: number, dates: object) => it.admin.post('/project_phases', phase(definition, dates, place))
  assert.equal((await make(0, { startDate: '2031-03-03', finishDate: '2031-03-07' })).status, 201)
  assert.equal((await make(2, { startDate: '2031-03-24' })).status, 201)
  const faults = async (dates: object) => message(await make(1, dates))
  assert.equal(await faults({ startDate: '2031-03-08' }), 'Start date cannot be a non-working day.')
  assert.equal(
    await faults({ startDate: '2031-03-12', finishDate: '2031-03-11' }),
    'Finish date must not be before the start date.',
  )
  assert.equal(
    await faults({ startDate: '2031-03-07' }),
    'Start date must be after 2031-03-07, the last day of the phase before.',
  )
  assert.equal(
    await faults({ finishDate: '2031-03-24' }),
    'Finish date must be before 2031-03-24, the first day of the phase after.',
  )
  assert.equal((await make(1, { startDate: '2031-03-10', finishDate: '2031-03-21' })).status, 201)
})

const task = async (client: Client, more: object = {}, links: object = {}) =>
  client.post('/work_packages', {
    subject: 'A task',
    ...more,
    _links: { project: link('projects', project), ...links },
  })

test('a work package is in an active phase of its project', async () => {
  const { id } = (await planner.post('/project_phases', phase(1))).body
  const made = await task(member, {}, { projectPhase: link('project_phases', id) })
  assert.equal(made.status, 201)
  assert.deepEqual(made.body._links.projectPhase, { href: `/api/v3/project_phases/${id}`, title: 'Planning' })
  assert.deepEqual(made.body._links.projectPhaseDefinition, {
    href: `/api/v3/project_phase_definitions/${definitions[1]}`,
    title: 'Planning',
  })
  assert.equal(made.body._embedded.projectPhase.id, id)
  const address = `/work_packages/${made.body.id}`

  const hidden = (await stranger.get(address)).body
  assert.equal('projectPhase' in hidden._links, false)
  assert.equal(hidden._links.projectPhaseDefinition, undefined)
  assert.equal('projectPhase' in hidden._embedded, false)

  await planner.patch(`/project_phases/${id}`, { active: false })
  const closed = (await member.get(address)).body
  assert.deepEqual([closed._links.projectPhase, closed._links.projectPhaseDefinition], [{ href: null }, { href: null }])
  assert.equal('projectPhase' in closed._embedded, false)
  assert.equal(message(await task(member, {}, { projectPhase: link('project_phases', id) })), 'Project phase does not exist.')
  await planner.patch(`/project_phases/${id}`, { active: true })
  assert.equal((await member.get(address)).body._links.projectPhase.title, 'Planning')
})

test('the form offers the active phases in their order; without any, work packages have no phase', async () => {
  const form = await member.post('/work_packages/form', { _links: { project: link('projects', project) } })
  const { projectPhase } = form.body._embedded.schema
  assert.deepEqual([projectPhase.type, projectPhase.required, projectPhase.writable], ['ProjectPhase', false, true])
  assert.deepEqual(
    projectPhase._links.allowedValues.map((one: any) => one.title),
    ['Initiating', 'Planning'],
  )
  assert.deepEqual(projectPhase.attributeGroup, 'Details')
  const bare = await it.make.project()
  const none = await it.admin.post('/work_packages', { subject: 'Bare', _links: { project: link('projects', bare) } })
  assert.equal('projectPhase' in none.body._links, false)
  const schema = await it.admin.get(none.body._links.schema.href.replace('/api/v3', ''))
  assert.equal('projectPhase' in schema.body, false)
})

test('work packages are filtered by the definition and grouped by the phase', async () => {
  const place = await it.make.project()
  const phases: number[] = []
  for (const definition of [2, 0]) phases.push((await it.admin.post('/project_phases', phase(definition, {}, place))).body.id)
  const [late, early] = phases as [number, number]
  const make = async (of: number | null) =>
    (
      await it.admin.post('/work_packages', {
        subject: 'One',
        _links: { project: link('projects', place), projectPhase: link('project_phases', of) },
      })
    ).body.id
  const [inLate, inEarly, inNone] = [await make(late), await make(early), await make(null)]
  const list = async (operator: string, ...values: number[]) =>
    ids(await it.admin.get(`/projects/${place}/work_packages?${filters(['projectPhaseDefinition', operator, values])}`)).toSorted(
      (a, b) => a - b,
    )
  assert.deepEqual(await list('=', definitions[2] as number), [inLate])
  assert.deepEqual(await list('!', definitions[2] as number), [inEarly, inNone])
  assert.deepEqual(await list('*'), [inLate, inEarly])
  assert.deepEqual(await list('!*'), [inNone])
  const { body } = await it.admin.get(`/projects/${place}/work_packages?groupBy=projectPhase`)
  assert.deepEqual(
    body.groups.map(({ value, count, _links }: any) => [value, count, _links.valueLink.map((one: any) => one.href)]),
    [
      ['Initiating', 1, [`/api/v3/project_phases/${early}`]],
      ['Executing', 1, [`/api/v3/project_phases/${late}`]],
      [null, 1, []],
    ],
  )
  await it.admin.patch(`/project_phases/${late}`, { active: false })
  assert.deepEqual(await list('*'), [inEarly])
  const groups = (await it.admin.get(`/projects/${place}/work_packages?groupBy=projectPhase`)).body.groups
  assert.deepEqual(
    groups.map(({ value, count }: any) => [value, count]),
    [
      ['Initiating', 1],
      [null, 2],
    ],
  )
})

test('a moved work package stays in the phase where the other project has it, and so do those below it', async () => {
  const [from, to] = [await it.make.project(), await it.make.project()]
  const make = async (definition: number, of: number) =>
    (await it.admin.post('/project_phases', phase(definition, {}, of))).body.id
  const [first, second] = [await make(0, from), await make(1, from)]
  const there = await make(0, to)
  const work = async (of: number, parent: number | null) =>
    (
      await it.admin.post('/work_packages', {
        subject: 'One',
        _links: {
          project: link('projects', from),
          projectPhase: link('project_phases', of),
          parent: link('work_packages', parent),
        },
      })
    ).body.id
  const top = await work(first, null)
  const [same, lost] = [await work(first, top), await work(second, top)]
  const { lockVersion } = (await it.admin.get(`/work_packages/${top}`)).body
  const moved = await it.admin.patch(`/work_packages/${top}`, { lockVersion, _links: { project: link('projects', to) } })
  assert.equal(moved.body._links.projectPhase.href, `/api/v3/project_phases/${there}`)
  const phaseOf = async (id: number) => (await it.admin.get(`/work_packages/${id}`)).body._links.projectPhase.href
  assert.deepEqual([await phaseOf(same), await phaseOf(lost)], [`/api/v3/project_phases/${there}`, null])
})

test('a copied project has its own phases, which the copied work packages are in', async () => {
  const from = await it.make.project()
  const dates = { startDate: '2031-03-03', finishDate: '2031-03-07' }
  const original = (await it.admin.post('/project_phases', phase(0, dates, from))).body.id
  await it.admin.post('/work_packages', {
    subject: 'Copied',
    _links: { project: link('projects', from), projectPhase: link('project_phases', original) },
  })
  const copied = async (more: object) => {
    const name = `Copy ${JSON.stringify(more)}`
    assert.equal((await it.admin.post(`/projects/${from}/copy`, { name, _meta: more })).status, 302)
    await runDue(it.db, { files: it.files })
    const id = await it.id('projects', name)
    const phases = (await it.admin.get(`/project_phases?${filters(['project', '=', [id]])}`)).body._embedded.elements
    const [task] = (await it.admin.get(`/projects/${id}/work_packages`)).body._embedded.elements
    return { phases, task }
  }
  const { phases, task: one } = await copied({})
  assert.deepEqual(
    phases.map(({ name, startDate, finishDate }: any) => [name, startDate, finishDate]),
    [['Initiating', '2031-03-03', '2031-03-07']],
  )
  assert.equal(one._links.projectPhase.href, `/api/v3/project_phases/${phases[0].id}`)
  const without = await copied({ copyPhases: false })
  assert.deepEqual([without.phases, 'projectPhase' in without.task._links], [[], false])
})

test('when a definition goes, its phases go, and work packages are in none', async () => {
  const definition = (await it.admin.post('/project_phase_definitions', { name: 'Passing' })).body.id
  const links = { project: link('projects', project), definition: link('project_phase_definitions', definition) }
  const { id } = (await planner.post('/project_phases', { _links: links })).body
  const made = (await task(member, {}, { projectPhase: link('project_phases', id) })).body
  assert.equal((await it.admin.delete(`/project_phase_definitions/${definition}`)).status, 204)
  assert.equal((await planner.get(`/project_phases/${id}`)).status, 404)
  assert.deepEqual((await member.get(`/work_packages/${made.id}`)).body._links.projectPhase, { href: null })
})
