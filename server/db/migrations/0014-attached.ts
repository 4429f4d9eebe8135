/** The attachments of rows at any time. */
export const attached = `
-- What the entry left attached to the row: the names of files by their ids. Empty where there was nothing.
alter table journals add column attached {json};

-- What there is already has been there since the row was made.
update journals set attached = (
    select {object}(a.id, a.file_name) from attachments a
    where a.container_type = 'WorkPackage' and a.container_id = journals.resource_id and a.status <> 'prepared')
  where resource = 'work_packages' and resource_id in (
    select container_id from attachments where container_type = 'WorkPackage' and status <> 'prepared');
`
