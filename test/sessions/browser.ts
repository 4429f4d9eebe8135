/** A browser, as far as sessions are concerned: it keeps cookies and sends its origin. */
import { type Client, client, type Reply } from '#test/instance.ts'

export interface Browser {
  /** Its cookies, as a header. */
  cookie: string
  get(path: string, headers?: Record<string, string>): Promise<Reply>
  /** Sends a form, by default from a page of the same origin. */
  submit(path: string, fields?: Record<string, string>, headers?: Record<string, string>): Promise<Reply>
  signIn(username: string, password: string, more?: Record<string, string>): Promise<Reply>
  /** The user of its API requests; undefined if it has to sign in. */
  me(): Promise<number | undefined>
}

export function browser(url: string): Browser {
  const { send }: Client = client(url)
  const visit = async (method: string, path: string, headers: Record<string, string>, body?: string) => {
    const reply = await send(method, path, {
      headers: { ...(it.cookie && { cookie: it.cookie }), ...headers },
      ...(body !== undefined && { body }),
    })
    for (const set of reply.headers.getSetCookie()) {
      const [name = '', value = ''] = (set.split(';')[0] as string).split('=')
      if (/max-age=0/i.test(set)) jar.delete(name)
      else jar.set(name, value)
    }
    return reply
  }
  const jar = new Map<string, string>()
  const it: Browser = {
    get cookie() {
      return [...jar].map((pair) => pair.join('=')).join('; ')
    },
    set cookie(text) {
      jar.clear()
      for (const pair of text.split('; ').filter(Boolean)) jar.set(...(pair.split('=') as [string, string]))
    },
    get: (path, headers = {}) => visit('GET', path, headers),
    submit: (path, fields = {}, headers = { origin: url, 'sec-fetch-site': 'same-origin' }) =>
      visit(
        'POST',
        path,
        { 'content-type': 'application/x-www-form-urlencoded', ...headers },
        new URLSearchParams(fields).toString(),
      ),
    signIn: (username, password, more = {}) => it.submit('/login', { username, password, ...more }),
    me: async () => {
      const { status, body } = await it.get('/api/v3/users/me')
      return status === 200 ? body.id : undefined
    },
  }
  return it
}
