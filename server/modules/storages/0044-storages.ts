/** File storages, the credentials of this server at them, the connections of users, and the projects that use them. */
export const storages = {
  name: '0044-storages',
  text: `
create table storages (
  id {id},
  type text not null,
  name text not null,
  host text,
  authentication_method text,
  storage_audience text,
  token_exchange_scope text,
  tenant_id text,
  drive_id text,
  -- Sealed: see identity/secrets.ts.
  application_password text,
  forbidden_file_name_characters text,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index storages_name on storages (name);
create unique index storages_host on storages (host);

-- The application by which a storage is a client of this server.
alter table oauth_applications add column storage_id integer references storages (id);
create unique index oauth_applications_storage on oauth_applications (storage_id);

-- The credentials by which this server is a client of a storage. The secret is sealed.
create table oauth_client_credentials (
  id {id},
  storage_id integer not null references storages (id),
  client_id text not null,
  client_secret text,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index oauth_client_credentials_storage on oauth_client_credentials (storage_id);
create index oauth_client_credentials_client on oauth_client_credentials (client_id);

-- The connection of a user to a storage. The tokens are sealed.
create table storage_connections (
  id {id},
  credentials_id integer not null references oauth_client_credentials (id) on delete cascade,
  user_id integer not null references principals (id) on delete cascade,
  -- The account at the storage, where it is told with the tokens.
  account text,
  access_token text,
  refresh_token text,
  expires_at {time} not null,
  -- The storage accepts the tokens no more: the user has to connect again.
  refused boolean not null default false,
  created_at {time} not null,
  updated_at {time} not null,
  unique (credentials_id, user_id)
);
create index storage_connections_user on storage_connections (user_id);

-- Connections that are under way: by the SHA-256 of what the storage will send back.
create table storage_authorizations (
  state text primary key,
  credentials_id integer not null references oauth_client_credentials (id) on delete cascade,
  user_id integer not null references principals (id) on delete cascade,
  code_verifier text not null,
  back_url text,
  expires_at {time} not null
);
create index storage_authorizations_expires on storage_authorizations (expires_at);
create index storage_authorizations_credentials on storage_authorizations (credentials_id);
create index storage_authorizations_user on storage_authorizations (user_id);

create table project_storages (
  id {id},
  project_id integer not null references projects (id),
  storage_id integer not null references storages (id),
  creator_id integer not null references principals (id),
  project_folder_mode text not null,
  project_folder_id text,
  created_at {time} not null,
  updated_at {time} not null
);
create unique index project_storages_project_id_storage_id on project_storages (project_id, storage_id);
create index project_storages_storage on project_storages (storage_id);
create index project_storages_creator on project_storages (creator_id);
`,
}
