/**
 * The authorization server: oidc-provider, asked as a function. It is given what of a request counts, at the address that people
 * reach us by, and says what to answer. It sees no cookie and sets none: who is signed in is told with each request, so it has no
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
  /** Counted anew each time it is exchanged: an application that is used stays connected. */
  RefreshToken: 180 * DAY,
  // Neither is kept anywhere.
  Session: MINUTE,
  Interaction: MINUTE,
}

/** What is asked of the authorization server. */
export interface Question {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly query?: URLSearchParams
  readonly form?: URLSearchParams
  /** The Authorization header, by which applications say who they are. */
  readonly authorization?: string | undefined
  /** The id of whoever is signed in. */
  readonly user?: number | undefined
  /** What they have just decided of what is asked. */
  readonly decision?: 'allow' | 'deny' | undefined
  readonly now: Date
}

/** What somebody is asked to allow. */
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
  /** The request is such that nobody can be sent back with it. */
  | { readonly kind: 'failure'; readonly status: number; readonly error: string; readonly description: string }

export interface AuthorizationServer {
  /** Throws what went wrong inside. */
  ask(question: Question): Promise<Reply>
}

/** A question on its way through the library, and what it has come to so far. */
interface Passage {
  readonly question: Question
  context?: KoaContextWithOIDC
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
 * Puts an authorization server together.
 * @param issuer the address that people reach us by: what tokens are issued by, and for
 */
export function authorizationServer(db: Database, issuer: string): AuthorizationServer {
  const passages = new WeakMap<IncomingMessage, Passage>()
  const passageOf = (ctx: { req: IncomingMessage }) => passages.get(ctx.req) as Passage

  const provider: Provider = new Provider(issuer, {
    adapter: storage(db, issuer, errors),
    routes: PATHS,
    ttl: lifetimes,
    // Nothing is signed, as there are neither ID tokens nor tokens that say something by themselves; but the library wants a key.
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
    // One that keeps a secret shows it with the code; no code of one that does not may be of use to whoever sees it on its way.
    pkce: { required: (_, client) => client.clientAuthMethod === 'none' },
    issueRefreshToken: async (_, client) => client.grantTypeAllowed('refresh_token'),
    rotateRefreshToken: true,
    expiresWithSession: async () => false,
    clientBasedCORS: () => true,
    findAccount: async (_, sub) => ({ accountId: sub, claims: async () => ({ sub }) }),
    loadExistingGrant: async (ctx) => {
      const { question } = passageOf(ctx)
      const { client, params, requestParamScopes } = ctx.oidc
      const application = client?.['application_id'] as number
      const user = question.user as number
      const asked = [...requestParamScopes]
      // A program that anybody could pretend to be is never let in without being seen.
      const isProven = client?.clientAuthMethod !== 'none' || isClaimed(params?.['redirect_uri'] as string)
      if (question.decision === 'deny') throw new errors.AccessDenied('it was not allowed')
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
                  redirectUri: params?.['redirect_uri'] as string,
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

  // The address is told by the headers that are made below, none of which a client has written.
  provider.proxy = true
  provider.on('server_error', (ctx, error) => {
    passageOf(ctx).thrown = error
  })
  provider.on('grant.success', (ctx) => {
    ;(ctx.body as Record<string, unknown>)['created_at'] = Math.floor(passageOf(ctx).question.now.getTime() / 1000)
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
  // Judged when it was registered, by rules that the library's are no part of.
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

/** When somebody has to do something first: sign in, or allow it. */
function prompts(): interactionPolicy.Prompt[] {
  const { Check, Prompt } = interactionPolicy
  return [
    new Prompt(
      { name: 'login' },
      new Check('no_session', 'nobody is signed in', ({ oidc }) => oidc.session?.accountId === undefined),
    ),
    new Prompt(
      { name: 'consent', requestable: true },
      new Check('not_allowed', 'consent is required', ({ oidc }) => oidc.entities.Grant?.jti === undefined),
    ),
  ]
}
