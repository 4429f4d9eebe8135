/**
 * Connections of users to storages: tokens by the authorization code flow with PKCE (RFC 6749, RFC 7636), their renewal, and
 * requests that are sent with them. Tokens are stored encrypted, and sent to the storage's own address only.
 */
import { ConstraintError, type Database, type Transaction } from '#db/database.ts'
import { forUpdate } from '#db/dialect.ts'
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { accessTokenIn, endsSoon, renewTokens, storeTokens, TokensEnded } from '#identity/kept-tokens.ts'
import { keysOf, type Place } from '#identity/secrets.ts'
import { hashToken } from '#identity/tokens.ts'
import type { Context } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import { type AskOptions, outgoingOf, Unreachable } from '#outgoing/client.ts'
import type { State } from './kinds.ts'
import { noteState } from './knowledge.ts'
import { graph, graphEndpoints, graphFolders, ownScope } from './remotes/graph.ts'
import { nextcloud, nextcloudEndpoints } from './remotes/nextcloud.ts'
import { nextcloudFolders, ownAuthorization } from './remotes/nextcloud-folders.ts'
import {
  type FolderManager,
  objectIn,
  type Remote,
  RemoteError,
  type Send,
  type StorageRow,
  type TokenSource,
} from './remotes/remote.ts'
import { isSingleSignOn, providerTokens } from './single-sign-on.ts'

type Credentials = Tables['oauth_client_credentials']
type Connection = Tables['storage_connections']

/** Seconds for which a token is good where the storage does not say so. */
const USUAL_LIFE = 3600
/** Seconds for the consent at the storage. */
const LONGEST_AUTHORIZATION = 10 * 60

/** What a request or page is answered with, as far as connections need it. */
export interface Asking {
  readonly db: Database
  readonly settings: Settings
  readonly now: Date
}

const endpointsOf = (storage: StorageRow, settings: Settings) =>
  storage.type === 'Nextcloud' ? nextcloudEndpoints(storage) : graphEndpoints(storage, settings)

/** The address of ours to which a storage sends users back. */
export const callbackOf = ({ client_id }: Pick<Credentials, 'client_id'>, settings: Settings): string =>
  addressOf(settings, `/oauth_clients/${encodeURIComponent(client_id)}/callback`)

/** The credentials of this server at a storage, if it has any. */
export const credentialsOf = (db: Database, storageId: number): Promise<Credentials | undefined> =>
  db.one<Credentials>(sql`select * from oauth_client_credentials where storage_id = ${storageId}`)

const connectionOf = (db: Database, credentialsId: number, userId: number): Promise<Connection | undefined> =>
  db.one<Connection>(sql`select * from storage_connections where credentials_id = ${credentialsId} and user_id = ${userId}`)

/** Whether a user is connected, as far as the last request has shown. */
export async function isConnected(db: Database, credentialsId: number, userId: number): Promise<boolean> {
  const connection = await connectionOf(db, credentialsId, userId)
  return connection !== undefined && !connection.refused
}

/** The tokens that a storage gives. */
interface Tokens {
  readonly accessToken: string
  readonly refreshToken: string | undefined
  readonly expiresAt: string
  readonly account: string | undefined
}

/** The storage refuses a code or a refresh token. */
class Refusal extends RemoteError {}

/** Asks the token endpoint of a storage. Throws RemoteError. */
async function askForTokens(
  { db, settings, now }: Asking,
  storage: StorageRow,
  credentials: Credentials,
  grant: Readonly<Record<string, string>>,
): Promise<Tokens> {
  const { client_id, client_secret: sealed } = credentials
  const place: Place = { table: 'oauth_client_credentials', column: 'client_secret', id: credentials.id }
  const secret = keysOf(db).open(place, sealed ?? '')
  const response = await asked(db, endpointsOf(storage, settings).token, {
    method: 'POST',
    headers: { accept: 'application/json' },
    body: new URLSearchParams({ ...grant, client_id, client_secret: secret }),
  })
  if (response.status === 400 || response.status === 401) throw new Refusal('unconnected', response.status)
  const { access_token, refresh_token, expires_in, user_id } = await objectIn(response)
  if (typeof access_token !== 'string' || access_token === '') throw new RemoteError('failed', response.status)
  const life = Number.isFinite(Number(expires_in)) && Number(expires_in) > 0 ? Number(expires_in) : USUAL_LIFE
  return {
    accessToken: access_token,
    refreshToken: typeof refresh_token === 'string' ? refresh_token : undefined,
    expiresAt: new Date(now.getTime() + life * 1000).toISOString(),
    account: typeof user_id === 'string' ? user_id : undefined,
  }
}

