/** Pending sign-ins at a provider: a response is accepted once, and only in the browser that started the sign-in. */
import type { Database } from '#db/database.ts'
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { job } from '#kernel/module.ts'
import type { Provider } from './providers.ts'
import { keysOf, type Place } from './secrets.ts'
import { hashToken } from './tokens.ts'

/** Seconds for the sign-in at the provider. */
export const LONGEST_SIGN_IN = 10 * 60

/** The state parameter, and the secret of the browser. */
export interface Ticket {
  readonly state: string
  readonly browser: string
}

/** Data stored on the server. */
export type Kept = Pick<Tables['provider_sign_ins'], 'nonce' | 'code_verifier' | 'back_url'>

const placeOf = (id: string, column: string): Place => ({ table: 'provider_sign_ins', column, id })

/** Stores a sign-in that a browser starts at a provider. */
export async function setOut(db: Database, { id }: Provider, { state, browser }: Ticket, kept: Kept, now: Date): Promise<void> {
  const expiresAt = new Date(now.getTime() + LONGEST_SIGN_IN * 1000).toISOString()
  const own = hashToken(state)
  await db.transaction(async (tx) => {
    const nonce = await keysOf(db).seal(tx, placeOf(own, 'nonce'), kept.nonce)
    const verifier = await keysOf(db).seal(tx, placeOf(own, 'code_verifier'), kept.code_verifier)
    await tx.run(sql`
      insert into provider_sign_ins (state, browser, provider_id, nonce, code_verifier, back_url, expires_at)
      values (${own}, ${hashToken(browser)}, ${id}, ${nonce}, ${verifier}, ${kept.back_url}, ${expiresAt})`)
  })
}

/** Consumes a pending sign-in; undefined if it was consumed, comes from another browser, or has expired. */
export async function comeBack(db: Database, { id }: Provider, { state, browser }: Ticket, now: Date): Promise<Kept | undefined> {
  const own = hashToken(state)
  const kept = await db.transaction((tx) =>
    tx.one<Kept>(sql`
      delete from provider_sign_ins
      where state = ${own} and browser = ${hashToken(browser)} and provider_id = ${id}
        and expires_at > ${now.toISOString()}
      returning nonce, code_verifier, back_url`),
  )
  const open = (column: 'nonce' | 'code_verifier') => keysOf(db).open(placeOf(own, column), kept?.[column] as string)
  return kept && { ...kept, nonce: open('nonce'), code_verifier: open('code_verifier') }
}

export const forgetSignIns = job('sign-ins.forget', {
  every: 600,
  lease: 600,
  run: async ({ db, now }) => {
    const isOver = sql`expires_at <= ${now.toISOString()}`
    await deleteInSlices(db, 'provider_sign_ins', isOver)
  },
})
