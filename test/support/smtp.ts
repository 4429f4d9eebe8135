/** An SMTP server for tests: accepts or rejects mail, and stores it. */
import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'

export interface Smtp {
  readonly url: string
  /** The recipient and the text of each mail. */
  readonly mails: { readonly to: string[]; readonly data: string }[]
  /** Rejects every mail from now on, or accepts them again. */
  refuse(refusing: boolean): void
  close(): void
}

/** Starts a server on a free port. */
export async function smtpServer(): Promise<Smtp> {
  const mails: { to: string[]; data: string }[] = []
  let refusing = false
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    let [text, to, isData] = ['', [] as string[], false]
    const say = (line: string) => void socket.write(`${line}\r\n`)
    say('220 test')
    socket.on('error', () => {})
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
      for (;;) {
        const end = text.indexOf(isData ? '\r\n.\r\n' : '\r\n')
        if (end < 0) return
        const part = text.slice(0, end)
        text = text.slice(end + (isData ? 5 : 2))
        if (isData) {
          isData = false
          if (!refusing) mails.push({ to, data: part })
          to = []
          say(refusing ? '451 not now' : '250 taken')
        } else if (/^data$/i.test(part)) {
          isData = true
          say('354 go on')
        } else if (/^quit$/i.test(part)) {
          say('221 bye')
          socket.end()
        } else if (/^starttls$/i.test(part)) {
          say('502 not here')
        } else {
          const [, address] = /^rcpt to:<(.*)>/i.exec(part) ?? []
          if (address !== undefined) to.push(address)
          say('250 fine')
        }
      }
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`,
    mails,
    refuse: (value) => {
      refusing = value
    },
    close: () => {
      for (const socket of sockets) socket.destroy()
      server.close()
    },
  }
}
