/** Sign-ins under way at a provider: what has to come back from there, to the browser that they were begun in, and only once. */
import type { Database } from '#db/database.ts'
import { deleteInSlices } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { job } from '#kernel/module.ts'
import type { Provider } from './providers.ts'
import { keysOf, type Place } from './secrets.ts'
import { hashToken } from './tokens.ts'

/** So many seconds somebody has to sign in at the provider. */
export const LONGEST_SIGN_IN = 10 * 60

/** What the browser takes along, and what it alone has. */
export interface Ticket {
  readonly state: string
  readonly browser: string
}

/** What we keep to ourselves. */
export type Kept = Pick<Tables['provider_sign_ins'], 'nonce' | 'code_verifier' | 'back_url'>

const placeOf = (id: string, column: string): Place => ({ table: 'provider_sign_ins', column, id })

/** Notes that a browser sets out for a provider. */
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

/** What was kept of a sign-in that comes back from where it went; nothing a second time, in another browser, or too late. */
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
    await deleteInSlices(db, 'provider_sign_ins', isOver, 'state')
  },
})
