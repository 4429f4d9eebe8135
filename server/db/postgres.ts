/** PostgreSQL by pg. This file hides all differences of its values from SQLite's. */
import pg from 'pg'
import { inBatches } from './cursor.ts'
import {
  ConstraintError,
  countStatement,
  type Database,
  PATIENCE_MS,
  type Reader,
  TakenIdError,
  type Transaction,
  UnavailableError,
  waited,
} from './database.ts'
import { observedTogether } from './observer.ts'
import { createLanes } from './postgres-lanes.ts'
import { Line, type Outcome } from './postgres-line.ts'
import { APPLICATION } from './postgres-name.ts'
import { name, raw, type Sql, sql } from './sql.ts'

/** Grace period after the server's own statement timeout, in case the server does not enforce it. */
const MARGIN_MS = 300
/** Minimum time of a statement, regardless of the time that its request has waited. */
const LEAST_MS = 250
/** Time limit of `ready` and `close`. */
const MOMENT_MS = 1000
/** The share of the connections that are lanes. */
const LANES_SHARE = 0.4
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
  const most = Math.floor(connections * LANES_SHARE)
  const settings = (further: string): pg.PoolConfig => ({
    connectionString: url,
    connectionTimeoutMillis: limit + (limit && MARGIN_MS),
    keepAlive: true,
    pipeline: true,
    // By this name processes find each other.
    application_name: APPLICATION,
    // Compiling a permission query costs far more than running it.
    options: `-c jit=off -c timezone=UTC -c statement_timeout=${limit} -c lock_timeout=${limit} -c idle_in_transaction_session_timeout=${FORSAKEN_MS}${schema ? ` -c search_path=${schema}` : ''}${further}`,
  })
  // A process that is idle is still found by its connection.
  const pool = new pg.Pool({ ...settings(''), max: connections - most, min: 1 })
  /** Lends the connections of the lanes for good. A plan for any values saves planning, which takes longer than what runs there. */
  const lending = new pg.Pool({ ...settings(' -c plan_cache_mode=force_generic_plan'), max: Math.max(most, 1) })
  /** The open connections, with the time of each connection's creation. */
  const made = new Map<pg.PoolClient, number>()
  const lines = new WeakMap<pg.PoolClient, Line>()
  const broken = new WeakSet<pg.PoolClient>()
  for (const one of [pool, lending]) {
    // The pool replaces a broken idle connection; without a listener the error would end the process.
    one.on('error', () => {})
    one.on('connect', (client) => {
      made.set(client, performance.now())
      lines.set(client, new Line(client))
      // The same holds for a connection in use. Its running query fails too, and reports the error.
      client.on('error', () => broken.add(client))
    })
    one.on('remove', (client) => made.delete(client))
  }
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
    const isGood = isSound(client)
    if (!isGood) cut(client)
    client.release(!isGood)
  }

  /** A connection, within a time limit. Throws an UnavailableError if there is none. */
  const acquire = async (until: number, from = pool): Promise<pg.PoolClient> => {
    for (;;) {
      const connecting = from.connect()
      const client = await counted(
        before(until, connecting, () => {
          connecting.then(giveBack, () => {})
        }),
      ).catch((error: unknown) => {
        throw new UnavailableError(codeOf(error) === TOO_MANY_CONNECTIONS || error === LATE ? 'busy' : 'away', error)
      })
      if (isSound(client)) return client
      giveBack(client)
    }
  }

  const isSound = (client: pg.PoolClient) => (made.get(client) ?? 0) >= distrusted && !broken.has(client)

  const lanes = createLanes(most, () => acquire(performance.now() + patience, lending), isSound, giveBack)

  /** Waits for a connection's response. Translates errors, and marks connections that must not be used again. */
  const answered = async <T>(client: pg.PoolClient, response: Promise<T>, until: number): Promise<T> => {
    const began = performance.now()
    try {
      return await counted(before(until, response, () => cut(client, LATE)))
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

  /** Runs statements as one batch, and returns the outcome of each. */
  const ask = (client: pg.PoolClient, steps: readonly Sql[], until: number): Promise<Outcome[]> =>
    observedTogether(
      'postgres',
      steps.map(({ text }) => text),
      () => answered(client, (lines.get(client) as Line).run(steps, named), until),
    )

  /** Runs plain text. */
  const script = (client: pg.PoolClient, text: string): Promise<unknown> => answered(client, client.query(text), Infinity)

  const query = async (client: pg.PoolClient, q: Sql, until: number): Promise<Outcome> => {
    statements++
    countStatement()
    return (await ask(client, [q], until))[0] as Outcome
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
  const read = async (q: Sql, limit = patience): Promise<Outcome> => {
    const until = momentIn(limit)
    for (let attempt = 1; ; attempt++) {
      try {
        const late = until + MARGIN_MS
        return await (lanes.run(q, (client) => query(client, q, late)) ?? using(until, (client) => query(client, q, late)))
      } catch (error) {
        if (attempt === MOST_ATTEMPTS || !(error instanceof Lost) || performance.now() >= until) throw error
      }
    }
  }

  /** Runs work in a transaction, whose beginning leaves with its first statement, and its end with those that nobody waits for. */
  const once = async <T>(work: (tx: Transaction) => Promise<T>, own: number): Promise<T> => {
    // An optional write must not add to the waiting time of its request.
    const limit = own === Infinity ? own : Math.max(own, patience / 8)
    const until = momentIn(Math.min(limit, patience))
    let client = await acquire(until)
    let isHeld = true
    let unsent = [BEGIN]
    if (own !== patience) unsent.push(raw(`set local lock_timeout = ${Number.isFinite(own) ? Math.max(own, 1) : 0}`))
    if (own === Infinity) unsent.push(raw('set local statement_timeout = 0'))
    let isOpen = false
    /** Opens the transaction: nothing else may overtake that. */
    let opening: Promise<unknown> | undefined

    const open = async (steps: readonly Sql[], limit: number): Promise<Outcome[]> => {
      for (let attempt = 1; ; attempt++) {
        try {
          const outcomes = await ask(client, steps, limit)
          isOpen = true
          return outcomes
        } catch (error) {
          isOpen = !broken.has(client)
          // Nothing has changed yet.
          if (isOpen || steps.at(-1) === COMMIT || attempt === MOST_ATTEMPTS || performance.now() >= until) throw error
          giveBack(client)
          isHeld = false
          client = await acquire(until)
          isHeld = true
        }
      }
    }
    /** Sends what is unsent and these statements, and returns the outcome of the last one. */
    const send = async (steps: readonly Sql[], limit: number): Promise<Outcome> => {
      while (opening) await opening.catch(() => {})
      if (!isOpen && unsent[0] !== BEGIN) throw new UnavailableError('away')
      const all = [...unsent, ...steps]
      unsent = []
      if (isOpen) return (await ask(client, all, limit)).at(-1) as Outcome
      const outcomes = open(all, limit)
      opening = outcomes
      try {
        return (await outcomes).at(-1) as Outcome
      } finally {
        opening = undefined
      }
    }
    const asked = (q: Sql) => {
      statements++
      countStatement()
      return send([q], momentIn(limit) + MARGIN_MS)
    }
    const tx: Transaction = {
      ...readerOf(asked),
      run: async (q) => (await asked(q)).count,
      async send(q) {
        if (unsent.length >= MOST_UNSENT) return void (await asked(q))
        statements++
        countStatement()
        unsent.push(q)
      },
      async script(text) {
        await send([], Infinity)
        await script(client, text)
      },
    }
    try {
      const result = await work(tx)
      if (isOpen || opening || unsent.at(-1) !== BEGIN) {
        // With the full time limit, regardless of the request's waiting time: an unknown outcome helps nobody.
        const { command } = await send([COMMIT], performance.now() + limit + MARGIN_MS)
          .finally(() => {
            // Also where the outcome is unknown.
            commits++
          })
          .catch((error: unknown) => {
            throw broken.has(client) ? new UnavailableError('unknown', error) : error
          })
        // PostgreSQL responds with another command if a statement failed and its error was ignored.
        if (command !== 'COMMIT') throw new Error('A transaction was committed although a statement in it had failed.')
      }
      return result
    } catch (error) {
      // A connection whose rollback fails must not be used again.
      if (isOpen && !broken.has(client))
        await ask(client, [ROLLBACK], performance.now() + MOMENT_MS).catch(() => broken.add(client))
      throw error
    } finally {
      if (isHeld) giveBack(client)
    }
  }

  /** Has a sequence of ids go on after the rows that there are: rows that come from elsewhere do not advance it. */
  const catchUp = (table: string) => {
    const sequence = sql`cast(pg_get_serial_sequence(${table}, 'id') as regclass)`
    const next = sql`greatest(nextval(${sequence}), (select max(id) + 1 from ${name(table)}))`
    return using(momentIn(patience), (client) =>
      query(client, sql`select setval(${sequence}, ${next}, false) as next`, momentIn(patience) + MARGIN_MS),
    )
  }

  return {
    ...readerOf(read),
    get statements() {
      return statements
    },
    get commits() {
      return commits
    },
    get connections() {
      const { totalCount, idleCount, waitingCount } = pool
      const { busy, count } = lanes
      return { used: totalCount - idleCount + busy, idle: idleCount + count - busy, waiting: waitingCount }
    },
    async transaction(work, { patience: own = patience } = {}) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(work, own)
        } catch (error) {
          if (error instanceof TakenIdError && attempt < MOST_ATTEMPTS) {
            await catchUp(error.table)
            continue
          }
          if (!(error instanceof Stale) && !isCollision(error)) throw error
          if (attempt === MOST_ATTEMPTS) throw error instanceof Stale ? error : new UnavailableError('busy', error)
        }
      }
    },
    snapshot: (work) =>
      using(Infinity, async (client) => {
        await script(client, 'begin transaction isolation level repeatable read read only; set local statement_timeout = 0')
        try {
          return await work(inBatches(readerOf((q) => query(client, q, Infinity))))
        } finally {
          await ask(client, [ROLLBACK], Infinity).catch(() => broken.add(client))
        }
      }),
    script: (text) => using(Infinity, async (client) => void (await script(client, text))),
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
        for (const one of [pool, lending]) one.on('remove', see)
        see()
      })
      lanes.close()
      await before(performance.now() + MOMENT_MS, Promise.all([pool.end(), lending.end(), gone]), () => {}).catch(() => {})
      for (const client of made.keys()) cut(client)
    },
  }
}

