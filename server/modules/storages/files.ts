/** Operations on the files of storages. Each asks the storage with the tokens of the viewer. */
import { sql } from '#db/sql.ts'
import type { Context, Operation, Payload } from '#kernel/declaration.ts'
import { combined, forbidden, notFound, type Violation, violation } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { holds, ok, operation, rowAt } from '#kernel/operation.ts'
import { addressOf } from '#kernel/settings.ts'
import { toErrors } from '#kernel/write/payload.ts'
import { type Message, said } from '#text/messages.ts'
import { manageInProject, manageLinks } from './access.ts'
import { credentialsOf, remoteFor } from './connections.ts'
import { asking } from './failures.ts'
import { noLink } from './kinds.ts'
import { connectPath } from './knowledge.ts'
import { nextcloudRoot } from './remotes/nextcloud.ts'
import { type Remote, type RemoteFile, ROOT, type StorageRow } from './remotes/remote.ts'
import { isSingleSignOn } from './single-sign-on.ts'
import { Storage } from './storages.ts'

const storageAt = async (id: string, context: Context): Promise<StorageRow> =>
  (await rowAt(id, context.model.of(Storage), context)) as StorageRow

const shown = (file: RemoteFile) => ({ ...file, _type: 'StorageFile', _links: { self: { href: noLink('storage_file') } } })

/** The texts under these names in a body. Throws an ApiError 422 for those that are missing or none. */
function textsIn<N extends string>(body: Payload, labels: Readonly<Record<N, Message>>): Record<N, string> {
  const texts: Record<string, string> = {}
  const violations: Violation[] = []
  for (const [name, label] of Object.entries<Message>(labels)) {
    const value = body[name]
    const text = typeof value === 'number' ? String(value) : value
    if (typeof text === 'string' && text.trim() !== '' && isStorable(text)) texts[name] = text
    else violations.push(violation(name, said`${label} can't be blank.`, { complete: true }))
  }
  if (violations.length > 0) throw combined(toErrors({ properties: [] }, violations))
  return texts as Record<N, string>
}

/** Throws an ApiError 422 for a name that would lead to another folder. */
function checkName(attribute: string, name: string): void {
  if (!/[/\p{Cc}]/u.test(name) && name !== '.' && name !== '..') return
  const fault = violation(attribute, said`The name cannot contain slashes or control characters.`, { complete: true })
  throw combined(toErrors({ properties: [] }, [fault]))
}

const listFiles = operation({
  method: 'GET',
  path: '/storages/:id/files',
  summary: 'List the files in a folder of a file storage',
  description:
    'Asks the storage with the caller’s own connection. Without `parent`, lists the root. Responds with 403 to callers without a connection: see the link `authorize` of the storage.',
  tag: 'Storage',
  answers: { status: 200, of: 'StorageFiles', as: 'single' },
  query: ['parent'],
  run: async ({ context, params }) => {
    const remote = await remoteFor(context, await storageAt(params.id, context))
    const folder = context.params.get('parent') || ROOT
    const { files, parent, ancestors } = await asking(remote, (one) => one.list(folder), { isAsked: true })
    return ok({
      _type: 'StorageFiles',
      files: files.map(shown),
      parent: shown(parent),
      ancestors: ancestors.map(shown),
      _links: { self: { href: noLink('storage_file') } },
    })
  },
})

const viewFile = operation({
  method: 'GET',
  path: '/storages/:id/files/:file',
  summary: 'View a file of a file storage',
  description: 'Asks the storage with the caller’s own connection. Responds with 403 to callers without a connection.',
  tag: 'Storage',
  answers: { status: 200, of: 'StorageFile', as: 'single' },
  extension: true,
  run: async ({ context, params }) => {
    const remote = await remoteFor(context, await storageAt(params.id, context))
    return ok(shown(await asking(remote, (one) => one.file(params.file), { isAsked: true })))
  },
})

