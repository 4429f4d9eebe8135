/** Custom fields as properties of declarations. */

import type { Row } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Draft, Filter, Property, Rule } from '#kernel/declaration.ts'
import { areVisible, withMe } from '#kernel/read/judge.ts'
import { listHref } from '#kernel/resource.ts'
import { editAttributes, seeAttributes } from '#modules/projects/rights.ts'
import { sharedVersionIds } from '#modules/projects/sharing.ts'
import { type Message, said } from '#text/messages.ts'
import { matches, patternFault } from '#text/patterns.ts'
import { type Definition, type Extensible, isIn } from './definitions.ts'
import { conditionOn, formats, orderBy, valueIn } from './formats.ts'
import { compute, readFormula } from './formulas.ts'

/** Options of a resource for its custom fields. */
interface Host {
  /** Whether a row has a field; the counterpart of `isThere` in formats.ts. */
  readonly active?: (field: Definition, draft: Draft) => boolean
  /** The project that determines the allowed values. */
  readonly project?: (row: Row) => number | null | undefined
  readonly read?: Rule
  readonly edit?: Rule
  /** The default section in forms. */
  readonly section?: Message
  /** Whether lists can filter, sort, group and sum by fields. */
  readonly isQueried?: boolean
}

const inProject = (row: Row) => row.project_id

const hosts: Readonly<Record<Extensible, Host>> = {
  WorkPackage: {
    active: (field, { row }) => field.types.has(row.type_id) && isIn(field, row.project_id),
    project: inProject,
    section: said`Other`,
    isQueried: true,
  },
  Project: {
    // A value activates the field in the project; a new project may use all fields.
    active: (field, { row, before, given }) => !before || isIn(field, row.id) || given.has(nameOf(field)),
    project: (row) => row.id,
    read: seeAttributes,
    edit: editAttributes,
    section: said`Project attributes`,
    isQueried: true,
  },
  User: {},
  Group: {},
  Version: { project: inProject },
  TimeEntry: { project: inProject, isQueried: true },
}

export const nameOf = ({ id }: Pick<Definition, 'id'>): string => `customField${id}`
const columnOf = ({ id }: Pick<Definition, 'id'>): string => `custom_field_${id}`

/** The fault of a text or number, in words that follow the label. */
function faultOf(field: Definition): (value: unknown) => Message | undefined {
  const { min_length: min, max_length: max } = field
  const pattern = patternOf(field)
  return (value) => {
    if (typeof value !== 'string' && typeof value !== 'number') return undefined
    const text = String(value)
    const length = [...text].length
    if (min > 0 && length < min) return said`is too short (minimum is ${min} characters)`
    if (max > 0 && length > max) return said`is too long (maximum is ${max} characters)`
    if (pattern === undefined) return undefined
    const isMatch = matches(pattern, text)
    if (isMatch === undefined) return said`is too long to be compared with the regular expression`
    return isMatch ? undefined : said`does not match the regular expression`
  }
}

/** The pattern for values. An unusable pattern of an earlier version is ignored; `halyard doctor` reports it. */
const patternOf = ({ pattern }: Definition): string | undefined =>
  pattern && patternFault(pattern) === undefined ? pattern : undefined

/** Further properties of a field's schema. */
function about(field: Definition): Record<string, unknown> {
  const pattern = patternOf(field)
  return {
    ...(field.min_length > 0 && { minLength: field.min_length }),
    ...(field.max_length > 0 && { maxLength: field.max_length }),
    ...(pattern !== undefined && { regularExpression: pattern }),
    ...(field.formula && { formula: field.formula }),
    ...(field.right_to_left && { options: { rtl: 'true' } }),
  }
}

/** The address of allowed principals: not locked and, with a project, members of it. */
const people = (project: number | null | undefined): string =>
  listHref(
    'principals',
    { status: ['!', 3], type: ['=', 'User', 'Group', 'PlaceholderUser'], member: project ? ['=', project] : ['*'] },
    'pageSize=-1',
  )

/** The ids of allowed versions in a project. */
async function versionsFor({ any_version }: Definition, project: number | null | undefined, context: Context) {
  const versions = await allRows(context.db, context.snapshot, 'versions', 'name')
  const shared = project ? await sharedVersionIds(context, project) : new Set<number>()
  return [...versions.values()].filter((one) => shared.has(one.id) && (any_version || one.status === 'open'))
}

type Choices = Pick<Property['options'], 'allowed' | 'eligible'>

/** The allowed values of a field. */
function choicesOf(field: Definition, project: (row: Row) => number | null | undefined): Choices {
  const { id, format } = field
  switch (format) {
    case 'list':
      return {
        eligible: () => sql`custom_options.custom_field_id = ${id}`,
        allowed: {
          rows: async (_, __, { db, snapshot }) =>
            [...(await allRows(db, snapshot, 'custom_options', 'position')).values()].filter(
              (option) => option.custom_field_id === id,
            ),
        },
      }
    case 'hierarchy':
    case 'weighted_item_list':
      return {
        eligible: () => sql`(custom_field_items.custom_field_id = ${id} and custom_field_items.parent_id is not null)`,
        allowed: { href: () => `/api/v3/custom_fields/${id}/items` },
      }
    case 'version':
      return {
        eligible: async ({ row }, context) => {
          const ids = (await versionsFor(field, project(row), context)).map((one) => one.id)
          return among(context.engine, raw('versions.id'), ids)
        },
        allowed: { rows: ({ row }, _, context) => versionsFor(field, project(row), context) },
      }
    case 'user':
      return {
        eligible: ({ row }): Sql => {
          const place = project(row)
          const isMember = place
            ? sql`exists (select 1 from memberships m where m.principal_id = principals.id and m.project_id = ${place} and m.entity_type is null)`
            : TRUE
          return sql`(principals.status <> 3 and ${isMember})`
        },
        allowed: { href: ({ row }) => people(project(row)) },
      }
    default:
      return {}
  }
}

