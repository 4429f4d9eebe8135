/** Formats of custom fields: kinds of values, and SQL for filters and sort orders. */
import type { Engine } from '#db/database.ts'
import { among, folded, natural } from '#db/dialect.ts'
import { and, name, or, raw, type Sql, sql, TRUE } from '#db/sql.ts'
import type { Context, FilterUse, Kind, Scope, Strategy } from '#kernel/declaration.ts'
import { boolean, date, decimal, FormatError, integer, markdown, text } from '#kernel/kinds.ts'
import { condition, isId } from '#kernel/read/operators.ts'
import { linkKind } from '#kernel/resource.ts'
import { bySurname } from '#modules/accounts/search.ts'
import { said } from '#text/messages.ts'
import type { Definition, Format } from './definitions.ts'

/** Stores a blank text as null. */
const orNothing = (kind: Kind): Kind => ({
  ...kind,
  parse: (value) => {
    const parsed = kind.parse(value) as string
    return parsed.trim() === '' ? null : parsed
  },
})

/** A URL; without a scheme, a web address. */
const address: Kind = {
  ...text,
  type: 'Link',
  parse: (value) => {
    const given = (text.parse(value) as string).trim()
    if (given === '') return null
    const whole = /^[a-z][a-z0-9+.-]*:/i.test(given) ? given : `http://${given}`
    const parsed = URL.parse(whole)
    if (!parsed || !['http:', 'https:', 'mailto:', 'ftp:', 'tel:'].includes(parsed.protocol))
      throw new FormatError(said`an address`)
    return whole
  },
}

export interface FormatOf {
  readonly kind: Kind
  /** The resource of the values, and its name in schemas. */
  readonly to?: string
  readonly schemaType?: string
  readonly strategy: Strategy
  readonly operators?: readonly string[]
  /** The SQL type of the value, if not text. */
  readonly as?: string
}

const choice = ['=', '&=', '!', '*', '!*']
const tree = ['=', '!', 'eq_with_descendants']
const item = { kind: linkKind, to: 'HierarchyItem', schemaType: 'CustomField::Hierarchy::Item', strategy: 'list' } as const

export const formats: Readonly<Record<Format, FormatOf>> = {
  string: { kind: orNothing(text), strategy: 'string' },
  text: { kind: markdown, strategy: 'text' },
  link: { kind: address, strategy: 'string' },
  int: { kind: integer, strategy: 'integer', as: 'integer' },
  float: { kind: decimal, strategy: 'integer', as: 'float8' },
  date: { kind: date, strategy: 'date', as: 'date' },
  bool: { kind: { ...boolean, ofNothing: null }, strategy: 'boolean', as: 'boolean' },
  list: { kind: linkKind, to: 'CustomOption', strategy: 'list_optional', operators: choice },
  user: { kind: linkKind, to: 'Principal', schemaType: 'User', strategy: 'list_optional', operators: choice },
  version: { kind: linkKind, to: 'Version', strategy: 'list_optional', operators: choice },
  hierarchy: { ...item, operators: tree },
  weighted_item_list: { ...item, operators: tree },
  calculated_value: { kind: { ...decimal, type: 'CalculatedValue' }, strategy: 'integer', as: 'float8' },
}

const all = (table: string): Sql => name(`${table}.custom_values`)
/** Safe in the SQL text: the id is a number. */
const key = (id: number): Sql => raw(String(Math.trunc(id)))

/** Whether a row has a field and all its inputs. */
function isThere(field: Definition, engine: Engine, table: string): Sql {
  const of = (own: string, ids: ReadonlySet<number>) => among(engine, name(`${table}.${own}`), [...ids])
  const inUse = ({ resource, types, projects, for_all }: Definition) => {
    if (resource === 'WorkPackage') return and([of('type_id', types), for_all ? TRUE : of('project_id', projects)])
    return resource === 'Project' && !for_all ? of('id', projects) : TRUE
  }
  return and([field, ...field.inputs].map(inUse))
}

/** The value of a field: for links the id, for multiple values the list of ids. */
export function valueIn(field: Definition, engine: Engine, table: string): Sql {
  const there = isThere(field, engine, table)
  const value = keptIn(field, engine, table)
  return there === TRUE ? value : sql`case when ${there} then ${value} end`
}

function keptIn({ id, format, multiple }: Definition, engine: Engine, table: string): Sql {
  const { to, as } = formats[format]
  if (engine === 'sqlite') return sql`json_extract(${all(table)}, '$."${key(id)}"')`
  if (to && multiple) return sql`(${all(table)} -> '${key(id)}')`
  const type = to ? 'integer' : as
  return type ? sql`(${all(table)} ->> '${key(id)}')::${raw(type)}` : sql`(${all(table)} ->> '${key(id)}')`
}

/** Sort order by display text, for options by position. `table` is that of the rows, or of the options. */
export function orderBy(field: Definition, scope: Scope, table: string): Sql {
  const { engine } = scope
  const of = (own: string) => name(`${table}.${own}`)
  const value = valueIn(field, engine, table)
  switch (field.format) {
    case 'list':
      return of('position')
    case 'user':
      return bySurname(scope, table)
    case 'version':
      return natural(engine, of('name'))
    case 'hierarchy':
      return folded(engine, of('label'))
    case 'weighted_item_list':
      return engine === 'sqlite' ? sql`cast(${of('weight')} as real)` : sql`cast(${of('weight')} as numeric)`
    case 'string':
    case 'text':
    case 'link':
      return folded(engine, value)
    case 'bool':
      return engine === 'sqlite' ? value : sql`${value}::integer`
    default:
      return value
  }
}

/** Whether a field of a row contains one of these ids. */
function holds(field: Definition, engine: Engine, table: string, ids: Sql): Sql {
  const place = key(field.id)
  const isHeld =
    engine === 'sqlite'
      ? sql`exists (select 1 from json_each(${all(table)}, '$."${place}"') e where e.value in (${ids}))`
      : sql`exists (select 1 from (${ids}) x (id) where (${all(table)} -> '${place}') @> to_jsonb(x.id))`
  return and([isThere(field, engine, table), isHeld])
}

/** The condition of a filter on a field. */
export function conditionOn(
  field: Definition,
  use: Pick<FilterUse, 'operator' | 'values'>,
  context: Context,
  table: string,
): Sql {
  const { engine } = context
  const { strategy, to } = formats[field.format]
  const value = valueIn(field, engine, table)
  if (!to) return condition(strategy, use, value, context)

  const ids = use.values.filter(isId).map(Number)
  const listed = engine === 'sqlite' ? sql`select value from json_each(${ids})` : sql`select unnest(${ids}::integer[])`
  const chosen = () => or([holds(field, engine, table, listed), ...(use.values.includes('-1') ? [sql`${value} is null`] : [])])
  switch (use.operator) {
    case '=':
      return chosen()
    case '&=':
      return and(ids.map((id) => holds(field, engine, table, sql`select ${engine === 'sqlite' ? id : sql`${id}::integer`}`)))
    case 'eq_with_descendants':
      return holds(
        field,
        engine,
        table,
        sql`with recursive below (id) as (
            select i.id from custom_field_items i where ${among(engine, sql`i.id`, ids)}
            union select i.id from custom_field_items i join below on i.parent_id = below.id
          ) select id from below`,
      )
    default:
      return sql`${value} is not null`
  }
}
