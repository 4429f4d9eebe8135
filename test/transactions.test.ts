/** Guarantees of transactions on both engines, also under concurrency. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { ConstraintError, type Database, TakenIdError, type Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { emptyDatabase } from '#test/database.ts'

for (const file of [false, true]) {
  describe(file ? 'in a file' : 'in memory', () => {
    let db: Database
    let drop: () => Promise<void>

    before(async () => {
      ;({ db, drop } = await emptyDatabase({ file }))
      await db.script('create table notes (id integer primary key, text text not null)')
    })
    after(() => drop())

    const notes = async () => (await db.all<{ text: string }>(sql`select text from notes order by id`)).map(({ text }) => text)
    const write = (id: number, text: string) =>
      db.transaction((tx) => tx.run(sql`insert into notes (id, text) values (${id}, ${text})`))

    test('of concurrent transactions, one that fails does not affect the others', async () => {
      const failing = db.transaction(async (tx) => {
        await tx.run(sql`insert into notes (id, text) values (2, 'lost')`)
        throw new Error('changed my mind')
      })
      const outcomes = await Promise.allSettled([write(1, 'first'), failing, write(3, 'third')])
      assert.deepEqual(
        outcomes.map(({ status }) => status === 'fulfilled'),
        [true, false, true],
      )
      assert.deepEqual(await notes(), ['first', 'third'])
    })

    const added = (id: number, text: string | null) => sql`insert into notes (id, text) values (${id}, ${text})`

    test('what is sent without waiting is done before the next statement, and with the commit', async () => {
      const seen = await db.transaction(async (tx) => {
        await tx.send(added(11, 'sent'))
        const one = await tx.one<{ text: string }>(sql`select text from notes where id = 11`)
        await tx.send(sql`update notes set text = 'sent, corrected' where id = 11`)
        await tx.send(added(12, 'sent last'))
        return one?.text
      })
      assert.equal(seen, 'sent')
      assert.deepEqual((await notes()).slice(-2), ['sent, corrected', 'sent last'])
      await db.transaction((tx) => tx.run(sql`delete from notes where id > 10`))
    })

    test('what is sent without waiting and fails undoes the transaction, with its own error', async () => {
      const before = await notes()
      const isTaken = (error: unknown) => error instanceof ConstraintError && error.kind === 'unique'
      const failing = [
        async (tx: Transaction) => tx.send(added(1, 'once more')),
        async (tx: Transaction) => {
          await tx.run(added(11, 'before'))
          await tx.send(added(1, 'once more'))
          await tx.send(added(12, 'after'))
        },
        async (tx: Transaction) => {
          await tx.send(added(11, 'before'))
          await tx.send(added(1, 'once more'))
          await tx.all(sql`select text from notes`)
        },
      ]
      for (const work of failing) await assert.rejects(db.transaction(work), isTaken)
      assert.deepEqual(await notes(), before)
    })

    test('an id that is taken is an error of its own', async () => {
      const isTaken = (error: unknown) => error instanceof TakenIdError && error.table === 'notes'
      await assert.rejects(write(1, 'once more'), isTaken)
    })

    test('a transaction can send any number of statements, and one that sends none commits nothing', async () => {
      await db.transaction(async (tx) => {
        for (let n = 0; n < 1000; n++) await tx.send(added(100 + n, `number ${n}`))
      })
      assert.equal((await notes()).filter((one) => one.startsWith('number')).length, 1000)
      assert.equal(await db.transaction(async (tx) => tx.run(sql`delete from notes where id >= 100`)), 1000)
      assert.equal(await db.transaction(async () => 7), 7)
    })

    test('statements of a transaction that are asked at once stay within it', async () => {
      const before = await notes()
      const failing = db.transaction(async (tx) => {
        await Promise.all([11, 12, 13].map((id) => tx.run(added(id, 'at once'))))
        throw new Error('changed my mind')
      })
      await assert.rejects(failing, /changed my mind/)
      assert.deepEqual(await notes(), before)
    })

    test('readers see nothing of an open transaction, and all of it once it is acknowledged', async () => {
      const seen: Promise<string[]>[] = []
      const writing = db.transaction(async (tx) => {
        await tx.run(sql`insert into notes (id, text) values (4, 'fourth')`)
        // In memory this waits for the end of the transaction, so the transaction must not wait for it.
        seen.push(notes())
        await tx.run(sql`update notes set text = 'fourth, corrected' where id = 4`)
      })
      await writing
      assert.equal((await notes()).at(-1), 'fourth, corrected')
      for (const found of await Promise.all(seen)) assert.ok(!found.includes('fourth'), found.join())
    })
  })
}
