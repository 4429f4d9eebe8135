/** Wiki pages of a project. */
export const wiki = {
  name: '0036-wiki',
  text: `
create table wiki_pages (
  id {id},
  project_id integer not null references projects (id),
  parent_id integer references wiki_pages (id),
  title text not null,
  text text,
  author_id integer not null references principals (id),
  lock_version integer not null default 0,
  created_at {time} not null,
  updated_at {time} not null,
  unique (id, project_id),
  foreign key (parent_id, project_id) references wiki_pages (id, project_id)
);
create unique index wiki_pages_title on wiki_pages (project_id, lower(title));
create index wiki_pages_parent on wiki_pages (parent_id);
create index wiki_pages_author on wiki_pages (author_id);

create table wiki_page_versions (
  journal_id integer primary key references journals (id) on delete cascade,
  version integer not null,
  valid_from {time} not null,
  valid_until {time},
  id integer not null,
  project_id integer not null,
  parent_id integer,
  title text not null,
  text text,
  author_id integer not null,
  lock_version integer not null,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index wiki_page_versions_version on wiki_page_versions (id, version);
`,
}
