/**
 * Secrets that have to be read again are encrypted (sealed, AES-256-GCM) with a key outside the database. A sealed text contains
 * the id of its key, and is bound to its row and column. The database stores the id of the current key, so that several servers
 * never seal with different keys.
 */
import { createCipheriv, createDecipheriv, createHash, createHmac, hkdfSync, randomBytes, timingSafeEqual } from 'node:crypto'
import type { Database, Reader, Transaction } from '#db/database.ts'
import { forUpdate, leavingNothing, takeTurns } from '#db/dialect.ts'
import { raw, type Sql, sql } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import { invalidate } from '#kernel/cache.ts'
import { ApiError } from '#kernel/errors.ts'
import { said } from '#text/messages.ts'

export interface Key {
  /** Identifies a key without disclosing it. */
  readonly id: string
  readonly bytes: Buffer
}

const KEY_BYTES = 32
const IV_BYTES = 12
const TAG_BYTES = 16
const PREFIX = 'sealed:1:'
const ID_LENGTH = 8

/** A key of 32 bytes. */
export const keyOf = (bytes: Buffer): Key => ({
  id: createHash('sha256').update('halyard secret key').update(bytes).digest('hex').slice(0, ID_LENGTH),
  bytes,
})

/** A new key. */
export const randomSecretKey = (): Key => keyOf(randomBytes(KEY_BYTES))

/** The text form of a key. */
export const writtenKey = ({ bytes }: Key): string => bytes.toString('base64url')

/**
 * Parses keys separated by spaces, commas or new lines.
 * @throws an Error in one sentence, which does not repeat the text
 */
export function keysIn(text: string, where: string): Key[] {
  const words = text.split(/[\s,]+/).filter(Boolean)
  const keys = words.map((word) => Buffer.from(word, /^[0-9a-f]{64}$/i.test(word) ? 'hex' : 'base64'))
  if (keys.length === 0 || keys.some(({ length }) => length !== KEY_BYTES)) {
    throw new Error(
      `${where} must contain a key of 32 bytes, as base64 or 64 hexadecimal digits; halyard secrets generate creates one.`,
    )
  }
  return keys.map(keyOf)
}

/** A source of keys. An unknown key id triggers a new read. */
export interface KeySource {
  /** Name of the source in sentences. */
  readonly where: string
  /** The keys, the current one first. */
  read(): readonly Key[]
  /** Creates the first key, if Halyard manages the source. */
  readonly create?: () => void
  /** Stores keys, if Halyard manages the source. */
  readonly keep?: (keys: readonly Key[]) => void
}

/** A temporary key in memory, for temporary data. */
export function passingKey(): KeySource {
  const key = randomSecretKey()
  return { where: 'memory', read: () => [key] }
}

/** The place of a secret. */
export interface Place {
  readonly table: TableName
  readonly column: string
  /** The id of the row. */
  readonly id: string | number
}

interface SecretColumn {
  readonly table: TableName
  readonly column: string
  /** The key column of the table. */
  readonly key: string
  /** Whether it is valid for a few minutes only, so that it may be deleted if its key is lost. */
  readonly passing?: true
}

/** All columns with sealed secrets. */
export const secretColumns: readonly SecretColumn[] = [
  { table: 'authenticators', column: 'secret', key: 'user_id' },
  { table: 'authenticator_setups', column: 'secret', key: 'session_id', passing: true },
  { table: 'auth_providers', column: 'client_secret', key: 'id' },
  { table: 'storages', column: 'application_password', key: 'id' },
  { table: 'oauth_client_credentials', column: 'client_secret', key: 'id' },
  { table: 'storage_connections', column: 'access_token', key: 'id' },
  { table: 'storage_connections', column: 'refresh_token', key: 'id' },
  { table: 'provider_tokens', column: 'access_token', key: 'id' },
  { table: 'provider_tokens', column: 'refresh_token', key: 'id' },
  { table: 'storage_authorizations', column: 'code_verifier', key: 'state', passing: true },
  { table: 'provider_sign_ins', column: 'nonce', key: 'state', passing: true },
  { table: 'provider_sign_ins', column: 'code_verifier', key: 'state', passing: true },
]

const NOT_SEALED = sql`not like ${`${PREFIX}%`}`
const isSealed = (stored: string): boolean => stored.startsWith(PREFIX)
/** The id of the key of a sealed text. */
const sealedBy = (stored: string): string => stored.slice(PREFIX.length, PREFIX.length + ID_LENGTH)
const named = ({ table, column, id }: Place): Buffer => Buffer.from(`${table}.${column}:${id}`)

