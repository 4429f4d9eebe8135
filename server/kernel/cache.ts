/** The cache of a process, shared by requests: values are never older than the start of a request. */
import type { Reader, Row, Transaction } from '#db/database.ts'
import { dataState } from '#db/dialect.ts'
import { join, lengthy, name, type Sql, sql } from '#db/sql.ts'
import type { TableName, Tables } from '#db/tables.ts'

/** Topics of invalidation: each has a counter in `revisions`, raised in the transaction of a change. */
export type CacheTopic =
  /** Any topic. */
  | 'all'
  | 'settings'
  | 'principals'
  | 'tokens'
  | 'sessions'
  | 'oauth'
  /** Identity providers, and the links of users to them. */
  | 'auth_providers'
  | 'roles'
  | 'memberships'
  | 'projects'
  | 'types'
  | 'statuses'
  | 'priorities'
  | 'time_entry_activities'
  | 'workflows'
  | 'categories'
  /** Work packages that are being deleted. */
  | 'work_package_deletions'
  /** Rows that are being removed. */
  | 'removals'
  | 'versions'
  | 'project_phase_definitions'
  | 'sprints'
  | 'non_working_days'
  | 'custom_fields'
  | 'custom_options'
  | 'custom_field_items'
  | 'custom_actions'

/** The counters at the start of a request, and the values cached under them. */
export interface Snapshot {
  /**
   * The value under `key`, loaded unless it was cached since the last change of the topics.
   * @param load must read after this snapshot was taken, so that its result is at least as new.
   */
  remember<T>(key: string, topics: readonly CacheTopic[], load: () => Promise<T> | T): Promise<T>
  /** The value under `key`, if it was cached since the last change of the topics. */
  known<T>(key: string, topics: readonly CacheTopic[]): T | undefined
  /** Another number after every change of any topic. */
  readonly revision: number
  /** Values that hold until the next commit of anybody, by their query: see `sharedRows`. */
  readonly untilCommit: {
    get(query: Sql): unknown
    /** @param value read after this snapshot was taken, and not changed by those who get it */
    set(query: Sql, value: unknown): void
    /** The value of a query that somebody else has begun to load in the same state; otherwise loads and sets it. */
    share<T>(query: Sql, load: () => Promise<T>): Promise<T>
  }
}

export interface Cache {
  /** Reads the counters: one statement, or none where the database tells without one that nothing was committed. */
  snapshot(db: Reader): Promise<Snapshot>
}

const KEPT = 20_000
const KEPT_UNTIL_COMMIT = 2000

/** A new, empty cache; one per database. */
export function createCache(): Cache {
  let total = -1
  let revisions = new Map<string, number>()
  /** The state of the database in which the counters were read. */
  let state: number | string | undefined
  /** Values of that state. */
  const fleeting = new Map<string, unknown>()
  /** Those that are being loaded in that state. */
  const loading = new Map<string, Promise<unknown>>()
  const kept = new Map<string, { stamp: number; value: unknown }>()

  return {
    async snapshot(db) {
      const before = db.state?.()
      let now: number | string | undefined = before
      if (before === undefined || before !== state) {
        const row = await db.one<{ value: number; state: string | null }>(
          sql`select value, ${dataState(db.engine)} as state from revisions where name = 'all'`,
        )
        now = before ?? row?.state ?? undefined
        const seen = row?.value ?? 0
        if (seen !== total) {
          const rows = await db.all<{ name: string; value: number }>(sql`select name, value from revisions`)
          revisions = new Map(rows.map((r) => [r.name, r.value]))
          total = revisions.get('all') ?? 0
        }
        if (now !== state) {
          fleeting.clear()
          loading.clear()
        }
        state = now
      }
      const mine = revisions
      const { commits } = db
      // A request that has written itself reads anew.
      const isCurrent = () => now !== undefined && now === state && db.commits === commits
      const set = (query: Sql, value: unknown) => {
        // What was read since is as new as this state, or newer.
        if (!isCurrent()) return
        if (fleeting.size >= KEPT_UNTIL_COMMIT) fleeting.delete(fleeting.keys().next().value as string)
        fleeting.set(keyOf(query), value)
      }
      return {
        revision: total,
        known<T>(key: string, topics: readonly CacheTopic[]): T | undefined {
          const known = kept.get(key)
          return known?.stamp === stampOf(mine, topics) ? (known.value as T) : undefined
        },
        async remember<T>(key: string, topics: readonly CacheTopic[], load: () => Promise<T> | T): Promise<T> {
          const stamp = stampOf(mine, topics)
          const known = kept.get(key)
          if (known && known.stamp === stamp) return known.value as T
          const value = await load()
          // Counters only grow, so a greater sum is a later state; a slow request must not restore an older one.
          const now = kept.get(key)
          if (!now || now.stamp <= stamp) {
            if (kept.size >= KEPT && !now) kept.delete(kept.keys().next().value as string)
            kept.set(key, { stamp, value })
          }
          return value
        },
        untilCommit: {
          get: (query) => (isCurrent() ? fleeting.get(keyOf(query)) : undefined),
          set,
          async share<T>(query: Sql, load: () => Promise<T>): Promise<T> {
            if (!isCurrent()) return load()
            const key = keyOf(query)
            const other = loading.get(key) as Promise<T> | undefined
            // The other one may have failed because it had waited before.
            if (other) return other.catch(load)
            const mine = load()
            loading.set(key, mine)
            try {
              const value = await mine
              set(query, value)
              return value
            } finally {
              if (loading.get(key) === mine) loading.delete(key)
            }
          },
        },
      }
    },
  }
}

