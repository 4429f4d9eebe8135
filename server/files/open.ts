/** From the operator's choice to the store. */
import { folderStore } from './folder.ts'
import { memoryStore } from './memory.ts'
import { type Bucket, s3Store } from './s3.ts'
import type { FileStore } from './store.ts'

/** Where attachments are kept. */
export type StoreChoice =
  | { readonly in: 'memory' }
  | { readonly in: 'folder'; readonly path: string }
  | ({ readonly in: 's3' } & Bucket)

/** The store that was chosen. */
export function openStore(choice: StoreChoice): FileStore {
  if (choice.in === 'memory') return memoryStore()
  return choice.in === 'folder' ? folderStore(choice.path) : s3Store(choice)
}
