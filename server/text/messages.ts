/**
 * Messages: texts of ours, written once, in English, where they are said, and rendered in the language of their reader at the edge.
 * A message is a pattern and its values, so that a catalogue (`languages/`) can have the pattern in another language.
 */
import { catalogues } from './languages/index.ts'
import type { Translation } from './languages/patterns.ts'

/** A part of a message: what it names (as it is), another message, or several of them, parted by commas. */
export type Value = string | number | Message | readonly Value[]

/** What people read: a message of ours, or a text that is data, such as a name, and stays as it is. */
export type Text = string | Message

/** A language by its tag, such as `de`: English or one that there is a catalogue for. */
export type Language = string

export const ENGLISH: Language = 'en'

/** What is written once, and its values between: English is put together without looking anything up. */
export class Message {
  readonly strings: readonly string[]
  readonly values: readonly Value[]
  /** The number that decides between singular and plural, and the English singular. */
  readonly counted: { readonly count: number; readonly one: Message } | undefined

  constructor(strings: readonly string[], values: readonly Value[] = [], counted?: Message['counted']) {
    this.strings = strings
    this.values = values
    this.counted = counted
  }

  /** The message in catalogues: its text, with `{0}`, `{1}` … in place of the values. */
  get pattern(): string {
    const { strings } = this
    if (strings.length === 1) return strings[0] as string
    let pattern = patterns.get(strings)
    if (pattern === undefined) {
      pattern = patternOf(strings)
      patterns.set(strings, pattern)
    }
    return pattern
  }

  /** The text in English, for logs and commands. */
  toString(): string {
    return english(this)
  }

  /** The text in the language of the JSON that is being written; see `writingIn`. */
  toJSON(): string {
    return inLanguage(this, jsonLanguage)
  }
}

const patterns = new WeakMap<readonly string[], string>()

let jsonLanguage = ENGLISH

/** Runs a function that writes JSON: messages in what it writes are in this language. */
export function writingIn<T>(language: Language, write: () => T): T {
  const before = jsonLanguage
  jsonLanguage = language
  try {
    return write()
  } finally {
    jsonLanguage = before
  }
}

/** The language of the JSON that is being written. */
export const languageOfJson = (): Language => jsonLanguage

/** The pattern of a template: its text, with `{0}`, `{1}` … in place of what is inserted. */
export const patternOf = (strings: readonly string[]): string =>
  strings.reduce((pattern, text, i) => `${pattern}{${i - 1}}${text}`)

/** Makes a message of a template. The values are inserted as they are, messages among them in the reader's language. */
export const said = (strings: TemplateStringsArray, ...values: readonly Value[]): Message => new Message(strings, values)

/** A message of a text that is put together, such as a label that follows from a name. */
export const message = (text: string): Message => new Message([text])

/** The message for a count. Catalogues have the second, in each form that their language has. */
export const plural = (count: number, one: Message, other: Message): Message =>
  new Message(other.strings, other.values, { count, one })

/** Several values of which any will do: "a or b". */
export const alternatives = (values: readonly Value[]): Value =>
  values.length === 0 ? '' : values.reduce((all, one) => said`${all} or ${one}`)

/** Several sentences as one message; undefined where there is none. */
export const sentences = (messages: readonly Message[]): Message | undefined =>
  messages.length === 0 ? undefined : messages.reduce((all, one) => said`${all} ${one}`)

/** Inserts values into a pattern, `{0}` being the first. */
const filled = (pattern: string, values: readonly Value[], language: Language): string =>
  values.length === 0 ? pattern : pattern.replace(/\{(\d+)\}/g, (_, i) => valueIn(values[Number(i)] as Value, language))

function valueIn(value: Value, language: Language): string {
  if (typeof value === 'string') return value
  if (value instanceof Message) return inLanguage(value, language)
  return typeof value === 'number' ? String(value) : value.map((one) => valueIn(one, language)).join(', ')
}

const rules = new Map<Language, Intl.PluralRules>()

/** The form of a translation for a number. */
function formFor(translation: Translation, count: number, language: Language): string {
  if (typeof translation === 'string') return translation
  let rule = rules.get(language)
  if (!rule) {
    rule = new Intl.PluralRules(language)
    rules.set(language, rule)
  }
  return translation[rule.select(count)] ?? translation.other
}

/** The translation of a pattern; undefined where the language has none. */
const translationOf = (pattern: string, language: Language): Translation | undefined => catalogues.get(language)?.(pattern)

/** A pattern of no number in a language; the pattern itself, which is English, where the language has no other. */
export const patternIn = (pattern: string, language: Language): string => {
  const found = translationOf(pattern, language)
  return found === undefined ? pattern : formFor(found, 0, language)
}

/** A text in a language. What there is no translation of is in English. */
export function inLanguage(text: Text, language: Language): string {
  if (typeof text === 'string') return text
  const { strings, values, counted } = text
  if (language !== ENGLISH) {
    const found = translationOf(text.pattern, language)
    if (found !== undefined) return filled(formFor(found, counted?.count ?? 0, language), values, language)
  }
  if (counted?.count === 1) return inLanguage(counted.one, language)
  let whole = strings[0] as string
  for (let i = 0; i < values.length; i++) whole += valueIn(values[i] as Value, language) + strings[i + 1]
  return whole
}

/** A text in English, for logs and commands. */
export const english = (text: Text): string => inLanguage(text, ENGLISH)

/** The languages that there are, English first. */
export const languages = (): readonly Language[] => [ENGLISH, ...catalogues.keys()]

/** The language there is for a tag: `de` for `de-AT`; undefined where there is none. */
function languageFor(tag: string): Language | undefined {
  const wanted = tag.toLowerCase()
  const [primary] = wanted.split(/[-_]/, 1)
  const all = languages()
  return all.find((one) => one.toLowerCase() === wanted) ?? all.find((one) => one === primary)
}

/** The first of these tags for which there is a language; English where there is none. */
export function firstLanguage(...tags: readonly (string | null | undefined)[]): Language {
  for (const tag of tags) {
    const found = tag ? languageFor(tag) : undefined
    if (found !== undefined) return found
  }
  return ENGLISH
}

/** At most so many languages of a header are looked at. */
const MOST_TAGS = 20

/** The language that a header `Accept-Language` prefers among those that there are; undefined where it accepts none of them. */
export function acceptedLanguage(header: string | undefined): Language | undefined {
  if (header === undefined) return undefined
  const wanted = header
    .split(',', MOST_TAGS)
    .map((entry) => {
      const [tag = '', ...parameters] = entry.split(';').map((part) => part.trim())
      const quality = parameters.find((one) => /^q=/i.test(one))?.slice(2)
      return { language: languageFor(tag), quality: quality === undefined ? 1 : Number(quality) }
    })
    .filter(({ language, quality }) => language !== undefined && quality > 0)
  return wanted.toSorted((a, b) => b.quality - a.quality)[0]?.language
}
