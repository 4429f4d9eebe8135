/** What a process remembers about a database, outside of it: forgotten when its content is replaced. */
import type { Reader } from './database.ts'

const memories = new WeakMap<Reader, Set<WeakMap<Reader, unknown>>>()

/**
 * Declares something that is remembered for each database.
 * @param make makes an empty one, on first use
 * @returns the function that gives the one of a database
 */
export function perDatabase<T>(make: () => T): (db: Reader) => T {
  const known = new WeakMap<Reader, T>()
  return (db) => {
    memories.getOrInsertComputed(db, () => new Set()).add(known)
    return known.getOrInsertComputed(db, make)
  }
}

/** Forgets all that is remembered about a database. */
export function forget(db: Reader): void {
  for (const memory of memories.get(db) ?? []) memory.delete(db)
}
