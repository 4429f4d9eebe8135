/** Safe link addresses, and the end of bare addresses in running text. */

const SCHEME_SEPARATOR = /:|%3a|&(?:colon|#0*58|#x0*3a)\b/i
const ALLOWED_SCHEME = /^(?:https?|mailto):/i
const OTHER_HOST = /^\s*[/\\]\s*[/\\]/

/**
 * Whether an address may be the target of a link or the source of an image: http, https, mailto, or a path,
 * query or anchor of this server. Anything that could be read as another scheme, however it is encoded, is not.
 */
export function isSafeLink(address: string): boolean {
  const beforePath = (/^(?:&#|[^/?#\\])*/.exec(address) as RegExpExecArray)[0]
  if (SCHEME_SEPARATOR.test(beforePath)) return ALLOWED_SCHEME.test(address)
  return !OTHER_HOST.test(address)
}

const CLOSING: Record<string, string> = { ')': '(', ']': '[', '}': '{' }

function count(text: string, character: string): number {
  let found = 0
  for (let i = text.indexOf(character); i >= 0; i = text.indexOf(character, i + 1)) found++
  return found
}

/**
 * A bare address without the punctuation that belongs to the sentence around it.
 * A closing bracket stays when the address itself opens it.
 */
export function trimAddress(address: string): string {
  let end = address.length
  const surplus: Record<string, number> = {}
  for (; end > 0; end--) {
    const last = address[end - 1] as string
    if ('.,;:!?*_~\'"'.includes(last)) continue
    const opening = CLOSING[last]
    if (opening === undefined) break
    surplus[last] ??= count(address, last) - count(address, opening)
    if (surplus[last] <= 0) break
    surplus[last]--
  }
  return address.slice(0, end)
}
