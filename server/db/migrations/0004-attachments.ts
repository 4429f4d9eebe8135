/** Attachments, and orphaned files. */
export const attachments = `
-- A container of null: uploaded, not yet claimed. The bytes lie in the file store under storage_name.
create table attachments (
  id {id},
  container_type text,
  container_id integer,
  author_id integer not null references principals (id),
  file_name text not null,
  description text,
  content_type text not null,
  file_size integer not null,
  digest text,
  storage_name text not null unique,
  status text not null default 'uploaded',
  created_at {time} not null,
  updated_at {time} not null
);
create index attachments_container on attachments (container_id, container_type);
create index attachments_unclaimed on attachments (created_at) where container_id is null;
create index attachments_author on attachments (author_id);

-- Files in the store that belong to no row, or do not yet: removed once their time has come. Whoever writes a file notes it
-- here first, and the transaction that makes its row strikes it out; whoever removes a row notes its file again.
create table loose_files (
  name text primary key,
  remove_at {time} not null
);
`
