/** A Nextcloud, as far as this server asks it: files by WebDAV, their ids by the app for OpenProject, and tokens. */
import { type OAuthServer, oauthServer } from './oauth-server.ts'

export interface FakeFile {
  readonly id: number
  /** Below the root of the user. */
  path: string
  readonly type?: string
  readonly size?: number
  /** Others' files that the user cannot see. */
  readonly isForeign?: true
}

export interface FakeNextcloud extends OAuthServer {
  readonly files: FakeFile[]
  /** Whether it answers 500 to everything. */
  isBroken: boolean
}

const ACCOUNT = 'vera löwe'
const DAV = `/remote.php/dav/files/${encodeURIComponent(ACCOUNT)}`
const MODIFIED = 'Mon, 02 Mar 2026 09:30:00 GMT'

const escaped = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;')
const encoded = (path: string) => path.split('/').map(encodeURIComponent).join('/')

const described = ({ id, path, type, size = 10 }: FakeFile) => `<d:response>
<d:href>${DAV}${encoded(path)}${type ? '' : '/'}</d:href>
<d:propstat><d:prop><oc:fileid>${id}</oc:fileid><oc:size>${size}</oc:size>
<d:resourcetype>${type ? '' : '<d:collection/>'}</d:resourcetype>${type ? `<d:getcontenttype>${escaped(type)}</d:getcontenttype>` : ''}
<d:getlastmodified>${MODIFIED}</d:getlastmodified><oc:owner-display-name>Vera &amp; Co</oc:owner-display-name>
</d:prop><d:status>HTTP/1.1 200 OK</d:status></d:propstat>
<d:propstat><d:prop><nc:creation_time/></d:prop><d:status>HTTP/1.1 404 Not Found</d:status></d:propstat>
</d:response>`

const parentOf = (path: string) => path.replace(/\/[^/]*$/, '') || '/'

/** Starts a Nextcloud on a free port, with a few files. */
export async function fakeNextcloud(): Promise<FakeNextcloud> {
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
    { user_id: ACCOUNT },
    ({ method, path, headers, text }, reply) => {
      if (it.isBroken) return reply(500, { error: 'down' })
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
        const xml = [file, ...below].map(described).join('')
        return reply(207, `<?xml version="1.0"?><d:multistatus xmlns:d="DAV:" xmlns:oc="o" xmlns:nc="n">${xml}</d:multistatus>`)
      }
      if (path === '/ocs/v1.php/cloud/user') return ocs({ id: ACCOUNT })
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
  )
  const it: FakeNextcloud = Object.assign(server, { files, isBroken: false })
  return it
}
