/** Work packages that a job is deleting. */
export const deletions = `
-- Nobody sees them any more. Thin, so that the request that deletes thousands of them marks them at once.
create table work_package_deletions (
  work_package_id integer primary key references work_packages (id) on delete cascade,
  -- The work package that was deleted with these below it: it may be gone before them.
  root integer not null
);
create index work_package_deletions_root on work_package_deletions (root);
`
