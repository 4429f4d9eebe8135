/** Sixty kinds of behaviour of work packages that clients rely on and that are easily implemented incorrectly. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate as raise } from '#kernel/cache.ts'
import { filters, type Reply } from '#test/instance.ts'
import { changed, created, errors, kind, link, scene } from '../work-packages/scene.ts'

const it = await scene()
const { admin, project, member, reader, stranger, make } = it

/** Tests of lists create work packages in a project of their own; other tests share one. */
const add = (body: object = {}, links: object = {}, client = admin): Promise<any> =>
  created(client, project, { ...body, _links: links })
const now = async (id: number, client = admin) => (await client.get(`/work_packages/${id}`)).body
const change = async (id: number, body: Record<string, unknown>, client = admin) => {
  const reply = await changed(client, id, body)
  assert.equal(reply.status, 200, reply.text)
  return reply.body
}
const wp = (id: number) => link('work_packages', id)
const under = (parent: number, body: object = {}) => add(body, { parent: wp(parent) })
const relate = (from: number, type: string, to: number, more: object = {}, client = admin) =>
  client.post(`/work_packages/${from}/relations`, { type, ...more, _links: { to: wp(to) } })
const follow = async (from: number, to: number, lag = 0): Promise<any> => {
  const reply = await relate(from, 'follows', to, { lag })
  assert.equal(reply.status, 201, reply.text)
  return reply.body
}
/** From Monday, 3 March 2031, to Friday, 7 March 2031. */
const [MON, TUE, WED, THU, FRI] = ['2031-03-03', '2031-03-04', '2031-03-05', '2031-03-06', '2031-03-07']
const [SAT, NEXT_MON, NEXT_TUE] = ['2031-03-08', '2031-03-10', '2031-03-11']
const from = (startDate: string, dueDate = startDate) => ({ startDate, dueDate })
const dates = async (id: number) => {
  const { startDate, dueDate, duration } = await now(id)
  return [startDate, dueDate, duration]
}
const milestone = async () => ({ type: link('types', await it.types('Milestone')) })
const status = async (name: string) => ({ status: link('statuses', await it.statuses(name)) })
const titles = (entries: any[]) => entries.map((entry) => entry.title ?? entry.name)
const list = async (query: string, client = admin): Promise<Reply> => {
  const reply = await client.get(query)
  assert.equal(reply.status, 200, reply.text)
  return reply
}
const subjects = async (query: string) =>
  (await list(query)).body._embedded.elements
    .map((one: any) => one.subject)
    .sort()
    .join(' ')
/** A project with work packages of these subjects. */
const filled = async (rows: Record<string, Record<string, unknown>>, values: Record<string, unknown> = {}) => {
  const id = await make.project(values)
  const made: Record<string, number> = {}
  for (const [subject, row] of Object.entries(rows)) made[subject] = await make.workPackage({ project_id: id, subject, ...row })
  return { id, made, at: `/projects/${id}/work_packages` }
}

test('1. a change without a lock version is a conflict, like one with a stale version', async () => {
  const { id } = await add()
  await change(id, { subject: 'Changed' })
  for (const body of [{ subject: 'No version' }, { subject: 'Old version', lockVersion: 0 }]) {
    const reply = await admin.patch(`/work_packages/${id}`, body)
    assert.equal(reply.status, 409)
    assert.equal(kind(reply.body), 'UpdateConflict')
  }
})

test('2. errors in order: hidden (404), without permission (403), conflict (409), validation', async () => {
  const { id } = await add()
  const wrong = { lockVersion: 99, subject: '', percentageDone: 1000 }
  assert.equal((await stranger.client.patch(`/work_packages/${id}`, wrong)).status, 404)
  assert.equal((await reader.client.patch(`/work_packages/${id}`, wrong)).status, 403)
  const conflict = await member.client.patch(`/work_packages/${id}`, wrong)
  assert.equal(conflict.status, 409)
  assert.equal(conflict.body._embedded, undefined)
})

