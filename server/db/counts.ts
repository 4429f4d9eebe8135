/**
 * Tables of counts: the number of rows of a table for each combination of the values of some columns, kept by triggers.
 *
 * On SQLite, whose writers are serialised, a combination has one row. On PostgreSQL writers of the same combination would wait for
 * each other, so each adds a row with its own change, and `mergeCounts` merges them from time to time: the sum is the count.
 */
import type { Engine, Transaction } from './database.ts'
import { join, name, type Sql, sql } from './sql.ts'

/** The names of tables of counts begin with it. They hold nothing that could not be counted again. */
const PREFIX = 'counts_'

/** The table of the counts of a table. */
export const countsOf = (table: string): Sql => name(PREFIX + table)

/**
 * The statements of a migration that makes a table of counts, fills it, and has it kept up to date.
 * @param by the columns whose values are counted; none is null
 */
export function createCounts(table: string, by: readonly string[]): Record<Engine, string> {
  const counts = PREFIX + table
  const columns = by.join(', ')
  const own = [...by, 'n'].map((one) => `${one} integer not null`).join(', ')
  const fill = `insert into ${counts} (${columns}, n) select ${columns}, count(*) from ${table} group by ${columns};`
  const values = (row: string) => by.map((one) => `${row}.${one}`).join(', ')
  const add = (row: string, n: 1 | -1) => `insert into ${counts} (${columns}, n) values (${values(row)}, ${n})`
  const differ = (unlike: string) => by.map((one) => `new.${one} ${unlike} old.${one}`).join(' or ')
  const upsert = (row: string, n: 1 | -1) => `${add(row, n)} on conflict (${columns}) do update set n = n + excluded.n;`
  return {
    sqlite: `
create table ${counts} (${own}, primary key (${columns})) without rowid;
${fill}
create trigger ${counts}_insert after insert on ${table} begin ${upsert('new', 1)} end;
create trigger ${counts}_delete after delete on ${table} begin ${upsert('old', -1)} end;
create trigger ${counts}_update after update of ${columns} on ${table} when ${differ('is not')}
begin ${upsert('old', -1)} ${upsert('new', 1)} end;`,
    postgres: `
create table ${counts} (${own});
create index ${counts}_by on ${counts} (${columns}) include (n);
${fill}
create function ${counts}_change() returns trigger language plpgsql as $$
begin
  if tg_op <> 'DELETE' then ${add('new', 1)}; end if;
  if tg_op <> 'INSERT' then ${add('old', -1)}; end if;
  return null;
end $$;
create trigger ${counts}_written after insert or delete on ${table} for each row execute function ${counts}_change();
create trigger ${counts}_updated after update of ${columns} on ${table} for each row
  when (${differ('is distinct from')}) execute function ${counts}_change();`,
  }
}

/** Merges the rows of each combination into one, and removes those of combinations that no row has any more. */
export async function mergeCounts(tx: Transaction, table: string, by: readonly string[]): Promise<void> {
  const counts = countsOf(table)
  const columns = join(by.map(name))
  // Rows that others add meanwhile are not among those deleted, and stay.
  const rows = await tx.all<Record<string, number>>(sql`
    delete from ${counts} where (${columns}) in (
      select ${columns} from ${counts} group by ${columns} having count(*) > 1 or sum(n) = 0
    ) returning ${columns}, n`)
  const sums = new Map<string, number[]>()
  for (const row of rows) {
    const values = by.map((one) => row[one] as number)
    const sum = sums.getOrInsertComputed(values.join(), () => [...values, 0])
    sum[by.length] = (sum[by.length] as number) + (row.n as number)
  }
  const left = [...sums.values()].filter((values) => values.at(-1) !== 0)
  if (left.length === 0) return
  await tx.run(sql`insert into ${counts} (${columns}, n) values ${join(left.map((values) => sql`(${join(values)})`))}`)
}

const known = new Map<string, boolean>()
const MOST_KNOWN = 5000

/** A comparison of a column with ids, as `among` writes it. */
const COMPARISON = /\+?"(\w+)"\."(\w+)" (?:= \?|in \(select value from json_each\(\?\)\)|= any\(\?::int\[\]\)|is not null)/g
const REST = /^(?:[()]| and | or |1 = 1|1 = 0)*$/

/** Whether a condition on rows of a table compares only those of their columns with ids, so that counts by them can answer it. */
export function comparesOnly(condition: Sql, table: string, by: readonly string[]): boolean {
  const key = `${table} ${condition.text}`
  const before = known.get(key)
  if (before !== undefined) return before
  let areCounted = true
  const rest = condition.text.replace(COMPARISON, (_, of: string, column: string) => {
    if (of !== table || !by.includes(column)) areCounted = false
    return ''
  })
  const result = areCounted && REST.test(rest)
  if (known.size >= MOST_KNOWN) known.clear()
  known.set(key, result)
  return result
}

/** The number of rows that satisfy a condition that `comparesOnly` is true of: a query of one row with `n`. */
export const countedRows = (table: string, condition: Sql): Sql =>
  sql`select coalesce(sum(n), 0) as n from ${countsOf(table)} as ${name(table)} where ${condition}`
