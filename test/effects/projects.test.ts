/** Effects on other projects: archiving and moving a project, and narrowing the sharing of its versions. */
import assert from 'node:assert/strict'
import { before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { link, scene, stamps } from './scene.ts'

const it = await scene()
const { make, home, away } = it
const isActive = async (id: number) => (await it.row('projects', id))!.active
const versionOf = async (id: number) => (await it.row('work_packages', id))!.version_id
const version = (project_id: number, sharing: string) =>
  make.row('versions', { project_id, name: `v${Math.random()}`, sharing, ...stamps }, 'versions', 'projects')

before(async () => {
  await it.db.transaction(async (tx) => {
    await tx.run(sql`update projects set parent_id = ${home} where id = ${away}`)
    await invalidate(tx, 'projects')
  })
})

for (const [who, client] of [
  ['a member', it.actor],
  ['a token limited to projects', it.limited],
] as const) {
  test(`archiving by ${who} is rejected as a whole if they may not archive a subproject`, async () => {
    const { status, body } = await client.patch(`/projects/${home}`, { active: false })
    assert.deepEqual([status, body.message], [422, 'The project has subprojects that you may not archive.'])
    assert.deepEqual([await isActive(home), await isActive(away)], [true, true])
  })

  test(`deletion by ${who} is rejected`, async () => {
    assert.equal((await client.delete(`/projects/${home}`)).status, 403)
    assert.ok(await it.row('projects', away))
  })
}

test('an archived subproject stays archived when its parent is unarchived', async () => {
  const upper = await make.project()
  const inner = await make.project({ parent_id: upper, active: false })
  assert.equal((await it.admin.patch(`/projects/${upper}`, { active: false })).status, 200)
  assert.equal((await it.admin.patch(`/projects/${upper}`, { active: true })).status, 200)
  assert.deepEqual([await isActive(upper), await isActive(inner)], [true, false])
})

test('narrowing the sharing of a version removes no other version from work packages', async () => {
  const [mine, theirs] = [await version(home, 'descendants'), await version(away, 'none')]
  const planned = await make.workPackage({ project_id: away, version_id: mine })
  // Such a version cannot be set by the API.
  const odd = await make.workPackage({ project_id: home, version_id: theirs })
  const reply = await it.actor.patch(`/versions/${mine}`, { sharing: 'none' })
  assert.equal(reply.status, 200, reply.text)
  assert.deepEqual([await versionOf(planned), await versionOf(odd)], [null, theirs])
})

test('moving a project removes only versions of moved projects, and versions in them', async () => {
  const [upper, lower, apart] = [await make.project(), await make.project(), await make.project()]
  const [shared, other] = [await version(upper, 'descendants'), await version(apart, 'none')]
  await it.admin.patch(`/projects/${lower}`, { _links: { parent: link('projects', upper) } })
  const planned = await make.workPackage({ project_id: lower, version_id: shared })
  const odd = await make.workPackage({ project_id: home, version_id: other })
  const reply = await it.admin.patch(`/projects/${lower}`, { _links: { parent: { href: null } } })
  assert.equal(reply.status, 200, reply.text)
  assert.deepEqual([await versionOf(planned), await versionOf(odd)], [null, other])
})
