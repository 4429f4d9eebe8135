/** The manual order of a query's work packages. */

import type { Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { and, FALSE, join, name, type Sql, sql } from '#db/sql.ts'
import { byRule } from '#kernel/access/rights.ts'
import type { ApiRequest, Context, Kind, Operation } from '#kernel/declaration.ts'
import { ApiError, notFound } from '#kernel/errors.ts'
import { FormatError } from '#kernel/kinds.ts'
import { holds, ok, operation, rowFrom } from '#kernel/operation.ts'
import { visibleIds, visibleWhere } from '#kernel/read/load.ts'
import { isId } from '#kernel/read/operators.ts'
import { extension } from '#kernel/resource.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'
import { said } from '#text/messages.ts'
import { reorder, view } from './rights.ts'

type Positions = ReadonlyMap<number, number>

/** Parses positions by work package id; undefined if a value is invalid. */
export function readOrder(value: unknown): Positions | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined
  const entries = Object.entries(value)
  const isPosition = (one: unknown) => typeof one === 'number' && Number.isInteger(one) && Math.abs(one) < 2 ** 31
  return entries.every(([id, position]) => isId(id) && isPosition(position))
    ? new Map(entries.map(([id, position]) => [Number(id), position]))
    : undefined
}

export const orderKind: Kind = {
  type: 'QueryOrder',
  json: { type: 'object', additionalProperties: { type: 'integer' } },
  render: (value) => value,
  parse: (value) => {
    if (!readOrder(value)) throw new FormatError(said`an object of positions by id`)
    return value
  },
  strategy: 'list',
}

/** Sets the positions of visible work packages; -1 removes one. */
async function place(tx: Transaction, query: number, positions: Positions, context: Context): Promise<void> {
  const seen = await visibleIds({ ...context, db: tx }, context.model.of(WorkPackage), [...positions.keys()])
  const rows = [...positions].filter(([id]) => seen.has(id))
  const gone = rows.filter(([, position]) => position === NOWHERE).map(([id]) => id)
  if (gone.length > 0) {
    const some = among(context.engine, sql`work_package_id`, gone)
    await tx.run(sql`delete from ordered_work_packages where query_id = ${query} and ${some}`)
  }
  const placed = rows.filter(([, position]) => position !== NOWHERE)
  for (let at = 0; at < placed.length; at += AT_ONCE) {
    const values = placed.slice(at, at + AT_ONCE).map(([id, position]) => sql`(${query}, ${id}, ${position})`)
    await tx.run(sql`
      insert into ordered_work_packages (query_id, work_package_id, position) values ${join(values)}
      on conflict (query_id, work_package_id) do update set position = excluded.position`)
  }
}

const NOWHERE = -1
const AT_ONCE = 500

/** Replaces the order of a saved query, if the payload has one. Invisible work packages keep their positions. */
export async function keepOrder(tx: Transaction, query: number, sent: unknown, context: Context): Promise<void> {
  const positions = readOrder(sent)
  if (!positions) return
  const seen = sql`select work_packages.id from work_packages where ${await visibleWhere(context, context.model.of(WorkPackage))}`
  await tx.run(sql`delete from ordered_work_packages where query_id = ${query} and work_package_id in (${seen})`)
  await place(tx, query, positions, context)
}

/** The order of the query in the parameter `queryId`, if the viewer sees the query. */
const orderOf = byRule(view, (seen, { params }, table): Sql | undefined => {
  const id = params?.get('queryId') ?? ''
  if (!isId(id)) return undefined
  return sql`ordered_work_packages o join queries on queries.id = o.query_id
    where ${and([sql`o.query_id = ${Number(id)}`, seen.where('queries'), sql`o.work_package_id = ${name(`${table}.id`)}`])}`
})

const workPackageExtension = extension('WorkPackage', 'work_packages', {
  sorts: {
    manualSorting: byRule(view, (_, scope, table) => {
      const order = orderOf(scope, table)
      return order ? sql`(select o.position from ${order})` : sql`cast(null as integer)`
    }),
  },
  filters: {
    manualSort: {
      strategy: 'list',
      operators: ['ow'],
      where: (_, context, table) => {
        const order = orderOf(context, table)
        return order ? sql`exists (select 1 from ${order})` : FALSE
      },
    },
  },
})

const viewOrder = operation({
  method: 'GET',
  path: '/queries/:id/order',
  summary: 'View the manual order of a query',
  description: 'Returns positions by id, for work packages that the caller may see.',
  tag: 'Query',
  answers: { status: 200, of: 'WorkPackagePositions', as: 'plain' },
  run: async ({ context, params }) => {
    const query = await rowFrom(params.id, context.model.of('Query'), context)
    const rows = await context.db.all<{ id: number; position: number }>(
      sql`select work_package_id as id, position from ordered_work_packages where query_id = ${query.id} order by position, work_package_id`,
    )
    const ids = rows.map((row) => row.id)
    const seen = await visibleIds(context, context.model.of(WorkPackage), ids)
    return ok(Object.fromEntries(rows.filter(({ id }) => seen.has(id)).map(({ id, position }) => [id, position])))
  },
})

/** Changes positions, and returns the time of the change. 404 for viewers who may not. */
async function rearrange({ context, db, params, body }: ApiRequest<'id'>) {
  const query = await rowFrom(params.id, context.model.of('Query'), context)
  if (!(await holds(context, reorder, query))) throw notFound()
  const positions = readOrder(body.delta)
  if (!positions) throw new ApiError('InvalidRequestBody', said`The body needs a delta: an object of positions by id.`)
  const now = context.now.toISOString()
  await db.transaction(async (tx) => {
    await place(tx, query.id, positions, context)
    await tx.run(sql`update queries set updated_at = ${now} where id = ${query.id}`)
  })
  return ok({ t: now })
}

// The link has the method PUT, but existing clients send PATCH.
const updateOrder = (['PATCH', 'PUT'] as const).map((method) =>
  operation({
    method,
    path: '/queries/:id/order',
    summary: 'Update the manual order of a query',
    description: 'Changes positions of work packages; -1 removes one from the order. Other work packages keep theirs.',
    tag: 'Query',
    answers: { status: 200, of: 'QueryOrderChanged', as: 'plain' },
    takes: 'QueryOrderChange',
    run: rearrange,
  }),
)

export const operations: readonly Operation[] = [viewOrder, ...updateOrder]

export const extensions = [workPackageExtension]
