/** Projects that a job is deleting. */
export const deletingProjects = {
  name: '0047-deleting-projects',
  text: `
alter table projects add column deleting boolean not null default false;
`,
}
