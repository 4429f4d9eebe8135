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
import { columns } from './columns.ts'
import { type Invocation, idIn } from './command.ts'
import { withDatabase } from './database.ts'
import { userOf } from './user.ts'

const listed = (text: unknown): string[] => (typeof text === 'string' ? text.split(/[\s,]+/).filter(Boolean) : [])

export async function listApplications({ config }: Invocation): Promise<void> {
  const rows = await withDatabase(config.databaseUrl, applications)
  const lines = rows.map((row) => [
    String(row.id),
    row.name,
    row.client_id,
    isConfidential(row) ? 'confidential' : 'public',
    row.enabled ? 'enabled' : 'disabled',
    row.redirect_uris.join(' '),
  ])
  console.log(columns([['ID', 'NAME', 'CLIENT ID', 'CLIENT TYPE', 'STATUS', 'REDIRECT URIS'], ...lines]))
}

/** Registers an application and prints its secret, which cannot be shown again. */
export async function registerApplication({ config, flags, words }: Invocation): Promise<void> {
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
      return register(tx, registration, null, new Date())
    }),
  )
  console.log(`Client ID:     ${made.clientId}`)
  if (made.secret) console.log(`Client secret: ${made.secret} (shown only once)`)
}

/** Rotates the secret of an application and prints the new one. */
export async function rotateApplication(invocation: Invocation): Promise<void> {
  const secret = await withApplication(invocation, async (tx, id) => {
    const row = (await applications(tx)).find((one) => one.id === id)
    if (row && !isConfidential(row)) throw new Error(`Application ${id} is public and has no secret.`)
    return rotateSecret(tx, id, new Date())
  })
  console.log(`Client secret: ${secret} (shown only once)`)
}

export async function disableApplication(invocation: Invocation): Promise<void> {
  await withApplication(invocation, (tx, id) => setEnabled(tx, id, false, new Date()))
  console.log(`Disabled application ${invocation.words[0]}. The server rejects its tokens.`)
}

export async function enableApplication(invocation: Invocation): Promise<void> {
  await withApplication(invocation, (tx, id) => setEnabled(tx, id, true, new Date()))
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
