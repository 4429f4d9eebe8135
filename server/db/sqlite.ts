/** SQLite by node:sqlite. This file hides all differences of its values from PostgreSQL's. */
import { statSync } from 'node:fs'
import { DatabaseSync, type StatementSync } from 'node:sqlite'
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises'
import {
  ConstraintError,
  countStatement,
  type Database,
  type MemoryDatabase,
  PATIENCE_MS,
  type Row,
  type SnapshotReader,
  TakenIdError,
  type Transaction,
  UnavailableError,
} from './database.ts'
import { lower } from './dialect.ts'
import { observed } from './observer.ts'
import { type Sql, sql } from './sql.ts'

interface Prepared {
  statement: StatementSync
  booleans: string[]
  documents: string[]
}

interface Group extends PromiseWithResolvers<void> {
  /** The error for which SQLite rolled the whole group back. */
  lost?: unknown
}

const KEPT_STATEMENTS = 1000
/** More than SQLite counts: its versions have 32 bits. */
const VERSIONS = 2 ** 32
/** Maximum interval of retries for another program's lock; they start at a millisecond. */
const LONGEST_PAUSE_MS = 10
/** Not even a migration waits longer for a lock, so that the operator learns of it. */
const LONGEST_PATIENCE_MS = 60_000
/** Blocking wait for a lock while opening; the process does nothing else then. */
const OPENING_MS = 2000
/** The wait for the turn of this process, after which it tries without: the process whose turn it is may be stuck. */
const TURN_MS = 1000
/** The same for a write that waits for no lock. */
const LEAST_TURN_MS = 50
/** Interval at which reads check that the file is still in its place; writes always check. */
const LOOK_EVERY_MS = 250

/**
 * Opens a database file, or `:memory:`.
 * Writers are serialised on one connection, and those within one turn of the event loop are committed together: one wait for
 * the disk, each in a savepoint of its own. While a transaction is open, a file is read on a second connection, so readers see
 * only committed data and never wait (WAL); otherwise on the first, whose cache survives commits. In memory there is only one
 * connection, and readers wait while a transaction is open.
 * No wait for another program's lock happens within SQLite, which would block the process: a timer retries.
 * @param durable whether a commit waits for the disk (`synchronous = full`); only throw-away data may do without.
 * @param patience milliseconds to wait for other programs' locks.
 * @param image the bytes of a database file, as the first content of `:memory:`
 * @param turn waits for the turn of this process among those that write to the file, and gives the function that ends it: a lock of
 * SQLite has no queue, so whoever asks for it anew by a timer may wait for long.
 */
