/** HTML as a value: a template that escapes whatever is put into it, unless that is such a value itself. */
import { escapeHtml } from './escape.ts'

const TEXT = Symbol('html text')

export interface Html {
  readonly [TEXT]: string
}

/** Trusted text as it stands: only for constants of our own. */
export const trusted = (text: string): Html => ({ [TEXT]: text })

const written = (part: unknown): string => {
  if (part === undefined || part === null || part === false) return ''
  if (Array.isArray(part)) return part.map(written).join('')
  return typeof part === 'object' && TEXT in part ? (part[TEXT] as string) : escapeHtml(String(part))
}

/** Builds HTML from a template. Nothing comes of undefined, null and false; a list is its parts one after another; attribute values have to be quoted. */
export function html(strings: TemplateStringsArray, ...parts: unknown[]): Html {
  let text = strings[0] as string
  for (let i = 0; i < parts.length; i++) text += written(parts[i]) + strings[i + 1]
  return trusted(text)
}

/** The text of it, to be sent. */
export const htmlText = (value: Html): string => value[TEXT]
