/** The history of rows: changes, their users, and the states of rows at any time. */

export const journals = `
-- One entry for each time somebody changed or commented on a row. The newest may still grow: see kernel/write/history.ts.
create table journals (
  id {id},
  -- The table of the row.
  resource text not null,
  resource_id integer not null,
  -- Counted from 1 for each row.
  version integer not null,
  user_id integer not null references principals (id),
  notes text,
  internal boolean not null default false,
  -- Why it changed, where nobody changed it by hand.
  cause {json},
  created_at {time} not null,
  updated_at {time} not null,
  unique (resource, resource_id, version)
);
create index journals_user on journals (user_id);

-- The complete row as each entry left it. After the first four, its columns are those of work_packages, in the same order:
-- a migration that adds to one adds to the other. It has no foreign keys, because the past may hold what is gone.
create table work_package_versions (
  journal_id integer primary key references journals (id) on delete cascade,
  version integer not null,
  valid_from {time} not null,
  -- Empty for what it is now.
  valid_until {time},
  id integer not null,
  project_id integer not null,
  type_id integer not null,
  status_id integer not null,
  priority_id integer not null,
  author_id integer not null,
  assigned_to_id integer,
  responsible_id integer,
  category_id integer,
  version_id integer,
  parent_id integer,
  subject text not null,
  start_date {date},
  due_date {date},
  duration integer,
  schedule_manually boolean not null,
  ignore_non_working_days boolean not null,
  estimated_hours {float},
  remaining_hours {float},
  done_ratio integer,
  derived_start_date {date},
  derived_due_date {date},
  derived_estimated_hours {float},
  derived_remaining_hours {float},
  derived_done_ratio integer,
  lock_version integer not null,
  created_at {time} not null,
  updated_at {time} not null,
  description text
);
create unique index work_package_versions_row on work_package_versions (id, version);
create index work_package_versions_open on work_package_versions (id) where valid_until is null;

create table emoji_reactions (
  id {id},
  journal_id integer not null references journals (id) on delete cascade,
  user_id integer not null references principals (id) on delete cascade,
  reaction text not null,
  created_at {time} not null,
  unique (journal_id, user_id, reaction)
);
create index emoji_reactions_user on emoji_reactions (user_id);

-- What there is already has been as it is since it was made.
insert into journals (resource, resource_id, version, user_id, created_at, updated_at)
  select 'work_packages', id, 1, author_id, created_at, updated_at from work_packages order by id;
insert into work_package_versions
  select j.id, j.version, j.created_at, null, w.* from work_packages w
  join journals j on j.resource = 'work_packages' and j.resource_id = w.id;
`
