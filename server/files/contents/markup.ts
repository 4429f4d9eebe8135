/** The text between tags: of HTML, XML, and document formats based on XML. */
import { Parser } from 'htmlparser2'
import { MOST_TEXT } from './limits.ts'

/** Parsing rules of a language. Names have no prefix. */
export interface Language {
  /** XML syntax: names are case-sensitive, and all elements are closed. */
  readonly xml: boolean
  /** Elements with text; all by default. */
  readonly texts?: ReadonlySet<string>
  /** Whether to skip an element with its contents. */
  readonly skips?: (name: string, attributes: Readonly<Record<string, string>>) => boolean
  /** Whether an element separates words. */
  readonly parts: (name: string) => boolean
}

const among = (names: string) => {
  const set = new Set(names.split(' '))
  return (name: string) => set.has(name)
}

const isInline = among(
  'a abbr acronym b bdi bdo big cite code data del dfn em font i ins kbd label mark q s samp small span strike strong sub sup time tt u var wbr',
)
export const html: Language = { xml: false, skips: among('script style'), parts: (name) => !isInline(name) }
export const xml: Language = { xml: true, parts: () => true }
/** Word processing and presentations: a word may be spread over several elements. */
export const office: Language = { xml: true, texts: new Set(['t']), parts: among('p br cr tab') }
/** Spreadsheets: a cell has a value, a text, or the index of a shared text. */
export const sheet: Language = {
  xml: true,
  texts: new Set(['t', 'v']),
  skips: (name, { t }) => name === 'rPh' || (name === 'c' && t === 's'),
  parts: among('si c'),
}

export const openDocument: Language = { xml: true, parts: among('p h s tab line-break') }

/** Characters per call of the parser: between two calls the limit is checked. */
const PIECE = 65_536

/** The text of a document. Tolerates syntax errors, as browsers do. */
export function betweenTags(document: string, { xml, texts, skips, parts }: Language): string {
  let text = ''
  let skipped = 0
  let taken = 0
  const nameOf = (tag: string) => tag.slice(tag.indexOf(':') + 1)
  const parser = new Parser(
    {
      onopentag: (tag, attributes) => {
        const name = nameOf(tag)
        if (skipped > 0 || skips?.(name, attributes)) skipped++
        if (texts?.has(name)) taken++
        if (parts(name)) text += '\n'
      },
      ontext: (more) => {
        if (skipped === 0 && (!texts || taken > 0)) text += more
      },
      onclosetag: (tag) => {
        const name = nameOf(tag)
        if (skipped > 0) skipped--
        if (texts?.has(name)) taken--
        if (parts(name)) text += '\n'
      },
    },
    { xmlMode: xml, decodeEntities: true },
  )
  for (let at = 0; at < document.length && text.length < 2 * MOST_TEXT; at += PIECE) parser.write(document.slice(at, at + PIECE))
  parser.end()
  return text
}
