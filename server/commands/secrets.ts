/** `halyard secrets`: the key by which secrets in the database are sealed. */
import { type Key, keysOf, randomSecretKey, resealSecrets, sealedIn, sealingKey, writtenKey } from '#identity/secrets.ts'
import { columns } from './columns.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'

/** Prints a new key. */
export async function generateKey(): Promise<void> {
  console.log(writtenKey(randomSecretKey()))
}

/** Lists what is sealed, and by which key. */
export async function listSecrets({ config }: Invocation): Promise<void> {
  const { all, seals } = await withDatabase(config.databaseUrl, async (db) => ({
    all: await sealedIn(db),
    seals: await sealingKey(db),
  }))
  console.log(`Sealed by the key: ${seals ?? 'none yet'}`)
  const rows = all.map(({ table, column, key, count }) => [`${table}.${column}`, key ?? 'not sealed yet', String(count)])
  console.log(columns([['SECRET', 'KEY', 'COUNT'], ...rows]))
}

/**
 * Seals everything by another key: a new one where the file is ours, else the first of those given. Where it is interrupted, the
 * file holds the new key as well as the old one, and the database is as it was before or as it is after.
 */
export async function rotateKey({ config }: Invocation): Promise<void> {
  const { count, id } = await withDatabase(
    config.databaseUrl,
    async (db) => {
      const { source } = keysOf(db)
      const before = source.read()
      if (!source.keep && before[0]?.id === (await sealingKey(db))) {
        throw new Error(
          `The first key of ${source.where} is the one that seals already. Put a new one in front of it (halyard secrets generate), with a space or a new line between, and leave the old one until this is done.`,
        )
      }
      source.keep?.([randomSecretKey(), ...before])
      const done = await resealSecrets(db)
      source.keep?.(source.read().slice(0, 1) as Key[])
      return done
    },
    config.secretKey,
  )
  console.log(
    `${count} secrets are sealed by the key ${id} now. Former keys are needed no more, but for older copies of the data.`,
  )
}
