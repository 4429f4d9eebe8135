/** OAuth applications, with their grants, codes and tokens. */
export const oauth = `
create table oauth_applications (
  id {id},
  name text not null,
  client_id text not null unique,
  -- The SHA-256 of its secret; a public application has none.
  secret_hash text,
  redirect_uris {json} not null,
  scopes {json} not null,
  enabled boolean not null default true,
  owner_id integer references principals (id) on delete set null,
  -- Whom it acts as where nobody has let it in.
  acting_user_id integer references principals (id) on delete set null,
  created_at {time} not null,
  updated_at {time} not null
);
create index oauth_applications_owner on oauth_applications (owner_id);
create index oauth_applications_acting_user on oauth_applications (acting_user_id);

-- What somebody has allowed an application, until they or an administrator take it back.
create table oauth_grants (
  id {id},
  application_id integer not null references oauth_applications (id) on delete cascade,
  user_id integer not null references principals (id) on delete cascade,
  scopes {json} not null,
  created_at {time} not null,
  updated_at {time} not null,
  unique (application_id, user_id)
);
create index oauth_grants_user on oauth_grants (user_id);

-- One passage through the consent page: its code, and all tokens that follow from that. They end together.
create table oauth_authorizations (
  id {id},
  grant_id integer not null references oauth_grants (id) on delete cascade
);
create index oauth_authorizations_grant on oauth_authorizations (grant_id);

create table oauth_tokens (
  id {id},
  -- code, access, refresh; or client: the access token of an application by itself.
  kind text not null,
  -- Only the SHA-256 of a code or token is stored.
  hash text not null unique,
  application_id integer not null references oauth_applications (id) on delete cascade,
  authorization_id integer references oauth_authorizations (id) on delete cascade,
  scopes {json} not null,
  -- What the library that issues them has to be told again.
  content {json} not null,
  created_at {time} not null,
  expires_at {time} not null,
  -- When it was exchanged; whoever comes with it again has stolen it, or has been robbed.
  consumed_at {time}
);
create index oauth_tokens_application on oauth_tokens (application_id);
create index oauth_tokens_authorization on oauth_tokens (authorization_id);
create index oauth_tokens_expires on oauth_tokens (expires_at);
`
