/** Deleting projects, with all related resources. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { cascades } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import type { Mail } from '#kernel/declaration.ts'
import { type Instance, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let halyard: Instance
let userId: number

before(async () => {
  halyard = await instance()
  userId = await halyard.make.user()
})
after(() => halyard.close())

const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
const count = async (table: string) =>
  ((await halyard.db.one<{ n: number }>(sql`select count(*) as n from ${raw(table)}`)) as { n: number }).n

/** A project with related resources of every kind. */
async function full(values: Record<string, unknown> = {}): Promise<{ id: number; workPackage: number; version: number }> {
  const { make } = halyard
  const id = await make.project(values)
  const version = await make.row('versions', { project_id: id, name: '1.0', sharing: 'system', ...stamps }, 'versions')
  const category = await make.row('categories', { project_id: id, name: 'Hull' }, 'categories')
  const workPackage = await make.workPackage({ project_id: id, version_id: version, category_id: category })
  await make.workPackage({ project_id: id, parent_id: workPackage })
  const booked = {
    project_id: id,
    entity_id: workPackage,
    user_id: userId,
    logged_by_id: userId,
    spent_on: '2026-01-01',
    hours: 1,
  }
  await make.row('time_entries', { ...booked, ...stamps })
  await make.member(userId, id, ['view_work_packages', 'edit_project'])
  await make.row(
    'memberships',
    { principal_id: userId, project_id: id, entity_type: 'WorkPackage', entity_id: workPackage, ...stamps },
    'memberships',
  )
  return { id, workPackage, version }
}

/** Runs the jobs of deletions. */
const deletions = () => runDue(halyard.db, { only: ['projects.delete'] })

const tables = [
  'projects',
  'work_packages',
  'versions',
  'categories',
  'time_entries',
  'memberships',
  'enabled_modules',
  'project_types',
]

test('all related resources of a project and its subprojects are deleted', async () => {
  const before = await Promise.all(tables.map(count))
  const { id } = await full()
  const middle = await full({ parent_id: id })
  await full({ parent_id: middle.id })
  await halyard.admin.post(`/projects/${id}/favorite`)
  const { status, text } = await halyard.admin.delete(`/projects/${id}`)
  assert.equal(status, 204)
  assert.equal(text, '')
  await deletions()
  assert.deepEqual(await Promise.all(tables.map(count)), before)
  assert.equal((await halyard.admin.get(`/projects/${id}`)).status, 404)
  assert.equal((await halyard.admin.get(`/projects/${middle.id}`)).status, 404)
  assert.deepEqual(ids(await halyard.admin.get('/projects')), [])
})

