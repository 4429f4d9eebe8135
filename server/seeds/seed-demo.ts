/** Writes the demo data into an instance that has the basic data and an administrator. */

import type { Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { name, raw, sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import { invalidate } from '#kernel/cache.ts'
import { begin } from '#kernel/write/history.ts'
import { product } from '#server/modules.ts'
import { admin } from './basic.ts'
import { groups, type MemberSeed, type ProjectSeed, placeholderUsers, projects, users } from './demo.ts'
import { plan } from './plan.ts'
import { insertForIds, insertRows } from './rows.ts'
import type { Seed } from './seed.ts'
import { rewind } from './seed-showcase.ts'
import { showcase } from './showcase.ts'

type Ids = ReadonlyMap<string, number>

/** Ids by the names that the seeds use. */
interface Known {
  readonly principals: Ids
  readonly types: Ids
  readonly statuses: Ids
  readonly priorities: Ids
  readonly roles: Ids
}

/** How a day of `demo.ts` is called. */
type Day = (day: number) => string

const DAY_MS = 86_400_000

/**
 * Writes everything of `demo.ts`.
 * @param adminId who stands for the demo's `admin`, and is the author of its work packages
 * @param seed `showcase` writes the showcase as well
 * @throws when a row of the basic data that it refers to is gone or has another name
 */
export async function seedDemo(tx: Transaction, adminId: number, now: string, seed: Seed): Promise<void> {
  const principals = new Map([[admin.login, adminId], ...(await seedPrincipals(tx, now))])
  const known: Known = {
    principals,
    types: await idsByName(tx, 'types'),
    statuses: await idsByName(tx, 'statuses'),
    priorities: await idsByName(tx, 'priorities'),
    roles: await idsByName(tx, 'roles'),
  }
  const today = Date.parse(now.slice(0, 10))
  const monday = today - ((new Date(today).getUTCDay() + 6) % 7) * DAY_MS
  const day: Day = (count) => new Date(monday + count * DAY_MS).toISOString().slice(0, 10)
  for (const project of projects) await seedProject(tx, project, known, day, now)
  const replay = seed === 'showcase' ? await rewind(tx, await seedProject(tx, showcase, known, day, now), now) : undefined
  await begin(tx, product.of('WorkPackage'))
  await replay?.(product.of('WorkPackage'))
  const rows = await tx.all<{ id: number; identifier: string }>(sql`select id, identifier from projects`)
  const demo = { now, adminId, day, model: product, projects: new Map(rows.map((row) => [row.identifier, row.id])) }
  for (const step of product.demo) await step(tx, demo)
  await invalidate(tx, 'principals', 'memberships', 'projects', 'categories', 'versions')
}

async function idsByName(tx: Transaction, table: TableName): Promise<Ids> {
  const rows = await tx.all<{ id: number; name: string }>(sql`select id, name from ${name(table)}`)
  return new Map(rows.map((row) => [row.name, row.id]))
}

function idOf(ids: Ids, name: string): number {
  const id = ids.get(name)
  if (id === undefined) throw new Error(`The demo data needs "${name}", which this instance does not have.`)
  return id
}

/** Users by login, groups and placeholder users by name. */
async function seedPrincipals(tx: Transaction, now: string): Promise<[string, number][]> {
  const common = { status: 1, created_at: now, updated_at: now }
  const names = [...users.map((user) => user.login), ...groups.map((group) => group.name), ...placeholderUsers]
  const nameless = { login: null, first_name: null, last_name: null, email: null }
  const ids = await insertForIds(tx, 'principals', [
    ...users.map((user) => ({ type: 'User', name: `${user.first_name} ${user.last_name}`, ...user, ...common })),
    ...groups.map(({ name }) => ({ type: 'Group', name, ...nameless, ...common })),
    ...placeholderUsers.map((name) => ({ type: 'PlaceholderUser', name, ...nameless, ...common })),
  ])
  const known = new Map(names.map((name, index) => [name, ids[index]!]))
  await insertRows(
    tx,
    'group_users',
    groups.flatMap((group) => group.users.map((login) => ({ group_id: idOf(known, group.name), user_id: idOf(known, login) }))),
  )
  return [...known]
}

/** Writes a project with everything in it. Returns its id. */
async function seedProject(tx: Transaction, seed: ProjectSeed, known: Known, day: Day, now: string): Promise<number> {
  const stamps = { created_at: now, updated_at: now }
  const { identifier, name, description, status_code, status_explanation } = seed
  const project = { identifier, name, description, public: seed.public, status_code, status_explanation, ...stamps }
  const project_id = (await insertForIds(tx, 'projects', [project]))[0]!
  await insertRows(
    tx,
    'enabled_modules',
    seed.modules.map((name) => ({ project_id, name })),
  )
  await insertRows(
    tx,
    'project_types',
    seed.types.map((type) => ({ project_id, type_id: idOf(known.types, type) })),
  )
  await seedMembers(tx, seed.members, project_id, known, now)

  const categoryIds = await insertForIds(
    tx,
    'categories',
    seed.categories.map(({ name, assignee }) => ({
      project_id,
      name,
      assigned_to_id: assignee === undefined ? null : idOf(known.principals, assignee),
    })),
  )
  const versionIds = await insertForIds(
    tx,
    'versions',
    seed.versions.map(({ name, description = null, start, end }) => ({
      project_id,
      name,
      description,
      start_date: start === undefined ? null : day(start),
      end_date: end === undefined ? null : day(end),
      ...stamps,
    })),
  )
  const categories = new Map(seed.categories.map(({ name }, index) => [name, categoryIds[index]!]))
  const versions = new Map(seed.versions.map(({ name }, index) => [name, versionIds[index]!]))
  await seedWorkPackages(tx, seed, project_id, { ...known, categories, versions }, day, now)
  await seedQueries(tx, seed, project_id, { ...known, versions }, now)
  return project_id
}

/** Memberships, and the copies of the groups' memberships that their users hold. */
async function seedMembers(
  tx: Transaction,
  members: readonly MemberSeed[],
  project_id: number,
  known: Known,
  now: string,
): Promise<void> {
  const usersOf = (principal: string) => groups.find((group) => group.name === principal)?.users ?? []
  const holders = [...new Set(members.flatMap(({ principal }) => [principal, ...usersOf(principal)]))]
  const membershipIds = await insertForIds(
    tx,
    'memberships',
    holders.map((holder) => ({
      principal_id: idOf(known.principals, holder),
      project_id,
      created_at: now,
      updated_at: now,
    })),
  )
  const memberships = new Map(holders.map((holder, index) => [holder, membershipIds[index]!]))

  const own = members.flatMap(({ principal, roles }) => roles.map((role) => ({ principal, role_id: idOf(known.roles, role) })))
  const ownIds = await insertForIds(
    tx,
    'membership_roles',
    own.map(({ principal, role_id }) => ({ membership_id: idOf(memberships, principal), role_id })),
  )
  await insertRows(
    tx,
    'membership_roles',
    own.flatMap(({ principal, role_id }, index) =>
      usersOf(principal).map((user) => ({
        membership_id: idOf(memberships, user),
        role_id,
        inherited_from: ownIds[index]!,
      })),
    ),
  )
}

async function seedWorkPackages(
  tx: Transaction,
  project: ProjectSeed,
  project_id: number,
  known: Known & { categories: Ids; versions: Ids },
  day: Day,
  now: string,
): Promise<void> {
  const stamps = { created_at: now, updated_at: now }
  const idOrNull = (ids: Ids, name: string | undefined) => (name === undefined ? null : idOf(ids, name))
  const dayOrNull = (count: number | null | undefined) => (count === null || count === undefined ? null : day(count))
  const planned = plan(project.workPackages)
  const ids = await insertForIds(
    tx,
    'work_packages',
    planned.map(({ seed, totals, ...own }) => ({
      project_id,
      type_id: idOf(known.types, seed.type),
      status_id: idOf(known.statuses, seed.status),
      priority_id: idOf(known.priorities, seed.priority ?? 'Normal'),
      author_id: idOf(known.principals, admin.login),
      assigned_to_id: idOrNull(known.principals, seed.assignee),
      responsible_id: idOrNull(known.principals, seed.responsible),
      category_id: idOrNull(known.categories, seed.category),
      version_id: idOrNull(known.versions, seed.version),
      subject: seed.subject,
      description: seed.description ?? null,
      start_date: dayOrNull(own.start),
      due_date: dayOrNull(own.due),
      duration: own.duration,
      schedule_manually: totals === null,
      estimated_hours: own.work,
      remaining_hours: own.remaining,
      done_ratio: own.done,
      derived_start_date: dayOrNull(totals?.start),
      derived_due_date: dayOrNull(totals?.due),
      derived_estimated_hours: totals?.work ?? null,
      derived_remaining_hours: totals?.remaining ?? null,
      derived_done_ratio: totals?.done ?? null,
      ...stamps,
    })),
  )
  const families = Map.groupBy(
    planned.map(({ parent }, index) => ({ parent, id: ids[index]! })).filter(({ parent }) => parent !== null),
    ({ parent }) => ids[parent!]!,
  )
  for (const [parent, children] of families) {
    const members = children.map(({ id }) => id)
    await tx.run(sql`update work_packages set parent_id = ${parent} where ${among(tx.engine, raw('id'), members)}`)
  }
  await insertRows(
    tx,
    'watchers',
    planned.flatMap(({ seed }, index) =>
      (seed.watchers ?? []).map((login) => ({ work_package_id: ids[index]!, user_id: idOf(known.principals, login) })),
    ),
  )
  const bySubject = new Map(planned.map(({ seed }, index) => [seed.subject, ids[index]!]))
  await insertRows(
    tx,
    'relations',
    planned.flatMap(({ seed }, index) =>
      (seed.follows ?? []).map((subject) => ({
        from_id: ids[index]!,
        to_id: idOf(bySubject, subject),
        relation_type: 'follows',
        ...stamps,
      })),
    ),
  )
}

/** The queries of a project, which the administrator has saved for everybody, and their views. */
async function seedQueries(
  tx: Transaction,
  { queries }: ProjectSeed,
  project_id: number,
  known: Known & { versions: Ids },
  now: string,
): Promise<void> {
  const stamps = { created_at: now, updated_at: now }
  const ids = await insertForIds(
    tx,
    'queries',
    queries.map(({ name, view, starred = false, types, version, all = false, columns, sort_by, group_by = null }) => ({
      name,
      project_id,
      user_id: idOf(known.principals, admin.login),
      public: true,
      starred,
      filters: JSON.stringify([
        ...(all ? [] : [{ name: 'status', operator: 'o', values: [] }]),
        ...(types ? [{ name: 'type', operator: '=', values: types.map((type) => String(idOf(known.types, type))) }] : []),
        ...(version ? [{ name: 'version', operator: '=', values: [String(idOf(known.versions, version))] }] : []),
      ]),
      columns: columns ? JSON.stringify(columns) : null,
      sort_by: JSON.stringify(sort_by),
      group_by,
      show_hierarchies: group_by === null,
      highlighting_mode: 'inline',
      timestamps: '["PT0S"]',
      timeline_visible: view === 'gantt',
      timeline_zoom_level: 'auto',
      timeline_labels: '{}',
      ...stamps,
    })),
  )
  await insertRows(
    tx,
    'views',
    queries.map(({ view }, index) => ({ type: view, query_id: ids[index]!, ...stamps })),
  )
}
