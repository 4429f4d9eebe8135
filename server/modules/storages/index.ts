/** File storages: their administration, the projects that use them, and links of work packages to their files. */
import { module } from '#kernel/module.ts'
import { storages as migration } from './0044-storages.ts'
import { fileLinks } from './0045-file-links.ts'
import { renewals } from './0050-renewals.ts'
import { managedFolders } from './0051-managed-folders.ts'
import { storageAccounts } from './0053-storage-accounts.ts'
import { bodies } from './bodies.ts'
import { forgetAuthorizations } from './connections.ts'
import { operations as credentialOperations, OAuthClientCredentials } from './credentials.ts'
import { operations as fileLinkOperations, workPackageExtension } from './file-link-operations.ts'
import { FileLink } from './file-links.ts'
import { operations as fileOperations } from './files.ts'
import { manageFolders, watchFolders } from './managing.ts'
import { operations as projectStorageOperations } from './project-storage-operations.ts'
import { ProjectStorage } from './project-storages.ts'
import { applicationExtension, Storage } from './storages.ts'

export const storages = module('storages', {
  needs: ['accounts', 'projects', 'work-packages', 'files'],
  chapters: [
    {
      part: 'Work',
      name: 'File storages',
      description: 'Servers with files that work packages link to, such as a Nextcloud, and the projects that use them.',
      of: ['Storage', 'OAuthClientCredentials', 'ProjectStorage'],
    },
    { part: 'Work', name: 'File links', description: 'Links of work packages to files in file storages.', of: ['FileLink'] },
  ],
  migrations: [migration, fileLinks, renewals, managedFolders, storageAccounts],
  bodies,
  // Copies of file links come before those of folders, as the job that copies the files changes the links.
  resources: [Storage, OAuthClientCredentials, FileLink, ProjectStorage],
  operations: [...credentialOperations, ...fileOperations, ...projectStorageOperations, ...fileLinkOperations],
  extends: [applicationExtension, workPackageExtension],
  jobs: [forgetAuthorizations, manageFolders, watchFolders],
})
