/**
 * Signing in by an OpenID Connect provider: the authorization code flow with state, nonce and PKCE. The flow never links an
 * account to the browser's current session, so any site may start it without harm.
 */
import type { Configuration, IDToken } from 'openid-client'
import { browserIn, givenBrowser } from '#http/session.ts'
import { clientOf, ProviderUnavailable } from '#identity/provider-client.ts'
import { comeBack, type Kept, LONGEST_SIGN_IN, setOut } from '#identity/provider-sign-ins.ts'
import { keepProviderTokens, type ProviderTokens } from '#identity/provider-tokens.ts'
import { availableProviders, linkedUser, type Provider } from '#identity/providers.ts'
import { randomKey } from '#identity/tokens.ts'
import type { Answer } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { addressOf } from '#kernel/settings.ts'
import { type Identity, identityOf, isLinked, type Refusal, signInBy } from '#modules/accounts/provider-accounts.ts'
import { usesProviderTokens } from '#modules/storages/single-sign-on.ts'
import { html } from '#text/html.ts'
import { type Message, said } from '#text/messages.ts'
import { circumstancesOf, enter } from './entrance.ts'
import { ownPath } from './own-path.ts'
import { type Area, alert, onTo, page, type Visit } from './page.ts'

async function providerOf({ db, snapshot, params }: Visit): Promise<Provider> {
  const provider = (await availableProviders(db, snapshot)).find(({ slug }) => slug === params.slug)
  if (!provider) throw notFound(said`The identity provider does not exist or is disabled.`)
  return provider
}

const callbackOf = ({ settings }: Visit, { slug }: Provider) => addressOf(settings, `/auth/${slug}/callback`)

/** The page of a failed sign-in, with the reason and a link to start again. */
function refuse({ settings }: Visit, sentence: Message, status: number): Answer {
  const title = said`Sign-in failed`
  const content = html`<h1>${title}</h1>
${alert(sentence)}
<p><a href="/login/internal">Back to sign-in</a></p>`
  return page(said`${title} – ${settings.app_title}`, content, { status })
}

const sentences: Readonly<Record<Refusal, (name: string) => Message>> = {
  inactive: () => said`Your account is locked. Contact an administrator.`,
  pending: () => said`Your account has been created. An administrator must activate it before you can sign in.`,
  unknown: () => said`You have no account on this server. Ask an administrator to create one.`,
  taken: (name) => said`An existing account may be yours, but it is not linked to ${name}. Ask an administrator to link it.`,
  unverified: (name) => said`${name} has not verified your e-mail address. Ask an administrator to link your account.`,
}

const unavailable = (visit: Visit, { name }: Provider) =>
  refuse(visit, said`${name} does not respond. Try again in a minute.`, 503)

async function leave(visit: Visit): Promise<Answer> {
  const { request, session, settings, db, now, given } = visit
  const back_url = ownPath(given.get('back_url'))
  const provider = await providerOf(visit)
  if (session) return onTo(back_url ?? '/')
  try {
    const { openid, configuration } = await clientOf(provider, db)
    const [state, nonce, code_verifier] = [randomKey(), randomKey(), openid.randomPKCECodeVerifier()]
    // Reuses the cookie of the browser, so that several of its windows can sign in.
    const browser = browserIn(request.raw, settings) ?? randomKey()
    await setOut(db, provider, { state, browser }, { nonce, code_verifier, back_url: back_url ?? null }, now)
    const address = openid.buildAuthorizationUrl(configuration, {
      redirect_uri: callbackOf(visit, provider),
      scope: await scopeFor(visit, configuration),
      state,
      nonce,
      code_challenge: await openid.calculatePKCECodeChallenge(code_verifier),
      code_challenge_method: 'S256',
    })
    return onTo(address.href, { 'set-cookie': givenBrowser(browser, LONGEST_SIGN_IN, settings) })
  } catch (error) {
    if (error instanceof ProviderUnavailable) return unavailable(visit, provider)
    throw error
  }
}

/** The scope of a sign-in. Tokens that are kept are to be renewed without the user, which some providers want to be told. */
async function scopeFor({ db }: Visit, configuration: Configuration): Promise<string> {
  const offline = configuration.serverMetadata().scopes_supported?.includes('offline_access') && (await usesProviderTokens(db))
  return `openid profile email${offline ? ' offline_access' : ''}`
}

/** The identity that the provider asserts, and its tokens. Throws if the response is invalid. */
async function identify(
  visit: Visit,
  provider: Provider,
  { state, nonce, code_verifier }: Kept & { state: string },
): Promise<{ identity: Identity; tokens: ProviderTokens }> {
  const { openid, configuration } = await clientOf(provider, visit.db)
  const address = new URL(callbackOf(visit, provider))
  address.search = visit.given.toString()
  const tokens = await openid.authorizationCodeGrant(configuration, address, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: code_verifier,
  })
  const claims = tokens.claims() as IDToken
  if (!isStorable(claims.sub)) throw new Error('The subject contains invalid characters.')
  const isKnown = await isLinked(visit.db, provider, claims.sub)
  if (isKnown || configuration.serverMetadata().userinfo_endpoint === undefined)
    return { identity: identityOf(claims.sub, claims, provider), tokens }
  const more = await openid.fetchUserInfo(configuration, tokens.access_token, claims.sub)
  // `email_verified` must belong to the same address.
  const { email_verified, ...others } = claims
  const identity = identityOf(claims.sub, 'email' in more ? { ...others, ...more } : { ...claims, ...more }, provider)
  return { identity, tokens }
}

/** The reason of an error for the log. Syntax errors are left out, because they quote the response. */
function reasonOf(error: unknown): string {
  const { message, cause } = error as Error
  return cause instanceof Error && !(cause instanceof SyntaxError) ? `${message}: ${reasonOf(cause)}` : message
}

const isOfProvider = (error: unknown): boolean =>
  error instanceof ProviderUnavailable || (error instanceof Error && isOfProvider(error.cause))

async function arrive(visit: Visit): Promise<Answer> {
  const { request, settings, db, now, given } = visit
  const provider = await providerOf(visit)
  const [browser, state] = [browserIn(request.raw, settings), given.get('state')]
  const kept = browser && state ? await comeBack(db, provider, { state, browser }, now) : undefined
  if (!kept || !state) {
    return refuse(
      visit,
      said`The sign-in was started in another browser, has expired, or has already been used. Start again.`,
      422,
    )
  }
  let found: Awaited<ReturnType<typeof identify>>
  try {
    found = await identify(visit, provider, { ...kept, state })
  } catch (error) {
    request.log.warn({ provider: provider.slug, reason: reasonOf(error) }, 'sign-in by a provider failed')
    if (isOfProvider(error)) return unavailable(visit, provider)
    if (given.has('error')) return refuse(visit, said`${provider.name} rejected the sign-in.`, 422)
    return refuse(visit, said`The response of ${provider.name} is invalid.`, 422)
  }
  const { identity, tokens } = found
  const admission = await signInBy(provider, identity, circumstancesOf(visit), db)
  if (typeof admission === 'string') return refuse(visit, sentences[admission](provider.name), 422)
  const user = await linkedUser(db, provider, identity.subject)
  if (user && (await usesProviderTokens(db))) await keepProviderTokens(db, provider, user.id, tokens, now)
  return enter(visit, admission, kept.back_url)
}

export const providers: Area = {
  routes(on) {
    on.get('/auth/:slug', leave)
    on.get('/auth/:slug/callback', arrive)
  },
}
