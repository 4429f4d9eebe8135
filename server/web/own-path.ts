/** Addresses to go on to that somebody else may have written: only paths of our own are followed. */

const BASE = 'http://own.invalid'
const isSuspicious = (text: string) => /^\/[/\\]|[\p{Cc}\\]/u.test(text)

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text)
  } catch {
    return undefined
  }
}

/**
 * A path of our own, with its query string, as browsers spell it; undefined for whatever else a browser or a proxy might make
 * of it, encoded or not.
 */
export function ownPath(text: string | null): string | undefined {
  if (!text?.startsWith('/') || isSuspicious(text)) return undefined
  const url = URL.parse(text, BASE)
  if (url?.origin !== BASE) return undefined
  // Dots that were resolved may have left two slashes in front.
  const plain = decoded(url.pathname)
  return plain === undefined || isSuspicious(plain) ? undefined : url.pathname + url.search + url.hash
}
