/** Commits of a project's repository, and the work packages they refer to. */

export const changesets = `
create table changesets (
  id {id},
  project_id integer not null references projects (id) on delete cascade,
  -- As the repository names it.
  identifier text not null,
  author_name text not null,
  -- The user with the address that the commit names, if there is one.
  user_id integer references principals (id) on delete set null,
  message text not null,
  committed_at {time} not null,
  unique (project_id, identifier)
);
create index changesets_user on changesets (user_id);

create table changeset_work_packages (
  changeset_id integer not null references changesets (id) on delete cascade,
  work_package_id integer not null references work_packages (id) on delete cascade,
  primary key (work_package_id, changeset_id)
);
create index changeset_work_packages_changeset on changeset_work_packages (changeset_id);
`
