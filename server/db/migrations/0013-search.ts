/** Indexes by which words are found in texts: see ../search.ts. */

/** On SQLite: an index of each column, and triggers that note which rows wait for being taken into them. */
function waiting(table: string, columns: readonly string[]): string {
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

const searchable = `
-- Whether its texts are searched together with those that all have.
alter table custom_fields add column searchable boolean not null default false;
`

export const search = {
  sqlite: `${searchable}
create table texts_waiting (of_table text not null, id integer not null, primary key (of_table, id)) without rowid;
${waiting('work_packages', ['subject', 'description', 'custom_values'])}
${waiting('journals', ['notes'])}
${waiting('attachments', ['file_name'])}`,

  postgres: `${searchable}
create function texts_in(given jsonb) returns text language sql immutable parallel safe as
  $$ select string_agg(value, E'\\n') from jsonb_each_text(given) $$;
do $$
declare
  home text;
begin
  -- It comes with PostgreSQL, and the owner of a database may install it. What is there already may be in any schema.
  if not exists (select from pg_extension where extname = 'pg_trgm') then
    create extension pg_trgm with schema public;
  end if;
  select quote_ident(n.nspname) into home from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm';
  execute format(
    'create index texts_work_packages on work_packages using gin
      (subject %1$s.gin_trgm_ops, description %1$s.gin_trgm_ops, texts_in(custom_values) %1$s.gin_trgm_ops)', home);
  execute format('create index texts_journals on journals using gin (notes %1$s.gin_trgm_ops) where notes is not null', home);
  execute format('create index texts_attachments on attachments using gin (file_name %1$s.gin_trgm_ops)', home);
end $$;
`,
}
