/** Drives of OneDrive and SharePoint, by Microsoft Graph. */
import type { Row } from '#db/database.ts'
import type { Settings } from '#kernel/settings.ts'
import { FOLDER, type OriginData } from '../kinds.ts'
import {
  addressIn,
  ancestorsOf,
  encoded,
  type FolderManager,
  type Found,
  failureOf,
  fileRights,
  filled,
  momentOf,
  objectIn,
  type Remote,
  RemoteError,
  type RemoteFile,
  ROOT,
  type Send,
  type StorageRow,
} from './remote.ts'

const JSON_TYPE = { 'content-type': 'application/json' }
const FIELDS =
  '$select=id,name,file,folder,root,size,createdDateTime,lastModifiedDateTime,createdBy,lastModifiedBy,parentReference,webUrl'
/** Requests in one batch, which Graph limits. */
const BATCH = 20
/** Pages of a folder that are read at most, so that a listing ends. */
const MOST_PAGES = 20

type Item = Readonly<Row>

/** The OAuth endpoints of a tenant. */
export const graphEndpoints = ({ tenant_id }: StorageRow, { storages_login_url }: Settings) => ({
  authorize: `${storages_login_url}/${tenant_id}/oauth2/v2.0/authorize`,
  token: `${storages_login_url}/${tenant_id}/oauth2/v2.0/token`,
  scope: 'offline_access User.Read Files.ReadWrite.All',
})

/** Requests about the items of a drive. */
function itemsOf({ drive_id }: StorageRow, send: Send, { storages_graph_url: url }: Settings) {
  const drive = `/drives/${drive_id}`
  const get = async (path: string): Promise<Item> => objectIn(await send(path.startsWith(url) ? path : `${url}${path}`))
  const post = async (path: string, body: object, method = 'POST') =>
    send(`${url}${path}`, { method, headers: JSON_TYPE, body: JSON.stringify(body) })

  /** The address of an item by its id or its location. */
  function itemAt(name: string): string {
    if (name === ROOT) return `${drive}/root`
    if (name.startsWith('/')) return `${drive}/root:${encoded(name)}:`
    if (name.includes('/')) throw new RemoteError('missing')
    return `${drive}/items/${encoded(name)}`
  }

  async function folderAt(parent: string): Promise<Item> {
    const item = await get(`${itemAt(parent)}?${FIELDS}`)
    if (!item.folder && !item.root) throw new RemoteError('no-folder')
    return item
  }

  async function childrenOf(parent: { readonly id: string }): Promise<Item[]> {
    const children: Item[] = []
    let next: string | undefined = `${drive}/items/${encodeURIComponent(parent.id)}/children?${FIELDS}`
    for (let page = 0; next !== undefined && page < MOST_PAGES; page++) {
      const answer: Item = await get(next)
      children.push(...(Array.isArray(answer.value) ? answer.value : []))
      const following: unknown = answer['@odata.nextLink']
      // The token is sent to Graph alone.
      next = typeof following === 'string' && following.startsWith(`${url}/`) ? following : undefined
    }
    return children
  }

  return { drive, url, get, post, itemAt, folderAt, childrenOf }
}

/** A drive as a user sees it. */
export function graph(storage: StorageRow, send: Send, settings: Settings): Remote {
  const { drive, url, get, post, itemAt, folderAt, childrenOf } = itemsOf(storage, send, settings)
  return {
    check: async () => String((await get('/me?$select=id')).id),

    async list(parent) {
      const folder = await folderAt(parent)
      const shown = fileOf(folder)
      return { files: (await childrenOf({ id: folder.id })).map(fileOf), parent: shown, ancestors: ancestorsOf(shown.location) }
    },

    file: async (id) => fileOf(await get(`${itemAt(id)}?${FIELDS}`)),

    async find(ids) {
      const batches: string[][] = []
      for (let i = 0; i < ids.length; i += BATCH) batches.push(ids.slice(i, i + BATCH))
      const answers = await Promise.all(
        batches.map(async (batch) => {
          const requests = batch.map((id, i) => ({ id: String(i), method: 'GET', url: `${itemAt(id)}?${FIELDS}` }))
          const { responses } = await objectIn(await post('/$batch', { requests }))
          return batch.map((id, i): [string, Found] => {
            const own = (Array.isArray(responses) ? responses : []).find((one: Item) => one.id === String(i))
            return [id, foundIn(own)]
          })
        }),
      )
      return new Map(answers.flat())
    },

    async createFolder(parent, name) {
      const { id } = await folderAt(parent)
      const response = await post(`${drive}/items/${encodeURIComponent(id)}/children`, {
        name,
        folder: {},
        '@microsoft.graph.conflictBehavior': 'fail',
      })
      if (response.status === 409) throw new RemoteError('taken', 409)
      return fileOf(await objectIn(response))
    },

    async prepareUpload(parent, fileName) {
      const { id } = await folderAt(parent)
      const place = `${drive}/items/${encodeURIComponent(id)}:/${encodeURIComponent(fileName)}:/createUploadSession`
      const session = await objectIn(
        await post(place, { item: { '@microsoft.graph.conflictBehavior': 'rename', name: fileName } }),
      )
      return { href: addressIn(session.uploadUrl), method: 'put' }
    },

    async download(id) {
      const response = await send(`${url}${itemAt(id)}/content`)
      if (response.status !== 302) throw response.ok ? new RemoteError('failed', response.status) : failureOf(response)
      return addressIn(response.headers.get('location'))
    },

    async open(id, isLocation) {
      const item = await get(`${itemAt(id)}?${FIELDS}`)
      if (!isLocation) return addressIn(item.webUrl)
      const parent = await get(`${itemAt(String(item.parentReference?.id ?? ROOT))}?${FIELDS}`)
      return addressIn(parent.webUrl)
    },

    openRoot: async () => addressIn((await get(`${drive}?$select=webUrl`)).webUrl),
  }
}

