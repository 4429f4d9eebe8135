/** PostgreSQL by pg. This file hides all differences of its values from SQLite's. */
import pg from 'pg'
import { inBatches } from './cursor.ts'
import {
  ConstraintError,
  countStatement,
  type Database,
  PATIENCE_MS,
  type Row,
  type Transaction,
  UnavailableError,
  waited,
} from './database.ts'
import { observed } from './observer.ts'
import { APPLICATION } from './postgres-name.ts'
import { type Sql, sql } from './sql.ts'

const toNumber = (text: string) => Number(text)

/** `2026-11-24 10:26:43.1+00` as `2026-11-24T10:26:43.100Z`; sessions run in UTC. */
const toIso = (text: string) => {
  const [day, time] = text.split(' ') as [string, string]
  const [clock, fraction = ''] = time.replace(/\+00(:00)?$/, '').split('.')
  return `${day}T${clock}.${fraction.padEnd(3, '0').slice(0, 3)}Z`
}

const parsers: Record<number, (text: string) => unknown> = {
  20: toNumber, // bigint, as count(*) gives it
  1700: toNumber, // numeric, as sum(integer) gives it
  1082: (text) => text, // date
  1184: toIso, // timestamptz
}

const types = {
  getTypeParser: (oid: number, format?: string) =>
    (format !== 'binary' && parsers[oid]) || pg.types.getTypeParser(oid, format as 'text'),
}

/** Grace period after the server's own statement timeout, in case the server does not enforce it. */
const MARGIN_MS = 300
/** Minimum time of a statement, regardless of the time that its request has waited. */
const LEAST_MS = 250
/** Time limit of `ready` and `close`. */
const MOMENT_MS = 1000
/** A transaction idle for so long belongs to a dead process. */
const FORSAKEN_MS = 60_000

/**
 * Opens a pool on a `postgres://` address. `schema` puts everything below one schema of that name.
 * Connections and responses have time limits, in case the server or the network hangs. A broken connection is replaced on its
 * next use; a statement that cannot have changed anything is retried on a new connection.
 * @param patience milliseconds that a statement, and a connection for it, may take; `Infinity` for no limit
 */
