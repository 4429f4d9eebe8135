/**
 * References in running text: work packages by number (`#5`, `##5`, `###5`), other resources by word (`version#5`, `user:login`,
 * `attachment:file.pdf`), people by `@login` or `<mention>`, and macros (`workPackageValue:5:status`).
 *
 * Rendering knows neither the database nor the reader: it leaves marks, which `replaceReferences` exchanges in a whole response
 * for what its reader may see.
 */
import { randomUUID } from 'node:crypto'
import type { MarkdownIt, StateInline } from 'markdown-it'
import { escapeHtml } from './escape.ts'

/**
 * How a reference is written: `typed` as the author wrote it, `named` by its title, `summary` and `details` with some of its
 * values, `file` as an address, `value` and `label` as the value or the name of one of its properties.
 */
export type Style = 'typed' | 'named' | 'summary' | 'details' | 'file' | 'value' | 'label'

/** A resource and the id of its row. */
export interface Place {
  readonly resource: string
  readonly id: number
}

/** A reference in a rendered text. */
export interface Reference {
  readonly style: Style
  /** The name of the resource. */
  readonly resource: string
  /** An id, a word that stands for one, or a file name; with `value` and `label` an id, which may be missing, `:`, and a property. */
  readonly target: string
  /** Of a relative one, the row of the text, and those whose files it may name. */
  readonly places: readonly Place[]
}

/** What becomes of a reference: the text, or the author's, as a link if there is an address. */
export interface Resolved {
  readonly href?: string
  readonly title?: string
  readonly text?: string
}

/** Resources that texts refer to, by the word before `#`. */
const WORDS: Readonly<Record<string, string>> = {
  user: 'User',
  group: 'Group',
  version: 'Version',
  project: 'Project',
  news: 'News',
  document: 'Document',
  message: 'Post',
  meeting: 'Meeting',
  query: 'Query',
  view: 'Query',
}
/** Resources that texts refer to by a word after a colon. */
const NAMED: Readonly<Record<string, string>> = { user: 'User', project: 'Project', attachment: 'Attachment' }
const MACROS: Readonly<Record<string, readonly [Style, string]>> = {
  workPackageValue: ['value', 'WorkPackage'],
  workPackageLabel: ['label', 'WorkPackage'],
  projectValue: ['value', 'Project'],
  projectLabel: ['label', 'Project'],
}
const MENTIONABLE: Readonly<Record<string, string>> = { user: 'User', group: 'Group', work_package: 'WorkPackage' }
const PEOPLE = ['User', 'Group']
/** The style of a number by its marks. */
const BY_MARKS: Readonly<Record<string, Style>> = { '#': 'typed', '##': 'summary', '###': 'details' }

/** Classes of a link to a work package, and of one to a user or group. */
export const LINK_CLASS = 'op-uc-link'
export const MENTION_CLASS = 'user-mention op-uc-link'

/** References of one text; any more stay text, as each may become much longer than it is. */
export const MOST_REFERENCES = 500

/** The beginning of marks; nobody can know it, so nobody can send it. */
const MARK = `reference-${randomUUID()}`

/** Follows the beginning of marks whose meaning depends on the row of the text. */
const RELATIVE = '@'

function mark(style: Style, resource: string, target: string): string {
  const isRelative = resource === 'Attachment' || target.startsWith(':')
  const encoded = encodeURIComponent(target.toWellFormed()).replaceAll("'", '%27')
  return `${MARK}${isRelative ? RELATIVE : ''}/${style}/${resource}/${encoded}`
}

/** An address and the classes of a link. */
interface Anchor {
  readonly href: string
  readonly classes: string
}

const anchor = (style: Style, resource: string, target: string): Anchor => ({
  href: mark(style, resource, target),
  classes: classesOf(resource),
})

const classesOf = (resource: string): string => (PEOPLE.includes(resource) ? MENTION_CLASS : LINK_CLASS)

