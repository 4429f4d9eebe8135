/** Deleting users, groups and what many work packages refer to, in an instance with much data: hidden at once, removed by a job. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { jobsOf, runDue } from '#test/jobs.ts'
import { changed, created, link, type Person, scene } from '../work-packages/scene.ts'

const it = await scene()
const { admin, project } = it
const run = () => runDue(it.db, { only: ['rows.remove'] })
const waiting = async () => (await it.db.all(sql`select removed from removals`)).length
const at = new Date().toISOString()
const stamps = { created_at: at, updated_at: at }

before(async () => {
  // Where the latest one has such an id, there may be as many.
  await it.make.workPackage({ id: 1_000_000, project_id: project })
  await it.setting('users_deletable_by_admins', true)
})

describe('a user', () => {
  let person: Person
  let login: string
  let one: number
  let entry: number
  before(async () => {
    person = await it.person('view_work_packages', 'work_package_assigned', 'log_time', 'view_time_entries')
    login = (await admin.get(`/users/${person.id}`)).body.login
    one = (await created(admin, project, { _links: { assignee: link('users', person.id) } })).id
    await it.db.transaction((tx) => tx.run(sql`update work_package_versions set author_id = ${person.id} where id = ${one}`))
    const time = {
      spentOn: '2024-03-01',
      hours: 'PT1H',
      _links: { entity: link('work_packages', one), user: link('users', person.id) },
    }
    const booked = await admin.post('/time_entries', time)
    assert.equal(booked.status, 201, booked.text)
    entry = booked.body.id
    assert.equal((await admin.delete(`/users/${person.id}`)).status, 202)
    assert.equal(await waiting(), 1)
  })

  test('is hidden at once, and can do nothing any more', async () => {
    assert.equal((await admin.get(`/users/${person.id}`)).status, 404)
    assert.equal((await admin.delete(`/users/${person.id}`)).status, 404)
    const { elements } = (await admin.get('/users?pageSize=100')).body._embedded
    assert.ok(!elements.some((user: { id: number }) => user.id === person.id))
    assert.equal((await person.client.get('/work_packages')).status, 401)
    assert.equal((await admin.get(`/work_packages/${one}`)).status, 200)
  })

  test('leaves the login to others', async () => {
    const body = {
      login,
      email: 'other@example.net',
      firstName: 'Other',
      lastName: 'Vera',
      password: 'correct horse 7!',
      status: 'active',
    }
    const reply = await admin.post('/users', body)
    assert.equal(reply.status, 201, reply.text)
  })

  test('is removed by a job, which attributes contributions to the deleted user', async () => {
    await run()
    assert.equal(await waiting(), 0)
    assert.deepEqual(await jobsOf(it.db, { name: 'rows.remove' }), [])
    assert.deepEqual(await it.db.all(sql`select id from principals where id = ${person.id}`), [])
    const successor = (await it.db.one<{ id: number }>(sql`select id from principals where type = 'DeletedUser'`))!.id
    const { _links } = (await admin.get(`/work_packages/${one}`)).body
    assert.equal(_links.assignee.href, `/api/v3/users/${successor}`)
    assert.equal((await admin.get(`/time_entries/${entry}`)).body._links.user.href, `/api/v3/users/${successor}`)
    const past = await it.db.all(sql`select author_id, assigned_to_id from work_package_versions where id = ${one}`)
    assert.deepEqual(
      past.map((row) => ({ ...row })),
      [{ author_id: successor, assigned_to_id: successor }],
    )
  })
})

test('a group takes its roles from its users at once', async () => {
  const group = await it.make.group()
  await it.make.row('group_users', { group_id: group, user_id: it.stranger.id }).catch(() => {})
  await admin.patch(`/groups/${group}`, { _links: { members: [link('users', it.stranger.id)] } })
  const role = await it.id('roles', 'Member')
  const membership = {
    _links: { project: link('projects', project), principal: link('groups', group), roles: [link('roles', role)] },
  }
  assert.equal((await admin.post('/memberships', membership)).status, 201)
  assert.equal((await it.stranger.client.get(`/projects/${project}`)).status, 200)
  assert.equal((await admin.delete(`/groups/${group}`)).status, 202)
  assert.equal((await it.stranger.client.get(`/projects/${project}`)).status, 404)
  assert.equal((await admin.get(`/groups/${group}`)).status, 404)
  await run()
  assert.deepEqual(await it.db.all(sql`select id from principals where id = ${group}`), [])
})

test('a sprint is taken from work packages, with an entry in their history', async () => {
  const values = { project_id: project, name: 'Sprint', status: 'in_planning', sharing: 'none', ...stamps }
  const sprint = await it.make.row('sprints', values, 'sprints', 'projects')
  const one = (await created(admin, project)).id
  assert.equal((await changed(admin, one, { _links: { sprint: link('sprints', sprint) } })).status, 200)
  const { lockVersion } = (await admin.get(`/work_packages/${one}`)).body
  assert.equal((await admin.delete(`/sprints/${sprint}`)).status, 204)
  assert.equal((await admin.get(`/sprints/${sprint}`)).status, 404)
  await run()
  const { body } = await admin.get(`/work_packages/${one}`)
  assert.deepEqual([body._links.sprint.href, body.lockVersion], [null, lockVersion + 1])
  assert.deepEqual(await it.db.all(sql`select id from sprints where id = ${sprint}`), [])
})

test('a definition of phases goes with its phases', async () => {
  const made = await admin.post('/project_phase_definitions', { name: 'Sailing', color: '#F05823' })
  assert.equal(made.status, 201, made.text)
  const definition = made.body.id
  const phase = await it.make.row('project_phases', { project_id: project, definition_id: definition, active: true, ...stamps })
  const one = await it.make.workPackage({ project_id: project, project_phase_id: phase })
  assert.equal((await admin.delete(`/project_phase_definitions/${definition}`)).status, 204)
  await run()
  assert.deepEqual(await it.db.all(sql`select id from project_phases where id = ${phase}`), [])
  const row = await it.db.one(sql`select project_phase_id, lock_version from work_packages where id = ${one}`)
  assert.deepEqual({ ...row }, { project_phase_id: null, lock_version: 1 })
})
