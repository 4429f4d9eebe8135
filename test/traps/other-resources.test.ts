/**
 * Behaviour of all other resources that clients rely on and that is easily implemented incorrectly. Gaps in the numbers are for
 * missing resources: notifications, custom fields, copies of projects, grids, meetings, help texts, file links.
 */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { type Client, filters, ids } from '#test/instance.ts'
import { upload } from '../files/upload.ts'
import { created, kind, link, scene } from '../work-packages/scene.ts'

const it = await scene()
const { admin, anonymous, project, member, reader, stranger, make } = it
const adminId = (await admin.get('/users/me')).body.id as number

const body = async (path: string, client = admin): Promise<any> => {
  const reply = await client.get(path)
  assert.equal(reply.status, 200, `${path} ${reply.text}`)
  return reply.body
}
const statusOf = async (path: string, client: Client) => (await client.get(path)).status
/** A user with a global role of these permissions, and no others. */
const global = async (...permissions: string[]) => {
  const id = await make.user()
  await make.member(id, null, permissions)
  return { id, client: await it.as(id) }
}
const attribute = (reply: { body: any }) => reply.body._embedded?.details?.attribute

describe('lists', () => {
  test('1. the offset counts pages, also of groups, users, placeholder users and time entries', async () => {
    for (const path of ['/groups', '/users', '/placeholder_users', '/time_entries']) {
      const { pageSize, offset } = await body(`${path}?pageSize=1&offset=2`)
      assert.deepEqual([pageSize, offset], [1, 2], path)
    }
  })

  test('47. short lists of projects and of the instance have a single page, for any requested page', async () => {
    const paths = [
      '/types',
      '/statuses',
      '/priorities',
      '/roles',
      ...['versions', 'types', 'categories'].map((one) => `/projects/${project}/${one}`),
    ]
    for (const path of paths) {
      const answer = await body(`${path}?pageSize=1&offset=2`)
      assert.equal(answer.count, answer.total, path)
      assert.equal('pageSize' in answer, false, path)
    }
  })

  test('12. principals are found by the number of their status, users by its name', async () => {
    const locked = await make.user({ status: 3 })
    assert.deepEqual(ids(await admin.get(`/principals?${filters(['status', '=', [3]])}`)), [locked])
    assert.deepEqual(ids(await admin.get(`/users?${filters(['status', '=', ['locked']])}`)), [locked])
    assert.equal((await admin.get(`/principals?${filters(['status', '=', ['locked']])}`)).status, 400)
  })
})

describe('the root and the configuration', () => {
  test('23. it links to time_entries in just this spelling', async () => {
    assert.ok((await body('/'))._links.time_entries.href)
  })

  test('24. its links depend on the viewer', async () => {
    const toAdmin = await body('/')
    assert.deepEqual([typeof toAdmin.coreVersion, toAdmin._links.user.href], ['string', `/api/v3/users/${adminId}`])
    const toStranger = await body('/', stranger.client)
    assert.deepEqual([toStranger.coreVersion, toStranger._links.memberships], [undefined, undefined])
    assert.equal(toStranger._links.userPreferences.href, `/api/v3/users/${stranger.id}/preferences`)
  })

  test('59. the configuration has sizes, formats and limits', async () => {
    const told = await body('/configuration')
    const keys = [
      'maximumAPIV3PageSize',
      'dateFormat',
      'timeFormat',
      'startOfWeek',
      'hoursPerDay',
      'daysPerMonth',
      'availableFeatures',
    ]
    assert.deepEqual(
      keys.filter((key) => !(key in told)),
      [],
    )
    assert.equal(told.maximumAttachmentFileSize, 5120 * 1024)
  })
})

describe('preferences', () => {
  test('2. /my_preferences redirects: reading permanently, writing with its method', async () => {
    const read = await admin.get('/my_preferences')
    const written = await admin.patch('/my_preferences', {})
    assert.deepEqual([read.status, written.status], [301, 308])
    for (const reply of [read, written])
      assert.match(reply.headers.get('location') as string, /\/api\/v3\/users\/me\/preferences$/)
  })
})

