/** Kinds of property values: rendering, parsing and JSON Schema. */
import { renderMarkdown } from '#text/markdown.ts'
import { english, type Message, said } from '#text/messages.ts'
import { renderPlain } from '#text/plain.ts'
import type { Kind } from './declaration.ts'

/** A value of the wrong format. `expected` describes the expected one in words. */
export class FormatError extends Error {
  readonly expected: Message
  constructor(expected: Message) {
    super(`expected ${english(expected)}`)
    this.expected = expected
  }
}

const same = (value: unknown) => value

/** Whether a text can be stored: without NUL, which PostgreSQL cannot store, and without unpaired surrogates. */
export const isStorable = (text: string) => !text.includes('\u0000') && text.isWellFormed()

/** A received value as text; empty for an object, whose conversion would call its own `toString`. */
export const asText = (value: unknown): string => (typeof value === 'object' && value !== null ? '' : String(value ?? ''))

function parseText(value: unknown): string {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  if (typeof value !== 'string' || !isStorable(value)) throw new FormatError(said`a text`)
  return value
}

export const text: Kind = { type: 'String', json: { type: 'string' }, render: same, parse: parseText, strategy: 'string' }

export const integer: Kind = {
  type: 'Integer',
  json: { type: 'integer' },
  render: same,
  parse: (value) => {
    const number = typeof value === 'string' && /^-?\d+$/.test(value) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isInteger(number) || Math.abs(number) > 2147483647) {
      throw new FormatError(said`an integer`)
    }
    return number
  },
  strategy: 'integer',
}

/** A number that need not be whole. */
export const decimal: Kind = {
  type: 'Float',
  json: { type: 'number' },
  render: (value) => value,
  parse: (value) => {
    const number = typeof value === 'string' && /^-?\d+(\.\d+)?$/.test(value.trim()) ? Number(value) : value
    if (typeof number !== 'number' || !Number.isFinite(number) || Math.abs(number) > 1e15) throw new FormatError(said`a number`)
    return number
  },
  strategy: 'integer',
}

export const boolean: Kind = {
  type: 'Boolean',
  json: { type: 'boolean' },
  render: Boolean,
  parse: (value) => {
    if (value === true || value === 'true') return true
    if (value === false || value === 'false') return false
    throw new FormatError(said`a boolean`)
  },
  strategy: 'boolean',
  ofNothing: false,
}

/** Whether a text is a valid date `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!/^(?!0000)\d{4}-\d{2}-\d{2}$/.test(text)) return false
  const parsed = new Date(`${text}T00:00:00Z`)
  return !Number.isNaN(parsed.getTime()) && parsed.toISOString().startsWith(text)
}

export const date: Kind = {
  type: 'Date',
  json: { type: 'string', format: 'date' },
  render: same,
  parse: (value) => {
    const day = typeof value === 'string' ? value.replace(/T00:00(:00(\.0+)?)?(Z|[+-]00:00)?$/, '') : ''
    if (!isDate(day)) throw new FormatError(said`YYYY-MM-DD (ISO 8601 date only)`)
    return day
  },
  strategy: 'date',
}

export const dateTime: Kind = {
  type: 'DateTime',
  json: { type: 'string', format: 'date-time' },
  render: same,
  parse: (value) => {
    const parsed = typeof value === 'string' && /^\d{4}-\d{2}-\d{2}T/.test(value) ? new Date(value) : new Date(Number.NaN)
    const instant = Number.isNaN(parsed.getTime()) ? '' : parsed.toISOString()
    // Both engines support the years from 1 to 9999.
    if (!/^(?!0000)\d{4}-/.test(instant)) throw new FormatError(said`YYYY-MM-DDThh:mm:ssZ (ISO 8601 date and time)`)
    return instant
  },
  strategy: 'datetime_past',
}

/** Seconds as an ISO 8601 duration with days of 24 hours: 40 hours are `P1DT16H`, 0 is `PT0S`. */
export function renderSeconds(total: number): string {
  if (total === 0) return 'PT0S'
  const sign = total < 0 ? '-' : ''
  let rest = Math.abs(Math.round(total))
  const days = Math.floor(rest / 86400)
  rest -= days * 86400
  const hours = Math.floor(rest / 3600)
  rest -= hours * 3600
  const minutes = Math.floor(rest / 60)
  const seconds = rest - minutes * 60
  const time = (hours ? `${hours}H` : '') + (minutes ? `${minutes}M` : '') + (seconds ? `${seconds}S` : '')
  return `${sign}P${days ? `${days}D` : ''}${time ? `T${time}` : ''}`
}

