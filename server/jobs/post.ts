/** Mail delivery: by an SMTP server, or to the log if none is configured. */
import { isIP } from 'node:net'
import { active } from '#db/observer.ts'
import { currentTime } from '#kernel/clock.ts'
import type { Mail } from '#kernel/declaration.ts'

/** An SMTP server, and the sender of mails. */
export interface MailChoice {
  /** `smtp://` or `smtps://`, with username and password if the server requires them. */
  readonly url: string
  readonly from: string
}

interface Log {
  info(about: object, message: string): void
}

const SECOND = 1000
/** An attempt must end before the next attempt at the same mail. */
const PATIENCE = { connectionTimeout: 15 * SECOND, greetingTimeout: 15 * SECOND, socketTimeout: 30 * SECOND }

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))

/** The options of nodemailer for an SMTP server. A password is never sent unencrypted, except to the same machine. */
function optionsOf(text: string) {
  const { protocol, hostname, port, username, password } = new URL(text)
  const auth = username === '' ? undefined : { user: decodeURIComponent(username), pass: decodeURIComponent(password) }
  const secure = protocol === 'smtps:'
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port) || (secure ? 465 : 587),
    secure,
    requireTLS: !secure && auth !== undefined && !isLoopback(hostname),
    ...(auth && { auth }),
    ...PATIENCE,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

/**
 * The function that delivers mails; it returns the response of the SMTP server, if there is one. The SMTP library is loaded with the
 * first mail.
 */
export function postOf(choice: MailChoice | undefined, log: Log): (mail: Mail) => Promise<string | undefined> {
  if (!choice) {
    return async ({ recipient, subject, link }) => {
      log.info({ to: recipient, subject, link: link ?? undefined }, 'mail not sent: --smtp-url is not set')
      return undefined
    }
  }
  let transport: Promise<(mail: Mail) => Promise<string>> | undefined
  const open = async () => {
    const { createTransport } = await import('nodemailer')
    const smtp = createTransport(optionsOf(choice.url))
    return async (mail: Mail) => (await smtp.sendMail(messageOf(mail, choice.from))).response
  }
  const { host, port } = optionsOf(choice.url)
  return (mail) =>
    active({ kind: 'mail', host, port }, async () => {
      transport ??= open()
      return (await transport)(mail)
    })
}

/** Makes sure that an SMTP server takes mails from here. Throws its error if it does not. */
export async function answering(choice: MailChoice): Promise<void> {
  const { createTransport } = await import('nodemailer')
  await createTransport(optionsOf(choice.url)).verify()
}

/** The message of nodemailer for a mail. */
const messageOf = ({ recipient, subject, text, html, calendar, id, thread, unsubscribe }: Mail, from: string) => ({
  from,
  // An object, because a text could be parsed as several addresses.
  to: { name: '', address: recipient },
  subject,
  text,
  date: currentTime(),
  ...(html && { html }),
  ...(calendar && { icalEvent: { method: calendar.method, filename: 'meeting.ics', content: calendar.text } }),
  ...(id && { messageId: id }),
  ...(thread && { inReplyTo: thread, references: thread }),
  headers: {
    'Auto-Submitted': 'auto-generated',
    // Prepared, as clients need the address in one piece.
    ...(unsubscribe && {
      'List-Unsubscribe': { prepared: true, value: `<${unsubscribe}>` },
      'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
    }),
  },
})