export function openSqlite(
  path: string,
  {
    durable = true,
    patience: asked = PATIENCE_MS,
    image,
    turn: takeTurn,
  }: { durable?: boolean; patience?: number; image?: Uint8Array; turn?: (() => Promise<() => void>) | undefined } = {},
): Database {
  const inMemory = path === ':memory:'
  const patience = Math.min(asked, LONGEST_PATIENCE_MS)
  const openReader = (wait?: number) => {
    const made = connect(path, { durable, wait })
    made.connection.exec('pragma query_only = on')
    return made
  }
  let writer = connect(path, { durable, image })
  let reader = inMemory ? writer : openReader()
  const isInPlace = inMemory ? () => true : placeOf(path)

  let statements = 0
  let commits = 0
  const count = () => {
    statements++
    countStatement()
  }
  let turn: Promise<unknown> = Promise.resolve()
  /** The transactions of the next group commit. */
  let group: Group | undefined
  /** Whether a writer waits for another program's lock. */
  let lockedOut = false
  /** Whether a connection has an error that a new connection may fix. */
  let suspect = false
  let lastLook = performance.now()
  let closing = false
  /** Counts what `pragma data_version` does not: new connections, and commits in memory. */
  let renewals = 0

  /** Translates an engine's error, and notes whether it may have broken the connection. */
  const failure = (error: unknown): unknown => {
    const meaning = translated(error)
    if (meaning instanceof UnavailableError && meaning.kind === 'away') suspect = !inMemory
    return meaning
  }

  /** Checks the file and the connections before use. Throws if they are unusable. */
  const look = () => {
    if (closing) throw new UnavailableError('away')
    if (!isInPlace()) throw new UnavailableError('away', new Error(`The database file ${path} was moved, removed or replaced.`))
    lastLook = performance.now()
    if (!suspect || group) return
    try {
      const fresh = [connect(path, { durable, wait: 0 }), openReader(0)] as const
      for (const { connection } of [writer, reader]) connection.close()
      ;[writer, reader] = fresh
      renewals++
      suspect = false
    } catch (error) {
      throw translated(error)
    }
  }

  /** Retries until a deadline while the database is locked. */
  const whileBusy = async <T>(attempt: () => T, until: number): Promise<T> => {
    for (let pause = 1; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        return attempt()
      } catch (error) {
        if (!(error instanceof UnavailableError && error.kind === 'busy') || closing || performance.now() >= until) throw error
      }
      await sleep(pause)
    }
  }

  const readNow = <R>(query: Sql): R[] => {
    if (suspect || closing || performance.now() - lastLook > LOOK_EVERY_MS) look()
    try {
      return (group ? reader : writer).all(query) as R[]
    } catch (error) {
      throw failure(error)
    }
  }

  /** The version of the data on the connection that never writes, so that its own commits are no exception. */
  const state = (): number | undefined => {
    if (inMemory) return renewals
    if (suspect || closing) return undefined
    try {
      return renewals * VERSIONS + reader.version()
    } catch (error) {
      failure(error)
      return undefined
    }
  }

  const read = <R>(query: Sql): Promise<R[]> => observed('sqlite', query.text, () => readCounted<R>(query))

  const readCounted = async <R>(query: Sql): Promise<R[]> => {
    count()
    while (inMemory && group) await group.promise.catch(() => {})
    try {
      return readNow<R>(query)
    } catch (error) {
      if (!(error instanceof UnavailableError && error.kind === 'busy')) throw error
      return whileBusy(() => readNow<R>(query), performance.now() + patience)
    }
  }

  /** Runs a step in the open transaction. After SQLite's own rollback, a further statement would commit at once, so it throws. */
  const within = <T>(step: () => T): T => {
    if (!writer.connection.isTransaction) throw group?.lost ?? new UnavailableError('away')
    try {
      return step()
    } catch (error) {
      const meaning = failure(error)
      if (group && !writer.connection.isTransaction) group.lost = meaning
      throw meaning
    }
  }

  const tx: Transaction = {
    engine: 'sqlite',
    all: async <R>(query: Sql) => {
      count()
      return observed('sqlite', query.text, () => within(() => writer.all(query))) as R[]
    },
    one: async <R>(query: Sql) => {
      count()
      return observed('sqlite', query.text, () => within(() => writer.all(query)))[0] as R | undefined
    },
    run: async (query) => {
      count()
      return observed('sqlite', query.text, () => within(() => writer.run(query)))
    },
    send: async (query) => void (await tx.run(query)),
    script: async (text) => within(() => writer.connection.exec(text)),
  }

  const turns = takeTurn && turnsOf(takeTurn)

  const exclusively = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = turn.then(work)
    turn = mine.catch(() => {})
    return mine
  }

  /** Starts a group unless one is open; it commits after all waiting writers have had their turn. */
  const open = async (until: number): Promise<Group> => {
    if (group) return group
    await turns?.begin(until)
    lockedOut = true
    try {
      await whileBusy(() => {
        look()
        control(sql`begin immediate`)
      }, until)
    } catch (error) {
      turns?.end()
      throw error
    } finally {
      lockedOut = false
    }
    group = Promise.withResolvers<void>()
    // Waiting writers receive the failure; without any, it must not become an unhandled rejection.
    group.promise.catch(() => {})
    setImmediate(() => exclusively(commit))
    return group
  }

  /** Runs a begin, commit or rollback. */
  const control = (statement: Sql): void => {
    try {
      writer.run(statement)
    } catch (error) {
      throw failure(error)
    }
  }

  const commit = async (): Promise<void> => {
    if (!group) return
    const { resolve } = group
    try {
      if (group.lost) throw group.lost
      await whileBusy(() => control(sql`commit`), performance.now() + patience)
      if (inMemory) renewals++
      commits++
      group = undefined
      turns?.end()
      resolve()
    } catch (error) {
      lose(error)
    }
  }

  /** Rolls the open group back. */
  const lose = (error: unknown): void => {
    const lost = group
    group = undefined
    try {
      if (writer.connection.isTransaction) writer.run(sql`rollback`)
    } catch {
      // A connection whose rollback fails is unusable; a new one does not have the transaction.
      suspect = !inMemory
    }
    turns?.end()
    lost?.reject(error)
  }

  /** Rolls one transaction of the group back; the whole group if that fails. */
  const takeBack = (reason: unknown): void => {
    try {
      if (!group?.lost) {
        writer.run(sql`rollback to one`)
        writer.run(sql`release one`)
        return
      }
    } catch {
      // The group is lost then.
    }
    lose(group?.lost ?? reason)
  }

  /** Runs work between two transactions. */
  const between = <T>(work: () => T): Promise<T> =>
    exclusively(async () => {
      await commit()
      return work()
    })

  const database: Database = {
    engine: 'sqlite',
    get statements() {
      return statements
    },
    get commits() {
      return commits
    },
    all: read,
    one: async <R>(query: Sql) => (await read<R>(query))[0],
    state,
    async transaction(work, { patience: own = patience } = {}) {
      if (lockedOut && own === 0) throw new UnavailableError('busy')
      const until = performance.now() + Math.min(own, LONGEST_PATIENCE_MS)
      const [result, { promise: committed }] = await exclusively(async () => {
        const group = await observed('sqlite', 'begin', () => open(until))
        within(() => writer.run(sql`savepoint one`))
        try {
          const result = await work(tx)
          within(() => writer.run(sql`release one`))
          return [result, group] as const
        } catch (error) {
          observed('sqlite', 'rollback', () => takeBack(error))
          throw error
        }
      })
      // Each transaction of a group waits for the same commit.
      await observed('sqlite', 'commit', () => committed)
      return result
    },
    async snapshot(work) {
      look()
      // In memory there is no second connection: writers wait.
      if (inMemory) return exclusively(() => commit().then(() => work(frozen(writer))))
      const own = openReader()
      try {
        // The first statement that reads fixes the moment.
        own.connection.exec('begin; select count(*) from sqlite_schema')
        return await work(frozen(own))
      } catch (error) {
        throw translated(error)
      } finally {
        own.connection.close()
      }
    },
    script: (text) =>
      between(() => {
        writer.connection.exec(text)
        if (inMemory) renewals++
      }),
    async ready() {
      look()
      await read(sql`select 1 as one`)
    },
    close: () => {
      closing = true
      return between(() => {
        if (!inMemory) {
          reader.connection.close()
          try {
            writer.connection.exec('pragma wal_checkpoint(truncate)')
          } catch {
            // Another program uses the file: the next one to open it reads the rest of the log.
          }
        }
        writer.connection.close()
      })
    },
  }
  if (!inMemory) return database
  const memory: Omit<MemoryDatabase, keyof Database> = {
    image: () => between(() => writer.connection.serialize()),
    restore: (image) =>
      between(() => {
        // Into a new connection: node:sqlite crashes now and then where the statements of one outlive its former content.
        const former = writer
        writer = connect(path, { durable, image })
        reader = writer
        renewals++
        former.connection.close()
      }),
  }
  return Object.assign(database, memory)
}