test('3. a milestone has a date in place of start and due date; all others have no date', async () => {
  const keys = (one: any) => ['startDate', 'dueDate', 'duration', 'derivedStartDate', 'date'].filter((key) => key in one)
  assert.deepEqual(keys(await add({ date: MON }, await milestone())), ['date'])
  assert.deepEqual(keys(await add()), ['startDate', 'dueDate', 'duration', 'derivedStartDate'])
})

test('4. without children the link is absent, while ancestors are an empty list', async () => {
  const one = await add()
  assert.equal('children' in one._links, false)
  assert.deepEqual(one._links.ancestors, [])
})
test('4. custom actions are an empty list too', async () => {
  assert.deepEqual((await add())._links.customActions, [])
})

test('5. a hidden parent is represented like no parent', async () => {
  const hidden = await make.workPackage({ project_id: await make.project(), subject: 'Secret' })
  const { id } = await under(hidden)
  assert.equal((await now(id))._links.parent.title, 'Secret')
  assert.deepEqual((await now(id, reader.client))._links.parent, { href: null })
})

test('6. hours are represented in days of 24 hours', async () => {
  const { estimatedTime } = await add({ estimatedTime: 'PT40H' })
  assert.equal(estimatedTime, 'P1DT16H')
})

test('7. a duration in hours is truncated to whole days', async () => {
  assert.equal((await add({ duration: 'PT30H' })).duration, 'P1D')
})

test('8. dates on a weekend move to the next working day, unless non-working days are ignored', async () => {
  assert.deepEqual(await dates((await add(from(SAT, SAT))).id), [NEXT_MON, NEXT_MON, 'P1D'])
  assert.deepEqual(await dates((await add({ ...from(SAT, SAT), ignoreNonWorkingDays: true })).id), [SAT, SAT, 'P1D'])
})

test('9. an omitted date is not the same as null', async () => {
  const { id } = await add(from(MON, FRI))
  await change(id, { startDate: null })
  assert.deepEqual(await dates(id), [null, FRI, null])
  await it.setting('work_package_startdate_is_adddate', true)
  const today = new Date().toISOString().slice(0, 10)
  assert.equal((await add({ ignoreNonWorkingDays: true })).startDate, today)
  assert.equal((await add({ ignoreNonWorkingDays: true, startDate: null })).startDate, null)
  await it.setting('work_package_startdate_is_adddate', false)
})

test('10. of duration, due date and start, the first that was not sent is derived from the others', async () => {
  const after = async (body: object) => {
    const { id } = await add(from(MON, WED))
    await change(id, { ...body })
    return dates(id)
  }
  assert.deepEqual(await after({ dueDate: THU }), [MON, THU, 'P4D'])
  assert.deepEqual(await after({ startDate: TUE }), [TUE, WED, 'P2D'])
  assert.deepEqual(await after({ duration: 'P5D' }), [MON, FRI, 'P5D'])
  assert.deepEqual(await after({ dueDate: THU, duration: 'P1D' }), [THU, THU, 'P1D'])
})

test('11. a lag is counted in working days, even if non-working days are ignored', async () => {
  const before = await add(from(FRI))
  const after = await add({ ...from(MON), ignoreNonWorkingDays: true })
  await follow(after.id, before.id, 1)
  assert.equal((await now(after.id)).startDate, NEXT_TUE)
})

test('12. an automatic successor moves to an earlier day with its predecessor', async () => {
  const [before, after] = [await add(from(THU)), await add(from(MON))]
  await follow(after.id, before.id)
  assert.equal((await now(after.id)).startDate, FRI)
  await change(before.id, from(MON))
  assert.equal((await now(after.id)).startDate, TUE)
})

