/** The stock instance for tests of clients: users, projects, and saved queries with their views. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { filters, type Instance, instance } from '#test/instance.ts'

let halyard: Instance
before(async () => {
  halyard = await instance({ seed: 'demo' })
})
after(() => halyard.close())
const get = async (path: string) => {
  const { status, body, text } = await halyard.admin.get(path)
  assert.equal(status, 200, `${path} ${text}`)
  return body
}

test('the administrator and the projects have the names that clients expect', async () => {
  const { name, login } = await get('/users/me')
  assert.deepEqual([name, login], ['OpenProject Admin', 'admin'])
  const { elements } = (await get('/projects'))._embedded
  assert.deepEqual(elements.map((one: any) => [one.identifier, one.name, one.public]).toSorted(), [
    ['demo-project', 'Demo project', true],
    ['your-scrum-project', 'Scrum project', true],
  ])
  for (const { id } of elements) assert.ok((await get(`/projects/${id}/categories`)).total > 0)
  assert.equal((await get(`/work_packages?${filters()}`)).total, 36)
  assert.equal((await get('/time_entries')).total, 0)
})

test('relations and dates are consistent, so that saving them again moves nothing', async () => {
  const { total, _embedded } = await get('/relations')
  assert.equal(total, 7)
  for (const { type, _links } of _embedded.elements) {
    assert.equal(type, 'follows')
    const path = _links.from.href.replace('/api/v3', '')
    const { lockVersion, date, startDate, subject } = await get(path)
    const reply = await halyard.admin.patch(path, { lockVersion, subject: `${subject}.` })
    assert.deepEqual([reply.status, reply.body.date, reply.body.startDate], [200, date, startDate])
  }
})

test('each query has results, and a view of its own, except those of boards', async () => {
  const elements = (await get('/queries'))._embedded.elements.filter((one: any) => !one.hidden)
  const { elements: views } = (await get('/views'))._embedded
  const described = elements.map((one: any) => {
    const view = views.find((each: any) => each._links.query.href === one._links.self.href)
    return [one._links.project.title, one.name, view?._type, one.public, one.starred, one.timelineVisible, one.hidden]
  })
  const table = 'Views::WorkPackagesTable'
  assert.deepEqual(described, [
    ['Demo project', 'Project plan', 'Views::Gantt', true, true, true, false],
    ['Demo project', 'Milestones', 'Views::Gantt', true, false, true, false],
    ['Demo project', 'Tasks', table, true, false, false, false],
    ['Demo project', 'Team planner', 'Views::TeamPlanner', true, false, false, false],
    ['Scrum project', 'Project plan', 'Views::Gantt', true, true, true, false],
    ['Scrum project', 'Product backlog', table, true, false, false, false],
    ['Scrum project', 'Sprint 1', table, true, false, false, false],
    ['Scrum project', 'Tasks', table, true, false, false, false],
  ])
  for (const { id, name, _links } of elements) {
    const { results, ...parts } = (await get(`/queries/${id}`))._embedded
    assert.ok(results.total > 0, name)
    assert.ok(parts.columns.length > 0 && parts.sortBy.length > 0, name)
    if (_links.groupBy.href) assert.ok(results.groups.length > 1, name)
    // The API would accept the seeded data.
    const form = await halyard.admin.post(`/queries/${id}/form`)
    assert.deepEqual([form.status, form.body._embedded?.validationErrors], [200, {}], name)
    const saved = await halyard.admin.patch(`/queries/${id}`, form.body._embedded.payload)
    assert.equal(saved.status, 200, saved.text)
  }
})
