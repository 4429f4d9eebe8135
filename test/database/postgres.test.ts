/** PostgreSQL that is unavailable, hangs and recovers, seen from a running server. */
import assert from 'node:assert/strict'
import { after, before, describe, type TestContext, test } from 'node:test'
import { connect } from '#db/connect.ts'
import { type Database, UnavailableError } from '#db/database.ts'
import { amongFirst } from '#db/dialect.ts'
import { lengthy, raw, sql } from '#db/sql.ts'
import { createMetrics } from '#server/metrics/metrics.ts'
import { isPostgres } from '#test/database.ts'
import { type Instance, instance, type Reply } from '#test/instance.ts'
import { type Way, wayThrough } from '#test/outside.ts'
import { startPostgres } from '../../scripts/postgres.ts'

/** Short, so that a wait in vain ends soon; on a busy machine a connection takes half a second. */
const PATIENCE = 1500

const isAway = ({ status, headers, body }: Reply) => {
  assert.equal(status, 503)
  assert.match(headers.get('content-type') ?? '', /^application\/hal\+json/)
  assert.match(headers.get('retry-after') ?? '', /^\d+$/)
  assert.equal(body._type, 'Error')
  assert.equal(body.errorIdentifier, 'urn:openproject-org:api:v3:errors:ServiceUnavailable')
  assert.match(body.message, /^The database .+ Try again in a few seconds\.$/)
}