const prepareUpload = operation({
  method: 'POST',
  path: '/storages/:id/files/prepare_upload',
  summary: 'Prepare an upload to a file storage',
  description:
    'Returns an address that accepts the file without credentials, so that the client sends it to the storage itself. The caller must be allowed to link files in the project, which must use the storage.',
  tag: 'Storage',
  answers: { status: 201, of: 'UploadLink', as: 'single' },
  takes: 'UploadRequest',
  run: async ({ context, params, body }) => {
    const storage = await storageAt(params.id, context)
    const { fileName, parent, projectId } = textsIn(body, {
      projectId: said`Project`,
      fileName: said`File name`,
      parent: said`Parent`,
    })
    checkName('fileName', fileName)
    await demandUse(context, storage, Number(projectId))
    const remote = await remoteFor(context, storage)
    const { href, method } = await asking(remote, (one) => one.prepareUpload(parent, fileName))
    return {
      status: 201,
      body: {
        _type: 'UploadLink',
        _links: { self: { href: noLink('upload_link') }, destination: { href, method, title: said`Upload File` } },
      },
    }
  },
})

/** Throws an ApiError 403 unless the viewer links files in the project, and it uses the storage. */
async function demandUse(context: Context, { id }: StorageRow, projectId: number): Promise<void> {
  const mayLink = Number.isSafeInteger(projectId) && (await holds(context, manageLinks(), { project_id: projectId }))
  const use = mayLink
    ? await context.db.one(sql`select id from project_storages where storage_id = ${id} and project_id = ${projectId}`)
    : undefined
  if (!use) throw forbidden()
}

const createFolder = operation({
  method: 'POST',
  path: '/storages/:id/folders',
  summary: 'Create a folder in a file storage',
  description:
    'Creates a folder with the caller’s own connection. The caller must be allowed to link files in a project that uses the storage.',
  tag: 'Storage',
  answers: { status: 201, of: 'StorageFile', as: 'single' },
  takes: 'StorageFolderRequest',
  run: async ({ context, params, body }) => {
    const storage = await storageAt(params.id, context)
    const { name, parentId } = textsIn(body, { name: said`Name`, parentId: said`Parent` })
    checkName('name', name)
    await demandAnyUse(context, storage)
    const remote = await remoteFor(context, storage)
    return { status: 201, body: shown(await asking(remote, (one) => one.createFolder(parentId, name), { isAsked: true })) }
  },
})

/** Throws an ApiError 403 unless the viewer links files, or manages folders, in a project that uses the storage. */
async function demandAnyUse(context: Context, { id }: StorageRow): Promise<void> {
  const uses = await context.db.all<{ project_id: number }>(sql`select project_id from project_storages where storage_id = ${id}`)
  for (const rule of [manageLinks(), manageInProject]) {
    for (const use of uses) if (await holds(context, rule, use)) return
  }
  throw forbidden()
}

const openStorage = operation({
  method: 'GET',
  path: '/storages/:id/open',
  summary: 'Open a file storage',
  description:
    'Redirects to the web page of its files; without a connection that is needed for it, to the page that connects the caller.',
  tag: 'Storage',
  answers: { status: 303 },
  run: async ({ context, params }) => opened(context, await storageAt(params.id, context)),
})

/** A redirect to the web page of a storage. Drives have to be asked for it: without a connection it leads to the page for one. */
export async function opened(context: Context, storage: StorageRow) {
  const address =
    storage.type === 'Nextcloud'
      ? nextcloudRoot(storage)
      : await withConnection(context, storage, async (remote) => remote.openRoot())
  return redirect(address)
}

export const redirect = (location: string) => ({ status: 303, headers: { location } })

/**
 * What a connected viewer learns from a storage; without a connection, the address of the page that connects them and leads back
 * to this request.
 */
export async function withConnection(
  context: Context,
  storage: StorageRow,
  work: (remote: Remote) => Promise<string>,
): Promise<string> {
  const credentials = isSingleSignOn(storage) ? undefined : await credentialsOf(context.outside, storage.id)
  if (!credentials && !isSingleSignOn(storage))
    throw notFound(said`The file storage is not configured yet. An administrator has to store its OAuth client credentials.`)
  const remote = await remoteFor(context, storage)
  if (remote || !credentials) return asking(remote, work, { isAsked: true })
  const query = context.params.size > 0 ? `?${context.params}` : ''
  return addressOf(context.settings, connectPath(storage.id, credentials.client_id, `${context.path}${query}`))
}

export const operations: readonly Operation[] = [listFiles, viewFile, prepareUpload, createFolder, openStorage]