test('13. the first predecessor makes a work package automatic, and the removal of the last one manual', async () => {
  const [before, after] = [await add(from(MON)), await add(from(MON))]
  const { id } = await follow(after.id, before.id)
  assert.equal((await now(after.id)).scheduleManually, false)
  assert.equal((await admin.delete(`/relations/${id}`)).status, 204)
  assert.equal((await now(after.id)).scheduleManually, true)
})

test('14. the first child makes its parent automatic', async () => {
  const parent = await add()
  await under(parent.id)
  assert.equal((await now(parent.id)).scheduleManually, false)
})

test('15. a parent spans all dates of its descendants, starts and due dates alike', async () => {
  const parent = await add()
  const child = await under(parent.id, { startDate: null, dueDate: TUE })
  await under(child.id, { startDate: WED, dueDate: null })
  await under(parent.id, { startDate: null, dueDate: MON })
  const [start, due] = await dates(parent.id)
  assert.deepEqual([start, due], [MON, WED])
})

test('16. the dates of an automatic parent cannot be written', async () => {
  const parent = await add()
  await under(parent.id, from(MON))
  const reply = await changed(admin, parent.id, { startDate: TUE })
  assert.equal(reply.status, 422)
  assert.equal(kind(reply.body), 'PropertyIsReadOnly')
  assert.equal(reply.body._embedded.details.attribute, 'startDate')
})

test('17. the predecessors of ancestors apply to descendants, up to a manually scheduled one', async () => {
  const before = await add(from(WED))
  const top = await add()
  await follow(top.id, before.id)
  const automatic = await under(top.id, { scheduleManually: false })
  assert.equal((await now(automatic.id)).scheduleManually, false)
  const byHand = await under(top.id, { scheduleManually: true })
  const reply = await admin.post('/work_packages', {
    subject: 'Below',
    scheduleManually: false,
    _links: { project: link('projects', project), parent: wp(byHand.id) },
  })
  assert.equal(reply.status, 422)
  assert.equal(reply.body._embedded.details.attribute, 'scheduleManually')
  const leaf = await under(top.id, { scheduleManually: false, duration: 'P2D' })
  assert.deepEqual(await dates(leaf.id), [THU, FRI, 'P2D'])
})

test('18. new work packages cannot be automatic without a predecessor or children', async () => {
  const body = { subject: 'Free', scheduleManually: false, _links: { project: link('projects', project) } }
  const reply = await admin.post('/work_packages', body)
  assert.equal(reply.status, 422)
  assert.equal(reply.body._embedded.details.attribute, 'scheduleManually')
})

test('19. new work packages are manually scheduled', async () => {
  assert.equal((await add()).scheduleManually, true)
})

test('20. a new work package may have any status; later the workflow applies', async () => {
  const worker = await it.withRole('view_work_packages', 'add_work_packages', 'edit_work_packages')
  const closed = await add({}, await status('Closed'), worker.client)
  assert.equal(closed._links.status.title, 'Closed')
  const open = await add({}, {}, worker.client)
  const reply = await changed(worker.client, open.id, { _links: await status('Closed') })
  assert.equal(reply.status, 422)
  assert.equal(reply.body._embedded.details.attribute, 'status')
})

test('21. transitions start from the stored status, not from the one in a form', async () => {
  const worker = await it.withRole('view_work_packages', 'edit_work_packages')
  await it.transition({ type: 'Task', role: worker.role, from: 'New', to: 'In progress' })
  await it.transition({ type: 'Task', role: worker.role, from: 'In progress', to: 'Closed' })
  const { id, lockVersion } = await add()
  const form = await worker.client.post(`/work_packages/${id}/form`, { lockVersion, _links: await status('In progress') })
  assert.deepEqual(titles(form.body._embedded.schema.status._embedded.allowedValues), ['New', 'In progress'])
  const tooFar = await worker.client.post(`/work_packages/${id}/form`, { lockVersion, _links: await status('Closed') })
  assert.deepEqual(Object.keys(tooFar.body._embedded.validationErrors), ['status'])
})

