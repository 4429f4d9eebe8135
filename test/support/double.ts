/** Test doubles for tests of their own: the clock is one for the process, so a file that uses this has its process to itself. */
import { randomBytes } from 'node:crypto'
import { connect } from '#db/connect.ts'
import type { Database } from '#db/database.ts'
import { isInMemory } from '#db/sqlite.ts'
import { type MemoryStore, memoryStore } from '#files/memory.ts'
import { type Clock, followSystem, setClock } from '#kernel/clock.ts'
import { build } from '#server/app.ts'
import { startWorker } from '#server/commands/working.ts'
import { createDouble } from '#server/double/double.ts'
import { readFixtures } from '#server/double/fixtures.ts'
import type { Seed } from '#server/seeds/seed.ts'
import { setup } from '#server/setup.ts'
import { type Client, client } from './instance.ts'

export interface TestDouble {
  readonly url: string
  readonly db: Database
  readonly admin: Client
  readonly anonymous: Client
  readonly files: MemoryStore
  /** The Authorization header of the administrator. */
  readonly authorization: string
  /** The tokens of the users of fixtures, by their logins. */
  readonly tokens: Readonly<Record<string, string>>
  /** A client with this token. */
  as(token: string): Client
  close(): Promise<void>
}

/** Starts a test double. */
export async function double({
  seed = 'demo',
  clock,
  fixtures,
}: {
  seed?: Seed
  clock?: Clock
  /** The path of a file. */
  fixtures?: string
} = {}): Promise<TestDouble> {
  if (clock) setClock(clock)
  const memory = await connect('sqlite::memory:', { durable: false })
  if (!isInMemory(memory)) throw new Error('A test double is in memory.')
  const adminToken = `opapi-${randomBytes(20).toString('hex')}`
  await setup(memory, { seed, adminToken })
  const files = memoryStore()
  const silent = { info() {}, error() {} }
  const it = createDouble(memory, { clock, files })
  const app = await build(it.db, { files, double: it })
  const url = await app.listen({ port: 0, host: '127.0.0.1' })
  const close = async () => {
    await app.close()
    await it.stop()
    await memory.close()
    followSystem()
  }
  const create = async () => (fixtures === undefined ? {} : readFixtures(fixtures, app, it.db, adminToken))
  const { tokens } = await it
    .begin(() => startWorker(it.db, files, undefined, silent), create)
    .catch(async (error: unknown) => {
      await close()
      throw error
    })
  return {
    url,
    admin: client(url, adminToken),
    anonymous: client(url),
    db: it.db,
    files,
    authorization: `Bearer ${adminToken}`,
    as: (token) => client(url, token),
    tokens,
    close,
  }
}