describe('days', () => {
  test('5. a day links to its weekday in lower case', async () => {
    const [day] = (await body(`/days?${filters(['date', '=d', ['2031-03-08']])}`))._embedded.elements
    assert.deepEqual([day.working, day._links.weekday.href, day._links.weekDay], [false, '/api/v3/days/week/6', undefined])
  })

  test('8. all documented operations of days exist', async () => {
    assert.equal((await body('/days/2031-03-08')).date, '2031-03-08')
    const reply = await admin.post('/days/non_working', { date: '2031-12-24', name: 'Eve' })
    assert.equal(reply.status, 201)
  })
})

describe('users, groups and placeholder users', () => {
  test('7. a deleted user gives an empty response: accepted, not gone', async () => {
    await it.setting('users_deletable_by_admins', true)
    const placeholder = await admin.post('/placeholder_users', { name: 'Somebody' })
    const paths = [`/users/${await make.user()}`, `/groups/${await make.group()}`, `/placeholder_users/${placeholder.body.id}`]
    for (const path of paths) {
      const reply = await admin.delete(path)
      assert.deepEqual([reply.status, reply.text], [202, ''], path)
    }
    await it.setting('users_deletable_by_admins', false)
  })

  test('10. there is a form for new users, though the official document lacks it', async () => {
    assert.equal((await admin.post('/users/form', {})).body._type, 'Form')
  })

  test('13. the schema calls a last name optional, but it is required', async () => {
    assert.equal((await body('/users/schema')).lastName.required, false)
    const reply = await admin.post('/users', {
      login: 'one',
      email: 'one@example.net',
      firstName: 'One',
      status: 'active',
      password: 'Something-long-1',
    })
    assert.deepEqual([reply.status, attribute(reply)], [422, 'lastName'])
  })

  test('14. a name cannot be sent back', async () => {
    const { name } = await body('/users/me')
    const reply = await admin.patch(`/users/${adminId}`, { name })
    assert.deepEqual([reply.status, kind(reply.body), attribute(reply)], [422, 'PropertyIsReadOnly', 'name'])
  })

  test('15. users cannot change their own login or admin flag', async () => {
    for (const change of [{ login: 'other' }, { admin: false }]) {
      const reply = await admin.patch(`/users/${adminId}`, change)
      assert.deepEqual([reply.status, kind(reply.body), attribute(reply)], [422, 'PropertyIsReadOnly', Object.keys(change)[0]])
    }
  })

  test('16. a user manager cannot change the address or the password of another user', async () => {
    const manager = await global('manage_user')
    const other = await make.user()
    const written = async (change: object) => {
      const reply = await manager.client.patch(`/users/${other}`, change)
      return reply.status === 200 ? 'written' : `${kind(reply.body)} ${attribute(reply)}`
    }
    assert.equal(await written({ email: 'new@example.net' }), 'PropertyIsReadOnly email')
    assert.equal(await written({ password: 'Something-long-1' }), 'PropertyIsReadOnly password')
    assert.equal(await written({ firstName: 'New' }), 'written')
  })

  test('17. timestamps are visible to administrators and the user, the admin flag to administrators, the address with a permission', async () => {
    const { id, client } = await global('view_project')
    const keys = (one: any) => ['createdAt', 'admin', 'email'].filter((key) => key in one)
    await make.member(id, project, ['view_members', 'view_work_packages'])
    assert.deepEqual(keys(await body(`/users/${id}`)), ['createdAt', 'admin', 'email'])
    assert.deepEqual(keys(await body(`/users/${id}`, client)), ['createdAt', 'email'])
    assert.deepEqual(keys(await body(`/users/${member.id}`, client)), [])
    const knower = await global('view_user_email', 'view_all_principals')
    assert.deepEqual(keys(await body(`/users/${member.id}`, knower.client)), ['email'])
  })

  test('18. links to change and to lock are visible to administrators only, though managers may change', async () => {
    const manager = await global('manage_user', 'view_all_principals')
    const links = async (client: Client) => Object.keys((await body(`/users/${member.id}`, client))._links)
    assert.deepEqual(
      (await links(manager.client)).filter((one) => /update|lock/.test(one)),
      [],
    )
    assert.deepEqual((await links(admin)).filter((one) => /update|lock/.test(one)).sort(), ['lock', 'updateImmediately'])
    assert.equal((await manager.client.patch(`/users/${member.id}`, { lastName: 'Renamed' })).status, 200)
  })

  test('19. an invited user cannot be locked, and a locked user stays locked', async () => {
    const [invited, locked] = [await make.user({ status: 4 }), await make.user({ status: 3 })]
    const reply = await admin.post(`/users/${invited}/lock`)
    assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidUserStatusTransition'])
    assert.equal((await admin.post(`/users/${locked}/lock`)).status, 200)
  })

  test('20. a user is found by login, and oneself as me', async () => {
    const id = await make.user({ login: 'jonas' })
    assert.equal((await body('/users/jonas')).id, id)
    assert.equal((await body('/users/me', member.client)).id, member.id)
  })

  test('21. a new user is active, with a sign-in method, or invited', async () => {
    const person = { login: 'new', email: 'new@example.org', firstName: 'New', lastName: 'Person' }
    const locked = await admin.post('/users', { ...person, status: 'locked' })
    assert.deepEqual([locked.status, attribute(locked)], [422, 'status'])
    const active = await admin.post('/users', { ...person, status: 'active' })
    assert.deepEqual([active.status, attribute(active)], [422, 'password'])
    assert.equal((await admin.post('/users', { ...person, status: 'invited' })).status, 201)
  })

  test('22. by default no users can be deleted, not even by administrators', async () => {
    assert.equal((await admin.delete(`/users/${await make.user()}`)).status, 403)
  })

  test('42. users who manage members see the users of a group: as links in the list, embedded in the group itself', async () => {
    const user = await make.user()
    const group = (await admin.post('/groups', { name: 'Crew', _links: { members: [link('users', user)] } })).body.id
    const roles = [link('roles', await it.id('roles', 'Reader'))]
    await admin.post('/memberships', { _links: { project: link('projects', project), principal: link('groups', group), roles } })
    const viewer = await it.person('view_members')
    const manager = await it.person('view_members', 'manage_members')
    assert.equal((await body(`/groups/${group}`, viewer.client))._links.members, undefined)
    const single = await body(`/groups/${group}`, manager.client)
    assert.deepEqual(
      single._embedded.members.map((one: any) => one.id),
      [user],
    )
    const listed = (await body('/groups?pageSize=-1', manager.client))._embedded.elements.find((one: any) => one.id === group)
    assert.deepEqual([listed._links.members.length, listed._embedded?.members], [1, undefined])
    const other = await make.user()
    const replaced = await admin.patch(`/groups/${group}`, { _links: { members: [link('users', other)] } })
    assert.deepEqual(
      replaced.body._links.members.map((one: any) => one.href),
      [`/api/v3/users/${other}`],
    )
  })

  test('43. everybody lists visible placeholder users; reading a single one requires a permission', async () => {
    const { id } = (await admin.post('/placeholder_users', { name: 'Electrician' })).body
    assert.equal((await body('/placeholder_users', stranger.client)).total, 0)
    assert.equal(await statusOf(`/placeholder_users/${id}`, stranger.client), 403)
  })
})

