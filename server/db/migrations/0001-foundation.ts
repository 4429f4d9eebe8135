/** The tables of the foundation. Words in braces are types that differ between the engines; see `migrate.ts`. */
export const foundation = `
create table settings (
  name text primary key,
  value {json} not null
);

-- One counter per topic, and 'all'. Whoever writes a table held in process raises its counter in the same transaction.
create table revisions (
  name text primary key,
  value integer not null
);

-- Who can act or be acted for: users, groups, placeholder users, and the built-in anonymous, deleted and system users.
create table principals (
  id {id},
  type text not null,
  name text not null,
  login text,
  first_name text,
  last_name text,
  email text,
  admin boolean not null default false,
  status integer not null default 1,
  language text,
  identity_url text,
  avatar text,
  password_hash text,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index principals_login on principals (lower(login)) where login is not null;
create unique index principals_email on principals (lower(email)) where email is not null;
create index principals_type_name on principals (type, name);

create table group_users (
  group_id integer not null references principals (id) on delete cascade,
  user_id integer not null references principals (id) on delete cascade,
  primary key (group_id, user_id)
);
create index group_users_user on group_users (user_id);

-- API tokens: only the SHA-256 of the value is stored.
create table tokens (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  name text not null,
  hash text not null unique,
  created_at {time} not null,
  expires_at {time}
);

-- The permission catalogue, written from modules/accounts/permissions.ts at every migration.
create table permissions (
  name text primary key,
  module text,
  in_project boolean not null,
  globally boolean not null,
  public boolean not null,
  grant_to_admin boolean not null,
  requires text
);

create table roles (
  id {id},
  name text not null,
  kind text not null,
  builtin text,
  position integer not null,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index roles_name on roles (lower(name));

create table role_permissions (
  role_id integer not null references roles (id) on delete cascade,
  permission text not null,
  primary key (role_id, permission)
);
create index role_permissions_permission on role_permissions (permission, role_id);

create table projects (
  id {id},
  workspace_type text not null default 'project',
  identifier text not null unique,
  name text not null,
  description text,
  public boolean not null default false,
  active boolean not null default true,
  templated boolean not null default false,
  parent_id integer references projects (id),
  status_code text,
  status_explanation text,
  created_at {time} not null,
  updated_at {time} not null
);
create index projects_parent on projects (parent_id);

-- Identifiers a project once had: still found, never given to another project.
create table former_identifiers (
  identifier text primary key,
  project_id integer not null references projects (id) on delete cascade
);

create table enabled_modules (
  project_id integer not null references projects (id) on delete cascade,
  name text not null,
  primary key (project_id, name)
);

create table favorites (
  user_id integer not null references principals (id) on delete cascade,
  project_id integer not null references projects (id) on delete cascade,
  primary key (user_id, project_id)
);

-- project_id null: a global membership; entity: a share of one work package.
create table memberships (
  id {id},
  principal_id integer not null references principals (id) on delete cascade,
  project_id integer references projects (id) on delete cascade,
  entity_type text,
  entity_id integer,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index memberships_in_project on memberships (principal_id, project_id) where entity_type is null and project_id is not null;
create unique index memberships_of_entity on memberships (principal_id, entity_type, entity_id) where entity_type is not null;
create unique index memberships_global on memberships (principal_id) where entity_type is null and project_id is null;
create index memberships_project on memberships (project_id, principal_id);

-- inherited_from: the group's role row this one was copied from.
create table membership_roles (
  id {id},
  membership_id integer not null references memberships (id) on delete cascade,
  role_id integer not null references roles (id),
  inherited_from integer references membership_roles (id) on delete cascade
);
create index membership_roles_membership on membership_roles (membership_id, role_id);
create index membership_roles_inherited on membership_roles (inherited_from);

create table types (
  id {id},
  name text not null,
  color text,
  position integer not null,
  is_default boolean not null default false,
  is_milestone boolean not null default false,
  is_in_roadmap boolean not null default true,
  description text,
  created_at {time} not null,
  updated_at {time} not null
);

create table project_types (
  project_id integer not null references projects (id) on delete cascade,
  type_id integer not null references types (id),
  primary key (project_id, type_id)
);

create table statuses (
  id {id},
  name text not null,
  color text,
  position integer not null,
  is_default boolean not null default false,
  is_closed boolean not null default false,
  is_readonly boolean not null default false,
  excluded_from_totals boolean not null default false,
  default_done_ratio integer not null default 0
);

create table priorities (
  id {id},
  name text not null,
  color text,
  position integer not null,
  is_default boolean not null default false,
  is_active boolean not null default true
);

create table time_entry_activities (
  id {id},
  name text not null,
  position integer not null,
  is_default boolean not null default false,
  is_active boolean not null default true
);

create table workflows (
  type_id integer not null references types (id) on delete cascade,
  role_id integer not null references roles (id) on delete cascade,
  old_status_id integer not null references statuses (id),
  new_status_id integer not null references statuses (id),
  author boolean not null default false,
  assignee boolean not null default false,
  primary key (type_id, role_id, old_status_id, new_status_id, author, assignee)
);

create table categories (
  id {id},
  project_id integer not null references projects (id) on delete cascade,
  name text not null,
  assigned_to_id integer references principals (id)
);
create index categories_project on categories (project_id, name);

create table versions (
  id {id},
  project_id integer not null references projects (id) on delete cascade,
  name text not null,
  description text,
  start_date {date},
  end_date {date},
  status text not null default 'open',
  sharing text not null default 'none',
  created_at {time} not null,
  updated_at {time} not null
);
create unique index versions_name on versions (project_id, lower(name));

create table non_working_days (
  date {date} primary key,
  name text not null
);

create table work_packages (
  id {id},
  project_id integer not null references projects (id),
  type_id integer not null references types (id),
  status_id integer not null references statuses (id),
  priority_id integer not null references priorities (id),
  author_id integer not null references principals (id),
  assigned_to_id integer references principals (id),
  responsible_id integer references principals (id),
  category_id integer references categories (id),
  version_id integer references versions (id),
  parent_id integer references work_packages (id),
  subject text not null,
  start_date {date},
  due_date {date},
  duration integer,
  schedule_manually boolean not null default true,
  ignore_non_working_days boolean not null default false,
  estimated_hours {float},
  remaining_hours {float},
  done_ratio integer,
  derived_start_date {date},
  derived_due_date {date},
  derived_estimated_hours {float},
  derived_remaining_hours {float},
  derived_done_ratio integer,
  lock_version integer not null default 0,
  created_at {time} not null,
  updated_at {time} not null,
  -- Last, since SQLite reads a row from its beginning, and this is long.
  description text
);
create index work_packages_project on work_packages (project_id, id);
create index work_packages_parent on work_packages (parent_id) where parent_id is not null;
create index work_packages_assignee on work_packages (assigned_to_id, id);
create index work_packages_version on work_packages (version_id) where version_id is not null;
-- What lists are mostly filtered and sorted by: found, counted and sorted without a look at the rows.
create index work_packages_listed on work_packages (project_id, status_id, type_id, assigned_to_id, updated_at);
create index work_packages_updated on work_packages (updated_at, id);

create table watchers (
  work_package_id integer not null references work_packages (id) on delete cascade,
  user_id integer not null references principals (id) on delete cascade,
  primary key (work_package_id, user_id)
);
create index watchers_user on watchers (user_id);

create table time_entries (
  id {id},
  project_id integer not null references projects (id),
  entity_type text not null default 'WorkPackage',
  entity_id integer not null,
  user_id integer not null references principals (id),
  logged_by_id integer not null references principals (id),
  activity_id integer references time_entry_activities (id),
  spent_on {date} not null,
  hours {float},
  comment text,
  ongoing boolean not null default false,
  start_minute integer,
  time_zone text,
  created_at {time} not null,
  updated_at {time} not null
);
create index time_entries_entity on time_entries (entity_id, entity_type);
create index time_entries_project on time_entries (project_id, spent_on);
create index time_entries_user on time_entries (user_id, spent_on);
create unique index time_entries_ongoing on time_entries (user_id) where ongoing;

-- What happened, written in the transaction that did it; told to subscribers only after it is committed.
create table outbox (
  id {id},
  name text not null,
  resource_id integer not null,
  actor_id integer not null,
  changed {json} not null,
  created_at {time} not null
);

-- The permission model. Which roles a user has in a project: as a member, or, in a public project,
-- as anybody who is no member. Groups' memberships are copied onto their users, so they need no branch here.
create view effective_roles as
  select m.principal_id as user_id, m.project_id as project_id, r.role_id as role_id
  from memberships m
  join membership_roles r on r.membership_id = m.id
  where m.entity_type is null and m.project_id is not null
  union all
  select u.id, p.id, r.id
  from principals u
  cross join projects p
  cross join roles r
  where p.public
    and ((u.type = 'User' and r.builtin = 'non_member') or (u.type = 'AnonymousUser' and r.builtin = 'anonymous'))
    and not exists (select 1 from memberships m where m.principal_id = u.id and m.project_id = p.id and m.entity_type is null);

-- Who may do what in which project: the roles' permissions, the public ones for every role, and everything for
-- administrators; only in active projects, only where the permission's module is enabled, only for principals not locked.
create view grants as
  select e.user_id, e.project_id, q.name as permission
  from effective_roles e
  join principals u on u.id = e.user_id and u.status <> 3
  join projects p on p.id = e.project_id and p.active
  join role_permissions rp on rp.role_id = e.role_id
  join permissions q on q.name = rp.permission and q.in_project
  where (q.module is null or exists (select 1 from enabled_modules m where m.project_id = e.project_id and m.name = q.module))
  union all
  select e.user_id, e.project_id, q.name
  from effective_roles e
  join principals u on u.id = e.user_id and u.status <> 3
  join projects p on p.id = e.project_id and p.active
  join permissions q on q.public and q.in_project
  where (q.module is null or exists (select 1 from enabled_modules m where m.project_id = e.project_id and m.name = q.module))
  union all
  select u.id, p.id, q.name
  from principals u
  join permissions q on q.in_project and q.grant_to_admin
  join projects p on p.active
  where u.admin and u.status = 1
    and (q.module is null or exists (select 1 from enabled_modules m where m.project_id = p.id and m.name = q.module));

-- Permissions that belong to no project: global roles, the standard global role for everybody signed in, administrators.
create view global_grants as
  select m.principal_id as user_id, q.name as permission
  from memberships m
  join membership_roles r on r.membership_id = m.id
  join role_permissions rp on rp.role_id = r.role_id
  join permissions q on q.name = rp.permission and q.globally
  join principals u on u.id = m.principal_id and u.status <> 3
  where m.entity_type is null and m.project_id is null
  union all
  select u.id, q.name
  from principals u
  join roles r on r.builtin in ('standard_global', 'non_member')
  join role_permissions rp on rp.role_id = r.id
  join permissions q on q.name = rp.permission and q.globally
  where u.type = 'User' and u.status <> 3
  union all
  select u.id, q.name
  from principals u
  join permissions q on q.globally and q.grant_to_admin
  where u.admin and u.status = 1;

-- What a share of one work package gives its holder there.
create view shared_grants as
  select m.principal_id as user_id, m.entity_id as work_package_id, rp.permission as permission
  from memberships m
  join membership_roles r on r.membership_id = m.id
  join role_permissions rp on rp.role_id = r.role_id
  join permissions q on q.name = rp.permission
  join principals u on u.id = m.principal_id and u.status <> 3
  join projects p on p.id = m.project_id and p.active
  where m.entity_type = 'WorkPackage'
    and (q.module is null or exists (select 1 from enabled_modules e where e.project_id = m.project_id and e.name = q.module));
`
