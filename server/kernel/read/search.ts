/** Search of words in the texts of a resource: by index for many rows, by a scan for few. */
import { hasWords, marked, narrowed, narrowedRows, wordsOf } from '#db/search.ts'
import { and, FALSE, join, name, or, type Sql, sql, TRUE } from '#db/sql.ts'
import type { Context, Queryable, Resource } from '#kernel/declaration.ts'
import { visibleWhere } from './load.ts'

/** An indexed text of a resource's rows, in their own table or in another one. */
export interface Text {
  readonly table: string
  readonly column: string
  /** For another table, the column or expression with the id of the row. */
  readonly of?: string | ((table: string) => Sql)
  /** Too long for a scan of a few rows to be faster than the index. */
  readonly long?: boolean
  /** The condition for relevant rows that the viewer may read. */
  readonly where?: (context: Context, table: string) => Sql | Promise<Sql>
  /** The condition for a match, unless the column alone decides. */
  readonly has?: (context: Context, table: string, words: readonly string[]) => Sql | Promise<Sql>
}

/** The condition that an indexed column of the resource contains every word of `wanted`. */
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
    // The alias of the text's table.
    const row = byIndex || of ? 'x' : table
    const owner = typeof of === 'function' ? of(row) : name(`${row}.${of ?? 'id'}`)
    // A short list is scanned: PostgreSQL would otherwise query the index for each of its rows.
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

/** Whether the viewer sees enough rows to make the index worthwhile; there is none for former states. */
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

/** Number of rows that a scan reads faster than the index finds a frequent word. */
const LITTLE = 5000