describe('projects', () => {
  test('25. projects are linked as workspaces, and available at both paths', async () => {
    const { categories, versions, workPackages } = (await body(`/projects/${project}`))._links
    for (const [one, rel] of [
      [categories, 'categories'],
      [versions, 'versions'],
      [workPackages, 'work_packages'],
    ] as const) {
      assert.equal(one.href, `/api/v3/workspaces/${project}/${rel}`)
      for (const at of ['workspaces', 'projects']) await body(`/${at}/${project}/${rel}`)
    }
  })

  test('26. a program is a workspace, and not found as a project', async () => {
    const program = await make.project({ workspace_type: 'program', name: 'Program' })
    assert.equal(await statusOf(`/projects/${program}`, admin), 404)
    const mixed = (await body('/workspaces?pageSize=-1'))._embedded.elements
    const found = mixed.find((one: any) => one.id === program)
    assert.deepEqual([found._type, found._links.self.href], ['Program', `/api/v3/programs/${program}`])
    assert.ok(mixed.some((one: any) => one._type === 'Project'))
  })

  test('27. a project has its identifier and former ones as addresses, which cannot be reused', async () => {
    const id = await make.project({ identifier: 'before', name: 'Renamed' })
    assert.equal((await admin.patch(`/projects/${id}`, { identifier: 'afterwards' })).status, 200)
    assert.equal((await body('/projects/afterwards')).id, id)
    assert.equal((await body('/projects/before')).id, id)
    const taken = await admin.post('/projects', { name: 'New', identifier: 'before' })
    assert.deepEqual([taken.status, attribute(taken)], [422, 'identifier'])
  })

  test('28. hidden ancestors are listed as undisclosed', async () => {
    const top = await make.project()
    const below = await make.project({ parent_id: top })
    await make.member(reader.id, below, ['view_project'])
    const { parent, ancestors } = (await body(`/projects/${below}`, reader.client))._links
    for (const one of [parent, ...ancestors]) {
      assert.match(one.href, /^urn:openproject-org:api:v3:undisclosed$/)
      assert.ok(one.title)
    }
  })

  test('29. favorites are per user and idempotent; anonymous users have none', async () => {
    const at = `/projects/${project}`
    const rels = async (client: Client) => {
      const { favorited, _links } = await body(at, client)
      return [favorited, ...['favor', 'disfavor'].filter((one) => one in _links)]
    }
    for (const _ of [1, 2]) assert.equal((await member.client.post(`${at}/favorite`)).status, 204)
    assert.deepEqual(await rels(member.client), [true, 'disfavor'])
    assert.deepEqual(await rels(reader.client), [false, 'favor'])
    for (const _ of [1, 2]) assert.equal((await member.client.delete(`${at}/favorite`)).status, 204)
    assert.deepEqual(await rels(member.client), [false, 'favor'])
    await it.setting('login_required', false)
    const open = await make.project({ public: true })
    assert.equal((await anonymous.post(`/projects/${open}/favorite`)).status, 403)
    await it.setting('login_required', true)
  })

  test('30. only administrators delete projects, which are not found from then on', async () => {
    const id = await make.project()
    const leader = await it.as(await make.user())
    assert.equal('delete' in (await body(`/projects/${id}`))._links, true)
    assert.equal((await leader.delete(`/projects/${id}`)).status, 404)
    const reply = await admin.delete(`/projects/${id}`)
    assert.deepEqual([reply.status, reply.text], [204, ''])
  })

  test('31. a status is a link, and can be cleared', async () => {
    const id = await make.project()
    const put = async (href: string | null) =>
      (await admin.patch(`/projects/${id}`, { _links: { status: { href } } })).body._links.status
    assert.equal((await put('/api/v3/project_statuses/at_risk')).href, '/api/v3/project_statuses/at_risk')
    assert.deepEqual(await put(null), { href: null })
    assert.equal(typeof (await body(`/projects/${id}`)).statusExplanation.raw, 'string')
  })

  test('32. archiving has its own permission, which is required for all subprojects', async () => {
    const id = await make.project()
    const below = await make.project({ parent_id: id })
    const editor = await it.person()
    await make.member(editor.id, id, ['edit_project'])
    const refused = await editor.client.patch(`/projects/${id}`, { active: false })
    assert.notEqual(refused.status, 200)
    const archiver = await it.person()
    await make.member(archiver.id, id, ['archive_project'])
    const half = await archiver.client.patch(`/projects/${id}`, { active: false })
    assert.deepEqual([half.status, attribute(half)], [422, 'base'])
    assert.equal((await admin.patch(`/projects/${id}`, { active: false })).body.active, false)
    assert.equal((await body(`/projects/${below}`)).active, false)
  })

  test('34. users who may only add subprojects must choose a parent', async () => {
    const adder = await it.person('view_project', 'add_subprojects')
    const form = await adder.client.post('/projects/form', {})
    assert.equal(form.body._embedded.schema.parent.required, true)
    assert.equal((await admin.post('/projects/form', {})).body._embedded.schema.parent.required, false)
    assert.ok(Array.isArray((await body('/projects/schema'))._attributeGroups))
  })
})