/** Sends a request by the guarded client. Throws RemoteError without a response. */
async function asked(db: Database, address: string, init: RequestInit = {}, limits?: AskOptions): Promise<Response> {
  try {
    return await outgoingOf(db).ask(address, init, limits)
  } catch (error) {
    throw error instanceof Unreachable ? new RemoteError('failed', undefined, error) : error
  }
}

/** Stores tokens as the connection of a user, in place of a former one. */
function keep(db: Database, credentialsId: number, userId: number, tokens: Tokens, now: Date): Promise<void> {
  const at = now.toISOString()
  const { account, expiresAt } = tokens
  const store = async (tx: Transaction) => {
    const row = await tx.one<{ id: number }>(sql`
      insert into storage_connections (credentials_id, user_id, account, expires_at, refused, created_at, updated_at)
      values (${credentialsId}, ${userId}, ${account ?? null}, ${expiresAt}, false, ${at}, ${at})
      on conflict (credentials_id, user_id) do update
        set account = ${account ?? null}
      returning id`)
    const { id } = row as { id: number }
    await storeTokens(tx, db, 'storage_connections', id, tokens, now)
  }
  // The credentials or the user may have been removed in the meantime.
  return db.transaction(store).catch((error: unknown) => {
    throw error instanceof ConstraintError ? new RemoteError('unconnected', undefined, error) : error
  })
}

/** Renews the tokens of a connection. Throws RemoteError. */
async function renew(asking: Asking, storage: StorageRow, credentials: Credentials, connection: Connection): Promise<void> {
  const { db, now } = asking
  const ask = (refresh_token: string) =>
    askForTokens(asking, storage, credentials, { grant_type: 'refresh_token', refresh_token }).catch((error: unknown) => {
      throw error instanceof Refusal ? new TokensEnded(error.message, { cause: error }) : error
    })
  await renewTokens(db, 'storage_connections', connection, now, ask).catch((error: unknown) => {
    throw error instanceof TokensEnded ? new RemoteError('unconnected', undefined, error) : error
  })
}

const remoteOf = (storage: StorageRow, send: Send, settings: Settings, account: string | null): Remote =>
  storage.type === 'Nextcloud' ? nextcloud(storage, send, account) : graph(storage, send, settings)

/** Sends requests with credentials that stay the same. */
const authorizedBy =
  (db: Database, authorization: string): Send =>
  (address, init = {}, limits) =>
    asked(db, address, { ...init, headers: { ...(init.headers as object), authorization } }, limits)

/**
 * A storage as the viewer sees it.
 * @returns undefined for a viewer without a connection
 */
export async function remoteFor(
  { outside: db, settings, now, viewer }: Context,
  storage: StorageRow,
): Promise<Remote | undefined> {
  const asking = { db, settings, now }
  if (isSingleSignOn(storage)) {
    const tokens = await providerTokens(asking, storage, viewer.id)
    return tokens && remoteOf(storage, sendingBy(db, tokens), settings, null)
  }
  const credentials = await credentialsOf(db, storage.id)
  const connection = credentials && (await connectionOf(db, credentials.id, viewer.id))
  if (!credentials || !connection || connection.refused || connection.access_token === null) return undefined
  const tokens = tokensOf(asking, storage, credentials, viewer.id)
  return remoteOf(storage, sendingBy(db, tokens), settings, connection.account)
}

