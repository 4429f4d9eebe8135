/** The queue: claims, leases, attempts and back-off, independent of the kinds of jobs. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { type Database, type Transaction, UnavailableError } from '#db/database.ts'
import { migrate } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import {
  claim,
  complete,
  delayAfter,
  endLeases,
  enqueue,
  fail,
  keepSchedules,
  LeaseLostError,
  reasonOf,
  withdraw,
} from '#jobs/queue.ts'
import { type Failure, runRound } from '#jobs/worker.ts'
import { assemble } from '#kernel/assemble.ts'
import type { JobKind, JobServices } from '#kernel/declaration.ts'
import { job, module } from '#kernel/module.ts'
import { product } from '#server/modules.ts'
import { emptyDatabase } from '#test/database.ts'
import { jobsOf } from '#test/jobs.ts'

let place: Awaited<ReturnType<typeof emptyDatabase>>
let db: Database
before(async () => {
  place = await emptyDatabase()
  db = place.db
  await migrate(db, product.migrations)
  await db.transaction((tx) => tx.script('create table deeds (what text not null)'))
})
after(() => place.drop())
beforeEach(() => db.transaction((tx) => tx.script('delete from jobs; delete from deeds')))

const MINUTE = 60_000
const start = Date.parse('2026-05-04T10:00:00Z')
const at = (minutes: number) => new Date(start + minutes * MINUTE)

/** A kind of jobs that records its payload. */
const paint = job<{ what: string }>('paint', {
  attempts: 3,
  lease: 120,
  backOff: { first: 60, factor: 10, longest: 3600 },
  run: async ({ payload: { what } }) => done(what),
})
const done = (what: string) => (tx: Transaction) => tx.run(sql`insert into deeds (what) values (${what})`)
const deeds = async () => (await db.all<{ what: string }>(sql`select what from deeds order by what`)).map(({ what }) => what)

const add = (
  what: string,
  { kind = paint, minutes = 0, ...more }: { kind?: JobKind; minutes?: number; key?: string; due?: Date } = {},
) => db.transaction((tx) => enqueue(tx, kind, { payload: { what }, ...more }, at(minutes)))

/** Runs a round in a process with only a database; gives the failures. */
async function round(kinds: readonly JobKind[], minutes = 0, signal = new AbortController().signal): Promise<Failure[]> {
  const failures: Failure[] = []
  const services = { db, signal } as JobServices
  const options = { clock: () => at(minutes), random: () => 0, failed: (failure: Failure) => void failures.push(failure) }
  await runRound(services, kinds, options)
  return failures
}

/** A kind like `paint` with differences. */
const like = (more: Partial<JobKind>): JobKind => ({ ...paint, ...more })

describe('a job', () => {
  test('is run once it is due, and leaves nothing but its effect', async () => {
    await add('hull', { due: at(5) })
    await round([paint], 4)
    assert.deepEqual(await deeds(), [])
    await round([paint], 5)
    assert.deepEqual([await deeds(), await jobsOf(db, paint)], [['hull'], []])
  })

  test('is not run if the transaction that enqueues it is rolled back', async () => {
    const failing = db.transaction(async (tx) => {
      await enqueue(tx, paint, { payload: { what: 'hull' } }, at(0))
      throw new Error('undone')
    })
    await assert.rejects(failing, /undone/)
    await round([paint], 1)
    assert.deepEqual(await deeds(), [])
  })

  test('is run in the order of the due times', async () => {
    const order: string[] = []
    const notes = like({ run: async ({ payload }) => void order.push(payload.what) })
    await add('third', { due: at(2) })
    await add('first', { due: at(0) })
    await add('second', { due: at(1) })
    await round([notes], 3)
    assert.deepEqual(order, ['first', 'second', 'third'])
  })

  test('replaces a waiting one with the same key, and follows a running one', async () => {
    await add('red', { key: 'hull', due: at(5) })
    await add('blue', { key: 'hull', due: at(1) })
    await add('blue', { key: 'mast', due: at(1) })
    assert.equal((await jobsOf(db, paint)).length, 2)
    const running = await claim(db, [paint], at(1))
    await add('green', { key: 'hull', minutes: 1 })
    await db.transaction((tx) => complete(tx, running!, at(1)))
    await round([paint], 1)
    assert.deepEqual(await deeds(), ['blue', 'green'])
  })

  test('is withdrawn by its key, unless it is running', async () => {
    const takeBack = () => db.transaction((tx) => withdraw(tx, paint, 'hull'))
    await add('red', { key: 'hull' })
    assert.deepEqual([await takeBack(), await takeBack()], [true, false])
    await add('red', { key: 'hull' })
    await claim(db, [paint], at(0))
    assert.equal(await takeBack(), false)
  })
})

