/** File names: what is kept of those that people send, and how they are put into headers. */

/** Characters that change how a name looks or what it does, rather than what it is. */
const UNSEEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** A name without the folders before it and without unseen characters. */
export const cleanName = (name: string): string =>
  name
    .replace(UNSEEN, '')
    .replace(/^.*[/\\]/s, '')
    .replace(/^\.{1,2}$/, '')
    .trim()

/** The value of Content-Disposition: the name in ASCII for old clients, in full for all others (RFC 6266, RFC 8187). */
export function disposition(inline: boolean, name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const full = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${inline ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${full}`
}