/** Sends requests with a user's token. One that is not accepted is renewed once. */
const sendingBy =
  (db: Database, tokens: TokenSource): Send =>
  async (address, init, limits) => {
    const send = (token: string) => authorizedBy(db, `Bearer ${token}`)(address, init, limits)
    const token = await tokens.current()
    const response = await send(token)
    return response.status === 401 ? send(await tokens.renewed(token)) : response
  }

/** The tokens of a connection. */
function tokensOf(asking: Asking, storage: StorageRow, credentials: Credentials, userId: number): TokenSource {
  const { db, now } = asking
  const current = async (): Promise<Connection> => {
    const connection = await connectionOf(db, credentials.id, userId)
    if (!connection || connection.refused) throw new RemoteError('unconnected')
    return connection
  }
  const renewed = async (connection: Connection): Promise<string> => {
    await renew(asking, storage, credentials, connection)
    return accessTokenIn(db, 'storage_connections', await current())
  }
  return {
    current: async () => {
      const connection = await current()
      return endsSoon(connection, now) ? renewed(connection) : accessTokenIn(db, 'storage_connections', connection)
    },
    renewed: async (refused) => {
      const connection = await current()
      const token = accessTokenIn(db, 'storage_connections', connection)
      return token === refused ? renewed(connection) : token
    },
  }
}

/**
 * The managed folders of a storage, as this server itself sees them.
 * @returns undefined for a storage in which it has no credentials for that
 * @throws RemoteError
 */
export async function foldersOf(asking: Asking, storage: StorageRow): Promise<FolderManager | undefined> {
  const { db, settings } = asking
  if (storage.type === 'Nextcloud') {
    if (storage.application_password === null) return undefined
    const place: Place = { table: 'storages', column: 'application_password', id: storage.id }
    const password = keysOf(db).open(place, storage.application_password)
    return nextcloudFolders(storage, authorizedBy(db, ownAuthorization(password)))
  }
  const credentials = await credentialsOf(db, storage.id)
  if (!credentials) return undefined
  const { accessToken } = await askForTokens(asking, storage, credentials, {
    grant_type: 'client_credentials',
    scope: ownScope(settings),
  })
  return graphFolders(storage, authorizedBy(db, `Bearer ${accessToken}`), (address) => asked(db, address), settings)
}

/** Asks a storage whether the viewer is still connected, and notes the answer for the representation of the storage. */
export async function checkConnection(context: Context, storage: StorageRow): Promise<void> {
  const remote = await remoteFor(context, storage)
  if (!remote) return
  const state = await remote.check().then(
    async (account): Promise<State> => {
      await keepAccount(context, storage, account)
      return 'Connected'
    },
    (error: unknown): State => {
      if (!(error instanceof RemoteError)) throw error
      return error.failure === 'unconnected' || error.failure === 'forbidden' ? 'FailedAuthorization' : 'Error'
    },
  )
  noteState(context, storage.id, state)
}

/** Stores the viewer's account at a storage, where it was not told with the tokens. */
async function keepAccount({ outside: db, viewer }: Context, storage: StorageRow, account: string): Promise<void> {
  if (isSingleSignOn(storage)) {
    const known = await db.one(sql`
      select account from storage_accounts where storage_id = ${storage.id} and user_id = ${viewer.id} and account = ${account}`)
    if (known) return
    await db.transaction((tx) =>
      tx.run(sql`
        insert into storage_accounts (storage_id, user_id, account) values (${storage.id}, ${viewer.id}, ${account})
        on conflict (storage_id, user_id) do update set account = excluded.account`),
    )
    return
  }
  const credentials = await credentialsOf(db, storage.id)
  const connection = credentials && (await connectionOf(db, credentials.id, viewer.id))
  if (!connection || connection.account === account) return
  await db.transaction((tx) => tx.run(sql`update storage_connections set account = ${account} where id = ${connection.id}`))
}

const statePlace = (state: string): Place => ({ table: 'storage_authorizations', column: 'code_verifier', id: state })

