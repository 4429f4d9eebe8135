/** What reads remember until the next commit. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { createCache, sharedRows } from '#kernel/cache.ts'
import { type Instance, instance } from '#test/instance.ts'

let server: Instance
before(async () => {
  server = await instance()
})
after(() => server.close())

const settings = sql`select count(*) as n from settings`

test('a query that many ask for is read once', async () => {
  const { db } = server
  const snapshot = await createCache().snapshot(db)
  const reading = { db, outside: db, snapshot }
  assert.equal(await sharedRows(reading, settings), await sharedRows(reading, settings))
})

test('a request that has written reads its own write', async () => {
  const { db } = server
  const snapshot = await createCache().snapshot(db)
  const reading = { db, outside: db, snapshot }
  const [before] = await sharedRows<{ n: number }>(reading, settings)
  await db.transaction((tx) => tx.run(sql`insert into settings (name, value) values ('remembered', '1')`))
  const [after] = await sharedRows<{ n: number }>(reading, settings)
  assert.equal(after?.n, (before?.n ?? 0) + 1)
})

test('a transaction reads what it has written', async () => {
  const { db } = server
  const snapshot = await createCache().snapshot(db)
  const [before] = await sharedRows<{ n: number }>({ db, outside: db, snapshot }, settings)
  await db.transaction(async (tx) => {
    await tx.run(sql`insert into settings (name, value) values ('written', '1')`)
    const [inside] = await sharedRows<{ n: number }>({ db: tx, outside: db, snapshot }, settings)
    assert.equal(inside?.n, (before?.n ?? 0) + 1)
  })
})