describe('a claim', () => {
  test('is exclusive among processes: no job is run twice', async () => {
    const all = Array.from({ length: 20 }, (_, i) => `plank ${String(i).padStart(2, '0')}`)
    for (const what of all) await add(what)
    await Promise.all(Array.from({ length: 5 }, () => round([paint])))
    await round([paint])
    assert.deepEqual(await deeds(), all)
  })

  test('is exclusive while the job runs', async () => {
    await add('hull')
    let others = 0
    const watches = like({
      run: async () => {
        for (let i = 0; i < 3; i++) if (await claim(db, [paint], at(1))) others++
      },
    })
    await round([watches])
    assert.equal(others, 0)
  })

  test('ends with its lease: another process runs the job, and the first attempt counts', async () => {
    await add('hull')
    const dead = await claim(db, [paint], at(0))
    assert.equal(dead?.jobs.length, 1)
    await round([paint], 1.9)
    assert.deepEqual(await deeds(), [])
    await round([paint], 2)
    assert.deepEqual([await deeds(), await jobsOf(db, paint)], [['hull'], []])
  })

  test('has no effect once it has expired', async () => {
    await add('hull')
    const slow = like({
      run: async ({ payload }) => {
        // Two minutes later:
        await round([paint], 2)
        return done(`${payload.what} again`)
      },
    })
    const [failure] = await round([slow])
    assert.ok(failure?.error instanceof LeaseLostError)
    assert.deepEqual([await deeds(), await jobsOf(db, paint)], [['hull'], []])
  })

  test('of a job that ends every process is abandoned after the last attempt', async () => {
    await add('hull')
    for (const minutes of [0, 2, 4]) assert.equal((await claim(db, [paint], at(minutes)))?.jobs.length, 1)
    const [failure] = await round([paint], 6)
    assert.deepEqual([failure?.job, failure?.isLast], ['paint', true])
    const [left] = await jobsOf(db, paint)
    assert.deepEqual([left?.due_at, left?.attempts, left?.leased_until], [null, 3, null])
    assert.match(left?.last_error ?? '', /ended, or took longer than the lease/)
  })

  test('of an ended process does not delay a process that knows to be the only one', async () => {
    await add('red', { key: 'hull' })
    await add('mast')
    assert.equal((await claim(db, [like({ batch: 2 })], at(0)))?.jobs.length, 2)
    await add('green', { key: 'hull' })
    await endLeases(db)
    await round([paint], 0)
    assert.deepEqual(await deeds(), ['green', 'mast'])
  })

  test('has several jobs at once if the kind allows it, but failed jobs only one by one', async () => {
    const batches: string[][] = []
    const several = like({
      batch: 3,
      run: async ({ payloads }) => {
        batches.push(payloads.map(({ what }) => what))
        if (payloads.some(({ what }) => what === 'rust')) throw new Error('It flakes off.')
      },
    })
    for (const what of ['hull', 'rust', 'mast']) await add(what)
    await round([several])
    for (const what of ['keel', 'boom']) await add(what, { minutes: 1 })
    for (const minutes of [1, 2, 2, 2]) await round([several], minutes)
    assert.deepEqual(batches, [['hull', 'rust', 'mast'], ['hull'], ['rust'], ['mast'], ['keel', 'boom']])
  })
})

describe('a job that fails', () => {
  const fails = like({
    run: async () => {
      throw new Error('The paint is dry.', { cause: new Error('connect to ftp://me:secret@host/?token=abc failed') })
    },
  })

  test('is retried with increasing delays, and finally abandoned but kept', async () => {
    await add('hull')
    const tried: [number, boolean][] = []
    for (const minutes of [0, 0.9, 1, 10.9, 11, 1000])
      for (const { isLast } of await round([fails], minutes)) tried.push([minutes, isLast])
    assert.deepEqual(tried, [
      [0, false],
      [1, false],
      [11, true],
    ])
    const [left] = await jobsOf(db, fails)
    assert.deepEqual([left?.attempts, left?.due_at, left?.payload], [3, null, { what: 'hull' }])
    assert.equal(left?.last_error, 'The paint is dry. connect to ftp://…@host/?token=… failed')
  })

  test('has all its attempts again after each step that it has made', async () => {
    await add('hull')
    let coats = 0
    const layered = like({
      run: async ({ step }) => {
        if (coats < 5) await step(done(`coat ${++coats}`))
        throw new Error('It rains.')
      },
    })
    const last: boolean[] = []
    for (let minutes = 0; coats < 5; minutes++) last.push(...(await round([layered], minutes)).map(({ isLast }) => isLast))
    assert.deepEqual([await deeds(), last], [[1, 2, 3, 4, 5].map((coat) => `coat ${coat}`), Array(5).fill(false)])
    for (const minutes of [100, 1000]) last.push(...(await round([layered], minutes)).map(({ isLast }) => isLast))
    assert.deepEqual(last.slice(5), [false, true])
  })

  test('has a delay with a random part, up to a maximum', () => {
    assert.deepEqual(
      [1, 2, 3, 9].map((attempts) => delayAfter(paint, attempts, 0) / 1000),
      [60, 600, 3600, 3600],
    )
    assert.equal(delayAfter(paint, 1, 0.5), 66_000)
  })

  test('stops its kind for this round, but no other kind', async () => {
    const other = like({ name: 'scrub' })
    for (const what of ['hull', 'mast']) await add(what)
    await add('deck', { kind: other })
    assert.equal((await round([fails, other])).length, 1)
    assert.deepEqual(await deeds(), ['deck'])
  })

  test('has no effect', async () => {
    await add('hull')
    const half = like({
      run: async () => async (tx) => {
        await done('half')(tx)
        throw new Error('Out of paint.')
      },
    })
    assert.equal((await round([half])).length, 1)
    assert.deepEqual(await deeds(), [])
    await round([paint], 1)
    assert.deepEqual(await deeds(), ['hull'])
  })

  test('is replaced by a newer one with the same key', async () => {
    await add('red', { key: 'hull' })
    const running = await claim(db, [paint], at(0))
    await add('blue', { key: 'hull' })
    await fail(db, running!, new Error('Out of red.'), at(0), 0)
    await round([paint], 1)
    assert.deepEqual(await deeds(), ['blue'])
  })

  test('because the database is unavailable ends the round, without counting an attempt', async () => {
    await add('hull')
    await add('deck', { kind: like({ name: 'scrub' }) })
    const cut = like({
      run: async () => {
        throw new UnavailableError('away')
      },
    })
    await assert.rejects(round([cut, like({ name: 'scrub' })]), UnavailableError)
    assert.deepEqual(await deeds(), [])
    const [left] = await jobsOf(db, paint)
    assert.deepEqual([left?.attempts, left?.leased_until, left?.last_error], [0, null, null])
  })

  test('because the process ends does not count as an attempt', async () => {
    await add('hull')
    const ending = new AbortController()
    const stops = like({
      run: async ({ signal }) => {
        ending.abort()
        signal.throwIfAborted()
      },
    })
    assert.deepEqual(await round([stops], 0, ending.signal), [])
    const [left] = await jobsOf(db, paint)
    assert.deepEqual([left?.attempts, left?.leased_until], [0, null])
  })
})

