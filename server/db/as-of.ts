/** Runs queries against other rows: a query replaces a table, for one statement or for all statements of a reader. */
import type { Reader } from './database.ts'
import { lengthy, name, raw, type Sql, sql } from './sql.ts'

/**
 * A query in which `rows` replaces a table, including its subqueries but not views. Neither engine materialises the rows: both
 * push the conditions down to the table.
 */
export function withRows(query: Sql, table: string, rows: Sql): Sql {
  const [lead, recursive = ''] = /^\s*with\s+(recursive\s+)?/i.exec(query.text) ?? ['']
  const rest: Sql = { ...query, text: query.text.slice(lead.length) }
  return sql`with ${raw(recursive)}${name(table)} as not materialized (${rows})${raw(lead ? ', ' : ' ')}${rest}`
}

/** A reader whose queries read `rows` instead of a table. */
export function readAsOf(db: Reader, table: string, rows: Sql): Reader {
  const names = new RegExp(`\\b${table}\\b`)
  const put = (query: Sql): Sql => (names.test(query.text) ? lengthy(withRows(query, table, rows)) : query)
  return {
    engine: db.engine,
    all: (query) => db.all(put(query)),
    one: (query) => db.one(put(query)),
  }
}
