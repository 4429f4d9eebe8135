/** Redirect URIs: validation at the registration, and matching in requests. */
import { type Message, said } from '#text/messages.ts'

/** The redirect URI of clients without one: a page shows the code to copy. */
export const NATIVE = 'urn:ietf:wg:oauth:2.0:oob'

const LOOPBACKS = ['localhost', '127.0.0.1', '[::1]']
/** Schemes that browsers handle themselves, so that no application could receive them. */
const FORBIDDEN = /^(about|blob|chrome|data|file|filesystem|ftp|intent|javascript|mailto|tel|vbscript|view-source|wss?):$/

/**
 * The fault of a redirect URI, in words that follow it; undefined for a valid one. Only the normalised spelling is accepted, as
 * requests have to repeat it exactly.
 */
export function faultOf(uri: string, confidential: boolean): Message | undefined {
  if (uri === NATIVE) return undefined
  const url = /^[\x21-\x7e]+$/.test(uri) ? URL.parse(uri) : null
  if (!url) return said`is not an absolute URI`
  if (FORBIDDEN.test(url.protocol)) return said`cannot begin with ${url.protocol}`
  if (uri.includes('#')) return said`cannot have a fragment (#…)`
  if (uri.includes('*')) return said`cannot have a wildcard (*)`
  if (url.username !== '' || url.password !== '') return said`cannot have a user name or password`
  if (url.href !== uri && url.href !== `${uri}/`) return said`must be written as ${url.href}`
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:') {
    return LOOPBACKS.includes(url.hostname)
      ? undefined
      : said`must begin with https:// (http:// only for ${LOOPBACKS.join(', ')})`
  }
  return confidential ? said`must begin with https://: only public applications can have a custom scheme` : undefined
}

/** A loopback URI without its port, which programs cannot choose before they run; undefined for other URIs. */
const withoutPort = (uri: string): string | undefined =>
  /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/?]|$)/.test(uri)
    ? uri.replace(/^(http:\/\/[^:/?]+|http:\/\/\[::1\]):\d{1,5}(?=[/?]|$)/, '$1')
    : undefined

/** Whether a request may use a URI: a registered one, ignoring the port of loopback URIs for public applications. */
export function allows(registered: readonly string[], confidential: boolean, asked: string): boolean {
  if (registered.includes(asked)) return true
  const portless = confidential ? undefined : withoutPort(asked)
  return portless !== undefined && registered.some((uri) => withoutPort(uri) === portless)
}

/** Whether only the application can receive a URI: any program on a device could claim other schemes. */
export const isClaimed = (uri: string): boolean => uri.startsWith('https:')
