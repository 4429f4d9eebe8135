/** Custom fields, and their values in rows. */

export const customFields = `
create table custom_fields (
  id {id},
  -- The resource that has it, by its name in the API.
  resource text not null,
  name text not null,
  format text not null,
  position integer not null default 1,
  required boolean not null default false,
  -- Several values instead of one, where the format has values to choose from.
  multiple boolean not null default false,
  -- In all projects, or in those that custom_field_projects names.
  for_all boolean not null default false,
  admin_only boolean not null default false,
  filterable boolean not null default true,
  right_to_left boolean not null default false,
  -- Versions that are locked or closed can be chosen as well.
  any_version boolean not null default false,
  -- What a new row holds; those of lists are marked among their options.
  default_value {json},
  min_length integer not null default 0,
  max_length integer not null default 0,
  pattern text,
  formula text,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index custom_fields_name on custom_fields (resource, name);

create table custom_field_projects (
  custom_field_id integer not null references custom_fields (id) on delete cascade,
  project_id integer not null references projects (id) on delete cascade,
  primary key (custom_field_id, project_id)
);
create index custom_field_projects_project on custom_field_projects (project_id);

create table custom_field_types (
  custom_field_id integer not null references custom_fields (id) on delete cascade,
  type_id integer not null references types (id) on delete cascade,
  primary key (custom_field_id, type_id)
);

create table custom_options (
  id {id},
  custom_field_id integer not null references custom_fields (id) on delete cascade,
  value text not null,
  position integer not null,
  is_default boolean not null default false
);
create index custom_options_field on custom_options (custom_field_id, position);

-- What there is to choose from in a field whose choices form a tree. The root has no label and is no choice.
create table custom_field_items (
  id {id},
  custom_field_id integer not null references custom_fields (id) on delete cascade,
  parent_id integer references custom_field_items (id) on delete cascade,
  label text,
  short text,
  -- A decimal number, exactly as it was given.
  weight text,
  position integer not null
);
create index custom_field_items_field on custom_field_items (custom_field_id);
create index custom_field_items_parent on custom_field_items (parent_id, position);

-- Changes of work packages that are made together, at one push of a button.
create table custom_actions (
  id {id},
  name text not null,
  description text not null default '',
  position integer not null,
  -- The work packages it is offered for, by ids of their status, type and project and of roles; of what is not named, all.
  conditions {json} not null,
  -- What it changes, as a client would write it.
  changes {json} not null,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index custom_actions_name on custom_actions (name);

-- What a row holds in such fields, by the field's id: text, number, boolean, or a list of ids.
alter table work_packages add column custom_values {json};
alter table work_package_versions add column custom_values {json};
alter table projects add column custom_values {json};
alter table principals add column custom_values {json};
alter table versions add column custom_values {json};
alter table time_entries add column custom_values {json};
`
