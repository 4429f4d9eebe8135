/** Limits and names of API tokens. */
export const tokenLimits = `
-- What it opens: api_v3, or api_v3:read for reading only. Those of calendars open nothing but their query.
alter table tokens add column scopes {json} not null default '["api_v3"]';
-- The ids of the only projects in which it does anything; null for all. No foreign key: without its projects it opens none.
alter table tokens add column project_ids {json};
-- Its last four characters.
alter table tokens add column ending text;
alter table tokens add column last_used_at {time};
`
