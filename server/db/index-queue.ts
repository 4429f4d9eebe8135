/** Trigram indexes on SQLite, for migrations: see search.ts. */

/** An index for each column of a table, and triggers that enqueue rows for indexing. */
export function waiting(table: string, columns: readonly string[]): string {
  const index = (column: string) =>
    `create virtual table texts_${table}_${column} using fts5
  (text, content='', contentless_delete=1, detail=none, tokenize='trigram case_sensitive 1');`
  const wait = (row: string) => `begin insert or ignore into texts_waiting values ('${table}', ${row}.id); end;`
  const some = (row: string) => columns.map((column) => `${row}${column} is not null`).join(' or ')
  const differ = columns.map((column) => `new.${column} is not old.${column}`).join(' or ')
  return `
${columns.map(index).join('\n')}
create trigger texts_${table}_insert after insert on ${table} when ${some('new.')} ${wait('new')}
create trigger texts_${table}_update after update of ${columns.join(', ')} on ${table} when ${differ} ${wait('new')}
create trigger texts_${table}_delete after delete on ${table} when ${some('old.')} ${wait('old')}
insert into texts_waiting select '${table}', id from ${table} where ${some('')};
`
}

/**
 * Keeps writes from merging segments of an index: a single write would merge them all, which holds everybody up. Only where some
 * hundreds have come together does it merge them nevertheless, as SQLite refuses more than 2000.
 */
export const merging = (index: string): string =>
  [
    ['automerge', 0],
    ['crisismerge', 500],
  ]
    .map(([option, value]) => `insert into ${index} (${index}, rank) values ('${option}', ${value});`)
    .join('\n')
