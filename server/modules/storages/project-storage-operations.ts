/** Opening the folder of a project in its storage. */
import { sql } from '#db/sql.ts'
import type { Operation } from '#kernel/declaration.ts'
import { demand, operation, rowAt } from '#kernel/operation.ts'
import { opened, redirect, withConnection } from './files.ts'
import { mayOpen, ProjectStorage } from './project-storages.ts'
import { nextcloudPage } from './remotes/nextcloud.ts'
import type { StorageRow } from './remotes/remote.ts'

const openProjectStorage = operation({
  method: 'GET',
  path: '/project_storages/:id/open',
  summary: 'Open the folder of a project',
  description: 'Redirects to the folder of the project in the storage; without a folder, to the root of the storage.',
  tag: 'ProjectStorage',
  answers: { status: 303 },
  run: async ({ context, params }) => {
    const row = await rowAt(params.id, context.model.of(ProjectStorage), context)
    await demand(context, mayOpen, row)
    const storage = (await context.db.one<StorageRow>(sql`select * from storages where id = ${row.storage_id}`)) as StorageRow
    const folder = row.project_folder_id
    if (folder === null) return opened(context, storage)
    return redirect(
      storage.type === 'Nextcloud'
        ? nextcloudPage(storage, folder, false)
        : await withConnection(context, storage, (remote) => remote.open(folder, false)),
    )
  },
})

export const operations: readonly Operation[] = [openProjectStorage]
