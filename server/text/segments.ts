/** The texts in a template of HTML: what a catalogue has in its language, so that pages need not mark their sentences. */

/** A part of a template: HTML as it stands, a text to be translated, or the value at a place. */
export type Segment =
  | { readonly html: string }
  | { readonly value: number }
  | { readonly pattern: string; readonly values: readonly number[] }

/** Stands for a value while a template is taken apart; no template contains it. */
const VALUE = '\u{F0000}'

/** Elements that are part of a sentence. All others end it. */
const INLINE = /^<\/?(a|abbr|b|br|code|em|i|small|span|strike|strong|time)\b/i
/** Attributes that people read. */
const READ = /(\s(?:aria-label|alt|data-label|placeholder|title)=")([^"]*)(")/g
/** A template that is some attributes of an element. */
const ATTRIBUTES = /^(\s+([a-z-]+="[^"]*"|autofocus|checked|disabled|hidden|multiple|open|required|selected))+\s*$/

/** The tags and the texts between them. */
function tokensOf(html: string): string[] {
  const tokens: string[] = []
  for (let at = 0; at < html.length; ) {
    const tag = html.startsWith('<', at)
    const end = html.indexOf(tag ? '>' : '<', at + 1)
    const next = end < 0 ? html.length : tag ? end + 1 : end
    tokens.push(html.slice(at, next))
    at = next
  }
  return tokens
}

/** Whether there is anything to translate: a letter that is no tag, entity or code. */
function hasWords(html: string): boolean {
  let isCode = false
  return tokensOf(html).some((token) => {
    if (token.startsWith('<')) isCode = token.startsWith('<code')
    return !isCode && !token.startsWith('<') && /\p{L}/u.test(token.replace(/&[a-z]{1,9};/g, '').replaceAll(VALUE, ''))
  })
}

/** Takes a template apart. @param strings its literal parts */
export function segmentsOf(strings: readonly string[]): Segment[] {
  const found: Segment[] = []
  let place = 0
  const asIs = (html: string) => {
    for (const [i, text] of html.split(VALUE).entries()) {
      if (i > 0) found.push({ value: place++ })
      if (text !== '') found.push({ html: text })
    }
  }
  const text = (own: string) => {
    if (!hasWords(own)) return asIs(own)
    const values: number[] = []
    const pattern = own.replace(/\s+/g, ' ').replaceAll(VALUE, () => `{${values.push(place++) - 1}}`)
    found.push({ pattern, values })
  }
  const tag = (own: string) => {
    let rest = 0
    for (const match of own.matchAll(READ)) {
      asIs(own.slice(rest, match.index) + match[1])
      text(match[2] as string)
      rest = match.index + (match[1] as string).length + (match[2] as string).length
    }
    asIs(own.slice(rest))
  }
  const sentence = (own: string) => {
    const middle = own.trim()
    const start = own.indexOf(middle)
    const [opening, inner, closing] = peeled(middle)
    asIs(own.slice(0, start))
    if (opening !== '') {
      tag(opening)
      if (/^<code\b/.test(opening)) asIs(inner)
      else sentence(inner)
      asIs(closing)
    } else text(inner)
    asIs(own.slice(start + middle.length))
  }

  const whole = strings.join(VALUE)
  if (ATTRIBUTES.test(whole)) tag(whole)
  else {
    let open = ''
    for (const token of tokensOf(whole)) {
      if (!token.startsWith('<') || INLINE.test(token)) {
        open += token
        continue
      }
      if (open !== '') sentence(open)
      open = ''
      tag(token)
    }
    if (open !== '') sentence(open)
  }
  return found
}

/** What stands within the one element that a text consists of, between its tags. */
function peeled(html: string): [opening: string, inner: string, closing: string] {
  const [opening = '', name = ''] = /^<([a-z]+)\b[^>]*>/.exec(html) ?? []
  const closing = `</${name}>`
  const inner = html.slice(opening.length, -closing.length)
  const isWhole =
    opening !== '' && html.endsWith(closing) && html.length >= opening.length + closing.length && !inner.includes(closing)
  return isWhole ? [opening, inner, closing] : ['', html, '']
}
