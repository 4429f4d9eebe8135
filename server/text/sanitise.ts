/** The allow-list for raw HTML in markdown: all elements, attributes and classes of the output are listed here. */
import { createRequire } from 'node:module'
import type { IOptions } from 'sanitize-html'
import { isSafeLink } from './links.ts'
import { fileReference, isReference, LINK_CLASS, mention } from './references.ts'

type Sanitise = (html: string, options: IOptions) => string
type Attributes = Record<string, string>

/** Allowed attributes and classes of an element. Elements without an allowed class get the first one. */
interface Element {
  readonly attributes?: readonly string[]
  readonly classes?: readonly string[]
}

const cellOf = (classes: readonly string[]): Element => ({ attributes: ['align', 'colspan', 'rowspan'], classes })
const BARE: Element = {}
const BARE_ELEMENTS =
  'b br caption cite dd del details dfn dl dt em hr i ins kbd mark q s samp small span strong sub summary sup tbody tfoot u var'

const HEADINGS = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6']
const CELLS = ['caption', 'td', 'th']

const ELEMENTS: Record<string, Element> = {
  ...Object.fromEntries(BARE_ELEMENTS.split(' ').map((tag) => [tag, BARE])),
  ...Object.fromEntries(HEADINGS.map((heading) => [heading, { classes: [`op-uc-${heading}`] }])),
  abbr: { attributes: ['title'] },
  a: { attributes: ['href', 'title', 'rel'], classes: [LINK_CLASS, 'user-mention'] },
  blockquote: { classes: ['op-uc-blockquote'] },
  code: { classes: ['op-uc-code'] },
  div: { classes: ['op-uc-figure--content'] },
  figcaption: { classes: ['op-uc-figure--description'] },
  figure: { classes: ['op-uc-figure', 'op-uc-figure_align-start', 'op-uc-figure_align-center', 'op-uc-figure_align-end'] },
  img: { attributes: ['src', 'alt', 'title', 'width', 'height'], classes: ['op-uc-image', 'op-uc-image_inline'] },
  input: { attributes: ['type', 'disabled', 'checked'], classes: ['op-uc-list--task-checkbox'] },
  li: { attributes: ['value'], classes: ['op-uc-list--item'] },
  ol: { attributes: ['start'], classes: ['op-uc-list', 'op-uc-list_task-list'] },
  p: { classes: ['op-uc-p'] },
  pre: { attributes: ['lang'], classes: ['op-uc-code-block'] },
  table: { classes: ['op-uc-table'] },
  td: cellOf(['op-uc-table--cell']),
  th: cellOf(['op-uc-table--cell op-uc-table--cell_head', 'op-uc-table--cell', 'op-uc-table--cell_head']),
  thead: { classes: ['op-uc-table--head'] },
  tr: { classes: ['op-uc-table--row'] },
  ul: { classes: ['op-uc-list', 'op-uc-list_task-list'] },
}

/** Elements that become links, which cannot be nested. */
const LINKS = ['a', 'mention']

/** Values an attribute may have; attributes not listed may have any text. */
const VALUES: Record<string, (value: string) => boolean> = {
  href: isSafeLink,
  src: isSafeLink,
  align: (value) => /^(?:left|center|right)$/.test(value),
  colspan: (value) => /^\d{1,3}$/.test(value),
  rowspan: (value) => /^\d{1,3}$/.test(value),
  width: (value) => /^\d{1,4}%?$/.test(value),
  height: (value) => /^\d{1,4}%?$/.test(value),
  value: (value) => /^\d{1,9}$/.test(value),
  start: (value) => /^\d{1,9}$/.test(value),
  lang: (value) => /^[\w+#.-]{1,40}$/.test(value),
}

/** Neither has a class of its own: a `div` is a figure's content only when it says so, `code` also stands inside `pre`. */
const UNCLASSED = new Set(['code', 'div'])

const CLASSES = Object.fromEntries(
  Object.entries(ELEMENTS).map(([tag, { classes }]) => [tag, (classes ?? []).flatMap((entry) => entry.split(' '))]),
)

function classFor(tag: string, given: string | undefined): string | undefined {
  const kept = (given ?? '').split(/\s+/).filter((name) => CLASSES[tag]?.includes(name))
  if (kept.length > 0) return [...new Set(kept)].join(' ')
  return UNCLASSED.has(tag) ? undefined : ELEMENTS[tag]?.classes?.[0]
}

function attributesFor(element: Element, given: Attributes): Attributes {
  const kept: Attributes = {}
  for (const name of element.attributes ?? []) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined
    if (value !== undefined && (VALUES[name]?.(value) ?? true)) kept[name] = value
  }
  return kept
}