describe('memberships', () => {
  const join = (client: Client, links: object) => client.post('/memberships', { _links: links })
  const role = async () => link('roles', await it.id('roles', 'Reader'))

  test('37. a membership can be deleted without a delete link, and keeps its principal and project', async () => {
    const { body: made } = await join(admin, {
      project: link('projects', project),
      principal: link('users', await make.user()),
      roles: [await role()],
    })
    assert.equal('delete' in made._links, false)
    const moved = await admin.patch(`/memberships/${made.id}`, { _links: { principal: link('users', stranger.id) } })
    assert.deepEqual([moved.status, kind(moved.body)], [422, 'PropertyIsReadOnly'])
    assert.equal((await admin.delete(`/memberships/${made.id}`)).status, 204)
  })

  test('38. inherited roles stay when the own ones are replaced', async () => {
    const user = await make.user()
    const group = (await admin.post('/groups', { name: 'Givers', _links: { members: [link('users', user)] } })).body.id
    await join(admin, { project: link('projects', project), principal: link('groups', group), roles: [await role()] })
    const [membership] = (await body(`/memberships?${filters(['principal', '=', [user]])}`))._embedded.elements
    const memberRole = link('roles', await it.id('roles', 'Member'))
    const reply = await admin.patch(`/memberships/${membership.id}`, { _links: { roles: [memberRole] } })
    assert.deepEqual(reply.body._links.roles.map((one: any) => one.href).sort(), [memberRole.href, (await role()).href].sort())
  })

  test('39. users who manage members of any project get an error for missing roles, not for missing permissions', async () => {
    const manager = await it.person('view_members', 'manage_members')
    const [other, user] = [await make.project(), await make.user()]
    for (const one of [manager.id, user]) await make.member(one, other, ['view_members'])
    const reply = await join(manager.client, {
      project: link('projects', project),
      principal: link('users', user),
      roles: [],
    })
    assert.deepEqual([reply.status, attribute(reply)], [422, 'roles'])
  })

  test('40. a membership without a project is global, and created by administrators', async () => {
    const roles = [link('roles', await make.role(['add_project'], 'global'))]
    const user = link('users', await make.user())
    const manager = await it.person('view_members', 'manage_members')
    assert.notEqual((await join(manager.client, { principal: user, roles })).status, 201)
    const reply = await join(admin, { principal: user, roles })
    assert.equal(reply.status, 201, reply.text)
    assert.deepEqual(reply.body._links.project, { href: null })
  })

  test('41. the notification message is not part of the membership', async () => {
    const reply = await admin.post('/memberships', {
      _links: { project: link('projects', project), principal: link('users', await make.user()), roles: [await role()] },
      _meta: { sendNotifications: false, notificationMessage: { raw: 'Welcome' } },
    })
    assert.deepEqual([reply.status, '_meta' in reply.body], [201, false])
  })
})

