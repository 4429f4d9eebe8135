/** A page: rows and everything their representation asks for, loaded before anything is rendered. The only reader of rows. */
import type { Row } from '#db/database.ts'
import { among, ordered } from '#db/dialect.ts'
import { and, join, name, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import type { TableName } from '#db/tables.ts'
import { loadRights, rightOf, rights } from '#kernel/access/rights.ts'
import { either, everyone } from '#kernel/access/rules.ts'
import type { Viewer } from '#kernel/access/viewer.ts'
import { allRows, type CacheTopic, knownAll, knownSome, rowsById } from '#kernel/cache.ts'
import type {
  Context,
  Draft,
  Expression,
  Loaded,
  Model,
  Property,
  Query,
  Queryable,
  Resource,
  Rule,
} from '#kernel/declaration.ts'
import { unpack } from '#kernel/model.ts'

const rules = new WeakMap<Queryable, readonly Rule[]>()

/** Every rule that seeing and representing rows of a resource may ask. */
function rulesOf(resource: Queryable, model: Model): readonly Rule[] {
  let all = rules.get(resource)
  if (all) return all
  const { visible, addressable, guards, may = {}, properties, actions = {}, computedColumns = {}, sorts = {} } = resource
  const of = (rule: Rule | { create: Rule; update: Rule } | undefined) =>
    !rule ? [] : 'judge' in rule ? [rule] : [rule.create, rule.update]
  const ofExpression = (one: unknown) => (typeof one === 'function' ? ((one as Partial<Expression>).rule ?? []) : [])
  const named = [visible, addressable, guards?.all, ...Object.values(may), ...Object.values(actions).map((action) => action?.may)]
  all = [
    ...new Set([
      ...named.filter((rule) => rule !== undefined),
      ...properties.flatMap(({ options, to }) => [
        ...[...of(options.may), ...[options.read, options.holds, options.counts].flatMap(of)],
        ...(typeof options.inSchema === 'object' ? [options.inSchema] : []),
        ...[options.select, options.sort, options.sum].flatMap(ofExpression),
        ...(to ? [model.of(to).visible] : []),
      ]),
      ...Object.values(computedColumns).flatMap(ofExpression),
      ...Object.values(sorts).flatMap((sort) => ofExpression(typeof sort === 'function' ? sort : sort.by)),
    ]),
  ]
  rules.set(resource, all)
  return all
}

/** Loads every rule that seeing and representing rows of a resource may ask, for `rightOf`. */
export const loadRules = ({ db, viewer, model }: Context, resource: Queryable): Promise<void> =>
  loadRights(db, viewer, rulesOf(resource, model))

/** The condition under which the viewer sees a row. */
export async function visibleWhere(context: Context, resource: Resource): Promise<Sql> {
  await rights(context, resource.visible)
  return seenWhere(context, resource, resource.table)
}

/**
 * The condition under which the viewer sees a row of `table`, whose rules are loaded. What a row was is seen as far as what it
 * belonged to then can be seen, or is what it belongs to now: a row may be shared that is all one sees there.
 */
export function seenWhere(context: Context, resource: Resource, table: string, isPast = context.live !== undefined): Sql {
  const rightBy = (rule: Rule) => rightOf(context.viewer, context.engine, rule)
  const seen = rightBy(resource.visible).where(table)
  const { belongsTo, properties, journal } = resource
  const owner = isPast && belongsTo && properties.find(({ column }) => column === belongsTo)?.to
  if (!owner) return seen
  const { table: of, visible } = context.model.of(owner)
  const belonged = name(`${table}.${belongsTo}`)
  const owners = sql`select ${name(`${of}.id`)} from ${name(of)} where ${rightBy(visible).where(of)}`
  const ownerNow = sql`select o.${name(belongsTo)} from ${name(journal as string)} o where o.id = ${name(`${table}.id`)} and o.valid_until is null`
  return and([seen, sql`(${belonged} in (${owners}) or ${belonged} = (${ownerNow}))`])
}

const selections = new WeakMap<Viewer, WeakMap<Resource, Sql>>()

/** What is selected of a row: its columns, and the expressions its resource declares. Written once for a viewer. */
function selection({ model, viewer, engine }: Context, resource: Resource): Sql {
  const known = selections.getOrInsertComputed(viewer, () => new WeakMap())
  let all = known.get(resource)
  if (all) return all
  const { table, computedColumns = {}, properties } = resource
  const scope = { model, viewer, engine }
  const expressions: Sql[] = [sql`${name(table)}.*`]
  for (const [own, expression] of Object.entries(computedColumns))
    expressions.push(sql`${expression(scope, table)} as ${name(own)}`)
  for (const { options, column, name: own } of properties) {
    if (options.select && !column) expressions.push(sql`${options.select(scope, table)} as ${name(selected(own))}`)
  }
  all = join(expressions)
  known.set(resource, all)
  return all
}

/** The column a computed property is selected as. */
export const selected = (property: string) => `computed_${property.toLowerCase()}`

/** Rows by id, in the order of the ids; only those that satisfy `where`. */
export async function rowsUnder(context: Context, resource: Resource, ids: readonly number[], where: Sql): Promise<Row[]> {
  if (ids.length === 0) return []
  await loadRules(context, resource)
  const table = name(resource.table)
  const rows = unpack(
    resource,
    await context.db.all(
      sql`select ${selection(context, resource)} from ${table} where ${and([among(context.engine, sql`${table}.id`, ids), where])}`,
    ),
  )
  if (rows.length < 2) return rows
  const found = new Map<number, Row>(rows.map((row) => [row.id, row]))
  return ids.map((id) => found.get(id)).filter((row) => row !== undefined)
}

/** All visible rows that satisfy a condition, in the resource's own order: for the few that belong to a row at hand. */
export async function visibleRowsWhere(context: Context, resource: Resource, where: Sql): Promise<Row[]> {
  await loadRules(context, resource)
  const condition = and([await visibleWhere(context, resource), where])
  const rows = await context.db.all(
    sql`select ${selection(context, resource)} from ${name(resource.table)} where ${condition} order by ${orderOf(context, resource, [])}`,
  )
  return unpack(resource, rows)
}

/** The rows under these ids that the viewer sees; only those that satisfy `where`, if it is given. */
export async function visibleRows(context: Context, resource: Resource, ids: readonly number[], where = TRUE): Promise<Row[]> {
  if (resource.rows) return [...(await seenInProcess(context, resource, ids)).values()]
  const isAtHand = resource.cached && isPlain(resource) && context.db === context.outside && !context.live
  if (isAtHand && where === TRUE) {
    const seen = await seenInProcess(context, resource, ids)
    // Copies, as others share them.
    return unpack(
      resource,
      [...seen.values()].map((row) => ({ ...row })),
    )
  }
  return rowsUnder(context, resource, ids, and([await visibleWhere(context, resource), where]))
}

const plainness = new WeakMap<Resource, boolean>()

/** Whether nothing is selected of a row but its columns. */
const isPlain = (resource: Resource): boolean =>
  plainness.getOrInsertComputed(
    resource,
    ({ computedColumns = {}, properties }) =>
      Object.keys(computedColumns).length === 0 && !properties.some(({ options, column }) => options.select && !column),
  )

/** The row under an id, if the viewer sees it and it satisfies `where`. */
export async function visibleRow(context: Context, resource: Resource, id: number, where = TRUE): Promise<Row | undefined> {
  return (await visibleRows(context, resource, [id], where))[0]
}

/** The row under an id, whoever sees it: for those who have just written it. None if it was removed since. */
export const writtenRow = async (context: Context, resource: Resource, id: number): Promise<Row | undefined> =>
  (await rowsUnder(context, resource, [id], TRUE))[0]

/** Which of these ids are of rows that the viewer sees; only those that satisfy `eligible`, if it is given. */
export async function visibleIds(
  context: Context,
  resource: Resource,
  ids: readonly number[],
  eligible?: Sql,
): Promise<ReadonlySet<number>> {
  if (eligible || (!resource.cached && !resource.rows)) {
    if (ids.length === 0) return new Set()
    const table = name(resource.table)
    const where = and([among(context.engine, sql`${table}.id`, ids), await visibleWhere(context, resource), eligible ?? TRUE])
    const found = await context.db.all<{ id: number }>(sql`select ${table}.id as id from ${table} where ${where}`)
    return new Set(found.map((row) => row.id))
  }
  return new Set((await seenInProcess(context, resource, ids)).keys())
}

/** The rows under these ids, of a resource held in process, that the viewer sees. */
async function seenInProcess(context: Context, resource: Resource, ids: readonly number[]): Promise<Map<number, Row>> {
  const rows = await relatedRows(context, resource, ids)
  const [visible] = await rights(context, resource.visible)
  const seen = new Map<number, Row>()
  for (const id of ids) {
    const row = rows.get(id)
    if (row && visible.holds(row)) seen.set(id, row)
  }
  return seen
}

/**
 * Which of these rows answer the viewer at their own addresses.
 * @param related rows that something points to, by id, as `relatedRows` gives them
 */
export async function reachableIds(
  context: Context,
  resource: Resource,
  related: ReadonlyMap<number, Row>,
): Promise<Set<number>> {
  const { variant, guards, cached, rows: isFixed, readings = {} } = resource
  const addressable = either(resource.addressable ?? everyone, ...Object.values(readings).map((reading) => reading.of))
  if (variant) {
    const kinds = Map.groupBy(related, ([, row]) => variant(row))
    const reached = await Promise.all(
      [...kinds].map(([kind, own]) => reachableIds(context, context.model.of(kind), new Map(own))),
    )
    return new Set(reached.flatMap((own) => [...own]))
  }
  const guarding = [guards?.all ?? everyone, guards?.show ?? everyone]
  const [visible, reachable, ...passed] = await rights(context, resource.visible, addressable, ...guarding)
  if (!passed.every((right) => right.anywhere)) return new Set()
  // Of what is not held in process only visible rows are at hand.
  const seen = [...related].filter(([, row]) => (!cached && !isFixed) || visible.holds(row))
  const reached = new Set(seen.filter(([, row]) => reachable.holds(row)).map(([id]) => id))
  const unsure = seen.map(([id]) => id).filter((id) => !reached.has(id))
  if (unsure.length > 0)
    for (const id of await visibleIds(context, resource, unsure, reachable.where(resource.table))) reached.add(id)
  return reached
}

/** Rows that something points to. Of a resource held in process whether visible or not, of any other only the visible ones. */
export async function relatedRows(
  context: Context,
  resource: Resource,
  ids: readonly number[],
): Promise<ReadonlyMap<number, Row>> {
  // What has no journal is read as it is, and so is whoever may see it.
  const own = resource.journal ? context : (context.live ?? context)
  const { db, snapshot, engine } = own
  const fixed = resource.rows
  if (fixed) return fixed
  if (resource.cached === 'all') return allRows(db, snapshot, resource.table as CacheTopic & TableName, resource.order?.column)
  if (resource.cached === 'some') {
    return rowsById(snapshot, resource.table as CacheTopic, ids, (missing) =>
      db.all(sql`select * from ${name(resource.table)} where ${among(engine, raw('id'), missing)}`),
    )
  }
  if (ids.length === 0) return new Map()
  // Of what was, nothing is told that is hidden now.
  const seen = own.live ? [...(await visibleIds(own.live, resource, ids))] : [...new Set(ids)]
  return new Map((await visibleRows(own, resource, seen)).map((row) => [row.id, row]))
}

/** What `relatedRows` gives, if it is held in process. */
function heldRows(
  { snapshot, live }: Context,
  { rows, cached, table, journal }: Resource,
  ids: Iterable<number>,
): ReadonlyMap<number, Row> | undefined {
  if (rows) return rows
  // As it is, also where the page is of a former state.
  const own = journal ? snapshot : (live?.snapshot ?? snapshot)
  if (cached === 'all') return knownAll(own, table as CacheTopic & TableName)
  return cached === 'some' ? knownSome(own, table as CacheTopic, ids) : undefined
}

/** The order of a list: the criteria, then the resource's own, then the id, newest first. */
export function orderOf({ engine }: Context, { table, order }: Resource, sorts: Query['sorts']): Sql {
  const column = (own: string, descending: boolean) => ordered(engine, name(`${table}.${own}`), descending, false)
  const criteria = sorts.map((sort) => ordered(engine, sort.expression, sort.descending, sort.nullable, sort.emptyFirst))
  if (sorts.length === 0 && order) {
    criteria.push(column(order.column, order.descending ?? false))
    if (order.column !== 'id') criteria.push(column('id', false))
  } else if (!sorts.some((sort) => sort.name === 'id')) criteria.push(column('id', true))
  return join(criteria)
}

/** The id that a row's link points to. */
export const idIn = ({ column, name: own }: Property, row: Row): any => row[column ?? selected(own)]

/** The name of the resource that a row's link points to. */
export const targetOf = (property: Property, row: Row): string => property.options.target?.(row) ?? (property.to as string)

const linkProperties = new WeakMap<Resource, readonly Property[]>()

/** The properties of a resource that are links. */
export const linksOf = (resource: Resource): readonly Property[] => {
  const known = linkProperties.get(resource)
  if (known) return known
  const links = resource.properties.filter((p) => p.to)
  linkProperties.set(resource, links)
  return links
}

/**
 * Loads everything that representing these rows needs; the number of statements does not depend on how many there are.
 * @param embed whether what links point to is to be embedded, and so needs rows of its own
 * @param chosen the ids of links to many by property, where they are proposed and not stored
 */
export async function load(
  context: Context,
  resource: Resource,
  rows: readonly Row[],
  { embed = false, chosen = {} }: { embed?: boolean; chosen?: Draft['many'] } = {},
): Promise<Loaded> {
  unpack(resource, rows)
  await loadRules(context, resource)
  const links = linksOf(resource)

  const many = new Map<string, ReadonlyMap<number, readonly number[]>>()
  await Promise.all(
    links.map(async (p) => {
      const ids = chosen[p.name]
      if (ids) many.set(p.name, new Map(rows.map((row) => [row.id, ids])))
      else if (p.options.load && (!p.options.listedAt || (embed && p.options.embed)))
        many.set(p.name, await p.options.load(rows, context))
    }),
  )

  const wanted = new Map<string, Set<number>>()
  for (const property of links) {
    const { read, link, embed: isEmbedded } = property.options
    if (link && !(embed && isEmbedded)) continue
    const readable = read && rightOf(context.viewer, context.engine, read)
    for (const row of rows) {
      if (readable && !readable.holds(row)) continue
      const ids = property.many ? (many.get(property.name)?.get(row.id) ?? []) : [idIn(property, row)]
      for (const id of ids) {
        if (id === null || id === undefined) continue
        const target = targetOf(property, row)
        const set = wanted.get(target)
        if (set) set.add(id)
        else wanted.set(target, new Set([id]))
      }
    }
  }

  const related = new Map<string, ReadonlyMap<number, Row>>()
  const loaded: Record<string, unknown> = {}
  const unread: [string, ReadonlySet<number>][] = []
  for (const [target, ids] of wanted) {
    const rows = heldRows(context, context.model.of(target), ids)
    if (rows) related.set(target, rows)
    else unread.push([target, ids])
  }
  await Promise.all([
    ...unread.map(async ([target, ids]) => {
      related.set(target, await relatedRows(context, context.model.of(target), [...ids]))
    }),
    ...Object.entries(resource.pageLoaders ?? {}).map(async ([own, load]) => {
      loaded[own] = await load(rows, context)
    }),
  ])

  let variants: Map<string, Loaded> | undefined
  const { variant } = resource
  if (variant) {
    variants = new Map()
    for (const [kind, own] of Map.groupBy(rows, (row) => variant(row))) {
      variants.set(kind, await load(context, context.model.of(kind), own))
    }
  }

  return { context, resource, rows, loaded, related, many, variants }
}
