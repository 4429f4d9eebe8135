/**
 * Administration of OAuth applications, for pages and the command line. A secret is returned once, at its creation; only its hash
 * is stored.
 */
import { randomBytes } from 'node:crypto'
import type { Reader, Transaction } from '#db/database.ts'
import { assignments, inserted } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { takeBack } from '#identity/access-tokens.ts'
import { scopes as known } from '#identity/scopes.ts'
import { ACTIVE } from '#identity/statuses.ts'
import { hashToken, randomKey } from '#identity/tokens.ts'
import { invalidate } from '#kernel/cache.ts'
import { ApiError, combined, notFound, type Violation, violation } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { type Message, said } from '#text/messages.ts'
import { faultOf } from './redirects.ts'

/** A stored application. */
export type Application = Tables['oauth_applications'] & { redirect_uris: string[]; scopes: string[] }

/** The registration of an application. */
export interface Registration {
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly scopes: readonly string[]
  /** Whether it is a confidential client, such as a program on a server; it cannot change. */
  readonly confidential: boolean
  /** The user it acts as with client credentials, which only confidential applications can use; null for none. */
  readonly actingUserId: number | null
}

const LONGEST_NAME = 255
const MOST_URIS = 50

/** Whether an application has a secret. */
export const isConfidential = ({ secret_hash }: Pick<Application, 'secret_hash'>): boolean => secret_hash !== null

/** Violations of a registration, in whole sentences; `attribute` is the member. */
export async function faultsOf(registration: Registration, db: Reader): Promise<Violation[]> {
  const { name, redirectUris, scopes, confidential, actingUserId } = registration
  const faults: Violation[] = []
  const wrong = (attribute: keyof Registration, sentence: Message) =>
    void faults.push(violation(attribute, sentence, { complete: true }))
  if (name.trim() === '') wrong('name', said`Name can't be blank.`)
  if (name.length > LONGEST_NAME) wrong('name', said`Name is too long (maximum is ${LONGEST_NAME} characters).`)
  if (!isStorable(name)) wrong('name', said`Name contains invalid characters.`)
  // A client with client credentials only needs no redirect URI.
  if (redirectUris.length === 0 && !confidential) wrong('redirectUris', said`A public application needs a redirect URI.`)
  if (redirectUris.length > MOST_URIS) wrong('redirectUris', said`There are too many redirect URIs (maximum is ${MOST_URIS}).`)
  for (const uri of redirectUris) {
    const fault = faultOf(uri, confidential)
    if (fault) wrong('redirectUris', said`The redirect URI ${uri} ${fault}.`)
  }
  if (scopes.length === 0) wrong('scopes', said`Scopes can't be blank.`)
  for (const scope of scopes) if (!known().includes(scope)) wrong('scopes', said`There is no scope ${scope}.`)
  if (actingUserId !== null) {
    const user = sql`select id from principals where id = ${actingUserId} and type = 'User' and status = ${ACTIVE}`
    if (!confidential) wrong('actingUserId', said`Only a confidential application can use client credentials.`)
    else if (!(await db.one(user))) wrong('actingUserId', said`The user for client credentials must be active.`)
  }
  return faults
}

async function refuseFaults(registration: Registration, tx: Transaction): Promise<void> {
  const faults = await faultsOf(registration, tx)
  const errors = faults.map(
    ({ attribute, message }) => new ApiError('PropertyConstraintViolation', message, { details: { attribute } }),
  )
  if (errors.length > 0) throw combined(errors)
}

/** The columns of a registration. */
const columnsOf = ({ name, redirectUris, scopes, actingUserId }: Registration) => ({
  name: name.trim(),
  redirect_uris: JSON.stringify([...new Set(redirectUris)]),
  scopes: JSON.stringify([...new Set(scopes)]),
  acting_user_id: actingUserId,
})

/** All applications, by name. */
export const applications = (db: Reader): Promise<Application[]> =>
  db.all<Application>(sql`select * from oauth_applications order by name, id`)

/** An application by id. Throws ApiError 404 if there is none. */
export async function applicationAt(id: number, db: Reader): Promise<Application> {
  const row = await db.one<Application>(sql`select * from oauth_applications where id = ${id}`)
  if (!row) throw notFound()
  return row
}

/**
 * Registers an application.
 * @param ownerId the registering user; null for the command line
 * @returns its ids and, only here, the secret of a confidential one
 * @throws ApiError 422 for an invalid registration
 */
export async function register(
  tx: Transaction,
  registration: Registration,
  ownerId: number | null,
  now: Date,
): Promise<{ id: number; clientId: string; secret: string | undefined }> {
  await refuseFaults(registration, tx)
  const clientId = randomBytes(32).toString('base64url')
  const secret = registration.confidential ? randomKey() : undefined
  const at = now.toISOString()
  const id = await inserted(tx, 'oauth_applications', {
    ...columnsOf(registration),
    client_id: clientId,
    secret_hash: secret === undefined ? null : hashToken(secret),
    owner_id: ownerId,
    created_at: at,
    updated_at: at,
  })
  return { id, clientId, secret }
}

async function write(tx: Transaction, id: number, values: Record<string, unknown>, now: Date): Promise<void> {
  const set = assignments({ ...values, updated_at: now.toISOString() })
  if ((await tx.run(sql`update oauth_applications set ${set} where id = ${id}`)) === 0) throw notFound()
  await invalidate(tx, 'oauth')
}

/**
 * Updates an application. Its tokens lose the scopes that it loses; tokens of client credentials end if the acting user changes.
 * @throws ApiError 404 if there is none, 422 for an invalid registration
 */
export async function update(
  tx: Transaction,
  id: number,
  changes: Partial<Omit<Registration, 'confidential'>>,
  now: Date,
): Promise<void> {
  const before = await applicationAt(id, tx)
  const registration: Registration = {
    name: before.name,
    redirectUris: before.redirect_uris,
    scopes: before.scopes,
    actingUserId: before.acting_user_id,
    ...changes,
    confidential: isConfidential(before),
  }
  await refuseFaults(registration, tx)
  await write(tx, id, columnsOf(registration), now)
  if (registration.actingUserId !== before.acting_user_id) {
    await takeBack(tx, 'oauth_tokens', sql`application_id = ${id} and kind = 'client'`)
  }
}

/**
 * Rotates the secret of a confidential application; the former secret becomes invalid, while tokens stay valid.
 * @returns the secret, only here
 * @throws ApiError 404 if there is no such application
 */
export async function rotateSecret(tx: Transaction, id: number, now: Date): Promise<string> {
  if (!isConfidential(await applicationAt(id, tx))) throw notFound(said`A public application has no secret.`)
  const secret = randomKey()
  await write(tx, id, { secret_hash: hashToken(secret) }, now)
  return secret
}

/** Enables an application, or disables it with all its tokens. Throws ApiError 404 if there is none. */
export const setEnabled = (tx: Transaction, id: number, enabled: boolean, now: Date): Promise<void> =>
  write(tx, id, { enabled }, now)

/** Removes an application, with its grants and tokens. Throws ApiError 404 if there is none. */
export async function remove(tx: Transaction, id: number): Promise<void> {
  if ((await tx.run(sql`delete from oauth_applications where id = ${id}`)) === 0) throw notFound()
  await invalidate(tx, 'oauth')
}
