/** The database interface of the server: two engines behind one small API. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Sql } from './sql.ts'

export type Engine = 'sqlite' | 'postgres'

/** A row, with the same types on both engines: numbers, booleans, ISO texts for dates and times, parsed JSON. */
export type Row = Record<string, any>

/** Runs queries. The reader of a transaction sees the writes of the transaction. */
export interface Reader {
  readonly engine: Engine
  /** All rows of a query. */
  all<R = Row>(query: Sql): Promise<R[]>
  /** The first row of a query, if there is one. */
  one<R = Row>(query: Sql): Promise<R | undefined>
  /**
   * A number that is another one after every commit, whoever made it: as long as it stays, queries return the same.
   * Undefined where only a statement could tell.
   */
  state?(): number | undefined
  /** The number of commits of this process; undefined in a transaction. */
  readonly commits?: number
}

/** Runs queries and writes atomically. */
export interface Transaction extends Reader {
  /** Runs a statement; returns the number of changed rows. */
  run(query: Sql): Promise<number>
  /**
   * Runs a statement whose outcome nothing depends on. PostgreSQL gets it together with the next statement, or with the commit;
   * an error of it then comes from these.
   */
  send(query: Sql): Promise<void>
  /** Runs plain SQL text of several statements; only for migrations. */
  script(text: string): Promise<void>
}

/** Reads what was committed at one moment, whatever is written meanwhile. */
export interface SnapshotReader extends Reader {
  /** The rows of a query, at most so many at once; between these, others have their turn. */
  batches(query: Sql, size: number): AsyncIterable<Row[]>
}

export interface Database extends Reader {
  /** Runs `work` on what is committed now: for long reading, beside the writers, without a time limit. */
  snapshot<T>(work: (reader: SnapshotReader) => Promise<T>): Promise<T>
  /**
   * Runs `work` in one transaction: committed when its promise fulfils, rolled back when it rejects.
   * After a collision with another transaction it runs again from the start, so it must have no effects outside the database.
   * Keep mail, files and HTTP out of it: on SQLite all writers wait for each other.
   * @throws UnavailableError if the database is unavailable; nothing is committed then, unless its kind is `unknown`
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Runs plain SQL text outside a transaction; only for maintenance. */
  script(text: string): Promise<void>
  /** The number of statements since the start, without transaction control. */
  readonly statements: number
  /** The number of commits of this process. */
  readonly commits: number
  /** The connections now; undefined without a pool of them. */
  readonly connections?: Connections
  /** Throws an UnavailableError unless the database responds within a moment, and accepts writes. */
  ready(): Promise<void>
  /** Closes all connections within a moment, even if the database does not respond. */
  close(): Promise<void>
}

/** The use of a pool of connections. */
export interface Connections {
  /** Connections that run something. */
  readonly used: number
  readonly idle: number
  /** Requests for a connection that wait for one. */
  readonly waiting: number
}

/** A database in memory, whose whole content can be copied and replaced. */
export interface MemoryDatabase extends Database {
  /** The content now, as the bytes of a database file. */
  image(): Promise<Uint8Array>
  /** Replaces the content, between two transactions. Whatever else remembers the content has to `forget` it. */
  restore(image: Uint8Array): Promise<void>
}

export interface TransactionOptions {
  /**
   * Milliseconds to wait for other programs' locks; by default, the database's own. 0 is for optional writes; `Infinity`, for
   * writes of any duration, also lifts the limit of each statement.
   */
  readonly patience?: number
}

/** Time limit for a response of the database during a request, whose own response is due within five seconds. */
export const PATIENCE_MS = 4000

/** A unique index or a foreign key rejected a write. */
export class ConstraintError extends Error {
  readonly kind: 'unique' | 'foreign'
  constructor(kind: 'unique' | 'foreign', message: string) {
    super(message)
    this.kind = kind
  }
}

/** A new row got an id that another one has. No value that was written is wrong: the ids of the table are not counted right. */
export class TakenIdError extends ConstraintError {
  readonly table: string
  constructor(table: string, message: string) {
    super('unique', message)
    this.table = table
  }
}

/** The time that a request has waited for the database, and the moment up to which it is counted. */
export interface Waited {
  ms: number
  until: number
  /** The statements of the request so far. */
  statements: number
}

/** The waiting time of the current request; undefined outside requests. */
export const waited = new AsyncLocalStorage<Waited>()

/** Limits the total time that `work` waits for the database to that of one response. */
export const withOnePatience = <T>(work: () => T): T => waited.run({ ms: 0, until: 0, statements: 0 }, work)

/** Counts a statement for the current request. */
export function countStatement(): void {
  const request = waited.getStore()
  if (request) request.statements++
}

/**
 * Messages for an unavailable database, by reason.
 * `unknown`: the connection broke during a commit, so only a query can tell whether it succeeded.
 */
const reasons = {
  busy: 'The database is busy. Try again in a few seconds.',
  away: 'The database is unavailable or read-only. Try again in a few seconds.',
  full: 'The server has no space left for new data. Ask an administrator to free some space, then try again.',
  unknown:
    'The connection to the database broke during the commit: the change may have been saved or not. Fetch the resource again before you repeat the change.',
  damaged: 'The database is damaged. Ask an administrator to restore it from a backup.',
} as const

/** The database is temporarily unavailable, through no fault of the caller. The cause is the engine's error. */
export class UnavailableError extends Error {
  readonly kind: keyof typeof reasons
  constructor(kind: keyof typeof reasons, cause?: unknown) {
    super(reasons[kind], { cause })
    this.kind = kind
  }
}

/** The result of an optional write; undefined if the database is unavailable, so that a read can continue without it. */
export const whereItCan = <T>(write: Promise<T>): Promise<T | undefined> =>
  write.catch((error: unknown) => {
    if (error instanceof UnavailableError) return undefined
    throw error
  })
