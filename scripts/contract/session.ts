/** A session with the server under test: every response is judged, and every address in it recorded. */
import type { Operation } from './compare.ts'
import { shapeOf } from './compare.ts'
import type { Answer, Judge, Violation } from './validate.ts'

/**
 * The expected response: success (below 400), any documented response, a rejection (4xx), or exactly one status.
 * `body` is sent as JSON unless it is text or a form; `contentType: null` sends none.
 */
export type Request = {
  body?: unknown
  contentType?: string | null
  query?: string
  token?: string
  expect?: 'success' | 'documented' | 'refusal' | number
}

/** A response, its body parsed if it is JSON. */
export type Reply = { status: number; body: any }

export type Session = ReturnType<typeof openSession>

// The ids of these two contain slashes: `work_packages/create/p1-3`.
const slashedIds = /^\/api\/v3\/(actions|capabilities)\/\{[^}]*\}$/

/**
 * Opens a session for the owner of `token` with the `present` operations; `paths` are all paths of the server, also those
 * beyond the official document.
 */
export function openSession(server: { url: string; token: string }, present: Operation[], paths: string[], judge: Judge) {
  const operations = new Map(present.map((operation) => [operation.name, operation]))
  const ways = waysOf(paths)
  const violations: Violation[] = []
  const succeeded = new Set<string>()
  const links = new Map<string, Set<string>>()
  const members = new Map<string, Set<string>>()
  const asked = new Set<string>()
  const complain = (operation: string, url: string, message: string): void => {
    violations.push({ operation, url, pointer: '', message })
  }

  /** Sends a request to `target`, a path with its query; undefined without a response. */
  async function send(operation: Operation, target: string, request: Request = {}): Promise<Reply | undefined> {
    const { expect = 'success' } = request
    asked.add(`${operation.name} ${target}`)
    const answer = await fetchAnswer(server, operation.method, target, request).catch((error) => {
      complain(operation.name, target, `no answer: ${error.message}`)
    })
    if (!answer) return undefined
    const reply = { status: answer.status, body: parsed(answer.text) }
    const wanted = {
      success: answer.status < 400,
      documented: String(answer.status) in operation.definition.responses,
      refusal: answer.status >= 400 && answer.status < 500,
    }
    if (typeof expect === 'number' ? answer.status !== expect : !wanted[expect]) {
      complain(
        operation.name,
        target,
        `expected ${expect}, got ${answer.status} ${[reply.body?.message ?? ''].flat().join(' ')}`.trim(),
      )
    }
    violations.push(...judge(operation, answer))
    if (answer.status < 400) {
      succeeded.add(operation.name)
      remember(reply.body)
    }
    return reply
  }

  /** Sends a request to the operation `name`, its path filled with `ids`; undefined when the operation is not present. */
  async function call(name: string, ids: (string | number)[] = [], request: Request = {}): Promise<Reply | undefined> {
    const operation = operations.get(name)
    if (!operation || ids.includes('')) return undefined
    const values = ids.map((id) => encodeURIComponent(id))
    const path = operation.path.replaceAll(/\{[^}]*\}/g, () => values.shift()!)
    return send(operation, path + (request.query ? `?${request.query}` : ''), request)
  }

  function remember(node: any): void {
    if (typeof node !== 'object' || node === null) return
    if (typeof node.href === 'string' && !node.templated && !node.href.includes('{'))
      rememberLink(node.href, node.method ?? 'get')
    for (const value of Object.values(node)) remember(value)
  }

  function rememberLink(href: string, method: string): void {
    const [path = ''] = href.split('?')
    const way = ways.find(({ pattern }) => pattern.test(path))
    if (!way) return
    if (method.toLowerCase() === 'get') put(links, shapeOf(way.path), href)
    const shape = way.path.split('/')
    const segments = path.split('/')
    for (const [index, part] of shape.entries()) {
      if (!part.startsWith('{')) continue
      const end = index + 1 === shape.length ? undefined : index + 1
      const place = shapeOf(shape.slice(0, end).join('/'))
      const known = segments.slice(0, end).join('/')
      put(members, place, known)
      const workspace = /^\/api\/v3\/(projects|programs|portfolios)\/(?=[^/]+$)/
      if (workspace.test(known)) put(members, '/api/v3/workspaces/{}', known.replace(workspace, '/api/v3/workspaces/'))
    }
  }

  return {
    operations,
    violations,
    succeeded,
    send,
    /** Posts to a path that the official document does not have; undefined without a response. */
    post: async (target: string, body: unknown): Promise<Reply | undefined> => {
      const answer = await fetchAnswer(server, 'post', target, { body }).catch(() => undefined)
      return answer && { status: answer.status, body: parsed(answer.text) }
    },
    call,
    complain,
    /** Records `href` as if the server had linked to it by another method than GET. */
    suppose: (href: string): void => rememberLink(href, 'supposed'),
    /** The addresses of `operation` in the server's own links. */
    linked: (operation: Operation): string[] => [...(links.get(shapeOf(operation.path)) ?? [])],
    /** The known resources of a `place`, a path shape ending in a parameter such as `/api/v3/types/{}`. */
    known: (place: string): string[] => [...(members.get(place) ?? [])],
    wasAsked: (operation: Operation, target: string): boolean => asked.has(`${operation.name} ${target}`),
  }
}

/** Paths as patterns, those with more literal text first, so that `/users/schema` is not taken for a user. */
function waysOf(paths: string[]) {
  const literal = (path: string) => shapeOf(path).replaceAll('{}', '').length
  return paths
    .toSorted((a, b) => literal(b) - literal(a))
    .map((path) => {
      const parameter = slashedIds.test(path) ? '.+' : '[^/]+'
      const source = path
        .split(/\{[^}]*\}/)
        .map((text) => RegExp.escape(text))
        .join(parameter)
      return { path, pattern: new RegExp(`^${source}$`) }
    })
}

async function fetchAnswer(
  server: { url: string; token: string },
  method: string,
  target: string,
  request: Request,
): Promise<Answer> {
  const { body } = request
  const ready = body === undefined || typeof body === 'string' || body instanceof FormData
  const headers = new Headers({ Authorization: `Basic ${btoa(`apikey:${request.token ?? server.token}`)}` })
  const json = method === 'get' || body instanceof FormData ? null : 'application/json'
  const contentType = request.contentType === undefined ? json : request.contentType
  if (contentType) headers.set('Content-Type', contentType)
  const ask = (url: URL) =>
    fetch(url, {
      method: method.toUpperCase(),
      headers,
      body: ready ? ((body as string | FormData | undefined) ?? null) : JSON.stringify(body),
      redirect: 'manual',
      signal: AbortSignal.timeout(30_000),
    })
  let response = await ask(new URL(target, server.url))
  // Clients follow these automatically and keep the method; 302 and 303 are responses in their own right.
  if ([301, 307, 308].includes(response.status)) {
    const next = new URL(response.headers.get('Location') ?? '', server.url)
    if (next.origin === new URL(server.url).origin) response = await ask(next)
  }
  const contentTypeAnswered = response.headers.get('Content-Type') ?? ''
  return { url: target, status: response.status, contentType: contentTypeAnswered, text: await response.text() }
}

function parsed(text: string): any {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function put(map: Map<string, Set<string>>, key: string, value: string): void {
  if (!map.has(key)) map.set(key, new Set())
  map.get(key)!.add(value)
}
