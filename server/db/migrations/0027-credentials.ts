/** Undecided attempts under a rate limit, and the id of the key that seals secrets. */
export const credentials = `
-- How many of them count already and are still looked at: only those that turn out wrong go on to count.
alter table attempts add column pending integer not null default 0;

-- The id of the one key by which secrets are sealed: servers that have another one must not seal by it.
create table secret_key (
  one integer primary key check (one = 1),
  id text not null
);
`
