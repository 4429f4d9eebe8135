/** An LRU cache of texts, limited by characters. */

/** A lookup that counts as a use, a store, and the number of cached characters (keys and values). */
export interface TextCache {
  get(key: string): string | undefined
  set(key: string, value: string): void
  size(): number
}

interface Entry {
  readonly key: string
  readonly value: string
  before: Entry
  after: Entry
}

/**
 * A cache of at most `limit` characters. A pair larger than an eighth of that is not cached.
 *
 * The order of use is a linked ring: removing and reinserting an entry of a `Map`, the usual shortcut, leaves a gap each
 * time, which later lookups of a popular key have to skip.
 */
export function textCache(limit: number): TextCache {
  const entries = new Map<string, Entry>()
  let size = 0
  // The ring's fixed point: after it comes the least recently used entry, before it the most recently used one.
  const ends = { key: '', value: '' } as Entry
  ends.before = ends
  ends.after = ends

  function unlink(entry: Entry): void {
    entry.before.after = entry.after
    entry.after.before = entry.before
  }

  function link(entry: Entry): void {
    entry.before = ends.before
    entry.after = ends
    ends.before.after = entry
    ends.before = entry
  }

  function forget(entry: Entry): void {
    unlink(entry)
    entries.delete(entry.key)
    size -= entry.key.length + entry.value.length
  }

  return {
    get(key) {
      const entry = entries.get(key)
      if (entry === undefined) return undefined
      unlink(entry)
      link(entry)
      return entry.value
    },
    set(key, value) {
      const known = entries.get(key)
      if (known !== undefined) forget(known)
      const weight = key.length + value.length
      if (weight > limit / 8) return
      const entry = { key, value, before: ends, after: ends }
      link(entry)
      entries.set(key, entry)
      size += weight
      while (size > limit) forget(ends.after)
    },
    size: () => size,
  }
}
