/** OpenID Connect providers, and the users linked to their subjects. */
export const authProviders = `
-- The secret is needed whenever a code is redeemed; nothing shows it. It is sealed: see identity/secrets.ts.
create table auth_providers (
  id {id},
  slug text not null unique,
  name text not null,
  issuer text not null unique,
  client_id text not null,
  client_secret text,
  available boolean not null default true,
  registration text not null,
  trusts_email boolean not null default false,
  claims {json} not null,
  created_at {time} not null
);

create table user_auth_identities (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  provider_id integer not null references auth_providers (id) on delete cascade,
  subject text not null,
  created_at {time} not null,
  unique (provider_id, subject)
);
create unique index user_auth_identities_user on user_auth_identities (user_id, provider_id);

-- Sign-ins that are under way at a provider: by the SHA-256 of what it will send back, and of what the browser alone has.
create table provider_sign_ins (
  state text primary key,
  browser text not null,
  provider_id integer not null references auth_providers (id) on delete cascade,
  nonce text not null,
  code_verifier text not null,
  back_url text,
  expires_at {time} not null
);
create index provider_sign_ins_expires on provider_sign_ins (expires_at);
`