/** The value of a new row. */
const initialOf = ({ format, multiple, chosen, default_value }: Definition): unknown => {
  if (format === 'list') return chosen.length === 0 ? undefined : multiple ? chosen : chosen[0]
  return default_value ?? undefined
}

/** The numeric value of a field: for a weighted list the sum of the chosen weights; null for other formats. */
function numberIn(row: Row, field: Definition | undefined): number | null {
  if (!field) return null
  const { id, format, weights } = field
  const column = columnOf(field)
  const value = (column in row ? row[column] : row.custom_values?.[id]) ?? null
  if (value === null) return null
  if (format === 'int' || format === 'float') return value
  if (format !== 'weighted_item_list') return null
  // An item without a weight makes the sum undefined.
  const sum = [value].flat().reduce((total, item) => total + (weights.get(item) ?? Number.NaN), 0)
  return Number.isNaN(sum) ? null : sum
}

/** The calculated value for a row; null in case of a circular dependency. */
function formulaOf({ id }: Definition, all: readonly Definition[]): (row: Row) => number | null {
  const fields = new Map(all.map((field) => [field.id, field]))
  const calculated = all.filter(({ format }) => format === 'calculated_value')
  const formulas = new Map(calculated.map((field) => [field.id, readFormula(field.formula ?? '0')]))
  return (row) => {
    const known = new Map<number, number | null>()
    const numberOf = (field: number): number | null => {
      const formula = formulas.get(field)
      if (!formula) return numberIn(row, fields.get(field))
      if (!known.has(field)) {
        // A read during its own computation is a circular dependency.
        known.set(field, null)
        known.set(field, compute(formula, numberOf))
      }
      return known.get(field) ?? null
    }
    return numberOf(id)
  }
}

/** A field as a property of its resource. */
export function propertyOf(field: Definition, all: readonly Definition[]): Property {
  const { id, format, resource, required, multiple } = field
  const host = hosts[resource]
  const { kind, to, schemaType } = formats[format]
  const own = nameOf(field)
  const column = columnOf(field)
  const initial = initialOf(field)
  const isText = format === 'text'
  const isComputed = format === 'calculated_value'
  const isNumber = format === 'int' || format === 'float' || isComputed
  const { isQueried = false } = host
  return {
    name: own,
    kind,
    column,
    label: said`${field.name}`,
    to,
    many: Boolean(to && multiple),
    packed: { column: 'custom_values', key: String(id) },
    options: {
      required: required && {
        // In a new project, fields for all projects are required.
        ...(resource === 'Project' && { when: ({ before }: Draft) => Boolean(before) || field.for_all }),
        lenient: ({ meta }: Draft) => meta.validateCustomFields === true,
      },
      hasDefault: !to && initial !== undefined,
      initial,
      compared: true,
      // A calculated value discloses its inputs, so it is active only with all of them.
      active: (draft) => [field, ...field.inputs].every((one) => host.active?.(one, draft) ?? true),
      ...(isComputed && { readOnly: 'ignore', follows: formulaOf(field, all) }),
      ...(host.read && { read: host.read }),
      ...(host.edit && { may: { create: host.edit, update: host.edit } }),
      ...(host.section && { section: field.section ? said`${field.section}` : host.section }),
      fault: faultOf(field),
      about: about(field),
      select: ({ engine }, table) => valueIn(field, engine, table),
      ...(isQueried && {
        listed: true,
        sort: (scope, table) => orderBy(field, scope, table),
        emptyFirst: !to,
        group: !isText && format !== 'link',
        sum: isNumber,
      }),
      ...(to && {
        ...choicesOf(field, host.project ?? (() => undefined)),
        // Options are visible with the field; principals and versions have their own visibility.
        alwaysNamed: format !== 'user' && format !== 'version',
        embed: !multiple && (format === 'user' || format === 'version'),
        ...(schemaType && { schemaType }),
      }),
      ...(to && multiple && { load: async (rows) => new Map(rows.map((row) => [row.id, row[column] ?? []])) }),
    },
  }
}

/** A field as a filter, if lists of its resource can use it. */
export function filterOf(field: Definition): Filter | undefined {
  const { id, format, resource, filterable } = field
  const host = hosts[resource]
  if (!host.isQueried || !filterable) return undefined
  const { to, strategy, operators } = formats[format]
  return {
    names: [`cf_${id}`],
    label: said`${field.name}`,
    strategy,
    ...(operators && { operators }),
    ...(to && { to }),
    ...(to && {
      allowed: async (values, context) => (await areVisible(to, values, context)) && belong(field, values, context),
    }),
    of: nameOf(field),
    where: (use, context, table) => {
      const values = to === 'Principal' ? withMe(use.values, context) : use.values
      return conditionOn(field, { ...use, values }, context, table)
    },
  }
}

/** Whether values are options or items of this field. */
async function belong({ id, format }: Definition, values: readonly string[], { db, snapshot }: Context): Promise<boolean> {
  const table = format === 'list' ? 'custom_options' : formats[format].to === 'HierarchyItem' ? 'custom_field_items' : undefined
  if (!table) return true
  const rows = await allRows(db, snapshot, table, 'position')
  return values.every((value) => value === '-1' || rows.get(Number(value))?.custom_field_id === id)
}