test('22. a work package blocked by an open one cannot be closed', async () => {
  const [blocker, blocked] = [await add(), await add()]
  await relate(blocker.id, 'blocks', blocked.id)
  const allowed = async () => {
    const { lockVersion } = await now(blocked.id, member.client)
    const form = await member.client.post(`/work_packages/${blocked.id}/form`, { lockVersion })
    return titles(form.body._embedded.schema.status._embedded.allowedValues)
  }
  assert.equal((await allowed()).includes('Closed'), false)
  await change(blocker.id, { _links: await status('Closed') }, member.client)
  assert.equal((await allowed()).includes('Closed'), true)
})

test('23. the permissions of an assignee still apply to the request that changes the assignee', async () => {
  const worker = await it.withRole('view_work_packages', 'edit_work_packages', 'work_package_assigned')
  await it.transition({ type: 'Task', role: worker.role, from: 'New', to: 'Closed', assignee: true })
  const mine = () => make.workPackage({ project_id: project, assigned_to_id: worker.id })
  const [first, second] = [await mine(), await mine()]
  const nobody = { assignee: { href: null } }
  const reply = await changed(worker.client, first, { _links: { ...nobody, ...(await status('Closed')) } })
  assert.equal(reply.status, 200, reply.text)
  await change(second, { _links: nobody }, worker.client)
  assert.equal((await changed(worker.client, second, { _links: await status('Closed') })).status, 422)
})

test('24. a move includes descendants, maps the category by its name, and removes versions that are not shared', async () => {
  const target = await make.project()
  const task = link('types', await it.types('Task'))
  await it.category({ project_id: project, name: 'Sails' })
  const here = await it.category({ project_id: project, name: 'Ropes' })
  const there = await it.category({ project_id: target, name: 'Ropes' })
  const version = await it.version({ project_id: project, name: 'Own' })
  const one = await add({}, { type: task, category: link('categories', here), version: link('versions', version) })
  const child = await under(one.id)
  const moved = await change(one.id, { _links: { project: link('projects', target) } })
  assert.equal(moved._links.type.href, task.href)
  assert.equal(moved._links.category.href, `/api/v3/categories/${there}`)
  assert.deepEqual(moved._links.version, { href: null })
  assert.equal((await now(child.id))._links.project.href, `/api/v3/projects/${target}`)
  const [narrow, taskId] = [await make.project(), await it.types('Task')]
  await it.db.transaction(async (tx) => {
    await tx.run(sql`delete from project_types where project_id = ${narrow} and type_id = ${taskId}`)
    await raise(tx, 'projects')
  })
  const refused = await changed(admin, one.id, { _links: { project: link('projects', narrow) } })
  assert.equal(refused.status, 422)
  assert.deepEqual(
    errors(refused.body).map((one) => one.split(':')[0]),
    ['type'],
  )
})

test('25. descendants are deleted with a work package', async () => {
  const parent = await add()
  const child = await under(parent.id)
  const grandchild = await under(child.id)
  assert.equal((await admin.delete(`/work_packages/${parent.id}`)).status, 204)
  for (const { id } of [parent, child, grandchild]) assert.equal((await admin.get(`/work_packages/${id}`)).status, 404)
})

test('26. the project of the path takes precedence over that of the body', async () => {
  const other = await make.project()
  const reply = await admin.post(`/projects/${project}/work_packages`, {
    subject: 'Here',
    _links: { project: link('projects', other) },
  })
  assert.equal(reply.status, 201)
  assert.equal(reply.body._links.project.href, `/api/v3/projects/${project}`)
})

test('27. lists have the newest first', async () => {
  const { at, made } = await filled({ a: {}, b: {}, c: {} })
  const found = (await list(at)).body._embedded.elements.map((one: any) => one.id)
  assert.deepEqual(found, [made.c, made.b, made.a])
})