export function openPostgres(
  url: string,
  { connections = 10, schema, patience = PATIENCE_MS }: { connections?: number; schema?: string; patience?: number } = {},
): Database {
  const limit = Number.isFinite(patience) ? patience : 0
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    // A process that is idle is still found by its connection.
    min: 1,
    types: types,
    connectionTimeoutMillis: limit + (limit && MARGIN_MS),
    keepAlive: true,
    // By this name processes find each other.
    application_name: APPLICATION,
    // Compiling a permission query costs far more than running it.
    options: `-c jit=off -c timezone=UTC -c statement_timeout=${limit} -c lock_timeout=${limit} -c idle_in_transaction_session_timeout=${FORSAKEN_MS}${schema ? ` -c search_path=${schema}` : ''}`,
  })
  // The pool replaces a broken idle connection; without a listener the error would end the process.
  pool.on('error', () => {})
  /** The open connections, with the time of each connection's creation. */
  const made = new Map<pg.PoolClient, number>()
  const broken = new WeakSet<pg.PoolClient>()
  pool.on('connect', (client) => {
    made.set(client, performance.now())
    // The same holds for a connection in use. Its running query fails too, and reports the error.
    client.on('error', () => broken.add(client))
  })
  pool.on('remove', (client) => made.delete(client))
  /** Connections created before this time may be broken, or out of date. */
  let distrusted = 0
  /** Whether to prepare statements by name; not behind a pooler whose sessions share connections. */
  let named = true

  let statements = 0
  let commits = 0

  /** Closes a connection immediately, without waiting for the other side. */
  const cut = (client: pg.PoolClient, reason?: Error) => {
    broken.add(client)
    client.connection.stream.destroy(reason)
  }

  const giveBack = (client: pg.PoolClient) => {
    const isBroken = broken.has(client)
    if (isBroken) cut(client)
    client.release(isBroken)
  }

  /** A connection, within a time limit. Throws an UnavailableError if there is none. */
  const acquire = async (until: number): Promise<pg.PoolClient> => {
    for (;;) {
      const connecting = pool.connect()
      const client = await counted(
        before(until, connecting, () => {
          connecting.then(giveBack, () => {})
        }),
      ).catch((error: unknown) => {
        throw new UnavailableError(codeOf(error) === TOO_MANY_CONNECTIONS || error === LATE ? 'busy' : 'away', error)
      })
      if ((made.get(client) ?? 0) >= distrusted && !broken.has(client)) return client
      broken.add(client)
      giveBack(client)
    }
  }

  /** Runs a query on a connection. Translates errors, and marks connections that must not be used again. */
  const ask = async (client: pg.PoolClient, query: string | pg.QueryConfig, until: number): Promise<pg.QueryResult<Row>> => {
    const began = performance.now()
    try {
      return await counted(before(until, client.query<Row>(query), () => cut(client, LATE)))
    } catch (error) {
      // After a short time limit, a timeout says nothing about other connections.
      if (error === LATE && until - began < patience / 2) throw new UnavailableError('busy', error)
      const meaning = translated(error, broken.has(client))
      if (meaning instanceof Lost || codeOf(error) === READ_ONLY) {
        // All connections are likely to have the same fault.
        distrusted = performance.now()
        broken.add(client)
      }
      if (SHARED.includes(codeOf(error))) named = false
      throw meaning
    }
  }

  const query = (client: pg.PoolClient, { text, values }: Sql, until: number) => {
    statements++
    countStatement()
    const spelled = spell(text)
    return observed('postgres', text, () =>
      ask(client, { text: spelled.text, values: values as unknown[], ...(named && { name: spelled.name }) }, until),
    )
  }

  /** @param step returns the deadline of a statement that starts now */
  const on = (client: pg.PoolClient, step: () => number): Transaction => {
    const asked = (q: Sql) => query(client, q, step())
    return {
      engine: 'postgres',
      all: async <R>(q: Sql) => (await asked(q)).rows as R[],
      one: async <R>(q: Sql) => (await asked(q)).rows[0] as R | undefined,
      run: async (q) => (await asked(q)).rowCount ?? 0,
      // Migrations have no time limit.
      script: async (text) => {
        await ask(client, text, Infinity)
      },
    }
  }

  /** Runs work with a connection. */
  const using = async <T>(until: number, work: (client: pg.PoolClient) => Promise<T>): Promise<T> => {
    const client = await acquire(until)
    try {
      return await work(client)
    } finally {
      giveBack(client)
    }
  }

  /** Reads. After a lost connection it retries, as nothing can have changed. */
  const read = async (q: Sql, limit = patience): Promise<pg.QueryResult<Row>> => {
    const until = momentIn(limit)
    for (let attempt = 1; ; attempt++) {
      try {
        return await using(until, (client) => query(client, q, until + MARGIN_MS))
      } catch (error) {
        if (attempt === MOST_ATTEMPTS || !(error instanceof Lost) || performance.now() >= until) throw error
      }
    }
  }

  const once = async <T>(work: (tx: Transaction) => Promise<T>, own: number): Promise<T> => {
    // An optional write must not add to the waiting time of its request.
    const limit = own === Infinity ? own : Math.max(own, patience / 8)
    const until = momentIn(Math.min(limit, patience))
    const begin = `begin${own === patience ? '' : `; set local lock_timeout = ${Number.isFinite(own) ? Math.max(own, 1) : 0}`}${own === Infinity ? '; set local statement_timeout = 0' : ''}`
    for (let attempt = 1; ; attempt++) {
      const client = await acquire(until)
      try {
        try {
          await observed('postgres', 'begin', () => ask(client, begin, until + MARGIN_MS))
        } catch (error) {
          // Nothing has changed yet.
          if (attempt === MOST_ATTEMPTS || !(error instanceof Lost) || performance.now() >= until) throw error
          continue
        }
        return await committed(client, work, limit)
      } finally {
        giveBack(client)
      }
    }
  }

  /** Runs the work of an open transaction, and ends it. */
  const committed = async <T>(client: pg.PoolClient, work: (tx: Transaction) => Promise<T>, limit: number): Promise<T> => {
    let result: T
    try {
      result = await work(on(client, () => momentIn(limit) + MARGIN_MS))
    } catch (error) {
      // A connection whose rollback fails must not be used again.
      await observed('postgres', 'rollback', () => ask(client, 'rollback', performance.now() + MOMENT_MS)).catch(() =>
        broken.add(client),
      )
      throw error
    }
    // With the full time limit, regardless of the request's waiting time: an unknown outcome helps nobody.
    const { command } = await observed('postgres', 'commit', () => ask(client, 'commit', performance.now() + limit + MARGIN_MS))
      .finally(() => {
        // Also where the outcome is unknown.
        commits++
      })
      .catch((error: unknown) => {
        throw broken.has(client) ? new UnavailableError('unknown', error) : error
      })
    // PostgreSQL responds with another command if a statement failed and its error was ignored.
    if (command !== 'COMMIT') throw new Error('A transaction was committed although a statement in it had failed.')
    return result
  }

  return {
    engine: 'postgres',
    all: async <R>(q: Sql) => (await read(q)).rows as R[],
    one: async <R>(q: Sql) => (await read(q)).rows[0] as R | undefined,
    get statements() {
      return statements
    },
    get commits() {
      return commits
    },
    get connections() {
      const { totalCount, idleCount, waitingCount } = pool
      return { used: totalCount - idleCount, idle: idleCount, waiting: waitingCount }
    },
    async transaction(work, { patience: own = patience } = {}) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(work, own)
        } catch (error) {
          if (!(error instanceof Stale) && !isCollision(error)) throw error
          if (attempt === MOST_ATTEMPTS) throw error instanceof Stale ? error : new UnavailableError('busy', error)
        }
      }
    },
    snapshot: (work) =>
      using(Infinity, async (client) => {
        await ask(
          client,
          'begin transaction isolation level repeatable read read only; set local statement_timeout = 0',
          Infinity,
        )
        try {
          return await work(inBatches(on(client, () => Infinity)))
        } finally {
          await ask(client, 'rollback', Infinity).catch(() => broken.add(client))
        }
      }),
    script: (text) => using(Infinity, async (client) => void (await ask(client, text, Infinity))),
    async ready() {
      const { rows } = await read(sql`select current_setting('transaction_read_only') = 'on' as readonly`, MOMENT_MS)
      if (rows[0]?.readonly) {
        distrusted = performance.now()
        throw new UnavailableError('away', new Error('The database is read-only.'))
      }
    },
    async close() {
      const gone = new Promise<void>((resolve) => {
        const see = () => made.size === 0 && resolve()
        pool.on('remove', see)
        see()
      })
      await before(performance.now() + MOMENT_MS, Promise.all([pool.end(), gone]), () => {}).catch(() => {})
      for (const client of made.keys()) cut(client)
    },
  }
}