/** The scope of tokens by which this server acts for itself. */
export const ownScope = ({ storages_graph_url }: Settings): string => `${new URL(storages_graph_url).origin}/.default`

/**
 * The managed folders of a drive, in its root.
 * @param send sends requests with a token of this server itself
 * @param ask sends requests without credentials
 */
export function graphFolders(storage: StorageRow, send: Send, ask: Send, settings: Settings): FolderManager {
  const { url, get, post, itemAt, childrenOf } = itemsOf(storage, send, settings)
  const isFolder = (item: Item): boolean => item.folder !== undefined
  const changed = async (response: Response): Promise<Item> => {
    if (response.status === 409) throw new RemoteError('taken', 409)
    return objectIn(response)
  }

  return {
    async folders() {
      const root = await get(`${itemAt(ROOT)}?${FIELDS}`)
      const children = await childrenOf({ id: root.id })
      return children.filter(isFolder).map(({ id, name }) => ({ id, name }))
    },

    // The rights in each folder say who reaches it.
    admit: async () => {},

    async create(name) {
      const folder = { name, folder: {}, '@microsoft.graph.conflictBehavior': 'fail' }
      return String((await changed(await post(`${itemAt(ROOT)}/children`, folder))).id)
    },

    async rename({ id }, name) {
      await changed(await post(itemAt(id), { name }, 'PATCH'))
    },

    async copy({ id }, name) {
      const response = await post(`${itemAt(id)}/copy`, { name })
      if (response.status === 409) throw new RemoteError('taken', 409)
      if (response.status !== 202) throw response.ok ? new RemoteError('failed', response.status) : failureOf(response)
      return { monitor: addressIn(response.headers.get('location')) }
    },

    async copied(monitor) {
      // The address is a secret itself, and of another host: no token is sent there.
      const { status, resourceId } = await objectIn(await ask(monitor))
      if (status === 'failed') throw new RemoteError('failed')
      return status === 'completed' && typeof resourceId === 'string' ? resourceId : undefined
    },

    async contents({ id }) {
      const found = new Map([['', id]])
      const folders = new Map(found)
      for (const [path, folder] of folders) {
        for (const item of await childrenOf({ id: folder })) {
          const own = `${path}/${item.name}`
          found.set(own, item.id)
          if (isFolder(item)) folders.set(own, item.id)
        }
      }
      return found
    },

    async share({ id }, rights) {
      const wanted = new Map(
        Object.entries(rights).map(([account, sum]) => [account, sum === fileRights.read_files ? 'read' : 'write']),
      )
      const { value } = await get(`${itemAt(id)}/permissions`)
      for (const one of Array.isArray(value) ? value : []) {
        const account = one.grantedToV2?.user?.id
        // Others than users, owners, and what the folder has from above, are not ours.
        if (typeof account !== 'string' || one.inheritedFrom || one.roles?.includes('owner')) continue
        if (wanted.get(account) === one.roles?.[0]) wanted.delete(account)
        else await gone(await send(`${url}${itemAt(id)}/permissions/${encodeURIComponent(one.id)}`, { method: 'DELETE' }))
      }
      for (const [account, role] of wanted) {
        const invitation = { requireSignIn: true, sendInvitation: false, roles: [role], recipients: [{ objectId: account }] }
        await objectIn(await post(`${itemAt(id)}/invite`, invitation))
      }
    },
  }
}

function gone(response: Response): void {
  if (!response.ok && response.status !== 404) throw failureOf(response)
}

const nameOf = (identity: Item | undefined): string | undefined =>
  identity?.user?.displayName ?? identity?.application?.displayName

function decoded(path: string): string {
  try {
    return decodeURIComponent(path)
  } catch {
    return path
  }
}

/** An item as a file. Its location follows from its parent's, which begins with `/drives/ID/root:`; the root has none. */
function fileOf(item: Item): RemoteFile {
  const above = item.parentReference?.path
  const parent = typeof above === 'string' ? decoded(above.replace(/^.*?root:/, '')) : undefined
  const isRoot = item.root !== undefined || parent === undefined
  return filled({
    id: String(item.id),
    name: isRoot ? ROOT : String(item.name),
    location: isRoot ? ROOT : `${parent}/${item.name}`,
    mimeType: item.folder ? FOLDER : item.file?.mimeType,
    size: typeof item.size === 'number' ? item.size : undefined,
    createdAt: momentOf(item.createdDateTime),
    lastModifiedAt: momentOf(item.lastModifiedDateTime),
    createdByName: nameOf(item.createdBy),
    lastModifiedByName: nameOf(item.lastModifiedBy),
  }) as RemoteFile
}

function foundIn(answer: Item | undefined): Found {
  const { status, body } = answer ?? {}
  if (status === 404) return { state: 'NotFound' }
  if (status === 403) return { state: 'permission:ViewNotAllowed' }
  if (status !== 200 || typeof body?.name !== 'string') return { state: 'Error' }
  const { location: _, size: __, ...file } = fileOf(body)
  return { state: 'permission:ViewAllowed', file: file as OriginData }
}
