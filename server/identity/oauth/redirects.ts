/** Addresses that people are sent back to with a code: which can be registered, and which of them a request may name. */

/** Stands for no address: the code is shown, to be copied. */
export const NATIVE = 'urn:ietf:wg:oauth:2.0:oob'

const LOOPBACKS = ['localhost', '127.0.0.1', '[::1]']
/** Schemes that browsers understand themselves, so that no application could be waiting behind them. */
const FORBIDDEN = /^(about|blob|chrome|data|file|filesystem|ftp|intent|javascript|mailto|tel|vbscript|view-source|wss?):$/

/**
 * What keeps an address from being registered, in words that follow it; nothing where it can be. Only one spelling of an address
 * is taken, as requests have to repeat it letter by letter.
 */
export function faultOf(uri: string, confidential: boolean): string | undefined {
  if (uri === NATIVE) return undefined
  const url = /^[\x21-\x7e]+$/.test(uri) ? URL.parse(uri) : null
  if (!url) return 'is not an absolute URI'
  if (FORBIDDEN.test(url.protocol)) return `cannot begin with ${url.protocol}`
  if (uri.includes('#')) return 'cannot have a fragment (#…)'
  if (uri.includes('*')) return 'cannot have a wildcard (*)'
  if (url.username !== '' || url.password !== '') return 'cannot have a user name or password'
  if (url.href !== uri && url.href !== `${uri}/`) return `must be written as ${url.href}`
  if (url.protocol === 'https:') return undefined
  if (url.protocol === 'http:') {
    return LOOPBACKS.includes(url.hostname) ? undefined : `must begin with https:// (http:// only for ${LOOPBACKS.join(', ')})`
  }
  return confidential ? 'must begin with https://: only public applications can have a custom scheme' : undefined
}

/** An address on one's own device without its port, which programs there cannot choose before they run. */
const withoutPort = (uri: string): string | undefined =>
  /^http:\/\/(?:localhost|127\.0\.0\.1|\[::1\])(?=[:/?]|$)/.test(uri)
    ? uri.replace(/^(http:\/\/[^:/?]+|http:\/\/\[::1\]):\d{1,5}(?=[/?]|$)/, '$1')
    : undefined

/** Whether a request may name an address: one of those registered, except for the port of a public application's own device. */
export function allows(registered: readonly string[], confidential: boolean, asked: string): boolean {
  if (registered.includes(asked)) return true
  const portless = confidential ? undefined : withoutPort(asked)
  return portless !== undefined && registered.some((uri) => withoutPort(uri) === portless)
}

/** Whether only the application itself can be behind an address: not so where any program on a device could claim it. */
export const isClaimed = (uri: string): boolean => uri.startsWith('https:')
