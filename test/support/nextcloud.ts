/** A Nextcloud, as far as this server asks it: files by WebDAV, their ids by the app for OpenProject, and tokens. */
import type { IncomingHttpHeaders } from 'node:http'
import { type Answering, type OAuthServer, oauthServer } from './oauth-server.ts'

export interface FakeFile {
  readonly id: number
  /** Below the root of the user. */
  path: string
  readonly type?: string
  readonly size?: number
  /** Others' files that the user cannot see. */
  readonly isForeign?: true
}

/** A folder or file in the group folder, which has an entry of rights for each account. */
export interface GroupFile {
  readonly id: number
  path: string
  readonly isFile?: true
  rights: Readonly<Record<string, number>>
}

export interface FakeNextcloud extends OAuthServer {
  readonly files: FakeFile[]
  /** What is in the group folder, for the user of the application password. */
  readonly groupFiles: GroupFile[]
  /** The members of its group. */
  readonly group: Set<string>
  readonly applicationPassword: string
  /** The account of the user who consents next. */
  account: string
  /** Whether it answers 500 to everything. */
  isBroken: boolean
}

const ACCOUNT = 'vera löwe'
const DAV = `/remote.php/dav/files/${encodeURIComponent(ACCOUNT)}`
const MODIFIED = 'Mon, 02 Mar 2026 09:30:00 GMT'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const encoded = (path: string) => path.split('/').map(encodeURIComponent).join('/')

const described = ({ id, path, type, size = 10 }: FakeFile, root = DAV) => `<d:response>
<d:href>${root}${encoded(path)}${type ? '' : '/'}</d:href>
<d:propstat><d:prop><oc:fileid>${id}</oc:fileid><oc:size>${size}</oc:size>
<d:resourcetype>${type ? '' : '<d:collection/>'}</d:resourcetype>${type ? `<d:getcontenttype>${escaped(type)}</d:getcontenttype>` : ''}
<d:getlastmodified>${MODIFIED}</d:getlastmodified><oc:owner-display-name>Vera &amp; Co</oc:owner-display-name>
</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
<d:propstat><d:prop><nc:creation_time/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>
</d:response>`

const parentOf = (path: string) => path.replace(/\/[^/]*$/, '') || '/'

