/**
 * JSON. Serialising with preserialised parts: parts shared by many responses become text once. Strict parsing: it rejects input
 * that parsers interpret differently, or that nobody sends in good faith.
 */
import { randomUUID } from 'node:crypto'
import { ENGLISH, type Language, languageOfJson, type Message, said, type Text, writingIn } from '#text/messages.ts'
import { ApiError } from './errors.ts'

const DEEPEST = 100
/** Maximum number of keys and elements in total: far more than any client needs. */
const MOST_MEMBERS = 50_000

/** A preserialised value. */
export interface Written {
  toJSON(): string
}

/** Whether a value is preserialised: it stands for the same text for ever. */
export const isWritten = (value: object): value is Written => 'toJSON' in value

/** Placeholder of preserialised text during serialisation; nobody can know it, so nobody can send it. */
const MARK = randomUUID()
const QUOTED = `"${MARK}"`
let texts: string[] = []

/** Serialises a value once in each language that it is asked for in, for any number of responses. */
export function written(value: object): Written {
  const known = new Map<Language, string>()
  return {
    toJSON: () => {
      const language = languageOfJson()
      const text = known.get(language) ?? JSON.stringify(value)
      known.set(language, text)
      return marked(text)
    },
  }
}

/** A value whose text is at hand, in the language of all responses that it becomes part of. */
export const fixedText = (text: string): Written => ({ toJSON: () => marked(text) })

/** Has a text take the place of the mark that is returned. */
function marked(text: string): string {
  texts.push(text)
  return MARK
}

/** Serialises a value with its preserialised parts, and its messages in a language. */
export function stringify(value: object, language: Language = ENGLISH): string {
  texts = []
  const text = writingIn(language, () => JSON.stringify(value))
  if (texts.length === 0) return text
  const parts = text.split(QUOTED)
  let whole = parts[0] as string
  for (let i = 1; i < parts.length; i++) whole += (texts[i - 1] as string) + parts[i]
  return whole
}

const invalid = (parseError: Text) =>
  new ApiError('InvalidRequestBody', said`The request body is not valid JSON: ${parseError}`, { details: { parseError } })

/**
 * The single JSON object in a body; an empty body is an empty object.
 * @throws ApiError 400 for anything else: other values, broken JSON, nesting deeper than 100, more than 50,000 keys and elements,
 *   a duplicate key, a number out of range, a byte order mark
 */
export function readObject(text: string): Record<string, unknown> {
  if (text.trim() === '') return {}
  const fault = shapeFault(text)
  if (fault !== undefined) throw invalid(fault)
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    throw invalid((error as Error).message)
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new ApiError('InvalidRequestBody')
  return value as Record<string, unknown>
}

const QUOTE = 0x22
const BACKSLASH = 0x5c
const COLON = 0x3a

/**
 * The fault of a JSON text that JSON.parse would accept, as a clause. One pass without recursion over the structure; JSON.parse
 * checks the rest.
 */
export function shapeFault(text: string): Message | undefined {
  const open: (Set<string> | undefined)[] = []
  let members = 0
  for (let at = 0; at < text.length; at++) {
    switch (text[at]) {
      case '{':
      case '[':
        if (open.length === DEEPEST) return said`it is nested deeper than ${DEEPEST} levels`
        open.push(text[at] === '{' ? new Set() : undefined)
        break
      case '}':
      case ']':
        open.pop()
        break
      case ',':
        if (++members > MOST_MEMBERS) return said`it has more than ${MOST_MEMBERS} keys and elements`
        break
      case '"': {
        const start = at
        at = closingQuote(text, at)
        const next = afterSpace(text, at + 1)
        if (text.charCodeAt(next) !== COLON) break
        const key = unescaped(text.slice(start, at + 1))
        const keys = open.at(-1)
        if (keys?.has(key)) return said`the key ${key.slice(0, 100)} is given twice`
        keys?.add(key)
        at = next
        break
      }
      default:
        if (isDigit(text.charCodeAt(at))) {
          const end = afterNumber(text, at)
          if (!Number.isFinite(Number(text.slice(at, end)))) {
            return said`${text.slice(at, Math.min(end, at + 50))} is not a number that can be kept`
          }
          at = end - 1
        }
    }
  }
  return undefined
}

/** The index of the closing quote; the end of the text if there is none. */
function closingQuote(text: string, start: number): number {
  let at = start + 1
  while (at < text.length && text.charCodeAt(at) !== QUOTE) at += text.charCodeAt(at) === BACKSLASH ? 2 : 1
  return at
}

function afterSpace(text: string, start: number): number {
  let at = start
  while (' \t\r\n'.includes(text.charAt(at)) && at < text.length) at++
  return at
}

const isDigit = (code: number) => code >= 0x30 && code <= 0x39

function afterNumber(text: string, start: number): number {
  let at = start
  while (at < text.length && (isDigit(text.charCodeAt(at)) || '.eE+-'.includes(text.charAt(at)))) at++
  return at
}

/** Resolves the escapes of a quoted string; unchanged for invalid escapes, which JSON.parse reports. */
function unescaped(quoted: string): string {
  if (!quoted.includes('\\')) return quoted
  try {
    return `"${JSON.parse(quoted)}"`
  } catch {
    return quoted
  }
}
