/**
 * The client for requests to other servers whose addresses users or other servers name. A host name is resolved once, and the
 * connection goes to the addresses that were checked, so that no second answer of a name server can lead elsewhere (DNS
 * rebinding). Time and size are limited, and redirects are not followed: they are an answer like any other.
 */
import { promises as dns, type LookupAddress } from 'node:dns'
import type { ClientRequest } from 'node:http'
import { request as requestHttps } from 'node:https'
import { isIP, type LookupFunction } from 'node:net'
import type { Database } from '#db/database.ts'
import { active } from '#db/observer.ts'
import { http } from '#files/http.ts'
import { hostOf, type Permission, permitting } from './addresses.ts'

/** Milliseconds for a whole exchange, unless said otherwise. */
const PATIENCE = 5_000
/** Bytes of the largest response, unless said otherwise. */
const LARGEST = 4 * 1024 * 1024

/** No response: the address is refused, the host is unreachable, or the response is too slow or too large. */
export class Unreachable extends Error {
  /** Whether the address may not be contacted at all. */
  readonly isRefused: boolean
  constructor(message: string, { cause, isRefused = false }: { cause?: unknown; isRefused?: boolean } = {}) {
    super(message, { cause })
    this.isRefused = isRefused
  }
}

export interface AskOptions {
  /** Milliseconds for the whole exchange. */
  readonly patience?: number
  /** The largest response in bytes. */
  readonly largest?: number
  /** Hosts that the operator has configured for this purpose: they may be anywhere. */
  readonly trusted?: readonly string[]
}

/** Requests to other servers. Not to be used while a transaction runs. */
export interface Outgoing {
  /**
   * Sends a request by HTTP or HTTPS.
   * @returns the whole response, redirects and errors included
   * @throws Unreachable without a response within the limits, and for addresses that may not be contacted
   */
  ask(address: string | URL, request?: RequestInit, options?: AskOptions): Promise<Response>
}

/** Resolves a host name to all its addresses. */
export type Resolve = (host: string) => Promise<readonly LookupAddress[]>

const system: Resolve = (host) => dns.lookup(host, { all: true, verbatim: true })

/**
 * A client.
 * @param allow hosts and networks that may be contacted besides public addresses
 * @param resolve the resolver of names; the system's by default
 */
export function outgoing({ allow = [], resolve = system }: { allow?: readonly string[]; resolve?: Resolve } = {}): Outgoing {
  const permitted = permitting(allow)
  return {
    ask: async (address, request = {}, { patience = PATIENCE, largest = LARGEST, trusted = [] } = {}) => {
      const url = URL.parse(address)
      if (!url || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '')
        throw new Unreachable('The address is no plain HTTP or HTTPS address.', { isRefused: true })
      const mayReach: Permission = (host, at) => trusted.some((one) => one.toLowerCase() === host) || permitted(host, at)
      return active({ kind: 'exchange', method: request.method ?? 'GET', url }, async (headers) => {
        const ending = new AbortController()
        const timer = setTimeout(() => ending.abort(new Error('The request timed out.')), patience)
        try {
          const places = await within(ending.signal, placesOf(url, resolve, mayReach))
          return await exchange(url, request, places, { headers, largest, signal: ending.signal })
        } catch (cause) {
          if (cause instanceof Unreachable) throw cause
          throw new Unreachable(`${url.origin} does not respond correctly.`, { cause })
        } finally {
          clearTimeout(timer)
        }
      })
    },
  }
}

/** The addresses to connect to. Throws Unreachable if none may be contacted. */
async function placesOf(url: URL, resolve: Resolve, mayReach: Permission): Promise<readonly LookupAddress[]> {
  const host = hostOf(url)
  const version = isIP(host)
  const found = version === 0 ? await resolve(host) : [{ address: host, family: version }]
  const places = found.filter(({ address }) => mayReach(host, address))
  if (places.length > 0) return places
  throw new Unreachable(
    `${url.origin} is not reached at a public address. An operator can allow it: halyard serve --outgoing-allow ${host}`,
    { isRefused: true },
  )
}

/** Waits for work no longer than until the signal. */
const within = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, reject) => signal.addEventListener('abort', () => reject(signal.reason), { once: true })),
  ])

/** Sends a request to one of these addresses, and reads the response. */
async function exchange(
  url: URL,
  init: RequestInit,
  places: readonly LookupAddress[],
  { headers, largest, signal }: { headers: Readonly<Record<string, string>>; largest: number; signal: AbortSignal },
): Promise<Response> {
  // Fetch's own class understands all forms of headers and bodies.
  const { redirect: _, signal: __, ...own } = init
  const asked = new Request(url, own)
  const body = asked.body === null ? undefined : Buffer.from(await asked.arrayBuffer())
  // Neither a second resolution nor a shared connection: it leads to the addresses that were checked.
  const lookup: LookupFunction = (_host, options, found) => {
    const [first] = places
    if (options.all) found(null, [...places])
    else if (first) found(null, first.address, first.family)
  }
  const request: ClientRequest = (url.protocol === 'https:' ? requestHttps : http.request)(url, {
    method: asked.method,
    headers: {
      'user-agent': 'Halyard',
      ...Object.fromEntries(asked.headers),
      ...headers,
      'accept-encoding': 'identity',
      ...(body !== undefined && { 'content-length': String(body.length) }),
    },
    agent: false,
    lookup,
    signal,
  })
  const { promise, resolve, reject } = Promise.withResolvers<Response>()
  request.on('error', reject)
  request.on('response', (response) => {
    const chunks: Buffer[] = []
    let size = 0
    response.on('error', reject)
    response.on('data', (chunk: Buffer) => {
      size += chunk.length
      if (size > largest) reject(new Error('The response is too large.'))
      else chunks.push(chunk)
    })
    response.on('end', () => {
      const headers = new Headers()
      for (let i = 0; i < response.rawHeaders.length; i += 2)
        headers.append(response.rawHeaders[i] as string, response.rawHeaders[i + 1] as string)
      const status = response.statusCode as number
      if (status < 200 || status > 599) reject(new Error(`The response has the status ${status}.`))
      else resolve(new Response(size > 0 ? Buffer.concat(chunks) : null, { status, headers }))
    })
  })
  request.end(body)
  try {
    return await promise
  } finally {
    request.destroy()
  }
}

/** `fetch` for a server that the operator has configured, such as a store of attachments. */
export const fetchConfigured = (url: URL, request: RequestInit & { method: string }): Promise<Response> =>
  active({ kind: 'exchange', method: request.method, url }, (headers) =>
    fetch(url, { ...request, headers: { ...Object.fromEntries(new Headers(request.headers)), ...headers } }),
  )

const clients = new WeakMap<Database, Outgoing>()

/** Sets the client of a server, by its database. */
export const useOutgoing = (db: Database, client: Outgoing): void => void clients.set(db, client)

/** The client of a server, by its database; one without allowed hosts if none has been set. */
export const outgoingOf = (db: Database): Outgoing => clients.getOrInsertComputed(db, () => outgoing())