test('28. the offset counts pages, a page size of -1 is the maximum, and 0 only counts', async () => {
  const { at } = await filled({ a: {}, b: {}, c: {} })
  assert.equal(await subjects(`${at}?offset=2&pageSize=2`), 'a')
  const all = (await list(`${at}?pageSize=-1`)).body
  assert.deepEqual([all.pageSize, all.count], [1000, 3])
  const none = (await list(`${at}?pageSize=0`)).body
  assert.deepEqual([none.total, none.count, none.pageSize, none._embedded.elements], [3, 0, 0, []])
})

test('29. only open work packages are listed without filters; an empty list of filters has all', async () => {
  const { at } = await filled({ open: {}, closed: { status_id: await it.statuses('Closed') } })
  assert.equal(await subjects(at), 'open')
  assert.equal(await subjects(`${at}?filters=[]`), 'closed open')
})

test('30. of two filters of the same name the last one counts', async () => {
  const { at } = await filled({ apple: {}, pear: {} })
  assert.equal(await subjects(`${at}?${filters(['subject', '~', ['apple']], ['subject', '~', ['pear']])}`), 'pear')
})

test('31. the operator ! includes work packages without a value', async () => {
  const { at } = await filled({ mine: { assigned_to_id: member.id }, theirs: { assigned_to_id: reader.id }, free: {} })
  assert.equal(await subjects(`${at}?${filters(['assignee', '!', [member.id]])}`), 'free theirs')
})

test('32. a text is found by all its words in any order, and only the first value counts', async () => {
  const { at } = await filled({ 'red boat': {}, 'red car': {} })
  assert.equal(await subjects(`${at}?${filters(['subject', '~', ['BOAT red', 'car']])}`), 'red boat')
})

test('33. the range of days ago ends today, and that of days ahead begins today', async () => {
  const day = (count: number) => new Date(Date.now() + count * 86_400_000).toISOString().slice(0, 10)
  const due = (count: number) => ({ due_date: day(count) })
  const { at } = await filled({ past: due(-9), lately: due(-2), today: due(0), soon: due(2), later: due(9) })
  assert.equal(await subjects(`${at}?${filters(['dueDate', '>t-', [3]])}`), 'lately today')
  assert.equal(await subjects(`${at}?${filters(['dueDate', '<t+', [3]])}`), 'soon today')
})

test('34. a week includes the first day of the next one', async () => {
  const now = new Date()
  const monday = Date.parse(now.toISOString().slice(0, 10)) - ((now.getUTCDay() + 6) % 7) * 86_400_000
  const due = (count: number) => ({ due_date: new Date(monday + count * 86_400_000).toISOString().slice(0, 10) })
  const { at } = await filled({ before: due(-1), first: due(0), last: due(6), next: due(7), after: due(8) })
  assert.equal(await subjects(`${at}?${filters(['dueDate', 'w'])}`), 'first last next')
})

test('35. one invalid filter is 400, while two are 422', async () => {
  const one = await admin.get(`/work_packages?${filters(['nonsense', '=', [1]])}`)
  assert.deepEqual([one.status, kind(one.body)], [400, 'InvalidQuery'])
  const two = await admin.get(`/work_packages?${filters(['nonsense', '=', [1]], ['subject', 'w'])}`)
  assert.deepEqual([two.status, kind(two.body)], [422, 'MultipleErrors'])
  assert.deepEqual(two.body._embedded.errors.map(kind), ['InvalidQuery', 'InvalidQuery'])
})

test('36. the filter by project includes its subprojects, as the list of a project does, unless excluded', async () => {
  const upper = await filled({ upper: {} })
  const lower = await filled({ lower: {} }, { parent_id: upper.id })
  assert.equal(await subjects(upper.at), 'lower upper')
  assert.equal(await subjects(lower.at), 'lower')
  const chosen = filters(['project', '=', [upper.id]])
  assert.equal(await subjects(`/work_packages?${chosen}`), 'lower upper')
  assert.equal(await subjects(`/work_packages?${chosen}&includeSubprojects=false`), 'upper')
})