/** The sum of the topics' counters. */
function stampOf(revisions: ReadonlyMap<string, number>, topics: readonly CacheTopic[]): number {
  let stamp = 0
  for (const topic of topics) stamp += revisions.get(topic) ?? 0
  return stamp
}

const keyOf = ({ text, values }: Sql): string => `${text} ${JSON.stringify(values)}`

/** What is read, and by whom. */
interface Reading {
  readonly db: Reader
  /** The database itself, where `db` is a transaction, which reads what is not committed. */
  readonly outside: Reader
  readonly snapshot: Snapshot
}

/** The rows of a query that have been read since the last commit; undefined if there are none. */
export const knownRows = <R = Row>({ db, outside, snapshot }: Reading, query: Sql): readonly R[] | undefined =>
  db === outside ? (snapshot.untilCommit.get(query) as readonly R[] | undefined) : undefined

/** Remembers the rows of a query until the next commit. */
export function keepRows<R = Row>({ db, outside, snapshot }: Reading, query: Sql, rows: readonly R[]): void {
  if (db === outside) snapshot.untilCommit.set(query, rows)
}

/**
 * The rows of a query, remembered until the next commit, and read once for all that ask at the same time: for what takes long and
 * many ask for, such as totals.
 */
export async function sharedRows<R = Row>(reading: Reading, query: Sql): Promise<readonly R[]> {
  const known = knownRows<R>(reading, query)
  if (known) return known
  const load = () => reading.db.all<R>(lengthy(query))
  return reading.db === reading.outside ? reading.snapshot.untilCommit.share(query, load) : load()
}

/** Raises the counters of topics that this transaction changes. */
export async function invalidate(tx: Transaction, ...topics: readonly CacheTopic[]): Promise<void> {
  const names = ['all', ...new Set(topics)].sort()
  await tx.send(
    sql`insert into revisions (name, value) values ${join(names.map((n) => sql`(${n}, 1)`))} on conflict (name) do update set value = revisions.value + 1`,
  )
}

/** All rows of a small table by id, in the order given. */
export async function allRows<T extends CacheTopic & TableName>(
  db: Reader,
  snapshot: Snapshot,
  table: T,
  order = 'id',
): Promise<ReadonlyMap<number, Tables[T]>> {
  return snapshot.remember(`rows ${table}`, [table], async () => {
    const rows = await db.all<Tables[T] & { id: number }>(sql`select * from ${name(table)} order by ${name(order)}, id`)
    return new Map(rows.map((row) => [row.id, row]))
  })
}

/** All rows of a small table, if they are cached. */
export const knownAll = <T extends CacheTopic & TableName>(
  snapshot: Snapshot,
  table: T,
): ReadonlyMap<number, Tables[T]> | undefined => snapshot.known(`rows ${table}`, [table])

/** The row with an id; undefined without an id. */
export const rowOf = <R>(rows: ReadonlyMap<number, R>, id: number | null | undefined): R | undefined =>
  typeof id === 'number' ? rows.get(id) : undefined

/** Rows of a larger table by id, if all of them are cached. */
export function knownSome(snapshot: Snapshot, table: CacheTopic, ids: Iterable<number>): ReadonlyMap<number, Row> | undefined {
  const known = snapshot.known<ReadonlyMap<number, Row>>(`some ${table}`, [table])
  if (!known) return undefined
  for (const id of ids) if (!known.has(id)) return undefined
  return known
}

/** Rows of a larger table by id: `read` loads only those that are not cached. */
export async function rowsById(
  snapshot: Snapshot,
  table: CacheTopic,
  ids: Iterable<number>,
  read: (ids: number[]) => Promise<Row[]>,
): Promise<ReadonlyMap<number, Row>> {
  const known = await snapshot.remember(`some ${table}`, [table], () => new Map<number, Row>())
  const missing = [...new Set(ids)].filter((id) => !known.has(id))
  if (missing.length > 0) {
    if (known.size > KEPT) known.clear()
    for (const row of await read(missing)) known.set(row.id, row)
  }
  return known
}
