/** Secrets of storages, encrypted with the key outside the database. */
import type { Transaction } from '#db/database.ts'
import { keysOf } from '#identity/secrets.ts'
import type { Context, Stored } from '#kernel/declaration.ts'

/** Encrypts a secret for its place: for the option `stored` of properties. */
export const sealed = (tx: Transaction, place: Stored, text: string, { outside }: Context): Promise<string> =>
  keysOf(outside).seal(tx, place, text)