test('37. groups and hierarchies exclude each other', async () => {
  const at = (await list(`/work_packages?groupBy=status`)).body._links.self.href
  assert.equal(new URL(at, it.url).searchParams.get('showHierarchies'), 'false')
  assert.equal((await admin.get('/work_packages?groupBy=status&showHierarchies=true')).status, 400)
})

test('38. a group links to its values, even to a single one, and percentages have a percent sign', async () => {
  const { at } = await filled({ half: { done_ratio: 50 } })
  const [byStatus] = (await list(`${at}?groupBy=status`)).body.groups
  assert.deepEqual(byStatus._links.valueLink, [{ href: `/api/v3/statuses/${await it.statuses('New')}` }])
  const [byShare] = (await list(`${at}?groupBy=percentageDone`)).body.groups
  assert.equal(byShare.value, '50%')
})

test('39. lists have at most three sort criteria, in ascending order unless it is exactly desc', async () => {
  const { at } = await filled({ a: {}, b: {}, c: {} })
  const order = async (sortBy: unknown) => {
    const reply = await list(`${at}?sortBy=${encodeURIComponent(JSON.stringify(sortBy))}`)
    return reply.body._embedded.elements.map((one: any) => one.subject).join('')
  }
  assert.equal(await order([['subject', 'DESC']]), 'abc')
  assert.equal(await order([['subject', 'desc']]), 'cba')
  const four = [
    ['type', 'asc'],
    ['status', 'asc'],
    ['priority', 'asc'],
    ['nonsense', 'asc'],
  ]
  assert.equal((await order(four)).length, 3)
})

test('40. the create link in the list of a project is the same as in the list of all projects', async () => {
  const { _links } = (await list(`/projects/${project}/work_packages`)).body
  assert.equal(_links.createWorkPackage.href, '/api/v3/work_packages/form')
  assert.equal(_links.createWorkPackageImmediate.href, '/api/v3/work_packages')
})

test('41. the placeholders in the links of a page are encoded like the rest of the query', async () => {
  const { jumpTo, changeSize } = (await list('/work_packages')).body._links
  assert.match(jumpTo.href, /offset=%7Boffset%7D/)
  assert.match(changeSize.href, /pageSize=%7Bsize%7D/)
  assert.deepEqual([jumpTo.templated, changeSize.templated], [true, true])
})

test('42. a page embeds the schemas of its elements', async () => {
  const { at, id } = await filled({ a: {}, b: {} })
  const { schemas } = (await list(at)).body._embedded
  const task = await it.types('Task')
  assert.deepEqual(
    schemas._embedded.elements.map((one: any) => one._links.self.href),
    [`/api/v3/work_packages/schemas/${id}-${task}`],
  )
  assert.equal('schemas' in (await list(`${at}?offset=2`)).body._embedded, false)
})

test('43. elements of lists have no embedded resources', async () => {
  const { at, made } = await filled({ a: {} })
  const [one] = (await list(at)).body._embedded.elements
  assert.equal('_embedded' in one, false)
  assert.equal((await now(made.a as number))._embedded.status.name, 'New')
})

test('44. a form reports invalid values, but malformed ones fail it', async () => {
  const { id, lockVersion } = await add()
  const at = `/work_packages/${id}/form`
  const form = await member.client.post(at, { lockVersion, subject: '' })
  assert.equal(form.status, 200)
  assert.deepEqual(Object.keys(form.body._embedded.validationErrors), ['subject'])
  assert.equal((await member.client.post(at, { lockVersion: 99 })).status, 409)
  assert.equal((await reader.client.post(at, { lockVersion })).status, 403)
  assert.equal((await stranger.client.post(at, { lockVersion })).status, 404)
  assert.equal((await member.client.post(at, { lockVersion, _links: 'none' })).status, 400)
})