const DURATION =
  /^([+-])?P(?:(\d+(?:\.\d+)?)Y)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)W)?(?:(\d+(?:\.\d+)?)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/

/** Parses an ISO 8601 duration to hours; a day is 24 hours, a week 168. Throws a FormatError. */
export function parseHours(value: unknown): number {
  const parts = typeof value === 'string' && value.length < 100 && !/^[+-]?PT?$|T$/.test(value) ? DURATION.exec(value) : null
  if (!parts) throw new FormatError(said`an ISO 8601 duration such as PT8H`)
  const units = [8765.82, 730.485, 168, 24, 1, 1 / 60, 1 / 3600]
  const hours = units.reduce((sum, unit, i) => sum + Number(parts[i + 2] ?? 0) * unit, 0)
  const signed = (parts[1] === '-' ? -1 : 1) * hours
  if (!Number.isFinite(signed) || Math.abs(signed) > 1e12) throw new FormatError(said`an ISO 8601 duration of sane length`)
  return Math.round(signed * 1e6) / 1e6
}

/** Decimal hours in the column, an ISO 8601 duration in the API. */
export const hours: Kind = {
  type: 'Duration',
  json: { type: 'string', format: 'duration' },
  render: (value) => renderSeconds(value * 3600),
  parse: parseHours,
  strategy: 'integer',
}

/** Whole days in the column, an ISO 8601 duration in the API; payloads are truncated to whole days. */
export const days: Kind = {
  type: 'Duration',
  json: { type: 'string', format: 'duration' },
  render: (value) => renderSeconds(value * 86400),
  parse: (value) => Math.trunc(Math.trunc(parseHours(value)) / 24),
  strategy: 'integer',
}

function parseFormattable(value: unknown): string | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new FormatError(said`an object with the member raw`)
  const { raw }: { raw?: unknown } = value
  return raw === null || raw === undefined || raw === '' ? null : parseText(raw)
}

const formattable = (format: 'markdown' | 'plain', toHtml: (raw: string) => string): Kind => ({
  type: 'Formattable',
  json: {
    type: 'object',
    properties: { format: { type: 'string' }, raw: { type: 'string' }, html: { type: 'string' } },
  },
  render: (raw) => ({ format, raw: raw ?? '', html: raw ? toHtml(raw) : '' }),
  parse: parseFormattable,
  strategy: 'text',
  ofNothing: { format, raw: '', html: '' },
})

/** A formattable text in markdown; payloads need `raw` only. */
export const markdown: Kind = formattable('markdown', renderMarkdown)

/** A plain text, represented as a formattable one. */
export const plain: Kind = formattable('plain', renderPlain)

/** The address of a page of the product, for links that lead out of the API. */
export const address: Kind = {
  type: 'Href',
  json: { type: 'string', examples: ['/my/page'] },
  render: (href) => href,
  parse: (href) => {
    if (typeof href !== 'string' || !isStorable(href)) throw new FormatError(said`'/my/page'`)
    return href
  },
  strategy: 'list',
}

/** The deepest value of a JSON property. */
const DEEPEST = 50

/** Whether a parsed JSON value can be stored, with all the texts and keys in it. */
const isStorableJson = (value: unknown, depth = 0): boolean => {
  if (typeof value === 'string') return isStorable(value)
  if (typeof value !== 'object' || value === null) return true
  if (depth > DEEPEST) return false
  return Object.entries(value).every(([key, one]) => isStorable(key) && isStorableJson(one, depth + 1))
}

/** An object that clients keep for themselves: taken and answered as it is. */
export const object: Kind = {
  type: 'JSON',
  json: { type: 'object', additionalProperties: true },
  render: same,
  parse: (value) => {
    if (typeof value !== 'object' || value === null || Array.isArray(value) || !isStorableJson(value))
      throw new FormatError(said`an object`)
    return value
  },
  strategy: 'text',
}

/** Write-only: accepted, never shown. */
export const password: Kind = { ...text, type: 'Password' }
