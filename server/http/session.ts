/** The cookies of sessions and of unfinished sign-ins, and the requests that may act by them. */
import type { IncomingMessage } from 'node:http'
import type { Database } from '#db/database.ts'
import { type Session, sessionOf } from '#identity/sessions.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { originOf, type Settings } from '#kernel/settings.ts'

/**
 * With the prefix `__Host-`, which requires HTTPS, no other host can set the cookie and no subpath can override it. Below a path of a
 * host that is shared with others, the cookie is for that path alone, which only `__Secure-` allows.
 */
const named = (name: string, { https, relative_url_root: root }: Settings): string =>
  https ? `${root === '' ? '__Host-' : '__Secure-'}${name}` : name
const sessionCookie = (settings: Settings): string => named(settings.session_cookie_name, settings)
const browserCookie = (settings: Settings): string => named(`${settings.session_cookie_name}_browser`, settings)
const linkCookie = (settings: Settings): string => named(`${settings.session_cookie_name}_link`, settings)

const attributes = ({ https, relative_url_root: root }: Settings) =>
  `; Path=${root || '/'}; HttpOnly; SameSite=Lax${https ? '; Secure' : ''}`

/** The header that sets the session cookie until the browser is closed. */
export const givenCookie = (secret: string, settings: Settings): string =>
  `${sessionCookie(settings)}=${secret}${attributes(settings)}`

/** The header that deletes the session cookie. */
export const takenCookie = (settings: Settings): string => `${sessionCookie(settings)}=; Max-Age=0${attributes(settings)}`

/** The header that sets a cookie to recognise a browser for some seconds, before there is a session. */
export const givenBrowser = (secret: string, seconds: number, settings: Settings): string =>
  `${browserCookie(settings)}=${secret}; Max-Age=${seconds}${attributes(settings)}`

/** The secret that recognises a browser. */
export const browserIn = (request: IncomingMessage, settings: Settings): string | undefined =>
  secretIn(request, browserCookie(settings))

/** The header that stores the secret of a followed link in a cookie, so that no address contains it; null deletes the cookie. */
export const givenLink = (secret: string | null, settings: Settings): string =>
  `${linkCookie(settings)}=${secret ?? ''}; Max-Age=${secret === null ? 0 : 3600}${attributes(settings)}`

/** The secret of the followed link. */
export const linkIn = (request: IncomingMessage, settings: Settings): string | undefined =>
  secretIn(request, linkCookie(settings))

/** The secret in a cookie; undefined if the cookie occurs twice, because an attacker may have set one. */
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
 * Whether a page of this server sent the request, or the user directly; undefined if unknown. Browsers report this in headers
 * that no page can change: `Sec-Fetch-Site`, or `Origin` if that is missing, as without HTTPS.
 */
export function isOwn({ headers }: IncomingMessage, settings: Settings): boolean | undefined {
  const site = headers['sec-fetch-site']
  if (site !== undefined) return site === 'same-origin' || site === 'none'
  const { origin, host } = headers
  if (origin === undefined) return undefined
  return origin === originOf(settings) || origin === originOf({ ...settings, host_name: host ?? '' })
}

/**
 * Whether a request may act by its session cookie. GET may, except from a page of another origin. Other methods must not come from
 * another origin and require `X-Requested-With: XMLHttpRequest`, which forms cannot send, and other origins only after a preflight.
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

/** The session of a request's cookie, even if the request may not act by it. */
export const sessionIn = (...looking: Looking): Promise<Session | undefined> => found(({ awaits }) => awaits === null, ...looking)

/** The session of an unfinished sign-in, which has to pass another stage. */
export const waitingSession = (...looking: Looking): Promise<Session | undefined> =>
  found(({ awaits }) => awaits !== null, ...looking)

/** The session that a request acts by. */
export const actingSession = async (...looking: Looking): Promise<Session | undefined> =>
  actsBySession(looking[0], looking[3]) ? sessionIn(...looking) : undefined
