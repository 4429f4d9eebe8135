/**
 * A connection to PostgreSQL that takes batches of statements without waiting for those before.
 *
 * A batch is one message and one answer (the extended protocol with a single Sync): its statements run in order, and after a failed
 * one the rest is skipped. Each text is prepared once and described once for each connection; what is sent in one turn of the event
 * loop leaves in one write.
 */
import pg from 'pg'
import type { Row } from './database.ts'
import type { Sql } from './sql.ts'

/** What a statement gave. */
export interface Outcome {
  readonly rows: Row[]
  /** The number of rows that it returned or changed. */
  readonly count: number
  /** The first word of its kind, such as `INSERT`. */
  readonly command: string
}

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

/** A column of a result. */
interface Column {
  readonly name: string
  readonly parse: (text: string) => unknown
}

/** A text as a connection knows it. */
interface Prepared {
  readonly name: string
  /** The columns of its rows; undefined: it has to be prepared, as it never was, or its last use failed. */
  columns?: readonly Column[] | undefined
}

/** The texts that a connection keeps prepared. */
const KEPT_STATEMENTS = 500

export class Line {
  readonly #client: pg.Client
  /** By text, the one that was used longest ago first. */
  readonly #prepared = new Map<string, Prepared>()
  #names = 0
  #isCorked = false

  constructor(client: pg.Client) {
    this.#client = client
  }

  /**
   * Runs statements in order, as one batch.
   * @param named whether to prepare them by name; not behind a pooler whose sessions share connections
   * @returns the outcome of each
   * @throws the error of the first one that fails; those after it did not run
   */
  run(steps: readonly Sql[], named: boolean): Promise<Outcome[]> {
    const { promise, resolve, reject } = Promise.withResolvers<Outcome[]>()
    const values = steps.map((step) => step.values.map(bound))
    const prepared: Prepared[] = []
    const send = (connection: pg.Connection) => {
      this.#cork(connection)
      for (const [i, { text }] of steps.entries()) {
        const one = named ? this.#known(text, connection) : { name: '' }
        prepared.push(one)
        if (!one.columns) {
          // A statement that failed may have been prepared or not. To close an unknown one is no error.
          if (one.name) connection.close({ type: 'S', name: one.name }, true)
          connection.parse({ text: spelled(text), name: one.name, types: [] }, true)
          connection.describe({ type: 'S', name: one.name }, true)
        }
        connection.bind({ statement: one.name, values: values[i] as (string | Buffer | null)[] }, true)
        connection.execute({}, true)
      }
      connection.sync()
    }
    this.#client.query(new Batch(prepared, send, resolve, reject))
    return promise
  }

  /** Gathers all that is written in this turn of the event loop into one write. */
  #cork({ stream }: pg.Connection): void {
    if (this.#isCorked) return
    this.#isCorked = true
    stream.cork()
    setImmediate(() => {
      this.#isCorked = false
      stream.uncork()
    })
  }

  #known(text: string, connection: pg.Connection): Prepared {
    let known = this.#prepared.get(text)
    if (known) this.#prepared.delete(text)
    else {
      known = { name: `h${++this.#names}` }
      if (this.#prepared.size >= KEPT_STATEMENTS) {
        const [oldest, { name }] = this.#prepared.entries().next().value as [string, Prepared]
        this.#prepared.delete(oldest)
        connection.close({ type: 'S', name }, true)
      }
    }
    this.#prepared.set(text, known)
    return known
  }
}

/** Statements on their way: what pg calls with each message that answers them. It takes several only from its own class. */
class Batch extends pg.Query {
  readonly #prepared: readonly Prepared[]
  readonly #done: (outcomes: Outcome[]) => void
  readonly #failed: (error: Error) => void
  readonly #outcomes: Outcome[] = []
  #columns: readonly Column[] | undefined
  #rows: Row[] = []
  /** The first error of ours, such as a value that is no JSON. */
  #error: Error | undefined
  override submit: (connection: pg.Connection) => void

  constructor(
    prepared: readonly Prepared[],
    submit: (connection: pg.Connection) => void,
    done: (outcomes: Outcome[]) => void,
    failed: (error: Error) => void,
  ) {
    super('')
    this.#prepared = prepared
    this.submit = submit
    this.#done = done
    this.#failed = failed
  }

  handleRowDescription({ fields }: { fields: pg.FieldDef[] }): void {
    this.#columns = fields.map(({ name, dataTypeID }) => ({
      name,
      parse: parsers[dataTypeID] ?? pg.types.getTypeParser(dataTypeID, 'text'),
    }))
  }

  handleDataRow({ fields }: { fields: (string | null)[] }): void {
    this.#columns ??= this.#prepared[this.#outcomes.length]?.columns
    const columns = this.#columns as readonly Column[]
    const row: Row = {}
    try {
      for (let i = 0; i < fields.length; i++) {
        const { name, parse } = columns[i] as Column
        const text = fields[i]
        row[name] = text === null ? null : parse(text as string)
      }
    } catch (error) {
      this.#error ??= error as Error
    }
    this.#rows.push(row)
  }

  handleCommandComplete({ text }: { text: string }): void {
    const prepared = this.#prepared[this.#outcomes.length] as Prepared
    prepared.columns ??= this.#columns ?? []
    const words = text.split(' ')
    this.#outcomes.push({ rows: this.#rows, count: Number(words.at(-1)) || 0, command: words[0] as string })
    this.#rows = []
    this.#columns = undefined
  }

  handleReadyForQuery(): void {
    if (this.#error) this.#failed(this.#error)
    else this.#done(this.#outcomes)
  }

  handleError(error: Error): void {
    const failed = this.#prepared[this.#outcomes.length]
    if (failed) failed.columns = undefined
    this.#failed(error)
  }
}

/** A text with `$1`, `$2` … in place of `?`. */
function spelled(text: string): string {
  let n = 0
  return text.replace(/\?/g, () => `$${++n}`)
}

/** A value as PostgreSQL reads it. */
function bound(value: unknown): string | Buffer | null {
  if (value === null || value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value !== 'object') return String(value)
  if (Array.isArray(value)) return arrayOf(value)
  if (value instanceof Uint8Array) return Buffer.from(value.buffer, value.byteOffset, value.byteLength)
  return JSON.stringify(value)
}

function arrayOf(list: readonly unknown[]): string {
  const elements = list.map((one) => {
    if (one === null || one === undefined) return 'NULL'
    if (typeof one === 'number' || typeof one === 'boolean') return one
    return `"${String(bound(one)).replace(/[\\"]/g, '\\$&')}"`
  })
  return `{${elements.join()}}`
}