/** The turns of a process, one after the other. */
function turnsOf(take: () => Promise<() => void>): { begin(until: number): Promise<void>; end(): void } {
  let isWanted = false
  /** Ends the turn; undefined: it is not ours. */
  let leave: (() => void) | undefined
  let asked: Promise<void> | undefined
  const ask = async () => {
    try {
      const given = await take()
      if (isWanted) leave = given
      else given()
    } catch {
      // Whoever gives turns has gone, and this process goes as well.
    } finally {
      asked = undefined
    }
  }
  return {
    async begin(until) {
      isWanted = true
      asked ??= ask()
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, Math.max(LEAST_TURN_MS, Math.min(TURN_MS, until - performance.now())))
      })
      await Promise.race([asked, late])
      clearTimeout(timer)
    },
    end() {
      isWanted = false
      leave?.()
      leave = undefined
    },
  }
}

/** Reads on a connection whose transaction stays open. */
function frozen({ all, iterate }: ReturnType<typeof connect>): SnapshotReader {
  return {
    engine: 'sqlite',
    all: async <R>(query: Sql) => observed('sqlite', query.text, () => all(query)) as R[],
    one: async <R>(query: Sql) => observed('sqlite', query.text, () => all(query))[0] as R | undefined,
    async *batches(query, size) {
      let batch: Row[] = []
      for (const row of iterate(query)) {
        if (batch.push(row) < size) continue
        yield batch
        batch = []
        await nextTurn()
      }
      if (batch.length > 0) yield batch
    },
  }
}

