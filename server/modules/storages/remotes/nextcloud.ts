/**
 * Nextcloud: files by WebDAV, ids by its app for OpenProject (OCS), and uploads and downloads by links with a token of their own.
 */
import type { Row } from '#db/database.ts'
import { FOLDER, type OriginData } from '../kinds.ts'
import {
  addressIn,
  ancestorsOf,
  encoded,
  type Found,
  failureOf,
  filled,
  type Listing,
  momentOf,
  objectIn,
  type Remote,
  RemoteError,
  type RemoteFile,
  ROOT,
  type Send,
  type StorageRow,
} from './remote.ts'

const APP = 'apps/integration_openproject'
const JSON_TYPE = { 'content-type': 'application/json' }
export const OCS = { 'ocs-apirequest': 'true', accept: 'application/json' }

export const PROPERTIES = `<?xml version="1.0"?>
<d:propfind xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns" xmlns:nc="http://nextcloud.org/ns"><d:prop>
<oc:fileid/><oc:size/><d:resourcetype/><d:getcontenttype/><d:getlastmodified/><nc:creation_time/><oc:owner-display-name/>
</d:prop></d:propfind>`

/** The OAuth endpoints of a Nextcloud. */
export const nextcloudEndpoints = ({ host }: StorageRow) => ({
  authorize: `${host}/index.php/apps/oauth2/authorize`,
  token: `${host}/index.php/apps/oauth2/api/v1/token`,
  scope: undefined,
})

/** The web page of a file, or of its folder. Nobody has to be asked. */
export const nextcloudPage = ({ host }: StorageRow, id: string, isLocation: boolean): string =>
  `${host}/index.php/f/${encodeURIComponent(id)}?openfile=${isLocation ? 0 : 1}`

/** The web page of all files. */
export const nextcloudRoot = ({ host }: StorageRow): string => `${host}/index.php/apps/files`

/**
 * A Nextcloud as a user sees it.
 * @param account the user's own account there, where it is known
 */
export function nextcloud(storage: StorageRow, send: Send, account: string | null): Remote {
  const { host } = storage
  const ocs = async (path: string, init: RequestInit = {}) => {
    const response = await send(`${host}/ocs/${path}`, { ...init, headers: { ...OCS, ...(init.headers as object) } })
    return (await objectIn(response)).ocs?.data
  }
  let own = account ?? undefined
  const accountOf = async (): Promise<string> => {
    own ??= await remote.check()
    return own
  }
  const dav = async (location: string) => {
    const below = location.split('/').filter(Boolean).join('/')
    return `${host}/remote.php/dav/files/${encoded(await accountOf())}${below === '' ? '' : `/${encoded(below)}`}`
  }

  /** A folder or file and, at a depth of 1, what is in it. */
  async function look(location: string, depth: 0 | 1): Promise<readonly RemoteFile[]> {
    const address = await dav(location)
    const response = await send(address, {
      method: 'PROPFIND',
      headers: { depth: String(depth), 'content-type': 'application/xml' },
      body: PROPERTIES,
    })
    if (response.status !== 207) throw failureOf(response)
    return await filesIn(await response.text(), new URL(await dav(ROOT)).pathname)
  }

  /** The location of a folder that is named by its location or its id. */
  async function locationOf(parent: string): Promise<string> {
    if (parent.startsWith('/')) return parent
    const found = await info(parent)
    if (found.mimetype !== FOLDER) throw new RemoteError('no-folder')
    return withoutPrefix(String(found.path))
  }

  async function info(id: string): Promise<Readonly<Row>> {
    if (!/^\d{1,18}$/.test(id)) throw new RemoteError('missing')
    const data = await ocs(`v1.php/${APP}/fileinfo/${id}`)
    const failure = data?.statuscode === 200 ? undefined : data?.statuscode === 403 ? 'forbidden' : 'missing'
    if (failure) throw new RemoteError(failure, data?.statuscode)
    return data
  }

  const remote: Remote = {
    async check() {
      const id: unknown = (await ocs('v1.php/cloud/user?format=json'))?.id
      if (typeof id !== 'string' || id === '') throw new RemoteError('failed')
      return id
    },

    async list(parent): Promise<Listing> {
      const [first, ...files] = await look(await locationOf(parent), 1)
      if (!first) throw new RemoteError('failed')
      if (first.mimeType !== FOLDER) throw new RemoteError('no-folder')
      return { files, parent: first, ancestors: ancestorsOf(first.location) }
    },

    async file(id) {
      const { path } = await info(id)
      const [file] = await look(withoutPrefix(String(path)), 0)
      if (!file) throw new RemoteError('missing')
      return file
    },

    async find(ids) {
      const numbers = ids.filter((id) => /^\d{1,18}$/.test(id))
      const data =
        numbers.length === 0
          ? {}
          : await ocs(`v1.php/${APP}/filesinfo`, {
              method: 'POST',
              headers: JSON_TYPE,
              body: `{"fileIds":[${numbers.join(',')}]}`,
            })
      return new Map(ids.map((id): [string, Found] => [id, foundIn(id, data?.[id])]))
    },

    async createFolder(parent, name) {
      const location = `${(await locationOf(parent)).replace(/\/$/, '')}/${name}`
      const response = await send(await dav(location), { method: 'MKCOL' })
      if (response.status === 405) throw new RemoteError('taken', 405)
      if (response.status === 409) throw new RemoteError('missing', 409)
      if (response.status !== 201) throw failureOf(response)
      const [folder] = await look(location, 0)
      if (!folder) throw new RemoteError('failed')
      return folder
    },

    async prepareUpload(parent) {
      const folder = parent.startsWith('/') ? (await look(parent, 0))[0] : undefined
      if (folder && folder.mimeType !== FOLDER) throw new RemoteError('no-folder')
      const response = await send(`${host}/index.php/${APP}/direct-upload-token`, {
        method: 'POST',
        headers: { ...JSON_TYPE, accept: 'application/json' },
        body: JSON.stringify({ folder_id: folder?.id ?? parent }),
      })
      const { token } = await objectIn(response)
      if (typeof token !== 'string') throw new RemoteError('failed')
      return { href: `${host}/index.php/${APP}/direct-upload/${encodeURIComponent(token)}`, method: 'post' }
    },

    async download(id) {
      const data = await ocs('v2.php/apps/dav/api/v1/direct?format=json', {
        method: 'POST',
        headers: JSON_TYPE,
        body: JSON.stringify({ fileId: id }),
      })
      return addressIn(data?.url)
    },

    open: async (id, isLocation) => nextcloudPage(storage, id, isLocation),
    openRoot: async () => nextcloudRoot(storage),
  }
  return remote
}

