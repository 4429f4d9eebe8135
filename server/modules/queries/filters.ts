/** Filters of queries: conversion between filter instances with links and filters of lists. */
import type { Row } from '#db/database.ts'
import { rights } from '#kernel/access/rights.ts'
import { ref } from '#kernel/bodies.ts'
import type { Body, Context, FilterUse, Kind, Link, Payload } from '#kernel/declaration.ts'
import { ApiError } from '#kernel/errors.ts'
import { FormatError, isStorable } from '#kernel/kinds.ts'
import { filtersOf, type Known } from '#kernel/read/judge.ts'
import { relatedRows } from '#kernel/read/load.ts'
import { isId, misfit, operatorsOf, takesValues, understood } from '#kernel/read/operators.ts'
import { hrefOf } from '#kernel/resource.ts'
import { namedIn, sentLink } from '#kernel/write/payload.ts'
import { said } from '#text/messages.ts'
import { QueryFilter, QueryOperator, workPackageFilters, workPackages } from './parts.ts'

/** The filters of a query that the viewer may use, and their representations. */
export interface Shown {
  readonly uses: readonly FilterUse[]
  readonly instances: readonly Body[]
}

/** The operators of a filter. */
export const operatorsFor = ({ operators, strategy }: Known): readonly string[] => operators ?? operatorsOf[strategy]

export const readUses = (row: Row): FilterUse[] => JSON.parse(row.filters ?? '[]')

/** The last segment of a link's address. Throws 400 for a malformed link. */
function lastPart(link: unknown, of: string): string {
  const href = (link as { href?: unknown } | null | undefined)?.href
  if (typeof href !== 'string' || !isStorable(href))
    throw new ApiError('InvalidRequestBody', said`Every filter needs a link to its ${of}: {"_links":{"${of}":{"href":"…"}}}.`)
  try {
    return decodeURIComponent(href.split('/').at(-1) ?? '')
  } catch {
    throw new ApiError('InvalidRequestBody', said`The link to a filter's ${of} cannot be read.`)
  }
}

/** The id in a link to a filter's value; `0` for an impossible id. */
function valueIn(link: unknown, to: string, context: Context): string {
  const text = namedIn(context.model.of(to), link, context) ?? ''
  if (text !== 'me' && !/^-?\d+$/.test(text)) throw new FormatError(said`links to values of ${to}`)
  return text === 'me' || isId(text) ? text : '0'
}

const textOf = (value: unknown): string => {
  if (typeof value === 'boolean') return value ? 't' : 'f'
  const text = typeof value === 'number' ? String(value) : value
  if (typeof text !== 'string' || !isStorable(text)) throw new FormatError(said`filters whose values are texts`)
  return text
}

/** Parses a filter instance of a payload. */
function readInstance(instance: unknown, context: Context): FilterUse {
  const sent = (typeof instance === 'object' ? (instance ?? {}) : {}) as Payload
  const name = lastPart(sentLink(sent, 'filter'), 'filter')
  const operator = lastPart(sentLink(sent, 'operator'), 'operator')
  const filter = filtersOf(workPackages(context)).get(name)
  const to = filter?.to
  const given = (to ? sentLink(sent, 'values', true) : sent.values) ?? []
  const list = [given].flat().filter((one) => one !== null)
  const values = list.map((one) => (to ? valueIn(one, to, context) : textOf(one)))
  const use = { name: filter?.key ?? name, operator, values }
  return filter ? understood(filter.strategy, use) : use
}