test('45. the schema in a form has a base schema and allowed values; the one at its own address has neither', async () => {
  const { id, lockVersion, _links } = await add()
  const { schema } = (await member.client.post(`/work_packages/${id}/form`, { lockVersion })).body._embedded
  assert.deepEqual([schema._links.baseSchema.href, schema._links.self], [_links.schema.href, undefined])
  assert.ok(schema.status._embedded.allowedValues.length > 0)
  const alone = (await member.client.get(_links.schema.href.replace('/api/v3', ''))).body
  assert.deepEqual([alone._links.baseSchema, alone._links.self.href], [undefined, _links.schema.href])
  assert.equal(alone.status._embedded?.allowedValues, undefined)
})

test('46. a valid form has a commit link, except for users who may only change the status', async () => {
  const { id, lockVersion } = await add()
  const commit = async (client: typeof admin, body: object = {}) =>
    (await client.post(`/work_packages/${id}/form`, { lockVersion, ...body })).body._links.commit
  assert.deepEqual(await commit(member.client), { href: `/api/v3/work_packages/${id}`, method: 'patch' })
  assert.equal(await commit(member.client, { subject: '' }), undefined)
  const { client } = await it.person('view_work_packages', 'change_work_package_status')
  assert.equal(await commit(client), undefined)
})

test('47. the list of schemas requires a filter', async () => {
  assert.equal((await admin.get('/work_packages/schemas')).status, 400)
  const pair = `${project}-${await it.types('Task')}`
  const reply = await admin.get(`/work_packages/schemas?${filters(['id', '=', [pair]])}`)
  assert.equal(reply.body.total, 1)
})

test('48. a comment is an object when it is created, and a text when it is edited', async () => {
  const { id } = await add()
  const at = `/work_packages/${id}/activities`
  assert.equal((await admin.post(at, { comment: 'Text' })).status, 400)
  const said = await admin.post(at, { comment: { raw: 'Object' } })
  assert.equal(said.status, 201)
  const corrected = await admin.patch(`/activities/${said.body.id}`, { comment: 'Text' })
  assert.deepEqual([corrected.status, corrected.body.comment.raw], [200, 'Text'])
})

test('49. without the permission to comment there is no link to do so', async () => {
  const { id } = await add()
  const { client } = await it.person('view_work_packages')
  const reply = await client.post(`/work_packages/${id}/activities`, { comment: { raw: 'Hello' } })
  assert.equal(reply.status, 404)
})

const history = async (id: number): Promise<any[]> => (await list(`/work_packages/${id}/activities`)).body._embedded.elements

test('50. changes of the same user within minutes are one entry of the history', async () => {
  const { id } = await add()
  const [first] = await history(id)
  await change(id, { subject: 'Changed' })
  const entries = await history(id)
  assert.deepEqual(
    entries.map((one) => [one.id, one.version]),
    [[first.id, 1]],
  )
})

test('51. a change that is reverted within minutes leaves a comment about it', async () => {
  const id = await make.workPackage({ project_id: project, subject: 'As it was' })
  await change(id, { subject: 'Changed' }, member.client)
  await change(id, { subject: 'As it was' }, member.client)
  const entry = (await history(id)).at(-1)
  assert.deepEqual([entry._type, entry.details], ['Activity::Comment', []])
  assert.match(entry.comment.raw, /retracted/)
})

test('52. an entry with a comment is a comment, regardless of changes', async () => {
  const id = await make.workPackage({ project_id: project })
  await change(id, { subject: 'Changed' }, member.client)
  assert.equal((await history(id)).at(-1)._type, 'Activity')
  await member.client.post(`/work_packages/${id}/activities`, { comment: { raw: 'Because.' } })
  const entry = (await history(id)).at(-1)
  assert.deepEqual([entry._type, entry.details.length], ['Activity::Comment', 1])
})

