/** Cleanup of values, actions and queries that refer to deleted rows. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { makeAction } from '#modules/custom-fields/actions.ts'
import { removeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { runDue } from '#test/jobs.ts'
import { link, type Scene, scene } from './scene.ts'

let s: Scene
before(async () => {
  s = await scene()
  await s.server.setting('users_deletable_by_admins', true)
  await s.server.setting('journal_aggregation_time_minutes', 0)
})
after(() => s.server.close())

const stamps = { created_at: '2026-01-05T08:00:00.000Z', updated_at: '2026-01-05T08:00:00.000Z' }
const member = async () => {
  const id = await s.server.make.user()
  await s.server.make.member(id, s.project, ['view_work_packages', 'work_package_assigned'])
  return id
}
const version = (name: string) =>
  s.server.make.row('versions', { project_id: s.project, name, ...stamps }, 'versions', 'projects')
const workPackage = (custom_values: Record<string, unknown> = {}) =>
  s.server.make.workPackage({ project_id: s.project, custom_values, ...stamps })
const links = async (id: number) => (await s.server.admin.get(`/work_packages/${id}`)).body._links
const history = async (id: number) =>
  (await s.server.admin.get(`/work_packages/${id}/activities`)).body._embedded.elements
    .slice(1)
    .map((entry: any) => entry.details.map((detail: any) => detail.raw))
const remove = async (path: string, expected: number) => {
  const { status, text } = await s.server.admin.delete(path)
  assert.equal(status, expected, text)
}

test('In values and in the history a deleted user becomes the deleted user, once per value', async () => {
  const tester = await s.field({ name: 'Tester', format: 'user' })
  const crew = await s.field({ name: 'Crew', format: 'user', multiple: true })
  const [one, two, stays] = [await member(), await member(), await member()]
  const id = await workPackage({ [tester]: one, [crew]: [one, stays, two] })
  await remove(`/users/${one}`, 202)
  await remove(`/users/${two}`, 202)
  const found = await links(id)
  const deleted = found[`customField${tester}`].href
  assert.match((await s.server.admin.get(deleted.replace('/api/v3', ''))).body.name, /deleted/i)
  assert.deepEqual(
    found[`customField${crew}`].map((person: { href: string }) => person.href),
    [`/api/v3/users/${stays}`, deleted],
  )
  assert.deepEqual(await history(id), [])
  const then = (await s.server.admin.get(`/work_packages/${id}?timestamps=2026-02-01T00:00:00Z`)).body._links
  assert.equal(then[`customField${tester}`].href, deleted)
})

test('A deleted version is removed from values by the user who deletes it, and remains in the history', async () => {
  const release = await s.field({ name: 'Release', format: 'version' })
  const releases = await s.field({ name: 'Releases', format: 'version', multiple: true })
  const [first, second] = [await version('First'), await version('Second')]
  const id = await workPackage({ [release]: first, [releases]: [first, second] })
  const other = await workPackage({ [releases]: [first] })
  await remove(`/versions/${first}`, 204)
  const found = await links(id)
  assert.deepEqual(found[`customField${release}`].href, null)
  assert.deepEqual(
    found[`customField${releases}`].map((one: { href: string }) => one.href),
    [`/api/v3/versions/${second}`],
  )
  assert.deepEqual((await links(other))[`customField${releases}`], [])
  assert.equal((await history(id)).length, 1)
})

test('The versions of a deleted project are removed from values elsewhere', async () => {
  const release = await s.field({ resource: 'Project', name: 'Release', format: 'version' })
  const doomed = await s.server.make.project()
  const below = await s.server.make.project({ parent_id: doomed })
  const stored = { project_id: below, name: 'Its own', sharing: 'system', ...stamps }
  const id = await s.server.make.row('versions', stored, 'versions', 'projects')
  const holder = await s.server.make.project({ custom_values: { [release]: id } })
  await remove(`/projects/${doomed}`, 204)
  await runDue(s.server.db, { only: ['projects.delete'] })
  const { body } = await s.server.admin.get(`/projects/${holder}`)
  assert.equal(body._links[`customField${release}`].href, null)
})

test('An action with a deleted user makes its other changes', async () => {
  const somebody = await member()
  const field = await s.field({ name: 'Said', format: 'string' })
  const changes = { subject: 'Acted', [`customField${field}`]: 'Yes', _links: { assignee: link(`users/${somebody}`) } }
  const action = await s.server.db.transaction((tx) => makeAction(tx, { name: 'Act', changes }))
  await remove(`/users/${somebody}`, 202)
  await s.server.db.transaction((tx) => removeField(tx, product, field))
  const id = await workPackage()
  const { status, body } = await s.writer.post(`/custom_actions/${action}/execute`, {
    lockVersion: 0,
    _links: { workPackage: link(`work_packages/${id}`) },
  })
  assert.deepEqual([status, body.subject, body._links.assignee.href], [200, 'Acted', null])
})

test('A query grouped by a deleted or hidden field has no groups', async () => {
  const secret = await s.field({ name: 'Secret', format: 'string', admin_only: true })
  const query = {
    name: 'Grouped',
    user_id: s.writerId,
    public: true,
    project_id: s.project,
    filters: '[]',
    sort_by: '["id-desc"]',
    group_by: `customField${secret}`,
    show_hierarchies: false,
    highlighting_mode: 'inline',
    timestamps: '["PT0S"]',
    timeline_zoom_level: 'auto',
    timeline_labels: '{}',
    ...stamps,
  }
  const id = await s.server.make.row('queries', query)
  const groups = async (client = s.server.admin) => {
    const { status, body } = await client.get(`/queries/${id}`)
    return [status, body._links.groupBy.href, 'groups' in body._embedded.results]
  }
  assert.deepEqual(await groups(), [200, `/api/v3/queries/group_bys/customField${secret}`, true])
  assert.deepEqual(await groups(s.writer), [200, null, false])
  await s.server.db.transaction((tx) => removeField(tx, product, secret))
  assert.deepEqual(await groups(), [200, null, false])
})
