/** The connections of one user to storages, for the user's own page. */
import type { Reader, Transaction } from '#db/database.ts'
import { sql, TRUE } from '#db/sql.ts'
import { forgetProviderTokens } from '#identity/provider-tokens.ts'
import type { Context } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { visibleRowsWhere } from '#kernel/read/load.ts'
import { said } from '#text/messages.ts'
import type { State } from './kinds.ts'
import { isConfigured, loadAccess, stateOf } from './knowledge.ts'
import type { StorageRow } from './remotes/remote.ts'
import { isSingleSignOn } from './single-sign-on.ts'
import { Storage } from './storages.ts'

/** A storage that the user sees, or is connected to. */
export interface OwnConnection {
  /** Undefined for a connection to a storage that the user does not see any more. */
  readonly storage: StorageRow | undefined
  readonly state: State
  /** The id of the connection, and when it began; undefined without one, and with single sign-on. */
  readonly connection: { readonly id: number; readonly since: string } | undefined
  readonly isSingleSignOn: boolean
  /** The client ID by which the user can connect; null where nobody can. */
  readonly clientId: string | null
}

interface Connected {
  readonly id: number
  readonly storage_id: number
  readonly created_at: string
  readonly refused: boolean
}

const connected = (db: Reader, user: number): Promise<readonly Connected[]> =>
  db.all<Connected>(sql`
    select k.id, c.storage_id, k.created_at, k.refused
    from storage_connections k join oauth_client_credentials c on c.id = k.credentials_id
    where k.user_id = ${user} order by k.id`)

/** The storages that the viewer sees and can connect to, by name, and the viewer's connections to others. */
export async function ownConnections(context: Context): Promise<readonly OwnConnection[]> {
  const rows = (await visibleRowsWhere(context, context.model.of(Storage), TRUE)) as StorageRow[]
  const [access, own] = [await loadAccess(rows, context), await connected(context.db, context.viewer.id)]
  const byStorage = new Map(own.map((one) => [one.storage_id, one]))
  const seen = rows
    .filter((row) => isConfigured(row, access.get(row.id)) || byStorage.has(row.id))
    .toSorted((a, b) => a.name.localeCompare(b.name))
    .map((storage): OwnConnection => {
      const connection = byStorage.get(storage.id)
      return {
        storage,
        state: stateOf(storage, { context, loaded: { access } }),
        connection: connection && { id: connection.id, since: connection.created_at },
        isSingleSignOn: isSingleSignOn(storage),
        clientId: access.get(storage.id)?.client_id ?? null,
      }
    })
  const isSeen = new Set(rows.map(({ id }) => id))
  const others = own
    .filter(({ storage_id }) => !isSeen.has(storage_id))
    .map(
      ({ id, created_at, refused }): OwnConnection => ({
        storage: undefined,
        state: refused ? 'FailedAuthorization' : 'Connected',
        connection: { id, since: created_at },
        isSingleSignOn: false,
        clientId: null,
      }),
    )
  return [...seen, ...others]
}

/**
 * Ends a connection of a user: this server forgets the tokens, and managed folders lose the rights of the account.
 * @throws ApiError 404 if the user has no such connection
 */
export async function disconnect(tx: Transaction, connection: number, user: number): Promise<void> {
  const count = await tx.run(sql`delete from storage_connections where id = ${connection} and user_id = ${user}`)
  if (count === 0) throw notFound(said`The connection does not exist.`)
}

/** Ends the connections of a user by single sign-on, until the user signs in by the provider again. */
export async function disconnectProvider(tx: Transaction, user: number): Promise<void> {
  await tx.run(sql`delete from storage_accounts where user_id = ${user}`)
  if ((await forgetProviderTokens(tx, user)) === 0) throw notFound(said`The connection does not exist.`)
}
