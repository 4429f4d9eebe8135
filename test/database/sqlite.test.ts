/** Failures of an SQLite file, seen from a running server. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rename, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { connect } from '#db/connect.ts'
import { type Database, UnavailableError } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { isInMemory } from '#db/sqlite.ts'
import { isPostgres } from '#test/database.ts'

describe('an SQLite file', { skip: isPostgres }, () => {
  async function opened(t: TestContext, patience?: number) {
    const folder = await mkdtemp(join(tmpdir(), 'halyard-test-'))
    const path = join(folder, 'halyard.db')
    const db = await connect(`sqlite:${path}`, { ...(patience !== undefined && { patience }) })
    t.after(async () => {
      await db.close()
      await rm(folder, { recursive: true })
    })
    await db.script('create table notes (text text not null)')
    return { db, path }
  }
  const write = (db: Database, text: string) => db.transaction((tx) => tx.run(sql`insert into notes (text) values (${text})`))
  const notes = async (db: Database) => (await db.all<{ text: string }>(sql`select text from notes`)).map(({ text }) => text)
  const isUnavailable = (kind: UnavailableError['kind']) => (error: unknown) => {
    assert.ok(error instanceof UnavailableError, String(error))
    assert.equal(error.kind, kind)
    return true
  }

  test('accepts commits while another program has an open read transaction', async (t) => {
    const { db, path } = await opened(t, 200)
    await write(db, 'one')
    const other = new DatabaseSync(path)
    other.exec('begin; select * from notes')
    await write(db, 'two')
    assert.deepEqual(await notes(db), ['one', 'two'])
    other.close()
  })

  test('tells by its state that somebody has committed, and that nobody has', async (t) => {
    const { db, path } = await opened(t)
    const states = [db.state?.()]
    await notes(db)
    await db.transaction(async (tx) => void (await tx.all(sql`select 1`)))
    await assert.rejects(db.transaction((tx) => tx.run(sql`insert into notes (text) values (null)`)))
    states.push(db.state?.())
    assert.equal(states[1], states[0])
    await write(db, 'one')
    states.push(db.state?.())
    const other = new DatabaseSync(path)
    other.exec("insert into notes (text) values ('two')")
    other.close()
    states.push(db.state?.())
    await db.script('delete from notes')
    states.push(db.state?.())
    assert.equal(new Set(states).size, 4)
  })

  test('in memory tells the same, also of a content that was replaced', async (t) => {
    const db = await connect('sqlite::memory:')
    t.after(() => db.close())
    assert.ok(isInMemory(db))
    const states = [db.state?.()]
    await db.script('create table notes (text text not null)')
    states.push(db.state?.())
    await write(db, 'one')
    states.push(db.state?.())
    await notes(db)
    assert.equal(db.state?.(), states[2])
    await db.restore(await db.image())
    states.push(db.state?.())
    assert.equal(new Set(states).size, 4)
  })

  test('that was moved away rejects writes, and accepts them once it is back', async (t) => {
    const { db, path } = await opened(t)
    await write(db, 'one')
    await rename(path, `${path}.away`)
    await assert.rejects(write(db, 'lost'), isUnavailable('away'))
    await assert.rejects(db.ready(), isUnavailable('away'))
    await rename(`${path}.away`, path)
    await write(db, 'two')
    assert.deepEqual(await notes(db), ['one', 'two'])
  })

  test('that was replaced by another file rejects writes', async (t) => {
    const { db, path } = await opened(t)
    await rename(path, `${path}.away`)
    new DatabaseSync(path).close()
    await assert.rejects(write(db, 'lost'), isUnavailable('away'))
  })

  test('is written by processes in the order in which they asked for their turns', async (t) => {
    const { path } = await opened(t)
    const given: string[] = []
    let waiting: (() => void)[] = []
    let isTaken = false
    const turn = (name: string) => async () => {
      if (isTaken) await new Promise<void>((resolve) => waiting.push(resolve))
      isTaken = true
      given.push(name)
      return () => {
        isTaken = false
        const [next, ...others] = waiting
        waiting = others
        next?.()
      }
    }
    const [one, two] = [
      await connect(`sqlite:${path}`, { turn: turn('one') }),
      await connect(`sqlite:${path}`, { turn: turn('two') }),
    ]
    t.after(() => Promise.all([one.close(), two.close()]))
    for (let n = 0; n < 3; n++) await Promise.all([write(one, 'a'), write(two, 'b'), write(one, 'c')])
    assert.equal((await notes(one)).length, 9)
    // What one process writes at once takes one turn.
    assert.deepEqual(given, ['one', 'two', 'one', 'two', 'one', 'two'])
    // A transaction that fails gives the turn back as well.
    await assert.rejects(one.transaction((tx) => tx.run(sql`insert into notes (text) values (${null})`)))
    await write(two, 'd')
    assert.equal(isTaken, false)
  })

  test('is written after a moment by a process whose turn does not come', async (t) => {
    const { path } = await opened(t)
    let give = (): void => {}
    let isLeft = false
    const turn = () =>
      new Promise<() => void>((resolve) => {
        give = () =>
          resolve(() => {
            isLeft = true
          })
      })
    const db = await connect(`sqlite:${path}`, { turn })
    t.after(() => db.close())
    await db.transaction((tx) => tx.run(sql`insert into notes (text) values ('one')`), { patience: 0 })
    await write(db, 'two')
    assert.deepEqual(await notes(db), ['one', 'two'])
    // A turn that comes when nobody wants it any more is given back.
    give()
    await new Promise(setImmediate)
    assert.equal(isLeft, true)
  })

  test('is reopened after a failure that a new connection may not have', async (t) => {
    const { db } = await opened(t)
    await db.script('pragma query_only = on')
    await assert.rejects(write(db, 'lost'), isUnavailable('away'))
    await write(db, 'one')
    assert.deepEqual(await notes(db), ['one'])
  })

  for (const { name, damage, kind } of [
    { name: 'cut off', damage: 'truncateSync(process.env.FILE, 4096)', kind: 'away' },
    {
      name: 'written over',
      damage: "writeSync(openSync(process.env.FILE, 'r+'), Buffer.alloc(1_900_000, 7), 0, null, 8192)",
      kind: 'damaged',
    },
  ]) {
    test(`that is ${name} is reported, and the process survives`, async (t) => {
      const { db, path } = await opened(t)
      await write(db, 'x'.repeat(2_000_000))
      await db.script('pragma wal_checkpoint(truncate)')
      // A process of its own, as a signal would end it.
      const script = `
        import { openSync, truncateSync, writeSync } from 'node:fs'
        import { connect } from '#db/connect.ts'
        import { sql } from '#db/sql.ts'
        const db = await connect('sqlite:' + process.env.FILE)
        const ask = (what) => db.all(what).then(() => 'answered', (error) => error.kind)
        await ask(sql\`select count(*) from notes\`)
        ${damage}
        console.log(await ask(sql\`select text from notes\`))
        console.log(await ask(sql\`select 1\`))`
      const child = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
        cwd: join(import.meta.dirname, '../..'),
        env: { ...process.env, FILE: path },
        stdio: ['ignore', 'pipe', 'inherit'],
      })
      let out = ''
      child.stdout.on('data', (chunk) => {
        out += chunk
      })
      const [code, signal] = await once(child, 'close')
      assert.deepEqual({ code, signal, out }, { code: 0, signal: null, out: `${kind}\nanswered\n` })
    })
  }
})
