/** The HTML of markdown elements, with the classes that APIv3 clients style. */
import type { Env, MarkdownIt, RendererRule, Token } from 'markdown-it'
import { escapeHtml } from './escape.ts'
import { fileReference, LINK_CLASS } from './references.ts'

/** Characters that link targets and titles of one text may take in its HTML, set before and counted down while rendering. */
export interface LinkBudget extends Env {
  remaining: number
}

const CHECKED = ' checked="checked"'
const LANGUAGE = /^[\w+#.-]{1,40}$/

type Rest = Parameters<RendererRule> extends [unknown, unknown, ...infer R] ? R : never

/** A rule that renders one token; the renderer gives all tokens and the position of that one. */
const rule = (render: (token: Token, next: Token | undefined, ...rest: Rest) => string): RendererRule => {
  return (tokens, i, ...rest) => render(tokens[i] as Token, tokens[i + 1], ...rest)
}

const fixed = (html: string): RendererRule => {
  return () => html
}

const cell = (tag: string, classes: string): RendererRule =>
  rule((token) => {
    const align = /center|left|right/.exec(String(token.attrGet('style')))
    return align ? `<${tag} class="${classes}" align="${align[0]}">` : `<${tag} class="${classes}">`
  })

const list = (tag: string): RendererRule =>
  rule((token) => {
    const classes = token.meta?.tasks ? 'op-uc-list_task-list op-uc-list' : 'op-uc-list'
    const start = token.attrGet('start')
    return start === null ? `<${tag} class="${classes}">\n` : `<${tag} class="${classes}" start="${start}">\n`
  })

const preformatted = rule(({ info, content }) => {
  const [language = ''] = info.trim().split(/\s/, 1)
  const attribute = LANGUAGE.test(language) ? ` lang="${language}"` : ''
  return `<pre class="op-uc-code-block"${attribute}><code>${escapeHtml(content)}</code></pre>\n`
})

/** One attribute, escaped and charged to the budget: a reference definition can be long and used many times. */
function attribute(name: string, value: string, env: Env | undefined): string {
  const budget = env as LinkBudget
  budget.remaining -= value.length
  return budget.remaining < 0 ? '' : ` ${name}="${escapeHtml(value)}"`
}

function optional(name: string, token: Token, env: Env | undefined): string {
  const value = token.attrGet(name)
  return value === null ? '' : attribute(name, String(value), env)
}

const linkOpen = rule((token, _next, _options, env) => {
  if (token.markup === 'reference') return `<a class="${token.info}"${optional('href', token, env)}>`
  return `<a class="${LINK_CLASS}"${optional('href', token, env)}${optional('title', token, env)} rel="noopener noreferrer">`
})

const image = rule((token, _next, options, env, renderer) => {
  const alternative = escapeHtml(renderer.renderInlineAsText(token.children ?? [], options, env))
  const source = String(token.attrGet('src') ?? '')
  return `<img class="op-uc-image"${attribute('src', fileReference(source) ?? source, env)} alt="${alternative}"${optional('title', token, env)} />`
})

const checkbox = rule(
  ({ meta }) => `<input type="checkbox" class="op-uc-list--task-checkbox" disabled="disabled"${meta?.checked ? CHECKED : ''} /> `,
)

const RULES: Record<string, RendererRule> = {
  paragraph_open: rule(({ hidden }) => (hidden ? '' : '<p class="op-uc-p">')),
  paragraph_close: rule(({ hidden }, next) => {
    if (!hidden) return '</p>\n'
    return next?.type === 'list_item_close' ? '' : '\n'
  }),
  heading_open: rule(({ tag }) => `<${tag} class="op-uc-${tag}">`),
  heading_close: rule(({ tag }) => `</${tag}>\n`),
  blockquote_open: fixed('<blockquote class="op-uc-blockquote">\n'),
  blockquote_close: fixed('</blockquote>\n'),
  bullet_list_open: list('ul'),
  bullet_list_close: fixed('</ul>\n'),
  ordered_list_open: list('ol'),
  ordered_list_close: fixed('</ol>\n'),
  list_item_open: fixed('<li class="op-uc-list--item">'),
  list_item_close: fixed('</li>\n'),
  task_checkbox: checkbox,
  table_open: fixed(
    '<figure class="op-uc-figure op-uc-figure_align-center"><div class="op-uc-figure--content"><table class="op-uc-table">\n',
  ),
  table_close: fixed('</table></div></figure>\n'),
  thead_open: fixed('<thead class="op-uc-table--head">\n'),
  tr_open: fixed('<tr class="op-uc-table--row">\n'),
  th_open: cell('th', 'op-uc-table--cell op-uc-table--cell_head'),
  td_open: cell('td', 'op-uc-table--cell'),
  fence: preformatted,
  code_block: preformatted,
  code_inline: rule(({ content }) => `<code class="op-uc-code">${escapeHtml(content)}</code>`),
  text: rule(({ content }) => escapeHtml(content)),
  strong_open: fixed('<strong>'),
  strong_close: fixed('</strong>'),
  em_open: fixed('<em>'),
  em_close: fixed('</em>'),
  s_open: fixed('<del>'),
  s_close: fixed('</del>'),
  link_open: linkOpen,
  link_close: fixed('</a>'),
  image,
}

/** Makes a parser write the classes. Its rendering environment must be a `LinkBudget`; below zero the HTML is incomplete. */
export const addMarkup = (parser: MarkdownIt): void => {
  Object.assign(parser.renderer.rules, RULES)
}