describe('PostgreSQL', { skip: !isPostgres }, () => {
  let way: Way
  let server: Instance
  let id: number
  before(async () => {
    way = await wayThrough()
    server = await instance({ patience: PATIENCE, by: way.to })
    id = await server.make.workPackage({ project_id: await server.make.project(), subject: 'Before' })
  })
  after(async () => {
    await server.close()
    await way.close()
  })

  const read = () => server.admin.get(`/work_packages/${id}`)
  const probe = async (path: string) => (await server.anonymous.send('GET', path)).status
  const rename = async (subject: string) => {
    const { body } = await read()
    return server.admin.patch(`/work_packages/${id}`, { lockVersion: body.lockVersion, subject })
  }
  const atOnce = (count: number) => Promise.all(Array.from({ length: count }, read))
  const assertWell = async () => {
    for (const { status } of await atOnce(6)) assert.equal(status, 200)
    assert.equal((await rename('Well again')).status, 200)
    assert.equal(await probe('/readyz'), 200)
  }

  test('that refuses connections causes 503, until it accepts them again', async () => {
    await atOnce(6)
    await way.close()
    for (const reply of await atOnce(6)) isAway(reply)
    assert.equal(await probe('/livez'), 200)
    assert.equal(await probe('/readyz'), 503)
    const page = await server.anonymous.send('GET', '/login')
    assert.equal(page.status, 503)
    assert.match(page.text, /<p role="alert" class="error">The database is unavailable/)
    await way.open()
    await assertWell()
  })

  test('that refuses connections or does not respond is told by a metric, and the scrape succeeds in time', async () => {
    const metrics = createMetrics(server.db)
    const up = async () => /^halyard_database_up (\d)$/m.exec(await metrics.text())?.[1]
    assert.equal(await up(), '1')
    await way.close()
    assert.equal(await up(), '0')
    await way.open()
    assert.equal(await up(), '1')
    const thaw = way.freeze()
    const started = performance.now()
    assert.equal(await up(), '0')
    assert.ok(performance.now() - started < 2 * PATIENCE)
    thaw()
    assert.equal(await up(), '1')
  })

  test('tells how many connections are used, idle and waited for', async () => {
    const sum = () => {
      const { used, idle, waiting } = server.db.connections!
      return [used, used + idle > 0, waiting]
    }
    assert.deepEqual(sum(), [0, true, 0])
    const ended = Promise.withResolvers<void>()
    const busy = Array.from({ length: 3 }, () => server.db.transaction(() => ended.promise))
    while (server.db.connections!.used < 3) await new Promise((done) => setImmediate(done))
    assert.deepEqual(sum(), [3, true, 0])
    ended.resolve()
    await Promise.all(busy)
    assert.deepEqual(sum(), [0, true, 0])
  })

  test('that stops responding leads to an error in time, also during connection attempts', async () => {
    await atOnce(6)
    const thaw = way.freeze()
    for (const reply of await atOnce(12)) isAway(reply)
    assert.equal(await probe('/livez'), 200)
    assert.equal(await probe('/readyz'), 503)
    thaw()
    await assertWell()
  })

  test('that ends all connections between two requests causes no error', async () => {
    await atOnce(6)
    way.cut()
    await assertWell()
  })

  /** Runs something between two statements of a transaction; gives the transaction's error. */
  const amid = (befall: (pid: number) => Promise<void> | void) =>
    server.db
      .transaction(async (tx) => {
        await tx.run(sql`update work_packages set subject = 'Never' where id = ${id}`)
        const { pid } = (await tx.one<{ pid: number }>(sql`select pg_backend_pid() as pid`))!
        await befall(pid)
        await tx.one(sql`select 1 as one`)
      })
      .then(
        () => assert.fail('It was committed.'),
        (error: unknown) => error,
      )
  const assertUntouched = async () => assert.notEqual((await read()).body.subject, 'Never')

  test('that ends the session of a transaction rolls it back, and the process survives', async () => {
    const error = await amid((pid) => server.outside.run(`select pg_terminate_backend(${pid}, 5000)`))
    assert.ok(error instanceof UnavailableError && error.kind === 'away', String(error))
    await assertUntouched()
    await assertWell()
  })

  test('rolls a transaction back when its connection breaks, and the process survives', async () => {
    const error = await amid(() => way.cut())
    assert.ok(error instanceof UnavailableError && error.kind === 'away', String(error))
    await assertUntouched()
    await assertWell()
  })

  test('that hangs during a transaction leads to an error in time', async () => {
    let thaw = () => {}
    const error = await amid(() => {
      thaw = way.freeze()
    })
    thaw()
    assert.ok(error instanceof UnavailableError && error.kind === 'away', String(error))
    await assertUntouched()
    await assertWell()
  })

  test('that loses the response to a commit may have committed: the error reports it, and nothing is retried', async () => {
    const { body } = await read()
    way.cutAtCommit()
    const answer = await server.admin.patch(`/work_packages/${id}`, { lockVersion: body.lockVersion, subject: 'Perhaps' })
    assert.equal(answer.status, 503)
    assert.match(answer.body.message, /may have been saved or not\. Fetch the resource again/)
    assert.deepEqual({ ...(await read()).body, _links: 0 }.subject, 'Perhaps')
    assert.equal((await read()).body.lockVersion, body.lockVersion + 1)
    await assertWell()
  })

  test('behind a pooler without prepared statements gets unnamed ones', async (t) => {
    const db = await connect(process.env.HALYARD_TEST_DATABASE_URL!, { connections: 1 })
    t.after(() => db.close())
    const one = async () => (await db.one<{ one: number }>(sql`select ${7}::int as one`))?.one
    assert.equal(await one(), 7)
    // Simulates a switch to another connection.
    await db.script('deallocate all')
    assert.equal(await one(), 7)
    await db.script('deallocate all')
    const again = await db.transaction(async (tx) => (await tx.one<{ one: number }>(sql`select ${7}::int as one`))?.one)
    assert.equal(again, 7)
    const { n } = (await db.one<{ n: number }>(sql`select count(*) as n from pg_prepared_statements`))!
    assert.equal(n, 0)
  })

  test('that goes away before a transaction has begun is an error of the transaction', async () => {
    const done = server.db.transaction(async (tx) => {
      await way.close()
      await tx.one(sql`select 1 as one`)
    })
    await assert.rejects(done, (error) => error instanceof UnavailableError && error.kind === 'away')
    await way.open()
    await assertWell()
  })

  test('keeps a bounded number of statements prepared on a connection, and forgets none that is used', async (t) => {
    const db = await connect(process.env.HALYARD_TEST_DATABASE_URL!, { connections: 1 })
    t.after(() => db.close())
    const used = () => db.one<{ n: number }>(sql`select ${1}::int as n`)
    for (let n = 0; n < 1200; n++) {
      assert.equal((await db.one<{ n: number }>(sql`select ${n}::int as n, ${raw(String(n))} as text`))?.n, n)
      if (n % 100 === 0) await used()
    }
    const { all, own } = (await db.one<{ all: number; own: number }>(
      sql`select count(*) as "all", count(*) filter (where statement = 'select $1::int as n') as own from pg_prepared_statements`,
    ))!
    assert.ok(all > 400 && all <= 501, String(all))
    assert.equal(own, 1)
  })

  test('prepares a statement anew that failed', async (t) => {
    const db = await connect(process.env.HALYARD_TEST_DATABASE_URL!, { connections: 1 })
    t.after(() => db.close())
    const inverse = async (n: number) => (await db.one<{ x: number }>(sql`select 10 / ${n}::int as x`))?.x
    assert.equal(await inverse(5), 2)
    await assert.rejects(inverse(0), /division by zero/)
    assert.equal(await inverse(2), 5)
    const missing = () => db.one<{ x: number }>(sql`select x from prepared_later`)
    await assert.rejects(missing(), /does not exist/)
    await db.script('create temporary table prepared_later as select 3 as x')
    assert.equal((await missing())?.x, 3)
  })

  test('reads values of all kinds as it was given them', async () => {
    const given = { text: 'a "quoted" \\ text, {braces}', numbers: [1, -2, 3.5], texts: ['a"b', 'c\\d', '', 'null', 'e,f'] }
    const row = await server.db.one(sql`
      select ${given.text}::text as text, ${given.numbers}::float[] as numbers, ${given.texts}::text[] as texts,
        ${[1, null]}::int[] as gap, ${[]}::int[] as nothing, ${null}::int as missing, ${true}::boolean as yes,
        ${{ a: [1] }}::jsonb as document, ${Buffer.from([0, 255])}::bytea as bytes, 9007199254740991::bigint as large,
        1.5::numeric as decimal, '2026-11-30'::date as day, '2026-11-30T08:09:10.12Z'::timestamptz as moment`)
    assert.deepEqual(row, {
      ...given,
      ...{ gap: [1, null], nothing: [], missing: null, yes: true, document: { a: [1] }, bytes: Buffer.from([0, 255]) },
      ...{ large: 9007199254740991, decimal: 1.5, day: '2026-11-30', moment: '2026-11-30T08:09:10.120Z' },
    })
  })

  test('that ends the session before a transaction has begun has it begin on another one, and does its work once', async () => {
    let runs = 0
    await atOnce(6)
    await server.db.transaction(async (tx) => {
      runs++
      way.cut()
      await tx.send(sql`update work_packages set subject = 'Sent' where id = ${id}`)
      assert.equal((await tx.one(sql`select subject from work_packages where id = ${id}`))?.subject, 'Sent')
    })
    assert.equal(runs, 1)
    assert.equal((await read()).body.subject, 'Sent')
  })

  test('that ends the sessions of readers causes no error, before or while they read', async () => {
    await atOnce(6)
    const others = sql`
      select count(pg_terminate_backend(pid)) as n from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()`
    for (let n = 0; n < 3; n++) {
      const reading = Array.from({ length: 20 }, () => server.db.one<{ one: number }>(sql`select 1 as one`))
      await server.db.transaction((tx) => tx.one(others))
      for (const row of await Promise.all(reading)) assert.equal(row?.one, 1)
      await assertWell()
    }
  })

  test('has nobody wait for a statement that is known to take long', async () => {
    // As many as there are connections that readers share.
    const sleeping = () => Promise.all([1, 2].map(() => server.db.all(sql`select pg_sleep(0.4)`)))
    await atOnce(6)
    await sleeping()
    let isAsleep = true
    const asleep = sleeping().then(() => {
      isAsleep = false
    })
    for (let n = 0; n < 20; n++) assert.equal((await server.db.one<{ n: number }>(sql`select ${n}::int as n`))?.n, n)
    assert.ok(isAsleep)
    await asleep
    isAsleep = true
    const marked = server.db.all(lengthy(sql`select pg_sleep(0.3)`)).then(() => {
      isAsleep = false
    })
    await Promise.all(Array.from({ length: 20 }, () => server.db.one(sql`select 1 as one`)))
    assert.ok(isAsleep)
    await marked
  })

  test('ends a statement that takes too long, and answers those that came after it', async () => {
    await atOnce(6)
    const endless = server.db.all(sql`select pg_sleep(60)`)
    const others = Array.from({ length: 20 }, () => server.db.one<{ one: number }>(sql`select 1 as one`))
    await assert.rejects(endless, (error) => error instanceof UnavailableError && error.kind === 'busy')
    for (const row of await Promise.all(others)) assert.equal(row?.one, 1)
    await assertWell()
  })

  test('gives ids that are free, where rows came from elsewhere', async () => {
    const project = await server.make.project()
    const create = () =>
      server.admin.post(`/projects/${project}/work_packages`, { subject: 'New', _links: { type: { href: '/api/v3/types/1' } } })
    const first = await create()
    assert.equal(first.status, 201, first.text)
    for (const table of ['work_packages', 'journals']) {
      await server.outside.run(`select setval(pg_get_serial_sequence('${table}', 'id'), 1, false)`)
      const ids = await Promise.all(Array.from({ length: 3 }, async () => (await create()).body.id))
      assert.ok(
        ids.every((one) => one > first.body.id),
        ids.join(),
      )
    }
  })

  test('finds the rows that an update takes once, however many wait', async () => {
    const some = sql`select id from journals where unannounced order by id limit 50`
    const plan = await server.db.all<Record<string, string>>(
      sql`explain update journals set unannounced = false where unannounced and ${amongFirst('postgres', sql`id`, some)}`,
    )
    const text = plan.map((row) => row['QUERY PLAN']).join('\n')
    assert.match(text, /^ *InitPlan 1 .*\n *-> +Limit/m)
    assert.doesNotMatch(text, /Semi Join|SubPlan/)
  })

  test('can be closed while it hangs', async () => {
    const other = await wayThrough()
    const db = await connect(other.to(process.env.HALYARD_TEST_DATABASE_URL!), { patience: PATIENCE })
    await db.one(sql`select 1 as one`)
    other.freeze()
    await db.close()
    await other.close()
  })
})

