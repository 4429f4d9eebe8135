/** Raw connections to a server: any bytes, well-formed or not, and all responses until the connection ends. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'

export interface RawAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  /** The body, parsed if it is JSON. */
  readonly body: any
}

export interface Connection {
  readonly socket: Socket
  send(text: string): void
  /** The bytes received so far. */
  received(): string
  /** Waits until a text has come. */
  until(text: string): Promise<void>
  /** Waits until the server has ended the connection; gives all responses. */
  ended(): Promise<RawAnswer[]>
}

/** Connects to the server at `url`. */
export async function connection(url: string): Promise<Connection> {
  const { hostname, port } = new URL(url)
  const socket = connect(Number(port), hostname)
  // A server may reset the connection while bytes are still being sent.
  socket.on('error', () => {})
  let text = ''
  socket.setEncoding('latin1').on('data', (chunk: string) => {
    text += chunk
  })
  const closed = new Promise((done) => socket.once('close', done))
  await once(socket, 'connect')
  return {
    socket,
    send: (bytes) => void socket.write(bytes, 'latin1'),
    received: () => text,
    until: async (wanted) => {
      while (!text.includes(wanted)) {
        if (socket.destroyed) throw new Error(`The connection ended before ${JSON.stringify(wanted)} came: ${text}`)
        await Promise.race([new Promise((done) => socket.once('data', done)), closed])
      }
    },
    ended: async () => {
      await closed
      return answersIn(text)
    },
  }
}

/** Sends a text and waits until the server ends the connection. */
export async function exchange(url: string, text: string): Promise<RawAnswer[]> {
  const opened = await connection(url)
  opened.send(text)
  return opened.ended()
}

/** Consecutive responses with a Content-Length each. */
function answersIn(text: string): RawAnswer[] {
  const answers: RawAnswer[] = []
  for (let rest = text; rest !== ''; ) {
    const end = rest.indexOf('\r\n\r\n') + 4
    const [first = '', ...lines] = rest.slice(0, end - 4).split('\r\n')
    const headers = Object.fromEntries(
      lines.map((line) => line.split(/: (.*)/, 2) as [string, string]).map(([k, v]) => [k.toLowerCase(), v]),
    )
    const content = rest.slice(end, end + Number(headers['content-length'] ?? 0))
    rest = rest.slice(end + content.length)
    const body = /json/.test(headers['content-type'] ?? '') ? JSON.parse(content) : content
    answers.push({ status: Number(first.split(' ')[1]), headers, body })
  }
  return answers
}
