/**
 * HTML as a value: a template that escapes its parts, except for parts that are HTML values. It is written when its reader's language
 * is known: the sentences of the template are in the catalogues (`segments.ts`), and parts that are messages in the same language.
 */
import { escapeHtml } from './escape.ts'
import { ENGLISH, inLanguage, type Language, languageOfJson, Message, patternIn } from './messages.ts'
import { segmentsOf } from './segments.ts'

export class Html {
  readonly strings: readonly string[]
  readonly parts: readonly unknown[]
  /** Whether its literal parts are sentences of ours. */
  readonly isOurs: boolean

  constructor(strings: readonly string[], parts: readonly unknown[] = [], isOurs = false) {
    this.strings = strings
    this.parts = parts
    this.isOurs = isOurs
  }

  /** The text in the language of the JSON that is being written. */
  toJSON(): string {
    return htmlText(this, languageOfJson())
  }
}

/** Trusted HTML: only for constants of our own. It is the same in all languages. */
export const trusted = (text: string): Html => new Html([text])

function written(part: unknown, language: Language): string {
  if (part === undefined || part === null || part === false) return ''
  if (Array.isArray(part)) return part.map((one) => written(one, language)).join('')
  if (part instanceof Message) return escapeHtml(inLanguage(part, language))
  return part instanceof Html ? htmlText(part, language) : escapeHtml(String(part))
}

/**
 * Builds HTML from a template. Omits undefined, null and false; concatenates lists. Attribute values have to be quoted. The text
 * between the tags of the template is translated by itself; a string among the parts is not, a message is.
 */
export const html = (strings: TemplateStringsArray, ...parts: unknown[]): Html => new Html(strings, parts, true)

/** The text of an HTML value in a language. */
export function htmlText(value: Html, language: Language = ENGLISH): string {
  const { strings, parts, isOurs } = value
  if (language !== ENGLISH && isOurs) return translated(strings, parts, language)
  let text = strings[0] as string
  for (let i = 0; i < parts.length; i++) text += written(parts[i], language) + strings[i + 1]
  return text
}

/** Templates in a language: pieces of HTML, and the places of values. */
const templates = new WeakMap<readonly string[], Map<Language, readonly (string | number)[]>>()

function translated(strings: readonly string[], parts: readonly unknown[], language: Language): string {
  const known = templates.get(strings) ?? new Map<Language, readonly (string | number)[]>()
  templates.set(strings, known)
  let pieces = known.get(language)
  if (!pieces) {
    pieces = piecesIn(strings, language)
    known.set(language, pieces)
  }
  return pieces.map((piece) => (typeof piece === 'string' ? piece : written(parts[piece], language))).join('')
}

const piecesIn = (strings: readonly string[], language: Language): (string | number)[] =>
  segmentsOf(strings).flatMap((segment): (string | number)[] => {
    if ('html' in segment) return [segment.html]
    if ('value' in segment) return [segment.value]
    return patternIn(segment.pattern, language)
      .split(/\{(\d+)\}/)
      .map((text, i) => (i % 2 === 0 ? text : (segment.values[Number(text)] as number)))
  })
