/** Bytes of a text as characters, and characters as they can be kept. */
import { MOST_TEXT } from './limits.ts'

/** No character takes more bytes than that. */
const MOST_BYTES_EACH = 4
/** In a text of single bytes there is no byte of 0; where there is one at the beginning, it is no text. */
const LOOKED_AT = 4096

/** The text that bytes are in UTF-8, in UTF-16 if they say so by a mark, or else in Windows-1252; empty where they are none. */
export function decoded(bytes: Uint8Array): string {
  const encoding = markedAs(bytes)
  if (encoding) return new TextDecoder(encoding).decode(bytes)
  if (bytes.subarray(0, LOOKED_AT).includes(0)) return ''
  try {
    // A character may be cut off at the end.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream: true })
  } catch {
    return new TextDecoder('windows-1252').decode(bytes)
  }
}

function markedAs([first, second]: Uint8Array): string | undefined {
  if (first === 0xff && second === 0xfe) return 'utf-16le'
  return first === 0xfe && second === 0xff ? 'utf-16be' : undefined
}

/** As many bytes as can matter of a text without markup. */
export const beginning = (bytes: Uint8Array): Uint8Array => bytes.subarray(0, MOST_TEXT * MOST_BYTES_EACH)

/** A text of JSON with its escapes undone: those by which words would not be found. */
export const unescaped = (json: string): string =>
  json.replace(/\\(?:u([\da-f]{4})|[nrtbf])/gi, (_, code?: string) =>
    code ? String.fromCharCode(Number.parseInt(code, 16)) : ' ',
  )

/** A text as it is kept: words with single spaces between them, nothing unseen, and not more than is looked through. */
export function cleaned(text: string): string {
  const words = text
    .slice(0, 2 * MOST_TEXT)
    .replace(/[\u00ad\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/g, '')
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .normalize('NFC')
    .trim()
  // What is cut in two may be a character outside of the first 65,536.
  return words.slice(0, MOST_TEXT).toWellFormed()
}
