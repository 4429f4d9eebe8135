/** Mounts declared operations as routes: authenticate, check the content type, parse, run, respond. */
import type { IncomingMessage } from 'node:http'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Database, UnavailableError } from '#db/database.ts'
import { API, API_READ } from '#identity/scopes.ts'
import type { Identity, Viewer } from '#kernel/access/viewer.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { type ContextServices, contextAs } from '#kernel/context.ts'
import type { Answer, ApiRequest, Context, Document, Method, Operation, Part } from '#kernel/declaration.ts'
import { ApiError, insufficientScope, notFound } from '#kernel/errors.ts'
import { readObject, stringify } from '#kernel/json.ts'
import { demandAnywhere } from '#kernel/operation.ts'
import { unpackParams } from '#kernel/read/parse.ts'
import { withReferences } from '#kernel/read/references.ts'
import { readingOnly } from '#kernel/read/represent.ts'
import { type Settings, settingsOf } from '#kernel/settings.ts'
import { alternatives, said } from '#text/messages.ts'
import { hasReferences } from '#text/references.ts'
import { send, sendError, tooLong } from './answer.ts'
import { anonymous, authenticate } from './authenticate.ts'
import { piecesOf, readText } from './body.ts'
import { preferredLanguage, speak, speakToAnybody } from './language.ts'
import { LARGEST_JSON, LARGEST_TEXT, type TimeLimits } from './limits.ts'
import { boundaryOf, readParts } from './multipart.ts'
import { bodyWithoutRoot, withRoot } from './root.ts'
import { type Found, isTooLong, type Router, routerOf } from './routing.ts'

export const PREFIX = '/api/v3'

/** The services that handlers use. */
export interface Services extends ContextServices {
  /** Whether mails reach people: without a mail server they are only logged. */
  readonly mail: boolean
  readonly times: TimeLimits
}

/** Identifies the client, by default from the headers. */
type Caller = (request: FastifyRequest, db: Database, snapshot: Snapshot, settings: Settings, now: Date) => Promise<Identity>
const byHeaders: Caller = (request, db, snapshot, settings, now) => authenticate({ request, db, snapshot, settings, now }, false)

/** For operations that need no credentials. */
const byNothing: Caller = async (_, db, snapshot) => ({ principal: await anonymous(db, snapshot) })

/** Who asks, and the id of the API token, if it was one. */
interface Asker {
  readonly viewer: Viewer
  readonly token: number | undefined
}

const callers = new WeakMap<FastifyRequest, Asker>()

/** Who sent a request; undefined until its credentials are known. */
export const callerOf = (request: FastifyRequest): Asker | undefined => callers.get(request)

const METHODS: Method[] = ['GET', 'POST', 'PATCH', 'PUT', 'DELETE']

const routers = new WeakMap<FastifyInstance, Router>()
const matches = new WeakMap<FastifyRequest, Found | undefined>()

/** The operation that a request is for, and the values in its path. */
function foundFor(request: FastifyRequest): Found | undefined {
  if (matches.has(request)) return matches.get(request)
  const path = pathBelow(request)
  const found = path === undefined ? undefined : routers.get(request.server)?.find(request.method, path)
  matches.set(request, found)
  return found
}

/** The operation that a request is for; undefined if there is none. */
export const operationIn = (request: FastifyRequest): Operation | undefined => foundFor(request)?.operation

/** The path of a request below the API, as it was sent; undefined outside the API. */
function pathBelow({ raw }: FastifyRequest): string | undefined {
  const path = decodePath(raw.url?.split('?', 1)[0] ?? '')
  return path === PREFIX || path.startsWith(`${PREFIX}/`) ? path.slice(PREFIX.length) : undefined
}

const snapshots = new WeakMap<FastifyRequest, Promise<Snapshot>>()

/** The snapshot of a request, taken on first use. */
export function snapshotFor(request: FastifyRequest, { db, cache }: Services): Promise<Snapshot> {
  let snapshot = snapshots.get(request)
  if (!snapshot) {
    snapshot = cache.snapshot(db)
    snapshots.set(request, snapshot)
  }
  return snapshot
}