describe('a schedule', () => {
  const daily = job('wind the clock', { every: 600, run: async () => done('wound') })
  const prepare = (minutes: number) => keepSchedules(db, [daily], at(minutes))

  test('has one row for any number of processes, and is run once at each multiple of its period', async () => {
    await Promise.all([prepare(3), prepare(3), prepare(3)])
    for (const minutes of [3, 3, 9.9, 10, 19, 20]) await Promise.all([round([daily], minutes), round([daily], minutes)])
    assert.equal((await deeds()).length, 3)
    const [row] = await jobsOf(db, daily)
    assert.deepEqual([row?.due_at, row?.attempts], [at(30).toISOString(), 0])
  })

  test('is delayed after a failure, by its period at most, and never abandoned', async () => {
    await prepare(0)
    const fails = { ...daily, run: () => Promise.reject(new Error('The key is lost.')) }
    let minutes = 0
    for (let i = 0; i < 10; i++) {
      assert.equal((await round([fails], minutes)).length, 1)
      minutes += 10
    }
    const [row] = await jobsOf(db, daily)
    assert.deepEqual([row?.attempts, row?.last_error], [10, 'The key is lost.'])
    await round([daily], minutes)
    assert.equal((await jobsOf(db, daily))[0]?.last_error, null)
  })
})

describe('a drain', () => {
  let waiting = 0
  const drain = job('bail', {
    pending: async () => waiting > 0,
    run: async () => () => {
      waiting--
      return Promise.resolve()
    },
  })

  test('is run while something is pending, and otherwise has no row and writes nothing', async () => {
    waiting = 2
    await round([drain])
    await round([drain])
    assert.deepEqual([waiting, await jobsOf(db, drain)], [0, []])
    const before = db.statements
    await round([drain])
    assert.ok(db.statements - before <= 2)
  })

  test('is run by one process at a time, and retried after a failure', async () => {
    waiting = 1
    let runs = 0
    const fails: JobKind = {
      ...drain,
      run: async () => {
        runs++
        await round([fails])
        throw new Error('The bucket leaks.')
      },
    }
    await round([fails])
    assert.deepEqual([runs, (await jobsOf(db, drain))[0]?.last_error], [1, 'The bucket leaks.'])
    await round([drain], 1)
    assert.deepEqual([waiting, await jobsOf(db, drain)], [0, []])
  })
})

test('a kind has exactly one way to be due, and a unique name', () => {
  assert.throws(() => job('odd', { run: async () => {} }), /must say either/)
  assert.throws(() => job('odd', { every: 1, attempts: 2, run: async () => {} }), /must say either/)
  assert.throws(() => assemble([module('twice', { needs: [], jobs: [paint, paint] })]), /two kinds of jobs named "paint"/)
})

test('stored error messages are short, and contain no secrets', () => {
  assert.equal(reasonOf(new Error('x'.repeat(900))).length, 500)
  assert.equal(reasonOf('no\0thing'), 'nothing')
  assert.equal(reasonOf(new Error('GET https://u:p@s3/a?signature=abc&x=1')), 'GET https://…@s3/a?signature=…&x=1')
})
