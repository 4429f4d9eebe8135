/** Storages that know the users' identity provider: they accept its tokens, so nobody has to consent. */
import type { Database, Reader } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { TokensEnded } from '#identity/kept-tokens.ts'
import { ProviderUnavailable } from '#identity/provider-client.ts'
import { hasProviderTokens, providerToken } from '#identity/provider-tokens.ts'
import { RemoteError, type StorageRow, type TokenSource } from './remotes/remote.ts'

export const SINGLE_SIGN_ON = 'OAuth2SSO'

/** Whether a storage authenticates users by their identity provider. */
export const isSingleSignOn = ({ authentication_method }: StorageRow): boolean => authentication_method === SINGLE_SIGN_ON

/** Whether there is a storage for which the tokens of sign-ins are kept. */
export const usesProviderTokens = async (db: Reader): Promise<boolean> =>
  (await db.one(sql`select id from storages where authentication_method = ${SINGLE_SIGN_ON} limit 1`)) !== undefined

/**
 * The tokens of a user for a storage: those of the sign-in, or others in exchange for them where the storage has a scope for that.
 * @returns undefined for a user without tokens that work
 */
export async function providerTokens(
  { db, now }: { readonly db: Database; readonly now: Date },
  { storage_audience: audience, token_exchange_scope: scope }: StorageRow,
  user: number,
): Promise<TokenSource | undefined> {
  if (!(await hasProviderTokens(db, user))) return undefined
  const target = audience !== null && scope !== null && scope !== '' ? { audience, scope } : undefined
  const ask = async (refused?: string): Promise<string> => {
    try {
      return await providerToken({ db, now }, user, { target, refused })
    } catch (error) {
      if (error instanceof TokensEnded) throw new RemoteError('unconnected', undefined, error)
      throw error instanceof ProviderUnavailable ? new RemoteError('failed', undefined, error) : error
    }
  }
  return { current: () => ask(), renewed: ask }
}