/** The context of an authenticated request. Runs two statements at most, one if no cache is stale. */
export async function contextOf(request: FastifyRequest, services: Services, caller = byHeaders): Promise<Context> {
  const { db } = services
  const [path = '', search = ''] = request.raw.url?.split(/\?(.*)/s) ?? []
  const params = search === '' ? NONE : unpackParams(new URLSearchParams(search))
  const now = currentTime()
  const snapshot = await snapshotFor(request, services)
  const settings = await settingsOf(db, snapshot)
  speakToAnybody(request, settings)
  const identity = await caller(request, db, snapshot, settings, now)
  const preferred = preferredLanguage(request)
  const context = await contextAs(services, identity, { snapshot, now, path: decodePath(path), params, preferred })
  if (context.viewer.signedIn) speak(request, context.language)
  callers.set(request, { viewer: context.viewer, token: identity.token })
  return context
}

const NONE = new URLSearchParams()

/** The path in the form of links: single slashes, no trailing slash. */
const decodePath = (path: string) => path.replace(/\/{2,}/g, '/').replace(/(.)\/$/, '$1')

const mediaTypes = {
  json: ['application/json', 'application/hal+json'],
  text: ['text/plain'],
  parts: ['multipart/form-data'],
} as const satisfies Record<NonNullable<Operation['accepts']>, readonly string[]>

/** Throws unless the operation accepts the content type. GET and DELETE are not checked. */
function checkContentType(request: FastifyRequest, { method, accepts = 'json' }: Operation): void {
  if (method === 'GET' || method === 'DELETE') return
  const type = request.headers['content-type']
  if (type === undefined) throw new MissingContentType()
  const expected = mediaTypes[accepts]
  if (!expected.some((one) => type.toLowerCase().startsWith(one))) {
    throw new ApiError('TypeNotSupported', said`Expected CONTENT-TYPE to be ${alternatives(expected)} but got '${type}'.`)
  }
}

/** The only error with a plain-text response. */
class MissingContentType extends Error {}

async function answer(
  request: FastifyRequest,
  reply: FastifyReply,
  services: Services,
  { operation: one, params }: Found,
): Promise<FastifyReply> {
  // A GET commits nothing.
  const { db, meaning } = one.method === 'GET' ? { db: services.db, meaning: (error: unknown) => error } : accounted(services.db)
  const { raw } = request
  try {
    const context = await contextOf(request, services, one.open ? byNothing : byHeaders)
    const isReading = context.viewer.limits.readOnly === true
    if (isReading && one.method !== 'GET' && !one.harmless) throw beyondReading()
    checkContentType(request, one)
    if (one.guard) await demandAnywhere(context, one.guard)
    const { text, body, parts } = await sentWith(request.server, raw, one, services.times)
    const ask = { context, db: isReading ? readable(db) : db, params, body, text, parts, headers: raw.headers }
    const given = await one.run(ask)
    return await send(request, reply, await written(given, one, context, isReading))
  } catch (error) {
    if (error instanceof MissingContentType) {
      return reply.code(406).header('content-type', 'text/plain; charset=utf-8').send('Missing content-type header')
    }
    return sendError(request, reply, meaning(error))
  }
}

/** An answer whose body is text: without action links for read-only tokens, and with the references in its texts resolved. */
async function written(given: Answer, { method }: Operation, context: Context, isReading: boolean): Promise<Answer> {
  const { body } = given
  if (typeof body !== 'object') return given
  const { language } = context
  const text = stringify(isReading ? readingOnly(body, language) : body, language)
  if (!hasReferences(text)) return { ...given, body: text }
  // A write may have changed what the writer sees.
  const now = method === 'GET' ? context : await context.renewed()
  return { ...given, body: await withReferences(now, text, true) }
}

/** The body of a request in the form that the operation accepts. Files are streamed. */
async function sentWith(
  app: FastifyInstance,
  raw: IncomingMessage,
  { method, accepts }: Operation,
  times: TimeLimits,
): Promise<Pick<ApiRequest, 'text' | 'body' | 'parts'>> {
  const none = { text: '', body: {}, parts: noParts() }
  if (method === 'GET' || method === 'DELETE') return none
  if (accepts === 'parts') {
    const boundary = boundaryOf(raw.headers['content-type'] ?? '')
    return { ...none, parts: readParts(piecesOf(raw, times, times.request), boundary) }
  }
  if (accepts === 'text') return { ...none, text: await readText(raw, LARGEST_TEXT, times) }
  const text = bodyWithoutRoot(app, await readText(raw, LARGEST_JSON, times))
  return { ...none, text, body: readObject(text) }
}

