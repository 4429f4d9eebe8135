/** Sprints of projects. A work package is in one of them. */
export const sprints = {
  name: '0042-sprints',
  text: `
create table sprints (
  id {id},
  project_id integer not null references projects (id),
  name text not null,
  description text,
  start_date {date},
  finish_date {date},
  status text not null default 'in_planning',
  sharing text not null default 'none',
  started_at {time},
  completed_at {time},
  created_at {time} not null,
  updated_at {time} not null
);
create index sprints_project on sprints (project_id);
-- One sprint at a time is active in a project.
create unique index sprints_active on sprints (project_id) where status = 'active';

alter table work_packages add column sprint_id integer references sprints (id);
alter table work_package_versions add column sprint_id integer;
create index work_packages_sprint on work_packages (sprint_id) where sprint_id is not null;
`,
}
