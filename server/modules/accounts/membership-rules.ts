/** Facts, checks and side effects of memberships: on groups, users and their watches. */
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { LOCKED } from '#identity/statuses.ts'
import { admin, both, either, inProject, lacking, NOTHING } from '#kernel/access/rules.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Draft, Rule } from '#kernel/declaration.ts'
import { forbidden, type Violation, violation } from '#kernel/errors.ts'
import { holds } from '#kernel/operation.ts'
import { relatedRows } from '#kernel/read/load.ts'
import { said } from '#text/messages.ts'
import { rolesToGive } from './giving-roles.ts'
import { inherit, prune, usersOf } from './inheritance.ts'
import { madeKinds } from './visibility.ts'

type Membership = Tables['memberships']

/** The viewer manages the membership: by permission in its project or, for global ones, as an administrator. */
export const managesThis: Rule = either(inProject('manage_members'), both(lacking('project_id'), admin))

export interface MembershipFacts {
  /** Whether the viewer manages the membership as it is proposed. */
  readonly mayManage: boolean
  /** The principal, if the viewer sees it. */
  readonly principal: Row | undefined
  readonly roles: readonly Tables['roles'][]
  /** The ids of possible roles: those that the viewer may give, and those it has. */
  readonly possible: ReadonlySet<number>
  /** Whether the principal is a member there already. */
  readonly isTaken: boolean
  /** Whether some of the roles come from a group. */
  readonly inherits: boolean
  /** Whether the write changes the roles. */
  readonly rolesDiffer: boolean
}

export async function membershipFacts({ row, before, many }: Draft<Membership>, context: Context): Promise<MembershipFacts> {
  const { db } = context
  const ids = many.roles ?? []
  const principals = row.principal_id ? await relatedRows(context, context.model.of('Principal'), [row.principal_id]) : undefined
  const roles = await relatedRows(context, context.model.of('Role'), ids)
  const other =
    before || !row.principal_id
      ? undefined
      : await db.one(sql`
          select id from memberships
          where principal_id = ${row.principal_id} and entity_type is null
            and ${row.project_id ? sql`project_id = ${row.project_id}` : sql`project_id is null`}`)
  const stored = before
    ? await db.all<{ role_id: number; inherited_from: number | null }>(
        sql`select role_id, inherited_from from membership_roles where membership_id = ${before.id}`,
      )
    : []
  const givable = row.project_id ? await rolesToGive(context, row.project_id) : await globalRoles(context)
  return {
    mayManage: await holds(context, managesThis, row),
    principal: principals?.get(row.principal_id),
    roles: ids.map((id) => roles.get(id)).filter((role) => role !== undefined) as Tables['roles'][],
    possible: new Set([...givable, ...stored.map((one) => one.role_id)]),
    isTaken: other !== undefined,
    inherits: stored.some((one) => one.inherited_from !== null),
    rolesDiffer:
      many.roles !== undefined &&
      (ids.some((id) => !stored.some((one) => one.role_id === id)) ||
        stored.some((one) => one.inherited_from === null && !ids.includes(one.role_id))),
  }
}

/** The ids of roles for global memberships, which only administrators give. */
async function globalRoles({ db, snapshot }: Context): Promise<readonly number[]> {
  const roles = await allRows(db, snapshot, 'roles', 'position')
  return [...roles.values()].filter((role) => role.builtin === null && role.kind === 'global').map((role) => role.id)
}

/**
 * Whether the viewer may add members to the project.
 * @throws ApiError 403; a payload without roles gets a violation first
 */
export function checkPlace({ row, before, many }: Draft<Membership>, { mayManage }: MembershipFacts): Violation[] {
  if (before || mayManage) return []
  if (!row.project_id) return [violation('project', said`can't be blank`)]
  if (many.roles?.length) throw forbidden()
  return [violation('project', said`is invalid`)]
}

export function checkPrincipal({ before }: Draft<Membership>, { principal, isTaken }: MembershipFacts): Violation[] {
  if (before || !principal) return []
  const isFit = madeKinds.includes(principal.type) && principal.status !== LOCKED
  return [
    ...(isFit ? [] : [violation('principal', said`cannot be made a member`)]),
    ...(isTaken ? [violation('principal', said`is a member already`)] : []),
  ]
}

/** Roles that cannot be given there, or not by the viewer; clients know the sentence. */
export function checkRoles({ row }: Draft<Membership>, { roles, possible }: MembershipFacts): Violation[] {
  if (row.project_id === NOTHING) return []
  return roles.every((role) => possible.has(role.id)) ? [] : [violation('roles', said`has an unassignable role`)]
}

/** The distinct roles of memberships, inherited ones included. */
export async function rolesOf(rows: readonly { id: number }[], { db, engine }: Context): Promise<Map<number, number[]>> {
  const ids = rows.map((row) => row.id).filter((id) => id !== undefined)
  const found = await db.all<{ membership_id: number; role_id: number }>(sql`
    select distinct m.membership_id, m.role_id, r.position from membership_roles m join roles r on r.id = m.role_id
    where ${among(engine, sql`m.membership_id`, ids)} order by r.position, m.role_id`)
  const byMembership = Map.groupBy(found, (one) => one.membership_id)
  return new Map([...byMembership].map(([id, roles]) => [id, roles.map((one) => one.role_id)]))
}

/** Replaces the direct roles. Roles that are inherited are not stored again; inherited roles stay. */
export async function storeRoles(
  tx: Transaction,
  { row }: Draft<Membership>,
  ids: readonly number[],
  { now }: Context,
): Promise<void> {
  const stored = await tx.all<{ id: number; role_id: number; inherited_from: number | null }>(
    sql`select id, role_id, inherited_from from membership_roles where membership_id = ${row.id}`,
  )
  const given = stored.filter((one) => one.inherited_from === null && !ids.includes(one.role_id)).map((one) => one.id)
  const added = ids.filter((id) => !stored.some((one) => one.role_id === id))
  if (given.length > 0) await tx.run(sql`delete from membership_roles where ${among(tx.engine, sql`id`, given)}`)
  for (const id of added) await tx.run(sql`insert into membership_roles (membership_id, role_id) values (${row.id}, ${id})`)
  if (given.length + added.length > 0) {
    await tx.run(sql`update memberships set updated_at = ${now.toISOString()} where id = ${row.id}`)
  }
}

/** Passes a change of a group's roles on to its users. */
export async function passOn(
  tx: Transaction,
  { row }: Draft<Membership>,
  { principal }: MembershipFacts,
  { now }: Context,
): Promise<void> {
  if (principal?.type !== 'Group') return
  await inherit(tx, row.principal_id, sql`m.id = ${row.id}`, now)
  await prune(tx, await usersOf(tx, row.principal_id), [row.project_id])
}

/** Inherited roles can only be removed from the group. */
export async function removableMembership(row: Membership, { db }: Context): Promise<readonly Violation[]> {
  const inherited = await db.one(
    sql`select id from membership_roles where membership_id = ${row.id} and inherited_from is not null limit 1`,
  )
  return inherited ? [violation('base', said`Some of its roles are inherited from a group. Remove them from the group.`)] : []
}

/** Removes a membership with the roles inherited from it. */
export async function removeMembership(tx: Transaction, row: Membership): Promise<false> {
  const users = await usersOf(tx, row.principal_id)
  await tx.run(sql`delete from memberships where id = ${row.id}`)
  await prune(tx, [row.principal_id, ...users], [row.project_id])
  return false
}
