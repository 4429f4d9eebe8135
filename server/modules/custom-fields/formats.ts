/** The formats of custom fields: the kind of their values, and how the database is asked for them. */
import type { Engine } from '#db/database.ts'
import { among, folded, natural } from '#db/dialect.ts'
import { and, name, or, raw, type Sql, sql } from '#db/sql.ts'
import type { Context } from '#kernel/context.ts'
import { boolean, date, FormatError, integer, type Kind, markdown, type Strategy, text } from '#kernel/kinds.ts'
import { condition, type FilterUse, isId } from '#kernel/operators.ts'
import { linkKind } from '#kernel/resource.ts'
import type { Definition, Format } from './definitions.ts'

/** Nothing is kept of a text without content. */
const orNothing = (kind: Kind): Kind => ({
  ...kind,
  parse: (value) => {
    const parsed = kind.parse(value) as string
    return parsed.trim() === '' ? null : parsed
  },
})

/** An address; one that does not say how it is reached is one of the web. */
const address: Kind = {
  ...text,
  type: 'Link',
  parse: (value) => {
    const given = (text.parse(value) as string).trim()
    if (given === '') return null
    const whole = /^[a-z][a-z0-9+.-]*:/i.test(given) ? given : `http://${given}`
    const parsed = URL.parse(whole)
    if (!parsed || !['http:', 'https:', 'mailto:', 'ftp:', 'tel:'].includes(parsed.protocol)) throw new FormatError('an address')
    return whole
  },
}

const decimal: Kind = {
  type: 'Float',
  json: { type: 'number' },
  render: (value) => value,
  parse: (value) => {
    const number = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number) || Math.abs(number) > 1e15) throw new FormatError('a number')
    return number
  },
  strategy: 'integer',
}

export interface FormatOf {
  readonly kind: Kind
  /** The resource that values name, and what schemas call it. */
  readonly to?: string
  readonly schemaType?: string
  readonly strategy: Strategy
  readonly operators?: readonly string[]
  /** The type that the database reads it as, where that is not text. */
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
/** Our own text: the id is a number. */
const key = (id: number): Sql => raw(String(Math.trunc(id)))

/** What a row holds in a field: for links the id, of several the list of them. */
export function valueIn({ id, format, multiple }: Definition, engine: Engine, table: string): Sql {
  const { to, as } = formats[format]
  if (engine === 'sqlite') return sql`json_extract(${all(table)}, '$."${key(id)}"')`
  if (to && multiple) return sql`(${all(table)} -> '${key(id)}')`
  const type = to ? 'integer' : as
  return type ? sql`(${all(table)} ->> '${key(id)}')::${raw(type)}` : sql`(${all(table)} ->> '${key(id)}')`
}

/** The ids that a row holds in a field of several, as a table of `id`. A single value is a list of one. */
function idsIn({ id }: Definition, engine: Engine, table: string): Sql {
  if (engine === 'sqlite') return sql`(select e.value as id from json_each(${all(table)}, '$."${key(id)}"') e)`
  return sql`(select e.id::integer as id from (select ${all(table)} -> '${key(id)}' as list) l cross join lateral
    jsonb_array_elements_text(case jsonb_typeof(l.list) when 'array' then l.list else jsonb_build_array(l.list) end) e (id)
    where l.list is not null)`
}

/** Where choices lie, and their order among each other, by what a row `x` of theirs says. */
function choicesBy(field: Definition, engine: Engine): { from: string; place: Sql } | undefined {
  switch (field.format) {
    case 'list':
      return { from: 'custom_options', place: sql`x.position` }
    case 'user':
      return {
        from: 'principals',
        place: folded(engine, sql`coalesce(x.last_name, x.name) || ' ' || coalesce(x.first_name, '')`),
      }
    case 'version':
      return { from: 'versions', place: natural(engine, sql`x.name`) }
    case 'hierarchy':
      return { from: 'custom_field_items', place: folded(engine, sql`x.label`) }
    case 'weighted_item_list':
      return { from: 'custom_field_items', place: sql`cast(x.weight as ${raw(engine === 'sqlite' ? 'real' : 'numeric')})` }
    default:
      return undefined
  }
}

/** What a row holds in a field, the same for all that hold the same: of several choices the list of ids, in the choices' order. */
export function groupBy(field: Definition, engine: Engine, table: string): Sql {
  const choices = field.multiple ? choicesBy(field, engine) : undefined
  if (!choices) return valueIn(field, engine, table)
  const { from, place } = choices
  const chosen = sql`from ${idsIn(field, engine, table)} e left join ${name(from)} x on x.id = e.id`
  return engine === 'sqlite'
    ? sql`(select nullif(json_group_array(id), '[]') from (select e.id as id ${chosen} order by ${place}, e.id) c)`
    : sql`(select jsonb_agg(e.id order by ${place}, e.id) ${chosen})`
}

/** Rows are ordered by what people read, choices by their places; of several it is the first place that counts. */
export function orderBy(field: Definition, engine: Engine, table: string): Sql {
  const value = valueIn(field, engine, table)
  const choices = choicesBy(field, engine)
  if (choices) {
    const { from, place } = choices
    return field.multiple
      ? sql`(select min(${place}) from ${idsIn(field, engine, table)} e join ${name(from)} x on x.id = e.id)`
      : sql`(select ${place} from ${name(from)} x where x.id = ${value})`
  }
  switch (field.format) {
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

/** Whether a row holds one of these ids in a field. */
function holds({ id }: Definition, engine: Engine, table: string, ids: Sql): Sql {
  return engine === 'sqlite'
    ? sql`exists (select 1 from json_each(${all(table)}, '$."${key(id)}"') e where e.value in (${ids}))`
    : sql`exists (select 1 from (${ids}) x (id) where (${all(table)} -> '${key(id)}') @> to_jsonb(x.id))`
}

/** The condition that a filter on a field puts on rows. */
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
    case '!':
      return sql`(${chosen()}) is not true`
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
    case '*':
      return sql`${value} is not null`
    default:
      return sql`${value} is null`
  }
}
