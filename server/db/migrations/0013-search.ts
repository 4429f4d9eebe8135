/** Indexes for the search of words in texts: see ../search.ts. */
import { waiting } from '../index-queue.ts'

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