const beyondReading = () => insufficientScope(API_READ, API)

/**
 * A database that records commits, and the translation of an operation's errors: if the database becomes unavailable after a
 * commit, the response must not claim that nothing has happened.
 */
function accounted(db: Database): { db: Database; meaning: (error: unknown) => unknown } {
  let hasCommitted = false
  let refusal: unknown
  const transaction: Database['transaction'] = async (work, options) => {
    try {
      const result = await db.transaction(work, options)
      hasCommitted = true
      return result
    } catch (error) {
      refusal = error
      throw error
    }
  }
  return {
    db: { ...asking(db), transaction },
    meaning: (error) =>
      hasCommitted && error instanceof UnavailableError && error !== refusal ? new UnavailableError('unknown', error) : error,
  }
}

/** A read-only database, for read-only tokens. */
const readable = (db: Database): Database => ({ ...asking(db), transaction: () => Promise.reject(beyondReading()) })

/** A database without its transactions. */
const asking = (db: Database): Omit<Database, 'transaction'> => ({
  engine: db.engine,
  all: (query) => db.all(query),
  one: (query) => db.one(query),
  state: () => db.state?.(),
  snapshot: (work) => db.snapshot(work),
  script: () => Promise.reject(beyondReading()),
  get statements() {
    return db.statements
  },
  get commits() {
    return db.commits
  },
  ready: () => db.ready(),
  close: () => Promise.reject(beyondReading()),
})

async function* noParts(): AsyncGenerator<Part> {}

async function answerDocument(
  request: FastifyRequest,
  reply: FastifyReply,
  services: Services,
  one: Document,
): Promise<FastifyReply> {
  const params = request.params as Record<string, string>
  const query = new URLSearchParams(request.raw.url?.split(/\?(.*)/s)[1])
  const caller: Caller = async (_, db) => {
    const principal = await one.caller({ db, params, query })
    if (!principal) throw notFound()
    return { principal }
  }
  try {
    return await send(request, reply, await one.run({ context: await contextOf(request, services, caller), params }))
  } catch (error) {
    return sendError(request, reply, error)
  }
}

/**
 * Mounts all operations and documents, and the responses for unknown paths.
 * @param elsewhere answers 404 for paths outside the API
 */
export function mount(
  app: FastifyInstance,
  services: Services,
  elsewhere: (request: FastifyRequest, reply: FastifyReply) => Promise<FastifyReply>,
): void {
  const { operations, documents } = services.model
  app.removeAllContentTypeParsers()
  // Handlers read the body themselves, after the authentication.
  app.addContentTypeParser('*', (_request, _body, done) => done(null))
  app.addHook('onRequest', (_request, reply, done) => {
    reply.header('link', `<${withRoot(app, `${PREFIX}/openapi.json`)}>; rel="service-desc"`)
    done()
  })

  const router = routerOf(operations)
  routers.set(app, router)
  const missing = async (request: FastifyRequest, reply: FastifyReply) => {
    try {
      const path = pathBelow(request) ?? ''
      if (isTooLong(path)) throw tooLong()
      await contextOf(request, services)
      const allowed = router.methodsOf(path)
      throw allowed.length > 0 ? methodNotAllowed(allowed) : notFound()
    } catch (error) {
      return sendError(request, reply, error)
    }
  }
  const handler = (request: FastifyRequest, reply: FastifyReply) => {
    const found = foundFor(request)
    return found ? answer(request, reply, services, found) : missing(request, reply)
  }
  for (const url of [PREFIX, `${PREFIX}/*`]) app.route({ method: METHODS, url, handler })

  for (const one of documents) {
    app.get(one.path, (request, reply) => answerDocument(request, reply, services, one))
  }

  app.setNotFoundHandler((request, reply) =>
    app.untilDone(request.url.startsWith(PREFIX) ? missing(request, reply) : elsewhere(request, reply)),
  )
}

/** 405, with the methods of the path. */
function methodNotAllowed(allowed: readonly Method[]): ApiError {
  const error = new ApiError('MethodNotAllowed')
  error.headers = { allow: [...new Set(allowed)].join(', ') }
  return error
}
