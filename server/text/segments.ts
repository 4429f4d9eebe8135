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

/** Whether there is anything to translate: a letter that is no tag, entity or code. */
const hasWords = (html: string): boolean =>
  /\p{L}/u.test(html.replace(/<code>[^<]*<\/code>|<[^>]*>|&\w+;/g, '').replaceAll(VALUE, ''))

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
    const [, before = '', middle = '', after = ''] = /^(\s*)(.*?)(\s*)$/s.exec(own) ?? []
    const [opening, inner, closing] = peeled(middle)
    asIs(before)
    if (opening !== '') {
      tag(opening)
      if (/^<code\b/.test(opening)) asIs(inner)
      else sentence(inner)
      asIs(closing)
    } else text(inner)
    asIs(after)
  }

  const whole = strings.join(VALUE)
  if (ATTRIBUTES.test(whole)) tag(whole)
  else {
    let open = ''
    for (const token of whole.match(/<[^>]*>|[^<]+/g) ?? []) {
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
