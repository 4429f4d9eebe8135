/**
 * The tokens of users at their identity provider, which they bring with a sign-in: for services that know the same provider, and
 * in exchange for tokens that are for such a service alone (RFC 8693).
 */
import type { Database, Reader, Transaction } from '#db/database.ts'
import { moment } from '#db/dialect.ts'
import { perDatabase } from '#db/memory.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { accessTokenIn, endsSoon, type NewTokens, renewTokens, storeTokens, TokensEnded } from './kept-tokens.ts'
import { clientOf } from './provider-client.ts'
import type { Provider } from './providers.ts'

type Row = Tables['provider_tokens']

/** The part of a provider's response that is kept. */
export interface ProviderTokens {
  readonly access_token: string
  readonly refresh_token?: string | undefined
  readonly expires_in?: number | undefined
}

/** Seconds for which a token is good where the provider does not say so. */
const USUAL_LIFE = 300

const EXCHANGE = 'urn:ietf:params:oauth:grant-type:token-exchange'
const ACCESS_TOKEN = 'urn:ietf:params:oauth:token-type:access_token'

const newTokens = ({ access_token, refresh_token, expires_in = USUAL_LIFE }: ProviderTokens, now: Date): NewTokens => ({
  accessToken: access_token,
  refreshToken: refresh_token,
  expiresAt: new Date(now.getTime() + expires_in * 1000).toISOString(),
})

/** Stores the tokens of a sign-in, in place of those of the user's former one. */
export const keepProviderTokens = (
  db: Database,
  { id: provider }: Provider,
  user: number,
  given: ProviderTokens,
  now: Date,
): Promise<void> =>
  db.transaction(async (tx) => {
    const tokens = newTokens(given, now)
    const at = now.toISOString()
    await tx.run(sql`delete from provider_tokens where user_id = ${user}`)
    const row = await tx.one<{ id: number }>(sql`
      insert into provider_tokens (user_id, identity_id, expires_at, refused, created_at, updated_at)
      select user_id, id, ${moment(tx.engine, tokens.expiresAt)}, false, ${moment(tx.engine, at)}, ${moment(tx.engine, at)}
      from user_auth_identities where user_id = ${user} and provider_id = ${provider} returning id`)
    if (row) await storeTokens(tx, db, 'provider_tokens', row.id, tokens, now)
  })

/** The providers that are available, with the tokens of a user: the table `t` has them, `p` the provider. */
export const tokensOfProviders = sql`
  provider_tokens t join user_auth_identities i on i.id = t.identity_id
  join auth_providers p on p.id = i.provider_id and p.available`

const rowOf = (db: Reader, user: number): Promise<Row | undefined> =>
  db.one<Row>(sql`select t.* from ${tokensOfProviders} where t.user_id = ${user}`)

/** Whether a user has tokens that the provider has not refused. */
export const hasProviderTokens = async (db: Reader, user: number): Promise<boolean> => (await rowOf(db, user))?.refused === false

/** For whom an exchanged token is. */
export interface Target {
  readonly audience: string
  readonly scope: string
}

/** Exchanged tokens by user, audience and scope. They live for minutes, so they are not stored. */
const exchangedOf = perDatabase(() => new Map<string, { readonly of: string; readonly token: string; readonly until: number }>())

/**
 * The access token of a user.
 * @param target exchanges it for a token that is for a service alone
 * @param refused a token of a former call that is not accepted any more
 * @throws TokensEnded if the user has to sign in again, ProviderUnavailable
 */
export async function providerToken(
  { db, now }: { readonly db: Database; readonly now: Date },
  user: number,
  { target, refused }: { readonly target?: Target | undefined; readonly refused?: string | undefined } = {},
): Promise<string> {
  let row = await rowOf(db, user)
  if (!row || row.refused) throw new TokensEnded('The user has no tokens of an identity provider.')
  const provider = (await db.one<Provider>(sql`
    select p.* from ${tokensOfProviders} where t.id = ${row.id}`)) as Provider | undefined
  if (!provider) throw new TokensEnded('The identity provider is gone.')
  if (endsSoon(row, now) || accessTokenIn(db, 'provider_tokens', row) === refused) {
    await renewTokens(db, 'provider_tokens', row, now, (refreshToken) => refresh(db, provider, refreshToken, now))
    row = (await rowOf(db, user)) ?? row
  }
  const token = accessTokenIn(db, 'provider_tokens', row)
  return target ? exchange(db, provider, token, { key: `${user} ${JSON.stringify(target)}`, target, refused, now }) : token
}

async function refresh(db: Database, provider: Provider, refreshToken: string, now: Date): Promise<NewTokens> {
  const { openid, configuration } = await clientOf(provider, db)
  return newTokens(await openid.refreshTokenGrant(configuration, refreshToken).catch(ended), now)
}

async function exchange(
  db: Database,
  provider: Provider,
  token: string,
  { key, target, refused, now }: { key: string; target: Target; refused: string | undefined; now: Date },
): Promise<string> {
  const known = exchangedOf(db)
  const before = known.get(key)
  if (before && before.token !== refused && before.of === token && before.until > now.getTime()) return before.token
  const { openid, configuration } = await clientOf(provider, db)
  const parameters = { subject_token: token, subject_token_type: ACCESS_TOKEN, requested_token_type: ACCESS_TOKEN, ...target }
  const { access_token, expires_in = USUAL_LIFE } = await openid
    .genericGrantRequest(configuration, EXCHANGE, parameters)
    .catch(ended)
  for (const [other, { until }] of known) if (until <= now.getTime()) known.delete(other)
  // Half of its life, so that it does not end on its way.
  known.set(key, { of: token, token: access_token, until: now.getTime() + expires_in * 500 })
  return access_token
}

/** Throws TokensEnded for a refusal of the token endpoint, and other errors as they are or as those that caused them. */
function ended(error: unknown): never {
  const { status, cause } = error as { status?: number; cause?: unknown }
  if (status === 400 || status === 401 || status === 403)
    throw new TokensEnded('The identity provider has refused it.', { cause: error })
  throw cause instanceof Error && cause.constructor.name === 'ProviderUnavailable' ? cause : error
}

/** Forgets the tokens of a user. @returns how many there were */
export const forgetProviderTokens = (tx: Transaction, user: number): Promise<number> =>
  tx.run(sql`delete from provider_tokens where user_id = ${user}`)
