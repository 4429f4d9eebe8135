/** Second factors: codes of an authenticator app, recovery codes and passkeys. */
export const twoFactor = `
-- The secret has to be read again, because codes are computed from it: see identity/secrets.ts. A code counts once: none of a step up to the last one used.
create table authenticators (
  user_id integer primary key references principals (id) on delete cascade,
  secret text not null,
  last_step integer not null,
  created_at {time} not null
);

-- A secret that no code has confirmed yet. It belongs to a session, so that nobody confirms what somebody else was shown.
create table authenticator_setups (
  session_id integer primary key references sessions (id) on delete cascade,
  secret text not null
);

-- Only the SHA-256 of a code is stored.
create table recovery_codes (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  hash text not null,
  unique (user_id, hash)
);

create table passkeys (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  name text not null,
  credential text not null unique,
  public_key text not null,
  uses bigint not null,
  transports {json} not null,
  created_at {time} not null,
  last_used_at {time}
);
create index passkeys_user on passkeys (user_id);

-- What a passkey is to sign, by the SHA-256 of whoever asked for it: a session, or a browser that has none.
create table passkey_challenges (
  holder text primary key,
  challenge text not null,
  expires_at {time} not null
);
create index passkey_challenges_expires on passkey_challenges (expires_at);
`
