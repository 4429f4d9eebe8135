/** Representations of single rows, with embedded resources. */
import type { Row } from '#db/database.ts'
import type { Body, Context, Loaded, Moment, Resource } from '#kernel/declaration.ts'
import { type Written, written } from '#kernel/json.ts'
import { bare, compare, comparing, isHistoric, stateAt } from './compare.ts'
import { elementsOf, wholeOf } from './kept.ts'
import { idIn, linksOf, load, reachableIds, targetOf } from './load.ts'
import { can, represent } from './represent.ts'

/** Rows as elements of a plain collection. */
export async function represented(context: Context, resource: Resource, rows: readonly Row[]): Promise<Body[]> {
  const page = await load(context, resource, rows)
  return rows.map((row) => represent(resource, row, page))
}

/** The representation of a single row, with embedded resources. */
export const single = async (context: Context, resource: Resource, row: Row): Promise<Body | Written> =>
  wholeOf(await fullPage(context, resource, [row]))

/** The baseline comparison of a single visible row; other embedded resources are current. */
export async function compared(context: Context, resource: Resource, row: Row, moments: readonly Moment[]): Promise<Body> {
  const id: number = row.id
  const comparison = await compare(context, resource, [id], moments, { embed: true })
  const state = stateAt(comparison, id)
  const body = state
    ? represent(resource, state.rows.get(id) as Row, await filled(state.page), { readOnly: isHistoric(comparison), embed: true })
    : bare(resource, id)
  return comparing(comparison, resource, id, body)
}

/** A page of rows with their embedded resources. */
export const fullPage = async (context: Context, resource: Resource, rows: readonly Row[]): Promise<Loaded> =>
  filled(await load(context, resource, rows, { embed: true }))
/** Adds embedded resources to a page; they are current, even for former states of rows. */
async function filled(page: Loaded): Promise<Loaded> {
  const { context, resource, rows } = page
  const extra = new Map<string, ReadonlyMap<number, object>>()
  for (const [name, load] of Object.entries(resource.embedLoaders ?? {}))
    extra.set(name, await load(rows, context.live ?? context))
  return { ...page, extra, embedded: await embeddable(page) }
}

/** Representations of the linked resources that the viewer may read, by resource and id. */
async function embeddable(page: Loaded): Promise<ReadonlyMap<string, ReadonlyMap<number, object>>> {
  const wanted = new Map<string, Set<number>>()
  for (const property of linksOf(page.resource)) {
    if (!property.options.embed) continue
    for (const row of page.rows) {
      const ids = wanted.getOrInsertComputed(targetOf(property, row), () => new Set())
      for (const id of property.many ? (page.many.get(property.name)?.get(row.id) ?? []) : [idIn(property, row)]) ids.add(id)
    }
  }
  const bodies = new Map<string, ReadonlyMap<number, object>>()
  for (const [target, ids] of wanted) {
    const resource = page.context.model.of(target)
    bodies.set(target, heldBodies(page.context, resource, ids) ?? (await bodiesOf(page, resource, [...ids])))
  }
  return bodies
}

const bodiesKey = ({ viewer, language }: Context, { name }: Resource) => `bodies ${viewer.key} ${language} ${name}`

/** What `bodiesOf` gives, if all of it is cached. */
function heldBodies(asked: Context, target: Resource, ids: Iterable<number>): ReadonlyMap<number, object> | undefined {
  if (!target.cached) return undefined
  const context = target.journal ? asked : (asked.live ?? asked)
  const known = context.snapshot.known<ReadonlyMap<number, object | null>>(bodiesKey(context, target), ['all'])
  if (!known) return undefined
  const bodies = new Map<number, object>()
  for (const id of ids) {
    const body = known.get(id)
    if (body) bodies.set(id, body)
    // Nothing is linked, or the viewer may not read it.
    else if (body === undefined && typeof id === 'number') return undefined
  }
  return bodies
}

/**
 * The representations of linked rows that the viewer may read at their own addresses. Those of cached resources are preserialised
 * and cached per viewer and language until any cached table changes.
 */
async function bodiesOf(
  { context: asked, related }: Loaded,
  target: Resource,
  ids: readonly number[],
): Promise<ReadonlyMap<number, object>> {
  const context = target.journal ? asked : (asked.live ?? asked)
  // Null stands for a row that the viewer may not read.
  const known = target.cached
    ? await context.snapshot.remember(bodiesKey(context, target), ['all'], () => new Map<number, object | null>())
    : new Map<number, object | null>()
  const bodies = new Map<number, object>()
  const missing = new Map<number, Row>()
  for (const id of ids) {
    const body = known.get(id)
    const row = related.get(target.name)?.get(id)
    if (body) bodies.set(id, body)
    else if (row && body === undefined) missing.set(id, row)
  }
  if (missing.size === 0) return bodies
  if (known.size > MOST_BODIES) known.clear()
  const reached = await reachableIds(asked.live ?? asked, target, missing)
  const rows = [...missing.values()].filter((row) => reached.has(row.id))
  const page = await load(context, target, rows)
  const represented = target.cached ? rows.map((row) => written(represent(target, row, page))) : elementsOf(page)
  for (const [i, row] of rows.entries()) bodies.set(row.id, represented[i] as object)
  // The readability of other rows depends on data that is not cached.
  const isLasting = (row: Row) => !target.addressable || can(page, target.addressable, row)
  for (const [id, row] of missing) if (target.cached && isLasting(row)) known.set(id, bodies.get(id) ?? null)
  return bodies
}

const MOST_BODIES = 500
