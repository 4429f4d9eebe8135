/** Results of queries: conversion to the parameters of a list of work packages, and overrides by a request. */
import type { Row } from '#db/database.ts'
import { and, sql } from '#db/sql.ts'
import type { Body, Context, FilterUse } from '#kernel/declaration.ts'
import { ApiError, invalidQuery } from '#kernel/errors.ts'
import { faultsOf, filtersOf } from '#kernel/read/judge.ts'
import { index } from '#kernel/read/list.ts'
import { readFilters, writeFilters } from '#kernel/read/parse.ts'
import { propertyNamed, readGroup, readSorts } from '#kernel/read/query.ts'
import { NOW } from '#kernel/read/timestamps.ts'
import { ofProject } from '#modules/work-packages/filters.ts'
import { listAt } from '#modules/work-packages/list.ts'
import { timestampsIn } from '#modules/work-packages/moments.ts'
import { said } from '#text/messages.ts'
import { loadFilters, readUses } from './filters.ts'
import { QueryColumn, QueryGroupBy, QuerySortBy, workPackages } from './parts.ts'
import { displays, highlightingModes, labelsKind, zoomLevels } from './values.ts'

/** The ids in a column with a JSON list. */
export const readIds = (text: string | null | undefined): string[] => JSON.parse(text ?? '[]')

/** The ids of columns named in the settings. */
const idsNamed = (names: readonly string[], context: Context): string[] =>
  names
    .map((name) => propertyNamed(workPackages(context), name)?.name)
    .filter((id) => id !== undefined && context.model.of(QueryColumn).rows?.has(id)) as string[]

/** The ids of a query's columns: its own, or the default ones, with the project for queries over several projects. */
export function columnsOf({ columns, project_id }: Row, context: Context): string[] {
  if (columns !== null && columns !== undefined) return readIds(columns)
  const usual = idsNamed(context.settings.work_package_list_default_columns, context)
  return project_id || usual.includes('project') ? usual : [...usual, 'project']
}

/** The ids of a query's highlighted attributes. */
export const highlightedOf = ({ highlighted_attributes: own }: Row, context: Context): string[] =>
  own === null || own === undefined
    ? idsNamed(context.settings.work_package_list_default_highlighted_attributes, context)
    : readIds(own)

/** The address of a query's list. */
export const placeOf = ({ project_id }: Row): string =>
  project_id ? `/api/v3/projects/${project_id}/work_packages` : '/api/v3/work_packages'

