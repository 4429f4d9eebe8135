/** Prepares a database: its schema, the permission catalogue, the built-in users, and the initial data. */
import { ConstraintError, type Database, type Reader, type Transaction } from '#db/database.ts'
import { insert, inserted } from '#db/dialect.ts'
import { type MigrationProgress, migrate } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { makeLink, renewSetup } from '#identity/one-time-links.ts'
import { hashToken, randomToken } from '#identity/tokens.ts'
import { invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { product } from '#server/modules.ts'
import { admin } from './seeds/basic.ts'
import { insertRows } from './seeds/rows.ts'
import { hasDemo, type Seed } from './seeds/seed.ts'

export interface SetupOptions {
  /** Told of the migrations of a database that is not new. */
  progress?: MigrationProgress | undefined
  seed: Seed
  /** A token for the first administrator. An instance without data gets an administrator for it. */
  adminToken?: string | undefined
  /** The origin at which people reach the instance; it is stored in the settings. */
  publicUrl?: string | undefined
}

/** The result of the setup. Its secrets are returned once and stored as hashes. */
export interface SetupResult {
  /** Whether this setup filled the instance. */
  fresh: boolean
  /** The API token of the administrator, if this setup created it. */
  token?: string
}

/** The setup waits without limit. */
const SLOWLY = { patience: Infinity }

/** The name of the token for `adminToken`; a new value replaces it. */
const GIVEN_TOKEN = 'Given at start'

/**
 * Migrates a database and fills it if it is empty. Repeating it changes nothing.
 * @throws an Error in one sentence if the database belongs to a newer version, or there is no administrator for the token
 */
export async function setup(db: Database, options: SetupOptions): Promise<SetupResult> {
  await migrate(db, product.migrations, { progress: options.progress })
  try {
    return await complete(db, options)
  } catch (error) {
    // Another process has filled the same empty database concurrently.
    if (error instanceof ConstraintError) return complete(db, options)
    throw error
  }
}

/** Stores the public address in the settings. */
async function keepAddress(tx: Transaction, { protocol, host, pathname }: URL): Promise<void> {
  const address = { host_name: host, https: protocol === 'https:', relative_url_root: pathname.replace(/\/$/, '') }
  for (const [name, value] of Object.entries(address)) {
    const kept = await tx.run(sql`
      insert into settings (name, value) values (${name}, ${JSON.stringify(value)})
      on conflict (name) do update set value = excluded.value where settings.value <> excluded.value`)
    if (kept > 0) await invalidate(tx, 'settings')
  }
}

async function complete(db: Database, { seed, adminToken, publicUrl }: SetupOptions): Promise<SetupResult> {
  // Imports are slow, so they run before the transaction, which blocks other writers.
  const before = await stateOf(db)
  const fills = !before.filled && seed !== 'none'
  const needsAdmin = !before.filled && before.adminId === null && (fills || adminToken !== undefined)
  const { seedBasic } = fills ? await import('./seeds/seed-basic.ts') : {}
  const { seedDemo } = fills && hasDemo(seed) ? await import('./seeds/seed-demo.ts') : {}

  return db.transaction(async (tx) => {
    const now = currentTime().toISOString()
    await writePermissions(tx)
    await writeBuiltinUsers(tx, now)

    let { filled, adminId } = await stateOf(tx)
    const result: SetupResult = { fresh: fills && !filled }
    if (!filled && adminId === null && needsAdmin) {
      adminId = await createAdmin(tx, now)
      // A link that nobody knows. It marks the setup as open, so that each start prints a new link until one is used.
      await makeLink(tx, 'setup', adminId, new Date(0))
      if (adminToken === undefined) result.token = await createToken(tx, adminId, now)
    }
    if (publicUrl !== undefined) await keepAddress(tx, new URL(publicUrl))
    if (adminToken !== undefined) {
      if (adminId === null) throw new Error('There is no active administrator for the token.')
      await giveToken(tx, adminId, adminToken, now)
    }
    if (result.fresh) {
      await seedBasic?.(tx, now)
      await seedDemo?.(tx, adminId!, now, seed)
    }
    return result
  }, SLOWLY)
}

/** The path of a new setup link for the first administrator; undefined once the setup is done. */
export async function setupPath(db: Database): Promise<string | undefined> {
  const secret = await db.transaction((tx) => renewSetup(tx, currentTime()))
  return secret === undefined ? undefined : `/setup?token=${secret}`
}

/** Whether an instance has data, and the id of its first active administrator. */
export async function stateOf(db: Reader): Promise<{ filled: boolean; adminId: number | null }> {
  const row = await db.one<{ role_id: number | null; admin_id: number | null }>(sql`
    select (select min(id) from roles) as role_id,
      (select min(id) from principals where type = 'User' and admin and status = 1) as admin_id`)
  return { filled: row!.role_id !== null, adminId: row!.admin_id }
}

/** Creates an administrator without a password; the setup link sets one. */
async function createAdmin(tx: Transaction, now: string): Promise<number> {
  const id = await inserted(tx, 'principals', {
    type: 'User',
    name: `${admin.first_name} ${admin.last_name}`,
    ...admin,
    admin: true,
    status: 1,
    created_at: now,
    updated_at: now,
  })
  await invalidate(tx, 'principals')
  return id
}

/** Creates a token for a user and returns it. */
async function createToken(tx: Transaction, user_id: number, now: string): Promise<string> {
  const token = randomToken()
  await tx.one(insert('tokens', { user_id, name: 'First start', hash: hashToken(token), created_at: now }))
  await invalidate(tx, 'tokens')
  return token
}

/** Stores `value` as the given token of a user and replaces the former one. */
async function giveToken(tx: Transaction, user_id: number, value: string, now: string): Promise<void> {
  const hash = hashToken(value)
  if (
    await tx.one(
      sql`select id from tokens where hash = ${hash} and user_id = ${user_id} and query_id is null and expires_at is null`,
    )
  )
    return
  await tx.run(
    sql`delete from tokens where query_id is null and (hash = ${hash} or (user_id = ${user_id} and name = ${GIVEN_TOKEN}))`,
  )
  await tx.one(insert('tokens', { user_id, name: GIVEN_TOKEN, hash, created_at: now }))
  await invalidate(tx, 'tokens')
}

/** Updates the table of permissions to the catalogue. */
async function writePermissions(tx: Transaction): Promise<void> {
  const wanted: Tables['permissions'][] = product.permissions.map((permission) => ({
    name: permission.name,
    module: permission.module,
    in_project: permission.scopes.includes('project'),
    globally: permission.scopes.includes('global'),
    public: permission.public ?? false,
    grant_to_admin: permission.grantToAdmin ?? true,
    requires: permission.require ?? null,
  }))
  const stored = await tx.all<Tables['permissions']>(
    sql`select name, module, in_project, globally, public, grant_to_admin, requires from permissions`,
  )
  const asText = (rows: readonly Tables['permissions'][]) =>
    rows
      .map((row) => JSON.stringify(row))
      .sort()
      .join()
  if (asText(stored) === asText(wanted)) return
  await tx.run(sql`delete from permissions`)
  await insertRows(tx, 'permissions', wanted)
  await invalidate(tx, 'roles')
}

const builtinUsers = [
  { type: 'AnonymousUser', name: 'Anonymous' },
  { type: 'DeletedUser', name: 'Deleted user' },
  { type: 'SystemUser', name: 'System' },
]

async function writeBuiltinUsers(tx: Transaction, now: string): Promise<void> {
  const stored = await tx.all<{ type: string }>(
    sql`select type from principals where type in ('AnonymousUser', 'DeletedUser', 'SystemUser')`,
  )
  const missing = builtinUsers.filter(({ type }) => !stored.some((row) => row.type === type))
  if (missing.length === 0) return
  await insertRows(
    tx,
    'principals',
    missing.map((user) => ({ ...user, admin: false, status: 1, created_at: now, updated_at: now })),
  )
  await invalidate(tx, 'principals')
}
