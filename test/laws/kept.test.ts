/** The law of kept texts: whatever changes in whichever table, elements that are kept as text are as if they were not. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Row } from '#db/database.ts'
import { updateEach } from '#db/dialect.ts'
import { name, raw, type Sql, sql } from '#db/sql.ts'
import { type CacheTopic, invalidate } from '#kernel/cache.ts'
import { product } from '#server/modules.ts'
import { documents, layout, references } from '#test/layout.ts'
import { multiplyRows, type Person, type Populated, populated } from '#test/populated.ts'
import { sampled } from '#test/sample.ts'

let world: Populated
/** Lists of elements, and the addresses of those that tell most. */
let asked: string[]
before(async () => {
  world = await populated()
  const { db } = world.server
  const singles = await Promise.all(
    kept.map(async ({ path, table }) => {
      const rows = await db.all<{ id: number }>(sql`select id from ${name(table)}`)
      const addresses = rows.map(({ id }) => `/api/v3/${path}/${id}`)
      const told = await Promise.all(addresses.map(async (address) => (await read(world.people.slice(0, 1), [address]))[0] ?? ''))
      const length = (address: string) => told[addresses.indexOf(address)]?.length ?? 0
      return addresses.toSorted((a, b) => length(b) - length(a)).slice(0, 4)
    }),
  )
  asked = [...kept.map(({ path }) => `/api/v3/${path}?pageSize=200&filters=[]`), ...singles.flat()]
  await multiplyRows(db, 5)
})
after(() => world.close())

const kept = product.resources.filter((resource) => resource.kept)

/** Tables whose writers raise a topic, if it is not of the same name. */
const topics: Readonly<Record<string, CacheTopic>> = {
  settings: 'settings',
  membership_roles: 'memberships',
  role_permissions: 'roles',
  group_users: 'memberships',
  enabled_modules: 'projects',
  project_types: 'projects',
  project_phases: 'projects',
  favorites: 'projects',
  permissions: 'roles',
  custom_field_projects: 'custom_fields',
  custom_field_types: 'custom_fields',
}
/** Tables with a topic of their name. */
const named: readonly CacheTopic[] = [
  ...(['tokens', 'sessions', 'auth_providers', 'roles', 'memberships', 'workflows', 'custom_fields', 'custom_actions'] as const),
  ...product.resources.flatMap(({ table, cached }) => (cached ? [table as CacheTopic] : [])),
]
const topicOf = (table: string): CacheTopic | undefined => topics[table] ?? named.find((topic) => topic === table)

const targets = new Map(references.map(({ table, column, target }) => [`${table}.${column}`, target]))

/** Another value for a column; undefined where there is none. */
function other(table: string, column: string, value: unknown): Sql | undefined {
  const own = name(column)
  if (documents.has(`${table}.${column}`)) return typeof value === 'object' && value ? sql`null` : undefined
  if (typeof value === 'string' && value.startsWith('[')) return raw("'[]'")
  const target = targets.get(`${table}.${column}`)
  // No row becomes its own parent.
  if (target === table) return sql`null`
  if (target) return sql`(select max(id) from ${name(target)})`
  if (typeof value === 'boolean') return sql`not ${own}`
  if (typeof value === 'number') return sql`${own} + 1`
  if (typeof value !== 'string') return undefined
  if (/^\d{4}-\d\d-\d\d$/.test(value)) return raw("'2020-02-02'")
  return /^\d{4}-\d\d-\d\dT/.test(value) ? raw("'2020-02-02T02:02:02.000Z'") : sql`${own} || 'x'`
}

const rowsOf = (table: string) => world.server.db.all<Row>(sql`select * from ${name(table)}`)

/** What each person reads at each address; the server compares kept texts with new ones. */
async function read(people: readonly Person[], addresses: readonly string[], after = 'nothing'): Promise<string[]> {
  const told: string[] = []
  for (const person of people) {
    for (const address of addresses) {
      const { status, text } = await person.send('GET', address)
      assert.ok(status < 500, `${person.name}, after ${after} changed: ${text}`)
      told.push(text)
    }
  }
  return told
}

test('a text is kept of some resources', () => {
  assert.ok(kept.length > 0)
})

test('the second answer to the same request has the same bytes', async () => {
  assert.deepEqual(await read(world.people, asked), await read(world.people, asked))
})

test('elements follow every column of every table', async () => {
  const { db } = world.server
  const people = world.people.filter((_, i) => i < 2 || i % 5 === 0)
  // Custom fields are declarations, which other values would make invalid; wrong tokens are throttled.
  const isLeftOut = (table: string) => table === 'custom_fields' || table === 'tokens'
  const columns = [...layout].flatMap(([table, own]) =>
    own.includes('id') && !isLeftOut(table) ? own.filter((one) => one !== 'id').map((column) => ({ table, column })) : [],
  )
  let changes = 0
  // Some of the rows, so that an element itself stays while others change that it tells of.
  const changed = columns.flatMap((one) => [2, 3].map((every) => ({ ...one, every })))
  for (const { table, column, every } of sampled(changed, 80, 'kept')) {
    const before = await rowsOf(table)
    const value = before.map((row) => row[column]).find((one) => one !== null)
    const instead = other(table, column, value)
    if (instead === undefined) continue
    const told = await read(people, asked)
    const topic = topicOf(table)
    const write = (change: Sql) =>
      db.transaction(async (tx) => {
        await tx.run(change)
        if (topic) await invalidate(tx, topic)
      })
    const isChanged = await write(
      sql`update ${name(table)} set ${name(column)} = ${instead} where id % ${raw(String(every))} = 0`,
    ).then(
      () => true,
      // The database rejects some.
      () => false,
    )
    if (!isChanged) continue
    if ((await read(people, asked, `${table}.${column}`)).some((text, i) => text !== told[i])) changes++
    const alike = sql`id = ${name(table)}.id`
    await write(
      updateEach(
        db.engine,
        table,
        [column],
        before.map((row) => ({ id: row.id, [column]: row[column] })),
        alike,
      ),
    )
    assert.deepEqual(await read(people, asked, `${table}.${column}`), told, `${table}.${column}`)
  }
  assert.ok(changes > 0, `${changes} changes were told`)
})
