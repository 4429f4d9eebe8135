/** `halyard seed`: fills an empty instance, or adds the demo data to an instance without projects. */
import { ConstraintError, type Database } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { openStore } from '#files/open.ts'
import { currentTime } from '#kernel/clock.ts'
import { hasDemo, type Seed } from '#server/seeds/seed.ts'
import { attachReports } from '#server/seeds/showcase-files.ts'
import { setup, stateOf } from '#server/setup.ts'
import type { Invocation } from './command.ts'
import { lock, openDatabase, secure } from './database.ts'
import { loginLines } from './login.ts'
import { showResult } from './output.ts'
import { withProgress } from './progress.ts'

/** Seeds the instance and prints new credentials. */
export async function seedInstance(invocation: Invocation): Promise<void> {
  const { config } = invocation
  const db = await openDatabase(config.databaseUrl)
  try {
    const unlock = lock(config.databaseUrl)
    const { result, seeded } = await withProgress(invocation, async (progress) => {
      const result = await setup(db, config)
      await secure(db, config)
      const seeded = result.fresh || (hasDemo(config.seed) && (await addDemo(db, config.seed)))
      if (seeded && config.seed === 'showcase') {
        await attachReports(db, openStore(config.attachments), (done, total) => progress('files', done, total))
      }
      return { result, seeded }
    })
    unlock()
    const text = seeded ? `Added the ${config.seed} data.` : 'The instance already has data.'
    showResult(invocation, { seeded, seed: config.seed, token: result.token }, `${text}\n${loginLines(result)}`.trimEnd())
  } finally {
    await db.close()
  }
}

/** Adds the demo data to an instance without projects; returns whether it did. */
async function addDemo(db: Database, seed: Seed): Promise<boolean> {
  const { seedDemo } = await import('#server/seeds/seed-demo.ts')
  try {
    return await db.transaction(async (tx) => {
      const { adminId } = await stateOf(tx)
      if (adminId === null || (await tx.one(sql`select id from projects limit 1`))) return false
      await seedDemo(tx, adminId, currentTime().toISOString(), seed)
      return true
    })
  } catch (cause) {
    if (!(cause instanceof ConstraintError)) throw cause
    throw new Error('The demo data cannot be added: its logins or e-mail addresses are already in use.', { cause })
  }
}
