/** What follows from a change of dates, in a network that is too large for one transaction. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import { createCache } from '#kernel/cache.ts'
import { contextOfActor, inside } from '#kernel/context.ts'
import { scheduled } from '#modules/work-packages/scheduling.ts'
import { settle } from '#modules/work-packages/settling.ts'
import { type Chance, chance } from '#test/chance.ts'
import { jobsOf, runDue } from '#test/jobs.ts'
import { changed, created, link, scene } from '../work-packages/scene.ts'

const it = await scene()
const { admin, project, make, db } = it

/** Runs the jobs that settle what changes have left. */
const rest = () => runDue(db, { only: ['work_packages.settle'] })

/** Work packages of a random network without circles: what each depends on has a lower number. */
async function network(random: Chance, count: number): Promise<number[]> {
  const parents: (number | undefined)[] = Array.from({ length: count }, (_, i) =>
    i + 1 < count && random.oneIn(2) ? i + 1 + random.below(Math.min(6, count - i - 1)) : undefined,
  )
  const lowest = parents.map((_, i) => i)
  for (const [i, parent] of parents.entries()) if (parent !== undefined) lowest[parent] = Math.min(lowest[parent]!, lowest[i]!)
  const follows = parents.flatMap((_, i) =>
    Array.from({ length: random.below(3) }, () => lowest[i]! - 1 - random.below(12)).flatMap((to) =>
      to >= 0 ? [[i, to] as const] : [],
    ),
  )
  const ids: number[] = []
  for (let i = 0; i < count; i++) {
    const isTied = follows.some(([from]) => from === i) || parents.includes(i)
    const day = `2026-03-${10 + random.below(18)}`
    const dates = { start_date: day, due_date: day, duration: 1, schedule_manually: !isTied || random.oneIn(8) }
    ids.push(await make.workPackage({ project_id: project, ...dates }))
  }
  const pairs = new Map(follows.map(([from, to]) => [`${from} ${to}`, [from, to] as const]))
  await db.transaction(async (tx) => {
    for (const [i, parent] of parents.entries())
      if (parent !== undefined) await tx.run(sql`update work_packages set parent_id = ${ids[parent]} where id = ${ids[i]}`)
    const stamps = sql`'2026-01-01T00:00:00.000Z', '2026-01-01T00:00:00.000Z'`
    for (const [from, to] of pairs.values())
      await tx.run(sql`insert into relations (from_id, to_id, relation_type, lag, created_at, updated_at)
        values (${ids[from]}, ${ids[to]}, 'follows', ${random.below(3)}, ${stamps})`)
  })
  return ids
}

/** The dates and causes of work packages; and how often each has been written. */
const state = (tx: Pick<Transaction, 'all' | 'engine'>, ids: readonly number[]): Promise<Row[]> =>
  tx.all(sql`select id, ${raw(scheduled.join())}, lock_version,
    (select count(*) from journals j where j.resource = 'work_packages' and j.resource_id = w.id) as entries,
    (select j.cause from journals j where j.resource = 'work_packages' and j.resource_id = w.id order by j.version desc limit 1) as cause
    from work_packages w where ${among(tx.engine, sql`id`, ids)} order by id`)

const settled = ({ lock_version: _, entries: __, ...row }: Row) => row

class Undone extends Error {}

test('a job settles the rest as one transaction would', { timeout: 60_000 }, async () => {
  await it.setting('journal_aggregation_time_minutes', 0)
  const services = { db, model: it.model, files: it.files, cache: createCache() }
  const context = await contextOfActor(services, undefined, new Date())
  let jobs = 0
  let twice = 0
  for (let seed = 0; seed < 6; seed++) {
    const random = chance(seed)
    const ids = await network(random, 70)
    await db.transaction((tx) => settle(tx, { origins: ids, because: undefined }, inside(context, tx), ids.length))
    for (let round = 0; round < 3; round++) {
      const origin = ids[random.below(ids.length / 2)]!
      const day = `2026-0${4 + round}-${10 + random.below(18)}`
      const change = (most: number) => async (tx: Transaction) => {
        await tx.run(sql`update work_packages set start_date = ${day}, due_date = ${day} where id = ${origin}`)
        await settle(tx, { origins: [origin], because: origin }, inside(context, tx), most)
      }
      let expected: Row[] = []
      const atOnce = db.transaction(async (tx) => {
        await change(ids.length)(tx)
        expected = await state(tx, ids)
        throw new Undone()
      })
      await assert.rejects(atOnce, Undone)
      await db.transaction(change(4))
      jobs += (await jobsOf(db, { name: 'work_packages.settle' })).length
      await rest()
      const found = await state(db, ids)
      const differing = found.filter((row, i) => !isDeepStrictEqual(settled(row), settled(expected[i]!)))
      assert.deepEqual(differing, [], `seed ${seed}, round ${round}`)
      for (const [i, { lock_version: written }] of found.entries()) {
        // One that is near may have to follow another one that was not yet known.
        assert.ok(written - expected[i]!.lock_version <= 1, `seed ${seed}: ${written} times`)
        if (written !== expected[i]!.lock_version) twice++
      }
    }
  }
  assert.ok(jobs > 5, `${jobs} of them needed a job`)
  assert.ok(twice < 5, `${twice} work packages were written once more`)
})

