/** Extracted texts of attachments. */
import { waiting } from '../index-queue.ts'

const contents = `
-- One row for each attachment whose file is there. The text is null where there is none, or not yet.
create table attachment_contents (
  id integer primary key references attachments (id) on delete cascade,
  content text,
  attempts integer not null default 0,
  -- When the file is to be read, at first or once more; null when that is done or has been given up.
  due_at {time}
);
create index attachment_contents_due on attachment_contents (id) where due_at is not null;
insert into attachment_contents (id, due_at) select id, created_at from attachments where status <> 'prepared';
`

export const attachmentContents = {
  sqlite: `${contents}${waiting('attachment_contents', ['content'])}`,

  postgres: `${contents}
-- Always true. The planner takes reading a text for as cheap as reading a number, though it lies outside of its row: what this is
-- said to cost makes it ask the index instead.
create or replace function is_long(text) returns boolean language plpgsql immutable parallel safe cost 10000 as 'begin return true; end';
do $$
declare
  home text;
begin
  select quote_ident(n.nspname) into home from pg_extension e join pg_namespace n on n.oid = e.extnamespace where e.extname = 'pg_trgm';
  execute format(
    'create index texts_attachment_contents on attachment_contents using gin (content %1$s.gin_trgm_ops) where content is not null', home);
end $$;
`,
}
