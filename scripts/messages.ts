/**
 * Writes server/text/languages/patterns.ts: the patterns of all messages, from the sources and the model. Catalogues are checked
 * against it by the compiler. Also says what is wrong with catalogues.
 */
import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { join, resolve } from 'node:path'
import { type AnyNode, parse, type TaggedTemplateExpression } from 'acorn'
import { Message, patternOf } from '#text/messages.ts'
import { segmentsOf } from '#text/segments.ts'

const root = resolve(import.meta.dirname, '..')
const file = join(root, 'server/text/languages/patterns.ts')

/** Whether a pattern is more than a value. */
const isWritten = (pattern: string): boolean => !/^(\{\d+\})?$/.test(pattern)

/** Calls `visit` with each node of a syntax tree, the outer before the inner. */
function walk(node: unknown, visit: (node: AnyNode) => void): void {
  if (Array.isArray(node)) for (const one of node) walk(one, visit)
  else if (typeof node === 'object' && node !== null) {
    if ('type' in node) visit(node as AnyNode)
    for (const child of Object.values(node)) if (typeof child === 'object') walk(child, visit)
  }
}

const tagOf = ({ tag }: TaggedTemplateExpression) => (tag.type === 'Identifier' ? tag.name : undefined)

/** The patterns in the text of a module: of the templates of messages, and of the sentences in templates of HTML. */
export function patternsIn(source: string): string[] {
  const found: string[] = []
  const singulars = new Set<unknown>()
  walk(parse(stripTypeScriptTypes(source), { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    // Catalogues have a message for a count under its plural.
    if (node.type === 'CallExpression' && node.callee.type === 'Identifier' && node.callee.name === 'plural') {
      singulars.add(node.arguments[1])
    }
    if (node.type !== 'TaggedTemplateExpression' || singulars.has(node)) return
    const strings = node.quasi.quasis.map(({ value }) => value.cooked as string)
    if (tagOf(node) === 'said') found.push(patternOf(strings))
    if (tagOf(node) === 'html') for (const one of segmentsOf(strings)) if ('pattern' in one) found.push(one.pattern)
  })
  return found.filter(isWritten)
}

/** The texts that an expression can come to by itself: its strings, not those that it passes to calls. */
function textsOf(node: AnyNode): string[] {
  if (node.type === 'ConditionalExpression') return [...textsOf(node.consequent), ...textsOf(node.alternate)]
  if (node.type === 'LogicalExpression') return [...textsOf(node.left), ...textsOf(node.right)]
  if (node.type === 'BinaryExpression' && node.operator === '+') return [...textsOf(node.left as AnyNode), ...textsOf(node.right)]
  if (node.type === 'TemplateLiteral') return node.quasis.map(({ value }) => value.cooked as string)
  return node.type === 'Literal' && typeof node.value === 'string' ? [node.value] : []
}

/** Whether what follows this part of a template is read by people: it stands between tags, or in an attribute that is read out. */
const isRead = (before: string): boolean =>
  before.lastIndexOf('<') <= before.lastIndexOf('>') || /\s(aria-label|alt|data-label|placeholder|title)="[^"]*$/.test(before)

/** The texts in the templates of HTML of a module that are neither messages nor data. */
export function bareTextsIn(source: string): string[] {
  const found: string[] = []
  walk(parse(stripTypeScriptTypes(source), { ecmaVersion: 'latest', sourceType: 'module' }), (node) => {
    if (node.type !== 'TaggedTemplateExpression' || tagOf(node) !== 'html') return
    let before = ''
    for (const [i, { value }] of node.quasi.quasis.entries()) {
      before += value.cooked
      const expression = node.quasi.expressions[i]
      if (expression && isRead(before)) found.push(...textsOf(expression))
      before += 'x'
    }
  })
  return found.filter((text) => /\p{L}/u.test(text))
}

/** The patterns of the messages that a value holds, at any depth: those that declarations make of names. */
export function patternsWithin(value: unknown): string[] {
  const found: string[] = []
  const seen = new Set<unknown>()
  const waiting = [value]
  for (let one = waiting.pop(); one !== undefined || waiting.length > 0; one = waiting.pop()) {
    if (typeof one !== 'object' || one === null || seen.has(one)) continue
    seen.add(one)
    if (one instanceof Message) found.push(one.pattern)
    waiting.push(...(one instanceof Map ? one.values() : Object.values(one)))
  }
  return found.filter(isWritten)
}

/** The patterns of all messages, in order. */
export async function allPatterns(): Promise<string[]> {
  const sources = globSync('server/**/*.ts', { cwd: root }).flatMap((path) => patternsIn(readFileSync(join(root, path), 'utf8')))
  // Loaded here, as what is loaded with it needs the file to be written.
  const { product } = await import('#server/modules.ts')
  const { filtersOf } = await import('#kernel/read/judge.ts')
  const declared = patternsWithin([product, product.resources.map(filtersOf)])
  return [...new Set([...sources, ...declared])].sort()
}

const count = (text: string, letter: string) => text.split(letter).length

/** A string of JavaScript in the quotes that need fewer escapes. */
const literal = (text: string): string => {
  const quote = count(text, "'") > count(text, '"') ? '"' : "'"
  return quote + text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll(quote, `\\${quote}`) + quote
}

/** The text of the file. */
export async function patternsFile(): Promise<string> {
  const members = (await allPatterns()).map(
    (pattern) => `  ${/^[A-Za-z_]\w*$/.test(pattern) ? pattern : literal(pattern)}: Translation\n`,
  )
  return `/** The patterns of all messages. Written by \`npm run messages\` from the sources; not to be edited. */

/** A pattern in another language, or its forms for counts, by the names that \`Intl.PluralRules\` has for them. */
export type Translation = string | (Partial<Record<Intl.LDMLPluralRule, string>> & { readonly other: string })

/** What a language needs: each pattern's translation. */
export interface Catalogue {
${members.join('')}}

export type Pattern = keyof Catalogue
`
}

if (import.meta.main) {
  writeFileSync(file, await patternsFile())
  const { de } = await import('../server/text/languages/de.ts')
  const patterns = await allPatterns()
  console.log(`${patterns.length} patterns, ${patterns.filter((one) => !Object.hasOwn(de, one)).length} without German.`)
}
