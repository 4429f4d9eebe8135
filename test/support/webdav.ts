/**
 * A Nextcloud of other people's code: files by the WebDAV server `webdav-server`. In front of it stands what Nextcloud adds to that:
 * tokens, the paths of accounts, ids of files (properties, which any WebDAV server keeps), and OCS.
 */
import type { AddressInfo } from 'node:net'
import { v2 as webdav } from 'webdav-server'
import { type OAuthServer, oauthServer } from './oauth-server.ts'

export const ACCOUNT = 'olga'
const DAV = `/remote.php/dav/files/${ACCOUNT}`
const NAMESPACES = 'xmlns:d="DAV:" xmlns:oc="http://owncloud.org/ns"'

export interface WebdavCloud extends OAuthServer {
  /** The id of a file or folder by its path. */
  readonly ids: ReadonlyMap<string, number>
}

/** Starts it with these files; names that end with a slash are folders. */
export async function webdavCloud(paths: readonly string[]): Promise<WebdavCloud> {
  const files = new webdav.WebDAVServer({
    port: 0,
    hostname: '127.0.0.1',
    privilegeManager: new webdav.PrivilegeManager(),
    requireAuthentification: false,
  })
  const server = await files.startAsync(0)
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const ask = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
    fetch(origin + path, { method, headers, ...(body && { body }) })

  const ids = new Map<string, number>()
  const folders = new Set(['/'])
  /** Gives a file its id, as Nextcloud does. */
  async function number(path: string): Promise<void> {
    const id = 100 + ids.size
    ids.set(decodeURIComponent(path).replace(/(.)\/$/, '$1'), id)
    const property = `<d:set><d:prop><oc:fileid>${id}</oc:fileid></d:prop></d:set>`
    const answer = await ask('PROPPATCH', path, `<d:propertyupdate ${NAMESPACES}>${property}</d:propertyupdate>`)
    if (answer.status !== 207) throw new Error(`${path} got no id: ${answer.status}`)
  }
  await number('/')
  for (const path of paths) {
    const address = path.split('/').map(encodeURIComponent).join('/')
    await (path.endsWith('/') ? ask('MKCOL', address) : ask('PUT', address, 'A text.'))
    if (path.endsWith('/')) folders.add(path.slice(0, -1))
    await number(address)
  }

  const cloud = await oauthServer('/index.php/apps/oauth2/api/v1/token', { user_id: ACCOUNT }, async (asked, reply) => {
    const { method, path, headers, text } = asked
    if (path.startsWith(DAV)) {
      const place = path.slice(DAV.length) || '/'
      const depth = headers.depth === undefined ? {} : { depth: String(headers.depth) }
      const answer = await ask(method, place, text, depth)
      if (method === 'MKCOL' && answer.status === 201) await number(place)
      return reply(answer.status, asNextcloud(await answer.text(), origin))
    }
    const ocs = (data: object) => reply(200, { ocs: { meta: { status: 'ok' }, data } })
    if (path === '/ocs/v1.php/cloud/user') return ocs({ id: ACCOUNT })
    const [, id] = /\/fileinfo\/(\d+)$/.exec(path) ?? []
    const [found] = [...ids].find(([, one]) => one === Number(id)) ?? []
    if (found === undefined) return reply(404, {})
    const mimetype = folders.has(found) ? 'application/x-op-directory' : 'text/plain'
    return ocs({ status: 'OK', statuscode: 200, id: Number(id), path: `files${found}`, mimetype })
  })
  const closeFront = cloud.close
  const close = async () => {
    await closeFront()
    await files.stopAsync()
  }
  return Object.assign(cloud, { ids, close })
}

/** Below the path of the account; the server takes the last part of a namespace for a part of the name. */
const asNextcloud = (xml: string, origin: string): string =>
  xml
    .replaceAll(origin, DAV)
    .replaceAll(/<(\/?)a:ns(\w+)( xmlns:a="http:\/\/owncloud\.org:")?/g, (_, end, name, space) =>
      space ? `<${end}a:${name} xmlns:a="http://owncloud.org/ns"` : `<${end}a:${name}`,
    )
