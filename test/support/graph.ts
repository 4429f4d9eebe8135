/** Microsoft's sign-in and Graph, as far as this server asks them: one drive with a few files. */
import { type Answering, type OAuthServer, oauthServer } from './oauth-server.ts'

export const TENANT = 'e36f1dbc'
export const DRIVE = 'b!FeOZEMfQ'

interface Item {
  readonly id: string
  name: string
  readonly parent?: string
  readonly type?: string
}

export interface FakeGraph extends OAuthServer {
  readonly items: Item[]
  /** The accounts with a role in an item, besides its owner. */
  rolesIn(id: string): Readonly<Record<string, string>>
  /** The account of the user who consents next. */
  account: string
}

const MODIFIED = '2026-03-02T09:30:00Z'

/** Starts both on a free port. */
export async function fakeGraph(): Promise<FakeGraph> {
  const items: Item[] = [
    { id: 'ROOT', name: 'root' },
    { id: 'F1', name: 'Drawings', parent: 'ROOT' },
    { id: 'D1', name: 'mast & sail.pdf', parent: 'F1', type: 'application/pdf' },
    { id: 'D2', name: 'chart.png', parent: 'ROOT', type: 'image/png' },
  ]
  const permissions = new Map<string, { id: string; roles: string[]; grantedToV2: { user: { id: string } } }[]>()
  /** Copies under way, by how often their end has been asked for. */
  const copies: { of: Item; name: string; asked: number }[] = []
  const copy = ({ id, type }: Item, name: string, parent: string | undefined): string => {
    const own = `C${items.length}`
    items.push({ id: own, name, ...(parent && { parent }), ...(type && { type }) })
    for (const child of items.filter((one) => one.parent === id)) copy(child, child.name, own)
    return own
  }
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
  const answer = (method: string, path: string, text: string, reply: Answering, isOwn = false): unknown => {
    if (path === '/v1.0/me') return isOwn ? reply(400, {}) : reply(200, { id: it.account })
    const [, number] = /^\/monitor\/(\d+)$/.exec(path) ?? []
    const running = number ? copies[Number(number)] : undefined
    if (running) {
      if (running.asked++ === 0) return reply(202, { status: 'inProgress' })
      return reply(200, { status: 'completed', resourceId: copy(running.of, running.name, running.of.parent) })
    }
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
    // Only the client itself manages folders.
    const isManaging = method === 'PATCH' || /^\/(copy|invite|permissions)/.test(rest)
    if (isManaging && !isOwn) return reply(403, { error: { code: 'accessDenied' } })
    if (method === 'PATCH') item.name = JSON.parse(text).name
    if (rest === '/copy') {
      copies.push({ of: item, name: JSON.parse(text).name, asked: 0 })
      return reply(202, undefined, { location: `${server.url}/monitor/${copies.length - 1}` })
    }
    const granted = permissions.getOrInsertComputed(item.id, () => [])
    if (rest === '/permissions')
      return reply(200, { value: [{ id: 'O', roles: ['owner'], grantedToV2: { user: { id: 'owner' } } }, ...granted] })
    if (rest === '/invite') {
      const { roles, recipients, requireSignIn, sendInvitation } = JSON.parse(text)
      if (!requireSignIn || sendInvitation) return reply(400, {})
      for (const { objectId } of recipients) granted.push({ id: `P${objectId}`, roles, grantedToV2: { user: { id: objectId } } })
      return reply(200, { value: [] })
    }
    if (method === 'DELETE') {
      const index = granted.findIndex(({ id }) => rest === `/permissions/${id}`)
      if (index < 0) return reply(404, {})
      granted.splice(index, 1)
      return reply(204)
    }
    return reply(200, shown(item))
  }
  const server = await oauthServer(
    `/login/${TENANT}/oauth2/v2.0/token`,
    {},
    ({ method, path, text, isOwn }, reply) => answer(method, path, text, reply, isOwn),
    [/^\/monitor\//],
  )
  const rolesIn = (id: string) =>
    Object.fromEntries((permissions.get(id) ?? []).map(({ roles, grantedToV2 }) => [grantedToV2.user.id, roles.join()]))
  const it: FakeGraph = Object.assign(server, { items, rolesIn, account: 'vera' })
  return it
}
