/** The context of a request. */
import type { Reader } from '#db/database.ts'
import type { Context } from './declaration.ts'

/** The same context, reading through a transaction so that it sees the transaction's writes. */
export const inside = (context: Context, db: Reader): Context => ({ ...context, db })
