/**
 * Letters: what a mail to a user says. All mails have one layout, as plain text and as HTML that needs no style sheet, in the language
 * of the recipient.
 */
import type { Row } from '#db/database.ts'
import type { Mail } from '#kernel/declaration.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import { type Html, html, htmlText } from '#text/html.ts'
import { firstLanguage, inLanguage, type Language, Message, said, type Text } from '#text/messages.ts'

/** A part of a letter; a text is a paragraph. */
export type Block =
  | Text
  /** A heading, with the address of what it names. */
  | { readonly heading: Text; readonly href?: string }
  /** A link to follow, as a button. */
  | { readonly label: Text; readonly href: string }
  /** What somebody has written, as plain text. */
  | { readonly quote: string }
  /** Names and values. */
  | { readonly facts: readonly (readonly [Text, Text])[] }
  | { readonly list: readonly Text[] }

/** What a mail says, without salutation and closing. */
export interface Letter extends Pick<Mail, 'link' | 'calendar'> {
  readonly subject: Text
  readonly blocks: readonly Block[]
  /** Names the mail among all of this server, so that a mail that is sent twice is shown once. */
  readonly id?: string
  /** Names what the mail is about; clients show mails about the same together. */
  readonly thread?: string
  /** Why it is sent, in small print. */
  readonly reason?: Text
  /** The address that stops mails of this kind. */
  readonly unsubscribe?: string
}

/** The language of mails to a user. */
export const languageOf = ({ language }: Row, { default_language }: Settings): Language =>
  firstLanguage(language, default_language)

/** The host in identifiers of mails, which contain no port. */
const domainOf = ({ host_name }: Settings): string => host_name.replace(/:\d+$/, '').replace(/[^A-Za-z0-9.-]/g, '') || 'localhost'

/** The mail with a letter to a user who has an address. */
export function mailTo(user: Row, letter: Letter, settings: Settings): Mail {
  const { link, calendar, id, thread, unsubscribe } = letter
  const language = languageOf(user, settings)
  const at = (one: string) => `<${one}@${domainOf(settings)}>`
  return {
    recipient: user.email,
    subject: inLanguage(letter.subject, language),
    text: asText(user, letter, settings, language),
    html: asHtml(user, letter, settings, language),
    ...(link && { link }),
    ...(calendar && { calendar }),
    ...(id && { id: at(id) }),
    ...(thread && { thread: at(thread) }),
    ...(unsubscribe && { unsubscribe }),
  }
}

/** Invited users have their address as a name, in two parts. */
const salutation = ({ name, last_name }: Row) => (last_name?.startsWith('@') ? said`Hello,` : said`Hello ${name},`)
const stop = said`Stop these mails`

function asText(user: Row, { blocks, reason, unsubscribe }: Letter, settings: Settings, language: Language): string {
  const words = (text: Text) => inLanguage(text, language)
  const written = (block: Block): string => {
    if (typeof block === 'string' || block instanceof Message) return words(block)
    if ('heading' in block) return [words(block.heading), ...(block.href ? [block.href] : [])].join('\n')
    if ('href' in block) return `${words(block.label)}:\n${block.href}`
    if ('quote' in block) return block.quote
    if ('facts' in block) return block.facts.map(([name, value]) => `${words(name)}: ${words(value)}`).join('\n')
    return block.list.map((one) => `- ${words(one)}`).join('\n')
  }
  const closing = [
    '-- ',
    settings.app_title,
    addressOf(settings, '/'),
    ...(reason ? [words(reason)] : []),
    ...(unsubscribe ? [`${words(stop)}: ${unsubscribe}`] : []),
  ]
  return `${[words(salutation(user)), ...blocks.map(written), closing.join('\n')].join('\n\n')}\n`
}

const TEXT = 'margin:0 0 16px'
const SMALL = 'margin:0;font-size:13px;color:#57606a'
const BUTTON =
  'display:inline-block;padding:10px 16px;background:#0b5cad;color:#ffffff;border-radius:4px;font-weight:600;text-decoration:none'

const lines = (text: string): Html => html`${text.split(/\r?\n/).map((line, i) => [i > 0 && html`<br>`, line])}`

function asHtml(user: Row, letter: Letter, settings: Settings, language: Language): string {
  const { subject, blocks, reason, unsubscribe } = letter
  const written = (block: Block): Html => {
    if (typeof block === 'string' || block instanceof Message) return html`<p style="${TEXT}">${block}</p>`
    if ('heading' in block) {
      const { heading, href } = block
      return html`<h2 style="margin:24px 0 8px;font-size:17px">${href ? html`<a href="${href}" style="color:#0b5cad">${heading}</a>` : heading}</h2>`
    }
    if ('href' in block) return html`<p style="${TEXT}"><a href="${block.href}" style="${BUTTON}">${block.label}</a></p>`
    if ('quote' in block)
      return html`<blockquote style="margin:0 0 16px;padding:0 0 0 12px;border-left:3px solid #d5d9de">${lines(block.quote)}</blockquote>`
    if ('facts' in block)
      return html`<p style="${TEXT}">${block.facts.map(
        ([name, value], i) => html`${i > 0 && html`<br>`}<strong>${name}:</strong> ${value}`,
      )}</p>`
    return html`<ul style="margin:0 0 16px;padding:0 0 0 20px">${block.list.map((one) => html`<li>${one}</li>`)}</ul>`
  }
  const page = html`<!doctype html>
<html lang="${language}">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${subject}</title></head>
<body style="margin:0;padding:16px;font-family:system-ui,sans-serif;font-size:16px;line-height:1.5;color:#1c2127;background:#ffffff">
<div style="max-width:600px;margin:0 auto">
<p style="${TEXT}">${salutation(user)}</p>
${blocks.map(
  (block) => html`${written(block)}
`,
)}<hr style="margin:24px 0 16px;border:0;border-top:1px solid #d5d9de">
<p style="${SMALL}"><a href="${addressOf(settings, '/')}" style="color:#57606a">${settings.app_title}</a>${
    reason && html`<br>${reason}`
  }${unsubscribe && html`<br><a href="${unsubscribe}" style="color:#57606a">${stop}</a>`}</p>
</div>
</body>
</html>
`
  return htmlText(page, language)
}