test('a deleted project is archived at once, and removed by a job whose status the response names', async () => {
  const { id, workPackage } = await full()
  const middle = await full({ parent_id: id })
  const { admin } = halyard
  const { headers } = await admin.delete(`/projects/${id}`)
  const member = await halyard.as(userId)
  for (const one of [id, middle.id]) {
    assert.equal((await admin.get(`/projects/${one}`)).body.active, false)
    assert.equal((await member.get(`/projects/${one}`)).status, 404)
    const { status, body } = await admin.patch(`/projects/${one}`, { active: true })
    assert.deepEqual([status, body.message], [422, 'The project is being deleted.'])
  }
  assert.equal((await member.get(`/work_packages/${workPackage}`)).status, 404)
  const job = headers.get('location') as string
  assert.match(job, /^\/api\/v3\/job_statuses\//)
  assert.equal((await admin.send('GET', job)).body.status, 'in_queue')
  assert.equal((await member.send('GET', job)).status, 404)
  await deletions()
  const { body } = await admin.send('GET', job)
  assert.deepEqual([body.status, body.percentageDone], ['success', 100])
  assert.match(body.message, /^The project Project \d+ has been deleted\.$/)
  assert.equal((await admin.get(`/projects/${id}`)).status, 404)
})

test('a project that is being deleted cannot be changed, so nothing of it is left over or comes into it', async () => {
  const { admin, make } = halyard
  const { id } = await full()
  const child = await make.project({ parent_id: id })
  const other = await make.project({ active: false })
  const at = (one: number) => ({ _links: { parent: { href: `/api/v3/projects/${one}` } } })
  await admin.delete(`/projects/${id}`)
  for (const changes of [{ _links: { parent: { href: null } } }, { name: 'Other' }, { active: true }, at(other)]) {
    const { status, body } = await admin.patch(`/projects/${child}`, changes)
    assert.deepEqual([status, body._embedded?.errors?.at(-1).message ?? body.message], [422, 'The project is being deleted.'])
  }
  assert.equal((await admin.patch(`/projects/${other}`, at(child))).status, 422)
  await deletions()
  assert.equal((await admin.get(`/projects/${child}`)).status, 404)
})

test('of a deletion and changes of the tree at the same time, all that is reported happens', async () => {
  const { admin, make } = halyard
  for (let i = 0; i < 8; i++) {
    const [root, outside] = [await make.project(), await make.project()]
    const child = await make.project({ parent_id: root })
    const to = (parent: number | null) => ({ _links: { parent: { href: parent && `/api/v3/projects/${parent}` } } })
    const [away, into, added, deleted] = await Promise.all([
      admin.patch(`/projects/${child}`, to(null)),
      admin.patch(`/projects/${outside}`, to(root)),
      admin.post('/projects', { name: `Sub ${root}`, ...to(root) }),
      admin.delete(`/projects/${root}`),
    ])
    const statuses = [away, into, added, deleted].map(({ status }) => status)
    assert.ok(
      statuses.every((status) => [200, 201, 204, 409, 422].includes(status)),
      statuses.join(),
    )
    if (deleted.status === 409) await admin.delete(`/projects/${root}`)
    await deletions()
    assert.deepEqual(await halyard.db.all(sql`select id from projects where deleting or parent_id = ${root}`), [])
    const left = await Promise.all([child, outside].map(async (one) => (await admin.get(`/projects/${one}`)).body.active))
    // One that the deletion found below is gone, any other is as it was.
    assert.ok(
      left.every((active) => active !== false),
      left.join(),
    )
    if (into.status !== 200) assert.equal(left[1], true)
  }
})

test('concurrent moves close no circle', async () => {
  const { admin, make } = halyard
  const [a, b] = [await make.project(), await make.project()]
  const below = (one: number, parent: number) =>
    admin.patch(`/projects/${one}`, { _links: { parent: { href: `/api/v3/projects/${parent}` } } })
  const statuses = (await Promise.all([below(a, b), below(b, a)])).map(({ status }) => status)
  assert.equal(statuses.filter((status) => status === 200).length, 1, statuses.join())
})

test('a work package that leaves the project just before its turn remains', async () => {
  const { admin, db, make } = halyard
  const [id, other] = [await make.project(), await make.project()]
  const leaving = await make.workPackage({ project_id: id })
  await make.workPackage({ project_id: id })
  await admin.delete(`/projects/${id}`)
  let isGone = false
  const slow: typeof db = {
    ...db,
    engine: db.engine,
    statements: 0,
    all: async (query) => {
      const rows = (await db.all(query)) as any
      if (!isGone && rows.some((row: { id?: number }) => row.id === leaving) && /from "work_packages" where/.test(query.text)) {
        isGone = true
        await db.transaction((tx) => tx.run(sql`update work_packages set project_id = ${other} where id = ${leaving}`))
      }
      return rows
    },
  }
  await runDue(slow, { only: ['projects.delete'] })
  assert.ok(isGone)
  const left = await db.all<{ id: number }>(sql`select id from work_packages where project_id in (${id}, ${other})`)
  assert.deepEqual(
    left.map((row) => row.id),
    [leaving],
  )
})

test('the person who deleted it gets a mail', async () => {
  const mails: Mail[] = []
  const id = await halyard.make.project({ name: 'Old hull' })
  const admin = await halyard.make.user({ admin: true, email: 'olga@example.net' })
  await (await halyard.as(admin)).delete(`/projects/${id}`)
  await deletions()
  await runDue(halyard.db, { only: ['mail.send'], post: async (mail) => void mails.push(mail) })
  assert.deepEqual(
    mails.filter(({ recipient }) => recipient === 'olga@example.net').map(({ recipient, subject }) => [recipient, subject]),
    [['olga@example.net', 'The project Old hull has been deleted.']],
  )
})

test('the job ends its work if the person is deleted meanwhile, and can be started again if it was given up', async () => {
  const { db, make, admin } = halyard
  const [one, other] = [await full(), await full()]
  const person = await make.user({ admin: true })
  await (await halyard.as(person)).delete(`/projects/${one.id}`)
  await db.transaction((tx) => tx.run(sql`delete from tasks where user_id = ${person}`))
  await admin.delete(`/projects/${other.id}`)
  await db.transaction((tx) =>
    tx.run(sql`delete from jobs where name = 'projects.delete' and key is not null and id = (select max(id) from jobs)`),
  )
  await admin.delete(`/projects/${other.id}`)
  await deletions()
  for (const { id } of [one, other]) assert.equal((await admin.get(`/projects/${id}`)).status, 404)
})

test('a large project is deleted in many short transactions, children before their parents', async () => {
  const { db, make, admin } = halyard
  const id = await make.project()
  let parent = await make.workPackage({ project_id: id })
  for (let i = 0; i < 60; i++) {
    const child = await make.workPackage({ project_id: id, parent_id: parent })
    if (i % 7 === 0) parent = child
  }
  await admin.delete(`/projects/${id}`)
  let transactions = 0
  const counted: typeof db = {
    ...db,
    engine: db.engine,
    statements: 0,
    transaction: (...args) => {
      transactions++
      return db.transaction(...args)
    },
  }
  await runDue(counted, { only: ['projects.delete'] })
  assert.ok(transactions > 4, `${transactions} transactions`)
  assert.equal((await db.one<{ n: number }>(sql`select count(*) as n from work_packages where project_id = ${id}`))?.n, 0)
  assert.equal((await admin.get(`/projects/${id}`)).status, 404)
})

test('what the database would delete with a project is deleted before, in short transactions', async () => {
  const { db, make, admin } = halyard
  const id = await make.project()
  const row = { project_id: id, author_name: 'Vera', message: 'Rigged', committed_at: stamps.created_at }
  for (let i = 0; i < 40; i++) await make.row('changesets', { ...row, identifier: String(i) })
  await make.member(userId, id, ['view_work_packages'])
  await admin.delete(`/projects/${id}`)
  const left: unknown[] = []
  const watched: typeof db = {
    ...db,
    engine: db.engine,
    statements: 0,
    transaction: (work, options) =>
      db.transaction(async (tx) => {
        const run: typeof tx.run = async (query) => {
          if (query.text.startsWith('delete from "projects"'))
            for (const { by, column } of await tx.all<{ by: string; column: string }>(cascades(tx.engine, 'projects')))
              left.push(...(await tx.all(sql`select ${by} as "table" from ${raw(by)} where ${raw(column)} = ${id}`)))
          return tx.run(query)
        }
        return work({ ...tx, run })
      }, options),
  }
  await runDue(watched, { only: ['projects.delete'] })
  assert.deepEqual(left, [])
  assert.equal((await admin.get(`/projects/${id}`)).status, 404)
})

test('work packages of other projects remain, without their deleted parents', async () => {
  const gone = await full()
  const stays = await full()
  const child = await halyard.make.workPackage({ project_id: stays.id, parent_id: gone.workPackage })
  assert.equal((await halyard.admin.delete(`/projects/${gone.id}`)).status, 204)
  await deletions()
  const row = await halyard.db.one(sql`select parent_id from work_packages where id = ${child}`)
  assert.equal(row?.parent_id, null)
})

test('parents in other projects derive their dates from the remaining children', async () => {
  const { make, db, admin } = halyard
  const [gone, stays] = [await make.project(), await make.project()]
  const parent = await make.workPackage({ project_id: stays, derived_estimated_hours: 7 })
  await make.workPackage({ project_id: stays, parent_id: parent, estimated_hours: 3 })
  await make.workPackage({ project_id: gone, parent_id: parent, estimated_hours: 4 })
  assert.equal((await admin.delete(`/projects/${gone}`)).status, 204)
  await deletions()
  const row = await db.one(sql`select derived_estimated_hours from work_packages where id = ${parent}`)
  assert.equal(row?.derived_estimated_hours, 3)
})

test('a project whose versions other projects use is not deleted', async () => {
  const used = await full()
  const user = await full()
  await halyard.make.workPackage({ project_id: user.id, version_id: used.version })
  const { status, body } = await halyard.admin.delete(`/projects/${used.id}`)
  assert.equal(status, 422)
  assert.equal(body._embedded.details.attribute, 'base')
  assert.equal((await halyard.admin.get(`/projects/${used.id}`)).status, 200)
})

test('only administrators delete projects', async () => {
  const { id } = await full()
  const member = await halyard.as(userId)
  assert.equal((await member.delete(`/projects/${id}`)).status, 403)
  const stranger = await halyard.as(await halyard.make.user())
  assert.equal((await stranger.delete(`/projects/${id}`)).status, 404)
})

test('an archived project can be deleted as well, and its identifier is free again', async () => {
  const { id } = await full({ identifier: 'short-lived', active: false })
  assert.equal((await halyard.admin.delete('/projects/short-lived')).status, 204)
  await deletions()
  assert.equal((await halyard.admin.get(`/projects/${id}`)).status, 404)
  assert.equal((await halyard.admin.post('/projects', { name: 'Next', identifier: 'short-lived' })).status, 201)
})
