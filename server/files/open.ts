/** Opens the configured file store. */
import { folderStore } from './folder.ts'
import { memoryStore } from './memory.ts'
import { type Bucket, type Fetch, s3Store } from './s3.ts'
import type { FileStore } from './store.ts'

/** The configuration of the file store. */
export type StoreChoice =
  | { readonly in: 'memory' }
  | { readonly in: 'folder'; readonly path: string }
  | ({ readonly in: 's3' } & Bucket)

/** The configured store. Requests to another server are sent by `send`. */
export function openStore(choice: StoreChoice, send?: Fetch): FileStore {
  if (choice.in === 'memory') return memoryStore()
  return choice.in === 'folder' ? folderStore(choice.path) : s3Store(choice, send)
}
