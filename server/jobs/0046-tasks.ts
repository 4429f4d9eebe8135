/** Long jobs whose status their user can ask for. */
export const tasks = {
  name: '0046-tasks',
  text: `
create table tasks (
  id {id},
  -- The identifier in addresses.
  uuid text not null unique,
  -- The kind of job that runs it.
  name text not null,
  user_id integer not null references principals (id) on delete cascade,
  payload {json} not null,
  -- How much of it is done, of 100.
  progress integer not null default 0,
  -- What it came to; null until it has ended.
  result {json},
  created_at {time} not null,
  updated_at {time} not null
);
create index tasks_user on tasks (user_id);

-- What has been copied so far, by the kind of row.
create table task_rows (
  task_id integer not null references tasks (id) on delete cascade,
  kind text not null,
  from_id integer not null,
  to_id integer not null,
  primary key (task_id, kind, from_id)
);
`,
}
