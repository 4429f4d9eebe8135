/** SQL as a value: composable text and parameters, for either engine. */

const TEXT = Symbol('sql text')

/** A piece of SQL. `text` has one `?` per entry of `values`; engines with other placeholders respell it. */
export interface Sql {
  readonly [TEXT]: true
  readonly text: string
  readonly values: readonly unknown[]
}

/** Whether a value is a piece of SQL rather than a parameter. */
export const isSql = (value: unknown): value is Sql => typeof value === 'object' && value !== null && TEXT in value

const long = new WeakSet<Sql>()

/** Marks a query that may take long, such as a search: others must not wait behind it. Returns it. */
export function lengthy(query: Sql): Sql {
  long.add(query)
  return query
}

/** Whether a query is marked as one that may take long. */
export const isLengthy = (query: Sql): boolean => long.has(query)

const make = (text: string, values: readonly unknown[]): Sql => ({ [TEXT]: true, text, values })

/** Builds SQL from a template: nested pieces are spliced in, everything else becomes a bound parameter. */
export function sql(strings: TemplateStringsArray, ...parts: unknown[]): Sql {
  let text = strings[0] as string
  const values: unknown[] = []
  for (let i = 0; i < parts.length; i++) {
    const part = parts[i]
    if (isSql(part)) {
      text += part.text
      for (const value of part.values) values.push(value)
    } else {
      text += '?'
      values.push(part)
    }
    text += strings[i + 1]
  }
  return make(text, values)
}

/** Trusted SQL text: only for constants of our own, never for input of a client. */
export const raw = (text: string): Sql => make(text, [])

const names = new Map<string, Sql>()

/** A quoted identifier. Throws on anything but letters, digits, underscores and one dot. */
export function name(identifier: string): Sql {
  let known = names.get(identifier)
  if (!known) {
    if (!/^[a-z_][a-z0-9_]*(\.[a-z_][a-z0-9_]*)?$/.test(identifier)) throw new Error(`Not an SQL identifier: ${identifier}`)
    known = make(identifier.replace(/[^.]+/g, '"$&"'), [])
    names.set(identifier, known)
  }
  return known
}

/** Joins pieces (or parameters) with `separator`; `empty` if there are none. */
export function join(parts: readonly unknown[], separator = ', ', empty = 'null'): Sql {
  if (parts.length === 0) return raw(empty)
  const values: unknown[] = []
  const texts = parts.map((part) => {
    if (!isSql(part)) {
      values.push(part)
      return '?'
    }
    for (const value of part.values) values.push(value)
    return part.text
  })
  return make(texts.join(separator), values)
}

export const TRUE = raw('1 = 1')
export const FALSE = raw('1 = 0')

/**
 * The opposite of a condition: true as well where it is unknown, as of an empty column. That a column is empty is asked as such,
 * which an index or statistics can answer.
 */
export const negated = (condition: Sql): Sql => {
  if (condition === TRUE) return FALSE
  if (condition === FALSE) return TRUE
  const [, filled] = /^("\w+"(?:\."\w+")?) is not null$/.exec(condition.text) ?? []
  return filled === undefined ? sql`(${condition}) is not true` : raw(`${filled} is null`)
}

/** The conjunction of conditions; true if there are none. */
export const and = (conditions: readonly Sql[]): Sql => {
  const needed = conditions.filter((c) => c !== TRUE)
  if (needed.includes(FALSE)) return FALSE
  if (needed.length === 0) return TRUE
  return needed.length === 1 ? (needed[0] as Sql) : sql`(${join(needed, ' and ')})`
}

/** The disjunction of conditions; false if there are none. */
export const or = (conditions: readonly Sql[]): Sql => {
  const possible = conditions.filter((c) => c !== FALSE)
  if (possible.includes(TRUE)) return TRUE
  if (possible.length === 0) return FALSE
  return possible.length === 1 ? (possible[0] as Sql) : sql`(${join(possible, ' or ')})`
}
