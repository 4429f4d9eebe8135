/** SQLite by node:sqlite. Every way in which its values differ from PostgreSQL's ends in this file. */
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { ConstraintError, type Database, type Row, type Transaction } from './database.ts'
import { lower } from './dialect.ts'
import { type Sql, sql } from './sql.ts'

interface Prepared {
  statement: StatementSync
  booleans: string[]
  documents: string[]
}

const KEPT_STATEMENTS = 1000

/**
 * Opens a database file, or `:memory:`.
 * Writers take turns on one connection, and those that come within one turn of the event loop are committed together: one
 * wait for the disk, each in a savepoint of its own. While one is open, a file is read on a second connection, so readers see
 * only what is committed and never wait (WAL); at all other times on the first, whose cache no commit empties. In memory there
 * is but one connection, and readers wait while a transaction is open.
 * @param durable whether a commit waits for the disk (`synchronous = full`); only throw-away data may do without.
 */
export function openSqlite(path: string, { durable = true } = {}): Database {
  const inMemory = path === ':memory:'
  const writer = connect(path, durable)
  const reader = inMemory ? writer : connect(path, durable)
  if (!inMemory) reader.connection.exec('pragma query_only = on')

  let statements = 0
  let turn: Promise<unknown> = Promise.resolve()
  /** The transactions that are committed together next. */
  let group: PromiseWithResolvers<void> | undefined

  const read = <R>(query: Sql): R[] => {
    statements++
    return (group ? reader : writer).all(query) as R[]
  }

  const tx: Transaction = {
    engine: 'sqlite',
    all: async <R>(query: Sql) => {
      statements++
      return writer.all(query) as R[]
    },
    one: async <R>(query: Sql) => {
      statements++
      return writer.all(query)[0] as R | undefined
    },
    run: async (query) => {
      statements++
      return writer.run(query)
    },
    script: async (text) => writer.connection.exec(text),
  }

  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }

  /** Begins a group unless there is one; its end comes when all that is waiting has had its turn. */
  const open = (): Promise<void> => {
    if (!group) {
      writer.run(sql`begin immediate`)
      group = Promise.withResolvers()
      // Whoever waits hears of a failure; there may be nobody.
      group.promise.catch(() => {})
      setImmediate(() => exclusively(async () => commit()))
    }
    return group.promise
  }

  const commit = () => {
    if (!group) return
    const { resolve, reject } = group
    group = undefined
    try {
      writer.run(sql`commit`)
      resolve()
    } catch (error) {
      reject(error)
      writer.run(sql`rollback`)
    }
  }

  return {
    engine: 'sqlite',
    get statements() {
      return statements
    },
    all: async <R>(query: Sql) => {
      if (inMemory && group) await group.promise
      return read<R>(query)
    },
    one: async <R>(query: Sql) => {
      if (inMemory && group) await group.promise
      return read<R>(query)[0]
    },
    async transaction(work) {
      const [result, committed] = await exclusively(async () => {
        const group = open()
        writer.run(sql`savepoint one`)
        try {
          const result = await work(tx)
          writer.run(sql`release one`)
          return [result, group] as const
        } catch (error) {
          writer.run(sql`rollback to one`)
          writer.run(sql`release one`)
          throw error
        }
      })
      await committed
      return result
    },
    script: (text) =>
      exclusively(async () => {
        commit()
        writer.connection.exec(text)
      }),
    close: () =>
      exclusively(async () => {
        commit()
        if (!inMemory) {
          reader.connection.close()
          writer.connection.exec('pragma wal_checkpoint(truncate)')
        }
        writer.connection.close()
      }),
  }
}

function connect(path: string, durable: boolean) {
  const connection = new DatabaseSync(path)
  connection.exec(`
    pragma busy_timeout = 10000;
    pragma journal_mode = wal;
    pragma synchronous = ${durable ? 'full' : 'off'};
    pragma foreign_keys = on;
    pragma temp_store = memory;
    pragma cache_size = -32000;
    pragma mmap_size = 268435456;
    pragma optimize = 0x10002`)
  connection.function('fold', { deterministic: true }, (text) => (text === null ? null : lower(String(text))))
  connection.function('natural', { deterministic: true }, (text) =>
    text === null
      ? null
      : String(text)
          .toLowerCase()
          .replace(/\d+/g, (digits) => digits.padStart(20, '0').slice(-20)),
  )
  const reading = new Map<string, Prepared>()
  const writing = new Map<string, StatementSync>()

  const prepare = (text: string): Prepared =>
    kept(reading, text, () => {
      const statement = connection.prepare(text)
      const columns = statement.columns()
      const declared = (pattern: RegExp) => columns.filter((c) => pattern.test(c.type ?? '')).map((c) => c.name)
      return { statement, booleans: declared(/^bool/i), documents: declared(/^json/i) }
    })
  const prepareWriting = (text: string): StatementSync =>
    kept(writing, text, () => {
      const statement = connection.prepare(text)
      // It tells of the last row inserted, be it one of a text index's own, whose numbers are beyond those of JavaScript.
      statement.setReadBigInts(true)
      return statement
    })

  return {
    connection,
    all({ text, values }: Sql): Row[] {
      try {
        const { statement, booleans, documents } = prepare(text)
        const rows = statement.all(...values.map(bind)) as Row[]
        if (booleans.length > 0 || documents.length > 0) {
          for (const row of rows) {
            for (const name of booleans) if (row[name] !== null) row[name] = row[name] !== 0
            for (const name of documents) if (typeof row[name] === 'string') row[name] = JSON.parse(row[name])
          }
        }
        return rows
      } catch (error) {
        throw translated(error)
      }
    },
    run({ text, values }: Sql): number {
      try {
        return Number(prepareWriting(text).run(...values.map(bind)).changes)
      } catch (error) {
        throw translated(error)
      }
    },
  }
}

/** What is remembered under a text, or else made; the oldest is forgotten where there are too many. */
function kept<T>(memory: Map<string, T>, text: string, make: () => T): T {
  let known = memory.get(text)
  if (known) return known
  known = make()
  if (memory.size >= KEPT_STATEMENTS) memory.delete(memory.keys().next().value as string)
  memory.set(text, known)
  return known
}

/** node:sqlite binds every number as REAL; an integer must travel as a bigint to stay one. Lists and objects travel as JSON. */
function bind(value: unknown): null | number | bigint | string | Uint8Array {
  if (typeof value === 'number') return Number.isSafeInteger(value) ? BigInt(value) : value
  if (typeof value === 'boolean') return value ? 1n : 0n
  if (value === undefined || value === null) return null
  if (typeof value === 'object' && !(value instanceof Uint8Array)) return JSON.stringify(value)
  return value as string | bigint | Uint8Array
}

function translated(error: unknown): unknown {
  const message = error instanceof Error ? error.message : ''
  if (/UNIQUE constraint failed/.test(message)) return new ConstraintError('unique', message)
  if (/FOREIGN KEY constraint failed/.test(message)) return new ConstraintError('foreign', message)
  return error
}
