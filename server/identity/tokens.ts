/** API tokens: format, storage, and limits. */
import { hash, randomBytes } from 'node:crypto'
import { type Database, type Reader, type Transaction, whereItCan } from '#db/database.ts'
import { insert } from '#db/dialect.ts'
import { type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { Identity, Limits } from '#kernel/access/viewer.ts'
import { invalidate, type Snapshot } from '#kernel/cache.ts'
import { API, API_READ } from './scopes.ts'

/** A new API token: `opapi-` and 40 hexadecimal digits. */
export const randomToken = (): string => `opapi-${randomBytes(20).toString('hex')}`

/** A new secret for an address or a session. */
export const randomKey = (): string => randomBytes(32).toString('hex')

/** Whether a text has the format of an API token. */
export const isToken = (text: string): boolean => /^opapi-[0-9a-f]{40}$/.test(text)

/** The stored hash of a token, which is useless for readers of the database. */
export const hashToken = (value: string): string => hash('sha256', value)

/** Scopes of API tokens: full access, or read-only. */
export const tokenScopes: readonly string[] = [API, API_READ]

/**
 * The limits of a token with these scopes; undefined if they do not include the API.
 * @param projects the ids of the projects that it is limited to; null for all
 */
export function limitsOf(scopes: readonly string[], projects: readonly number[] | null = null): Limits | undefined {
  const isFull = scopes.includes(API)
  if (!isFull && !scopes.includes(API_READ)) return undefined
  return { ...(projects && { projects: [...new Set(projects)].sort((a, b) => a - b) }), ...(!isFull && { readOnly: true }) }
}

/** The properties of a new token. */
export interface Wanted {
  readonly name: string
  /** One of `tokenScopes`. */
  readonly scope: string
  /** null: never. */
  readonly expiresAt: string | null
  /** The ids of the projects that it is limited to; null for all. */
  readonly projects: readonly number[] | null
}

/** Maximum length of a token's name. */
export const LONGEST_NAME = 255

/** Parses an expiry: a number of days, or the last day of validity (in UTC); undefined for other texts. */
export function expiryOf(text: string, now: Date): string | undefined {
  if (/^[1-9]\d{0,4}$/.test(text)) return new Date(now.getTime() + Number(text) * DAY).toISOString()
  if (!/^[12]\d{3}-\d\d-\d\d$/.test(text)) return undefined
  const start = new Date(`${text}T00:00:00Z`)
  if (Number.isNaN(start.getTime()) || !start.toISOString().startsWith(text)) return undefined
  const end = new Date(start.getTime() + DAY)
  return end > now ? end.toISOString() : undefined
}

const DAY = 86_400_000

/** Creates an API token of a user and returns it, only here; its value is random unless it is given. */
export async function makeToken(
  tx: Transaction,
  userId: number,
  wanted: Wanted,
  now: Date,
  token = randomToken(),
): Promise<string> {
  await tx.one(
    insert('tokens', {
      user_id: userId,
      name: wanted.name,
      hash: hashToken(token),
      scopes: JSON.stringify([wanted.scope]),
      project_ids: wanted.projects && JSON.stringify(wanted.projects),
      ending: token.slice(-4),
      created_at: now.toISOString(),
      expires_at: wanted.expiresAt,
    }),
  )
  await invalidate(tx, 'tokens')
  return token
}

/** Revokes tokens; returns their number. */
export async function revokeTokens(tx: Transaction, where: Sql): Promise<number> {
  const count = await tx.run(sql`delete from tokens where ${where}`)
  if (count > 0) await invalidate(tx, 'tokens')
  return count
}

/** Minimum interval of writes of `last_used_at`, so that a read does not cost a write. */
const USED_EVERY = 60_000

/** The cached data of a token. `lastUsedAt` changes without invalidation. */
interface Known {
  readonly id: number
  readonly identity: Identity | undefined
  readonly expiresAt: string | null
  lastUsedAt: string
}

/**
 * The user and the limits of an API token; undefined unless it is valid and of an active user. No statement if it is cached and
 * its use was recorded just now.
 */
export async function tokenOf(
  value: string,
  db: Database,
  snapshot: Snapshot,
  now: Date,
): Promise<Identity | 'insufficient' | undefined> {
  const hash = hashToken(value)
  const known = await snapshot.remember(`token ${hash}`, ['tokens', 'principals'], async (): Promise<Known | undefined> => {
    const row = await db.one(sql`
      select p.*, t.id as token_id, t.scopes as token_scopes, t.project_ids as token_projects,
        t.expires_at as token_expires, t.last_used_at as token_used
      from tokens t join principals p on p.id = t.user_id
      where t.hash = ${hash} and t.query_id is null and p.status = 1 and p.type = 'User'`)
    if (!row) return undefined
    const {
      token_id: id,
      token_scopes: scopes,
      token_projects: projects,
      token_expires: expiresAt,
      token_used: used,
      ...principal
    } = row
    const limits = limitsOf(scopes, projects)
    const identity = limits && { principal, limits, token: id, ...(expiresAt !== null && { until: expiresAt }) }
    return { id, identity, expiresAt, lastUsedAt: used ?? '' }
  })
  const at = now.toISOString()
  if (!known || (known.expiresAt !== null && known.expiresAt <= at)) return undefined
  if (!known.identity) return 'insufficient'
  if (known.lastUsedAt <= new Date(now.getTime() - USED_EVERY).toISOString()) {
    // Set before the write, so that of concurrent requests only one writes.
    known.lastUsedAt = at
    await whereItCan(
      db.transaction((tx) => tx.run(sql`update tokens set last_used_at = ${at} where id = ${known.id}`), { patience: 0 }),
    )
  }
  return known.identity
}

/** The tokens of a user, including those of calendars, newest first. */
export const tokensOf = (db: Reader, userId: number): Promise<Tables['tokens'][]> =>
  db.all<Tables['tokens']>(sql`select * from tokens where user_id = ${userId} order by id desc`)
