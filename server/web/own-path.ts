/** Validates redirect targets that a third party may have written: only paths of this server pass. */

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
 * A path of this server with its query string, normalised as browsers do; undefined for a text that a browser or a proxy could
 * read as another address, encoded or not.
 */
export function ownPath(text: string | null): string | undefined {
  if (!text?.startsWith('/') || isSuspicious(text)) return undefined
  const url = URL.parse(text, BASE)
  if (url?.origin !== BASE) return undefined
  // Dots that were resolved may have left two slashes in front.
  const plain = decoded(url.pathname)
  return plain === undefined || isSuspicious(plain) ? undefined : url.pathname + url.search + url.hash
}
