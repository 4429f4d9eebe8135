/** An SMTP server for tests: accepts or rejects mail, and reads it as mail programs do. */
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { buffer } from 'node:stream/consumers'
import PostalMime, { type Email } from 'postal-mime'
import { SMTPServer } from 'smtp-server'

/** A mail that has arrived. */
export interface Arrived extends Email {
  /** The recipients of its envelope. */
  readonly recipients: readonly string[]
  /** The mail as it came. */
  readonly data: string
}

export interface Smtp {
  readonly url: string
  readonly mails: Arrived[]
  /** Rejects every mail from now on, or accepts them again. */
  refuse(refusing: boolean): void
  close(): void
}

/** The value of a header; undefined without it. */
export const headerOf = ({ headers }: Email, key: string): string | undefined =>
  headers.find((header) => header.key === key.toLowerCase())?.value

/** Starts a server on a free port. */
export async function smtpServer(): Promise<Smtp> {
  const mails: Arrived[] = []
  let refusing = false
  const smtp = new SMTPServer({
    authOptional: true,
    disabledCommands: ['AUTH', 'STARTTLS'],
    disableReverseLookup: true,
    onData: async (stream, { envelope }, done) => {
      const data = (await buffer(stream)).toString('utf8')
      if (refusing) return done(Object.assign(new Error('not now'), { responseCode: 451 }))
      mails.push({ ...(await PostalMime.parse(data)), recipients: envelope.rcptTo.map(({ address }) => address), data })
      done()
    },
  })
  smtp.on('error', () => {})
  const server = smtp.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    refuse: (value) => {
      refusing = value
    },
    close: () => smtp.close(),
  }
}
