/** `halyard oauth`: administers OAuth applications. */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import {
  applications,
  faultsOf,
  isConfidential,
  type Registration,
  register,
  remove,
  rotateSecret,
  setEnabled,
} from '#identity/oauth/applications.ts'
import { API } from '#identity/scopes.ts'
import { currentTime } from '#kernel/clock.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'
import { showList, showResult } from './output.ts'
import { userOf } from './user.ts'

const listed = (text: unknown): string[] => (typeof text === 'string' ? text.split(/[\s,]+/).filter(Boolean) : [])

export async function listApplications(invocation: Invocation): Promise<void> {
  const rows = await withDatabase(invocation.config.databaseUrl, applications)
  const listed = rows.map((row) => ({
    id: row.id,
    name: row.name,
    clientId: row.client_id,
    confidential: isConfidential(row),
    enabled: row.enabled,
    redirectUris: row.redirect_uris,
  }))
  showList(invocation, listed, {
    ID: ({ id }) => id,
    NAME: ({ name }) => name,
    'CLIENT ID': ({ clientId }) => clientId,
    'CLIENT TYPE': ({ confidential }) => (confidential ? 'confidential' : 'public'),
    STATUS: ({ enabled }) => (enabled ? 'enabled' : 'disabled'),
    'REDIRECT URIS': ({ redirectUris }) => redirectUris.join(' '),
  })
}

/** Registers an application and prints its secret, which cannot be shown again. */
export async function registerApplication(invocation: Invocation): Promise<void> {
  const { config, flags, words } = invocation
  const made = await withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const actor = flags['acts-as']
      const registration: Registration = {
        name: words[0] as string,
        redirectUris: listed(flags['redirect-uris']),
        scopes: flags.scopes === undefined ? [API] : listed(flags.scopes),
        confidential: !flags.public,
        actingUserId: actor === undefined ? null : (await userOf(tx, String(actor))).id,
      }
      const faults = await faultsOf(registration, tx)
      if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join(' '))
      return register(tx, registration, null, currentTime())
    }),
  )
  const { clientId, secret } = made
  const secretLine = secret ? `\nClient secret: ${secret} (shown only once)` : ''
  showResult(invocation, { clientId, ...(secret && { secret }) }, `Client ID:     ${clientId}${secretLine}`)
}

/** Rotates the secret of an application and prints the new one. */
export async function rotateApplication(invocation: Invocation): Promise<void> {
  const secret = await withApplication(invocation, async (tx, id) => {
    const row = (await applications(tx)).find((one) => one.id === id)
    if (row && !isConfidential(row)) throw new Error(`Application ${id} is public and has no secret.`)
    return rotateSecret(tx, id, currentTime())
  })
  showResult(invocation, { secret }, `Client secret: ${secret} (shown only once)`)
}

export async function disableApplication(invocation: Invocation): Promise<void> {
  await withApplication(invocation, (tx, id) => setEnabled(tx, id, false, currentTime()))
  console.log(`Disabled application ${invocation.words[0]}. The server rejects its tokens.`)
}

export async function enableApplication(invocation: Invocation): Promise<void> {
  await withApplication(invocation, (tx, id) => setEnabled(tx, id, true, currentTime()))
  console.log(`Enabled application ${invocation.words[0]}.`)
}

export async function deleteApplication(invocation: Invocation): Promise<void> {
  await withApplication(invocation, remove)
  console.log(`Deleted application ${invocation.words[0]} and all its tokens.`)
}

async function withApplication<T>({ config, words }: Invocation, work: (tx: Transaction, id: number) => Promise<T>): Promise<T> {
  const id = idIn(words[0], 'application', 'oauth list')
  return withDatabase(config.databaseUrl, (db) =>
    db.transaction(async (tx) => {
      const known = await tx.one(sql`select id from oauth_applications where id = ${id}`)
      if (!known) throw new Error(`There is no application ${id}.`)
      return work(tx, id)
    }),
  )
}
