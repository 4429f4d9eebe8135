/** Databases to be copied, empty ones and filled ones: a copy takes a tenth of the time of the migrations. */
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { connect } from '#db/connect.ts'
import { migrate } from '#db/migrate.ts'
import { product } from '#server/modules.ts'
import { setup } from '#server/setup.ts'

/** The content of a template: the tables only, or an instance with basic or demo data. */
export type Content = 'none' | 'basic' | 'demo'

export interface Template {
  /** A name without the content, which `templateOf` adds. */
  readonly name: string
  remove(): Promise<void>
}

/** The name of the template with a content: of a database, or the path of a file. */
export const templateOf = (name: string, content: Content): string => `${name}_${content}`

const contents: readonly Content[] = ['none', 'basic', 'demo']

async function fill(address: string, content: Content): Promise<void> {
  const db = await connect(address, { connections: 1, durable: false })
  try {
    if (content === 'none') await migrate(db, product.migrations)
    // Instances replace this token by their own.
    else await setup(db, { seed: content, adminToken: `opapi-${randomBytes(20).toString('hex')}` })
  } finally {
    await db.close()
  }
}

/**
 * Makes the templates on the server of a `postgres://` address, whose role may create databases.
 * Nothing may stay connected to a template: copies would be impossible.
 */
export async function makePostgresTemplate(url: string): Promise<Template> {
  const name = `template_${randomBytes(6).toString('hex')}`
  for (const content of contents) {
    await onServer(url, `create database ${templateOf(name, content)}`)
    await fill(addressOf(url, templateOf(name, content)), content)
  }
  return {
    name,
    remove: async () => {
      for (const content of contents) await dropDatabase(url, templateOf(name, content))
    },
  }
}

/** Makes the templates as SQLite files in a folder. */
export async function makeSqliteTemplate(within: string): Promise<Template> {
  const folder = mkdtempSync(join(within, 'halyard-template-'))
  const name = join(folder, 'template')
  for (const content of contents) {
    const path = templateOf(name, content)
    await fill(`sqlite:${path}`, content)
    // A database in memory has no write-ahead log.
    const file = new DatabaseSync(path)
    file.exec('pragma journal_mode = delete')
    file.close()
  }
  return { name, remove: async () => rmSync(folder, { recursive: true }) }
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