/** The link of a `<mention>` of `type` with a numeric `id` and perhaps its text in editors; undefined for anything else. */
export function mention(type: string | undefined, id: string | undefined, text = ''): Anchor | undefined {
  if (type === undefined || id === undefined || !Object.hasOwn(MENTIONABLE, type) || !/^[1-9]\d{0,18}$/.test(id)) return undefined
  const marks = /^#{1,3}(?=\d+$)/.exec(text)?.[0] ?? '#'
  return anchor(BY_MARKS[marks] as Style, MENTIONABLE[type] as string, id)
}

/** The mark of an image whose address is the name of an attached file; undefined for other addresses. */
export function fileReference(source: string): string | undefined {
  if (!/^[^/\\:?#]{1,800}\.\w{1,16}$/.test(source)) return undefined
  try {
    return mark('file', 'Attachment', decodeURIComponent(source))
  } catch {
    return undefined
  }
}

/** Whether an address is the mark of a reference. */
export const isReference = (href: string): boolean => href.startsWith(MARK)

/** Whether a text has marks of references. */
export const hasReferences = (text: string): boolean => text.includes(MARK)

/** A rendered text with the rows that its references are relative to. */
export const placed = (html: string, places: readonly Place[]): string =>
  places.length > 0
    ? html.replaceAll(
        `${MARK}${RELATIVE}/`,
        `${MARK}${RELATIVE}${places.map(({ resource, id }) => `${resource}.${id}`).join('+')}/`,
      )
    : html

/**
 * A mark after its beginning. It ends by itself, whatever follows: in raw HTML that the author never closes, the parser writes it
 * into a title or a text, where it is escaped like the rest.
 */
const PARTS = /(?:@[\w.+-]*)?\/\w+\/\w+\/[\w.!~*()%-]*/y
/** A link up to its mark, and from there to the author's text; in JSON its quotes are escaped. */
const OPENING = /<a class=\\?"[\w -]+\\?" href=\\?"$/
const LONGEST_OPENING = 80
const ENDING = /\\?">/y

/** One mark in a text: from where to where it reaches with its link, and the author's text if it is one. */
interface Found {
  readonly mark: string
  readonly start: number
  readonly end: number
  readonly own: string | undefined
}

function* marksIn(text: string): Generator<Found> {
  for (let at = text.indexOf(MARK); at >= 0; ) {
    const found = markAt(text, at)
    yield found
    at = text.indexOf(MARK, found.end)
  }
}

function markAt(text: string, at: number): Found {
  PARTS.lastIndex = at + MARK.length
  PARTS.test(text)
  const end = PARTS.lastIndex
  const mark = text.slice(at, end)
  const opening = OPENING.exec(text.slice(Math.max(at - LONGEST_OPENING, 0), at))
  ENDING.lastIndex = end
  const close = opening && ENDING.test(text) ? text.indexOf('</a>', end) : -1
  if (!opening || close < 0) return { mark, start: at, end, own: undefined }
  return { mark, start: at - opening[0].length, end: close + 4, own: text.slice(ENDING.lastIndex, close) }
}

/** The reference that a mark stands for. */
function referenceOf(mark: string): Reference {
  const [around = '', style, resource, target] = mark.slice(MARK.length).split('/') as [string, Style, string, string]
  const places = around.slice(RELATIVE.length).split('+')
  return {
    style,
    resource,
    target: decodeURIComponent(target),
    places: places
      .filter((place) => place !== '')
      .map((place) => {
        const [name, id] = place.split('.') as [string, string]
        return { resource: name, id: Number(id) }
      }),
  }
}

/** All references in a rendered text, one for each time that it is made. */
export const referencesIn = (text: string): Reference[] =>
  [...marksIn(text)].flatMap(({ mark, own = '' }) => [referenceOf(mark), ...(hasReferences(own) ? referencesIn(own) : [])])

/** The different references in a response with rendered texts, up to a number, by their marks. */
export function differentReferences(text: string, most: number): ReadonlyMap<string, Reference> {
  const different = new Map<string, Reference>()
  const addFrom = (part: string): void => {
    for (const { mark, own } of marksIn(part)) {
      if (different.size < most && !different.has(mark)) different.set(mark, referenceOf(mark))
      if (own && hasReferences(own)) addFrom(own)
    }
  }
  addFrom(text)
  return different
}

/** What is written in the place of a mark: the address, the beginning of a link, and its text where it is not the author's. */
interface Written {
  readonly address: string
  readonly opening?: string | undefined
  readonly inner?: string | undefined
  readonly length: number
}

/**
 * Exchanges all references in a rendered text for what they are resolved to; those that are not become the author's own text.
 * @param resolve called once for each different one, with its mark
 * @param isJson whether the text is JSON with HTML in its strings
 * @param most characters that they may add; those after it are not resolved
 */
export function replaceReferences(
  text: string,
  resolve: (one: Reference, mark: string) => Resolved | undefined,
  { isJson = false, most = Number.POSITIVE_INFINITY } = {},
): string {
  const quoted = (html: string) => (isJson ? JSON.stringify(html).slice(1, -1) : html)
  const known = new Map<string, Written>()
  let left = most
  const writtenFor = (mark: string): Written => {
    let written = known.get(mark)
    if (!written) {
      const one = referenceOf(mark)
      written = inPlaceOf(one, resolve(one, mark), quoted)
      known.set(mark, written)
    }
    left -= written.length
    return left < 0 ? inPlaceOf(referenceOf(mark), undefined, quoted) : written
  }
  const exchanged = (part: string): string => {
    let whole = ''
    let done = 0
    for (const { mark, start, end, own } of marksIn(part)) {
      const { address, opening = '', inner } = writtenFor(mark)
      whole += part.slice(done, start)
      done = end
      if (own === undefined) whole += address
      // A mention may show images.
      else whole += `${opening}${inner ?? (hasReferences(own) ? exchanged(own) : own)}${opening && '</a>'}`
    }
    return done === 0 ? part : whole + part.slice(done)
  }
  return exchanged(text)
}

function inPlaceOf({ resource, target }: Reference, resolved: Resolved | undefined, quoted: (html: string) => string): Written {
  if (!resolved) return { address: quoted(escapeHtml(encodeURIComponent(target))), length: 0 }
  const { href, title, text } = resolved
  const titled = title === undefined ? '' : ` title="${escapeHtml(title)}"`
  const address = quoted(escapeHtml(href ?? encodeURIComponent(target)))
  const opening =
    href === undefined ? undefined : quoted(`<a class="${classesOf(resource)}" href="${escapeHtml(href)}"${titled}>`)
  const inner = text === undefined ? undefined : quoted(escapeHtml(text))
  return { address, opening, inner, length: address.length + (opening?.length ?? 0) + (inner?.length ?? 0) }
}

const HASH = 0x23
const LESS_THAN = 0x3c
const AT = 0x40
const COLON = 0x3a

const NUMBER = /(#{1,3})([1-9]\d{0,18})(?![\p{L}\p{N}_])/uy
// The lookahead matches the whole name at once: an address such as `@a.b@example.org` must not match as `@a`.
const LOGIN = /@(?=([A-Za-z0-9_](?:[A-Za-z0-9_.+-]{0,254}[A-Za-z0-9_])?))\1(?![\p{L}\p{N}@/])/uy
const NAME = /:(?:"([^"\n]{1,255})"|(?=([\p{L}\p{N}_](?:[\p{L}\p{N}_.+-]{0,254}[\p{L}\p{N}_])?))\2(?![\p{L}\p{N}@/]))/uy
const PROPERTY = /:(?:([1-9]\d{0,18}):)?(?:"([^"\n]{1,255})"|([A-Za-z]\w{0,254}))/uy
const MENTION_TAG = /<mention\s[^<>]*>[^<]*<\/mention\s*>/iy

/** Characters that must not precede a reference, which would be inside a word or an address. */
const NO_BOUNDARY = /^[\p{L}\p{N}_./#@&=%?+\\]$/u

function mayStartAt(text: string, position: number): boolean {
  if (position === 0) return true
  const unit = text.charCodeAt(position - 1)
  const isLowSurrogate = unit >= 0xdc00 && unit <= 0xdfff
  return !NO_BOUNDARY.test(isLowSurrogate ? text.slice(position - 2, position) : text.charAt(position - 1))
}

function matchAt(pattern: RegExp, state: StateInline): RegExpExecArray | null {
  pattern.lastIndex = state.pos
  const match = pattern.exec(state.src)
  return match !== null && pattern.lastIndex <= state.posMax ? match : null
}

/** The rendering environment of a text, in which its references are counted. */
interface Counted {
  counted?: number
}

function pushLink(state: StateInline, text: string, { href, classes }: Anchor): void {
  const env = state.env as Counted
  env.counted = (env.counted ?? 0) + 1
  if (env.counted > MOST_REFERENCES) {
    state.pending += text
    return
  }
  const open = state.push('link_open', 'a', 1)
  open.attrs = [['href', href]]
  open.markup = 'reference'
  open.info = classes
  state.push('text', '', 0).content = text
  state.push('link_close', 'a', -1)
}

/** Which of the words stands directly before the position, as `user` in `user#5`, if it starts there. */
function wordBefore(state: StateInline, words: Readonly<Record<string, unknown>>): string | undefined {
  const last = state.src[state.pos - 1] ?? ''
  if (last < 'a' || last > 'z') return undefined
  return Object.keys(words).find(
    (word) => state.src.startsWith(word, state.pos - word.length) && mayStartAt(state.src, state.pos - word.length),
  )
}

/** Writes a reference that begins with a word, which was parsed as text before the position. */
function pushWord(state: StateInline, word: string, text: string, to: Anchor): void {
  state.pending = state.pending.slice(0, state.pending.length - word.length)
  pushLink(state, word + text, to)
}

function number(state: StateInline, silent: boolean): boolean {
  const match = matchAt(NUMBER, state)
  if (match === null) return false
  const [text, marks, id] = match as unknown as [string, string, string]
  const word = marks === '#' ? wordBefore(state, WORDS) : undefined
  if (word === undefined && !mayStartAt(state.src, state.pos)) return false
  if (!silent) {
    if (word !== undefined) pushWord(state, word, text, anchor('named', WORDS[word] as string, id))
    else pushLink(state, text, anchor(BY_MARKS[marks] as Style, 'WorkPackage', id))
  }
  state.pos += text.length
  return true
}

function named(state: StateInline, silent: boolean): boolean {
  const macro = wordBefore(state, MACROS)
  const word = macro ?? wordBefore(state, NAMED)
  const match = word === undefined ? null : matchAt(macro ? PROPERTY : NAME, state)
  if (word === undefined || match === null) return false
  if (!silent) pushWord(state, word, match[0], macro ? ofProperty(macro, match) : ofName(word, match))
  state.pos += match[0].length
  return true
}

function ofProperty(macro: string, [, id = '', quoted, bare]: RegExpExecArray): Anchor {
  const [style, resource] = MACROS[macro] as readonly [Style, string]
  return anchor(style, resource, `${id}:${quoted ?? bare}`)
}

const ofName = (word: string, [, quoted, bare]: RegExpExecArray): Anchor =>
  anchor('named', NAMED[word] as string, quoted ?? (bare as string))

function login(state: StateInline, silent: boolean): boolean {
  const match = matchAt(LOGIN, state)
  if (match === null || !mayStartAt(state.src, state.pos)) return false
  if (!silent) pushLink(state, match[0], anchor('typed', 'User', match[1] as string))
  state.pos += match[0].length
  return true
}

/** Parses a whole `<mention>` as raw HTML, so that its text is not a second reference. The sanitiser links it. */
function mentionTag(state: StateInline, silent: boolean): boolean {
  const match = matchAt(MENTION_TAG, state)
  if (match === null) return false
  if (!silent) state.push('html_inline', '', 0).content = match[0]
  state.pos += match[0].length
  return true
}

const RULES = new Map([
  [HASH, number],
  [COLON, named],
  [AT, login],
  [LESS_THAN, mentionTag],
])

function reference(state: StateInline, silent: boolean): boolean {
  const rule = RULES.get(state.src.charCodeAt(state.pos))
  return rule !== undefined && state.linkLevel === 0 && rule(state, silent)
}

/** Adds references to a parser, as marks. */
export const addReferences = (parser: MarkdownIt): void => parser.inline.ruler.after('text', 'reference', reference)
