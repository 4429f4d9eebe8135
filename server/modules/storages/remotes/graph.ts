/** Drives of OneDrive and SharePoint, by Microsoft Graph. */
import type { Row } from '#db/database.ts'
import type { Settings } from '#kernel/settings.ts'
import { FOLDER, type OriginData } from '../kinds.ts'
import {
  addressIn,
  ancestorsOf,
  encoded,
  type Found,
  failureOf,
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

/** A drive as a user sees it. */
export function graph({ drive_id }: StorageRow, send: Send, { storages_graph_url: url }: Settings): Remote {
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

  async function childrenOf(parent: Item): Promise<Item[]> {
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

  return {
    async check() {
      await get('/me?$select=id')
    },

    async list(parent) {
      const folder = await folderAt(parent)
      const shown = fileOf(folder)
      return { files: (await childrenOf(folder)).map(fileOf), parent: shown, ancestors: ancestorsOf(shown.location) }
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