/** The start of an authorization: the address of the storage to send the user to. */
export async function setOut(
  { db, settings, now }: Asking,
  storage: StorageRow,
  credentials: Credentials,
  {
    userId,
    state,
    verifier,
    challenge,
    backUrl,
  }: {
    readonly userId: number
    readonly state: string
    readonly verifier: string
    readonly challenge: string
    readonly backUrl: string | undefined
  },
): Promise<string> {
  const own = hashToken(state)
  const expiresAt = new Date(now.getTime() + LONGEST_AUTHORIZATION * 1000).toISOString()
  await db.transaction(async (tx) => {
    const sealed = await keysOf(db).seal(tx, statePlace(own), verifier)
    await tx.run(sql`
      insert into storage_authorizations (state, credentials_id, user_id, code_verifier, back_url, expires_at)
      values (${own}, ${credentials.id}, ${userId}, ${sealed}, ${backUrl ?? null}, ${expiresAt})`)
  })
  const { authorize, scope } = endpointsOf(storage, settings)
  const query = new URLSearchParams({
    response_type: 'code',
    client_id: credentials.client_id,
    redirect_uri: callbackOf(credentials, settings),
    ...(scope !== undefined && { scope }),
    state,
    code_challenge: challenge,
    code_challenge_method: 'S256',
  })
  return `${authorize}?${query}`
}

/** An authorization that a storage has sent a user back from. */
export interface Arrival {
  readonly storage: StorageRow
  readonly credentials: Credentials
  readonly verifier: string
  readonly backUrl: string | null
}

/**
 * Ends an authorization: each is accepted once.
 * @returns undefined if it has ended, has expired, or is another user's
 */
export async function comeBack(
  { db, now }: Asking,
  { clientId, state, userId }: { readonly clientId: string; readonly state: string; readonly userId: number },
): Promise<Arrival | undefined> {
  const own = hashToken(state)
  return db.transaction(async (tx) => {
    const kept = await tx.one<Tables['storage_authorizations']>(sql`
      delete from storage_authorizations
      where state = ${own} and user_id = ${userId} and expires_at > ${now.toISOString()}
      returning *`)
    if (!kept) return undefined
    const credentials = await tx.one<Credentials>(sql`
      select * from oauth_client_credentials where id = ${kept.credentials_id} and client_id = ${clientId}${forUpdate(tx.engine)}`)
    const storage = credentials && (await tx.one<StorageRow>(sql`select * from storages where id = ${credentials.storage_id}`))
    if (!storage) return undefined
    return { storage, credentials, verifier: keysOf(db).open(statePlace(own), kept.code_verifier), backUrl: kept.back_url }
  })
}

/** Redeems a code, and stores the connection. Throws RemoteError. */
export async function connect(
  asking: Asking,
  { storage, credentials, verifier }: Arrival,
  { code, userId }: { readonly code: string; readonly userId: number },
): Promise<void> {
  const tokens = await askForTokens(asking, storage, credentials, {
    grant_type: 'authorization_code',
    code,
    redirect_uri: callbackOf(credentials, asking.settings),
    code_verifier: verifier,
  })
  const account = tokens.account ?? (await accountBehind(asking, storage, tokens))
  await keep(asking.db, credentials.id, userId, { ...tokens, account }, asking.now)
}

/** The account that tokens are for; undefined if the storage does not say so now: the next check does. */
async function accountBehind(
  { db, settings }: Asking,
  storage: StorageRow,
  { accessToken }: Tokens,
): Promise<string | undefined> {
  const send = authorizedBy(db, `Bearer ${accessToken}`)
  try {
    return await remoteOf(storage, send, settings, null).check()
  } catch (error) {
    if (error instanceof RemoteError) return undefined
    throw error
  }
}

export const forgetAuthorizations = job('storages.forget-authorizations', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    await deleteInSlices(db, 'storage_authorizations', sql`expires_at <= ${now.toISOString()}`)
  },
})
