/** Sessions of browsers, and counters of sign-in attempts. */
export const sessions = `
-- Only the SHA-256 of a cookie's secret is stored.
create table sessions (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  hash text not null unique,
  user_agent text,
  created_at {time} not null,
  last_seen_at {time} not null,
  expires_at {time} not null
);
create index sessions_user on sessions (user_id);
create index sessions_expires on sessions (expires_at);
create index sessions_last_seen on sessions (last_seen_at);

-- Wrong passwords since the last right one.
alter table principals add column failed_logins integer not null default 0;
alter table principals add column failed_login_at {time};

-- By the SHA-256 of a user name, of which there need not be a user: how often somebody tried, and until when that is counted.
create table login_attempts (
  name text primary key,
  attempts integer not null,
  until {time} not null
);
create index login_attempts_until on login_attempts (until);
`
