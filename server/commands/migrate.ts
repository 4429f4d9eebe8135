/** `halyard migrate`: migrates a database to the schema of this version. */

import { migrate } from '#db/migrate.ts'
import { product } from '#server/modules.ts'
import { setup } from '#server/setup.ts'
import type { Invocation } from './command.ts'
import { lock, openDatabase, secure, shown } from './database.ts'
import { showResult } from './output.ts'
import { beforeMigrating } from './regular-backups.ts'

/** Applies the migrations, and updates the permission catalogue and the built-in users. */
export async function migrateDatabase(invocation: Invocation): Promise<void> {
  const { config } = invocation
  const { databaseUrl } = config
  const db = await openDatabase(databaseUrl)
  try {
    const unlock = lock(databaseUrl)
    const progress = await beforeMigrating(db, config)
    const applied = await migrate(db, product.migrations, { progress })
    await setup(db, { seed: 'none' })
    await secure(db, config)
    unlock()
    showResult(
      invocation,
      { database: shown(databaseUrl), applied },
      applied.length > 0 ? `Applied ${applied.join(', ')} to ${shown(databaseUrl)}.` : `${shown(databaseUrl)} is up to date.`,
    )
  } finally {
    await db.close()
  }
}
