/** The cookies of sessions and of those who are on their way to one, and which requests they speak for. */
import type { IncomingMessage } from 'node:http'
import type { Database } from '#db/database.ts'
import { type Session, sessionOf } from '#identity/sessions.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'

/** With the prefix, which browsers grant by HTTPS only, no other host can set a cookie and no part of ours can narrow it. */
const named = (name: string, { https }: Settings): string => (https ? `__Host-${name}` : name)
const sessionCookie = (settings: Settings): string => named(settings.session_cookie_name, settings)
const browserCookie = (settings: Settings): string => named(`${settings.session_cookie_name}_browser`, settings)
const linkCookie = (settings: Settings): string => named(`${settings.session_cookie_name}_link`, settings)

const attributes = ({ https }: Settings) => `; Path=/; HttpOnly; SameSite=Lax${https ? '; Secure' : ''}`

/** The header that gives a browser the secret of a session, to be kept until it is closed. */
export const givenCookie = (secret: string, settings: Settings): string =>
  `${sessionCookie(settings)}=${secret}${attributes(settings)}`

/** The header that takes it away again. */
export const takenCookie = (settings: Settings): string => `${sessionCookie(settings)}=; Max-Age=0${attributes(settings)}`

/** The header that gives a browser a secret by which it is known again for some seconds, before there is a session. */
export const givenBrowser = (secret: string, seconds: number, settings: Settings): string =>
  `${browserCookie(settings)}=${secret}; Max-Age=${seconds}${attributes(settings)}`

/** The secret by which a browser is known again. */
export const browserIn = (request: IncomingMessage, settings: Settings): string | undefined =>
  secretIn(request, browserCookie(settings))

/** The header by which a browser keeps the secret of a link that it followed, so that no address holds it; null takes it away. */
export const givenLink = (secret: string | null, settings: Settings): string =>
  `${linkCookie(settings)}=${secret ?? ''}; Max-Age=${secret === null ? 0 : 3600}${attributes(settings)}`

/** The secret of the link that a browser followed. */
export const linkIn = (request: IncomingMessage, settings: Settings): string | undefined =>
  secretIn(request, linkCookie(settings))

/** The secret in a request's cookie; nothing where there are several, of which somebody else may have set one. */
function secretIn({ headers }: IncomingMessage, cookie: string): string | undefined {
  if (headers.cookie === undefined) return undefined
  const found = headers.cookie
    .split(';')
    .map((one) => one.trim())
    .filter((one) => one.startsWith(`${cookie}=`))
  const secret = found.length === 1 ? found[0]?.slice(cookie.length + 1) : undefined
  return secret !== undefined && /^[0-9a-f]{64}$/.test(secret) ? secret : undefined
}

/**
 * Whether a page of our own sent the request, or the person by themselves; undefined where nothing tells. Browsers say so in
 * headers that no page can change: `Sec-Fetch-Site`, and where that is not sent, as without HTTPS, `Origin`.
 */
export function isOwn({ headers }: IncomingMessage, settings: Settings): boolean | undefined {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const { origin, host } = headers
  if (origin === undefined) return undefined
  return origin === addressOf(settings, '') || origin === addressOf({ ...settings, host_name: host ?? '' }, '')
}

/**
 * Whether a request may act by its cookie. Reading always may, except as a page of another origin. Whatever else is done has to
 * say `X-Requested-With: XMLHttpRequest`, which no form can and other origins only once allowed to, and must not come from them.
 */
function actsBySession(request: IncomingMessage, settings: Settings): boolean {
  const { headers, method } = request
  if (method === 'GET') return headers.origin === undefined || isOwn(request, settings) === true
  return headers['x-requested-with'] === 'XMLHttpRequest' && isOwn(request, settings) !== false
}

type Looking = [request: IncomingMessage, db: Database, snapshot: Snapshot, settings: Settings, now: Date]

async function found(isMeant: (session: Session) => boolean, ...[request, db, snapshot, settings, now]: Looking) {
  const secret = secretIn(request, sessionCookie(settings))
  const session = secret === undefined ? undefined : await sessionOf(secret, db, snapshot, settings, now)
  return session && isMeant(session) ? session : undefined
}

/** The session of a request's cookie, whatever the request may do by it. */
export const sessionIn = (...looking: Looking): Promise<Session | undefined> => found(({ awaits }) => awaits === null, ...looking)

/** The session of a request's cookie that is not begun yet, because a stage of signing in is to be passed. */
export const waitingSession = (...looking: Looking): Promise<Session | undefined> =>
  found(({ awaits }) => awaits !== null, ...looking)

/** The session by which a request acts. */
export const actingSession = async (...looking: Looking): Promise<Session | undefined> =>
  actsBySession(looking[0], looking[3]) ? sessionIn(...looking) : undefined
