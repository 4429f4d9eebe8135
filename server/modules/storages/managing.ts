/**
 * Managed folders: a project with the mode `automatic` has a folder in its storage that this server creates, renames with the
 * project, and shares with those members who are connected to the storage. What the folders are to be like follows from the
 * database alone; a job for each storage writes what differs from it.
 */
import { setImmediate } from 'node:timers/promises'
import { isDeepStrictEqual } from 'node:util'
import type { Reader, Transaction } from '#db/database.ts'
import { updateEach } from '#db/dialect.ts'
import { perDatabase } from '#db/memory.ts'
import { join, raw, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { enqueue, waitingKeys } from '#jobs/queue.ts'
import { inProject, peopleFor } from '#kernel/access/rules.ts'
import { permissionTopics } from '#kernel/access/viewer.ts'
import { createCache } from '#kernel/cache.ts'
import type { JobContext, JobKind } from '#kernel/declaration.ts'
import { job } from '#kernel/module.ts'
import { settingsOf } from '#kernel/settings.ts'
import { foldersOf } from './connections.ts'
import type { OriginData } from './kinds.ts'
import { type FolderManager, fileRights, type ManagedFolder, type Rights, type StorageRow } from './remotes/remote.ts'

type Managed = Tables['managed_folders'] & { rights: Rights | null }

/** What the folder of a project is to be like. */
interface Plan {
  /** The id of the project storage. */
  readonly id: number
  readonly storage_id: number
  readonly project_id: number
  readonly project: string
  /** The characters that names cannot contain in this storage. */
  readonly forbidden: string | null
  readonly rights: Rights
}

/** A folder of a plan, and what is known of it: `planned` is undefined where the project does not use it any more. */
interface Difference {
  readonly storage: number
  readonly planned: Plan | undefined
  readonly known: Managed | undefined
}

/** Whether this server has the credentials to manage folders in a storage, as a condition on `storages`. */
export const isManageable = sql`(
  case when storages.type = 'Nextcloud' then storages.application_password is not null
  else storages.tenant_id is not null and storages.drive_id is not null and exists (select 1 from oauth_client_credentials where oauth_client_credentials.storage_id = storages.id) end)`

/** The plans of all folders, or of those in one storage. */
async function plans(db: Reader, storage: number | undefined): Promise<readonly Plan[]> {
  const isPlanned = sql`
    u.project_folder_mode = 'automatic' and ${isManageable}${storage === undefined ? raw('') : sql` and u.storage_id = ${storage}`}`
  const folders = await db.all<Omit<Plan, 'rights'>>(sql`
    select u.id, u.storage_id, u.project_id, p.name as project, storages.forbidden_file_name_characters as forbidden
    from project_storages u join projects p on p.id = u.project_id join storages on storages.id = u.storage_id
    where ${isPlanned} order by u.id`)
  if (folders.length === 0) return []
  const accounts = Map.groupBy(await accountsIn(db, storage), ({ storage_id }) => storage_id)
  const snapshot = await cacheOf(db).snapshot(db)
  const planned: Plan[] = []
  for (const folder of folders) {
    const { project_id, storage_id } = folder
    const people = await snapshot.remember(`people in ${project_id}`, permissionTopics, async () => {
      // Requests to this process have their turn between projects.
      await setImmediate()
      return peopleIn(db, project_id)
    })
    const shares = (accounts.get(storage_id) ?? []).map(({ user_id, account }) => ({ account, sum: people.get(user_id) ?? 0 }))
    planned.push({ ...folder, rights: summed(shares) })
  }
  return planned
}

const cacheOf = perDatabase(createCache)

/** The accounts of users in storages, or in one. */
const accountsIn = (db: Reader, storage: number | undefined) =>
  db.all<{ storage_id: number; user_id: number; account: string }>(sql`
    select k.storage_id, k.user_id, k.account from (
      select c.storage_id, own.user_id, own.account from storage_connections own
      join oauth_client_credentials c on c.id = own.credentials_id where own.account is not null
      union all select storage_id, user_id, account from storage_accounts) k
    ${storage === undefined ? raw('') : sql`where k.storage_id = ${storage}`}`)

/** The people with rights in the folder of a project, with the sums of these. */
async function peopleIn(db: Reader, project_id: number): Promise<ReadonlyMap<number, number>> {
  const rows = await db.all<{ user_id: number; bit: number }>(
    join(
      Object.entries(fileRights).map(
        ([permission, bit]) =>
          sql`select g.user_id, ${raw(String(bit))} as bit from (${peopleFor(inProject(permission), db.engine, { project_id })}) g`,
      ),
      ' union ',
    ),
  )
  const sums = new Map<number, number>()
  for (const { user_id, bit } of rows) sums.set(user_id, (sums.get(user_id) ?? 0) + bit)
  return sums
}

/** The sums by account, several users of which may share one. Nobody has any other right who may not read. */
function summed(shares: readonly { account: string; sum: number }[]): Rights {
  const sums: Record<string, number> = {}
  for (const { account, sum } of shares) if (sum & fileRights.read_files) sums[account] = (sums[account] ?? 0) | sum
  return sums
}

const LONGEST_NAME = 200

/** The name of a project's folder. The id tells projects of the same name apart, and keeps the name from being a dot alone. */
export function folderName({ project, project_id, forbidden }: Pick<Plan, 'project' | 'project_id' | 'forbidden'>): string {
  const excluded = new Set([...'/\\:*?"<>|', ...(forbidden ?? '')])
  const own = [...project.replaceAll(/\p{Cc}/gu, ' ')].map((character) => (excluded.has(character) ? '_' : character))
  return `${own.slice(0, LONGEST_NAME).join('').trim()} (${project_id})`
}

const isWritten = (plan: Plan, known: Managed | undefined): boolean =>
  known !== undefined &&
  known.folder_id !== null &&
  known.name === folderName(plan) &&
  isDeepStrictEqual(known.rights, plan.rights)

/** The folders that are not as they are to be, and the plans of all folders. */
async function differences(
  db: Reader,
  storage?: number,
): Promise<{ planned: readonly Plan[]; differing: readonly Difference[] }> {
  const planned = await plans(db, storage)
  const known = await db.all<Managed>(sql`
    select m.* from managed_folders m join storages on storages.id = m.storage_id
    where ${isManageable}${storage === undefined ? raw('') : sql` and m.storage_id = ${storage}`} order by m.id`)
  const byPlan = new Map(known.map((one) => [one.project_storage_id, one]))
  const isPlanned = new Set<number | null>(planned.map(({ id }) => id))
  return {
    planned,
    differing: [
      ...known
        .filter((one) => !isPlanned.has(one.project_storage_id))
        .map((one) => ({ storage: one.storage_id, planned: undefined, known: one })),
      ...planned
        .map((plan) => ({ storage: plan.storage_id, planned: plan, known: byPlan.get(plan.id) }))
        .filter((one) => !isWritten(one.planned, one.known)),
    ],
  }
}

interface Payload {
  /** The id of the storage. */
  readonly storage: number
}

/** Milliseconds until a copy that goes on is asked for again. */
const COPY_POLL = 5_000

/** Writes the folders of one storage that differ from the database. What a killed process has done is found at the storage. */
export const manageFolders: JobKind<Payload> = job<Payload>('storages.manage-folders', {
  attempts: 10,
  lane: 'storages',
  // Longer than the copy of a large folder takes.
  lease: 600,
  about: ({ storage }) => ({ storage }),
  run: async (services) => {
    const { db, payload, now, signal } = services
    const storage = await db.one<StorageRow>(sql`select * from storages where id = ${payload.storage}`)
    if (!storage) return
    const { planned, differing } = await differences(db, storage.id)
    if (differing.length === 0) return
    const settings = await settingsOf(db, await cacheOf(db).snapshot(db))
    const manager = await foldersOf({ db, settings, now }, storage)
    if (!manager) return
    await manager.admit([...new Set(planned.flatMap(({ rights }) => Object.keys(rights)))])
    const existing = await manager.folders()
    let isUnfinished = false
    for (const one of differing) {
      if (signal.aborted) throw new Error('The process ends.')
      if (one.planned) isUnfinished = !(await write(services, manager, existing, one.planned, one.known)) || isUnfinished
      else if (one.known) await release(services, manager, existing, one.known)
    }
    if (!isUnfinished) return
    const due = new Date(now.getTime() + COPY_POLL)
    return (tx: Transaction) => enqueue(tx, manageFolders, { ...keyed(storage.id), due }, now)
  },
})

const keyed = (storage: number) => ({ key: String(storage), payload: { storage } })

/** Has the folders of a storage written after the transaction. */
export const manage = (tx: Transaction, storage: number, now: Date): Promise<void> =>
  enqueue(tx, manageFolders, keyed(storage), now)

/** Finds folders that differ, whatever the reason: members and their roles, names of projects, connections of users. */
export const watchFolders = job('storages.watch-folders', {
  every: 60,
  run: async ({ db, now }) => {
    const { differing } = await differences(db)
    const storages = new Set(differing.map(({ storage }) => storage))
    if (storages.size === 0) return
    return async (tx: Transaction) => {
      // A job that waits because the storage is down keeps its time.
      const waiting = await waitingKeys(tx, manageFolders)
      for (const storage of storages) if (!waiting.has(String(storage))) await manage(tx, storage, now)
    }
  },
})

/** Takes the rights away from all accounts, and forgets the folder. Its files stay. */
async function release(
  { step }: JobContext<Payload>,
  manager: FolderManager,
  existing: readonly ManagedFolder[],
  { id, folder_id, name: own }: Managed,
): Promise<void> {
  const folder = existing.find((one) => (folder_id === null ? one.name === own : one.id === folder_id))
  if (folder) await manager.share(folder, {})
  await step((tx) => tx.run(sql`delete from managed_folders where id = ${id}`))
}

/** Makes a folder what it is to be. @returns whether it is; false while it is copied */
async function write(
  { step, now }: JobContext<Payload>,
  manager: FolderManager,
  existing: readonly ManagedFolder[],
  plan: Plan,
  before: Managed | undefined,
): Promise<boolean> {
  const name = folderName(plan)
  // Known before it exists, so that it is released even if the project lets go of it now.
  const known = before ?? (await step((tx) => begin(tx, plan, name)))
  if (!known) return true
  const change = (values: Sql) => step((tx) => tx.run(sql`update managed_folders set ${values} where id = ${known.id}`))
  if (known.name === '') await change(sql`name = ${name}`)
  const source = known.folder_id === null ? existing.find(({ id }) => id === known.copied_from) : undefined

  let folder: ManagedFolder | undefined
  if (known.monitor !== null) {
    const id = await manager.copied(known.monitor).catch(async (error: unknown) => {
      await change(sql`monitor = null`)
      throw error
    })
    if (id === undefined) return false
    folder = { id, name }
  }
  // A folder of that name has been created or copied by a process that was killed then.
  folder ??=
    existing.find(({ id }) => id === known.folder_id) ?? existing.find((one) => one.name === name || one.name === known.name)
  if (!folder && source) {
    const copy = await manager.copy(source, name)
    if ('monitor' in copy) {
      await change(sql`monitor = ${copy.monitor}`)
      return false
    }
    folder = { id: copy.id, name }
  }
  folder ??= { id: await manager.create(name), name }
  if (folder.name !== name) await manager.rename(folder, name)
  const moved = source ? await counterparts(manager, source, { ...folder, name }) : undefined
  await manager.share({ ...folder, name }, plan.rights)
  const { id } = folder
  await step(async (tx) => {
    const rights = JSON.stringify(plan.rights)
    await tx.run(sql`
      update managed_folders set folder_id = ${id}, name = ${name}, rights = ${rights}, copied_from = null, monitor = null
      where id = ${known.id}`)
    await tx.run(sql`
      update project_storages set project_folder_id = ${id} where id = ${plan.id} and project_folder_mode = 'automatic'`)
    if (moved) await relink(tx, plan, moved, now)
  })
  return true
}

/** Notes a folder that is to be. @returns undefined where the project uses the storage no more */
const begin = (tx: Transaction, { id, storage_id }: Plan, name: string): Promise<Managed | undefined> =>
  tx.one<Managed>(sql`
    insert into managed_folders (storage_id, project_storage_id, name)
    select storage_id, id, ${name} from project_storages where id = ${id} and storage_id = ${storage_id}
    on conflict (project_storage_id) do update set name = excluded.name
    returning *`)

/** The ids of copies of files by those of the originals. */
async function counterparts(
  manager: FolderManager,
  source: ManagedFolder,
  copy: ManagedFolder,
): Promise<ReadonlyMap<string, string>> {
  const [originals, copies] = [await manager.contents(source), await manager.contents(copy)]
  const pairs = [...originals].map(([path, id]) => [id, copies.get(path)] as const)
  return new Map(pairs.filter((pair): pair is [string, string] => pair[1] !== undefined))
}

/** Makes the file links of a copied project lead to the copies of files. */
async function relink(
  tx: Transaction,
  { project_id, storage_id }: Plan,
  moved: ReadonlyMap<string, string>,
  now: Date,
): Promise<void> {
  const links = await tx.all<{ id: number; origin_id: string; origin_data: OriginData }>(sql`
    select f.id, f.origin_id, f.origin_data from file_links f join work_packages w on w.id = f.work_package_id
    where w.project_id = ${project_id} and f.storage_id = ${storage_id}`)
  const changed = links.flatMap(({ id, origin_id, origin_data }) => {
    const copy = moved.get(origin_id)
    return copy === undefined ? [] : [{ id, origin_id: copy, origin_data: { ...origin_data, id: copy } }]
  })
  const alike = sql`updated_at = ${now.toISOString()}`
  for (let i = 0; i < changed.length; i += AT_ONCE)
    await tx.run(updateEach(tx.engine, 'file_links', ['origin_id', 'origin_data'], changed.slice(i, i + AT_ONCE), alike))
}

/** Links changed by one statement. */
const AT_ONCE = 200
