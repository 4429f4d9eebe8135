/** Markdown as safe HTML: CommonMark with GitHub's tables, strikethrough, task lists and autolinks, plus references. */
import { createRequire } from 'node:module'
import type { MarkdownIt } from 'markdown-it'
import { textCache } from './cache.ts'
import { isSafeLink, trimAddress } from './links.ts'
import { addMarkup, type LinkBudget } from './markup.ts'
import { renderPlain } from './plain.ts'
import { addReferences } from './references.ts'
import { sanitise } from './sanitise.ts'
import { addTaskLists } from './task-lists.ts'

/** Longer texts (in characters) are shown as plain text, and so are texts with more markup characters than this. */
const MAX_LENGTH = 1_000_000
const MAX_MARKUP = 100_000
/** The characters whose number, far more than the length, determines the parsing time. */
const MARKUP = new Uint8Array(128)
for (const character of '\n!#*-./:<>@[]_`|~') MARKUP[character.charCodeAt(0)] = 1

/** Characters kept in the cache, texts and their HTML together. */
const CACHE_SIZE = 8_000_000
const MAX_NESTING = 100

const require = createRequire(import.meta.url)
const cache = textCache(CACHE_SIZE)
let loaded: MarkdownIt | undefined

const WWW_ADDRESS = /[a-z0-9-]+(?:\.[a-z0-9-]+)+(?:[/?#][^\s<>"]*)?/iy

/** Bare addresses that GitHub's flavour links: http, https, `www.` and e-mail, but not every word with a dot. */
function addAutolinks(parser: MarkdownIt): void {
  parser.linkify
    .add('ftp:', null)
    .add('//', null)
    .add('www.', {
      validate: (text, position) => {
        WWW_ADDRESS.lastIndex = position
        return trimAddress(WWW_ADDRESS.exec(text)?.[0] ?? '').length
      },
      normalize: (match) => {
        match.url = `http://${match.url}`
      },
    })
}

function load(): MarkdownIt {
  // Loaded on first use, so that the server starts without waiting for it.
  const library = require('markdown-it') as typeof MarkdownIt
  const parser = new library({ html: true, linkify: true, xhtmlOut: true, maxNesting: MAX_NESTING })
  parser.validateLink = isSafeLink
  addAutolinks(parser)
  addReferences(parser)
  addTaskLists(parser)
  addMarkup(parser)
  return parser
}

/** Whether rendering could take seconds. Ordinary texts reach this much markup only with hundreds of pages. */
function isTooExpensive(raw: string): boolean {
  if (raw.length <= MAX_MARKUP) return false
  if (raw.length > MAX_LENGTH) return true
  let count = 0
  for (let i = 0; i < raw.length; i++) count += MARKUP[raw.charCodeAt(i)] ?? 0
  return count > MAX_MARKUP
}

/** The HTML, or undefined when the text is built to make rendering expensive. */
function renderMarkup(raw: string): string | undefined {
  if (isTooExpensive(raw)) return undefined
  loaded ??= load()
  const budget: LinkBudget = { remaining: 100_000 + 10 * raw.length }
  const html = loaded.render(raw, budget)
  if (budget.remaining < 0) return undefined
  // Without this character the source has no HTML, and all other output of the parser is escaped.
  const safe = raw.includes('<') ? sanitise(html) : html
  return safe?.trimEnd()
}

/**
 * Safe HTML for a markdown text, the same for every reader: references are marks, to be replaced by `replaceReferences`. A blank text gives the empty string. Raw HTML is reduced to
 * an allow-list; texts that are too long or built to be expensive come out as plain text.
 */
export function renderMarkdown(raw: string): string {
  const known = cache.get(raw)
  if (known !== undefined) return known
  const html = renderMarkup(raw) ?? renderPlain(raw)
  cache.set(raw, html)
  return html
}
