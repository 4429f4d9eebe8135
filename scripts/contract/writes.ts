/** Writes like a client: form, commit, read, change; and deletes the created resources afterwards. */
import type { Reply, Session } from './session.ts'

/** Common data of the writers: a suffix for unique names, the project and work package to write in, and the undo steps. */
type Desk = Session & { mark: string; project: string; workPackage: string; undo: (() => Promise<unknown>)[] }

const link = (href: string) => ({ href })
const lastOf = (href: string | undefined): string => decodeURIComponent(href?.split('/').at(-1) ?? '')
const idOf = (reply: Reply | undefined): string => (reply && reply.status < 300 ? String(reply.body?.id ?? '') : '')
const firstOf = (desk: Desk, kind: string): string => lastOf(desk.known(`/api/v3/${kind}/{}`)[0])
const dayAfter = (days: number): string => new Date(Date.now() + days * 86_400_000).toISOString().slice(0, 10)

/** Exercises the present write operations. Returns a function that deletes the created resources in reverse order. */
export async function write(session: Session): Promise<() => Promise<void>> {
  const first = (await session.call('GET /api/v3/work_packages'))?.body?._embedded?.elements?.[0]
  const project = lastOf(first?._links?.project?.href ?? session.known('/api/v3/projects/{}')[0])
  const desk: Desk = { ...session, mark: `contract-${Date.now().toString(36)}`, project, workPackage: '', undo: [] }
  for (const area of [projects, workPackages, actions, alongside, planning, people, own, days, files, storages, views, texts]) {
    await area(desk).catch((error: Error) => desk.complain(`writing ${area.name}`, '', `stopped: ${error.message}`))
  }
  return async () => {
    await workspaces(desk)
    for (const step of desk.undo.reverse()) await step()
  }
}

/** Creates a resource of a `kind` and changes it; returns its id, or '' when there is none. */
async function live(desk: Desk, kind: string, body: any, changes: any): Promise<string> {
  const id = await create(desk, kind, body)
  await change(desk, `/api/v3/${kind}/{id}`, [id], changes)
  return id
}

/** Creates a resource from the form's payload for `body`, or from `body` itself without a form; it is deleted in the end. */
async function create(desk: Desk, kind: string, body: any, within = `/api/v3/${kind}`, ids: string[] = []): Promise<string> {
  const draft = await desk.call(`POST ${within}/form`, ids, { body })
  const id = idOf(await desk.call(`POST ${within}`, ids, { body: draft?.body?._embedded?.payload ?? body }))
  remove(desk, kind, id)
  return id
}

/** Registers a resource for deletion in the end; any documented response counts, as some settings forbid deletions. */
function remove(desk: Desk, kind: string, id: string): void {
  const expect = kind === 'users' ? 'documented' : 'success'
  if (id) desk.undo.push(() => desk.call(`DELETE /api/v3/${kind}/{id}`, [id], { expect }))
}

/** Reads `member`, tries `changes` in its form and commits them; a second time with a stale lock version, if there is one. */
async function change(desk: Desk, member: string, ids: string[], changes: any): Promise<void> {
  const lockVersion = (await desk.call(`GET ${member}`, ids))?.body?.lockVersion
  const body = lockVersion === undefined ? changes : { lockVersion, ...changes }
  await desk.call(`POST ${member}/form`, ids, { body })
  await desk.call(`PATCH ${member}`, ids, { body })
  const stale = desk.operations.get(`PATCH ${member}`)?.definition.responses[409]
  if (stale && lockVersion !== undefined) await desk.call(`PATCH ${member}`, ids, { body, expect: 409 })
}

/** Executes a custom action, once correctly and once with a stale lock version. */
async function actions(desk: Desk) {
  const id = firstOf(desk, 'custom_actions')
  const workPackage = await desk.call('GET /api/v3/work_packages/{id}', [desk.workPackage])
  const body = {
    lockVersion: workPackage?.body?.lockVersion,
    _links: { workPackage: link(`/api/v3/work_packages/${desk.workPackage}`) },
  }
  await desk.call('POST /api/v3/custom_actions/{id}/execute', [id], { body })
  await desk.call('POST /api/v3/custom_actions/{id}/execute', [id], { body, expect: 409 })
}

