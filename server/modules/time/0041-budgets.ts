/** Budgets of projects. Work packages count towards one. */
export const budgets = {
  name: '0041-budgets',
  text: `
create table budgets (
  id {id},
  project_id integer not null references projects (id),
  author_id integer not null references principals (id),
  subject text not null,
  description text,
  fixed_date {date},
  -- Planned items, as JSON.
  labor_items text,
  material_items text,
  lock_version integer not null default 0,
  created_at {time} not null,
  updated_at {time} not null
);
create index budgets_project on budgets (project_id);
create index budgets_author on budgets (author_id);

alter table work_packages add column budget_id integer references budgets (id);
alter table work_package_versions add column budget_id integer;
create index work_packages_budget on work_packages (budget_id) where budget_id is not null;
`,
}
