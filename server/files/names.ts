/** File names: sanitising, and encoding in headers. */

/** Invisible and control characters, which change the display or effect of a name. */
const UNSEEN = /[\p{Cc}\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu

/** A name without folders and invisible characters. */
export const cleanName = (name: string): string =>
  name
    .replace(UNSEEN, '')
    .replace(/^.*[/\\]/s, '')
    .replace(/^\.{1,2}$/, '')
    .trim()

/** The value of Content-Disposition, with an ASCII name for old clients and the full name for others (RFC 6266, RFC 8187). */
export function disposition(inline: boolean, name: string): string {
  const plain = name.replace(/[^\x20-\x7e]|["\\%]/g, '_')
  const full = encodeURIComponent(name).replace(/['()*]/g, (c) => `%${c.charCodeAt(0).toString(16).toUpperCase()}`)
  return `${inline ? 'inline' : 'attachment'}; filename="${plain}"; filename*=UTF-8''${full}`
}
