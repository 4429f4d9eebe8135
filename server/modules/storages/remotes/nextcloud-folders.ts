/**
 * Managed folders of a Nextcloud: they are in a group folder that its app for OpenProject sets up, with a user and a group of the
 * same name. The rules of access (ACL) of the folders say who of the group may do what.
 */
import { FOLDER } from '../kinds.ts'
import { filesIn, OCS, PROPERTIES } from './nextcloud.ts'
import {
  encoded,
  type FolderManager,
  failureOf,
  fileRights,
  type ManagedFolder,
  objectIn,
  RemoteError,
  type RemoteFile,
  type Send,
  type StorageRow,
} from './remote.ts'

/** The name of the user, of the group and of the group folder. */
const OWN = 'OpenProject'
const ALL = Object.values(fileRights).reduce<number>((sum, bit) => sum + bit, 0)
const FORM = 'application/x-www-form-urlencoded'
const XML = { 'content-type': 'application/xml' }
/** Limits of what takes as long as a folder is large. */
const LARGE = { patience: 120_000, largest: 64 * 1024 * 1024 }

/** The header that authenticates this server by its application password. */
export const ownAuthorization = (password: string): string => `Basic ${Buffer.from(`${OWN}:${password}`).toString('base64')}`

const escaped = (text: string): string => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;')

const entry = (type: 'user' | 'group', id: string, rights: number): string =>
  `<nc:acl><nc:acl-mapping-type>${type}</nc:acl-mapping-type><nc:acl-mapping-id>${escaped(id)}</nc:acl-mapping-id><nc:acl-mask>${ALL}</nc:acl-mask><nc:acl-permissions>${rights}</nc:acl-permissions></nc:acl>`

/** The managed folders of a Nextcloud. @param send sends requests with the application password */
export function nextcloudFolders({ host }: StorageRow, send: Send): FolderManager {
  const base = `${host}/remote.php/dav/files/${OWN}/${OWN}`
  const at = (name: string): string => `${base}/${encoded(name)}`

  async function look(address: string, depth: '0' | '1' | 'infinity'): Promise<readonly RemoteFile[]> {
    const response = await send(address, { method: 'PROPFIND', headers: { ...XML, depth }, body: PROPERTIES }, LARGE)
    if (response.status !== 207) throw failureOf(response)
    return filesIn(await response.text(), new URL(base).pathname)
  }

  async function idOf(name: string): Promise<string> {
    const [folder] = await look(at(name), '0')
    if (!folder) throw new RemoteError('failed')
    return folder.id
  }

  /** Copies or moves a folder, never over another one. */
  async function transfer(method: 'COPY' | 'MOVE', from: string, to: string): Promise<void> {
    const response = await send(at(from), { method, headers: { destination: at(to), overwrite: 'F' } }, LARGE)
    if (response.status === 412) throw new RemoteError('taken', 412)
    if (response.status !== 201 && response.status !== 204) throw failureOf(response)
  }

  const ocs = async (path: string, init: RequestInit = {}) => {
    const response = await send(`${host}/ocs/v1.php/cloud/${path}`, { ...init, headers: { ...OCS, ...(init.headers as object) } })
    const { meta, data } = (await objectIn(response)).ocs ?? {}
    // Version 1 of the protocol tells its own status by a number, 100 being success.
    if (meta?.statuscode !== 100) throw new RemoteError('failed', response.status)
    return data
  }

  return {
    async folders() {
      const files = await look(base, '1')
      return files.filter(({ location, mimeType }) => location !== '/' && mimeType === FOLDER)
    },

    async admit(accounts) {
      const { users } = await ocs(`groups/${OWN}`)
      const members = new Set<string>(Array.isArray(users) ? users : [])
      const wanted = new Set([OWN, ...accounts])
      const change = (account: string, method: 'POST' | 'DELETE') =>
        ocs(`users/${encodeURIComponent(account)}/groups`, {
          method,
          headers: { 'content-type': FORM },
          body: String(new URLSearchParams({ groupid: OWN })),
        })
      for (const account of wanted.difference(members)) await change(account, 'POST')
      for (const account of members.difference(wanted)) await change(account, 'DELETE')
    },

    async create(name) {
      const response = await send(at(name), { method: 'MKCOL' })
      if (response.status === 405) throw new RemoteError('taken', 405)
      if (response.status !== 201) throw failureOf(response)
      return idOf(name)
    },

    rename: ({ name }, to) => transfer('MOVE', name, to),

    async copy({ name }, to) {
      await transfer('COPY', name, to)
      return { id: await idOf(to) }
    },

    // A copy has ended with the response.
    copied: async () => undefined,

    async contents({ name }: ManagedFolder) {
      const files = await look(at(name), 'infinity')
      return new Map(files.map(({ id, location }) => [location.slice(name.length + 1), id]))
    },

    async share({ name }, rights) {
      const entries = Object.entries(rights).map(([account, sum]) => entry('user', account, sum))
      const list = [entry('group', OWN, 0), entry('user', OWN, ALL), ...entries].join('')
      const body = `<?xml version="1.0"?>
<d:propertyupdate xmlns:d="DAV:" xmlns:nc="http://nextcloud.org/ns"><d:set><d:prop><nc:acl-list>${list}</nc:acl-list></d:prop></d:set></d:propertyupdate>`
      const response = await send(at(name), { method: 'PROPPATCH', headers: XML, body })
      if (response.status !== 207) throw failureOf(response)
      if (!/>HTTP\/1\.1 200[ <]/.test(await response.text())) throw new RemoteError('failed', 207)
    },
  }
}