test('53. a watcher is sent outside of _links, the response is a user, and repetitions succeed', async () => {
  const { id } = await add()
  const body = { user: link('users', reader.id) }
  const [first, second] = [
    await admin.post(`/work_packages/${id}/watchers`, body),
    await admin.post(`/work_packages/${id}/watchers`, body),
  ]
  assert.deepEqual([first.status, second.status], [201, 200])
  assert.deepEqual([second.body._type, second.body.id], ['User', reader.id])
})

test('54. relations are created below their work package', async () => {
  const { id } = await add()
  const reply = await admin.get(`/work_packages/${id}/relations`)
  assert.equal(reply.status, 308)
  const at = new URL(reply.headers.get('location') as string, it.url)
  assert.equal(at.pathname, '/api/v3/relations')
  assert.deepEqual(JSON.parse(at.searchParams.get('filters') as string), [{ involved: { operator: '=', values: [String(id)] } }])
})

test('55. a relation is represented in one direction, and two work packages have only one', async () => {
  const [one, other] = [await add(), await add()]
  const { status: made, body } = await relate(one.id, 'precedes', other.id)
  assert.equal(made, 201)
  assert.deepEqual([body.type, body.reverseType], ['follows', 'precedes'])
  assert.deepEqual([body._links.from.href, body._links.to.href], [wp(other.id).href, wp(one.id).href])
  assert.equal((await relate(one.id, 'relates', other.id)).status, 422)
})

test('56. a relation needs the permission on both ends, and the error names the end without it', async () => {
  const elsewhere = await make.project()
  const there = await make.workPackage({ project_id: elsewhere })
  const here = await add()
  const { id, client } = await it.person('view_work_packages', 'manage_work_package_relations')
  await make.member(id, elsewhere, ['view_work_packages'])
  const reply = await relate(here.id, 'relates', there, {}, client)
  assert.equal(reply.status, 422)
  assert.equal(reply.body._embedded.details.attribute, 'to')
})

test('57. a body without a content type is rejected with plain text', async () => {
  const headers = { authorization: `Bearer ${it.adminToken}` }
  const reply = await fetch(`${it.url}/api/v3/work_packages`, { method: 'POST', headers, body: new Uint8Array([123, 125]) })
  assert.equal(reply.status, 406)
  assert.match(reply.headers.get('content-type') as string, /^text\/plain/)
})

test('58. a second reminder conflicts with the first', async () => {
  const { id } = await add()
  const body = { remindAt: '2093-02-03T08:00:00Z' }
  assert.equal((await admin.post(`/work_packages/${id}/reminders`, body)).status, 201)
  const second = await admin.post(`/work_packages/${id}/reminders`, body)
  assert.deepEqual([second.status, kind(second.body)], [409, 'UpdateConflict'])
})

test('59. a filter of a query links to resources, and contains plain values', async () => {
  const query = filters(['status', '=', [await it.statuses('New')]], ['subject', '~', ['boat']])
  const [byStatus, bySubject] = (await list(`/queries/default?pageSize=0&${query}`)).body.filters
  assert.equal(byStatus._type, 'StatusQueryFilter')
  assert.equal('values' in byStatus, false)
  assert.deepEqual(byStatus._links.values, [{ href: `/api/v3/statuses/${await it.statuses('New')}`, title: 'New' }])
  assert.equal(bySubject._type, 'SubjectQueryFilter')
  assert.deepEqual(bySubject.values, ['boat'])
  assert.equal('values' in bySubject._links, false)
})

test('60. changes since a timestamp are represented beside the current values', async () => {
  const { id } = await add()
  const { _embedded } = (await list(`/work_packages/${id}?timestamps=P-1D,PT0S`)).body
  assert.deepEqual(
    _embedded.attributesByTimestamp.map((one: any) => one._meta.exists),
    [false, true],
  )
})
