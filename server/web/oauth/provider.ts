/**
 * The authorization server: oidc-provider, called as a function. It gets the relevant parts of a request, addressed to the public
 * URL, and returns the response. It neither reads nor sets cookies: each question names the signed-in user, so the library has no
 * session that could outlive ours.
 */
import { generateKeyPairSync, randomBytes, timingSafeEqual } from 'node:crypto'
import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import type { JWK, KoaContextWithOIDC } from 'oidc-provider'
import { errors, interactionPolicy, Provider } from 'oidc-provider'
import type { Database } from '#db/database.ts'
import { allow, grantOf } from '#identity/oauth/grants.ts'
import { allows, isClaimed } from '#identity/oauth/redirects.ts'
import { scopes as known } from '#identity/scopes.ts'
import { hashToken } from '#identity/tokens.ts'
import { storage } from './store.ts'

const MINUTE = 60
const DAY = 24 * 60 * MINUTE
const lifetimes = {
  AuthorizationCode: 10 * MINUTE,
  AccessToken: 120 * MINUTE,
  ClientCredentials: 120 * MINUTE,
  /** Each exchange restarts it, so an application in use stays connected. */
  RefreshToken: 180 * DAY,
  // Neither is stored.
  Session: MINUTE,
  Interaction: MINUTE,
}

/** A request to the authorization server. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: URLSearchParams
  readonly form?: URLSearchParams
  /** The Authorization header, which authenticates the application. */
  readonly authorization?: string | undefined
  /** The id of the signed-in user. */
  readonly user?: number | undefined
  /** The user's decision on the consent page. */
  readonly decision?: 'allow' | 'deny' | undefined
  readonly now: Date
}

/** The contents of the consent page. */
export interface Consent {
  readonly application: string
  readonly confidential: boolean
  readonly redirectUri: string
  readonly scopes: readonly string[]
}

export type Reply =
  | { readonly kind: 'answer'; readonly status: number; readonly challenge: string | undefined; readonly body: unknown }
  | { readonly kind: 'redirect'; readonly to: string }
  /** Nobody is signed in. */
  | { readonly kind: 'login' }
  | { readonly kind: 'consent'; readonly consent: Consent }
  /** The request has no valid redirect URI that could receive the error. */
  | { readonly kind: 'failure'; readonly status: number; readonly error: string; readonly description: string }

export interface AuthorizationServer {
  /** Throws the errors of the library. */
  ask(question: Question): Promise<Reply>
}

/** A question on its way through the library, with its results so far. */
interface Passage {
  readonly question: Question
  context?: KoaContextWithOIDC
  /** The time of issue of the access token, in seconds. */
  issuedAt?: number
  found?: Reply
  thrown?: unknown
}

const PATHS = {
  authorization: '/oauth/authorize',
  token: '/oauth/token',
  revocation: '/oauth/revoke',
  introspection: '/oauth/introspect',
}

/**
 * Creates an authorization server.
 * @param issuer the public URL: the issuer and the audience of all tokens
 */
