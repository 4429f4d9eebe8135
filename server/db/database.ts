/** What the rest of the server knows of a database: two engines behind one small interface. */
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
   */
  transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T>
  /** Runs plain SQL text outside a transaction; only for maintenance. */
  script(text: string): Promise<void>
  /** Statements run since the start, transaction control not counted. */
  readonly statements: number
  close(): Promise<void>
}

/** Raised when a write is refused by a unique index or a foreign key. */
export class ConstraintError extends Error {
  readonly kind: 'unique' | 'foreign'
  constructor(kind: 'unique' | 'foreign', message: string) {
    super(message)
    this.kind = kind
  }
}
