/** Search of words in the texts of a resource: by index for many rows, by a scan for few. */
import { finding, hasWords, narrowed, narrowedRows, wordsOf } from '#db/search.ts'
import { and, FALSE, join, name, or, type Sql, sql, TRUE } from '#db/sql.ts'
import { rightOf } from '#kernel/access/rights.ts'
import type { Context, Queryable, Resource } from '#kernel/declaration.ts'
import { seesMoreThan } from './page.ts'

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
  return fewer !== TRUE && (await hasMuch(context, resource)) ? finding(and([fewer, all]), { test: all, isSeen: false }) : all
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
  const tests: Sql[] = []
  const indexed: Sql[] = []
  for (const given of texts) {
    const { table, column, of, long, where, has } = given
    const matches = async (row: string, text: Sql): Promise<Sql> =>
      and([await (has?.(context, row, words) ?? hasWords(engine, text, words)), (await where?.(context, row)) ?? TRUE])
    const owner = typeof of === 'function' ? of('x') : name(`x.${of ?? 'id'}`)
    const byIndex = await matches('x', name(`x.${column}`))
    if (byIndex === FALSE) continue
    const rows = narrowedRows(engine, table, column, words)
    if (isMuch)
      indexed.push(sql`select ${owner} from ${rows} and ${byIndex} and ${seenOf(context, resource as Resource, given, owner)}`)
    if (long) {
      tests.push(sql`${id} in (select ${owner} from ${rows} and ${byIndex})`)
    } else if (of) {
      const isOne = await matches('x', sql`coalesce(${name(`x.${column}`)}, '')`)
      tests.push(sql`exists (select 1 from ${name(table)} x where ${owner} = ${id} and ${isOne})`)
    } else tests.push(await matches(table, sql`coalesce(${name(`${table}.${column}`)}, '')`))
  }
  const test = or(tests)
  return indexed.length > 0 ? finding(sql`${id} in (${join(indexed, ' union ')})`, { test, isSeen: true }) : test
}

/** The condition that the viewer sees the row that a text belongs to: asked of each match, before matches are put together. */
function seenOf(context: Context, { table, visible }: Resource, { of }: Text, owner: Sql): Sql {
  const right = rightOf(context.viewer, context.engine, visible)
  if (!of) return right.where('x')
  const row = 'searched'
  return sql`exists (select 1 from ${name(table)} ${name(row)} where ${name(`${row}.id`)} = ${owner} and ${right.where(row)})`
}

const known = new WeakMap<Context, Promise<boolean>>()

/** Whether the viewer sees enough rows to make the index worthwhile; there is none for former states. */
function hasMuch(context: Context, resource: Queryable): Promise<boolean> {
  const look = async () => !(await resource.moments?.(context)) && seesMoreThan(context, resource as Resource, LITTLE)
  let answer = known.get(context)
  if (!answer) {
    answer = look()
    known.set(context, answer)
  }
  return answer
}

/** Number of rows that a scan reads faster than the index finds a frequent word. */
const LITTLE = 5000
