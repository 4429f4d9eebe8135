/** Phases of projects and their definitions. A work package is in one phase of its project. */
export const projectPhases = {
  name: '0040-project-phases',
  text: `
create table project_phase_definitions (
  id {id},
  name text not null,
  color text,
  position integer not null,
  start_gate boolean not null default false,
  start_gate_name text,
  finish_gate boolean not null default false,
  finish_gate_name text,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index project_phase_definitions_name on project_phase_definitions (lower(name));

create table project_phases (
  id {id},
  project_id integer not null references projects (id),
  definition_id integer not null references project_phase_definitions (id),
  active boolean not null default true,
  start_date {date},
  finish_date {date},
  created_at {time} not null,
  updated_at {time} not null
);
create unique index project_phases_definition on project_phases (project_id, definition_id);
create index project_phases_of_definition on project_phases (definition_id);

alter table work_packages add column project_phase_id integer references project_phases (id);
alter table work_package_versions add column project_phase_id integer;
create index work_packages_phase on work_packages (project_phase_id) where project_phase_id is not null;
`,
}
