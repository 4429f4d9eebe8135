/**
 * Applications that may ask people to let them in: what administrators do with them, whether by pages or from the command line.
 * A secret is told once, when it is made; only a hash of it is kept.
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
import { faultOf } from './redirects.ts'

/** An application as it is stored. */
export type Application = Tables['oauth_applications'] & { redirect_uris: string[]; scopes: string[] }

/** What an administrator decides of an application. */
export interface Registration {
  readonly name: string
  readonly redirectUris: readonly string[]
  readonly scopes: readonly string[]
  /** Whether it can keep a secret, as programs on servers can; decided once. */
  readonly confidential: boolean
  /** Whom it acts as where nobody has let it in; nobody where this is null. Only confidential applications come by themselves. */
  readonly actingUserId: number | null
}

const LONGEST_NAME = 255
const MOST_URIS = 50

/** Whether an application has a secret. */
export const isConfidential = ({ secret_hash }: Pick<Application, 'secret_hash'>): boolean => secret_hash !== null

/** What is wrong with a registration, in whole sentences; `attribute` names the member. */
export async function faultsOf(registration: Registration, db: Reader): Promise<Violation[]> {
  const { name, redirectUris, scopes, confidential, actingUserId } = registration
  const faults: Violation[] = []
  const wrong = (attribute: keyof Registration, sentence: string) =>
    void faults.push(violation(attribute, sentence, { complete: true }))
  if (name.trim() === '') wrong('name', "Name can't be blank.")
  if (name.length > LONGEST_NAME) wrong('name', `Name is too long (maximum is ${LONGEST_NAME} characters).`)
  if (!isStorable(name)) wrong('name', 'Name contains invalid characters.')
  // One that only comes by itself is sent back to nowhere.
  if (redirectUris.length === 0 && !confidential) wrong('redirectUris', 'A public application needs a redirect URI.')
  if (redirectUris.length > MOST_URIS) wrong('redirectUris', `There are too many redirect URIs (maximum is ${MOST_URIS}).`)
  for (const uri of redirectUris) {
    const fault = faultOf(uri, confidential)
    if (fault) wrong('redirectUris', `The redirect URI ${uri} ${fault}.`)
  }
  if (scopes.length === 0) wrong('scopes', "Scopes can't be blank.")
  for (const scope of scopes) if (!known().includes(scope)) wrong('scopes', `There is no scope ${scope}.`)
  if (actingUserId !== null) {
    const user = sql`select id from principals where id = ${actingUserId} and type = 'User' and status = ${ACTIVE}`
    if (!confidential) wrong('actingUserId', 'Only a confidential application can use client credentials.')
    else if (!(await db.one(user))) wrong('actingUserId', 'The user for client credentials must be active.')
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

/** The columns that hold a registration. */
const columnsOf = ({ name, redirectUris, scopes, actingUserId }: Registration) => ({
  name: name.trim(),
  redirect_uris: JSON.stringify([...new Set(redirectUris)]),
  scopes: JSON.stringify([...new Set(scopes)]),
  acting_user_id: actingUserId,
})

/** All applications, by name. */
export const applications = (db: Reader): Promise<Application[]> =>
  db.all<Application>(sql`select * from oauth_applications order by name, id`)

/** An application. Throws ApiError 404 where there is none. */
export async function applicationAt(id: number, db: Reader): Promise<Application> {
  const row = await db.one<Application>(sql`select * from oauth_applications where id = ${id}`)
  if (!row) throw notFound()
  return row
}

/**
 * Registers an application.
 * @param ownerId whoever registers it; nobody for what the command line does
 * @returns its ids and, this once, the secret of a confidential one
 * @throws ApiError 422 where something is wrong with it
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
 * Changes what was decided of an application. Tokens lose the scopes that it loses; those that it has by itself end where it is
 * to act as somebody else.
 * @throws ApiError 404 where there is none, 422 where something would be wrong with it
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
 * Gives a confidential application a new secret; the former one is worth nothing any more, while tokens stay what they were.
 * @returns the secret, this once
 * @throws ApiError 404 where there is no such application
 */
export async function rotateSecret(tx: Transaction, id: number, now: Date): Promise<string> {
  if (!isConfidential(await applicationAt(id, tx))) throw notFound('A public application has no secret.')
  const secret = randomKey()
  await write(tx, id, { secret_hash: hashToken(secret) }, now)
  return secret
}

/** Lets an application in, or keeps it and all its tokens out. Throws ApiError 404 where there is none. */
export const setEnabled = (tx: Transaction, id: number, enabled: boolean, now: Date): Promise<void> =>
  write(tx, id, { enabled }, now)

/** Removes an application, with all that it was given. Throws ApiError 404 where there is none. */
export async function remove(tx: Transaction, id: number): Promise<void> {
  if ((await tx.run(sql`delete from oauth_applications where id = ${id}`)) === 0) throw notFound()
  await invalidate(tx, 'oauth')
}
