/** Doors at which somebody guesses: each attempt is counted in the database, so that many servers let no more through than one. */
import type { Transaction } from '#db/database.ts'
import { moment } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { periodically } from './tasks.ts'
import { hashToken } from './tokens.ts'

const SECOND = 1000
const MINUTE = 60 * SECOND

export interface Door {
  readonly name: string
  /** So many attempts are let through … */
  readonly most: number
  /** … in so many milliseconds … */
  readonly within: number
  /** … and after one more than that none for so many. */
  readonly ban: number
}

/** Passwords, by the user name: a source of this is the digest's rule for sign-ins. */
export const passwordDoor: Door = { name: 'password', most: 20, within: MINUTE, ban: 30 * MINUTE }

/**
 * Counts an attempt at a door, before it is known whether it succeeds; whoever succeeds may be forgiven.
 * @param who whoever the attempt is about, in the same letters each time; only a hash of it is kept
 * @returns the seconds to wait where there were too many; otherwise nothing
 */
export async function attempt(tx: Transaction, door: Door, who: string, now: Date): Promise<number | undefined> {
  const at = (ms: number) => moment(tx.engine, new Date(now.getTime() + ms).toISOString())
  const row = await tx.one<{ attempts: number; until: string }>(sql`
    insert into attempts (who, attempts, until) values (${key(door, who)}, 1, ${at(door.within)})
    on conflict (who) do update set
      attempts = case when attempts.until > ${at(0)} then attempts.attempts + 1 else 1 end,
      until = case
        when attempts.until <= ${at(0)} then ${at(door.within)}
        when attempts.attempts = ${door.most} then ${at(door.ban)}
        else attempts.until end
    returning attempts, until`)
  return row && row.attempts > door.most ? Math.ceil((Date.parse(row.until) - now.getTime()) / SECOND) : undefined
}

/** Forgets the attempts of somebody who has succeeded. */
export async function forgive(tx: Transaction, door: Door, who: string): Promise<void> {
  await tx.run(sql`delete from attempts where who = ${key(door, who)}`)
}

const key = (door: Door, who: string) => hashToken(`${door.name}:${who}`)

periodically(async (db, now) => {
  const isOver = sql`until <= ${now.toISOString()}`
  if (!(await db.one(sql`select who from attempts where ${isOver} limit 1`))) return
  await db.transaction((tx) => tx.run(sql`delete from attempts where ${isOver}`))
})
