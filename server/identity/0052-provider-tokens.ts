/** The tokens that users have brought from their identity provider, sealed, for services that know the same provider. */
export const providerTokens = {
  name: '0052-provider-tokens',
  text: `
create table provider_tokens (
  id {id},
  user_id integer not null references principals (id) on delete cascade,
  -- Whoever is linked to another subject, or to none, has no tokens any more.
  identity_id integer not null references user_auth_identities (id) on delete cascade,
  access_token text,
  refresh_token text,
  expires_at {time} not null,
  -- The provider accepts the refresh token no more: the user has to sign in again.
  refused boolean not null default false,
  renewing_until {time},
  created_at {time} not null,
  updated_at {time} not null
);
create unique index provider_tokens_user on provider_tokens (user_id);
create index provider_tokens_identity on provider_tokens (identity_id);
`,
}
