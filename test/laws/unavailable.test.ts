/** The law of an unavailable database: wherever it fails a request, the response is 503, and never an unrelated error. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { FastifyInstance } from 'fastify'
import { type Database, type Reader, type Transaction, type TransactionOptions, UnavailableError } from '#db/database.ts'
import { type Sql, sql } from '#db/sql.ts'
import { build } from '#server/app.ts'
import { type Populated, populated } from '#test/populated.ts'
import { addressesOf, operations, pathWith, targetsOf } from '#test/registry.ts'
import { isEverything, sampled } from '#test/sample.ts'

let world: Populated
let app: FastifyInstance
/** Number of steps until the database fails. */
let left = Number.POSITIVE_INFINITY
let hasFailed = false
/** Increases, so that all caches are stale: each request reads everything. */
let age = 0

function step(): void {
  if (--left > 0) return
  hasFailed = true
  throw new UnavailableError('away')
}

const reading = (db: Reader): Pick<Reader, 'all' | 'one'> => {
  const all = async <R>(query: Sql): Promise<R[]> => {
    step()
    const rows = await db.all<Record<string, unknown>>(query)
    if (!/\bfrom revisions\b/.test(query.text)) return rows as R[]
    return rows.map((row) => ({ ...row, value: (row.value as number) + age })) as R[]
  }
  return { all, one: async <R>(query: Sql) => (await all<R>(query))[0] }
}

/** The database, until it fails. Nothing is ever committed: the commit fails at the latest. */
const failing = (db: Database): Database => ({
  ...reading(db),
  engine: db.engine,
  statements: 0,
  commits: 0,
  snapshot: (work) => db.snapshot(work),
  script: (text) => db.script(text),
  ready: () => db.ready(),
  close: async () => {},
  transaction: async <T>(work: (tx: Transaction) => Promise<T>, options: TransactionOptions = {}) => {
    // Optional writes are skipped.
    if (options.patience === 0) throw new UnavailableError('busy')
    step()
    return db.transaction(async (tx): Promise<T> => {
      await work({
        ...tx,
        ...reading(tx),
        run: async (query) => {
          step()
          return tx.run(query)
        },
      })
      hasFailed = true
      throw new UnavailableError('away')
    })
  },
})

before(async () => {
  world = await populated()
  app = await build(failing(world.server.db), { files: world.server.files })
})
after(async () => {
  await app.close()
  await world.close()
})

/** The number of steps under test for each operation; later ones are of the same kinds as earlier ones. */
const MOST_STEPS = 15

test('wherever the database fails an operation, the response is 503', async () => {
  const wrong: string[] = []
  let failures = 0
  for (const operation of operations()) {
    const ids = await Promise.all(
      targetsOf(operation).map(async (target) =>
        target ? (await addressesOf(world.server.db, target, 1))[0]?.split('/').at(-1) : undefined,
      ),
    )
    const url = pathWith(
      operation,
      ids.map((id) => id ?? '1'),
    )
    const hasBody = operation.method !== 'GET' && operation.method !== 'DELETE'
    const places = Array.from({ length: MOST_STEPS }, (_, i) => i + 1)
    for (const steps of sampled(places, 6, `steps ${operation.method} ${operation.path}`)) {
      left = steps
      hasFailed = false
      age++
      const reply = await app.inject({
        method: operation.method,
        url,
        headers: { authorization: `Bearer ${world.server.adminToken}`, ...(hasBody && { 'content-type': 'application/json' }) },
        ...(hasBody && { payload: '{}' }),
      })
      if (!hasFailed) break
      failures++
      const isTold =
        reply.statusCode === 503 &&
        reply.headers['retry-after'] !== undefined &&
        reply.json().errorIdentifier === 'urn:openproject-org:api:v3:errors:ServiceUnavailable'
      if (!isTold)
        wrong.push(`${operation.method} ${operation.path}, at step ${steps}: ${reply.statusCode} ${reply.body.slice(0, 200)}`)
    }
  }
  assert.deepEqual(wrong, [])
  // Several for each operation; fewer would prove little.
  assert.ok(failures > (isEverything ? 3 : 1.5) * operations().length, String(failures))
})

test('after a failure past a commit, the response does not claim that nothing was saved', async (t) => {
  const { db, make, adminToken } = world.server
  const id = await make.workPackage({ project_id: await make.project(), subject: 'Before' })
  let isAway = false
  const reading = <R>(read: () => Promise<R>): Promise<R> => (isAway ? Promise.reject(new UnavailableError('away')) : read())
  const leaving: Database = {
    ...failing(db),
    all: (query) => reading(() => db.all(query)),
    one: (query) => reading(() => db.one(query)),
    transaction: async (work) => {
      const result = await db.transaction(work)
      isAway = true
      return result
    },
  }
  const other = await build(leaving)
  t.after(() => other.close())
  const send = (method: 'PATCH', path: string, payload: object) =>
    other.inject({
      method,
      url: `/api/v3${path}`,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      payload,
    })
  // The use of the token is recorded before.
  await other.inject({ url: '/api/v3/users/me', headers: { authorization: `Bearer ${adminToken}` } })
  isAway = false
  const { statusCode, body } = await send('PATCH', `/work_packages/${id}`, { lockVersion: 0, subject: 'After' })
  assert.equal(statusCode, 503)
  assert.match(JSON.parse(body).message, /may have been saved or not\. Fetch the resource again/)
  assert.equal((await db.one(sql`select subject from work_packages where id = ${id}`))?.subject, 'After')
})
