/** OpenID Connect providers. */
import type { Reader, Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { Snapshot } from '#kernel/cache.ts'

/**
 * Registration of users without an account by a provider: `none` never, `limited` as the setting `self_registration` allows,
 * `open` always.
 */
export const registrations = ['none', 'limited', 'open'] as const
export type Registration = (typeof registrations)[number]

/** Standard names of the claims about a user; a provider may use others. */
export const claimNames = { login: 'preferred_username', email: 'email', firstName: 'given_name', lastName: 'family_name' }
export type ClaimNames = Partial<typeof claimNames>

export type Provider = Omit<Tables['auth_providers'], 'registration' | 'claims'> & {
  readonly registration: Registration
  readonly claims: ClaimNames
}

/** The available providers, by name. */
export const availableProviders = (db: Reader, snapshot: Snapshot): Promise<readonly Provider[]> =>
  snapshot.remember('providers', ['auth_providers'], () =>
    db.all<Provider>(sql`select * from auth_providers where available order by name, id`),
  )

/** The user linked to `subject` of a provider, with any status. */
export const linkedUser = (db: Reader, { id }: Provider, subject: string): Promise<Row | undefined> =>
  db.one(sql`
    select p.* from user_auth_identities i join principals p on p.id = i.user_id
    where i.provider_id = ${id} and i.subject = ${subject}`)
