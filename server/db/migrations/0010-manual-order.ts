/** The manual order of work packages in a query. */
export const manualOrder = `
create table ordered_work_packages (
  query_id integer not null references queries (id) on delete cascade,
  work_package_id integer not null references work_packages (id) on delete cascade,
  position integer not null,
  primary key (query_id, work_package_id)
);
create index ordered_work_packages_work_package on ordered_work_packages (work_package_id);
`
