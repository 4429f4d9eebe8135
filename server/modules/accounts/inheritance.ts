/**
 * Memberships that users inherit from groups: each role of a group is copied to all its users as an inherited role, so that a
 * permission check reads one place only. All functions run in the transaction that changes the group.
 */
import type { Engine, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { name, raw, type Sql, sql } from '#db/sql.ts'
import { holdsFor, onWorkPackage } from '#kernel/access/rules.ts'

/** Whether two memberships, by their aliases, have the same project and entity. */
const samePlace = (a: string, b: string) =>
  raw(
    ['project_id', 'entity_type', 'entity_id']
      .map((column) => `${a}.${column} is not distinct from ${b}.${column}`)
      .join(' and '),
  )

const instant = (engine: Engine, now: Date) => sql`${now.toISOString()}${raw(engine === 'postgres' ? '::timestamptz' : '')}`

/** The users in a group. */
export async function usersOf(tx: Transaction, groupId: number): Promise<number[]> {
  const rows = await tx.all<{ user_id: number }>(sql`select user_id from group_users where group_id = ${groupId}`)
  return rows.map((row) => row.user_id)
}

/**
 * Gives the users of a group the roles of its memberships that they have not inherited yet.
 * @param which the condition on memberships `m` and users `gu` to pass on
 */
export async function inherit(tx: Transaction, groupId: number, which: Sql, now: Date): Promise<void> {
  const stamp = instant(tx.engine, now)
  await tx.run(sql`
    insert into memberships (principal_id, project_id, entity_type, entity_id, created_at, updated_at)
    select gu.user_id, m.project_id, m.entity_type, m.entity_id, ${stamp}, ${stamp}
    from memberships m join group_users gu on gu.group_id = m.principal_id
    where m.principal_id = ${groupId} and ${which}
      and not exists (select 1 from memberships own where own.principal_id = gu.user_id and ${samePlace('own', 'm')})`)
  await tx.run(sql`
    insert into membership_roles (membership_id, role_id, inherited_from)
    select own.id, r.role_id, r.id
    from memberships m
    join membership_roles r on r.membership_id = m.id and r.inherited_from is null
    join group_users gu on gu.group_id = m.principal_id
    join memberships own on own.principal_id = gu.user_id and ${samePlace('own', 'm')}
    where m.principal_id = ${groupId} and ${which}
      and not exists (select 1 from membership_roles has where has.membership_id = own.id and has.inherited_from = r.id)`)
}

/** Removes inherited roles from users who leave a group. */
async function disinherit(tx: Transaction, groupId: number, userIds: readonly number[]): Promise<void> {
  await tx.run(sql`
    delete from membership_roles
    where inherited_from in (
        select r.id from membership_roles r join memberships m on m.id = r.membership_id where m.principal_id = ${groupId})
      and membership_id in (select m.id from memberships m where ${among(tx.engine, sql`m.principal_id`, userIds)})`)
  await prune(tx, userIds, await placesOf(tx, groupId))
}

/** Projects of memberships; null for global ones. */
type Places = readonly (number | null)[]

/** The projects in which a principal is a member, or has shares. */
export async function placesOf(tx: Transaction, principalId: number): Promise<Places> {
  const rows = await tx.all<{ project_id: number | null }>(
    sql`select distinct project_id from memberships where principal_id = ${principalId}`,
  )
  return rows.map((row) => row.project_id)
}

/** The viewer sees the work package, and so may follow it. */
const mayFollow = onWorkPackage('view_work_packages')

/** Tables whose rows users keep only as long as they see the work package, with the column of the user. */
const followed = [
  ['watchers', 'user_id'],
  ['notifications', 'recipient_id'],
] as const

/**
 * Removes memberships of these principals without roles, and watches and notifications of work packages that they no longer see:
 * in these places only, as a change here does not affect other projects.
 */
export async function prune(tx: Transaction, principalIds: readonly number[], places: Places): Promise<void> {
  const projects = places.filter((place) => place !== null)
  const here = (project: Sql) => among(tx.engine, project, projects)
  await tx.run(sql`
    delete from memberships
    where ${among(tx.engine, sql`principal_id`, principalIds)}
      and ${places.includes(null) ? sql`(project_id is null or ${here(sql`project_id`)})` : here(sql`project_id`)}
      and not exists (select 1 from membership_roles r where r.membership_id = memberships.id)`)
  for (const [table, column] of followed) {
    const user = name(`${table}.${column}`)
    const workPackage = name(`${table}.work_package_id`)
    await tx.run(sql`
      delete from ${name(table)}
      where ${among(tx.engine, user, principalIds)}
        and ${workPackage} in (select w.id from work_packages w where ${here(sql`w.project_id`)})
        and not exists (
          select 1 from work_packages w
          where w.id = ${workPackage} and ${holdsFor(mayFollow, tx.engine, user, (own) => name(`w.${own}`))})`)
  }
}

/** Replaces the users of a group; returns those who have joined. */
export async function setUsers(
  tx: Transaction,
  groupId: number,
  userIds: readonly number[],
  now: Date,
): Promise<readonly number[]> {
  const before = new Set(await usersOf(tx, groupId))
  const after = new Set(userIds)
  const left = [...before].filter((id) => !after.has(id))
  const joined = [...after].filter((id) => !before.has(id))
  if (left.length > 0) {
    await tx.run(sql`delete from group_users where group_id = ${groupId} and ${among(tx.engine, sql`user_id`, left)}`)
    await disinherit(tx, groupId, left)
  }
  for (const id of joined) await tx.run(sql`insert into group_users (group_id, user_id) values (${groupId}, ${id})`)
  if (joined.length > 0) await inherit(tx, groupId, among(tx.engine, sql`gu.user_id`, joined), now)
  if (left.length + joined.length > 0) {
    await tx.run(sql`update principals set updated_at = ${now.toISOString()} where id = ${groupId}`)
  }
  return joined
}
