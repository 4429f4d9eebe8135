/** Sending: content types, compression, errors. */
import type { IncomingMessage } from 'node:http'
import { Readable } from 'node:stream'
import { deflate, gzip } from 'node:zlib'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { UnavailableError } from '#db/database.ts'
import type { Answer } from '#kernel/declaration.ts'
import { ApiError, type ErrorIdentifier } from '#kernel/errors.ts'
import { stringify } from '#kernel/json.ts'

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

/** Begins an answer by hand, with what has been said of it so far. */
function writeHead(reply: FastifyReply): void {
  const { raw } = reply
  for (const [name, value] of Object.entries(reply.getHeaders())) if (value !== undefined) raw.setHeader(name, value)
  raw.writeHead(reply.statusCode)
}

/** Says that the answer depends on these headers of the request as well. */
export function varyBy(reply: FastifyReply, names: string): void {
  const known = reply.getHeader('vary')
  reply.header('vary', known ? `${known}, ${names}` : names)
}

/** Sends a body, compressed when it is large enough and the client accepts that. */
export function sendText(request: FastifyRequest, reply: FastifyReply, text: string): FastifyReply {
  varyBy(reply, 'accept-encoding')
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

/** Remembers of a request that it is to be answered without a body. */
export const withoutBody = (request: IncomingMessage): void => void heads.add(request)

/** Sends what an operation answered. */
export async function send(request: FastifyRequest, reply: FastifyReply, answer: Answer): Promise<FastifyReply> {
  const { status = 200, headers, body, bytes } = answer
  // Opened first: what cannot be opened has to be answered otherwise.
  const stream = bytes && !heads.has(request.raw) ? Readable.from(await bytes(), { objectMode: false }) : undefined
  reply.code(status)
  const { vary, ...others } = headers ?? {}
  reply.headers(others)
  if (vary) varyBy(reply, vary)
  if (stream) return reply.send(stream)
  if (bytes) {
    // The framework would say that there are no bytes, rather than how many there would be.
    reply.hijack()
    writeHead(reply)
    reply.raw.end()
    return reply
  }
  if (body === undefined) return reply.send()
  if (!headers?.['content-type']) reply.header('content-type', HAL)
  return sendText(request, reply, typeof body === 'string' ? body : stringify(body))
}

/** Whatever was thrown, as an answer; what is none is logged and becomes a 500 that says nothing of it. */
export function errorOf(request: FastifyRequest, thrown: unknown): ApiError {
  const error = thrown instanceof ApiError ? thrown : translated(thrown)
  if (thrown instanceof UnavailableError) tellOnce(request, thrown)
  else if (error.status >= 500) request.log.error({ err: thrown }, 'request failed')
  return error
}

/** What an unavailable database is answered with, and in how many seconds it is worth trying again. */
const unavailable: Readonly<Record<UnavailableError['kind'], readonly [ErrorIdentifier, seconds?: number]>> = {
  busy: ['ServiceUnavailable', 2],
  away: ['ServiceUnavailable', 2],
  unknown: ['ServiceUnavailable', 2],
  full: ['InsufficientStorage', 60],
  damaged: ['InternalServerError'],
}

/** What a folder says when there is no space left for a file, or for more of this user's. */
const NO_SPACE = ['ENOSPC', 'EDQUOT']

let lastTold = -Infinity
const TELL_EVERY_MS = 1000

/** Logs why the database is unavailable: once a second, as all requests fail for the same reason then. */
function tellOnce(request: FastifyRequest, error: UnavailableError): void {
  if (performance.now() - lastTold < TELL_EVERY_MS) return
  lastTold = performance.now()
  request.log.error({ kind: error.kind, reason: (error.cause as Error | undefined)?.message }, 'the database is unavailable')
}

/** Sends whatever was thrown. */
export async function sendError(request: FastifyRequest, reply: FastifyReply, thrown: unknown): Promise<FastifyReply> {
  const error = errorOf(request, thrown)
  return send(request, reply, { status: error.status, headers: { ...error.headers, 'content-type': HAL }, body: error.body })
}

function unavailableError({ kind, message }: UnavailableError): ApiError {
  const [identifier, seconds] = unavailable[kind]
  const error = new ApiError(identifier, message)
  if (seconds !== undefined) error.headers = { 'retry-after': String(seconds) }
  return error
}

/** What the engine, the store of files or the HTTP framework refuses, in our words. */
function translated(thrown: unknown): ApiError {
  if (thrown instanceof UnavailableError) return unavailableError(thrown)
  if (NO_SPACE.includes((thrown as { code?: string }).code ?? '')) return unavailableError(new UnavailableError('full', thrown))
  const status = (thrown as { statusCode?: number }).statusCode
  if (status === 415) return new ApiError('TypeNotSupported')
  if (status === 414) return Object.assign(new ApiError('BadRequest', 'A part of the address is too long.'), { status })
  return new ApiError(status !== undefined && status >= 400 && status < 500 ? 'BadRequest' : 'InternalServerError')
}
