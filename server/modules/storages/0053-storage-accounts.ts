/** The accounts of users at storages that know them by their identity provider. */
export const storageAccounts = {
  name: '0053-storage-accounts',
  text: `
create table storage_accounts (
  storage_id integer not null references storages (id) on delete cascade,
  user_id integer not null references principals (id) on delete cascade,
  account text not null,
  primary key (storage_id, user_id)
);
create index storage_accounts_user on storage_accounts (user_id);
`,
}