/** The app gives locations as `files/…`, below the home of the user. */
const withoutPrefix = (path: string): string => `/${path.replace(/^\/?files\//, '').replace(/^\/|\/$/g, '')}`

function foundIn(id: string, data: Readonly<Row> | null | undefined): Found {
  if (data === undefined || data === null || data.statuscode === 404) return { state: 'NotFound' }
  if (data.statuscode === 403) return { state: 'permission:ViewNotAllowed' }
  if ((data.statuscode ?? 200) !== 200 || typeof data.name !== 'string') return { state: 'Error' }
  if (data.trashed === true) return { state: 'NotFound' }
  const file: OriginData = filled({
    id,
    name: data.name as string,
    mimeType: data.mimetype as string | undefined,
    createdAt: momentOf(data.ctime),
    lastModifiedAt: momentOf(data.mtime),
    createdByName: data.owner_name as string | undefined,
    lastModifiedByName: data.modifier_name as string | undefined,
  })
  return { state: 'permission:ViewAllowed', file }
}

/** The files in the answer to a PROPFIND, in its order. @param root the path of the root, to which locations are relative */
export async function filesIn(xml: string, root: string): Promise<RemoteFile[]> {
  // Loaded on demand, so that a start does not wait for it.
  const { Parser } = await import('htmlparser2')
  const files: RemoteFile[] = []
  let texts: Record<string, string> = {}
  let isFolder = false
  let path: string[] = []
  let status = ''
  let pending: Record<string, string> = {}
  const parser = new Parser(
    {
      onopentag(tag) {
        const own = localName(tag)
        path = [...path, own]
        if (own === 'response') [texts, isFolder] = [{}, false]
        if (own === 'propstat') [pending, status] = [{}, '']
        if (own === 'collection') isFolder = true
      },
      ontext(text) {
        const own = path.at(-1) as string
        if (own === 'status') status += text
        else if (path.at(-2) === 'prop') pending[own] = (pending[own] ?? '') + text
        else if (own === 'href') texts.href = (texts.href ?? '') + text
      },
      onclosetag(tag) {
        const own = localName(tag)
        path = path.slice(0, -1)
        if (own === 'propstat' && / 200( |$)/.test(status)) texts = { ...texts, ...pending }
        if (own === 'response' && texts.href !== undefined && texts.fileid !== undefined)
          files.push(fileOf(texts, isFolder, root))
      },
    },
    { xmlMode: true },
  )
  parser.end(xml)
  return files
}

const localName = (tag: string): string => tag.slice(tag.indexOf(':') + 1)

function fileOf(texts: Readonly<Record<string, string>>, isFolder: boolean, root: string): RemoteFile {
  const path = new URL((texts.href as string).trim(), 'http://storage.invalid').pathname
  const below = path.startsWith(root) ? path.slice(root.length) : path
  const location = `/${below.split('/').filter(Boolean).map(decoded).join('/')}`
  return filled({
    id: texts.fileid as string,
    name: location.split('/').at(-1) || ROOT,
    location,
    mimeType: isFolder ? FOLDER : texts.getcontenttype,
    size: texts.size === undefined ? undefined : Number(texts.size),
    createdAt: momentOf(Number(texts.creation_time ?? 0)),
    lastModifiedAt: momentOf(texts.getlastmodified),
    createdByName: texts['owner-display-name'],
  }) as RemoteFile
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