function sealWith({ id, bytes }: Key, place: Place, text: string): string {
  const iv = randomBytes(IV_BYTES)
  const cipher = createCipheriv('aes-256-gcm', bytes, iv).setAAD(named(place))
  const sealed = Buffer.concat([iv, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()])
  return `${PREFIX}${id}:${sealed.toString('base64url')}`
}

/** Decrypts a text. Throws if it has another key, another place, or was changed. */
function openWith({ bytes }: Key, place: Place, stored: string): string {
  const sealed = Buffer.from(stored.slice(PREFIX.length + ID_LENGTH + 1), 'base64url')
  const decipher = createDecipheriv('aes-256-gcm', bytes, sealed.subarray(0, IV_BYTES), { authTagLength: TAG_BYTES })
  decipher.setAAD(named(place)).setAuthTag(sealed.subarray(-TAG_BYTES))
  return Buffer.concat([decipher.update(sealed.subarray(IV_BYTES, -TAG_BYTES)), decipher.final()]).toString('utf8')
}

const keyLess = (id: string) =>
  new ApiError('ServiceUnavailable', said`A secret is encrypted with the key ${id}, which this server does not have.`)

/** The keys of one database. */
export class Keys {
  readonly source: KeySource
  readonly #known = new Map<string, Key>()

  constructor(source: KeySource) {
    this.source = source
  }