describe('versions', () => {
  test('44. names are unique regardless of case, and used rows are not deleted', async () => {
    const make_ = (name: string) => admin.post('/versions', { name, _links: { definingProject: link('projects', project) } })
    const { body: made } = await make_('Release')
    assert.equal(made.description.format, 'plain')
    const twice = await make_('release')
    assert.deepEqual([twice.status, attribute(twice)], [422, 'name'])
    await created(admin, project, { _links: { version: link('versions', made.id) } })
    assert.equal((await admin.delete(`/versions/${made.id}`)).status, 422)
  })

  test('45. only administrators share versions with all projects', async () => {
    const manager = await it.person('view_work_packages', 'manage_versions')
    const share = (client: Client, sharing: string) =>
      client.post('/versions', {
        name: `For ${sharing} ${Math.random()}`,
        sharing,
        _links: { definingProject: link('projects', project) },
      })
    assert.equal(attribute(await share(manager.client, 'system')), 'sharing')
    assert.equal((await share(manager.client, 'tree')).status, 201)
    assert.equal((await share(admin, 'system')).status, 201)
  })

  test('46. a version shared with all projects is visible to all users, one shared with another project not yet to its members', async () => {
    const upper = await make.project()
    const lower = await make.project({ parent_id: upper })
    await make.member(stranger.id, lower, ['view_work_packages'])
    const everywhere = await it.version({ project_id: upper, name: 'Everywhere', sharing: 'system' })
    const below = await it.version({ project_id: upper, name: 'Below', sharing: 'descendants' })
    assert.equal(await statusOf(`/versions/${everywhere}`, stranger.client), 200)
    assert.equal(await statusOf(`/versions/${below}`, stranger.client), 404)
    await make.workPackage({ project_id: lower, version_id: below })
    assert.equal(await statusOf(`/versions/${below}`, stranger.client), 200)
  })
})