const LATE = new Error('The database did not respond in time.')

/** The deadline for `limit` milliseconds, minus the time that the request has already waited. */
function momentIn(limit: number): number {
  const spent = waited.getStore()?.ms ?? 0
  return performance.now() + (spent === 0 ? limit : Math.max(Math.min(LEAST_MS, limit), limit - spent))
}

/** Counts the time that a request waits for a promise; concurrent waits count once. */
async function counted<T>(promise: Promise<T>): Promise<T> {
  const store = waited.getStore()
  if (!store) return promise
  const began = performance.now()
  try {
    return await promise
  } finally {
    const now = performance.now()
    store.ms += now - Math.max(began, store.until)
    store.until = now
  }
}

/** The result of a promise; after the deadline, rejects with LATE and calls `late`. */
function before<T>(until: number, promise: Promise<T>, late: () => void): Promise<T> {
  if (until === Infinity) return promise
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => {
        reject(LATE)
        late()
      },
      Math.max(0, until - performance.now()),
    )
    promise.then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

/** A connection was lost, with its running query. */
class Lost extends UnavailableError {
  constructor(cause: unknown) {
    super('away', cause)
  }
}

/** A statement was prepared for a former schema, or on another connection. */
class Stale extends Lost {}

/** PostgreSQL's codes (its documentation, appendix A). */
const TOO_MANY_CONNECTIONS = '53300'
const READ_ONLY = '25006'
/** The name of a prepared statement is missing or exists already: a pooler shares connections between sessions. */
const SHARED = ['26000', '42P05']
const COLLISIONS = ['40P01', '40001']
/** The server shuts down, starts up, or ended an idle session; the user or the database is unknown. */
const ENDINGS = /^(08...|25P03|28...|3D000|57P..)$/
const meanings: readonly (readonly [RegExp, UnavailableError['kind']])[] = [
  [/^53100$/, 'full'],
  // Insufficient resources, a lock timeout, or a statement timeout.
  [/^(53...|55P03|57014)$/, 'busy'],
  [/^(25006|58030)$/, 'away'],
  [/^XX00[12]$/, 'damaged'],
]

const codeOf = (error: unknown): string => (error instanceof pg.DatabaseError && error.code) || ''

/** A deadlock or serialisation failure: PostgreSQL aborts one transaction, which can be retried. */
const isCollision = (error: unknown) => COLLISIONS.includes(codeOf(error))
const MOST_ATTEMPTS = 5

const spelled = new Map<string, { name: string; text: string }>()

/** Replaces `?` by `$1`, `$2` …, and names the statement, so that each connection prepares a text once. */
function spell(text: string): { name: string; text: string } {
  let known = spelled.get(text)
  if (!known) {
    let n = 0
    known = { name: `h${spelled.size}`, text: text.replace(/\?/g, () => `$${++n}`) }
    spelled.set(text, known)
  }
  return known
}

/** Translates an error. On a broken connection, an error that is not from the server means that it was lost. */
function translated(error: unknown, isBroken: boolean): unknown {
  if (!(error instanceof pg.DatabaseError)) return isBroken || error === LATE ? new Lost(error) : error
  const { code = '', message } = error
  if (code === '23505') return new ConstraintError('unique', message)
  if (code === '23503') return new ConstraintError('foreign', message)
  if (ENDINGS.test(code)) return new Lost(error)
  if (SHARED.includes(code) || error.routine === 'RevalidateCachedQuery') return new Stale(error)
  const [, kind] = meanings.find(([codes]) => codes.test(code)) ?? []
  return kind ? new UnavailableError(kind, error) : error
}
