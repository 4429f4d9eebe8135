/** Saved queries and their views. The lists of a query are JSON in text columns, read as a whole. */
export const queries = `
create table queries (
  id {id},
  name text not null,
  project_id integer references projects (id) on delete cascade,
  user_id integer not null references principals (id),
  public boolean not null default false,
  starred boolean not null default false,
  filters text not null,
  columns text,
  sort_by text not null,
  group_by text,
  sums boolean not null default false,
  include_subprojects boolean not null default true,
  show_hierarchies boolean not null default true,
  highlighting_mode text not null,
  highlighted_attributes text,
  display_representation text,
  timestamps text not null,
  timeline_visible boolean not null default false,
  timeline_zoom_level text not null,
  timeline_labels text not null,
  created_at {time} not null,
  updated_at {time} not null
);
create index queries_project on queries (project_id);
create index queries_user on queries (user_id);

create table views (
  id {id},
  type text not null,
  query_id integer not null references queries (id) on delete cascade,
  created_at {time} not null,
  updated_at {time} not null
);
create index views_query on views (query_id);
`
