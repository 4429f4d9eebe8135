/** Rows that a job is removing, because many others refer to them. */
export const removals = `
-- Nobody sees them any more.
create table removals (
  of_table text not null,
  removed integer not null,
  -- The resource, as several may share a table, and the user who removes the row.
  resource text not null,
  actor integer not null,
  created_at {time} not null,
  primary key (of_table, removed)
);
`
