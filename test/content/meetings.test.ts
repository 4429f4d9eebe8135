/** Meetings of projects: when they are, who takes part, and what is on the agenda. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { switchModule } from '#modules/projects/modules.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'

let it: Instance
let project: number
let people: readonly [number, number, number, number]
let organiser: Client
let scribe: Client
let reader: Client
let stranger: Client
before(async () => {
  it = await instance()
  project = await it.make.project({ public: false })
  await it.db.transaction((tx) => switchModule(tx, product, project, 'meetings', true))
  people = [await it.make.user(), await it.make.user(), await it.make.user(), await it.make.user()]
  const all = ['view_meetings', 'create_meetings', 'edit_meetings', 'delete_meetings']
  await it.make.member(people[0], project, [...all, 'view_members'])
  await it.make.member(people[1], project, ['view_meetings', 'manage_agendas', 'view_work_packages'])
  await it.make.member(people[2], project, ['view_meetings'])
  await it.make.member(people[3], project, ['view_work_packages'])
  const clients = await Promise.all(people.map((one) => it.as(one)))
  ;[organiser, scribe, reader, stranger] = clients as [Client, Client, Client, Client]
})
after(() => it.close())

const link = (path: string, id: number | string) => ({ href: `/api/v3/${path}/${id}` })
const user = (id: number) => link('users', id)
const payload = (more: object = {}, links: object = {}) => ({
  title: 'Crew meeting',
  location: 'On deck',
  startTime: '2031-02-05T10:00:00Z',
  duration: 1.5,
  ...more,
  _links: { project: link('projects', project), ...links },
})
const made = async (more: object = {}, links: object = {}) => (await organiser.post('/meetings', payload(more, links))).body
const asked = (path: string, ...filters: object[]) => `/${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`
const hrefs = (links: { href: string }[]) => links.map(({ href }) => href)

test('a meeting has a duration in hours, from which its end follows', async () => {
  const { status, body } = await organiser.post('/meetings', payload())
  assert.deepEqual(
    [status, body._type, body.startTime, body.endTime, body.duration, body.lockVersion, body.state],
    [201, 'Meeting', '2031-02-05T10:00:00.000Z', '2031-02-05T11:30:00.000Z', 1.5, 0, 'open'],
  )
  assert.deepEqual([body._embedded.project.id, body._embedded.author.id], [project, people[0]])
  const later = await organiser.patch(`/meetings/${body.id}`, { lockVersion: 0, startTime: '2031-02-05T23:00:00Z' })
  assert.deepEqual([later.body.endTime, later.body.lockVersion], ['2031-02-06T00:30:00.000Z', 1])
  assert.equal((await organiser.patch(`/meetings/${body.id}`, { lockVersion: 0, title: 'Stale' })).status, 409)
})

test('members with the permission see it, and find the links of what they may do', async () => {
  const { id } = await made()
  const links = async (client: Client) => Object.keys((await client.get(`/meetings/${id}`)).body._links).sort()
  const always = ['agendaItems', 'attachments', 'attendedUsers', 'author', 'invitedUsers', 'project', 'self']
  assert.deepEqual(await links(reader), always)
  assert.deepEqual(await links(scribe), ['addAgendaItem', ...always])
  const own = ['addAttachment', 'delete', 'update', 'updateImmediately']
  assert.deepEqual(await links(organiser), [...always, ...own].sort())
  assert.equal((await stranger.get(`/meetings/${id}`)).status, 404)
  assert.equal((await reader.post('/meetings', payload())).status, 403)
  assert.equal((await scribe.patch(`/meetings/${id}`, { lockVersion: 0 })).status, 403)
  assert.equal((await scribe.delete(`/meetings/${id}`)).status, 403)
})

test('a start is required, and a duration is more than nothing and at most a day', async () => {
  const wrong = async (more: object) => {
    const { status, body } = await organiser.post('/meetings', payload(more))
    return [status, body.message]
  }
  assert.deepEqual(await wrong({ startTime: null }), [422, "Start time can't be blank."])
  assert.deepEqual(await wrong({ duration: 0 }), [422, 'Duration must be greater than 0.'])
  assert.deepEqual(await wrong({ duration: 24.5 }), [422, 'Duration must be less than or equal to 24.'])
  assert.equal((await wrong({ duration: 'PT1H' }))[0], 422)
  assert.deepEqual(await wrong({ state: 'adjourned' }), [422, 'State is not set to one of the allowed values.'])
  assert.deepEqual(await wrong({ startTime: '9999-12-31T23:30:00Z' }), [
    422,
    'Start time is too late: the meeting must end before the year 10000.',
  ])
})

test('participants are users who see the meetings of the project', async () => {
  const invitedUsers = [user(people[1]), user(people[2])]
  const { id, _links } = await made({}, { invitedUsers })
  assert.deepEqual(hrefs(_links.invitedUsers).sort(), hrefs(invitedUsers).sort())
  assert.deepEqual(_links.attendedUsers, [])
  const change = (lockVersion: number, links: object) => organiser.patch(`/meetings/${id}`, { lockVersion, _links: links })
  const blind = await change(0, { invitedUsers: [user(people[3])] })
  assert.deepEqual([blind.status, blind.body._embedded.details.attribute], [422, 'invitedUsers'])
  const { status, body } = await change(0, { invitedUsers: [user(people[2])], attendedUsers: [user(people[1])] })
  assert.deepEqual([status, body.lockVersion], [200, 1])
  assert.deepEqual(
    [hrefs(body._links.invitedUsers), hrefs(body._links.attendedUsers)],
    [[user(people[2]).href], [user(people[1]).href]],
  )
  assert.equal((await change(0, { attendedUsers: [] })).status, 409)
})

test('of two writes of participants at once, one is refused', async () => {
  const { id } = await made()
  const invite = (one: number) => organiser.patch(`/meetings/${id}`, { lockVersion: 0, _links: { invitedUsers: [user(one)] } })
  const statuses = (await Promise.all([invite(people[1]), invite(people[2])])).map(({ status }) => status)
  assert.deepEqual(statuses.sort(), [200, 409])
})

test('a participant who no longer sees the meeting stays, and one who is deleted goes', async () => {
  await it.setting('users_deletable_by_admins', true)
  const guest = await it.make.user()
  await it.make.member(guest, project, ['view_meetings'])
  const { id } = await made({}, { invitedUsers: [user(guest)] })
  const memberships = await it.admin.get(asked('memberships', { principal: { operator: '=', values: [String(guest)] } }))
  await it.admin.delete(`/memberships/${ids(memberships)[0]}`)
  const again = await it.admin.patch(`/meetings/${id}`, { lockVersion: 0, _links: { invitedUsers: [user(guest)] } })
  assert.deepEqual([again.status, hrefs(again.body._links.invitedUsers)], [200, [user(guest).href]])
  // The organiser does not see the guest any more, and so does not remove them.
  const cleared = await organiser.patch(`/meetings/${id}`, { lockVersion: again.body.lockVersion, _links: { invitedUsers: [] } })
  assert.deepEqual([cleared.status, cleared.body._links.invitedUsers], [200, []])
  assert.equal((await it.admin.get(`/meetings/${id}`)).body._links.invitedUsers.length, 1)
  assert.equal((await it.admin.delete(`/users/${guest}`)).status, 202)
  assert.deepEqual((await it.admin.get(`/meetings/${id}`)).body._links.invitedUsers, [])
})

test('the list is filtered by time, days and people, and is paginated', async () => {
  const hour = (count: number) => new Date(Date.now() + count * 3_600_000).toISOString()
  const place = await it.make.project()
  await it.db.transaction((tx) => switchModule(tx, product, place, 'meetings', true))
  const there = async (more: object, links: object = {}) =>
    (await it.admin.post('/meetings', payload(more, { project: link('projects', place), ...links }))).body.id
  const over = await there({ startTime: hour(-3), duration: 1 })
  const running = await there({ startTime: hour(-1), duration: 2 })
  const me = (await it.admin.get('/users/me')).body.id
  const long = await there({ startTime: '2031-02-05T23:00:00Z', duration: 2 }, { invitedUsers: [user(me)] })
  const within = { project: { operator: '=', values: [String(place)] } }
  const found = async (...filters: object[]) => ids(await it.admin.get(asked('meetings', within, ...filters)))
  const time = (value: string) => ({ time: { operator: '=', values: [value] } })
  assert.deepEqual(await found(), [long, running, over])
  assert.deepEqual(await found(time('past')), [over])
  assert.deepEqual(await found(time('upcoming')), [long, running])
  const on = (day: string) => ({ dates_interval: { operator: '=d', values: [day] } })
  assert.deepEqual(
    [await found(on('2031-02-05')), await found(on('2031-02-06')), await found(on('2031-02-07'))],
    [[long], [long], []],
  )
  assert.deepEqual(await found({ datesInterval: { operator: '<>d', values: ['2031-02-06', ''] } }), [long])
  assert.deepEqual(await found({ invited_user: { operator: '=', values: ['me'] } }), [long])
  assert.deepEqual(await found({ attended_user: { operator: '!', values: ['me'] } }), [long, running, over])
  assert.deepEqual(await found({ author: { operator: '=', values: [String(me)] } }), [long, running, over])
  const page = (await it.admin.get(`${asked('meetings', within)}&pageSize=1`)).body
  assert.deepEqual([page.total, page.count, page.pageSize, page.offset], [3, 1, 1, 1])
  const wrong = await it.admin.get(asked('meetings', time('someday')))
  assert.equal(wrong.status, 400)
})

const item = (meeting: number, title: string, more: object = {}, links: object = {}) =>
  scribe.post('/meeting_agenda_items', { title, ...more, _links: { meeting: link('meetings', meeting), ...links } })

test('those who manage agendas add items, which keep an order', async () => {
  const { id, _links } = await made()
  const news = await item(id, 'News', { durationInMinutes: 15, notes: { raw: '*All* of it.' } }, { presenter: user(people[0]) })
  assert.deepEqual([news.status, news.body.position, news.body.durationInMinutes], [201, 1, 15])
  assert.equal(news.body._links.project.href, `/api/v3/projects/${project}`)
  await item(id, 'Rigging')
  const first = await item(id, 'Welcome', { position: 1 })
  assert.equal(first.body.position, 1)
  const list = (await reader.get(_links.agendaItems.href.replace('/api/v3', ''))).body._embedded.elements
  assert.deepEqual(
    list.map((one: { title: string; position: number }) => [one.position, one.title]),
    [
      [1, 'Welcome'],
      [2, 'News'],
      [3, 'Rigging'],
    ],
  )
  const body = { title: 'Mine', _links: { meeting: link('meetings', id) } }
  assert.deepEqual(
    [(await reader.post('/meeting_agenda_items', body)).status, (await stranger.post('/meeting_agenda_items', body)).status],
    [403, 403],
  )
  assert.equal((await stranger.get(`/meeting_agenda_items/${first.body.id}`)).status, 404)
  const blind = await item(id, 'Lookout', {}, { presenter: user(people[3]) })
  assert.deepEqual([blind.status, blind.body.message], [422, 'Presenter does not exist.'])
})

test('an item may be about a work package, which it names to those who see that', async () => {
  const task = await it.make.workPackage({ project_id: project, subject: 'Mend the sail' })
  const { id } = await made()
  const { body } = await item(id, 'Sails', {}, { workPackage: link('work_packages', task) })
  assert.deepEqual(body._links.workPackage, { ...link('work_packages', task), title: 'Mend the sail' })
  const hidden = (await reader.get(`/meeting_agenda_items/${body.id}`)).body._links.workPackage
  assert.deepEqual(hidden, { href: 'urn:openproject-org:api:v3:undisclosed', title: 'Undisclosed' })
  assert.equal((await it.admin.delete(`/work_packages/${task}`)).status, 204)
  assert.deepEqual((await scribe.get(`/meeting_agenda_items/${body.id}`)).body._links.workPackage, { href: null })
})

test('a closed meeting keeps its agenda until it is open again', async () => {
  const { id } = await made()
  const { body } = await item(id, 'News')
  const closed = await organiser.patch(`/meetings/${id}`, { lockVersion: 0, state: 'closed' })
  assert.deepEqual([closed.status, closed.body.state], [200, 'closed'])
  assert.equal('addAgendaItem' in (await scribe.get(`/meetings/${id}`)).body._links, false)
  const sentence = 'The meeting is closed: open it again before you change its agenda.'
  const late = await item(id, 'Too late')
  assert.deepEqual([late.status, late.body.message], [422, sentence])
  for (const refused of [
    await scribe.patch(`/meeting_agenda_items/${body.id}`, { title: 'Old news' }),
    await scribe.delete(`/meeting_agenda_items/${body.id}`),
  ])
    assert.deepEqual([refused.status, refused.body.message], [403, sentence])
  assert.equal('delete' in (await scribe.get(`/meeting_agenda_items/${body.id}`)).body._links, false)
  await organiser.patch(`/meetings/${id}`, { lockVersion: 1, state: 'open' })
  assert.equal((await scribe.delete(`/meeting_agenda_items/${body.id}`)).status, 204)
})

test('a meeting that is deleted takes agenda, participants and history along', async () => {
  const { id } = await made({}, { invitedUsers: [user(people[2])] })
  const { body } = await item(id, 'News')
  assert.equal((await organiser.delete(`/meetings/${id}`)).status, 204)
  assert.equal((await scribe.get(`/meeting_agenda_items/${body.id}`)).status, 404)
  for (const table of [sql`meeting_versions where id`, sql`meeting_participants where meeting_id`])
    assert.deepEqual(await it.db.all(sql`select 1 as one from ${table} = ${id}`), [])
})

test('the forms offer projects, participants and meetings', async () => {
  const { schema } = (await organiser.post('/meetings/form', payload())).body._embedded
  assert.equal(schema.project._links.allowedValues.href, '/api/v3/meetings/available_projects')
  assert.deepEqual(ids(await organiser.get('/meetings/available_projects')), [project])
  assert.equal((await reader.get('/meetings/available_projects')).status, 403)
  const { id } = await made({ title: 'Open' })
  const form = await scribe.post('/meeting_agenda_items/form', { title: 'News', _links: { meeting: link('meetings', id) } })
  assert.deepEqual(form.body._links.commit, { href: '/api/v3/meeting_agenda_items', method: 'post' })
  assert.ok(ids(await scribe.get('/meeting_agenda_items/available_meetings')).includes(id))
})

test('files are attached by those who may change the meeting', async () => {
  const { id } = await made()
  const upload = (client: Client) => {
    const body = new FormData()
    body.set('metadata', new Blob(['{"fileName":"minutes.txt"}'], { type: 'application/json' }))
    body.set('file', new Blob(['Said little']), 'minutes.txt')
    return client.send('POST', `/api/v3/meetings/${id}/attachments`, { body })
  }
  assert.deepEqual([(await upload(reader)).status, (await upload(stranger)).status], [403, 404])
  const { status, body } = await upload(organiser)
  assert.deepEqual([status, body._links.container.href], [201, `/api/v3/meetings/${id}`])
  assert.deepEqual(ids(await reader.get(`/meetings/${id}/attachments`)), [body.id])
})
