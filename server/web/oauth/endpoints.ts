/** The OAuth endpoints for applications: token, revocation, introspection and metadata. */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { counted } from '#http/addresses.ts'
import { errorOf, send } from '#http/answer.ts'
import { readText } from '#http/body.ts'
import { LARGEST_FORM, type TimeLimits } from '#http/limits.ts'
import { type Services, snapshotFor } from '#http/mount.ts'
import { accessBy } from '#identity/access-tokens.ts'
import { availableProviders } from '#identity/providers.ts'
import { scopes } from '#identity/scopes.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import type { Answer } from '#kernel/declaration.ts'
import { addressOf, type Settings, settingsOf } from '#kernel/settings.ts'
import { completed, serverOf, understoodBy } from './server.ts'
import { shifted } from './store.ts'

interface Call {
  readonly request: FastifyRequest
  readonly snapshot: Snapshot
  readonly settings: Settings
  readonly now: Date
}

const json = (body: object, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { 'content-type': 'application/json; charset=utf-8', 'cache-control': 'no-store', pragma: 'no-cache', ...headers },
  body,
})

const refusal = (error: string, error_description: string, status = 400, headers = {}): Answer =>
  json({ error, error_description }, status, headers)

/** The form that an application sent, or the reason why the request is refused. */
async function formOf({ headers, raw }: FastifyRequest, times: TimeLimits): Promise<URLSearchParams | string> {
  const credentials = raw.rawHeaders.filter((name, i) => i % 2 === 0 && name.toLowerCase() === 'authorization')
  if (credentials.length > 1) return 'the request has more than one Authorization header'
  const isForm = headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded')
  const isEmpty = raw.headers['transfer-encoding'] === undefined && Number(raw.headers['content-length'] ?? 0) === 0
  if (!isEmpty && !isForm) return 'the content type must be application/x-www-form-urlencoded'
  return new URLSearchParams(await readText(raw, LARGEST_FORM, times))
}