  /** The key with an id, if there is one. */
  find(id: string): Key | undefined {
    if (!this.#known.has(id)) for (const key of this.source.read()) this.#known.set(key.id, key)
    return this.#known.get(id)
  }

  /**
   * Seals a secret for its place.
   * @throws ApiError 503 if the database's current key is not among these
   */
  async seal(tx: Transaction, place: Place, text: string): Promise<string> {
    const first = this.source.read()[0]
    if (!first) throw new Error(`There is no key in ${this.source.where}; halyard serve creates one.`)
    await tx.run(sql`insert into secret_key (one, id) values (1, ${first.id}) on conflict (one) do nothing`)
    const { id } = (await tx.one<{ id: string }>(sql`select id from secret_key${forUpdate(tx.engine)}`)) as { id: string }
    const key = this.find(id)
    if (!key) throw keyLess(id)
    return sealWith(key, place, text)
  }

  /**
   * Opens a stored secret; one stored before there were keys is plain text.
   * @throws ApiError 503 if its key is not among these
   */
  open(place: Place, stored: string): string {
    if (!isSealed(stored)) return stored
    const key = this.find(sealedBy(stored))
    if (!key) throw keyLess(sealedBy(stored))
    return openWith(key, place, stored)
  }

  /** Signs a text for a purpose, as long as the key is kept. */
  sign(purpose: string, text: string): string {
    const [first] = this.source.read()
    if (!first) throw new Error(`There is no key in ${this.source.where}; halyard serve creates one.`)
    return signatureOf(first, purpose, text)
  }

  /** Whether one of these keys has signed a text for a purpose. */
  isSigned(purpose: string, text: string, signature: string): boolean {
    const given = Buffer.from(signature)
    return this.source.read().some((key) => {
      const right = Buffer.from(signatureOf(key, purpose, text))
      return right.length === given.length && timingSafeEqual(right, given)
    })
  }
}

/** By a key of its own for each purpose, as the key itself encrypts. */
const signatureOf = ({ bytes }: Key, purpose: string, text: string): string =>
  createHmac('sha256', Buffer.from(hkdfSync('sha256', bytes, '', purpose, KEY_BYTES)))
    .update(text)
    .digest('base64url')

const known = new WeakMap<Database, Keys>()

/** Sets the keys of a database. */
export function useKeys(db: Database, source: KeySource): Keys {
  const keys = new Keys(source)
  known.set(db, keys)
  return keys
}

/** Lets another interface to a database use its keys. */
export const shareKeys = (db: Database, other: Database): void => void known.set(other, keysOf(db))

/** The keys of a database. Throws if they have not been set, which is a bug. */
export function keysOf(db: Database): Keys {
  const keys = known.get(db)
  if (!keys) throw new Error('The keys of this database have not been set.')
  return keys
}

/** Whether the keys of a database have been set. */
export const hasKeys = (db: Database): boolean => known.has(db)

interface Stored {
  readonly place: Place
  readonly stored: string
}

async function secretsIn(db: Reader, condition: Sql = raw('is not null')): Promise<Stored[]> {
  const found: Stored[] = []
  for (const { table, column, key } of secretColumns) {
    const rows = await db.all<{ id: string | number; stored: string }>(sql`
      select ${raw(key)} as id, ${raw(column)} as stored from ${raw(table)} where ${raw(column)} ${condition} order by 1`)
    found.push(...rows.map(({ id, stored }) => ({ place: { table, column, id }, stored })))
  }
  return found
}

interface Sealed {
  readonly table: string
  readonly column: string
  readonly key: string | null
  readonly count: number
  readonly passing: boolean
}

/** Numbers of secrets by column and key id; null for secrets that are not sealed. */
export async function sealedIn(db: Reader): Promise<Sealed[]> {
  const found = await secretsIn(db)
  const groups = Map.groupBy(found, ({ place, stored }) =>
    [place.table, place.column, isSealed(stored) ? sealedBy(stored) : ''].join(' '),
  )
  return [...groups].map(([group, all]) => {
    const [table = '', column = '', key] = group.split(' ')
    const passing = columnOf((all[0] as Stored).place).passing ?? false
    return { table, column, key: key || null, count: all.length, passing }
  })
}

const columnOf = ({ table, column }: Place): SecretColumn =>
  secretColumns.find((one) => one.table === table && one.column === column) as SecretColumn

const store = (tx: Transaction, { place, stored }: Stored, sealed: string): Promise<number> => {
  const { table, column, id } = place
  const { key } = columnOf(place)
  return tx.run(sql`update ${raw(table)} set ${raw(column)} = ${sealed} where ${raw(key)} = ${id} and ${raw(column)} = ${stored}`)
}

const TURN = 7227

/**
 * Seals all secrets of a database that are not sealed; creates the first key if there is none. Sealed secrets do not change, so
 * several servers can run it concurrently.
 * @throws an Error in one sentence if the key of a sealed secret is missing
 */
export async function sealSecrets(db: Database): Promise<void> {
  const keys = keysOf(db)
  const { source } = keys
  const sealed = await secretsIn(db, sql`like ${`${PREFIX}%`}`)
  const closed = sealed.filter(({ stored }) => !keys.find(sealedBy(stored)))
  const lost = new Set(closed.filter(({ place }) => !columnOf(place).passing).map(({ stored }) => sealedBy(stored)))
  if (lost.size > 0) {
    throw new Error(
      `The secrets in the database are encrypted with the key ${[...lost].join(', ')}, which is not in ${source.where}. Start Halyard with that key (HALYARD_SECRET_KEY or --secret-key-file), or put its file back; docs/secrets.md explains what to do if it is lost.`,
    )
  }
  const sample = sealed.find((one) => !closed.includes(one))
  try {
    if (sample) keys.open(sample.place, sample.stored)
  } catch (cause) {
    throw new Error(`The secrets in the database cannot be decrypted: they were changed, or moved to other rows.`, { cause })
  }
  if (source.read().length === 0) source.create?.()
  const seal = () =>
    db.transaction(async (tx) => {
      await takeTurns(tx, TURN)
      const named = await tx.one<{ id: string }>(sql`select id from secret_key`)
      // No lasting secret has this key, otherwise the check above would have failed.
      if (named && !keys.find(named.id)) await tx.run(sql`delete from secret_key where id = ${named.id}`)
      for (const { place } of closed)
        await tx.run(sql`delete from ${raw(place.table)} where ${raw(columnOf(place).key)} = ${place.id}`)
      const clear = await secretsIn(tx, NOT_SEALED)
      for (const one of clear) await store(tx, one, await keys.seal(tx, one.place, one.stored))
      if (clear.length > 0) await invalidate(tx, 'auth_providers')
    })
  await ((await secretsIn(db, NOT_SEALED)).length > 0 ? leavingNothing(db, seal) : seal())
}

/**
 * Reseals all secrets with the first key, in one transaction; it becomes the current key.
 * @returns the number of secrets, and the key's id
 * @throws an Error in one sentence if the key of a sealed secret is missing
 */
export async function resealSecrets(db: Database): Promise<{ count: number; id: string }> {
  const keys = keysOf(db)
  const key = keys.source.read()[0] as Key
  const reseal = async (tx: Transaction) => {
    await takeTurns(tx, TURN)
    await tx.run(sql`
      insert into secret_key (one, id) values (1, ${key.id}) on conflict (one) do update set id = excluded.id`)
    const all = await secretsIn(tx)
    for (const one of all) {
      if (isSealed(one.stored) && !keys.find(sealedBy(one.stored))) {
        throw new Error(`Some secrets are encrypted with the key ${sealedBy(one.stored)}, which is not in ${keys.source.where}.`)
      }
      await store(tx, one, sealWith(key, one.place, keys.open(one.place, one.stored)))
    }
    await invalidate(tx, 'auth_providers')
    return { count: all.length, id: key.id }
  }
  // The former key is useless only if no data that it opens remains on disk.
  return leavingNothing(db, () => db.transaction(reseal))
}

/** The id of the current key, if anything has been sealed. */
export const sealingKey = async (db: Reader): Promise<string | undefined> =>
  (await db.one<{ id: string }>(sql`select id from secret_key`))?.id
