/** Decodes bytes to text, and cleans text for storage. */
import { MOST_TEXT } from './limits.ts'

/** Maximum bytes of a character. */
const MOST_BYTES_EACH = 4
/** Bytes to check for zero: a single-byte text contains none. */
const LOOKED_AT = 4096

/** Decodes bytes as UTF-8, as UTF-16 with a byte order mark, or as Windows-1252; empty for binary content. */
export function decoded(bytes: Uint8Array): string {
  const encoding = markedAs(bytes)
  if (encoding) return new TextDecoder(encoding).decode(bytes)
  if (bytes.subarray(0, LOOKED_AT).includes(0)) return ''
  try {
    // The last character may be incomplete.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

function markedAs([first, second]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

/** The relevant first bytes of a text without markup. */
export const beginning = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, MOST_TEXT * MOST_BYTES_EACH)

/** Decodes the escapes of JSON that would hide words from the search. */
export const unescaped = (json: string): string =>
  json.replace(/\\(?:u([\da-f]{4})|[nrtbf])/gi, (_, code?: string) =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : ' ',
  )

/** The stored form of a text: single spaces, no invisible characters, limited length. */
export function cleaned(text: string): string {
  const words = text
    .slice(0, 2 * MOST_TEXT)
    .replace(/[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .normalize('NFC')
    .trim()
  // The cut may split a surrogate pair.
  return words.slice(0, MOST_TEXT).toWellFormed()
}