/** The parameters of the list that returns a query's results. */
export function parametersOf(row: Row, uses: readonly FilterUse[], context: Context): URLSearchParams {
  // A custom field may have been removed, or be hidden from the viewer.
  const group = context.model.of(QueryGroupBy).rows?.get(row.group_by)
  const params = new URLSearchParams({
    filters: writeFilters(uses),
    includeSubprojects: String(row.include_subprojects),
    showHierarchies: String(row.show_hierarchies && !group),
    showSums: String(row.sums),
  })
  if (group) params.set('groupBy', group.id)
  for (const column of readIds(row.columns)) params.append('columns[]', column)
  const sorts = readIds(row.sort_by)
    .map((id) => context.model.of(QuerySortBy).rows?.get(id))
    .filter((sort) => sort !== undefined)
  params.set('sortBy', JSON.stringify(sorts.map(({ column, direction }) => [column, direction])))
  // A manual order belongs to a query.
  if (row.id && (/"manualSorting-/.test(row.sort_by) || uses.some(({ name }) => name === 'manualSort')))
    params.set('queryId', String(row.id))
  const timestamps: string[] = JSON.parse(row.timestamps)
  if (timestamps.some((one) => one !== NOW)) params.set('timestamps', timestamps.join(','))
  return params
}

/** The context of a request for a query's list. */
export const listing = (row: Row, context: Context, params = new URLSearchParams()): Context => ({
  ...context,
  params,
  path: placeOf(row),
})

/** Runs a query, with the code of lists. */
export function evaluate(row: Row, context: Context): Promise<Body> {
  const params = parametersOf(row, readUses(row), context)
  for (const own of ['offset', 'pageSize']) {
    const value = context.params.get(own)
    if (value !== null) params.set(own, value)
  }
  return listAt(listing(row, context, params), placeOf(row))
}

/** All results of a query with dates, as in lists. Ignores the filter on dates, as calendars choose the days they show. */
export async function dated(row: Row, context: Context): Promise<readonly Body[]> {
  const asked = await overridden(row, listing(row, context))
  const flat = { ...asked, group_by: null, sums: false, timestamps: JSON.stringify([NOW]) }
  const uses = readUses(asked).filter(({ name }) => name !== 'datesInterval')
  const here = listing(row, context, parametersOf(flat, uses, context))
  const within = and([
    await ofProject(here, row.project_id),
    sql`(work_packages.start_date is not null or work_packages.due_date is not null)`,
  ])
  const body = await index(here, context.model.of('WorkPackage'), { within, paginated: false, asBodies: true })
  return (body._embedded as { elements: readonly Body[] }).elements
}

/** The filters of a query that are valid for its list. */
async function usable(uses: readonly FilterUse[], row: Row, context: Context): Promise<FilterUse[]> {
  const here = listing(row, context)
  const kept: FilterUse[] = []
  for (const use of uses) if ((await faultsOf([use], workPackages(context), here)).length === 0) kept.push(use)
  return kept
}

const oneOf =
  (parameter: string, list: readonly string[]) =>
  (text: string): string => {
    if (!list.includes(text)) throw invalidQuery(said`The parameter ${parameter} is none of ${list.join(', ')}.`)
    return text
  }

/** Parses column ids from a parameter: repeated, as a JSON array, or separated by commas. */
function readColumns(texts: readonly string[], context: Context): string {
  const names = texts.flatMap((text) => (text.match(/[\w/.-]+/g) ?? []).map((part) => part.split('/').at(-1) ?? ''))
  const ids = names.map((name) => {
    const id = propertyNamed(workPackages(context), name)?.name
    if (id === undefined || !context.model.of(QueryColumn).rows?.has(id)) throw invalidQuery(said`"${name}" is no column.`)
    return id
  })
  return JSON.stringify([...new Set(ids)])
}

/** A filter under its API name. */
const canonical = (use: FilterUse, context: Context): FilterUse => ({
  ...use,
  name: filtersOf(workPackages(context)).get(use.name)?.key ?? use.name,
})

function readLabels(text: string): unknown {
  try {
    return labelsKind.parse(JSON.parse(text))
  } catch {
    throw invalidQuery(said`The parameter timelineLabels is not a JSON object with the members left, right and farRight.`)
  }
}

/** Columns of a query that the parameters of a request override. Nothing is saved. */
function changes(context: Context, isLenient: boolean): Row {
  const { params } = context
  const changed: Row = {}
  const read = (column: string, names: readonly string[], parse: (texts: string[]) => unknown) => {
    const own = names.find((name) => params.has(name))
    if (own === undefined) return
    try {
      const value = parse(params.getAll(own))
      if (value !== undefined) changed[column] = value
    } catch (error) {
      if (!isLenient || !(error instanceof ApiError)) throw error
    }
  }
  const text = (column: string, own: string, parse: (text: string) => unknown) =>
    read(column, [own], ([first = '']) => (first === '' ? undefined : parse(first)))
  const yesOrNo = (column: string, own: string) =>
    read(column, [own], ([first]) => (first === 'true' ? true : first === 'false' ? false : undefined))

  read('filters', ['filters', 'filter'], ([first = '']) =>
    JSON.stringify(readFilters(first).map((use) => canonical(use, context))),
  )
  text('sort_by', 'sortBy', (sortBy) =>
    JSON.stringify(
      readSorts(sortBy, workPackages(context), context).map(({ name, descending }) => {
        const own =
          propertyNamed(workPackages(context), name)?.name ?? name.replace(/_([a-z])/g, (_, letter) => letter.toUpperCase())
        const id = `${own}-${descending ? 'desc' : 'asc'}`
        // An unknown sort order falls back to the id.
        return context.model.of(QuerySortBy).rows?.has(id) ? id : id.replace(/^.*-/, 'id-')
      }),
    ),
  )
  read('group_by', ['groupBy', 'group_by', 'g'], ([first = '']) => readGroup(first, workPackages(context))?.name ?? null)
  read('columns', ['columns[]', 'columns', 'c[]', 'c', 'column_names[]', 'column_names'], (texts) => readColumns(texts, context))
  read('highlighted_attributes', ['highlightedAttributes[]', 'highlightedAttributes'], (texts) => readColumns(texts, context))
  yesOrNo('sums', 'showSums')
  yesOrNo('show_hierarchies', 'showHierarchies')
  yesOrNo('include_subprojects', 'includeSubprojects')
  yesOrNo('timeline_visible', 'timelineVisible')
  text('timeline_zoom_level', 'timelineZoomLevel', oneOf('timelineZoomLevel', zoomLevels))
  text('timeline_labels', 'timelineLabels', readLabels)
  text('highlighting_mode', 'highlightingMode', oneOf('highlightingMode', highlightingModes))
  text('display_representation', 'displayRepresentation', oneOf('displayRepresentation', displays))
  text('timestamps', 'timestamps', (timestamps) => JSON.stringify(timestampsIn(timestamps)))
  return changed
}

/**
 * A query with the overrides of a request.
 * @throws ApiError 400 for invalid parameters, unless `valid_subset` is true
 */
export async function overridden(row: Row, context: Context): Promise<Row> {
  const isLenient = context.params.get('valid_subset') === 'true'
  const changed = changes(context, isLenient)
  const asked: Row = { ...row, ...changed }
  if (asked.group_by && asked.show_hierarchies) {
    if (changed.group_by && changed.show_hierarchies && !isLenient)
      throw invalidQuery(said`groupBy and showHierarchies=true exclude each other.`)
    asked.show_hierarchies = false
  }
  if ('filters' in changed && !isLenient) return asked
  const uses = 'filters' in changed ? readUses(asked) : ((await loadFilters([row], context)).get(row)?.uses ?? [])
  return { ...asked, filters: JSON.stringify(await usable(uses, asked, context)) }
}
