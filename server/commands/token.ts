/** `halyard token`: lists, creates and revokes tokens. */
import type { Reader } from '#db/database.ts'
import { amongTexts } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { expiryOf, LONGEST_NAME, makeToken, revokeTokens, tokenScopes, tokensOf } from '#identity/tokens.ts'
import { currentTime } from '#kernel/clock.ts'
import { UsageError } from '#server/usage.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'
import { showList, showResult } from './output.ts'
import { userOf } from './user.ts'

/** The access of a token in words. */
function accessOf({ query_id, scopes, project_ids }: Tables['tokens']): string {
  if (query_id !== null) return `calendar of query ${query_id}`
  const what = (scopes as string[]).includes('api_v3') ? 'read and write' : 'read only'
  const projects = project_ids as number[] | null
  return projects === null ? what : `${what}, ${projects.length === 1 ? 'project' : 'projects'} ${projects.join(', ')}`
}

export async function listTokens(invocation: Invocation): Promise<void> {
  const { config, words } = invocation
  const tokens = await withDatabase(config.databaseUrl, async (db) => {
    const user = await userOf(db, words[0]!)
    return (await tokensOf(db, user.id)).toReversed()
  })
  const rows = tokens.map((token) => ({
    id: token.id,
    name: token.name,
    ending: token.ending,
    access: accessOf(token),
    createdAt: token.created_at,
    expiresAt: token.expires_at,
    lastUsedAt: token.last_used_at,
  }))
  showList(invocation, rows, {
    ID: ({ id }) => id,
    NAME: ({ name }) => name,
    ENDING: ({ ending }) => ending && `…${ending}`,
    ACCESS: ({ access }) => access,
    CREATED: ({ createdAt }) => createdAt,
    EXPIRES: ({ expiresAt }) => expiresAt ?? 'never',
    'LAST USED': ({ lastUsedAt }) => lastUsedAt ?? 'never',
  })
}

/** Resolves ids or identifiers to project ids. Throws an Error for an unknown project. */
async function projectsNamed(db: Reader, text: string): Promise<number[]> {
  const named = text.split(',').map((one) => one.trim())
  const rows = await db.all<{ id: number; identifier: string }>(sql`
    select id, identifier from projects
    where ${amongTexts(db.engine, raw('identifier'), named)} or ${amongTexts(db.engine, sql`cast(id as text)`, named)}`)
  return named.map((one) => {
    const row = rows.find(({ id, identifier }) => identifier === one || String(id) === one)
    if (!row) throw new Error(`There is no project "${one}".`)
    return row.id
  })
}

/** Creates a token and prints it; it cannot be shown again. */
export async function createToken(invocation: Invocation): Promise<void> {
  const { config, flags, words } = invocation
  const now = currentTime()
  const name = String(flags.name ?? 'Command line')
  if (name.trim() === '' || name.length > LONGEST_NAME) throw new UsageError(`--name must have 1 to ${LONGEST_NAME} characters.`)
  const scope = String(flags.scope ?? 'api_v3')
  if (!tokenScopes.includes(scope)) throw new UsageError(`--scope must be ${tokenScopes.join(' or ')}, not "${scope}".`)
  const expires = flags.expires === undefined ? null : expiryOf(String(flags.expires), now)
  if (expires === undefined)
    throw new UsageError(`--expires must be a number of days or a future date such as 2030-12-31, not "${flags.expires}".`)
  const token = await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const { id } = await userOf(tx, words[0]!)
      const projects = flags.project === undefined ? null : await projectsNamed(tx, String(flags.project))
      return makeToken(tx, id, { name, scope, expiresAt: expires, projects }, now)
    }),
  )
  showResult(invocation, { token }, `API token: ${token} (shown only once)`)
}

export async function revokeToken({ config, words }: Invocation): Promise<void> {
  const id = idIn(words[0], 'token', 'token list LOGIN')
  await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      if ((await revokeTokens(tx, sql`id = ${id}`)) === 0) throw new Error(`There is no token ${id}.`)
    }),
  )
  console.log(`Revoked token ${id}.`)
}
