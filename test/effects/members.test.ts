/** Effects on group members and removed principals in projects other than the written one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { sql } from '#db/sql.ts'
import { link, scene, stamps } from './scene.ts'

const it = await scene()
const { make, home, away } = it

/** A group with one user in the database, who has inherited no roles yet. */
async function group(): Promise<{ id: number; user: number }> {
  const [id, user] = [await make.group(), await make.user()]
  await it.db.transaction((tx) => tx.run(sql`insert into group_users (group_id, user_id) values (${id}, ${user})`))
  return { id, user }
}
const placesOf = async (principal: number) =>
  (await it.db.all(sql`select project_id from memberships where principal_id = ${principal} order by project_id`)).map(
    (row) => row.project_id,
  )
const membershipOf = async (principal: number, project: number) =>
  (await it.db.one(sql`select id from memberships where principal_id = ${principal} and project_id = ${project}`))?.id

for (const [who, client] of [
  ['a manager of members', it.actor],
  ['a token limited to projects', it.limited],
] as const) {
  test(`roles that ${who} gives to a group are inherited in that project only`, async () => {
    const { id, user } = await group()
    await make.member(id, away, { role: it.role })
    const made = await client.post('/memberships', {
      _links: { principal: link('groups', id), project: link('projects', home), roles: [link('roles', it.role)] },
    })
    assert.equal(made.status, 201, made.text)
    assert.deepEqual(await placesOf(user), [home])
    const patched = await client.patch(`/memberships/${made.body.id}`, {
      _links: { roles: [link('roles', await it.id('roles', 'Reader'))] },
    })
    assert.equal(patched.status, 200, patched.text)
    assert.deepEqual(await placesOf(user), [home])
    assert.equal((await client.delete(`/memberships/${made.body.id}`)).status, 204)
    assert.deepEqual([await placesOf(user), await placesOf(id)], [[], [away]])
  })

  test(`a user removed from a project by ${who} keeps memberships and watches elsewhere`, async () => {
    const user = await make.user()
    await make.member(user, home, { role: it.role })
    const bare = await make.row('memberships', { principal_id: user, project_id: away, ...stamps }, 'memberships')
    const [here, there] = [await make.workPackage({ project_id: home }), await make.workPackage({ project_id: away })]
    await it.db.transaction((tx) =>
      tx.run(sql`insert into watchers (work_package_id, user_id) values (${here}, ${user}), (${there}, ${user})`),
    )
    assert.equal((await client.delete(`/memberships/${await membershipOf(user, home)}`)).status, 204)
    assert.ok(await it.row('memberships', bare))
    const watched = await it.db.all(sql`select work_package_id as id from watchers where user_id = ${user}`)
    assert.deepEqual(
      watched.map((row) => row.id),
      [there],
    )
  })
}

test('a placeholder user can be deleted by a user who manages members in all its projects', async () => {
  const manager = await make.user()
  await make.member(manager, null, ['manage_placeholder_user', 'view_all_principals'])
  await make.member(manager, home, ['manage_members'])
  const client = await it.as(manager)
  const placeholder = await make.row('principals', { type: 'PlaceholderUser', name: 'To be', status: 1, ...stamps }, 'principals')
  await make.member(placeholder, home, { role: it.role })
  const elsewhere = await make.member(placeholder, away, { role: it.role })
  const refused = await client.delete(`/placeholder_users/${placeholder}`)
  assert.deepEqual(
    [refused.status, refused.body.message],
    [403, 'The placeholder user is a member of projects whose members you may not manage.'],
  )
  assert.deepEqual(await placesOf(placeholder), [home, away])
  assert.equal((await it.admin.delete(`/memberships/${elsewhere}`)).status, 204)
  assert.equal((await client.delete(`/placeholder_users/${placeholder}`)).status, 202)
})
