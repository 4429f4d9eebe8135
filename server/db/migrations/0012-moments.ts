/** Indexes for the states of work packages at a moment. */

export const moments = `
-- By what people see: a project's, as far as they were there then.
create index work_package_versions_project on work_package_versions (project_id, valid_from, valid_until);
create index work_package_versions_parent on work_package_versions (parent_id) where parent_id is not null;
`
