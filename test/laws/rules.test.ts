/**
 * A rule has the same meaning in SQL, in memory, for "anywhere" and for sets of users: random rules over random rights, on
 * the engine under test.
 */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Row } from '#db/database.ts'
import { name, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import * as rules from '#kernel/access/rules.ts'
import { both, either, holdsFor, inProject, peopleFor } from '#kernel/access/rules.ts'
import { type Viewer, viewerOf } from '#kernel/access/viewer.ts'
import { createCache, invalidate } from '#kernel/cache.ts'
import type { Rule } from '#kernel/declaration.ts'
import { seenPrincipals } from '#modules/accounts/visibility.ts'
import { isPostgres } from '#test/database.ts'
import { type Instance, instance } from '#test/instance.ts'
import fc from '#test/properties.ts'
import { isEverything } from '#test/sample.ts'

const inProjects = ['view_work_packages', 'edit_work_packages', 'log_time', 'view_members', 'manage_versions']
/** The number of rules for each table. */
const RULES = isEverything ? 300 : isPostgres ? 50 : 100
const globals = ['add_project', 'manage_user', 'view_all_principals']

let server: Instance
let users: readonly number[]
let roles: readonly number[]
let projects: ReadonlyMap<number, Row>
/** The tables under test, with their rows. */
const rows = new Map<string, Row[]>()

/** Seeded random rights. */
function chance(seed: number): <T>(of: readonly T[], share?: number) => T[] {
  let state = seed
  const next = () => {
    state = (state * 1_664_525 + 1_013_904_223) % 2 ** 32
    return state / 2 ** 32
  }
  return (of, share = 0.5) => of.filter(() => next() < share)
}

async function readRows(): Promise<void> {
  for (const table of ['work_packages', 'memberships', 'projects', 'principals']) {
    rows.set(table, await server.db.all(sql`select * from ${name(table)}`))
  }
  projects = new Map(rows.get('projects')!.map((row) => [row.id, row]))
}

before(async () => {
  server = await instance()
  const { make } = server
  const some = chance(20_261_124)
  const projectIds: number[] = []
  for (let i = 0; i < 8; i++) {
    projectIds.push(await make.project({ public: i === 1, ...(i > 4 && { parent_id: projectIds[0] }) }))
  }
  const people: number[] = []
  for (let i = 0; i < 6; i++) {
    const user = await make.user({ admin: i === 0, status: i === 5 ? 3 : 1 })
    // One of them is a member of all projects: a rule may hold of every row.
    const own = i === 4 ? projectIds : some(projectIds, 0.4)
    for (const project of own) await make.member(user, project, i === 4 ? inProjects : some(inProjects))
    if (i % 2 === 1) await make.member(user, null, some(globals))
    people.push(user)
  }
  const tags = ['a', 'b', 'c']
  for (let i = 0; i < 80; i++) {
    const [project = projectIds[0], assignee = null, tag = 'd'] = [
      some(projectIds, 0.3)[0],
      some(people, 0.3)[0],
      some(tags, 0.4)[0],
    ]
    const id = await make.workPackage({
      project_id: project!,
      assigned_to_id: assignee,
      author_id: people[i % people.length],
      subject: tag,
      done_ratio: i % 3 === 0 ? null : i % 5,
      schedule_manually: i % 4 === 0,
    })
    if (i % 7 === 0) {
      const share = await make.row('memberships', {
        principal_id: people[(i / 7) % people.length],
        project_id: project,
        entity_type: 'WorkPackage',
        entity_id: id,
        created_at: '2026-01-01T00:00:00.000Z',
        updated_at: '2026-01-01T00:00:00.000Z',
      })
      const role = await make.role(some(inProjects.slice(0, 3)), 'work_package')
      await make.row('membership_roles', { membership_id: share, role_id: role }, 'memberships')
    }
  }
  await readRows()
  const anonymous = rows.get('principals')!.find((row) => row.type === 'AnonymousUser')!
  users = [...people, anonymous.id]
  roles = (await server.db.all<{ id: number }>(sql`select id from roles order by id desc limit 4`)).map(({ id }) => id)
})
after(() => server.close())

const anyOf = fc.constantFrom
/** Leaves that do not depend on the row. */
const personal = fc.oneof(
  anyOf(rules.everyone, rules.nobody, rules.signedIn, rules.admin, rules.unconfined),
  anyOf(...globals).map(rules.globally),
  anyOf(...inProjects).map(rules.inAnyProject),
)
/** Leaves by table that depend on the row, also on columns that may be empty. */
const ofRows: Record<string, fc.Arbitrary<Rule>> = {
  work_packages: fc.oneof(
    anyOf(...inProjects).map((permission) => rules.inProject(permission)),
    anyOf(...inProjects.slice(0, 3)).map((permission) => rules.shared(permission)),
    anyOf('author_id', 'assigned_to_id').map(rules.own),
    fc.subarray(['a', 'b', 'c', 'd']).map((tags) => rules.having('subject', ...tags)),
    fc.subarray([0, 1, 2, 3]).map((ratios) => rules.having('done_ratio', ...ratios)),
    fc.boolean().map((value) => rules.having('schedule_manually', value)),
    anyOf('done_ratio', 'assigned_to_id', 'project_id').map(rules.lacking),
    fc.constant(rules.within(seenPrincipals, 'assigned_to_id')),
    fc.nat(3).map((i) => rules.withRole(roles[i % roles.length]!)),
    fc.constant(
      rules.satisfying(
        (own) => sql`${own('id')} > ${10}`,
        (row) => row.id > 10,
      ),
    ),
    fc
      .tuple(anyOf(...inProjects), fc.boolean())
      .map(([permission, isPublic]) =>
        rules.through(
          'project_id',
          'projects',
          rules.either(rules.inProject(permission, 'id'), rules.having('public', isPublic)),
          { find: (row) => projects.get(row.project_id), each: isPublic },
        ),
      ),
  ),
  memberships: fc.oneof(
    anyOf(...inProjects).map((permission) => rules.inProject(permission)),
    anyOf('project_id', 'entity_id', 'entity_type').map(rules.lacking),
    fc.constant(rules.own('principal_id')),
    fc.constant(rules.within(seenPrincipals, 'principal_id')),
  ),
  projects: fc.oneof(
    anyOf(...inProjects).map((permission) => rules.inProject(permission, 'id')),
    anyOf(...inProjects).map((permission) => rules.inProject(permission, 'parent_id')),
    anyOf('public', 'active').chain((column) => fc.boolean().map((value) => rules.having(column, value))),
    fc.constant(rules.lacking('parent_id')),
  ),
  principals: fc.oneof(
    fc.constant(rules.within(seenPrincipals)),
    fc.constant(rules.own('id')),
    fc.constant(rules.oneself),
    fc.subarray(['User', 'Group', 'AnonymousUser']).map((types) => rules.having('type', ...types)),
    fc.boolean().map((value) => rules.having('admin', value)),
    anyOf('login', 'email').map(rules.lacking),
  ),
}

/** Compositions of rules, up to five levels deep. */
const composed = (leaf: fc.Arbitrary<Rule>): fc.Arbitrary<Rule> =>
  fc.letrec<{ rule: Rule }>((tie) => ({
    rule: fc.oneof(
      { maxDepth: 5, depthIdentifier: 'rule' },
      fc.oneof(personal, { weight: 3, arbitrary: leaf }),
      fc.array(tie('rule'), { maxLength: 3, depthIdentifier: 'rule' }).map((parts) => rules.either(...parts)),
      fc.array(tie('rule'), { maxLength: 3, depthIdentifier: 'rule' }).map((parts) => rules.both(...parts)),
      tie('rule').map(rules.not),
      tie('rule').map(rules.somewhere),
    ),
  })).rule

/** A viewer with empty caches. */
async function viewer(id: number): Promise<Viewer> {
  const snapshot = await createCache().snapshot(server.db)
  return viewerOf(snapshot, rows.get('principals')!.find((row) => row.id === id)!)
}

/** Throws with the rule whose readings disagree, and the seed that reproduces it. */
async function agree(table: string): Promise<void> {
  const { db } = server
  await fc.assert(
    fc.asyncProperty(composed(ofRows[table]!), fc.nat(100), async (rule, i) => {
      const who = await viewer(users[i % users.length]!)
      const [right] = await rights({ db, viewer: who }, rule)
      const condition = right.where(table)
      const found = await db.all<{ id: number }>(sql`select id from ${name(table)} where ${condition} order by id`)
      const held = rows.get(table)!.filter((row) => right.holds(row))
      const said = `${condition.text} ${JSON.stringify(condition.values)} for ${JSON.stringify(who.row)}`
      assert.deepEqual(
        found.map((row) => row.id),
        held.map((row) => row.id).toSorted((a, b) => a - b),
        said,
      )
      if (held.length > 0) assert.ok(right.anywhere, `it holds, but not anywhere: ${said}`)
      await agreeOnPeople(rule, table, rows.get(table)![i % rows.get(table)!.length]!)
    }),
    { numRuns: RULES },
  )
}

/** Throws if the users for whom a rule holds on a row differ from those whose rights hold on it. */
async function agreeOnPeople(rule: Rule, table: string, row: Row): Promise<void> {
  const { db } = server
  const holding: number[] = []
  for (const id of users) {
    const [right] = await rights({ db, viewer: await viewer(id) }, rule)
    if (right.holds(row)) holding.push(id)
  }
  const { id } = row
  const columns = (own: string) => name(`${table}.${own}`)
  const said = `the people for ${JSON.stringify(row)}`
  const expected = holding.toSorted((a, b) => a - b)
  const values = await db.all<{ user_id: number }>(peopleFor(rule, db.engine, row))
  const ids = values.map(({ user_id }) => user_id).filter((one) => users.includes(one))
  assert.deepEqual(
    ids.toSorted((a, b) => a - b),
    expected,
    said,
  )
  const may = sql`select u.id from principals u, ${name(table)} where ${columns('id')} = ${id} and ${holdsFor(rule, db.engine, sql`u.id`, columns)}`
  const allowed = (await db.all<{ id: number }>(may)).map((one) => one.id).filter((one) => users.includes(one))
  assert.deepEqual(
    allowed.toSorted((a, b) => a - b),
    expected,
    `${said}, each asked about`,
  )
}

for (const table of Object.keys(ofRows)) test(`${RULES} rules over ${table} agree in all their readings`, () => agree(table))

test('who holds a right for several reasons is listed once', async () => {
  const project = await server.make.project()
  const user = await server.make.user()
  const membership = await server.make.member(user, project, ['view_work_packages', 'edit_work_packages'])
  const second = await server.make.role(['view_work_packages'])
  await server.make.row('membership_roles', { membership_id: membership, role_id: second }, 'memberships')
  const [sees, edits] = [inProject('view_work_packages'), inProject('edit_work_packages')]
  for (const rule of [sees, either(sees, edits), either(sees, either(edits, sees)), both(sees, either(sees, edits))]) {
    const listed = await server.db.all<{ user_id: number }>(peopleFor(rule, server.db.engine, { project_id: project }))
    assert.equal(listed.filter(({ user_id }) => user_id === user).length, 1)
  }
})

test('they also agree after a project is archived, so that a member of all projects is no longer one of all rows', async () => {
  await server.db.transaction(async (tx) => {
    await tx.run(sql`update projects set active = false where id = (select max(id) from projects)`)
    await invalidate(tx, 'projects')
  })
  await readRows()
  for (const table of Object.keys(ofRows)) await agree(table)
})
