/** Attempts at a door that are not decided yet. */
export const credentials = `
-- How many of them count already and are still looked at: only those that turn out wrong go on to count.
alter table attempts add column pending integer not null default 0;
`
