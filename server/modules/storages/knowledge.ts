/** What the representations of storages need besides their rows: credentials, the viewer's connection, and places for uploads. */
import { among } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { tokensOfProviders } from '#identity/provider-tokens.ts'
import { rights } from '#kernel/access/rights.ts'
import type { Context, Loaded } from '#kernel/declaration.ts'
import { manageLinks } from './access.ts'
import type { State } from './kinds.ts'
import { isSingleSignOn, SINGLE_SIGN_ON } from './single-sign-on.ts'

type Storage = Tables['storages']

/** The credentials of this server at a storage, if it has any, and the viewer's connection or tokens of the identity provider. */
export interface Access {
  readonly storage_id: number
  readonly client_id: string | null
  readonly connection_id: number | null
  readonly refused: boolean | null
}

const idsOf = (rows: readonly Storage[]): number[] => rows.map(({ id }) => id)

/** The credentials of storages with the viewer's connections, by storage. */
export async function loadAccess(
  rows: readonly Storage[],
  { db, engine, viewer }: Context,
): Promise<ReadonlyMap<number, Access>> {
  const found = await db.all<Access>(sql`
    select s.id as storage_id, c.client_id,
      case when s.authentication_method = ${SINGLE_SIGN_ON} then own.id else k.id end as connection_id,
      case when s.authentication_method = ${SINGLE_SIGN_ON} then own.refused else k.refused end as refused
    from storages s
    left join oauth_client_credentials c on c.storage_id = s.id
    left join storage_connections k on k.credentials_id = c.id and k.user_id = ${viewer.id}
    left join (select t.id, t.user_id, t.refused from ${tokensOfProviders}) own on own.user_id = ${viewer.id}
    where ${among(engine, sql`s.id`, idsOf(rows))}`)
  return new Map(found.map((one) => [one.storage_id, one]))
}

/** The ids of the projects with these storages in which the viewer links files, by storage. */
export async function loadUploads(rows: readonly Storage[], context: Context): Promise<ReadonlyMap<number, readonly number[]>> {
  const [managed] = await rights(context, manageLinks())
  const found = await context.db.all<{ storage_id: number; project_id: number }>(sql`
    select storage_id, project_id from project_storages
    where ${among(context.engine, name('storage_id'), idsOf(rows))} and ${managed.where('project_storages')}
    order by project_id`)
  const groups = Map.groupBy(found, (one) => one.storage_id)
  return new Map([...groups].map(([id, all]) => [id, all.map((one) => one.project_id)]))
}

/** The credentials and the connection for a row of a page. */
export const accessOf = ({ id }: Storage, { loaded }: Pick<Loaded, 'loaded'>): Access | undefined => loaded.access?.get(id)

/** Whether users can connect to a storage. */
export function isConfigured(row: Storage, access: Access | undefined): boolean {
  if (isSingleSignOn(row)) return row.host !== null && row.storage_audience !== null
  if (!access?.client_id) return false
  if (row.type === 'Nextcloud') return row.host !== null
  return row.tenant_id !== null && row.drive_id !== null && (row.type !== 'Sharepoint' || row.host !== null)
}

const checkedState = (id: number): string => `the connection to storage ${id}`

/** Notes the state of the viewer's connection, as a request to the storage has shown it. */
export const noteState = ({ told }: Context, id: number, state: State): unknown => told.set(checkedState(id), state)

/** The state of the viewer's connection: as a request has shown it or, without one, as it was at the last request. */
export function stateOf(row: Storage, page: Pick<Loaded, 'loaded' | 'context'>): State {
  const checked = page.context.told.get(checkedState(row.id)) as State | undefined
  if (checked) return checked
  const access = accessOf(row, page)
  if (!access || access.connection_id === null) return 'NotConnected'
  return access.refused ? 'FailedAuthorization' : 'Connected'
}

/** The page that connects a user to a storage, and then leads to a path of this server. */
export const connectPath = (storageId: number, clientId: string, destination?: string): string =>
  `/oauth_clients/${encodeURIComponent(clientId)}/ensure_connection?${new URLSearchParams({
    storage_id: String(storageId),
    ...(destination !== undefined && { destination_url: destination }),
  })}`
