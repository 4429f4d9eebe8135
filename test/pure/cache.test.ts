/** What a process remembers until the next commit. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Reader } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { createCache, sharedRows } from '#kernel/cache.ts'

/** A database whose queries wait until they are answered. */
function slowDatabase() {
  const asked: PromiseWithResolvers<unknown[]>[] = []
  let state = 'first'
  const db = {
    engine: 'postgres',
    one: async () => ({ value: 1, state }),
    all(query: { text: string }) {
      if (query.text.includes('revisions')) return Promise.resolve([])
      const answer = Promise.withResolvers<unknown[]>()
      asked.push(answer)
      return answer.promise
    },
  } as unknown as Reader
  const cache = createCache()
  const read = async (id = 1) =>
    sharedRows({ db, outside: db, snapshot: await cache.snapshot(db) }, sql`select count(*) from things where id = ${id}`)
  const commit = () => {
    state = 'second'
  }
  return { asked, read, commit }
}

const turn = () => new Promise((done) => setImmediate(done))

test('a query that is being read is not read again for others who ask in the same state', async () => {
  const { asked, read } = slowDatabase()
  const [first, second, other] = [read(), read(), read(2)]
  await turn()
  assert.equal(asked.length, 2)
  asked[0]!.resolve([{ n: 1 }])
  asked[1]!.resolve([{ n: 2 }])
  assert.deepEqual(await Promise.all([first, second, other]), [[{ n: 1 }], [{ n: 1 }], [{ n: 2 }]])
  assert.deepEqual(await read(), [{ n: 1 }])
  assert.equal(asked.length, 2)
})

test('after a commit it is read again, even while it is still being read for those before', async () => {
  const { asked, read, commit } = slowDatabase()
  const before = read()
  await turn()
  commit()
  const after = read()
  await turn()
  assert.equal(asked.length, 2)
  asked[0]!.resolve([{ n: 1 }])
  assert.deepEqual(await before, [{ n: 1 }])
  asked[1]!.resolve([{ n: 2 }])
  assert.deepEqual([await after, await read()], [[{ n: 2 }], [{ n: 2 }]])
  assert.equal(asked.length, 2)
})

test('those who waited for a query that fails read by themselves', async () => {
  const { asked, read } = slowDatabase()
  const [first, second] = [read(), read()]
  const failed = assert.rejects(first, /too long/)
  await turn()
  asked[0]!.reject(new Error('It took too long.'))
  await failed
  await turn()
  assert.equal(asked.length, 2)
  asked[1]!.resolve([{ n: 1 }])
  assert.deepEqual(await second, [{ n: 1 }])
})
