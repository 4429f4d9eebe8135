/** Mail to be sent, one-time links, and former passwords. */
export const passwords = `
-- When the password was chosen; null: as long ago as the account is old.
alter table principals add column password_changed_at {time};
-- Whether another one has to be chosen at the next sign-in.
alter table principals add column force_password_change boolean not null default false;

-- Hashes of passwords that somebody had before, kept only where they must not be used again.
create table former_passwords (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  hash text not null
);
create index former_passwords_user on former_passwords (user_id);

-- Links that let somebody in who has no password: by the SHA-256 of their secret, and what they are for.
create table one_time_links (
  id {id},
  purpose text not null,
  user_id integer not null references principals (id) on delete cascade,
  hash text not null unique,
  expires_at {time} not null
);
create index one_time_links_user on one_time_links (user_id);
create index one_time_links_expires on one_time_links (expires_at);

-- Addresses for which somebody has asked for a new password, until it is looked whose they are.
create table lost_passwords (
  id {id},
  email text not null
);

-- Mail is removed as soon as it is sent.
create table mails (
  id {id},
  recipient text not null,
  subject text not null,
  text text not null,
  link text,
  tries integer not null default 0,
  due_at {time} not null
);
create index mails_due on mails (due_at);
`
