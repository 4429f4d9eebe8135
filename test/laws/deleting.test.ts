/** The law of deletions that take a while: what is being deleted looks to everybody as if it were gone already. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { join, sql } from '#db/sql.ts'
import { isAnyDue } from '#jobs/queue.ts'
import { invalidate } from '#kernel/cache.ts'
import { begin } from '#kernel/write/history.ts'
import { product } from '#server/modules.ts'
import { runDue } from '#test/jobs.ts'
import { type Person, type Populated, populated } from '#test/populated.ts'
import { addressesOf, operations, PREFIX, parametersOf, pathWith, readingsWith } from '#test/registry.ts'
import { sampled } from '#test/sample.ts'

let world: Populated
before(async () => {
  world = await populated()
})
after(() => world.close())

/** What each person sees: the addresses of rows, and the rows in the lists of all operations. */
async function seen(people: readonly Person[], addresses: readonly string[]): Promise<Map<string, Set<string>>> {
  const lists = operations().filter((one) => one.method === 'GET' && parametersOf(one) === 0)
  const found = new Map<string, Set<string>>()
  for (const { name, send } of people) {
    const own = new Set<string>()
    for (const address of addresses) if ((await send('GET', address)).status === 200) own.add(address)
    for (const list of lists) {
      const path = pathWith(list, [])
      const large = await send('GET', `${path}?pageSize=1000`)
      const { body } = large.status === 200 ? large : await send('GET', path)
      own.add(`${path} counts ${body?.total}`)
      for (const { _type, id, _links } of body?._embedded?.elements ?? [])
        own.add(`${path} shows ${_links?.self?.href ?? `${_type} ${id}`}`)
    }
    found.set(name, own)
  }
  return found
}

/** A deletion that a job ends: what it deletes, and what is told of it meanwhile nevertheless. */
interface Deletion {
  readonly path: string
  readonly job: string
  /** The least that is gone, in the sum over all people. */
  readonly atLeast: number
  readonly excused?: RegExp
  readonly status?: number
}

/** Deletes something as an administrator, and compares what people see before the job with what they see after it. */
async function looksGone({ path, job, atLeast, excused, status: expected = 204 }: Deletion): Promise<void> {
  const { db } = world.server
  const addresses = (await Promise.all(readingsWith('show').map((resource) => addressesOf(db, resource, 30)))).flat()
  const [admin, ...others] = world.people as [Person, ...Person[]]
  const people = [admin, ...sampled(others, 3, 'deleting')]
  const first = await seen(people, addresses)
  const { status } = await admin.send('DELETE', path)
  assert.equal(status, expected, path)
  const kinds = product.jobs.filter((kind) => kind.name === job)
  assert.ok(await isAnyDue(db, kinds, new Date()), 'the job has something to do')
  const meanwhile = await seen(people, addresses)
  await runDue(db, { only: [job] })
  const finally_ = await seen(people, addresses)
  const wrong: string[] = []
  let gone = 0
  for (const [name, last] of finally_) {
    gone += first.get(name)!.difference(last).size
    const shown = meanwhile.get(name)!
    wrong.push(...[...shown.difference(last)].map((one) => `${name} still sees ${one}`))
    wrong.push(...[...last.difference(shown)].map((one) => `${name} sees only then ${one}`))
  }
  assert.ok(gone > atLeast, `${gone} are gone`)
  assert.deepEqual(
    wrong.filter((one) => !excused?.test(one)),
    [],
  )
}

test('a work package that is being deleted, and all below it, looks as if it were gone', { timeout: 120_000 }, async () => {
  const { db } = world.server
  const { id } = (await db.one(sql`
    select w.id from work_packages w order by (select count(*) from attachments a where a.container_type = 'WorkPackage' and a.container_id = w.id)
      + (select count(*) from time_entries t where t.entity_id = w.id) + (select count(*) from relations r where r.from_id = w.id or r.to_id = w.id)
      + (select count(*) from watchers x where x.work_package_id = w.id) + (select count(*) from notifications n where n.work_package_id = w.id) desc, w.id`)) as {
    id: number
  }
  // More than a request deletes itself.
  await db.transaction(async (tx) => {
    const columns = sql`project_id, type_id, status_id, priority_id, author_id, created_at, updated_at`
    for (let n = 0; n < 60; n++)
      await tx.run(sql`insert into work_packages (subject, parent_id, ${columns})
        select 'Below', id, ${columns} from work_packages where id = ${id}`)
    await begin(tx, product.of('WorkPackage'))
  })
  await looksGone({ path: `${PREFIX}/work_packages/${id}`, job: 'work_packages.delete', atLeast: 20 })
})

test('a user who is being deleted looks as if gone', { timeout: 120_000 }, async () => {
  const { db } = world.server
  const seeing = world.people.map((one) => one.id).filter((one) => one !== undefined)
  const { id } = (await db.one(sql`
    select p.id from principals p where p.type = 'User' and not p.admin and p.id not in (${join(seeing)})
    order by (select count(*) from memberships m where m.principal_id = p.id) desc, p.id limit 1`)) as { id: number }
  // There may be as many work packages.
  await db.transaction(async (tx) => {
    const columns = sql`project_id, type_id, status_id, priority_id, author_id, created_at, updated_at`
    await tx.run(
      sql`insert into work_packages (id, subject, ${columns}) select 1000000, 'Latest', ${columns} from work_packages order by id limit 1`,
    )
    await begin(tx, product.of('WorkPackage'))
  })
  await looksGone({ path: `${PREFIX}/users/${id}`, job: 'rows.remove', atLeast: 1, status: 202 })
})

test('a project that is being deleted, and all that is in it, looks as if it were gone', { timeout: 120_000 }, async () => {
  const { db } = world.server
  // The second most; and what it shares with everybody.
  const [, { id }] = (await db.all<{ id: number }>(sql`
    select p.id from projects p order by (select count(*) from news n where n.project_id = p.id) desc,
      (select count(*) from work_packages w where w.project_id = p.id) desc, id`)) as [object, { id: number }]
  await db.transaction(async (tx) => {
    const now = new Date().toISOString()
    await tx.run(sql`insert into versions (project_id, name, status, sharing, created_at, updated_at)
      values (${id}, 'For everybody', 'open', 'system', ${now}, ${now})`)
    await invalidate(tx, 'versions', 'projects')
  })
  await looksGone({
    path: `${PREFIX}/projects/${id}`,
    job: 'projects.delete',
    atLeast: 50,
    // Administrators see archived projects, and this one as such until it is gone.
    excused: /^admin (still sees|sees only then) \/api\/v3\/(projects|workspaces)\b/,
  })
})