/** Starts a Nextcloud on a free port, with a few files. */
export async function fakeNextcloud(): Promise<FakeNextcloud> {
  const groupFiles: GroupFile[] = [{ id: 1000, path: '/', rights: {} }]
  const group = new Set<string>(['OpenProject', 'former member'])
  const applicationPassword = 'application 4 all!'
  const files: FakeFile[] = [
    { id: 2, path: '/' },
    { id: 30, path: '/Drawings' },
    { id: 31, path: '/Drawings/mast & sail.pdf', type: 'application/pdf', size: 48213 },
    { id: 40, path: '/Seekarte 50%.png', type: 'image/png' },
    { id: 50, path: '/Private/diary.txt', type: 'text/plain', isForeign: true },
  ]
  const own = () => files.filter(({ isForeign }) => !isForeign)
  const infoOf = (id: number) => {
    const file = files.find((one) => one.id === id)
    if (!file) return { status: 'Not Found', statuscode: 404 }
    if (file.isForeign) return { status: 'Forbidden', statuscode: 403 }
    const { path, type = 'application/x-op-directory', size = 10 } = file
    const times = { mtime: Date.parse(MODIFIED) / 1000, ctime: 0 }
    return {
      ...{ status: 'OK', statuscode: 200, id, name: path.split('/').at(-1), ...times, mimetype: type, size },
      ...{ owner_name: 'Vera', owner_id: ACCOUNT, modifier_name: null, trashed: false },
      path: `files${path}${file.type ? '' : '/'}`,
    }
  }
  const server = await oauthServer(
    '/index.php/apps/oauth2/api/v1/token',
    {
      get user_id() {
        return it.account
      },
    },
    ({ method, path, headers, text }, reply) => {
      if (it.isBroken) return reply(500, { error: 'down' })
      if (OWN.test(path)) return managed(method, path, headers, text, reply)
      const ocs = (data: unknown) =>
        headers['ocs-apirequest'] === 'true' ? reply(200, { ocs: { meta: { status: 'ok' }, data } }) : reply(412)
      if (path.startsWith(DAV)) {
        const place = decodeURIComponent(path.slice(DAV.length)).replace(/\/$/, '') || '/'
        const file = own().find((one) => one.path === place)
        if (method === 'MKCOL') {
          if (file) return reply(405)
          if (!own().some((one) => one.path === parentOf(place) && !one.type)) return reply(409)
          files.push({ id: Math.max(...files.map(({ id }) => id)) + 1, path: place })
          return reply(201)
        }
        if (method !== 'PROPFIND' || !file) return reply(404, '<d:error xmlns:d="DAV:"/>')
        const below =
          headers.depth === '1' && !file.type ? own().filter((one) => one !== file && parentOf(one.path) === place) : []
        const xml = [file, ...below].map((one) => described(one)).join('')
        return reply(207, `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="o" xmlns:nc="n">${xml}</d:multistatus>`)
      }
      if (path === '/ocs/v1.php/cloud/user') return ocs({ id: it.account })
      const [, id] = /^\/ocs\/v1.php\/apps\/integration_openproject\/fileinfo\/(\d+)$/.exec(path) ?? []
      if (id) return ocs(infoOf(Number(id)))
      if (path === '/ocs/v1.php/apps/integration_openproject/filesinfo') {
        const { fileIds } = JSON.parse(text)
        return ocs(Object.fromEntries(fileIds.map((one: number) => [one, infoOf(one)])))
      }
      if (path === '/ocs/v2.php/apps/dav/api/v1/direct')
        return ocs({ url: `${it.url}/remote.php/direct/${JSON.parse(text).fileId}` })
      if (path === '/index.php/apps/integration_openproject/direct-upload-token') {
        const { folder_id } = JSON.parse(text)
        const folder = own().find((one) => one.id === Number(folder_id) && !one.type)
        return folder ? reply(200, { token: `to-${folder_id}`, expires_on: 0 }) : reply(404, { error: 'not found' })
      }
      return reply(404, { error: 'not found' })
    },
    [OWN],
  )
  const it: FakeNextcloud = Object.assign(server, {
    ...{ files, groupFiles, group, applicationPassword },
    account: ACCOUNT,
    isBroken: false,
  })

  /** What the user of the application password asks: the group folder, the rights in it, and the group. */
  function managed(method: string, path: string, headers: IncomingHttpHeaders, text: string, reply: Answering): unknown {
    const password = Buffer.from(headers.authorization?.replace('Basic ', '') ?? '', 'base64').toString()
    if (password !== `OpenProject:${applicationPassword}`) return reply(401, '<d:error xmlns:d="DAV:"/>')
    const ocs = (data: unknown) => reply(200, { ocs: { meta: { status: 'ok', statuscode: 100 }, data } })
    if (path === '/ocs/v1.php/cloud/groups/OpenProject') return ocs({ users: [...group] })
    const [, account] = /^\/ocs\/v1.php\/cloud\/users\/([^/]+)\/groups$/.exec(path) ?? []
    if (account) {
      if (new URLSearchParams(text).get('groupid') !== 'OpenProject') return reply(400, {})
      if (method === 'POST') group.add(decodeURIComponent(account))
      else group.delete(decodeURIComponent(account))
      return ocs([])
    }
    const placeOf = (address: string) =>
      decodeURIComponent(new URL(address, it.url).pathname.slice(GROUP_FOLDER.length)).replace(/\/$/, '') || '/'
    const place = placeOf(path)
    const file = groupFiles.find((one) => one.path === place)
    const below = groupFiles.filter((one) => one.path.startsWith(`${place === '/' ? '' : place}/`) && one !== file)
    if (method === 'MKCOL') {
      if (file) return reply(405)
      groupFiles.push({ id: nextId(), path: place, rights: {} })
      return reply(201)
    }
    if (!file) return reply(404, '<d:error xmlns:d="DAV:"/>')
    if (method === 'PROPFIND') {
      const shown =
        headers.depth === '0' ? [] : headers.depth === '1' ? below.filter((one) => parentOf(one.path) === place) : below
      const xml = [file, ...shown].map(({ id, path: own, isFile }) =>
        described({ id, path: own, ...(isFile && { type: 'text/plain' }) }, GROUP_FOLDER),
      )
      return reply(
        207,
        `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="o" xmlns:nc="n">${xml.join('')}</d:multistatus>`,
      )
    }
    if (method === 'PROPPATCH') {
      const entries = [...text.matchAll(ACL)].map(([, type, id = '', sum]) => [`${type} ${unescaped(id)}`, Number(sum)])
      file.rights = Object.fromEntries(entries)
      return reply(
        207,
        '<d:multistatus xmlns:d="DAV:"><d:response><d:propstat><d:status>HTTP/1.1 200 OK</d:status></d:propstat></d:response></d:multistatus>',
      )
    }
    const target = placeOf(String(headers.destination))
    if (headers.overwrite !== 'F') return reply(400)
    if (groupFiles.some((one) => one.path === target)) return reply(412)
    for (const one of [file, ...below]) {
      const moved = target + one.path.slice(place.length)
      if (method === 'MOVE') one.path = moved
      else groupFiles.push({ ...one, id: nextId(), path: moved, rights: {} })
    }
    return reply(201)
  }
  const nextId = () => Math.max(...groupFiles.map(({ id }) => id)) + 1
  return it
}

const GROUP_FOLDER = '/remote.php/dav/files/OpenProject/OpenProject'
const OWN = /^\/remote.php\/dav\/files\/OpenProject\/OpenProject|^\/ocs\/v1.php\/cloud\/(groups|users)\//
const ACL =
  /<nc:acl><nc:acl-mapping-type>(user|group)<\/nc:acl-mapping-type><nc:acl-mapping-id>([^<]*)<\/nc:acl-mapping-id><nc:acl-mask>31<\/nc:acl-mask><nc:acl-permissions>(\d+)</g
const unescaped = (text: string) => text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&')
