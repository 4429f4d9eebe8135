/** Words looked for in the texts of a resource: by their indexes where there is much to read, by reading where there is little. */
import { hasWords, marked, narrowed, narrowedRows, wordsOf } from '#db/search.ts'
import { and, FALSE, join, name, or, type Sql, sql, TRUE } from '#db/sql.ts'
import type { Context, Queryable, Resource } from '#kernel/declaration.ts'
import { visibleWhere } from './load.ts'

/** An indexed text in which rows are found: their own, or one in another table. */
export interface Text {
  readonly table: string
  readonly column: string
  /** In another table, the column with the id of the row that it belongs to, or what gives it. */
  readonly of?: string | ((table: string) => Sql)
  /** Longer than that reading a few would be faster than asking the index. */
  readonly long?: boolean
  /** Which rows of the table count, and may be read by the viewer. */
  readonly where?: (context: Context, table: string) => Sql | Promise<Sql>
  /** Whether the words are there, where that is more than that the column has them. */
  readonly has?: (context: Context, table: string, words: readonly string[]) => Sql | Promise<Sql>
}

/** The condition that an indexed column of a resource's own contains every word of `wanted`. */
export async function matchesColumn(context: Context, resource: Queryable, column: string, wanted: string): Promise<Sql> {
  const { engine } = context
  const { table } = resource
  const words = wordsOf(wanted)
  const all = hasWords(engine, name(`${table}.${column}`), words)
  const fewer = narrowed(engine, table, column, words)
  return fewer !== TRUE && (await hasMuch(context, resource)) ? marked(and([fewer, all])) : all
}

/** The condition on rows of `resource` that one of these texts contains every word of `wanted`. */
export async function matchesAnyText(
  context: Context,
  resource: Queryable,
  texts: readonly Text[],
  wanted: string,
): Promise<Sql> {
  const { engine } = context
  const words = wordsOf(wanted)
  const id = name(`${resource.table}.id`)
  const isMuch = await hasMuch(context, resource)
  const read: Sql[] = []
  const indexed: Sql[] = []
  for (const { table, column, of, long, where, has } of texts) {
    const byIndex = isMuch || long
    // What the text's table is called: beside the rows themselves, or as them.
    const row = byIndex || of ? 'x' : table
    const owner = typeof of === 'function' ? of(row) : name(`${row}.${of ?? 'id'}`)
    // A short list is read: PostgreSQL would else ask the index again for each of its rows.
    const text = byIndex ? name(`${row}.${column}`) : sql`coalesce(${name(`${row}.${column}`)}, '')`
    const all = await (has?.(context, row, words) ?? hasWords(engine, text, words))
    const is = and([all, (await where?.(context, row)) ?? TRUE])
    if (all === FALSE) continue
    if (byIndex) indexed.push(sql`select ${owner} from ${narrowedRows(engine, table, column, words)} and ${is}`)
    else if (of) read.push(sql`exists (select 1 from ${name(table)} x where ${owner} = ${id} and ${is})`)
    else read.push(is)
  }
  return indexed.length > 0 ? marked(or([...read, sql`${id} in (${join(indexed, ' union ')})`])) : or(read)
}

const known = new WeakMap<Context, Promise<boolean>>()

/** Whether the viewer sees so many rows that an index is worth asking; the past has none. */
function hasMuch(context: Context, resource: Queryable): Promise<boolean> {
  const look = async () => {
    if (await resource.moments?.(context)) return false
    const { table } = resource
    const first = sql`select 1 as one from ${name(table)} where ${await visibleWhere(context, resource as Resource)} limit ${LITTLE + 1}`
    const counted = await context.db.one<{ n: number }>(sql`select count(*) as n from (${first}) found`)
    return (counted?.n ?? 0) > LITTLE
  }
  let answer = known.get(context)
  if (!answer) {
    answer = look()
    known.set(context, answer)
  }
  return answer
}

/** Rows that are read faster than an index is asked for a word that most of them have. */
const LITTLE = 5000
