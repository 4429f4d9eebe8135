/** Grids of widgets on pages: users' own pages, overviews and boards of projects. */
export const grids = {
  name: '0043-grids',
  text: `
create table grids (
  id {id},
  page text not null,
  project_id integer references projects (id),
  user_id integer references principals (id),
  name text,
  row_count integer not null,
  column_count integer not null,
  options {json} not null,
  created_at {time} not null,
  updated_at {time} not null
);
create index grids_project on grids (project_id, page);
create unique index grids_own on grids (user_id, page);
create unique index grids_overview on grids (project_id) where page = 'overview';

create table grid_widgets (
  id {id},
  grid_id integer not null references grids (id) on delete cascade,
  identifier text not null,
  start_row integer not null,
  end_row integer not null,
  start_column integer not null,
  end_column integer not null,
  options {json} not null,
  query_id integer references queries (id) on delete set null
);
create index grid_widgets_grid on grid_widgets (grid_id);
create index grid_widgets_query on grid_widgets (query_id);
`,
}