/** Whether a database is in memory. */
export const isInMemory = (db: Database): db is MemoryDatabase => 'restore' in db

/** A function that checks whether the current file at `path` is still there. */
function placeOf(path: string): () => boolean {
  const there = statSync(path, { bigint: true })
  return () => {
    const now = statSync(path, { bigint: true, throwIfNoEntry: false })
    return now?.ino === there.ino && now.dev === there.dev
  }
}

function connect(
  path: string,
  { durable, wait = OPENING_MS, image }: { durable: boolean; wait?: number | undefined; image?: Uint8Array | undefined },
) {
  const connection = new DatabaseSync(path, { timeout: wait })
  if (image) connection.deserialize(image)
  connection.exec(`
    pragma journal_mode = wal;
    pragma synchronous = ${durable ? 'full' : 'off'};
    pragma foreign_keys = on;
    pragma temp_store = memory;
    pragma cache_size = -32000;
    pragma busy_timeout = 0`)
  try {
    connection.exec('pragma optimize = 0x10002')
  } catch {
    // It writes its statistics, which may fail. The next start can do so.
  }
  // From now on others wait for it: see `staleStatistics`.
  connection.exec('pragma analysis_limit = 1000')
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
      // The result includes the last inserted rowid, which in a text index may exceed JavaScript's integers.
      statement.setReadBigInts(true)
      return statement
    })

  const versioned = connection.prepare('pragma data_version')
  return {
    connection,
    /** Another number after every commit of another connection. */
    version: () => (versioned.get() as { data_version: number }).data_version,
    all({ text, values }: Sql): Row[] {
      const { statement, booleans, documents } = prepare(text)
      const rows = statement.all(...values.map(bind)) as Row[]
      if (booleans.length > 0 || documents.length > 0) for (const row of rows) typed(row, booleans, documents)
      return rows
    },
    *iterate({ text, values }: Sql): Iterable<Row> {
      const { statement, booleans, documents } = prepare(text)
      for (const row of statement.iterate(...values.map(bind)) as Iterable<Row>) yield typed(row, booleans, documents)
    },
    run({ text, values }: Sql): number {
      return Number(prepareWriting(text).run(...values.map(bind)).changes)
    },
  }
}

/** Gives values the types that their columns declare. */
function typed(row: Row, booleans: readonly string[], documents: readonly string[]): Row {
  for (const name of booleans) if (row[name] !== null) row[name] = row[name] !== 0
  for (const name of documents) if (typeof row[name] === 'string') row[name] = JSON.parse(row[name])
  return row
}

/** The cached value of a text, or a new one; evicts the oldest beyond the limit. */
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

/** SQLite's result codes (https://sqlite.org/rescode.html) for the environment, rather than for a faulty statement. */
const BUSY = 5
const LOCKED = 6
const NOMEM = 7
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const PROTOCOL = 15
const NOTADB = 26
const meanings: Readonly<Record<number, UnavailableError['kind']>> = {
  [BUSY]: 'busy',
  [LOCKED]: 'busy',
  [NOMEM]: 'busy',
  [PROTOCOL]: 'busy',
  [FULL]: 'full',
  [READONLY]: 'away',
  [IOERR]: 'away',
  [CANTOPEN]: 'away',
  [CORRUPT]: 'damaged',
  [NOTADB]: 'damaged',
}

/** Write errors (write, fsync, truncate, log index) caused by a full disk or a quota. */
const FAILED_WRITES = new Set([3, 4, 6, 19].map((n) => IOERR | (n << 8)))

function translated(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof UnavailableError) return error
  const { message } = error
  const [, table] = /UNIQUE constraint failed: (\w+)\.id$/.exec(message) ?? []
  if (table !== undefined) return new TakenIdError(table, message)
  if (/UNIQUE constraint failed/.test(message)) return new ConstraintError('unique', message)
  if (/FOREIGN KEY constraint failed/.test(message)) return new ConstraintError('foreign', message)
  const { errcode = 0, code } = error as { errcode?: number; code?: string }
  const kind = FAILED_WRITES.has(errcode) ? 'full' : code === 'ERR_INVALID_STATE' ? 'away' : meanings[errcode & 0xff]
  return kind ? new UnavailableError(kind, error) : error
}
