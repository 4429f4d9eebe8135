/** HTML as a value: a template that escapes its parts, except for parts that are HTML values. */
import { escapeHtml } from './escape.ts'

const TEXT = Symbol('html text')

export interface Html {
  readonly [TEXT]: string
}

/** Trusted HTML: only for constants of our own. */
export const trusted = (text: string): Html => ({ [TEXT]: text })

const written = (part: unknown): string => {
  if (part === undefined || part === null || part === false) return ''
  if (Array.isArray(part)) return part.map(written).join('')
  return typeof part === 'object' && TEXT in part ? (part[TEXT] as string) : escapeHtml(String(part))
}

/** Builds HTML from a template. Omits undefined, null and false; concatenates lists. Attribute values have to be quoted. */
export function html(strings: TemplateStringsArray, ...parts: unknown[]): Html {
  let text = strings[0] as string
  for (let i = 0; i < parts.length; i++) text += written(parts[i]) + strings[i + 1]
  return trusted(text)
}

/** The text of an HTML value. */
export const htmlText = (value: Html): string => value[TEXT]
