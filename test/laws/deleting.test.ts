/** The law of deletions that take a while: what is being deleted looks to everybody as if it were gone already. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
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

test('a project that is being deleted, and all that is in it, looks as if it were gone', { timeout: 120_000 }, async () => {
  const { db } = world.server
  const [, { id, identifier }] = (await db.all<{ id: number; identifier: string }>(sql`
    select p.id, p.identifier from projects p order by (select count(*) from news n where n.project_id = p.id) desc,
      (select count(*) from work_packages w where w.project_id = p.id) desc, id`)) as [object, { id: number; identifier: string }]
  const addresses = (await Promise.all(readingsWith('show').map((resource) => addressesOf(db, resource, 30)))).flat()
  const [admin, ...others] = world.people as [Person, ...Person[]]
  const people = [admin, ...sampled(others, 3, 'deleting')]
  const first = await seen(people, addresses)
  const { status } = await admin.send('DELETE', `${PREFIX}/projects/${id}`)
  assert.equal(status, 204, identifier)
  const meanwhile = await seen(people, addresses)
  await runDue(db, { only: ['projects.delete'] })
  const finally_ = await seen(people, addresses)
  const wrong: string[] = []
  let gone = 0
  for (const [name, last] of finally_) {
    gone += first.get(name)!.difference(last).size
    const shown = meanwhile.get(name)!
    wrong.push(...[...shown.difference(last)].map((one) => `${name} still sees ${one}`))
    wrong.push(...[...last.difference(shown)].map((one) => `${name} sees only then ${one}`))
  }
  assert.ok(gone > 50, `${gone} are gone`)
  // Administrators see archived projects, and this one as such until it is gone.
  const archived = /^admin (still sees|sees only then) \/api\/v3\/(projects|workspaces)\b/
  assert.deepEqual(
    wrong.filter((one) => !archived.test(one)),
    [],
  )
})
