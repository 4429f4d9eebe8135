/** OpenID Connect providers: who answers for the identities of users besides ourselves. */
import type { Reader, Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { Snapshot } from '#kernel/cache.ts'

/**
 * Whether somebody whom a provider vouches for, and who has no account, is given one: `none` never, `limited` as far as the
 * setting `self_registration` lets people have one by themselves, `open` always.
 */
export const registrations = ['none', 'limited', 'open'] as const
export type Registration = (typeof registrations)[number]

/** The claims that tell of a user, as OpenID Connect calls them; a provider may have others. */
export const claimNames = { login: 'preferred_username', email: 'email', firstName: 'given_name', lastName: 'family_name' }
export type ClaimNames = Partial<typeof claimNames>

export type Provider = Omit<Tables['auth_providers'], 'registration' | 'claims'> & {
  readonly registration: Registration
  readonly claims: ClaimNames
}

/** The providers that may be used now, by name. */
export const availableProviders = (db: Reader, snapshot: Snapshot): Promise<readonly Provider[]> =>
  snapshot.remember('providers', ['auth_providers'], () =>
    db.all<Provider>(sql`select * from auth_providers where available order by name, id`),
  )

/** The user whom a provider knows as `subject`, in whatever state the account is. */
export const linkedUser = (db: Reader, { id }: Provider, subject: string): Promise<Row | undefined> =>
  db.one(sql`
    select p.* from user_auth_identities i join principals p on p.id = i.user_id
    where i.provider_id = ${id} and i.subject = ${subject}`)
