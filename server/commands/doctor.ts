/** `halyard doctor`: checks whether Halyard can run on this machine, without changing anything. */
import { once } from 'node:events'
import { accessSync, constants, existsSync } from 'node:fs'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { type Database, PATIENCE_MS } from '#db/database.ts'
import { indexer } from '#db/search.ts'
import { sql } from '#db/sql.ts'
import { sealedIn, useKeys } from '#identity/secrets.ts'
import { stuckJobs } from '#jobs/status.ts'
import { currentTime } from '#kernel/clock.ts'
import type { Config } from '#server/config/read.ts'
import { keySource } from '#server/keys.ts'
import { adviceOn, openPlaces } from '#server/privacy.ts'
import { reasonOf } from '#server/reason.ts'
import type { Invocation } from './command.ts'
import { appliedMigrations, fileOf, missingMigrations, openDatabase, shown } from './database.ts'

/** Thrown to roll back the writes of a check. */
const UNDO = Symbol('undo')

/** Prints one line per check; the process exits with 1 if a check failed. */
export async function examine(invocation: Invocation): Promise<void> {
  const { config, flags } = invocation
  const results: { check: string; ok: boolean; result: string }[] = []
  const check = async (name: string, look: () => Promise<string> | string): Promise<void> => {
    const [ok, result] = await Promise.try(look).then(
      (text) => [true, text] as const,
      (error: unknown) => [false, reasonOf(error)] as const,
    )
    results.push({ check: name, ok, result })
    if (!flags.json) console.log(`${ok ? 'ok    ' : 'failed'}  ${name}: ${result}`)
    if (!ok) process.exitCode = 1
  }
  await check('Node', () => process.versions.node)

  const path = fileOf(config.databaseUrl)
  if (path !== undefined) await check('Data folder', () => writableFolder(dirname(path)))
  await check('File permissions', () => privacy(config))
  if (path !== undefined && !existsSync(path)) {
    await check('Database', () => `does not exist; the first start creates ${path}`)
  } else {
    let db: Database | undefined
    await check('Database', async () => {
      db = await openDatabase(config.databaseUrl, { patience: PATIENCE_MS })
      return shown(config.databaseUrl)
    })
    if (db) {
      const opened = db
      await check('Schema', () => layout(opened))
      await check('Write access', () => writing(opened))
      await check('Search', () => indexer(opened))
      await check('Custom fields', () => patterns(opened))
      await check('Jobs', () => jobs(opened))
      await check('Secrets', () => secrets(opened, config))
      if (flags.deep && (await missingMigrations(opened)).length === 0) {
        const { deepChecks } = await import('./doctor-deep.ts')
        for (const [name, look] of deepChecks(opened, config)) await check(name, look)
      }
      await opened.close()
    }
  }
  await check(`Port ${config.port}`, () => freePort(config))
  if (flags.json) console.log(JSON.stringify(results, null, 2))
}

/** Throws unless the folder, or its nearest existing ancestor, is writable. */
function writableFolder(folder: string): string {
  let nearest = folder
  while (!existsSync(nearest) && dirname(nearest) !== nearest) nearest = dirname(nearest)
  accessSync(nearest, constants.W_OK | constants.X_OK)
  return nearest === folder ? folder : `${folder} (the first start creates it)`
}

/** Throws if other users of the machine can access the data. */
function privacy(config: Config): string {
  const open = openPlaces(config)
  if (open.length > 0) throw new Error(open.map(adviceOn).join('; '))
  return 'other users of this machine cannot access the data'
}

/** Throws if the key for encrypted secrets is missing. */
async function secrets(db: Database, { secretKey }: Config): Promise<string> {
  if ((await missingMigrations(db)).length > 0) return 'not checked; the schema is of another version'
  const keys = useKeys(db, keySource(secretKey))
  const { where, read } = keys.source
  const sealed = (await sealedIn(db)).flatMap(({ key, passing }) => (key === null || passing ? [] : [key]))
  const lost = [...new Set(sealed)].filter((id) => !keys.find(id))
  if (lost.length > 0) throw new Error(`encrypted with the key ${lost.join(', ')}, which is not in ${where}; see docs/secrets.md`)
  if (read().length === 0) return `no key yet; the first start creates ${where}`
  const advice = secretKey.in === 'file' && secretKey.ours && db.engine === 'postgres'
  return `encrypted with the key in ${where}${advice ? '; other servers on this database need the same --secret-key-file' : ''}`
}

/** Throws where jobs do not go on by themselves. */
async function jobs(db: Database): Promise<string> {
  if ((await missingMigrations(db)).length > 0) return 'looked at once the layout is of this version'
  const stuck = await stuckJobs(db, currentTime())
  const words = stuck.map(({ name, count, state }) => `${count} ${name} ${state}`)
  if (words.length > 0) throw new Error(`${words.join(', ')}; see halyard jobs`)
  return 'none is stuck'
}

async function layout(db: Database): Promise<string> {
  if ((await appliedMigrations(db)).length === 0) return 'empty; the first start creates it'
  const missing = await missingMigrations(db)
  if (missing.length > 0) throw new Error(`missing migrations: ${missing.join(', ')}; run halyard migrate`)
  return 'up to date'
}

/** Throws if the regular expression of a field is not supported; earlier versions accepted more expressions. */
async function patterns(db: Database): Promise<string> {
  const { patternFault } = await import('#text/patterns.ts')
  const fields = await db
    .all<{ id: number; name: string; pattern: string | null }>(sql`select id, name, pattern from custom_fields order by id`)
    .catch(() => [])
  const faults = fields.flatMap(({ id, name, pattern }) => {
    const fault = pattern ? patternFault(pattern) : undefined
    return fault === undefined ? [] : [`the regular expression "${pattern}" of "${name}" (${id}) is not applied: ${fault}`]
  })
  if (faults.length > 0) throw new Error(faults.join('; '))
  return 'regular expressions are valid'
}

/** Throws unless a table can be created and written; the transaction is rolled back. */
async function writing(db: Database): Promise<string> {
  const probe = db.transaction(async (tx) => {
    await tx.run(sql`create table halyard_doctor (id integer)`)
    await tx.run(sql`insert into halyard_doctor (id) values (1)`)
    throw UNDO
  })
  await probe.catch((error: unknown) => {
    if (error !== UNDO) throw error
  })
  return 'works'
}

async function freePort({ host, port }: Config): Promise<string> {
  const server = createServer().listen(port, host)
  try {
    await once(server, 'listening')
    return `free on ${host}`
  } catch (error) {
    const answer = await fetch(`http://${host}:${port}/livez`).then(
      (response) => response.text(),
      () => '',
    )
    if (answer === 'ok') return 'in use by a running Halyard server'
    throw error
  } finally {
    server.close()
  }
}
