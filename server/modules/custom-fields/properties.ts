/** Custom fields as properties: what a definition says, in the words of a declaration. */

import type { Row } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { raw, type Sql, sql, TRUE } from '#db/sql.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Draft, Filter, Property, Rule } from '#kernel/declaration.ts'
import { areVisible, withMe } from '#kernel/read/judge.ts'
import { listHref } from '#kernel/resource.ts'
import { editAttributes, seeAttributes } from '#modules/projects/rights.ts'
import { sharedVersionIds } from '#modules/projects/sharing.ts'
import { matches, patternFault } from '#text/patterns.ts'
import { type Definition, type Extensible, isIn } from './definitions.ts'
import { conditionOn, formats, orderBy, valueIn } from './formats.ts'
import { compute, readFormula } from './formulas.ts'

/** What the kind of resource says of its fields. */
interface Host {
  /** Whether a row has a field; where that is not stored, `isThere` in formats.ts says the same. */
  readonly active?: (field: Definition, draft: Draft) => boolean
  /** The project that decides what can be chosen. */
  readonly project?: (row: Row) => number | null | undefined
  readonly read?: Rule
  readonly edit?: Rule
  /** The heading in forms of fields that have none of their own. */
  readonly section?: string
  /** Whether its lists are filtered, ordered, grouped and summed by fields. */
  readonly isQueried?: boolean
}

const inProject = (row: Row) => row.project_id

const hosts: Readonly<Record<Extensible, Host>> = {
  WorkPackage: {
    active: (field, { row }) => field.types.has(row.type_id) && isIn(field, row.project_id),
    project: inProject,
    section: 'Other',
    isQueried: true,
  },
  Project: {
    // Giving a project a value makes it use the field; a new one may use them all.
    active: (field, { row, before, given }) => !before || isIn(field, row.id) || given.has(nameOf(field)),
    project: (row) => row.id,
    read: seeAttributes,
    edit: editAttributes,
    section: 'Project attributes',
    isQueried: true,
  },
  User: {},
  Group: {},
  Version: { project: inProject },
  TimeEntry: { project: inProject, isQueried: true },
}

export const nameOf = ({ id }: Pick<Definition, 'id'>): string => `customField${id}`
const columnOf = ({ id }: Pick<Definition, 'id'>): string => `custom_field_${id}`

/** What is wrong with a text or number, in words that follow the label. */
function faultOf(field: Definition): (value: unknown) => string | undefined {
  const { min_length: min, max_length: max } = field
  const pattern = patternOf(field)
  return (value) => {
    if (typeof value !== 'string' && typeof value !== 'number') return undefined
    const text = String(value)
    const length = [...text].length
    if (min > 0 && length < min) return `is too short (minimum is ${min} characters)`
    if (max > 0 && length > max) return `is too long (maximum is ${max} characters)`
    if (pattern === undefined) return undefined
    const isMatch = matches(pattern, text)
    if (isMatch === undefined) return 'is too long to be compared with the regular expression'
    return isMatch ? undefined : 'does not match the regular expression'
  }
}

/** The pattern that values have to match. One of an earlier version that cannot be used is none; `halyard doctor` names it. */
const patternOf = ({ pattern }: Definition): string | undefined =>
  pattern && patternFault(pattern) === undefined ? pattern : undefined

/** Further members of a field's entry in schemas. */
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

/** The address that people can be chosen from: those not locked, of a project where there is one. */
const people = (project: number | null | undefined): string =>
  listHref(
    'principals',
    { status: ['!', 3], type: ['=', 'User', 'Group', 'PlaceholderUser'], member: project ? ['=', project] : ['*'] },
    'pageSize=-1',
  )

/** The ids of the versions that can be chosen in a project. */
async function versionsFor({ any_version }: Definition, project: number | null | undefined, context: Context) {
  const versions = await allRows(context.db, context.snapshot, 'versions', 'name')
  const shared = project ? await sharedVersionIds(context, project) : new Set<number>()
  return [...versions.values()].filter((one) => shared.has(one.id) && (any_version || one.status === 'open'))
}

type Choices = Pick<Property['options'], 'allowed' | 'eligible'>

/** What can be chosen in a field. */
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

/** What a row holds in a field, as a number: a weighted list counts as much as what is chosen; anything else has none. */
function numberIn(row: Row, field: Definition | undefined): number | null {
  if (!field) return null
  const { id, format, weights } = field
  const column = columnOf(field)
  const value = (column in row ? row[column] : row.custom_values?.[id]) ?? null
  if (value === null) return null
  if (format === 'int' || format === 'float') return value
  if (format !== 'weighted_item_list') return null
  // What has no weight is no number, and nothing can be added to it.
  const sum = [value].flat().reduce((total, item) => total + (weights.get(item) ?? Number.NaN), 0)
  return Number.isNaN(sum) ? null : sum
}

/** What a calculated value comes to for a row; nothing where it would depend on itself. */
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
        // Whoever asks for it while it is being computed depends on itself.
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
    label: field.name,
    to,
    many: Boolean(to && multiple),
    packed: { column: 'custom_values', key: String(id) },
    options: {
      required: required && {
        // A new project has to fill in what all projects have.
        ...(resource === 'Project' && { when: ({ before }: Draft) => Boolean(before) || field.for_all }),
        lenient: ({ meta }: Draft) => meta.validateCustomFields === true,
      },
      hasDefault: !to && initial !== undefined,
      initial,
      compared: true,
      // A calculated value tells of all that it is computed from, so it is not there without.
      active: (draft) => [field, ...field.inputs].every((one) => host.active?.(one, draft) ?? true),
      ...(isComputed && { readOnly: 'ignore', follows: formulaOf(field, all) }),
      ...(host.read && { read: host.read }),
      ...(host.edit && { may: { create: host.edit, update: host.edit } }),
      ...(host.section && { section: field.section ?? host.section }),
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
        // Whoever knows the field knows its choices; people and versions are seen or not, whoever points to them.
        alwaysNamed: format !== 'user' && format !== 'version',
        embed: !multiple && (format === 'user' || format === 'version'),
        ...(schemaType && { schemaType }),
      }),
      ...(to && multiple && { load: async (rows) => new Map(rows.map((row) => [row.id, row[column] ?? []])) }),
    },
  }
}

/** A field as a filter, where lists of its resource can be filtered by it. */
export function filterOf(field: Definition): Filter | undefined {
  const { id, format, resource, filterable } = field
  const host = hosts[resource]
  if (!host.isQueried || !filterable) return undefined
  const { to, strategy, operators } = formats[format]
  return {
    names: [`cf_${id}`],
    label: field.name,
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

/** Whether choices are those of this field. */
async function belong({ id, format }: Definition, values: readonly string[], { db, snapshot }: Context): Promise<boolean> {
  const table = format === 'list' ? 'custom_options' : formats[format].to === 'HierarchyItem' ? 'custom_field_items' : undefined
  if (!table) return true
  const rows = await allRows(db, snapshot, table, 'position')
  return values.every((value) => value === '-1' || rows.get(Number(value))?.custom_field_id === id)
}