export function authorizationServer(db: Database, issuer: string): AuthorizationServer {
  const passages = new WeakMap<IncomingMessage, Passage>()
  const passageOf = (ctx: { req: IncomingMessage }) => passages.get(ctx.req) as Passage

  const provider: Provider = new Provider(issuer, {
    adapter: storage(db, issuer, errors, (at) => {
      passageOf((Provider as unknown as { readonly ctx: KoaContextWithOIDC }).ctx).issuedAt = at
    }),
    routes: PATHS,
    ttl: lifetimes,
    // Nothing is signed, as there are neither ID tokens nor structured access tokens, but the library requires a key.
    jwks: { keys: [generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' })] as JWK[] },
    clientDefaults: { id_token_signed_response_alg: 'ES256' },
    cookies: { keys: [randomBytes(32)] },
    scopes: known(),
    claims: {},
    responseTypes: ['code'],
    clientAuthMethods: ['client_secret_basic', 'client_secret_post', 'none'],
    extraClientMetadata: { properties: ['application_id'] },
    features: {
      devInteractions: { enabled: false },
      userinfo: { enabled: false },
      rpInitiatedLogout: { enabled: false },
      dPoP: { enabled: false },
      pushedAuthorizationRequests: { enabled: false },
      clientCredentials: { enabled: true },
      revocation: { enabled: true, allowedPolicy: async (_, client, token) => token.clientId === client.clientId },
      introspection: { enabled: true, allowedPolicy: async (_, client, token) => token.clientId === client.clientId },
      resourceIndicators: {
        enabled: true,
        defaultResource: async () => issuer,
        useGrantedResource: async () => true,
        getResourceServerInfo: async (ctx, resource, client) => {
          if (resource !== issuer) throw new errors.InvalidTarget()
          const own = client.scope?.split(' ') ?? []
          const foreign = [...ctx.oidc.requestParamScopes].filter((scope) => !own.includes(scope))
          if (foreign.length > 0) throw new errors.InvalidScope('requested scope is not allowed', foreign.join(' '))
          return { scope: own.join(' '), audience: issuer, accessTokenFormat: 'opaque' }
        },
      },
    },
    allowOmittingSingleRegisteredRedirectUri: false,
    // A confidential client sends its secret with the code. A public client needs PKCE, so that an intercepted code is useless.
    pkce: { required: (_, client) => client.clientAuthMethod === 'none' },
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: async () => false,
    clientBasedCORS: () => true,
    findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    loadExistingGrant: async (ctx) => {
      const { question } = passageOf(ctx)
      const { client, params, requestParamScopes } = ctx.oidc
      const application = client?.application_id as number
      const user = question.user as number
      const asked = [...requestParamScopes]
      // A client that any program could impersonate is never authorised without the consent page.
      const isProven = client?.clientAuthMethod !== 'none' || isClaimed(params?.redirect_uri as string)
      if (question.decision === 'deny') throw new errors.AccessDenied('the user denied the request')
      const known =
        question.decision === 'allow'
          ? await db.transaction((tx) => allow(tx, application, user, asked, question.now))
          : isProven && (await grantOf(application, user, db))
      if (!known || asked.some((scope) => !known.scopes.includes(scope))) return undefined
      const grant = new provider.Grant({ accountId: String(user), clientId: client?.clientId as string })
      grant.jti = String(known.id)
      grant.addResourceScope(issuer, asked.join(' '))
      return grant
    },
    interactions: {
      policy: prompts(),
      url: (ctx, { prompt }) => {
        const { client, params, requestParamScopes } = ctx.oidc
        passageOf(ctx).found =
          prompt.name === 'login'
            ? { kind: 'login' }
            : {
                kind: 'consent',
                consent: {
                  application: client?.clientName as string,
                  confidential: client?.clientAuthMethod !== 'none',
                  redirectUri: params?.redirect_uri as string,
                  scopes: [...requestParamScopes],
                },
              }
        return '/'
      },
    },
    renderError: async (ctx, { error, error_description: description = '' }, thrown) => {
      const status = (thrown as { statusCode?: number }).statusCode ?? 500
      passageOf(ctx).found = { kind: 'failure', status, error, description }
    },
  })

  // Trusts the forwarded headers: `ask` sets all of them, never a client.
  provider.proxy = true
  provider.on('server_error', (ctx, error) => {
    passageOf(ctx).thrown = error
  })
  provider.on('grant.success', (ctx) => {
    ;(ctx.body as Record<string, unknown>).created_at = passageOf(ctx).issuedAt
  })
  provider.use(async (ctx, next) => {
    ctx.respond = false
    const passage = passageOf(ctx)
    passage.context = ctx as unknown as KoaContextWithOIDC
    await next().catch((error: unknown) => {
      passage.thrown = error
    })
  })

  provider.Session.get = async (ctx) => {
    const session = new provider.Session()
    const { user, now } = passageOf(ctx).question
    if (user !== undefined) session.loginAccount({ accountId: String(user), loginTs: Math.floor(now.getTime() / 1000) })
    ;(ctx as KoaContextWithOIDC).oidc.entity('Session', session)
    return session
  }
  const client = provider.Client.prototype
  client.compareClientSecret = function (secret) {
    return timingSafeEqual(Buffer.from(hashToken(secret)), Buffer.from(this.clientSecret as string))
  }
  client.redirectUriAllowed = function (uri) {
    return allows(this.redirectUris ?? [], this.clientAuthMethod !== 'none', uri)
  }
  // The registration has validated the redirect URIs by rules of our own, which differ from the library's.
  const { Schema } = provider.Client as unknown as { Schema: { prototype: { redirectUris(): void } } }
  Schema.prototype.redirectUris = () => {}

  const handle = provider.callback()
  const { host, protocol } = new URL(issuer)

  return {
    async ask(question) {
      const { method, path, query, form, authorization } = question
      const request = new IncomingMessage(new Socket())
      const body = form?.toString() ?? ''
      request.method = method
      request.url = query && query.size > 0 ? `${path}?${query}` : path
      request.headers = {
        host,
        'x-forwarded-proto': protocol.slice(0, -1),
        accept: 'application/json',
        ...(form && { 'content-type': 'application/x-www-form-urlencoded', 'content-length': String(Buffer.byteLength(body)) }),
        ...(authorization !== undefined && { authorization }),
      }
      request.push(body)
      request.push(null)
      const passage: Passage = { question }
      passages.set(request, passage)
      await handle(request, new ServerResponse(request))
      if (passage.thrown) throw passage.thrown
      if (passage.found) return passage.found
      const { status, response, body: answer } = passage.context as KoaContextWithOIDC
      const to = response.get('location')
      if (to) return { kind: 'redirect', to }
      return { kind: 'answer', status, challenge: response.get('www-authenticate') || undefined, body: answer }
    },
  }
}

/** The steps that may have to come first: signing in, and consent. */
function prompts(): interactionPolicy.Prompt[] {
  const { Check, Prompt } = interactionPolicy
  return [
    new Prompt(
      { name: 'login' },
      new Check('no_session', 'the user is not signed in', ({ oidc }) => oidc.session?.accountId === undefined),
    ),
    new Prompt(
      { name: 'consent', requestable: true },
      new Check('not_allowed', 'consent is required', ({ oidc }) => oidc.entities.Grant?.jti === undefined),
    ),
  ]
}