describe('a PostgreSQL of its own', { skip: !isPostgres }, () => {
  async function cluster(t: TestContext) {
    const postgres = (await startPostgres({ own: true }))!
    t.after(() => postgres.stop())
    const db = await connect(postgres.url, { connections: 3 })
    t.after(() => db.close())
    return { db, url: postgres.url, ...postgres.cluster! }
  }
  const asked = (db: Database) =>
    db.one(sql`select 1 as one`).then(
      () => 'answered',
      (error: unknown) => (error instanceof UnavailableError ? error.kind : error),
    )

  test('that is shut down or crashes, and is restarted', async (t) => {
    const { db, halt, resume } = await cluster(t)
    for (const mode of ['fast', 'immediate'] as const) {
      const amid = db.transaction(async (tx) => {
        await tx.one(sql`select 1 as one`)
        await halt(mode)
        await tx.one(sql`select 1 as one`)
      })
      await assert.rejects(amid, (error) => error instanceof UnavailableError && error.kind === 'away')
      assert.equal(await asked(db), 'away')
      await resume()
      assert.equal(await asked(db), 'answered')
    }
  })

  test('that is read-only for a while responds to reads, and to writes on a new connection', async (t) => {
    const { db, url } = await cluster(t)
    await db.script('create table notes (id integer)')
    await db.script('alter database halyard set default_transaction_read_only = on')
    // After a fail-over, connections to a read-only server remain.
    const again = await connect(url, { connections: 3 })
    t.after(() => again.close())
    assert.equal(await asked(again), 'answered')
    const refused = (error: unknown) => error instanceof UnavailableError && error.kind === 'away'
    await assert.rejects(again.ready(), refused)
    await assert.rejects(
      again.transaction((tx) => tx.run(sql`insert into notes values (1)`)),
      refused,
    )
    await db.script('begin; set transaction read write; alter database halyard set default_transaction_read_only = off; commit')
    await again.ready()
    assert.equal(await again.transaction((tx) => tx.run(sql`insert into notes values (1)`)), 1)
  })

  test('with its connection limit reached is reported as busy', async (t) => {
    const { db, url } = await cluster(t)
    const limit = (n: number) => db.script(`alter database halyard connection limit ${n}`)
    await limit(1)
    const other = await connect(url, { connections: 1 })
    t.after(() => other.close())
    assert.equal(await asked(other), 'busy')
    await limit(-1)
    assert.equal(await asked(other), 'answered')
  })
})
