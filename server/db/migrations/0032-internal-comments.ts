/** Internal comments are enabled per project: projects with internal comments keep them. */
export const internalComments = `
insert into enabled_modules (project_id, name)
  select distinct w.project_id, 'internal_comments' from journals j join work_packages w on w.id = j.resource_id
  where j.resource = 'work_packages' and j.internal;
`