async function projects(desk: Desk) {
  const names = { name: desk.mark, identifier: desk.mark }
  const id = await live(desk, 'projects', names, { name: `${desk.mark} renamed` })
  const copy = { name: `${desk.mark} copy`, identifier: `${desk.mark}-copy` }
  await desk.call('POST /api/v3/projects/{id}/copy/form', [id], { body: copy })
  await desk.call('POST /api/v3/projects/{id}/copy', [id], { body: copy })
  // A job makes the copy, so it may not exist yet.
  if (id) desk.undo.push(() => desk.call('DELETE /api/v3/projects/{id}', [copy.identifier], { expect: 'documented' }))
  for (const kind of ['projects', 'workspaces']) {
    await desk.call(`POST /api/v3/${kind}/{id}/favorite`, [id])
    await desk.call(`DELETE /api/v3/${kind}/{id}/favorite`, [id])
  }
}

/** After all reading: the official document's lists of projects have no other workspaces. */
async function workspaces(desk: Desk) {
  for (const kind of ['portfolios', 'programs']) {
    const own = idOf(await desk.post(`/api/v3/${kind}`, { name: `${desk.mark} ${kind}` }))
    await desk.call(`GET /api/v3/${kind}`)
    await change(desk, `/api/v3/${kind}/{id}`, [own], { statusExplanation: { raw: 'On its way.' } })
    await desk.call(`DELETE /api/v3/${kind}/{id}`, [own])
  }
}

async function workPackages(desk: Desk) {
  const subject = `${desk.mark} task`
  const project = link(`/api/v3/projects/${desk.project}`)
  const other = await create(desk, 'work_packages', { subject }, '/api/v3/projects/{id}/work_packages', [desk.project])
  await create(desk, 'work_packages', { subject }, '/api/v3/workspaces/{id}/work_packages', [desk.project])
  const changes = { subject: `${subject} changed`, description: { raw: 'What is to be done.' }, estimatedTime: 'PT4H' }
  desk.workPackage = await live(desk, 'work_packages', { subject, _links: { project } }, changes)

  const body = { type: 'follows', description: 'In this order.', _links: { to: link(`/api/v3/work_packages/${other}`) } }
  const ids = [other && desk.workPackage]
  const relation = idOf(await desk.call('POST /api/v3/work_packages/{id}/relations', ids, { body }))
  await change(desk, '/api/v3/relations/{id}', [relation], { description: 'Still in this order.' })
  remove(desk, 'relations', relation)
}

async function alongside(desk: Desk) {
  const ids = [desk.workPackage]
  const me = idOf(await desk.call('GET /api/v3/users/{id}', ['me']))
  await desk.call('POST /api/v3/work_packages/{id}/watchers', ids, { body: { user: link(`/api/v3/users/${me}`) } })
  await desk.call('DELETE /api/v3/work_packages/{id}/watchers/{user_id}', [...ids, me])

  const comment = { comment: { raw: 'Noted.' } }
  const activity = idOf(await desk.call('POST /api/v3/work_packages/{id}/activities', ids, { body: comment }))
  await desk.call('PATCH /api/v3/activities/{id}', [activity], { body: { comment: { raw: 'Noted twice.' } } })
  await desk.call('PATCH /api/v3/activities/{id}/emoji_reactions', [activity], { body: { reaction: 'heart' } })

  const body = { remindAt: `${dayAfter(3)}T08:00:00.000Z`, note: 'Look again.' }
  const reminder = idOf(await desk.call('POST /api/v3/work_packages/{work_package_id}/reminders', ids, { body }))
  await desk.call('POST /api/v3/work_packages/{work_package_id}/reminders', ids, { body, expect: 409 })
  await desk.call('PATCH /api/v3/reminders/{id}', [reminder], { body: { note: 'Look once more.' } })
  await desk.call('DELETE /api/v3/reminders/{id}', [reminder])
  // Soon due: this makes a notification, for `own`.
  const soon = { remindAt: new Date(Date.now() + 1500).toISOString(), note: 'Now.' }
  await desk.call('POST /api/v3/work_packages/{work_package_id}/reminders', ids, { body: soon })

  const lockVersion = (await desk.call('GET /api/v3/work_packages/{id}', ids))?.body?.lockVersion
  const order = { lockVersion, _links: { workPackage: link(`/api/v3/work_packages/${desk.workPackage}`) } }
  const action = desk.workPackage && firstOf(desk, 'custom_actions')
  await desk.call('POST /api/v3/custom_actions/{id}/execute', [action], { body: order, expect: 'documented' })
}

