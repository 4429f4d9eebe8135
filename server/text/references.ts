/** References in running text: `#5` to work packages, `version#5`, `@login`, `user#5`, `group#5` and `<mention>` to people. */
import type { MarkdownIt, StateInline } from 'markdown-it'

const PATHS: Record<string, string> = {
  user: '/users/',
  group: '/groups/',
  version: '/versions/',
  work_package: '/work_packages/',
}
const PEOPLE = ['user', 'group']

/** Classes of a link to a work package, and of one to a user or group. */
export const LINK_CLASS = 'op-uc-link'
export const MENTION_CLASS = 'user-mention op-uc-link'

/** A reference resolved as far as its own text allows. */
export interface Reference {
  readonly href: string
  readonly classes: string
}

/** The target of a mention of `type` user, group, version or work_package with a numeric `id`; undefined for anything else. */
export function mention(type: string | undefined, id: string | undefined): Reference | undefined {
  if (type === undefined || id === undefined || !Object.hasOwn(PATHS, type) || !/^[1-9]\d{0,18}$/.test(id)) return undefined
  return { href: `${PATHS[type]}${id}`, classes: PEOPLE.includes(type) ? MENTION_CLASS : LINK_CLASS }
}

/** Whether an address has the form of the targets given to references. */
export const isReference = (href: string): boolean => /^\/(?:users|groups|versions|work_packages)\/[\w.+-]+$/.test(href)

const HASH = 0x23
const LESS_THAN = 0x3c
const AT = 0x40

const NUMBER = /(#{1,3})([1-9]\d{0,18})(?![\p{L}\p{N}_])/uy
// The lookahead matches the whole name at once: an address such as `@a.b@example.org` must not match as `@a`.
const LOGIN = /@(?=([A-Za-z0-9_](?:[A-Za-z0-9_.+-]{0,254}[A-Za-z0-9_])?))\1(?![\p{L}\p{N}@/])/uy
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

function pushLink(state: StateInline, text: string, { href, classes }: Reference): void {
  const open = state.push('link_open', 'a', 1)
  open.attrs = [['href', href]]
  open.markup = 'reference'
  open.info = classes
  state.push('text', '', 0).content = text
  state.push('link_close', 'a', -1)
}

/** The kind directly before a `#`, as in `user#5`, if it starts a word. */
function kindBefore(state: StateInline): string | undefined {
  const kind = [...PEOPLE, 'version'].find((name) => state.src.startsWith(name, state.pos - name.length))
  if (kind === undefined || !mayStartAt(state.src, state.pos - kind.length)) return undefined
  return kind
}

function number(state: StateInline, silent: boolean): boolean {
  const match = matchAt(NUMBER, state)
  if (match === null) return false
  const [text, marks, id] = match as unknown as [string, string, string]
  const kind = marks === '#' ? kindBefore(state) : undefined
  if (kind === undefined && !mayStartAt(state.src, state.pos)) return false
  if (!silent) {
    // The kind was parsed as text before the `#`.
    if (kind !== undefined) state.pending = state.pending.slice(0, -kind.length)
    pushLink(state, (kind ?? '') + text, mention(kind ?? 'work_package', id) as Reference)
  }
  state.pos += text.length
  return true
}

function login(state: StateInline, silent: boolean): boolean {
  const match = matchAt(LOGIN, state)
  if (match === null || !mayStartAt(state.src, state.pos)) return false
  if (!silent) pushLink(state, match[0], { href: `/users/${match[1]}`, classes: MENTION_CLASS })
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

function reference(state: StateInline, silent: boolean): boolean {
  const code = state.src.charCodeAt(state.pos)
  if (code !== HASH && code !== AT && code !== LESS_THAN) return false
  if (state.linkLevel > 0) return false
  if (code === HASH) return number(state, silent)
  return code === AT ? login(state, silent) : mentionTag(state, silent)
}

/** Adds references to a parser. Their text stays as typed, so rendering needs no database and discloses nothing. */
export const addReferences = (parser: MarkdownIt): void => parser.inline.ruler.after('text', 'reference', reference)
