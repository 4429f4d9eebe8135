/** The OAuth server of a storage's stand-in: codes and tokens that work once, with PKCE. It can be made to refuse. */
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly text: string
  /** Whether the client asks for itself, and not for a user. */
  readonly isOwn: boolean
}

export type Answering = (status: number, body?: object | string, headers?: Record<string, string>) => void

export interface OAuthServer {
  readonly url: string
  /** Methods and paths of all requests. */
  readonly asked: string[]
  readonly clientId: string
  readonly clientSecret: string
  /** Whether it accepts a token that it has not given itself. */
  accepts: (token: string) => boolean
  /** Seconds for which new tokens are good. */
  life: number
  /** Forgets all access tokens, as if they had expired early. */
  expire(): void
  /** Forgets all tokens, as if the user had taken back the consent. */
  revoke(): void
  /** The user consents at an address of ours; gives the address that the browser is sent back to. */
  consent(address: string): string
  close(): Promise<void>
}

/**
 * Starts a server on a free port.
 * @param tokenPath where it gives tokens
 * @param more what it says besides the tokens
 * @param answer its own answers, for requests with a valid token
 */
export async function oauthServer(
  tokenPath: string,
  more: object,
  answer: (asked: Asked, reply: Answering) => unknown,
  open: readonly RegExp[] = [],
): Promise<OAuthServer> {
  const [clientId, clientSecret] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')]
  const codes = new Map<string, { challenge: string | null; redirect: string | null }>()
  const [access, refresh, own] = [new Set<string>(), new Set<string>(), new Set<string>()]
  const asked: string[] = []

  const tokens = (form: URLSearchParams, reply: Answering) => {
    const refuse = () => reply(400, { error: 'invalid_grant' })
    if (form.get('client_id') !== clientId || form.get('client_secret') !== clientSecret) return refuse()
    if (form.get('grant_type') === 'client_credentials') {
      if (form.get('scope') !== `${it.url}/.default`) return reply(400, { error: 'invalid_scope' })
      const access_token = randomBytes(8).toString('hex')
      access.add(access_token)
      own.add(access_token)
      return reply(200, { access_token, token_type: 'Bearer', expires_in: it.life })
    }
    if (form.get('grant_type') === 'refresh_token') {
      if (!refresh.delete(form.get('refresh_token') ?? '')) return refuse()
    } else {
      const code = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      if (!code || code.challenge !== challenge || code.redirect !== form.get('redirect_uri')) return refuse()
    }
    const [access_token, refresh_token] = [randomBytes(8).toString('hex'), randomBytes(8).toString('hex')]
    access.add(access_token)
    refresh.add(refresh_token)
    return reply(200, { access_token, refresh_token, token_type: 'Bearer', expires_in: it.life, ...more })
  }

  const handle = async (request: IncomingMessage, response: ServerResponse) => {
    const url = new URL(request.url as string, 'http://x')
    asked.push(`${request.method} ${url.pathname}`)
    let text = ''
    for await (const chunk of request) text += chunk
    const reply: Answering = (status, body, headers = {}) => {
      const isText = typeof body === 'string'
      response.writeHead(status, { 'content-type': isText ? 'application/xml' : 'application/json', ...headers })
      response.end(isText ? body : body && JSON.stringify(body))
    }
    if (url.pathname === tokenPath) return tokens(new URLSearchParams(text), reply)
    const { method = '', headers } = request
    const token = headers.authorization?.replace('Bearer ', '') ?? ''
    if (!access.has(token) && !it.accepts(token) && !open.some((one) => one.test(url.pathname)))
      return reply(401, { error: 'unauthorized' })
    return answer({ method, path: url.pathname, query: url.searchParams, headers, text, isOwn: own.has(token) }, reply)
  }
  const server: Server = createServer((request, response) => {
    handle(request, response).catch(() => response.destroy())
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const it: OAuthServer = {
    ...{ url, asked, clientId, clientSecret },
    accepts: () => false,
    life: 3600,
    expire: () => access.clear(),
    revoke: () => {
      access.clear()
      refresh.clear()
    },
    consent: (address) => {
      const { searchParams } = new URL(address)
      const code = randomBytes(8).toString('hex')
      codes.set(code, { challenge: searchParams.get('code_challenge'), redirect: searchParams.get('redirect_uri') })
      const query = new URLSearchParams({ code, state: searchParams.get('state') ?? '' })
      return `${searchParams.get('redirect_uri')}?${query}`
    },
    close: () =>
      new Promise((done) => {
        server.closeAllConnections()
        server.close(() => done())
      }),
  }
  return it
}