async function planning(desk: Desk) {
  const project = link(`/api/v3/projects/${desk.project}`)
  const renamed = { name: `${desk.mark} renamed` }
  await live(desk, 'versions', { name: desk.mark, _links: { definingProject: project } }, renamed)
  await live(desk, 'news', { title: desk.mark, summary: 'In short.', _links: { project } }, { summary: 'In other words.' })
  const described = { description: { raw: 'Described anew.' } }
  await change(desk, '/api/v3/documents/{id}', [firstOf(desk, 'documents')], described)
  if (!desk.workPackage) return
  const workPackage = link(`/api/v3/work_packages/${desk.workPackage}`)
  const [activity] = desk.known('/api/v3/time_entries/activities/{}').map(link)
  const links = { project, workPackage, entity: workPackage, ...(activity && { activity }) }
  await live(desk, 'time_entries', { hours: 'PT2H', spentOn: dayAfter(0), _links: links }, { hours: 'PT1H30M' })
}

async function people(desk: Desk) {
  const { mark } = desk
  const renamed = { name: `${mark} renamed` }
  const names = { login: mark, email: `${mark}@example.org`, firstName: 'Contract', lastName: 'Tester' }
  const person = { ...names, status: 'active', password: `Long enough, ${mark}!` }
  const user = await live(desk, 'users', person, { lastName: 'Reader' })
  await desk.call('POST /api/v3/users/{id}/lock', [user])
  await desk.call('DELETE /api/v3/users/{id}/lock', [user])
  const principal = link(`/api/v3/users/${user}`)
  await live(desk, 'groups', { name: mark, _links: { members: user ? [principal] : [] } }, renamed)
  await live(desk, 'placeholder_users', { name: mark }, renamed)

  const query = `filters=${encodeURIComponent('[{"unit":{"operator":"=","values":["project"]}}]')}`
  const listed = await desk.call('GET /api/v3/roles', [], { query })
  const roles: any[] = listed?.body?._embedded?.elements?.map((role: any) => link(role._links?.self?.href)) ?? []
  const links = { project: link(`/api/v3/projects/${desk.project}`), principal, roles: roles.slice(0, 1) }
  if (user) await live(desk, 'memberships', { _links: links }, { _links: { roles: roles.slice(0, 2) } })

  const days = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday']
  const hours = Object.fromEntries(days.map((day) => [`${day}Hours`, 6]))
  const working = { validFrom: dayAfter(1), ...hours, availabilityFactor: 80 }
  await times(desk, user, 'working_hours', 'working_hours_id', working, { availabilityFactor: 90 })
  const absent = { startDate: dayAfter(5), endDate: dayAfter(9) }
  await times(desk, user, 'non_working_times', 'non_working_time_id', absent, { endDate: dayAfter(8) })
}

async function times(desk: Desk, user: string, kind: string, parameter: string, body: any, changes: any) {
  const id = idOf(await desk.call(`POST /api/v3/users/{id}/${kind}`, [user], { body }))
  await desk.call(`GET /api/v3/users/{id}/${kind}`, [user])
  await change(desk, `/api/v3/users/{id}/${kind}/{${parameter}}`, [user, id], changes)
  await desk.call(`DELETE /api/v3/users/{id}/${kind}/{${parameter}}`, [user, id])
}

async function own(desk: Desk) {
  await desk.call('PATCH /api/v3/my_preferences', [], { body: { commentSortDescending: true } })
  const told = await firstTold(desk)
  await desk.call('GET /api/v3/notifications/{notification_id}/details/{id}', [told, told && '0'])
  for (const state of ['read_ian', 'unread_ian']) {
    await desk.call(`POST /api/v3/notifications/{id}/${state}`, [told])
    await desk.call(`POST /api/v3/notifications/${state}`)
  }
  const body = { _links: { scope: link('/my/page') } }
  const draft = await desk.call('POST /api/v3/grids/form', [], { body })
  // There is one such page for each user, and the API has no way to delete it.
  const filters = encodeURIComponent(JSON.stringify([{ scope: { operator: '=', values: ['/my/page'] } }]))
  const listed = await desk.call('GET /api/v3/grids', [], { query: `filters=${filters}` })
  const page = idOf({ status: 200, body: listed?.body?._embedded?.elements?.[0] } as Reply)
  const made = page ? undefined : await desk.call('POST /api/v3/grids', [], { body: draft?.body?._embedded?.payload ?? body })
  await change(desk, '/api/v3/grids/{id}', [page || idOf(made)], { rowCount: 6 })
}

/** The id of a notification, after a short wait for the first one; '' if there is none. */
async function firstTold(desk: Desk): Promise<string> {
  for (let tries = 0; tries < 20; tries++) {
    const listed = await desk.call('GET /api/v3/notifications')
    if (!listed || listed.body?.total > 0) return String(listed?.body?._embedded?.elements?.[0]?.id ?? '')
    await new Promise((resolve) => setTimeout(resolve, 250))
  }
  return ''
}

