/** All that a request carries with it. */
import type { Reader } from '#db/database.ts'
import type { Context } from './declaration.ts'

/** The same request, reading through a transaction so that it sees what it has written. */
export const inside = (context: Context, db: Reader): Context => ({ ...context, db })
