/** Microsoft's sign-in and Graph, as far as this server asks them: one drive with a few files. */
import { type Answering, type OAuthServer, oauthServer } from './oauth-server.ts'

export const TENANT = 'e36f1dbc'
export const DRIVE = 'b!FeOZEMfQ'

interface Item {
  readonly id: string
  readonly name: string
  readonly parent?: string
  readonly type?: string
}

const MODIFIED = '2026-03-02T09:30:00Z'

/** Starts both on a free port. */
export async function fakeGraph(): Promise<OAuthServer> {
  const items: Item[] = [
    { id: 'ROOT', name: 'root' },
    { id: 'F1', name: 'Drawings', parent: 'ROOT' },
    { id: 'D1', name: 'mast & sail.pdf', parent: 'F1', type: 'application/pdf' },
    { id: 'D2', name: 'chart.png', parent: 'ROOT', type: 'image/png' },
  ]
  const pathOf = ({ name, parent }: Item): string => {
    const above = items.find(({ id }) => id === parent)
    return above ? `${pathOf(above)}/${name}` : ''
  }
  const shown = (item: Item) => {
    const parent = items.find(({ id }) => id === item.parent)
    return {
      ...{ id: item.id, name: item.name, size: 10, webUrl: `${server.url}/web${encodeURI(pathOf(item))}` },
      ...{ createdDateTime: MODIFIED, lastModifiedDateTime: MODIFIED, createdBy: { user: { displayName: 'Vera' } } },
      ...(item.type ? { file: { mimeType: item.type } } : { folder: { childCount: 1 } }),
      ...(parent
        ? { parentReference: { id: parent.id, path: `/drives/${DRIVE}/root:${encodeURI(pathOf(parent))}` } }
        : { root: {} }),
    }
  }
  /** The item that a path names, and what stands behind it. */
  const read = (path: string): { item: Item | undefined; rest: string } => {
    const [, id, behind] = /^\/items\/([^/:]+):?(\/.*)?$/.exec(path) ?? []
    if (id) return { item: items.find((one) => one.id === decodeURIComponent(id)), rest: behind ?? '' }
    const [, place, rest = ''] = /^\/root:([^:]+):(\/.*)?$/.exec(path) ?? []
    if (place) return { item: items.find((one) => pathOf(one) === decodeURIComponent(place)), rest }
    return { item: path.startsWith('/root') ? items[0] : undefined, rest: path.replace(/^\/root/, '') }
  }
  const answer = (method: string, path: string, text: string, reply: Answering): unknown => {
    if (path === '/v1.0/me') return reply(200, { id: 'vera' })
    if (path === '/v1.0/$batch') {
      const responses = JSON.parse(text).requests.map(({ id, url }: { id: string; url: string }) => {
        let own = {}
        answer('GET', `/v1.0${url.split('?')[0]}`, '', (status, body) => {
          own = { id, status, body }
        })
        return own
      })
      return reply(200, { responses: responses.toReversed() })
    }
    const drive = `/v1.0/drives/${DRIVE}`
    if (path === drive) return reply(200, { webUrl: `${server.url}/web` })
    const { item, rest } = read(path.slice(drive.length))
    if (!path.startsWith(drive) || !item) return reply(404, { error: { code: 'itemNotFound' } })
    const children = items.filter(({ parent }) => parent === item.id)
    if (rest === '/children' && method === 'GET') return reply(200, { value: children.map(shown) })
    if (rest === '/children') {
      const { name } = JSON.parse(text)
      if (children.some((one) => one.name === name)) return reply(409, { error: { code: 'nameAlreadyExists' } })
      const made = { id: `F${items.length}`, name, parent: item.id }
      items.push(made)
      return reply(201, shown(made))
    }
    if (rest === '/content') return reply(302, undefined, { location: `${server.url}/bytes/${item.id}` })
    if (/^\/[^/]+:\/createUploadSession$/.test(rest)) return reply(200, { uploadUrl: `${server.url}/upload/${item.id}${rest}` })
    return reply(200, shown(item))
  }
  const server = await oauthServer(`/login/${TENANT}/oauth2/v2.0/token`, {}, ({ method, path, text }, reply) =>
    answer(method, path, text, reply),
  )
  return server
}
