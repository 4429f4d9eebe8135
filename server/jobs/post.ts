/** Where mail goes: to an SMTP server, or into the log where there is none. */
import { isIP } from 'node:net'
import type { Mail, Post } from '#kernel/declaration.ts'

/** An SMTP server, and whom mail comes from. */
export interface MailChoice {
  /** `smtp://` or `smtps://`, with user and password where they are needed. */
  readonly url: string
  readonly from: string
}

interface Log {
  info(about: object, message: string): void
}

const SECOND = 1000
/** A try must be over before the mail is tried again. */
const PATIENCE = { connectionTimeout: 15 * SECOND, greetingTimeout: 15 * SECOND, socketTimeout: 30 * SECOND }

const isLoopback = (host: string) => host === 'localhost' || host === '[::1]' || (isIP(host) === 4 && host.startsWith('127.'))

/** What nodemailer has to know of an SMTP server. A password is never sent in the clear, except within the machine. */
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

/** The way that mail takes. The library for it is loaded with the first one. */
export function postOf(choice: MailChoice | undefined, log: Log): Post {
  if (!choice) {
    return async ({ recipient, subject, link }) =>
      log.info({ to: recipient, subject, link: link ?? undefined }, 'mail is not sent: there is no --smtp-url')
  }
  let transport: Promise<(mail: Mail) => Promise<unknown>> | undefined
  const open = async () => {
    const { createTransport } = await import('nodemailer')
    const smtp = createTransport(optionsOf(choice.url))
    return ({ recipient, subject, text }: Mail) =>
      smtp.sendMail({
        from: choice.from,
        // As an object, so that nothing in it is read as several addresses.
        to: { name: '', address: recipient },
        subject,
        text,
        headers: { 'Auto-Submitted': 'auto-generated' },
      })
  }
  return async (mail) => {
    transport ??= open()
    await (await transport)(mail)
  }
}
