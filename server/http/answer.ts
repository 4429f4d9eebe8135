/** Sends responses: content types, compression, errors. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { deflate, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { UnavailableError } from '#db/database.ts'
import type { Answer } from '#kernel/declaration.ts'
import { ApiError, type ErrorIdentifier } from '#kernel/errors.ts'
import { stringify } from '#kernel/json.ts'
import { type Message, said } from '#text/messages.ts'
import { isByPreference, languageOf } from './language.ts'
import { textWithRoot, withRoot } from './root.ts'

export const HAL = 'application/hal+json; charset=utf-8'
const SMALLEST_COMPRESSED = 1024
/** The lowest level: three times as fast as the usual one, for a tenth more bytes. */
const LEVEL = { level: 1 }

/** The encoding to use, of those the client accepts. */
function encodingOf(request: FastifyRequest): 'gzip' | 'deflate' | undefined {
  const accepted = request.headers['accept-encoding']
  if (!accepted) return undefined
  const refused = (name: string) => new RegExp(`\\b${name}\\s*;\\s*q=0(\\.0*)?\\s*(,|$)`).test(accepted)
  if (/\bgzip\b/.test(accepted) && !refused('gzip')) return 'gzip'
  return /\bdeflate\b/.test(accepted) && !refused('deflate') ? 'deflate' : undefined
}

/** Writes the head of a response with the headers set so far. */
function writeHead(reply: FastifyReply): void {
  const { raw } = reply
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(reply.statusCode)
}

/** Adds request headers to `Vary`. */
export function varyBy(reply: FastifyReply, names: string): void {
  const known = reply.getHeader('vary')
  reply.header('vary', known ? `${known}, ${names}` : names)
}

/** Sends a body, compressed when it is large enough and the client accepts that. */
export function sendText(request: FastifyRequest, reply: FastifyReply, written: string): FastifyReply {
  varyBy(reply, 'accept-encoding')
  const text = textWithRoot(request.server, written, String(reply.getHeader('content-type') ?? ''))
  const encoding = text.length >= SMALLEST_COMPRESSED ? encodingOf(request) : undefined
  if (!encoding) return reply.send(text)
  reply.hijack()
  ;(encoding === 'gzip' ? gzip : deflate)(text, LEVEL, (error, bytes) => {
    const { raw } = reply
    if (error || raw.destroyed) return void raw.destroy()
    reply.headers({ 'content-encoding': encoding, 'content-length': bytes.length })
    writeHead(reply)
    raw.end(request.method === 'HEAD' ? undefined : bytes)
  })
  return reply
}

const heads = new WeakSet<IncomingMessage>()

/** Marks a request whose response has no body. */
export const withoutBody = (request: IncomingMessage): void => void heads.add(request)

/** Sends the response of an operation. */
export async function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  const { status = 200, headers, body, bytes } = answer
  // Opened before the head is written, because a failure needs another response.
  const stream = bytes && !heads.has(request.raw) ? Readable.from(await bytes(), { objectMode: false }) : undefined
  reply.code(status)
  const { vary, ...others } = headers ?? {}
  reply.headers(others.location === undefined ? others : { ...others, location: withRoot(request.server, others.location) })
  if (vary) varyBy(reply, vary)
  if (body !== undefined && isByPreference(request)) varyBy(reply, 'accept-language')
  if (stream) return reply.send(stream)
  if (bytes) {
    // The framework would set the length to 0 instead of the length of the content.
    reply.hijack()
    writeHead(reply)
    reply.raw.end()
    return reply
  }
  if (body === undefined) return reply.send()
  if (!headers?.['content-type']) reply.header('content-type', HAL)
  return sendText(request, reply, typeof body === 'string' ? body : stringify(body, languageOf(request)))
}

/** Translates a thrown value to an API error. An unexpected error is logged and becomes a 500 without details. */
export function errorOf(request: FastifyRequest, thrown: unknown): ApiError {
  const error = thrown instanceof ApiError ? thrown : translated(thrown)
  if (thrown instanceof UnavailableError) logUnavailable(request, thrown)
  else if (error.status >= 500) request.log.error({ err: thrown }, 'request failed')
  return error
}

/** The responses for an unavailable database, with the seconds for Retry-After. */
const unavailable: Readonly<Record<UnavailableError['kind'], readonly [ErrorIdentifier, Message, seconds?: number]>> = {
  busy: ['ServiceUnavailable', said`The database is busy. Try again in a few seconds.`, 2],
  away: ['ServiceUnavailable', said`The database is unavailable or read-only. Try again in a few seconds.`, 2],
  unknown: [
    'ServiceUnavailable',
    said`The connection to the database broke during the commit: the change may have been saved or not. Fetch the resource again before you repeat the change.`,
    2,
  ],
  full: [
    'InsufficientStorage',
    said`The server has no space left for new data. Ask an administrator to free some space, then try again.`,
    60,
  ],
  damaged: ['InternalServerError', said`The database is damaged. Ask an administrator to restore it from a backup.`],
}

/** The error for an address with a part that is longer than anything that it could name. */
export const tooLong = (): ApiError =>
  Object.assign(new ApiError('BadRequest', said`A part of the address is too long.`), { status: 414 })

/** The error codes of a full disk and an exceeded quota. */
const NO_SPACE = ['ENOSPC', 'EDQUOT']

let lastLogged = -Infinity
const LOG_EVERY_MS = 1000

/** Logs why the database is unavailable: once a second, as all requests fail for the same reason then. */
function logUnavailable(request: FastifyRequest, error: UnavailableError): void {
  if (performance.now() - lastLogged < LOG_EVERY_MS) return
  lastLogged = performance.now()
  request.log.error({ kind: error.kind, reason: (error.cause as Error | undefined)?.message }, 'the database is unavailable')
}

const refusals = new WeakMap<FastifyRequest, ErrorIdentifier>()

/** The identifier of the error that a request was answered by, if it was. */
export const refusalOf = (request: FastifyRequest): ErrorIdentifier | undefined => refusals.get(request)

/** Sends a thrown value as an API error. */
export async function sendError(request: FastifyRequest, reply: FastifyReply, thrown: unknown): Promise<FastifyReply> {
  const error = errorOf(request, thrown)
  refusals.set(request, error.identifier)
  return send(request, reply, { status: error.status, headers: { ...error.headers, 'content-type': HAL }, body: error.body })
}

function unavailableError({ kind }: Pick<UnavailableError, 'kind'>): ApiError {
  const [identifier, message, seconds] = unavailable[kind]
  const error = new ApiError(identifier, message)
  if (seconds !== undefined) error.headers = { 'retry-after': String(seconds) }
  return error
}

/** Translates the errors of the database, the file store and the HTTP framework. */
function translated(thrown: unknown): ApiError {
  if (thrown instanceof UnavailableError) return unavailableError(thrown)
  if (NO_SPACE.includes((thrown as { code?: string }).code ?? '')) return unavailableError({ kind: 'full' })
  const status = (thrown as { statusCode?: number }).statusCode
  if (status === 415) return new ApiError('TypeNotSupported')
  if (status === 414) return tooLong()
  return new ApiError(status !== undefined && status >= 400 && status < 500 ? 'BadRequest' : 'InternalServerError')
}
