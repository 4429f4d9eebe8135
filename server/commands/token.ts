/** `halyard token`: tokens, from the command line. */
import { insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { hashToken, randomToken } from '#kernel/tokens.ts'
import { changed } from '#kernel/world.ts'
import { columns } from './columns.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'
import { userOf } from './user.ts'

export async function listTokens({ config, words }: Invocation): Promise<void> {
  const tokens = await withDatabase(config.databaseUrl, async (db) => {
    const user = await userOf(db, words[0]!)
    return db.all<Tables['tokens']>(sql`select * from tokens where user_id = ${user.id} order by id`)
  })
  const rows = tokens.map((token) => [
    String(token.id),
    token.name,
    token.query_id === null ? 'the API' : `the calendar of query ${token.query_id}`,
    token.created_at,
    token.expires_at ?? 'never',
  ])
  console.log(columns([['ID', 'NAME', 'OPENS', 'CREATED', 'EXPIRES'], ...rows]))
}

/** Creates a token and shows it: nobody can do that later. */
export async function createToken({ config, flags, words }: Invocation): Promise<void> {
  const token = randomToken()
  await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const { id } = await userOf(tx, words[0]!)
      const name = String(flags['name'] ?? 'Command line')
      await tx.one(insert('tokens', { user_id: id, name, hash: hashToken(token), created_at: new Date().toISOString() }))
      await changed(tx, 'tokens')
    }),
  )
  console.log(`API token: ${token} (shown only this once)`)
}

export async function revokeToken({ config, words }: Invocation): Promise<void> {
  const id = idIn(words[0], 'token', 'token list LOGIN')
  await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const count = await tx.run(sql`delete from tokens where id = ${id}`)
      if (count === 0) throw new Error(`There is no token ${id}.`)
      await changed(tx, 'tokens')
    }),
  )
  console.log(`Revoked token ${id}.`)
}