const readerOf = (ask: (query: Sql) => Promise<Outcome>): Reader => ({
  engine: 'postgres',
  all: async <R>(query: Sql) => (await ask(query)).rows as R[],
  one: async <R>(query: Sql) => (await ask(query)).rows[0] as R | undefined,
})

const BEGIN = raw('begin')
const COMMIT = raw('commit')
const ROLLBACK = raw('rollback')
/** The statements that wait in a transaction to be sent. */
const MOST_UNSENT = 50

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

/** Translates an error. On a broken connection, an error that is not from the server means that it was lost. */
function translated(error: unknown, isBroken: boolean): unknown {
  if (!(error instanceof pg.DatabaseError)) return isBroken || error === LATE ? new Lost(error) : error
  const { code = '', message } = error
  if (code === '23505' && error.constraint === `${error.table}_pkey` && error.detail?.includes('(id)='))
    return new TakenIdError(error.table as string, message)
  if (code === '23505') return new ConstraintError('unique', message)
  if (code === '23503') return new ConstraintError('foreign', message)
  if (ENDINGS.test(code)) return new Lost(error)
  if (SHARED.includes(code) || error.routine === 'RevalidateCachedQuery') return new Stale(error)
  const [, kind] = meanings.find(([codes]) => codes.test(code)) ?? []
  return kind ? new UnavailableError(kind, error) : error
}
