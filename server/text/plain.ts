/** Plain text as HTML: paragraphs, line breaks and bare web addresses, nothing else. */
import { escapeHtml } from './escape.ts'
import { trimAddress } from './links.ts'

const BLANK_LINES = /\n[ \t]*\n\s*/g
/** Maximum number of links in a text; creating them takes most of the time. */
const MAX_LINKS = 100_000
const ADDRESS = /\bhttps?:\/\/[^\s<>"']+/gi

/** The text escaped, with links around its addresses. */
function linkAddresses(text: string): string {
  let html = ''
  let done = 0
  for (const match of text.matchAll(ADDRESS).take(MAX_LINKS)) {
    const address = trimAddress(match[0])
    const escaped = escapeHtml(address)
    html += `${escapeHtml(text.slice(done, match.index))}<a href="${escaped}" rel="noopener noreferrer">${escaped}</a>`
    done = match.index + address.length
  }
  return html + escapeHtml(text.slice(done))
}

/**
 * Safe HTML for a text that has no markup: blank lines separate `<p>` paragraphs, other line ends become `<br/>`,
 * http and https addresses become links. A blank text gives the empty string.
 */
export function renderPlain(raw: string): string {
  const text = raw
    .replace(/\r\n?/g, '\n')
    .replace(/^\s*\n/, '')
    .trimEnd()
  if (text === '') return ''
  return `<p>${linkAddresses(text).replace(BLANK_LINES, '</p><p>').replaceAll('\n', '<br/>')}</p>`
}
