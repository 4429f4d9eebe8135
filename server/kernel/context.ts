/** All that a request carries with it. */
import type { Database, Engine, Reader } from '#db/database.ts'
import type { FileStore } from '#files/store.ts'
import type { Living } from './resource.ts'
import type { Settings } from './settings.ts'
import type { Proof, Viewer } from './viewer.ts'
import type { Snapshot } from './world.ts'

export interface Context {
  readonly db: Reader
  /** For what has to be kept even where the request comes to nothing, such as an attempt at a password. Not within a transaction. */
  readonly outside: Database
  readonly engine: Engine
  readonly viewer: Viewer
  /** What the request shows of the person who is the viewer. */
  readonly proof: Proof
  /** When the credential that it came with is good no more by itself. */
  readonly until: string | undefined
  readonly snapshot: Snapshot
  /** The resources that this database has added properties to. */
  readonly living: Living
  readonly settings: Settings
  readonly now: Date
  /** The viewer's time zone, an IANA name; the instance's where there is none. */
  readonly timeZone: string
  /** Today in that zone, `YYYY-MM-DD`. */
  readonly today: string
  /** Where files are kept. Not to be touched while a transaction runs. */
  readonly files: FileStore
  /** The query string. */
  readonly params: URLSearchParams
  /** The path asked for, without the query string. */
  readonly path: string
  /** Where rows are read as they were at a moment: the same request, reading what there is now. */
  readonly present?: Context
  /** The same request as if it began now: after a write, for telling what has become of it. */
  renewed(): Promise<Context>
}

/** The same request, reading through a transaction so that it sees what it has written. */
export const inside = (context: Context, db: Reader): Context => ({ ...context, db })
