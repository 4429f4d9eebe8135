/** `halyard provider`: administers OpenID Connect providers and the links between their subjects and users. */
import { readFileSync } from 'node:fs'
import { ConstraintError, type Database, type Reader, type Transaction } from '#db/database.ts'
import { insert, inserted } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { isIssuer } from '#identity/provider-client.ts'
import { type ClaimNames, claimNames, type Provider, type Registration, registrations } from '#identity/providers.ts'
import { keysOf } from '#identity/secrets.ts'
import { invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { addressOf, readSettings } from '#kernel/settings.ts'
import { reasonOf } from '#server/reason.ts'
import { UsageError } from '#server/usage.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'
import { showList } from './output.ts'
import { userOf } from './user.ts'

export async function listProviders(invocation: Invocation): Promise<void> {
  const providers = await withDatabase(invocation.config.databaseUrl, (db) =>
    db.all<Provider & { users: number }>(sql`
      select *, (select count(*) from user_auth_identities where provider_id = auth_providers.id) as users
      from auth_providers order by slug`),
  )
  const rows = providers.map(({ slug, name, issuer, client_id, available, registration, users }) => ({
    slug,
    name,
    issuer,
    clientId: client_id,
    enabled: available,
    registration,
    users,
  }))
  showList(invocation, rows, {
    SLUG: ({ slug }) => slug,
    NAME: ({ name }) => name,
    ISSUER: ({ issuer }) => issuer,
    'CLIENT ID': ({ clientId }) => clientId,
    STATUS: ({ enabled }) => (enabled ? 'enabled' : 'disabled'),
    REGISTRATION: ({ registration }) => registration,
    USERS: ({ users }) => users,
  })
}

/** Adds a provider and prints the redirect URI to register there. */
export async function addProvider({ config, flags, words }: Invocation): Promise<void> {
  const [slug, issuer] = words as [string, string]
  if (!/^[a-z][a-z0-9-]{0,39}$/.test(slug)) {
    throw new Error(
      `"${slug}" is not a valid slug: a slug is a lower-case letter followed by lower-case letters, digits and hyphens.`,
    )
  }
  if (!isIssuer(issuer)) {
    throw new Error(
      `"${issuer}" is not an issuer such as https://id.example.org; only an issuer on this machine can do without HTTPS.`,
    )
  }
  const secret = flags['client-secret-file'] === undefined ? null : secretIn(String(flags['client-secret-file']))
  const row = {
    slug,
    name: String(flags.name ?? slug),
    issuer,
    client_id: String(flags['client-id']),
    client_secret: null,
    registration: registrationIn(String(flags.registration ?? 'limited')),
    trusts_email: flags['trust-email'] === true,
    claims: claimsIn(flags.claims === undefined ? '' : String(flags.claims)),
    created_at: currentTime().toISOString(),
  }
  const settings = await withDatabase(
    config.databaseUrl,
    async (db) => {
      await write(db, async (tx) => {
        const id = await inserted(tx, 'auth_providers', row).catch((cause: unknown) => {
          if (!(cause instanceof ConstraintError)) throw cause
          throw new Error(`A provider with the slug ${slug} or the issuer ${issuer} already exists.`, { cause })
        })
        if (secret === null) return
        const sealed = await keysOf(db).seal(tx, { table: 'auth_providers', column: 'client_secret', id }, secret)
        await tx.run(sql`update auth_providers set client_secret = ${sealed} where id = ${id}`)
      })
      return readSettings(db)
    },
    config.secretKey,
  )
  console.log(`Added ${slug}. Register this redirect URI at the provider: ${addressOf(settings, `/auth/${slug}/callback`)}`)
}

/** Reads the secret from a file, because other users of the machine can see command lines. */
function secretIn(path: string): string {
  let secret: string
  try {
    secret = readFileSync(path, 'utf8').trim()
  } catch (cause) {
    throw new Error(`The file ${path} cannot be read: ${reasonOf(cause)}.`, { cause })
  }
  if (secret === '') throw new Error(`The file ${path} is empty.`)
  return secret
}

function registrationIn(text: string): Registration {
  const found = registrations.find((one) => one === text)
  if (!found) throw new UsageError(`--registration must be one of ${registrations.join(', ')}, not "${text}".`)
  return found
}

/** Parses claim names such as `login=upn,email=mail`. */
function claimsIn(text: string): ClaimNames {
  const pairs = text === '' ? [] : text.split(',').map((pair) => pair.trim().split('='))
  for (const [property = '', claim = '', ...more] of pairs) {
    if (!Object.hasOwn(claimNames, property) || claim === '' || more.length > 0) {
      throw new UsageError(
        `--claims must be a list such as login=upn,email=mail of ${Object.keys(claimNames).join(', ')}, not "${text}".`,
      )
    }
  }
  return Object.fromEntries(pairs)
}

/** Removes a provider and its links; the users remain. */
export async function removeProvider({ config, words }: Invocation): Promise<void> {
  await withDatabase(config.databaseUrl, (db) =>
    write(db, async (tx) => {
      const { id } = await providerOf(tx, words[0]!)
      await tx.run(sql`delete from auth_providers where id = ${id}`)
    }),
  )
  console.log(`Removed ${words[0]}.`)
}

export const enableProvider = (invocation: Invocation): Promise<void> => setAvailable(invocation, true)
export const disableProvider = (invocation: Invocation): Promise<void> => setAvailable(invocation, false)

async function setAvailable({ config, words }: Invocation, available: boolean): Promise<void> {
  await withDatabase(config.databaseUrl, (db) =>
    write(db, async (tx) => {
      const { id } = await providerOf(tx, words[0]!)
      await tx.run(sql`update auth_providers set available = ${available} where id = ${id}`)
    }),
  )
  console.log(`${available ? 'Enabled' : 'Disabled'} ${words[0]}.`)
}

/** Links a user to a subject of a provider and replaces the user's former link. */
export async function linkUser({ config, words }: Invocation): Promise<void> {
  const [slug, login, subject] = words as [string, string, string]
  await withDatabase(config.databaseUrl, (db) =>
    write(db, async (tx) => {
      const [provider, user] = [await providerOf(tx, slug), await userOf(tx, login)]
      await tx.run(sql`delete from user_auth_identities where user_id = ${user.id} and provider_id = ${provider.id}`)
      const link = { user_id: user.id, provider_id: provider.id, subject, created_at: currentTime().toISOString() }
      await tx.one(insert('user_auth_identities', link)).catch((cause: unknown) => {
        if (!(cause instanceof ConstraintError)) throw cause
        throw new Error(`Another user is already linked to "${subject}" of ${slug}.`, { cause })
      })
    }),
  )
  console.log(`Linked ${login} to ${slug}.`)
}

export async function unlinkUser({ config, words }: Invocation): Promise<void> {
  const [slug, login] = words as [string, string]
  await withDatabase(config.databaseUrl, (db) =>
    write(db, async (tx) => {
      const [provider, user] = [await providerOf(tx, slug), await userOf(tx, login)]
      const removed = await tx.run(
        sql`delete from user_auth_identities where user_id = ${user.id} and provider_id = ${provider.id}`,
      )
      if (removed === 0) throw new Error(`${login} is not linked to ${slug}.`)
    }),
  )
  console.log(`Unlinked ${login} from ${slug}.`)
}

const write = (db: Database, work: (tx: Transaction) => Promise<void>): Promise<void> =>
  db.transaction(async (tx) => {
    await work(tx)
    await invalidate(tx, 'auth_providers')
  })

/** The provider with a slug. Throws an Error in one sentence if there is none. */
async function providerOf(db: Reader, slug: string): Promise<Provider> {
  const provider = await db.one<Provider>(sql`select * from auth_providers where slug = ${slug}`)
  if (!provider) throw new Error(`There is no provider "${slug}"; halyard provider list shows them.`)
  return provider
}
