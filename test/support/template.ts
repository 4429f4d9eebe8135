/** A migrated PostgreSQL database to be copied: a copy takes a tenth of the time of the migrations. */
import { randomBytes } from 'node:crypto'
import { connect } from '#db/connect.ts'
import { migrate } from '#db/migrate.ts'
import { product } from '#server/modules.ts'

export interface Template {
  readonly name: string
  remove(): Promise<void>
}

/**
 * Makes the template on the server of a `postgres://` address, whose role may create databases.
 * Nothing may stay connected to a template: copies would be impossible.
 */
export async function makeTemplate(url: string): Promise<Template> {
  const name = `template_${randomBytes(6).toString('hex')}`
  await onServer(url, `create database ${name}`)
  const db = await connect(addressOf(url, name), { connections: 1 })
  try {
    await migrate(db, product.migrations)
  } finally {
    await db.close()
  }
  return { name, remove: () => dropDatabase(url, name) }
}

/** The address of another database of the same server. */
export function addressOf(url: string, database: string): string {
  return Object.assign(new URL(url), { pathname: database }).href
}

/** Runs a statement by a connection of its own. */
export async function onServer(url: string, statement: string): Promise<void> {
  const root = await connect(url, { connections: 1 })
  try {
    await root.script(statement)
  } finally {
    await root.close()
  }
}

/**
 * Drops a database with all connections to it. A worker of autovacuum may be one, which no ordinary role may end: a plain DROP
 * makes the server end it.
 */
export async function dropDatabase(url: string, name: string): Promise<void> {
  await onServer(url, `drop database ${name} with (force)`).catch(() => onServer(url, `drop database ${name}`))
}
