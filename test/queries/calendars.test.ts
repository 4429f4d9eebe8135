/** Queries as calendars: permissions for their addresses, and the iCalendar content. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { hashToken } from '#identity/tokens.ts'
import { invalidate } from '#kernel/cache.ts'
import { type Client, client } from '#test/instance.ts'
import { filter, link, type Scene, scene } from './scene.ts'

let world: Scene
let sharer: Client
let sharerId: number
let membership: number
before(async () => {
  world = await scene()
  const { make } = world.server
  sharerId = await make.user()
  const permissions = ['view_project', 'view_work_packages', 'save_queries', 'view_calendar', 'share_calendars']
  membership = await make.member(sharerId, world.project, permissions)
  sharer = await world.server.as(sharerId)
})
after(() => world.server.close())

let count = 0
/** A new query of the sharer, by default without filters in the project. */
async function query(payload: object = {}, by = sharer): Promise<number> {
  const { status, body, text } = await by.post('/queries', {
    name: `Plan ${++count}`,
    filters: [],
    _links: { project: link(`projects/${world.project}`) },
    ...payload,
  })
  assert.equal(status, 201, text)
  return body.id
}

const made = (id: number, name: unknown = `Phone ${++count}`, by = sharer) =>
  by.post(`/queries/${id}/ical_url`, { token_name: name })

/** The path and query string of a new address for a query. */
async function addressOf(id: number, by = sharer): Promise<string> {
  const { status, body, text } = await made(id, undefined, by)
  assert.equal(status, 201, text)
  const { origin, pathname, search } = new URL(body._links.icalUrl.href)
  assert.equal(origin, 'http://localhost:8080')
  return pathname + search
}

/** The response to a request with nothing but the address. */
const read = (address: string) => client(world.server.url).send('GET', address)
const lines = (text: string) => text.replaceAll('\r\n ', '').split('\r\n')
const summaries = (text: string) =>
  lines(text)
    .filter((line) => line.startsWith('SUMMARY:'))
    .map((line) => line.slice('SUMMARY:'.length))
    .sort()

test('The address of a query is shown once, to its creator', async () => {
  const id = await query()
  const { status, body } = await made(id, 'My phone')
  assert.equal(status, 201)
  const { href } = body._links.icalUrl
  const key = /^http:\/\/localhost:8080\/projects\/(\d+)\/calendars\/(\d+)\/ical\?ical_token=([0-9a-f]{64})$/.exec(href)
  assert.deepEqual(key?.slice(1, 3).map(Number), [world.project, id])
  assert.deepEqual(body, {
    _type: 'QueryICalUrl',
    _links: {
      self: { href: `/api/v3/queries/${id}/ical_url`, method: 'post' },
      query: { href: `/api/v3/queries/${id}`, method: 'get' },
      icalUrl: { href, method: 'get' },
    },
  })
  const [token] = await world.server.db.all(sql`select * from tokens where query_id = ${id}`)
  assert.deepEqual([token!.name, token!.hash, token!.user_id], ['My phone', hashToken(key![3]!), sharerId])
})

test('It requires a name that is unique for the query', async () => {
  const [id, other] = [await query(), await query()]
  const refusal = async (name: unknown) => {
    const { status, body } = await made(id, name)
    return [status, body.message, body._embedded?.details?.attribute]
  }
  const wrong = (fault: string) => [422, `Token name ${fault}.`, 'token_name']
  assert.deepEqual(await refusal(null), wrong("can't be blank"))
  assert.deepEqual(await refusal(' '), wrong("can't be blank"))
  assert.deepEqual(await refusal(7), wrong('is not a text'))
  assert.deepEqual(await refusal('n'.repeat(256)), wrong('is too long (maximum is 255 characters)'))
  assert.equal((await sharer.post(`/queries/${id}/ical_url`, {})).status, 422)
  assert.equal((await made(id, 'Tablet')).status, 201)
  assert.deepEqual(await refusal('Tablet'), wrong('has already been taken'))
  assert.equal((await made(other, 'Tablet')).status, 201)
})

