/** Empty databases of the engine that is being tested, and the way to be rid of them. */
import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from '#db/connect.ts'
import type { Database } from '#db/database.ts'
import { type Outside, outsidePostgres, outsideSqlite } from './outside.ts'

export const isPostgres = process.env.HALYARD_TEST_ENGINE === 'postgres'
const postgresUrl = process.env.HALYARD_TEST_DATABASE_URL ?? ''
/** Longer than a server waits: a test is to be green on a busy machine as well. */
const BUSY_MACHINE_MS = 60_000
const newName = () => `test_${randomBytes(6).toString('hex')}`

/**
 * An open database: on SQLite in memory or in a file, on PostgreSQL a schema of its own. `drop` closes it as well.
 * @param by on PostgreSQL, the address by which it is reached
 */
export async function emptyDatabase({
  file = false,
  patience = BUSY_MACHINE_MS,
  connections = 5,
  by = (url: string) => url,
} = {}): Promise<{ db: Database; outside: Outside; drop: () => Promise<void> }> {
  if (!isPostgres) {
    const folder = file ? await mkdtemp(join(tmpdir(), 'halyard-test-')) : undefined
    const path = folder ? join(folder, 'halyard.db') : ':memory:'
    const db = await connect(`sqlite:${path}`, { durable: file, patience })
    return {
      db,
      outside: outsideSqlite(db, path),
      drop: async () => {
        await db.close()
        if (folder) await rm(folder, { recursive: true })
      },
    }
  }
  const schema = newName()
  await onServer(`create schema ${schema}`)
  const db = await connect(by(postgresUrl), { schema, connections, patience })
  return {
    db,
    outside: outsidePostgres(schema),
    drop: async () => {
      await db.close()
      await onServer(`drop schema ${schema} cascade`)
    },
  }
}

/** A place for a process of its own to keep its data: the flags that name it, and the way to remove it. */
export async function emptyPlace(): Promise<{ flags: readonly string[]; remove: () => Promise<void> }> {
  if (!isPostgres) {
    const folder = await mkdtemp(join(tmpdir(), 'halyard-test-'))
    return { flags: ['--data', folder], remove: () => rm(folder, { recursive: true }) }
  }
  const name = newName()
  await onServer(`create database ${name}`)
  const url = new URL(postgresUrl)
  url.pathname = name
  return { flags: ['--database-url', url.href], remove: () => onServer(`drop database ${name} with (force)`) }
}

async function onServer(statement: string): Promise<void> {
  const root = await connect(postgresUrl, { connections: 1 })
  try {
    await root.script(statement)
  } finally {
    await root.close()
  }
}
