/** Files in memory, for temporary instances. */
import { Buffer } from 'node:buffer'
import { checkName, type FileStore } from './store.ts'

/** A store whose whole content can be copied and replaced. */
export interface MemoryStore extends FileStore {
  /** The content now. */
  image(): ReadonlyMap<string, Uint8Array>
  /** Replaces the content. */
  restore(image: ReadonlyMap<string, Uint8Array>): void
}

/** A new, empty store. */
export function memoryStore(): MemoryStore {
  let kept = new Map<string, Uint8Array>()
  return {
    write: async (name, bytes) => {
      checkName(name)
      const pieces: Uint8Array[] = []
      for await (const piece of bytes) pieces.push(piece)
      kept.set(name, Buffer.concat(pieces))
    },
    read: async (name, range) => {
      const whole = kept.get(name)
      return whole && once(range ? whole.subarray(range.start, range.end + 1) : whole)
    },
    remove: async (name) => void kept.delete(name),
    image: () => new Map(kept),
    restore: (image) => {
      kept = new Map(image)
    },
  }
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  if (bytes.length > 0) yield bytes
}
