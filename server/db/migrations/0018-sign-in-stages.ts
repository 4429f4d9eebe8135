/** Sessions that wait for another stage of the sign-in, and the time of the last confirmation of identity. */
export const signInStages = `
-- The stage that a sign-in waits at; null once it is through.
alter table sessions add column awaits text;
alter table sessions add column proved_at {time};
update sessions set proved_at = created_at;

-- Attempts are counted at several doors: by the SHA-256 of the door and of whoever stands before it.
alter table login_attempts rename to attempts;
alter table attempts rename column name to who;
drop index login_attempts_until;
create index attempts_until on attempts (until);
`
