/**
 * Tokens of users at other servers, which are stored sealed. They are renewed by one process at a time: a refresh token works once,
 * and its second use counts as theft, which ends the user's consent there (RFC 9700, 4.14.2).
 */
import { setTimeout } from 'node:timers/promises'
import type { Database, Transaction } from '#db/database.ts'
import { perDatabase } from '#db/memory.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { currentTime } from '#kernel/clock.ts'
import { keysOf, type Place } from './secrets.ts'

/** Milliseconds before its end at which a token is renewed. */
const EARLY = 30_000
/** Milliseconds for which one process has a renewal to itself: longer than a request to another server takes. */
const LONGEST_RENEWAL = 15_000
/** Milliseconds between looks at the renewal of another process. */
const POLL = 50

/** A table with a row for each pair of an access and a refresh token. */
export type TokenTable = 'storage_connections' | 'provider_tokens'
/** Its row, as far as all have it. */
export type TokenRow = Pick<
  Tables['provider_tokens'],
  'id' | 'access_token' | 'refresh_token' | 'expires_at' | 'refused' | 'renewing_until'
>

/** Tokens that another server has given. */
export interface NewTokens {
  readonly accessToken: string
  /** Undefined if the former one stays. */
  readonly refreshToken: string | undefined
  readonly expiresAt: string
}

/** The other server accepts the refresh token no more, or there is none. */
export class TokensEnded extends Error {}

const placeOf = (table: TokenTable, id: number, column: 'access_token' | 'refresh_token'): Place => ({ table, column, id })

/** The access token of a row. */
export const accessTokenIn = (db: Database, table: TokenTable, { id, access_token }: TokenRow): string =>
  keysOf(db).open(placeOf(table, id, 'access_token'), access_token ?? '')

/** Whether an access token has ended, or ends so soon that it is to be renewed first. */
export const endsSoon = ({ expires_at }: TokenRow, now: Date): boolean => Date.parse(expires_at) < now.getTime() + EARLY

/** Stores new tokens in a row; a renewal of it is over. */
export async function storeTokens(
  tx: Transaction,
  db: Database,
  table: TokenTable,
  id: number,
  { accessToken, refreshToken, expiresAt }: NewTokens,
  now: Date,
): Promise<void> {
  for (const [column, token] of [
    ['access_token', accessToken],
    ['refresh_token', refreshToken],
  ] as const) {
    if (token === undefined) continue
    const stored = await keysOf(db).seal(tx, placeOf(table, id, column), token)
    await tx.run(sql`update ${name(table)} set ${name(column)} = ${stored} where id = ${id}`)
  }
  await tx.run(sql`
    update ${name(table)} set expires_at = ${expiresAt}, refused = false, renewing_until = null, updated_at = ${now.toISOString()}
    where id = ${id}`)
}

const renewalsOf = perDatabase(() => new Map<string, Promise<void>>())

/**
 * Renews the tokens of a row, unless another process has done so by then. Concurrent callers of a process share one renewal.
 * @param ask asks the other server for new tokens by the refresh token; throws TokensEnded where it is refused
 * @throws TokensEnded, and what `ask` throws
 */
export function renewTokens(
  db: Database,
  table: TokenTable,
  row: TokenRow,
  now: Date,
  ask: (refreshToken: string) => Promise<NewTokens>,
): Promise<void> {
  const running = renewalsOf(db)
  const key = `${table} ${row.id}`
  const known = running.get(key) ?? renewOnce(db, table, row, now, ask)
  running.set(key, known)
  return known.finally(() => running.delete(key))
}

async function renewOnce(
  db: Database,
  table: TokenTable,
  former: TokenRow,
  now: Date,
  ask: (refreshToken: string) => Promise<NewTokens>,
): Promise<void> {
  const row = await claim(db, table, former)
  if (!row) return
  const { id, refresh_token } = row
  try {
    const tokens = await ask(keysOf(db).open(placeOf(table, id, 'refresh_token'), refresh_token ?? ''))
    await db.transaction((tx) => storeTokens(tx, db, table, id, tokens, now))
  } catch (error) {
    await db.transaction((tx) =>
      tx.run(sql`
        update ${name(table)} set refused = ${error instanceof TokensEnded}, renewing_until = null, updated_at = ${now.toISOString()}
        where id = ${id} and refresh_token = ${refresh_token}`),
    )
    throw error
  }
}

/**
 * Waits for the renewal by other processes, if there is one, and claims it for this process otherwise.
 * @returns undefined if another process has renewed the tokens
 */
async function claim(db: Database, table: TokenTable, { id, access_token }: TokenRow): Promise<TokenRow | undefined> {
  for (;;) {
    const current = await db.one<TokenRow>(sql`select * from ${name(table)} where id = ${id}`)
    if (!current?.refresh_token || current.refused) throw new TokensEnded('There is no refresh token that works.')
    if (current.access_token !== access_token) return undefined
    const at = currentTime()
    const until = new Date(at.getTime() + LONGEST_RENEWAL).toISOString()
    const count = await db.transaction((tx) =>
      tx.run(sql`
        update ${name(table)} set renewing_until = ${until}
        where id = ${id} and refresh_token = ${current.refresh_token}
          and (renewing_until is null or renewing_until <= ${at.toISOString()})`),
    )
    if (count > 0) return current
    await setTimeout(POLL)
  }
}
