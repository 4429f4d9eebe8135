/** `halyard secrets`: manages the key that encrypts secrets in the database. */
import { type Key, keysOf, randomSecretKey, resealSecrets, sealedIn, sealingKey, writtenKey } from '#identity/secrets.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'
import { showList } from './output.ts'

/** Prints a new key. */
export async function generateKey(): Promise<void> {
  console.log(writtenKey(randomSecretKey()))
}

/** Lists the encrypted secrets and their keys. */
export async function listSecrets(invocation: Invocation): Promise<void> {
  const { config, flags } = invocation
  const { all, seals } = await withDatabase(config.databaseUrl, async (db) => ({
    all: await sealedIn(db),
    seals: await sealingKey(db),
  }))
  if (!flags.json) console.log(`Current key: ${seals ?? 'none yet'}`)
  const rows = all.map(({ table, column, key, count }) => ({ secret: `${table}.${column}`, key, count, current: key === seals }))
  showList(invocation, rows, {
    SECRET: ({ secret }) => secret,
    KEY: ({ key }) => key ?? 'not encrypted yet',
    COUNT: ({ count }) => count,
  })
}

/**
 * Encrypts all secrets with another key: a new one if Halyard manages the key file, otherwise the first of the given keys. After an
 * interruption, the file holds both keys, and the database uses either the old key or the new one.
 */
export async function rotateKey({ config }: Invocation): Promise<void> {
  const { count, id } = await withDatabase(
    config.databaseUrl,
    async (db) => {
      const { source } = keysOf(db)
      const before = source.read()
      if (!source.keep && before[0]?.id === (await sealingKey(db))) {
        throw new Error(
          `The first key of ${source.where} is already the current key. Generate a new key (halyard secrets generate), put it in front, separated by a space or a new line, and keep the old key until the rotation is done.`,
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
    `Encrypted ${count} ${count === 1 ? 'secret' : 'secrets'} with the key ${id}. Former keys are needed only for older copies of the database.`,
  )
}