test('The link requires the permission, and a saved query of a project', async () => {
  const { server, keeper, stranger } = world
  const shown = async (id: number | string, by: Client) => (await by.get(`/queries/${id}`)).body._links.icalUrl
  const id = await query()
  assert.deepEqual(await shown(id, sharer), { href: `/api/v3/queries/${id}/ical_url`, method: 'post' })
  assert.equal(
    (await sharer.get('/queries')).body._embedded.elements.find((one: any) => one.id === id)._links.icalUrl.method,
    'post',
  )
  assert.equal(await shown('default', sharer), undefined)

  const own = await query({}, keeper)
  assert.equal(await shown(own, keeper), undefined)
  assert.equal((await made(own, 'x', keeper)).status, 403)
  assert.equal((await made(own, 'x', stranger)).status, 404)

  const global = await query({ _links: {} })
  assert.equal(await shown(global, sharer), undefined)
  assert.equal((await made(global)).status, 403)

  await server.setting('ical_enabled', false)
  assert.equal(await shown(id, sharer), undefined)
  assert.equal((await made(id)).status, 403)
  await server.setting('ical_enabled', true)
})

test('A calendar has the results of the query with dates, each as whole days', async () => {
  const { make, id: named } = world.server
  const common = { project_id: world.project, created_at: '2026-01-02T03:04:05.000Z', updated_at: '2026-02-03T04:05:06.000Z' }
  const both = await make.workPackage({
    ...common,
    subject: 'Mend; the crane',
    start_date: '2026-03-02',
    due_date: '2026-03-04',
    duration: 3,
    description: 'Before\nwinter',
    assigned_to_id: sharerId,
  })
  await make.workPackage({ ...common, subject: 'Begun', start_date: '2026-03-02' })
  await make.workPackage({ ...common, subject: 'Due', due_date: '2026-03-31' })
  await make.workPackage({ ...common, subject: 'Some day' })
  const milestone = { type_id: await named('types', 'Milestone'), start_date: '2026-05-01', due_date: '2026-05-01', duration: 1 }
  await make.workPackage({ ...common, ...milestone, subject: 'Opening' })

  const payload = {
    name: 'Cranes, 2026',
    showHierarchies: false,
    sums: true,
    filters: [filter('datesInterval', '<>d', ['2030-01-01', '2030-01-31'])],
    _links: {
      project: link(`projects/${world.project}`),
      groupBy: link('queries/group_bys/type'),
      columns: [link('queries/columns/id')],
    },
  }
  const { status, headers, text } = await read(await addressOf(await query(payload)))
  assert.equal(status, 200)
  assert.equal(headers.get('content-type'), 'text/calendar; charset=utf-8')
  assert.equal(headers.get('cache-control'), 'private, no-store')
  assert.deepEqual(summaries(text), ['Begun', 'Due', 'Mend\\; the crane', 'Opening'])
  assert.ok(lines(text).includes('X-WR-CALNAME:Cranes\\, 2026'))
  const events = text.replaceAll('\r\n ', '').split('BEGIN:VEVENT\r\n').slice(1)
  const days = (subject: string) =>
    events
      .find((event) => event.includes(subject))!
      .split('\r\n')
      .flatMap((line) => /^DT(?:START|END);VALUE=DATE:(\d+)$/.exec(line)?.[1] ?? [])
  assert.deepEqual(days('Begun'), ['20260302', '20260303'])
  assert.deepEqual(days('Due'), ['20260331', '20260401'])
  assert.deepEqual(days('Opening'), ['20260501', '20260502'])
  const name = (await sharer.get('/users/me')).body.name
  assert.deepEqual(
    events
      .find((event) => event.includes('crane'))!
      .split('\r\n')
      .slice(0, 10),
    [
      `UID:work-package-${both}@localhost:8080`,
      'DTSTAMP:20260203T040506Z',
      'CREATED:20260102T030405Z',
      'LAST-MODIFIED:20260203T040506Z',
      'DTSTART;VALUE=DATE:20260302',
      'DTEND;VALUE=DATE:20260305',
      'SUMMARY:Mend\\; the crane',
      `DESCRIPTION:Project: Harbour\\nType: Task\\nStatus: New\\nPriority: Low\\nAssignee: ${name}\\n\\nBefore\\nwinter`,
      `URL:http://localhost:8080/work_packages/${both}`,
      'TRANSP:TRANSPARENT',
    ],
  )
})

