/** A client that starts at a few entry points and follows links: it rejects requests to all other addresses. */
import assert from 'node:assert/strict'
import type { Client, Reply } from '#test/instance.ts'

/** Entry points: the root, and addresses without links to them. */
export const entryPoints = {
  root: '/api/v3',
  projects: '/api/v3/projects',
  membership: '/api/v3/memberships/form',
  query: '/api/v3/queries/default',
  days: '/api/v3/days',
} as const

export interface Browser {
  /** The response of an entry point. */
  open(entry: keyof typeof entryPoints): Promise<any>
  /** The target of a link in a response. */
  follow(from: any, rel: string): Promise<any>
  /** The target of any link seen so far. */
  visit(link: { href: string }): Promise<any>
  /** Follows an action link with its method. */
  act(from: any, rel: string, body?: unknown): Promise<any>
  /** The same, for an expected rejection. */
  attempt(from: any, rel: string, body?: unknown): Promise<Reply>
  /** Creates a resource in a list seen so far, or uploads to it. */
  add(list: { href: string }, body: object): Promise<any>
}

/** Acts as a client. */
export function browser(client: Client): Browser {
  const met = new Set<string>(Object.values(entryPoints))
  /** Every address in a response may be visited. */
  const remember = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    for (const [key, one] of Object.entries(value)) {
      if (key === 'href' && typeof one === 'string') met.add(one)
      else remember(one)
    }
  }
  const send = async (method: string, href: string, body?: unknown): Promise<Reply> => {
    assert.ok(met.has(href), `${href} was offered nowhere`)
    const isForm = body instanceof FormData
    const reply = await client.send(method, href, {
      ...(body !== undefined && { body: isForm ? body : JSON.stringify(body) }),
      headers: body === undefined || isForm ? {} : { 'content-type': 'application/json' },
    })
    remember(reply.body)
    return reply
  }
  const done = (reply: Reply): any => {
    assert.ok(reply.status < 300, `${reply.status} ${reply.text}`)
    return reply.body ?? reply.text
  }
  const linkOf = (from: any, rel: string) => {
    const link = from._links[rel]
    assert.ok(link?.href, `${from._type} offers no ${rel}, but ${Object.keys(from._links).join(', ')}`)
    return link
  }
  const attempt: Browser['attempt'] = (from, rel, body) => {
    const { href, method = 'get' } = linkOf(from, rel)
    return send(method.toUpperCase(), href, method === 'get' ? undefined : (body ?? {}))
  }
  return {
    open: async (entry) => done(await send('GET', entryPoints[entry])),
    follow: async (from, rel) => done(await send('GET', linkOf(from, rel).href)),
    visit: async ({ href }) => done(await send('GET', href)),
    act: async (from, rel, body) => done(await attempt(from, rel, body)),
    attempt,
    add: async ({ href }, body) => done(await send('POST', href, body)),
  }
}

/** The element with this name. */
export function called(name: string, list: readonly any[]): any {
  const found = list.find((one) => [one.name, one.title, one.subject].includes(name))
  assert.ok(found, `There is no ${name}, but ${list.map((one) => one.name ?? one.title ?? one.subject).join(', ')}`)
  return found
}

export const elements = (collection: any): any[] => collection._embedded.elements

/** A link to a resource. */
export const to = (resource: any): { href: string } => ({ href: resource._links.self.href })
