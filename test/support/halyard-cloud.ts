/** A Nextcloud whose users and OAuth server are those of a second Halyard: its addresses lead to that server. */
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { text } from 'node:stream/consumers'
import type { Instance } from './instance.ts'

export interface HalyardCloud {
  readonly url: string
  /** The requests to the token endpoint: their status. */
  readonly exchanges: number[]
  /** Called where a token is not accepted. */
  refused: () => void
  /** Called before each request to the token endpoint is passed on. */
  held: () => Promise<unknown>
  close(): Promise<void>
}

/** Starts it on a free port. */
export async function halyardCloud({ url: other }: Instance): Promise<HalyardCloud> {
  const answer = async (request: IncomingMessage): Promise<Response> => {
    const { pathname, search } = new URL(request.url as string, other)
    const { authorization = '' } = request.headers
    if (pathname === '/index.php/apps/oauth2/authorize')
      return new Response(null, { status: 303, headers: { location: `${other}/oauth/authorize${search}` } })
    if (pathname === '/index.php/apps/oauth2/api/v1/token') {
      await it.held()
      const headers = { 'content-type': request.headers['content-type'] ?? '' }
      const response = await fetch(`${other}/oauth/token`, { method: 'POST', headers, body: await text(request) })
      it.exchanges.push(response.status)
      return response
    }
    const { status, body } = await fetch(`${other}/api/v3/users/me`, { headers: { authorization } }).then(async (one) => ({
      status: one.status,
      body: (await one.json()) as { login?: string },
    }))
    if (status !== 200) it.refused()
    if (status !== 200) return Response.json({}, { status })
    if (pathname === '/ocs/v1.php/cloud/user') return Response.json({ ocs: { data: { id: body.login } } })
    if (pathname.endsWith('/filesinfo')) return Response.json({ ocs: { data: {} } })
    return Response.json({}, { status: 404 })
  }
  const server = createServer(async (request, response) => {
    const { status, headers, body } = await answer(request).catch(() => new Response(null, { status: 502 }))
    const location = headers.get('location')
    response.writeHead(status, { 'content-type': 'application/json', ...(location && { location }) })
    response.end(body ? Buffer.from(await new Response(body).arrayBuffer()) : undefined)
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const it: HalyardCloud = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    exchanges: [],
    refused: () => {},
    held: async () => {},
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
  return it
}