describe('time entries', () => {
  const book = async (client: Client, more: object = {}, links: object = {}) => {
    const entity = await make.workPackage({ project_id: project })
    return client.post('/time_entries', {
      spentOn: '2031-03-03',
      hours: 'PT2H',
      ...more,
      _links: { entity: link('work_packages', entity), ...links },
    })
  }

  test('4. the path of an activity is below time_entries/activities', async () => {
    const id = await it.id('time_entry_activities', 'Development')
    assert.equal((await body(`/time_entries/activities/${id}`))._type, 'TimeEntriesActivity')
    assert.equal(await statusOf(`/time_entries/activity/${id}`, admin), 404)
  })

  test('48. a running timer has no hours, exists once for each user, and its hours are not calculated at its end', async () => {
    const { client } = await it.person('view_work_packages', 'log_time', 'view_time_entries', 'edit_time_entries')
    const running = await book(client, { ongoing: true, hours: null })
    assert.deepEqual([running.status, running.body.hours], [201, null])
    const second = await book(client, { ongoing: true, hours: null })
    assert.deepEqual([second.status, attribute(second)], [422, 'base'])
    const at = `/time_entries/${running.body.id}`
    assert.deepEqual(attribute(await client.patch(at, { ongoing: false })), 'hours')
    assert.equal((await client.patch(at, { ongoing: false, hours: 'PT1H' })).body.hours, 'PT1H')
  })

  test('49. start times exist if the instance tracks them, and are on the day of the entry', async () => {
    assert.equal('startTime' in (await book(admin)).body, false)
    await it.setting('allow_tracking_start_and_end_times', true)
    const { body: made } = await book(admin, { startTime: '2031-03-03T08:00:00Z' })
    assert.equal(made.endTime, '2031-03-03T10:00:00.000Z')
    const other = await book(admin, { startTime: '2031-03-04T08:00:00Z' })
    assert.deepEqual([other.status, attribute(other)], [422, 'startTime'])
    await it.setting('allow_tracking_start_and_end_times', false)
  })

  test('50. a time entry has a container with two names, and further names of its filters', async () => {
    const { body: made } = await book(admin)
    assert.deepEqual(made._links.workPackage, made._links.entity)
    const [id] = made._links.entity.href.split('/').slice(-1)
    for (const name of ['entityId', 'entity_id', 'workPackage', 'work_package_id'])
      assert.deepEqual(ids(await admin.get(`/time_entries?${filters([name, '=', [id]])}`)), [made.id], name)
    const nothing = await admin.post('/time_entries', {
      spentOn: '2031-03-03',
      hours: 'PT1H',
      _links: { project: link('projects', project) },
    })
    assert.deepEqual([nothing.status, attribute(nothing)], [422, 'entity'])
  })

  test('51. a day may have more than 24 hours, and only users with the permission for all log time for others', async () => {
    assert.equal((await book(admin, { hours: 'PT30H' })).status, 201)
    assert.equal(attribute(await book(admin, { comment: { raw: 'x'.repeat(1001) } })), 'comment')
    const forOther = { user: link('users', member.id) }
    const own = await it.person('view_work_packages', 'log_own_time', 'view_own_time_entries')
    assert.notEqual((await book(own.client, {}, forOther)).status, 201)
    const all = await it.person('view_work_packages', 'view_members', 'log_time', 'view_time_entries')
    assert.equal((await book(all.client, {}, forOther)).status, 201)
  })
})

