/** What the rest of the server knows of a database: two engines behind one small interface. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { Sql } from './sql.ts'

export type Engine = 'sqlite' | 'postgres'

/** Values as the engines give them, made equal: integers and floats as numbers, booleans, dates and times as ISO text, JSON parsed. */
export type Row = Record<string, any>

/** Asks. A reader given a transaction sees what that transaction has written. */
export interface Reader {
  readonly engine: Engine
  /** All rows of a query. */
  all<R = Row>(query: Sql): Promise<R[]>
  /** The first row of a query, if there is one. */
  one<R = Row>(query: Sql): Promise<R | undefined>
}

/** Asks and writes, all or nothing. */
export interface Transaction extends Reader {
  /** Runs a statement; gives the number of rows it changed. */
  run(query: Sql): Promise<number>
  /** Runs plain SQL text of several statements; only for migrations. */
  script(text: string): Promise<void>
}

export interface Database extends Reader {
  /**
   * Runs `work` in one transaction: committed when its promise fulfils, rolled back when it rejects.
   * It may be run again from its start when it collided with another one, so it must change nothing but the database.
   * Keep mail, files and HTTP out of it: on SQLite all writers wait for each other.
   * @throws UnavailableError where the database cannot do it now; nothing is kept then, unless its kind is `unknown`
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>, options?: TransactionOptions): Promise<T>
  /** Runs plain SQL text outside a transaction; only for maintenance. */
  script(text: string): Promise<void>
  /** Statements run since the start, transaction control not counted. */
  readonly statements: number
  /** Throws an UnavailableError unless the database answers within a moment, and would take a write. */
  ready(): Promise<void>
  /** Ends all connections, within a moment whatever the database does. */
  close(): Promise<void>
}

export interface TransactionOptions {
  /**
   * Milliseconds that other programs' locks may be waited for: those of the database unless said otherwise. 0 is for what can
   * be left out; `Infinity`, for what takes as long as it takes, lifts the limit of each statement as well.
   */
  readonly patience?: number
}

/** How long an answer of the database is waited for while a client waits for ours, which is to come within five seconds. */
export const PATIENCE_MS = 4000

/** Raised when a write is refused by a unique index or a foreign key. */
export class ConstraintError extends Error {
  readonly kind: 'unique' | 'foreign'
  constructor(kind: 'unique' | 'foreign', message: string) {
    super(message)
    this.kind = kind
  }
}

/** How long a request has waited for the database, and until which moment that has been counted. */
export interface Waited {
  ms: number
  until: number
}

/** Of the request that is being answered; nothing outside of requests. */
export const waited = new AsyncLocalStorage<Waited>()

/** Has whatever follows from `work` wait for the database as long in all as it may for one answer, however much it asks. */
export const withOnePatience = <T>(work: () => T): T => waited.run({ ms: 0, until: 0 }, work)

/**
 * Why the database could not do what it was asked, in the words of whoever waits for it.
 * `unknown`: the connection broke while a transaction was committed, so only a look tells whether it was.
 */
const reasons = {
  busy: 'The database is busy. Try again in a few seconds.',
  away: 'The database is unavailable or read-only. Try again in a few seconds.',
  full: 'The server has no space left for new data. Ask an administrator to free some space, then try again.',
  unknown:
    'The connection to the database broke during the commit: the change may have been saved or not. Fetch the resource again before you repeat the change.',
  damaged: 'The database is damaged. Ask an administrator to restore it from a backup.',
} as const

/** Raised when the database cannot do something now, through no fault of whoever asks. Its cause is what the engine said. */
export class UnavailableError extends Error {
  readonly kind: keyof typeof reasons
  constructor(kind: keyof typeof reasons, cause?: unknown) {
    super(reasons[kind], { cause })
    this.kind = kind
  }
}

/** What a write comes to that can be left out where the database takes none now: nothing then. Reading goes on without it. */
export const whereItCan = <T>(write: Promise<T>): Promise<T | undefined> =>
  write.catch((error: unknown) => {
    if (error instanceof UnavailableError) return undefined
    throw error
  })