async function days(desk: Desk) {
  const date = dayAfter(400)
  const body = { _type: 'NonWorkingDay', date, name: desk.mark }
  const made = await desk.call('POST /api/v3/days/non_working', [], { body })
  if (made) await change(desk, '/api/v3/days/non_working/{date}', [date], { ...body, name: `${desk.mark} renamed` })
  if (made) await desk.call('DELETE /api/v3/days/non_working/{date}', [date])

  const week = (await desk.call('GET /api/v3/days/week'))?.body
  if (week) await desk.call('PATCH /api/v3/days/week', [], { body: week })
  await desk.call('PATCH /api/v3/days/week/{day}', [1], { body: { _type: 'WeekDay', working: true } })
}

async function files(desk: Desk) {
  for (const kind of ['', 'work_packages', 'activities', 'meetings', 'posts', 'wiki_pages']) {
    const body = new FormData()
    body.append('metadata', JSON.stringify({ fileName: `${desk.mark}.txt`, description: { raw: 'A note.' } }))
    body.append('file', new Blob(['A few words.\n'], { type: 'text/plain' }), 'note.txt')
    const container = kind === 'work_packages' ? desk.workPackage : firstOf(desk, kind)
    const made = kind
      ? await desk.call(`POST /api/v3/${kind}/{id}/attachments`, [container], { body })
      : await desk.call('POST /api/v3/attachments', [], { body })
    await desk.call('GET /api/v3/attachments/{id}', [idOf(made)])
    remove(desk, 'attachments', idOf(made))
  }
}

/** No such storage is reachable, so for its files a documented rejection is accepted as well. */
async function storages(desk: Desk) {
  const expect = 'documented'
  const origin = link('https://files.example.org')
  const type = link('urn:openproject-org:api:v3:storages:Nextcloud')
  const body = { name: desk.mark, _links: { origin, type } }
  const storage = idOf(await desk.call('POST /api/v3/storages', [], { body, expect }))
  remove(desk, 'storages', storage)
  await change(desk, '/api/v3/storages/{id}', [storage], { name: `${desk.mark} renamed` })
  const secrets = { clientId: desk.mark, clientSecret: desk.mark }
  await desk.call('POST /api/v3/storages/{id}/oauth_client_credentials', [storage], { body: secrets, expect })
  // The official document only reads what projects use.
  const _links = { project: link(`/api/v3/projects/${desk.project}`), storage: link(`/api/v3/storages/${storage}`) }
  const used = idOf(await desk.post('/api/v3/project_storages', { _links }))
  if (used) desk.suppose(`/api/v3/project_storages/${used}`)
  await desk.call('POST /api/v3/storages/{id}/folders', [storage], { body: { name: 'Plans', parentId: '1' }, expect })
  const upload = { projectId: Number(desk.project), fileName: 'plan.txt', parent: '/' }
  await desk.call('POST /api/v3/storages/{id}/files/prepare_upload', [storage], { body: upload, expect })
  const element = { originData: { id: '77', name: 'plan.txt', mimeType: 'text/plain' }, _links: { storageUrl: origin } }
  const collection = { _type: 'Collection', _embedded: { elements: [element] } }
  const ids = [storage && desk.workPackage]
  const made = await desk.call('POST /api/v3/work_packages/{id}/file_links', ids, { body: collection, expect })
  remove(desk, 'file_links', String(made?.body?._embedded?.elements?.[0]?.id ?? ''))
}

async function views(desk: Desk) {
  const project = link(`/api/v3/projects/${desk.project}`)
  const query = await live(desk, 'queries', { name: desk.mark, _links: { project } }, { name: `${desk.mark} renamed` })
  await desk.call('PATCH /api/v3/queries/{id}/star', [query])
  await desk.call('PATCH /api/v3/queries/{id}/unstar', [query])
  const body = { _links: { query: link(`/api/v3/queries/${query}`) } }
  if (query) await desk.call('POST /api/v3/views/{id}', ['work_packages_table'], { body })
}

async function texts(desk: Desk) {
  const body = 'Some *words* about **it**.'
  await desk.call('POST /api/v3/render/markdown', [], { body, contentType: 'text/plain' })
  await desk.call('POST /api/v3/render/plain', [], { body, contentType: 'text/plain' })
  await desk.call('POST /api/v3/example/form', [], { body: { _type: 'Example', subject: 'An example', lockVersion: 1 } })
}