test('A calendar is not paginated, and takes a constant number of statements', async () => {
  const { make, db } = world.server
  const project = await make.project()
  await make.member(sharerId, project, ['view_work_packages', 'save_queries', 'share_calendars'])
  const address = await addressOf(await query({ _links: { project: link(`projects/${project}`) } }))
  const spent = async () => {
    // What is read is remembered until the next commit.
    await make.workPackage({ project_id: project })
    const before = db.statements
    const { text } = await read(address)
    return [summaries(text).length, db.statements - before]
  }
  for (let i = 0; i < 3; i++) await make.workPackage({ project_id: project, start_date: '2026-03-02' })
  await spent()
  const [few, statements] = await spent()
  for (let i = 0; i < 120; i++) await make.workPackage({ project_id: project, start_date: '2026-03-02' })
  assert.deepEqual([few, ...(await spent())], [3, 123, statements])
})

test('An address is valid only for the calendar of its query', async () => {
  const { server, project, elsewhere } = world
  const [id, other] = [await query(), await query()]
  const address = await addressOf(id)
  const key = address.split('=')[1]!
  const path = (of: number | string, query: number | string) => `/projects/${of}/calendars/${query}/ical`
  assert.equal((await read(`${path('project-1', id)}?ical_token=${key}`)).status, 200)
  for (const wrong of [
    path(project, id),
    `${path(project, id)}?ical_token=`,
    `${path(project, id)}?ical_token=${key.replace(/./, (digit) => (digit === '0' ? '1' : '0'))}`,
    `${path(project, other)}?ical_token=${key}`,
    `${path(elsewhere, id)}?ical_token=${key}`,
    `${path('no-such', id)}?ical_token=${key}`,
    `${path(project, `${id}x`)}?ical_token=${key}`,
    `${path(project, 99999)}?ical_token=${key}`,
    `${path(project, id)}?ical_token=${await server.token(sharerId)}`,
  ]) {
    const { status, body } = await read(wrong)
    assert.deepEqual([status, body.errorIdentifier], [404, 'urn:openproject-org:api:v3:errors:NotFound'], wrong)
  }
  const { url } = server
  assert.equal((await client(url, key).get('/users/me')).status, 401)
  const basic = `Basic ${btoa(`apikey:${key}`)}`
  assert.equal((await client(url).get('/users/me', { authorization: basic })).status, 401)
  assert.equal((await client(url).get(`/work_packages?ical_token=${key}`)).status, 401)
})

test('Permissions are those of the address’s creator, at the time of reading', async () => {
  const { server, project, elsewhere, manager } = world
  const { make, db, admin } = server
  const hidden = { project_id: elsewhere, start_date: '2026-03-02', subject: 'Hush' }
  await make.workPackage(hidden)
  const below = await make.project({ parent_id: project, name: 'Hush, too' })
  await make.workPackage({ ...hidden, project_id: below })
  await make.workPackage({ project_id: project, start_date: '2026-03-02', subject: 'Seen' })
  const shown = await query({ public: true }, manager)
  const address = await addressOf(shown)
  const status = async () => (await read(address)).status

  const { text } = await read(address)
  assert.ok(summaries(text).includes('Seen'))
  assert.doesNotMatch(text, /Hush/)
  await make.member(sharerId, below, ['view_work_packages'])
  assert.match((await read(address)).text, /SUMMARY:Hush/)

  await manager.patch(`/queries/${shown}`, { public: false })
  assert.equal(await status(), 404)
  await manager.patch(`/queries/${shown}`, { public: true })
  assert.equal(await status(), 200)

  await server.setting('ical_enabled', false)
  assert.equal(await status(), 404)
  await server.setting('ical_enabled', true)

  await admin.post(`/users/${sharerId}/lock`)
  assert.equal(await status(), 404)
  await admin.delete(`/users/${sharerId}/lock`)
  assert.equal(await status(), 200)

  const permit = (query: ReturnType<typeof sql>) =>
    db.transaction(async (tx) => {
      await tx.run(query)
      await invalidate(tx, 'roles')
    })
  const role = sql`role_id = (select role_id from membership_roles where membership_id = ${membership})`
  await permit(sql`delete from role_permissions where permission = 'share_calendars' and ${role}`)
  assert.equal(await status(), 404)
  await permit(sql`insert into role_permissions (role_id, permission)
    select role_id, 'share_calendars' from membership_roles where membership_id = ${membership}`)
  assert.equal(await status(), 200)

  await manager.delete(`/queries/${shown}`)
  assert.equal(await status(), 404)
})

test('The host is the one of the settings', async () => {
  await world.server.setting('https', true)
  await world.server.setting('host_name', 'plan.example.net')
  const { body } = await made(await query())
  assert.match(body._links.icalUrl.href, /^https:\/\/plan\.example\.net\/projects\//)
})