/** The filters of a query, stored as the text of a list's parameter. */
export const filtersKind: Kind = {
  type: '[]QueryFilterInstance',
  json: {
    type: 'array',
    items: {
      type: 'object',
      properties: {
        _type: { type: 'string', description: 'Name of the filter, followed by `QueryFilter`.' },
        name: { type: 'string', description: 'Display name.' },
        values: { type: 'array', items: { type: 'string' }, description: 'The values, where they are not resources.' },
        _links: {
          type: 'object',
          properties: {
            filter: ref('Link', 'The filter.'),
            operator: ref('Link', 'The operator.'),
            values: { type: 'array', items: ref('Link'), description: 'The values, where they are resources.' },
            schema: ref('Link', 'The schema: operators of the filter and their values.'),
          },
        },
      },
    },
    examples: [
      [
        {
          _type: 'StatusQueryFilter',
          name: 'Status',
          _links: {
            filter: { href: '/api/v3/queries/filters/status' },
            operator: { href: '/api/v3/queries/operators/o' },
            values: [],
            schema: { href: '/api/v3/queries/filter_instance_schemas/status' },
          },
        },
      ],
    ],
  },
  render: (shown: Shown) => shown.instances,
  parse: (value, context) => {
    if (!Array.isArray(value)) throw new FormatError(said`an array of filters`)
    const uses = new Map(value.map((one) => readInstance(one, context as Context)).map((use) => [use.name, use]))
    return JSON.stringify([...uses.values()])
  },
  strategy: 'list',
}

/** Links to the visible resources in the filters of these queries, by resource and id. */
async function namedBy(rows: readonly Row[], context: Context): Promise<ReadonlyMap<string, ReadonlyMap<string, Link>>> {
  const filters = workPackageFilters(context)
  const wanted = new Map<string, Set<number>>()
  for (const { name, values } of rows.flatMap(readUses)) {
    const to = filters.get(name)?.to
    if (!to) continue
    const ids = wanted.getOrInsertComputed(to, () => new Set())
    for (const value of values) if (isId(value)) ids.add(Number(value))
  }
  const found = new Map<string, ReadonlyMap<string, Link>>()
  for (const [to, ids] of wanted) {
    const target = context.model.of(to)
    const [visible] = await rights(context, target.visible)
    const known = await relatedRows(context, target, [...ids])
    const links = new Map<string, Link>()
    for (const id of ids) {
      const row = known.get(id)
      if (row && visible.holds(row)) links.set(String(id), { href: hrefOf(target, row), title: target.titleOf(row) })
    }
    if (target.table === 'principals' && context.viewer.signedIn) links.set('me', { href: '/api/v3/users/me', title: said`me` })
    found.set(to, links)
  }
  return found
}

/** A filter without values that the viewer cannot see; undefined if none are left. */
function reduced(use: FilterUse, filter: Known | undefined, links: ReadonlyMap<string, Link> | undefined): FilterUse | undefined {
  if (!filter || !operatorsFor(filter).includes(use.operator) || misfit(filter.strategy, use.operator, use.values))
    return undefined
  if (!links || !takesValues(use.operator)) return use
  const values = use.values.filter((value) => value === '-1' || links.has(value))
  return values.length > 0 ? { ...use, values } : undefined
}

const shownValue = (value: string, { strategy }: Known): unknown => (strategy === 'boolean' ? value === 't' : value)

function instanceOf(
  { name, operator, values }: FilterUse,
  filter: Known,
  links: ReadonlyMap<string, Link> | undefined,
  context: Context,
): Body {
  return {
    _type: `${name.charAt(0).toUpperCase()}${name.slice(1)}QueryFilter`,
    name: filter.label,
    ...(!links && { values: values.map((value) => shownValue(value, filter)) }),
    _links: {
      filter: { href: hrefOf(QueryFilter, { id: name }), title: filter.label },
      operator: {
        href: hrefOf(QueryOperator, { id: operator }),
        title: context.model.of(QueryOperator).rows?.get(operator)?.name,
      },
      schema: { href: `/api/v3/queries/filter_instance_schemas/${name}` },
      ...(links && { values: values.map((value) => links.get(value)).filter((link) => link !== undefined) }),
    },
  }
}

/** The filters of each of these queries, for the viewer. */
export async function loadFilters(rows: readonly Row[], context: Context): Promise<ReadonlyMap<Row, Shown>> {
  const filters = workPackageFilters(context)
  const named = await namedBy(rows, context)
  return new Map(
    rows.map((row) => {
      const shown: { uses: FilterUse[]; instances: Body[] } = { uses: [], instances: [] }
      for (const stored of readUses(row)) {
        const filter = filters.get(stored.name)
        const links = filter?.to ? named.get(filter.to) : undefined
        const use = reduced(stored, filter, links)
        if (!use || !filter) continue
        shown.uses.push(use)
        shown.instances.push(instanceOf(use, filter, links, context))
      }
      return [row, shown]
    }),
  )
}
