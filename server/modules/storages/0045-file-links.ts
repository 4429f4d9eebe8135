/** Links of work packages to files in storages. */
export const fileLinks = {
  name: '0045-file-links',
  text: `
create table file_links (
  id {id},
  work_package_id integer not null references work_packages (id),
  storage_id integer not null references storages (id),
  creator_id integer not null references principals (id),
  origin_id text not null,
  -- What is known of the file.
  origin_data {json} not null,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index file_links_origin on file_links (work_package_id, storage_id, origin_id);
create index file_links_storage on file_links (storage_id, origin_id);
create index file_links_creator on file_links (creator_id);
`,
}
