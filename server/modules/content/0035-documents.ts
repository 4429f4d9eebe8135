/** Documents of a project. */
export const documents = {
  name: '0035-documents',
  text: `
create table documents (
  id {id},
  project_id integer not null references projects (id),
  title text not null,
  description text,
  created_at {time} not null,
  updated_at {time} not null
);
create index documents_project on documents (project_id, created_at);
`,
}