/** Turns any input into a checkbox of a task list, as texts may not have other inputs. */
const checkbox = (given: Attributes): Attributes => ({
  type: 'checkbox',
  class: 'op-uc-list--task-checkbox',
  disabled: 'disabled',
  ...(Object.hasOwn(given, 'checked') ? { checked: 'checked' } : {}),
})

const named = (tagName: string, attribs: Attributes) => ({ tagName, attribs })

/**
 * Elements whose start tags make browsers close certain open elements with their contents, so that later end tags would
 * close elements around the text. `ends` are the closed elements, `shields` those that protect them.
 */
const ENDING: Record<string, { readonly ends: readonly string[]; readonly shields: readonly string[] }> = {
  ...Object.fromEntries(HEADINGS.map((heading) => [heading, { ends: HEADINGS, shields: CELLS }])),
  table: { ends: ['table', 'thead', 'tbody', 'tfoot', 'tr'], shields: CELLS },
  li: { ends: ['li'], shields: ['ul', 'ol'] },
  dd: { ends: ['dd', 'dt'], shields: ['dl'] },
  dt: { ends: ['dd', 'dt'], shields: ['dl'] },
}

function endsAnother(tag: string, open: readonly string[]): boolean {
  const rule = Object.hasOwn(ENDING, tag) ? ENDING[tag] : undefined
  if (rule === undefined) return false
  const nearest = open.slice(0, -1).findLast((name) => rule.ends.includes(name) || rule.shields.includes(name))
  return nearest !== undefined && rule.ends.includes(nearest)
}

/**
 * Rewrites an element before the allow-list is applied, which reduces unknown elements to their text.
 * `open` are the names of the open elements, outermost first and this one last.
 */
function transform(tag: string, given: Attributes, open: readonly string[]): { tagName: string; attribs: Attributes } {
  const isWithinLink = LINKS.includes(tag) && open.slice(0, -1).some((name) => LINKS.includes(name))
  if (tag === 'mention') {
    const target = isWithinLink ? undefined : mention(given['data-type'], given['data-id'], given['data-text'])
    return target ? named('a', { class: target.classes, href: target.href }) : named(tag, {})
  }
  const element = Object.hasOwn(ELEMENTS, tag) ? ELEMENTS[tag] : undefined
  if (element === undefined) return named(tag, {})
  if (endsAnother(tag, open)) return named('span', {})
  if (tag === 'input') return given.type === 'checkbox' ? named(tag, checkbox(given)) : named('span', {})
  const attributes = attributesFor(element, given)
  const classes = classFor(tag, given.class)
  if (tag === 'img' && attributes.src !== undefined) attributes.src = fileReference(attributes.src) ?? attributes.src
  if (tag === 'a') {
    if (isWithinLink || attributes.href === undefined) return named('span', {})
    if (attributes.rel !== undefined || !isReference(attributes.href)) attributes.rel = 'noopener noreferrer'
  }
  return named(tag, classes === undefined ? attributes : { class: classes, ...attributes })
}

const OPTIONS: IOptions = {
  allowedTags: Object.keys(ELEMENTS),
  allowedAttributes: Object.fromEntries(Object.entries(ELEMENTS).map(([tag, { attributes }]) => [tag, [...(attributes ?? [])]])),
  allowedClasses: CLASSES,
  allowedSchemes: ['http', 'https', 'mailto'],
  allowProtocolRelative: false,
  disallowedTagsMode: 'discard',
  nonTextTags: ['script', 'style', 'textarea', 'option', 'xmp', 'noscript', 'iframe', 'noembed', 'noframes', 'template'],
}

/** Maximum nesting depth. The parsing time grows with the depth times the number of elements. */
const MAX_DEPTH = 256
const TOO_DEEP = Symbol('elements nested too deep')

const require = createRequire(import.meta.url)
let library: Sanitise | undefined

/**
 * The allowed part of any HTML; text of disallowed elements stays, scripts and styles go with their text.
 * Undefined when elements are nested too deep to sanitise in reasonable time.
 */
export function sanitise(html: string): string | undefined {
  // Loaded on first use: it takes a tenth of a second, which a starting server need not wait for.
  library ??= require('sanitize-html') as Sanitise
  const open: string[] = []
  try {
    return library(html, {
      ...OPTIONS,
      onOpenTag: (tag) => {
        if (open.push(tag) > MAX_DEPTH) throw TOO_DEEP
      },
      onCloseTag: () => {
        open.pop()
      },
      transformTags: { '*': (tag, given) => transform(tag, given, open) },
    })
  } catch (error) {
    if (error === TOO_DEEP) return undefined
    throw error
  }
}