describe('attachments', () => {
  const send = (client: Client, fileName: string, content?: string) =>
    upload(client, '/attachments', { metadata: { fileName }, ...(content && { content }) })

  test('6. an upload is 201', async () => {
    assert.equal((await send(admin, 'a.txt')).status, 201)
  })

  test('52. uploads are multipart, have their names from the metadata, and are served harmlessly', async () => {
    assert.equal((await admin.post('/attachments', { fileName: 'a.txt' })).status, 415)
    const { body: made } = await send(admin, 'said.html', '<script>alert(1)</script>')
    assert.equal(made.fileName, 'said.html')
    const content = await admin.send('GET', made._links.staticDownloadLocation.href)
    assert.match(content.headers.get('content-type') as string, /^(text\/plain|application\/octet-stream)/)
  })

  test('53. an unclaimed upload belongs to its uploader, who claims it with a complete list', async () => {
    const first = (await send(member.client, 'first.txt')).body
    const second = (await send(member.client, 'second.txt')).body
    assert.equal(await statusOf(`/attachments/${first.id}`, admin), 404)
    const named = (...list: any[]) => ({ _links: { attachments: list.map(({ id }) => link('attachments', id)) } })
    const { id, lockVersion } = await created(member.client, project, named(first))
    assert.equal(await statusOf(`/attachments/${first.id}`, admin), 200)
    const changed = await member.client.patch(`/work_packages/${id}`, { lockVersion, ...named(second) })
    assert.equal(changed.status, 200, changed.text)
    const kept = (await body(`/work_packages/${id}/attachments`))._embedded.elements
    assert.deepEqual(
      kept.map((one: any) => one.id),
      [second.id],
    )
  })
})

describe('views and reminders', () => {
  test('55. a view is created at the path of its kind, and has a type with another spelling', async () => {
    const query = (await admin.post('/queries', { name: 'All' })).body
    const made = await admin.post('/views/work_packages_table', { _links: { query: link('queries', query.id) } })
    assert.deepEqual([made.status, made.body._type], [201, 'Views::WorkPackagesTable'])
    assert.equal((await body(`/views/${made.body.id}`)).id, made.body.id)
    assert.equal((await admin.post('/views/WorkPackagesTable', { _links: { query: link('queries', query.id) } })).status, 404)
  })

  test('11. a single reminder can be changed, but not read', async () => {
    const id = await make.workPackage({ project_id: project })
    const { body: made } = await admin.post(`/work_packages/${id}/reminders`, { remindAt: '2093-02-03T08:00:00Z' })
    assert.equal((await admin.get(`/reminders/${made.id}`)).status, 405)
    assert.equal((await admin.patch(`/reminders/${made.id}`, { note: 'Look' })).status, 200)
  })
})
