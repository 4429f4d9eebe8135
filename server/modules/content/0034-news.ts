/** News of a project. */
export const news = {
  name: '0034-news',
  text: `
create table news (
  id {id},
  project_id integer not null references projects (id),
  title text not null,
  summary text,
  description text,
  author_id integer not null references principals (id),
  created_at {time} not null,
  updated_at {time} not null
);
create index news_project on news (project_id, created_at);
create index news_author on news (author_id);

create table news_versions (
  journal_id integer primary key references journals (id) on delete cascade,
  version integer not null,
  valid_from {time} not null,
  valid_until {time},
  id integer not null,
  project_id integer not null,
  title text not null,
  summary text,
  description text,
  author_id integer not null,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index news_versions_version on news_versions (id, version);
`,
}
