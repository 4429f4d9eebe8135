/** Folders of projects that this server manages in storages, each as it was when it was last written there. */
export const managedFolders = {
  name: '0051-managed-folders',
  text: `
create table managed_folders (
  id {id},
  storage_id integer not null references storages (id) on delete cascade,
  -- Null once the project uses the storage no more: the rights in the folder are to be taken away.
  project_storage_id integer references project_storages (id) on delete set null,
  -- Null until it is known.
  folder_id text,
  -- As it was last written, or is to be written first; empty where that is not known yet.
  name text not null,
  -- The accounts with rights in the folder, as bits.
  rights {json},
  -- The folder that it becomes a copy of, and the address that tells how far the copy is.
  copied_from text,
  monitor text
);
create unique index managed_folders_project_storage on managed_folders (project_storage_id);
create index managed_folders_storage on managed_folders (storage_id);
`,
}