/** A work package, and a number of others in a chain after it, all on the same day. */
async function chain(count: number): Promise<{ first: number; ids: readonly number[] }> {
  const crowd = await make.project()
  const first = (await created(admin, crowd, { startDate: '2024-03-01', dueDate: '2024-03-01' })).id as number
  await db.transaction(async (tx) => {
    const numbers = sql`with recursive n (i) as (select 1 union all select i + 1 from n where i < ${raw(String(count))})`
    await tx.run(sql`
      insert into work_packages (project_id, type_id, status_id, priority_id, author_id, subject, start_date, due_date, duration,
        schedule_manually, created_at, updated_at)
      ${numbers} select w.project_id, w.type_id, w.status_id, w.priority_id, w.author_id, 'One of many', w.start_date, w.due_date, 1,
        false, w.created_at, w.updated_at from n cross join work_packages w where w.id = ${first}`)
    await tx.run(sql`
      insert into relations (from_id, to_id, relation_type, lag, created_at, updated_at)
      select w.id, w.id - 1, 'follows', 0, w.created_at, w.updated_at from work_packages w
      where w.project_id = ${crowd} and w.id > ${first}`)
  })
  // The engines do so automatically after a while: they plan queries by statistics of the tables.
  for (const table of ['work_packages', 'relations']) await db.script(`analyze ${table}`)
  return { first, ids: Array.from({ length: count }, (_, i) => first + 1 + i) }
}

const start = async (id: number) => (await admin.get(`/work_packages/${id}`)).body.startDate
const move = async (id: number, dueDate: string) => {
  const reply = await changed(admin, id, { dueDate })
  assert.equal(reply.status, 200, reply.text)
}

test('of ten thousand successors the next ones move at once, and a job moves the others', { timeout: 60_000 }, async () => {
  const { first, ids } = await chain(10_000)
  const before = db.statements
  await move(first, '2024-03-08')
  assert.ok(db.statements - before < 40, `${db.statements - before} statements`)
  assert.equal(await start(ids[0]!), '2024-03-11')
  assert.equal(await start(ids.at(-1)!), '2024-03-01')
  assert.equal((await jobsOf(db, { name: 'work_packages.settle' })).length, 1)
  await rest()
  assert.equal(await start(ids.at(-1)!), '2062-07-07')
  const written = await db.all(sql`select distinct w.lock_version, v.valid_until from work_packages w
    join journals j on j.resource = 'work_packages' and j.resource_id = w.id
    join work_package_versions v on v.journal_id = j.id
    where ${among(db.engine, sql`w.id`, ids)} and j.cause is not null`)
  assert.deepEqual(
    written.map((row) => ({ ...row })),
    [{ lock_version: 1, valid_until: null }],
  )
})

test('the job takes changes by others into account, whenever they are made', { timeout: 60_000 }, async () => {
  const { first, ids } = await chain(600)
  const [later, own] = [ids[400]!, ids[500]!]
  const { first: other } = await chain(1)
  await move(first, '2024-03-08')
  // A new predecessor of one that has not moved yet, another date of one, and a new successor of one.
  const followOther = () =>
    admin.post(`/work_packages/${later}/relations`, { type: 'follows', _links: { to: link('work_packages', other) } })
  const successor = (await created(admin, project, { startDate: '2024-03-01', dueDate: '2024-03-01' })).id as number
  const followOwn = () =>
    admin.post(`/work_packages/${successor}/relations`, { type: 'follows', _links: { to: link('work_packages', own) } })
  let steps = 0
  const busy: typeof db = {
    ...db,
    engine: db.engine,
    statements: 0,
    transaction: async (work, options) => {
      const result = await db.transaction(work, options)
      steps++
      if (steps === 2) {
        assert.equal((await it.admin.patch(`/projects/${project}`, { name: 'Ship ahoy' })).status, 200)
        await it.setting('cross_project_work_package_relations', true)
        for (const reply of [await followOther(), await followOwn()]) assert.equal(reply.status, 201, reply.text)
        await move(other, '2030-01-01')
      }
      return result
    },
  }
  await runDue(busy, { only: ['work_packages.settle'] })
  await rest()
  assert.ok(steps > 4, `${steps} transactions`)
  assert.equal(await start(later), '2030-01-02')
  const { dueDate } = (await admin.get(`/work_packages/${own}`)).body
  const after = new Date(Date.parse(dueDate) + 86_400_000)
  while (after.getUTCDay() % 6 === 0) after.setUTCDate(after.getUTCDate() + 1)
  assert.equal(await start(successor), after.toISOString().slice(0, 10))
})
