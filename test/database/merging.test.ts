/** The indexes of texts on SQLite: writes do not merge their segments, and small transactions keep these few. */
import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { connect } from '#db/connect.ts'
import { migrate } from '#db/migrate.ts'
import { indexPending, mergeIndexes, narrowedRows } from '#db/search.ts'
import { sql } from '#db/sql.ts'
import { isPostgres } from '#test/database.ts'

test('segments are merged apart from what is indexed, and everything is found', { skip: isPostgres }, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'halyard-test-'))
  const db = await connect(`sqlite:${join(folder, 'halyard.db')}`, { durable: false })
  t.after(async () => {
    await db.close()
    await rm(folder, { recursive: true })
  })
  await migrate(db, [])
  const at = new Date().toISOString()
  await db.transaction((tx) =>
    tx.run(sql`insert into principals (id, type, name, created_at, updated_at) values (1, 'User', 'Vera', ${at}, ${at})`),
  )
  const segments = async () =>
    (await db.one<{ n: number }>(sql`select count(distinct segid) as n from texts_journals_notes_idx`))!.n
  const found = async (word: string) =>
    (await db.all<{ id: number }>(sql`select x.id from ${narrowedRows(db.engine, 'journals', 'notes', [word])}`)).length
  const write = async (n: number) => {
    await db.transaction((tx) =>
      tx.run(sql`insert into journals (resource, resource_id, version, user_id, notes, created_at, updated_at)
        values ('work_packages', 1, ${n}, 1, ${`Binnacle ${n}`}, ${at}, ${at})`),
    )
    await indexPending(db, 100)
  }
  for (let n = 1; n <= 40; n++) await write(n)
  assert.equal(await segments(), 40, 'a transaction that indexes merges nothing')
  assert.equal(await found('binnacle'), 40)
  let transactions = 1
  while (await db.transaction(mergeIndexes)) transactions++
  assert.ok((await segments()) < 10, `${await segments()} segments after ${transactions} transactions`)
  assert.equal(await found('binnacle'), 40)
})
