/** Asking the same questions of other rows: a table's name stands for a query, for one statement or for all that a reader asks. */
import type { Reader } from './database.ts'
import { name, raw, type Sql, sql } from './sql.ts'

/**
 * A query in which a table's name stands for `rows`. Whatever it says of the table, subqueries included, it then says of those;
 * views are as they were. Neither engine collects the rows first: both put the condition where the table is used.
 */
export function withRows(query: Sql, table: string, rows: Sql): Sql {
  const [lead, recursive = ''] = /^\s*with\s+(recursive\s+)?/i.exec(query.text) ?? ['']
  const rest: Sql = { ...query, text: query.text.slice(lead.length) }
  return sql`with ${raw(recursive)}${name(table)} as not materialized (${rows})${raw(lead ? ', ' : ' ')}${rest}`
}

/** A reader to which a table is `rows`, wherever a query names it. */
export function readAsOf(db: Reader, table: string, rows: Sql): Reader {
  const names = new RegExp(`\\b${table}\\b`)
  const put = (query: Sql): Sql => (names.test(query.text) ? withRows(query, table, rows) : query)
  return {
    engine: db.engine,
    all: (query) => db.all(put(query)),
    one: (query) => db.one(put(query)),
  }
}
