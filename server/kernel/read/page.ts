/** The rows of a page of a list, and how many rows the list has, found in the fastest way. */
import { comparesOnly, countedRows } from '#db/counts.ts'
import type { Row } from '#db/database.ts'
import { perDatabase } from '#db/memory.ts'
import { foundBy } from '#db/search.ts'
import { and, name, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { rightOf, rights } from '#kernel/access/rights.ts'
import type { Means } from '#kernel/access/viewer.ts'
import { keepRows, knownRows, sharedRows } from '#kernel/cache.ts'
import type { Context, Query, Resource } from '#kernel/declaration.ts'
import { orderOf, rowsUnder } from './load.ts'

type Page = Pick<Query, 'offset' | 'pageSize' | 'sorts'>

/** The rows of a page of a collection, and how many there are in all. */
export async function list(
  context: Context,
  resource: Resource,
  query: Page & Pick<Query, 'conditions'>,
  within: Sql = TRUE,
): Promise<{ rows: Row[]; total: number }> {
  await rights(context, resource.visible)
  const { ids, total } = await idsOf(context, resource, query, [within, ...query.conditions])
  return { rows: await rowsUnder(context, resource, ids, TRUE), total }
}

/**
 * The ids of a page in order, and the number of all rows of the list. The order over many rows carries nothing but ids.
 * @param asked the conditions besides that the viewer sees the row
 */
async function idsOf(
  context: Context,
  resource: Resource,
  page: Page,
  asked: readonly Sql[],
): Promise<{ ids: readonly number[]; total: number }> {
  const { offset, pageSize } = page
  const skipped = (offset - 1) * pageSize
  const isSeen = asked.some((one) => foundBy(one)?.isSeen)
  const whereBy = (means?: Means) => and([isSeen ? TRUE : seenBy(context, resource, means), ...asked])
  const where = whereBy('index')
  const known = isCountable(resource, where)
    ? await countOf(context, resource, where)
    : knownRows<Count>(context, countQuery(resource, where))?.[0]?.n
  if (pageSize === 0) return { ids: [], total: known ?? (await countOf(context, resource, where)) }
  if (known !== undefined && known <= skipped) return { ids: [], total: known }

  // Counted at once where finding out which rows there are takes longer than putting them in order.
  const isCounted = known === undefined && asked.some((one) => foundBy(one))
  const walked = isCounted ? undefined : await walk(context, resource, page, asked, known)
  const rows = walked ?? (await gather(context, resource, page, whereBy(), isCounted))
  const isLast = rows.length < pageSize && (rows.length > 0 || offset === 1)
  const total = known ?? (isLast ? skipped + rows.length : rows[0]?.total)
  if (known === undefined && total !== undefined) keepRows<Count>(context, countQuery(resource, where), [{ n: total }])
  return { ids: rows.map((row) => row.id), total: total ?? (await countOf(context, resource, where)) }
}

/** The condition that the viewer sees a row. */
const seenBy = ({ viewer, engine }: Context, { visible, table }: Resource, means?: Means): Sql =>
  rightOf(viewer, engine, visible).where(table, means)

/** Whether the table of counts can tell how many rows satisfy a condition. */
const isCountable = ({ table, counts }: Resource, where: Sql): boolean =>
  counts !== undefined && comparesOnly(where, table, counts.by)

/** The query of the number of rows that satisfy a condition. */
const countQuery = ({ table }: Resource, where: Sql): Sql =>
  // SQLite knows how many rows a table has as long as nothing is asked of them.
  where === TRUE ? sql`select count(*) as n from ${name(table)}` : sql`select count(*) as n from ${name(table)} where ${where}`

/** How many rows satisfy a condition. */
async function countOf(context: Context, resource: Resource, where: Sql): Promise<number> {
  const rows = isCountable(resource, where)
    ? await context.db.all<Count>(countedRows(resource.table, where))
    : await sharedRows<Count>(context, countQuery(resource, where))
  return rows[0]?.n ?? 0
}

interface Count {
  readonly n: number
}

/** Whether more rows than `few` satisfy a condition, of all that the viewer sees. */
export async function seesMoreThan(context: Context, resource: Resource, few: number): Promise<boolean> {
  await rights(context, resource.visible)
  const where = seenBy(context, resource, 'index')
  if (isCountable(resource, where)) return (await countOf(context, resource, where)) > few
  const first = sql`select 1 as one from ${name(resource.table)} where ${where} limit ${few + 1}`
  return ((await context.db.one<Count>(sql`select count(*) as n from (${first}) found`))?.n ?? 0) > few
}

interface Found {
  readonly id: number
  readonly total?: number
}

/** Finds all rows of the list, puts them in order and takes the page. */
function gather(context: Context, resource: Resource, page: Page, where: Sql, isCounted: boolean): Promise<readonly Found[]> {
  const table = name(resource.table)
  const total = isCounted ? sql`, count(*) over () as total` : sql``
  return sharedRows<Found>(
    context,
    sql`select ${table}.id as id${total} from ${table} where ${where} order by ${orderOf(context, resource, page.sorts)} limit ${page.pageSize} offset ${(page.offset - 1) * page.pageSize}`,
  )
}

/** Rows that a walk passes at least, before it is given up. */
const SHORTEST_WALK = 1000
/** A walk is given up after so many times the rows that it should pass. */
const PATIENCE = 4
/** Milliseconds for which a walk is not tried again. */
const REST_MS = 60_000
const MOST_VAIN = 2000

/**
 * Passes the rows in the order of an index, tests each, and ends with the page. It pays where the viewer sees much: then it tests
 * few rows, while gathering sorts many. How many it has to test is estimated from counts, which know nothing of other conditions,
 * nor of rows far down the order. So it ends after a number of rows; what it has not found by then is to be gathered.
 * @param known the number of rows of the list, if it is known
 * @returns undefined where walking does not pay, or did not find the page
 */
async function walk(
  context: Context,
  resource: Resource,
  { offset, pageSize, sorts }: Page,
  asked: readonly Sql[],
  known: number | undefined,
): Promise<Found[] | undefined> {
  const { db, outside, engine } = context
  // PostgreSQL's planner chooses by itself.
  const way = engine === 'sqlite' ? wayOf(resource, sorts) : undefined
  if (!way) return undefined
  const { table } = resource
  const countable = [seenBy(context, resource, 'index'), ...asked].filter((one) => isCountable(resource, one))
  const estimate = known ?? (await countOf(context, resource, and(countable)))
  const all = await sizeOf(context, resource)
  const needed = offset * pageSize
  const passed = (needed * all) / estimate
  if (!(passed < estimate / 4)) return undefined
  const most = Math.ceil(Math.max(SHORTEST_WALK, PATIENCE * passed))
  const column = name(`${table}.${way.column}`)
  const direction = raw(way.isDescending ? 'desc' : 'asc')
  const where = and([seenBy(context, resource, 'test'), ...asked.map((one) => foundBy(one)?.test ?? one)])
  const last = sql`(select w.${name(way.column)} from ${name(table)} w order by w.${name(way.column)} ${direction} limit 1 offset ${most})`
  const bound = most < all ? sql` and ${column} ${raw(way.isDescending ? '>=' : '<=')} ${last}` : sql``
  const query = sql`select ${name(table)}.id as id from ${name(table)} ${way.by} where ${where}${bound} order by ${orderOf(context, resource, sorts)} limit ${pageSize} offset ${needed - pageSize}`
  const vain = vainOf(outside)
  const key = `${needed} ${where.text} ${JSON.stringify(where.values)}`
  if ((vain.get(key) ?? -Infinity) > performance.now() - REST_MS) return undefined
  const rows = await db.all<Found>(query)
  if (rows.length === Math.min(pageSize, (known ?? Infinity) - (needed - pageSize))) return rows
  if (vain.size >= MOST_VAIN) vain.clear()
  vain.set(key, performance.now())
  return undefined
}

/** When a walk was last in vain, by its query. */
const vainOf = perDatabase(() => new Map<string, number>())

/** An index that has all rows in the order of a list. */
interface Way {
  readonly column: string
  readonly isDescending: boolean
  /** Tells SQLite to take it. */
  readonly by: Sql
}

/** The index that has all rows in the order of a list; undefined if there is none. */
function wayOf({ table, counts, order }: Resource, [first]: Query['sorts']): Way | undefined {
  if (!counts) return undefined
  const isOrderedBy = (column: string) =>
    first ? first.expression.text === name(`${table}.${column}`).text : order?.column === column
  const isDescending = (first ?? order)?.descending === true
  if (isOrderedBy('id')) return { column: 'id', isDescending, by: raw('not indexed') }
  const [column, index] = Object.entries(counts.ordered).find(([own]) => isOrderedBy(own)) ?? []
  return column && index ? { column, isDescending, by: sql`indexed by ${name(index)}` } : undefined
}

const SIZE_KEPT_MS = 10_000

/** About how many rows a table has. */
async function sizeOf(context: Context, resource: Resource): Promise<number> {
  const known = sizesOf(context.outside)
  const before = known.get(resource.table)
  if (before && before.at > performance.now() - SIZE_KEPT_MS) return before.n
  const n = await countOf(context, resource, TRUE)
  known.set(resource.table, { n, at: performance.now() })
  return n
}

const sizesOf = perDatabase(() => new Map<string, { n: number; at: number }>())