/** Adds the endpoints to the server. */
export function oauthEndpoints(app: FastifyInstance, services: Services): void {
  const { db } = services
  const route = (method: 'GET' | 'POST', url: string, run: (call: Call) => Promise<Answer>) =>
    app.route({
      method,
      url,
      errorHandler: (error: FastifyError, request, reply) => sendFailure(request, reply, error),
      handler: async (request, reply) => {
        try {
          const now = currentTime()
          const snapshot = await snapshotFor(request, services)
          const settings = await settingsOf(db, snapshot)
          return await send(request, reply, await run({ request, snapshot, settings, now }))
        } catch (error) {
          return sendFailure(request, reply, error)
        }
      },
    })

  /** Forwards a request to the authorization server, unless the client's address has sent too many wrong secrets. */
  async function ask({ request, settings, now }: Call, path: string, form: URLSearchParams): Promise<Answer> {
    const { authorization } = request.headers
    const credentials = authorization ?? `${form.get('client_id')}:${form.get('client_secret')}`
    const asked = await counted(db, credentials, request.ip, now, async () => {
      const server = await serverOf(db, settings)
      const reply = await server.ask({ method: 'POST', path, form, authorization, now })
      if (reply.kind !== 'answer') throw new Error(`The authorization server answered ${path} by ${reply.kind}.`)
      const { status, challenge, body } = reply
      const headers: Record<string, string> = challenge === undefined ? {} : { 'www-authenticate': challenge }
      const outcome = json(body === '' ? {} : shifted(body as object, 1), status, headers)
      return { outcome, were: status === 401 ? 'wrong' : status === 200 ? 'right' : undefined }
    })
    if ('outcome' in asked) return asked.outcome
    const headers = { 'retry-after': String(asked.wait) }
    return refusal('temporarily_unavailable', 'this address has sent too many wrong credentials', 429, headers)
  }

  route('POST', '/oauth/token', async (call) => {
    const form = await formOf(call.request, services.times)
    if (typeof form === 'string') return refusal('invalid_request', form)
    // A refreshed token keeps the scopes that it had, and a code has its own.
    const put = form.get('grant_type') === 'client_credentials' ? completed : understoodBy
    return ask(call, '/oauth/token', put(form, call.settings))
  })

  route('POST', '/oauth/revoke', async (call) => {
    const form = await formOf(call.request, services.times)
    if (typeof form === 'string') return refusal('invalid_request', form)
    // Some clients send the token in the query, although the standard allows only the form.
    const query = new URLSearchParams(call.request.raw.url?.split(/\?(.*)/s)[1])
    for (const name of ['token', 'token_type_hint']) {
      const value = query.get(name)
      if (value !== null && !form.has(name)) form.set(name, value)
    }
    return ask(call, '/oauth/revoke', form)
  })

  route('POST', '/oauth/introspect', async (call) => {
    const form = await formOf(call.request, services.times)
    return typeof form === 'string' ? refusal('invalid_request', form) : ask(call, '/oauth/introspect', form)
  })

  route('GET', '/oauth/token/info', async ({ request, snapshot, now }) => {
    const [, token] = /^bearer +([\w~+/.-]+=*)$/i.exec(request.headers.authorization?.trim() ?? '') ?? []
    const access = token === undefined ? undefined : await accessBy(token, db, snapshot, now)
    if (!access) {
      const headers = { 'www-authenticate': 'Bearer realm="OpenProject API" error="invalid_token"' }
      return refusal('invalid_token', 'the access token is missing or invalid', 401, headers)
    }
    const seconds = (at: string) => Math.floor(Date.parse(at) / 1000)
    return json({
      resource_owner_id: access.user?.id ?? null,
      scope: access.scopes,
      expires_in: Math.max(0, Math.ceil((Date.parse(access.expiresAt) - now.getTime()) / 1000)),
      application: { uid: access.clientId },
      created_at: seconds(access.createdAt),
    })
  })

  route('GET', '/.well-known/oauth-authorization-server', async ({ settings }) => {
    const at = (path: string) => addressOf(settings, path)
    const methods = ['client_secret_basic', 'client_secret_post', 'none']
    return json({
      issuer: at(''),
      authorization_endpoint: at('/oauth/authorize'),
      token_endpoint: at('/oauth/token'),
      token_endpoint_auth_methods_supported: methods,
      revocation_endpoint: at('/oauth/revoke'),
      revocation_endpoint_auth_methods_supported: methods,
      introspection_endpoint: at('/oauth/introspect'),
      introspection_endpoint_auth_methods_supported: methods,
      scopes_supported: scopes(),
      response_types_supported: ['code'],
      response_modes_supported: ['query'],
      grant_types_supported: ['authorization_code', 'refresh_token', 'client_credentials'],
      code_challenge_methods_supported: ['S256'],
      authorization_response_iss_parameter_supported: true,
      ...documentation('service_documentation', settings),
    })
  })

  route('GET', '/.well-known/oauth-protected-resource', async ({ settings, snapshot }) => {
    const providers = await availableProviders(db, snapshot)
    return json({
      resource: addressOf(settings, ''),
      resource_name: settings.app_title,
      authorization_servers: [addressOf(settings, ''), ...providers.map(({ issuer }) => issuer)],
      scopes_supported: scopes(),
      bearer_methods_supported: ['header'],
      ...documentation('resource_documentation', settings),
    })
  })
}

const documentation = (name: string, settings: Settings) =>
  settings.apiv3_docs_enabled ? { [name]: addressOf(settings, '/api/docs') } : {}

/** Sends an error in the format of OAuth. */
function sendFailure(request: FastifyRequest, reply: FastifyReply, thrown: unknown): Promise<FastifyReply> {
  const { status, message, headers } = errorOf(request, thrown)
  const kind = status < 500 ? 'invalid_request' : status === 503 ? 'temporarily_unavailable' : 'server_error'
  return send(request, reply, refusal(kind, message, status, headers))
}
