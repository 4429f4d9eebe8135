/** PostgreSQL by pg. Every way in which its values differ from SQLite's ends in this file. */
import pg from 'pg'
import { ConstraintError, type Database, type Row, type Transaction } from './database.ts'
import type { Sql } from './sql.ts'

const toNumber = (text: string) => Number(text)

/** `2026-11-24 10:26:43.1+00` as `2026-11-24T10:26:43.100Z`; sessions run in UTC. */
const toIso = (text: string) => {
  const [day, time] = text.split(' ') as [string, string]
  const [clock, fraction = ''] = time.replace(/\+00(:00)?$/, '').split('.') as [string, string?]
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

/** Opens a pool on a `postgres://` address. `schema` puts everything below one schema of that name. */
export function openPostgres(
  url: string,
  { connections = 10, schema }: { connections?: number; schema?: string } = {},
): Database {
  const pool = new pg.Pool({
    connectionString: url,
    max: connections,
    types: types as any,
    // Compiling a permission query costs far more than running it.
    options: `-c jit=off -c timezone=UTC${schema ? ` -c search_path=${schema}` : ''}`,
  })
  // An idle connection that breaks is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => {})

  let statements = 0
  const query = async (client: pg.Pool | pg.PoolClient, { text, values }: Sql): Promise<pg.QueryResult<Row>> => {
    statements++
    const spelled = spell(text)
    try {
      return await client.query({ ...spelled, values: values as unknown[] })
    } catch (error) {
      throw translated(error)
    }
  }

  const on = (client: pg.Pool | pg.PoolClient): Transaction => ({
    engine: 'postgres',
    all: async <R>(q: Sql) => (await query(client, q)).rows as R[],
    one: async <R>(q: Sql) => (await query(client, q)).rows[0] as R | undefined,
    run: async (q) => (await query(client, q)).rowCount ?? 0,
    script: async (text) => {
      await client.query(text)
    },
  })

  const once = async <T>(work: (tx: Transaction) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query('begin')
      const result = await work(on(client))
      await client.query('commit')
      return result
    } catch (error) {
      await client.query('rollback').catch((failure: Error) => {
        broken = failure
      })
      throw error
    } finally {
      client.release(broken)
    }
  }

  const { all, one, script } = on(pool)
  return {
    engine: 'postgres',
    all,
    one,
    get statements() {
      return statements
    },
    async transaction(work) {
      for (let attempt = 1; ; attempt++) {
        try {
          return await once(work)
        } catch (error) {
          if (attempt === MOST_ATTEMPTS || !isCollision(error)) throw error
        }
      }
    },
    script,
    close: () => pool.end(),
  }
}

/** Two transactions that waited for each other: PostgreSQL ends one, which can simply be done again. */
const isCollision = (error: unknown) => ['40P01', '40001'].includes((error as { code?: string }).code ?? '')
const MOST_ATTEMPTS = 5

const spelled = new Map<string, { name: string; text: string }>()

/** `?` as `$1`, `$2` …, and a name, so that each connection prepares a text once. */
function spell(text: string): { name: string; text: string } {
  let known = spelled.get(text)
  if (!known) {
    let n = 0
    known = { name: `h${spelled.size}`, text: text.replace(/\?/g, () => `$${++n}`) }
    spelled.set(text, known)
  }
  return known
}

function translated(error: unknown): unknown {
  const { code, message } = error as { code?: string; message: string }
  if (code === '23505') return new ConstraintError('unique', message)
  if (code === '23503') return new ConstraintError('foreign', message)
  return error
}
