/** Guarantees of transactions on both engines, also under concurrency. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import type { Database } from '#db/database.ts'
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
