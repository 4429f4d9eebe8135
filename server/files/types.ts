/** Content types: detected from a file's first bytes, then from its name; the client's hint counts least. */
import { Buffer } from 'node:buffer'

const BINARY = 'application/octet-stream'
const TEXT = 'text/plain'

/** Types by their magic numbers: hexadecimal bytes, `?` for any digit. */
const beginnings: readonly (readonly [string, string])[] = [
  ['89504e470d0a1a0a', 'image/png'],
  ['ffd8ff', 'image/jpeg'],
  ['474946383761', 'image/gif'],
  ['474946383961', 'image/gif'],
  ['52494646????????57454250', 'image/webp'],
  ['????????667479706176696', 'image/avif'],
  ['424d????????00000000', 'image/bmp'],
  ['49492a00', 'image/tiff'],
  ['4d4d002a', 'image/tiff'],
  ['255044462d', 'application/pdf'],
  ['1f8b', 'application/gzip'],
  ['377abcaf271c', 'application/x-7z-compressed'],
  ['526172211a07', 'application/vnd.rar'],
  ['????????66747970', 'video/mp4'],
  ['1a45dfa3', 'video/webm'],
  ['4f676753', 'application/ogg'],
  ['494433', 'audio/mpeg'],
  ['664c6143', 'audio/flac'],
  ['52494646????????57415645', 'audio/wav'],
]

/** Types with magic numbers: a file without these bytes does not have the type, whatever its name. */
const recognised = new Set(beginnings.map(([, type]) => type))

/** Archives with these extensions are documents. */
const packed: Readonly<Record<string, string>> = {
  docx: 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
  xlsx: 'application/vnd.openxmlformats-officedocument.spreadsheetml.sheet',
  pptx: 'application/vnd.openxmlformats-officedocument.presentationml.presentation',
  odt: 'application/vnd.oasis.opendocument.text',
  ods: 'application/vnd.oasis.opendocument.spreadsheet',
  odp: 'application/vnd.oasis.opendocument.presentation',
  epub: 'application/epub+zip',
  jar: 'application/java-archive',
}

/** Text types by extension. */
const written: Readonly<Record<string, string>> = {
  txt: TEXT,
  log: TEXT,
  md: 'text/markdown',
  csv: 'text/csv',
  tsv: 'text/tab-separated-values',
  html: 'text/html',
  htm: 'text/html',
  css: 'text/css',
  js: 'text/javascript',
  mjs: 'text/javascript',
  json: 'application/json',
  xml: 'application/xml',
  svg: 'image/svg+xml',
  ics: 'text/calendar',
  vcf: 'text/vcard',
  eml: 'message/rfc822',
  yml: 'application/yaml',
  yaml: 'application/yaml',
  rtf: 'application/rtf',
}

/** The extension of a file name, in lower case and without its dot. */
export const extensionOf = (fileName: string): string => /\.([^.]+)$/.exec(fileName)?.[1]?.toLowerCase() ?? ''

/**
 * The type of a file.
 * @param head its first bytes
 * @param hint the content type from the client
 */
export function typeOf(head: Uint8Array, fileName: string, hint?: string): string {
  const digits = Buffer.from(head).toString('hex')
  const fits = ([beginning]: readonly [string, string]) =>
    digits.length >= beginning.length && [...beginning].every((digit, i) => digit === '?' || digit === digits[i])
  const extension = extensionOf(fileName)
  if (/^504b(0304|0506)/.test(digits)) return packed[extension] ?? 'application/zip'
  const known = beginnings.find(fits)
  if (known) return known[1]
  if (isText(head)) return asText(Buffer.from(head).toString(), extension)
  const isOffered = hint && /^(application|audio|font|image|model|video)\/[\w.+-]{1,100}$/.test(hint) && !recognised.has(hint)
  return isOffered && !isActive(hint) ? hint : BINARY
}

/** The type of a text: markup is detected even if the name suggests a harmless type. */
function asText(text: string, extension: string): string {
  const start = text
    .replace(/^\uFEFF/, '')
    .trimStart()
    .toLowerCase()
  if (/^(<!doctype html|<html|<head|<body|<script|<iframe)/.test(start)) return 'text/html'
  if (/^<(svg|\?|!)/.test(start) && start.includes('<svg')) return 'image/svg+xml'
  return written[extension] ?? (start.startsWith('<?xml') ? 'application/xml' : TEXT)
}

/** Whether bytes are UTF-8 without control characters; the last character may be incomplete. */
function isText(head: Uint8Array): boolean {
  if (head.some((byte) => byte < 32 && byte !== 9 && byte !== 10 && byte !== 12 && byte !== 13 && byte !== 27)) return false
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(head, { stream: true })
    return true
  } catch {
    return false
  }
}

/** Types with active content in browsers. */
const isActive = (type: string): boolean => /html|xml|svg|script|css/.test(type)

/** Images without active content. */
const shown = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif', 'image/bmp'])

/** Safe presentation in browsers: the content type, and whether to display it inline. */
export function presentation(type: string): { type: string; inline: boolean } {
  if (shown.has(type)) return { type, inline: true }
  if (type.startsWith('text/')) return { type: 'text/plain; charset=utf-8', inline: !isActive(type) }
  return { type: BINARY, inline: false }
}

/** Whether a list of types and of extensions such as `*.pdf` allows a file; an empty one allows all. */
export const isAllowed = (list: readonly string[], type: string, fileName: string): boolean =>
  list.length === 0 || list.some((one) => one.toLowerCase() === type || one.toLowerCase() === `*.${extensionOf(fileName)}`)

/** Kinds of text extraction. */
export type TextKind = 'plain' | 'json' | 'html' | 'xml' | 'pdf' | 'docx' | 'xlsx' | 'pptx' | 'odf'

/** Kinds of text extraction by content type. */
const readable: Readonly<Record<string, TextKind>> = {
  'application/pdf': 'pdf',
  'application/json': 'json',
  'application/xml': 'xml',
  'application/yaml': 'plain',
  'text/html': 'html',
  'text/xml': 'xml',
  ...Object.fromEntries((['docx', 'xlsx', 'pptx'] as const).map((kind) => [packed[kind], kind])),
  ...Object.fromEntries(['odt', 'ods', 'odp'].map((extension) => [packed[extension], 'odf'])),
}

/** The kind of text extraction for a type and name; undefined for files without readable text. */
export function textKindOf(type: string, fileName: string): TextKind | undefined {
  // At the upload, a text that is not UTF-8 was not detected as text.
  const own = (type === BINARY && written[extensionOf(fileName)]) || type
  if (readable[own]) return readable[own]
  if (own.endsWith('+xml')) return 'xml'
  if (own.endsWith('+json')) return 'json'
  return own.startsWith('text/') ? 'plain' : undefined
}
