/** Faults that a test double injects by rules: errors, delays and broken connections. */
import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { UnavailableError } from '#db/database.ts'
import { sendError } from '#http/answer.ts'
import { errorOfStatus } from '#kernel/errors.ts'

/**
 * Where a connection is broken: before the request is looked at, so that nothing is done; or after it was handled, before the
 * response, after its headers, or in the middle of its body.
 */
export const cuts = ['request', 'response', 'headers', 'body'] as const

/** A rule: the requests that it matches, what happens to them, and how often. */
export interface Rule {
  /** An `operationId` of the OpenAPI document. */
  readonly operation?: string
  readonly method?: string
  /** The path, in which `*` stands for anything. */
  readonly path?: string
  readonly status?: number
  readonly message?: string
  /** The seconds of the header `Retry-After`. */
  readonly retryAfter?: number
  /** Milliseconds before the request is handled. */
  readonly delay?: number
  readonly cut?: (typeof cuts)[number]
  /** Matching requests that are let through first. */
  readonly after?: number
  /** How often the fault is injected; unlimited by default. */
  readonly count?: number
  /** The probability of the fault for each request; 1 by default. */
  readonly probability?: number
  /** The seed of the random numbers, which are the same for each run. */
  readonly seed?: number
}

export interface Fault extends Rule {
  readonly id: number
  /** The matching requests so far. */
  readonly seen: number
  /** The requests that got the fault. */
  readonly injected: number
}

export interface Faults {
  add(rule: Rule): Fault
  all(): readonly Fault[]
  /** Removes a rule; returns whether there was one. */
  remove(id: number): boolean
  /** Removes all rules, and ends delays: delayed requests are answered by 503. */
  clear(): void
  /** The rule that applies to a request, which counts it. The first that applies wins. */
  next(request: { method: string; path: string; operation: string | null }): Fault | undefined
  /**
   * Injects a fault.
   * @returns whether the request has been answered; otherwise it is handled as usual
   */
  inject(fault: Fault, request: FastifyRequest, reply: FastifyReply): Promise<boolean>
}

/** No faults yet. */
export function createFaults(): Faults {
  const rules = new Map<number, { rule: Rule; seen: number; injected: number; random: () => number }>()
  let count = 0
  let ending = new AbortController()
  const shown = (id: number): Fault => {
    const { rule, seen, injected } = rules.get(id)!
    return { id, ...rule, seen, injected }
  }
  return {
    add(rule) {
      rules.set(++count, { rule, seen: 0, injected: 0, random: randomFrom(rule.seed ?? 1) })
      return shown(count)
    },
    all: () => [...rules.keys()].map(shown),
    remove: (id) => rules.delete(id),
    clear() {
      rules.clear()
      ending.abort()
      ending = new AbortController()
    },
    next(request) {
      for (const [id, one] of rules) {
        const { rule } = one
        if (!matches(rule, request)) continue
        one.seen++
        if (one.seen <= (rule.after ?? 0) || one.injected >= (rule.count ?? Number.POSITIVE_INFINITY)) continue
        if (one.random() >= (rule.probability ?? 1)) continue
        one.injected++
        return shown(id)
      }
      return undefined
    },
    async inject({ status, message, retryAfter, delay, cut }, request, reply) {
      if (delay !== undefined) {
        try {
          await sleep(delay, undefined, { signal: ending.signal })
        } catch {
          await sendError(request, reply, new UnavailableError('away'))
          return true
        }
      }
      if (status !== undefined) {
        await bodyOf(request)
        const error = errorOfStatus(status, message ?? `This error was injected by a rule of the test double.`)
        if (retryAfter !== undefined) error.headers = { ...error.headers, 'retry-after': String(retryAfter) }
        await sendError(request, reply, error)
        return true
      }
      if (cut === 'request') {
        await bodyOf(request)
        reply.hijack()
        request.raw.socket.destroy()
        return true
      }
      if (cut !== undefined) cutAt(reply.raw, cut)
      return false
    },
  }
}

/** Waits for the body of a request, which the recorder copies. */
async function bodyOf({ raw }: FastifyRequest): Promise<void> {
  if (raw.readableEnded || raw.destroyed) return
  raw.resume()
  await once(raw, 'end').catch(() => {})
}

/** Breaks the connection when the response is written. */
function cutAt(response: ServerResponse, at: 'response' | 'headers' | 'body'): void {
  const { write } = response
  const cut = (piece?: unknown) => {
    const { socket } = response
    response.write = () => true
    response.end = () => response
    if (at === 'response') socket?.destroy()
    else {
      if (at === 'body' && isText(piece)) write.call(response, piece.slice(0, Math.ceil(piece.length / 2)), 'utf8')
      else response.flushHeaders()
      // Not at once, as that would drop what is written.
      socket?.destroySoon()
    }
    return response
  }
  if (at === 'response') response.writeHead = () => response
  response.write = (piece: unknown) => {
    cut(piece)
    return true
  }
  response.end = cut
}

const isText = (piece: unknown): piece is string | Buffer => typeof piece === 'string' || piece instanceof Uint8Array

function matches({ operation, method, path }: Rule, request: Parameters<Faults['next']>[0]): boolean {
  if (operation !== undefined && operation !== request.operation) return false
  if (method !== undefined && method.toUpperCase() !== request.method) return false
  return path === undefined || isLike(path.split('*'), request.path)
}

/** Whether a text has these parts in this order, with anything between them. */
function isLike([first = '', ...others]: readonly string[], text: string): boolean {
  if (!text.startsWith(first)) return false
  if (others.length === 0) return text === first
  let at = first.length
  for (const part of others.slice(0, -1)) {
    const found = text.indexOf(part, at)
    if (found < 0) return false
    at = found + part.length
  }
  const last = others.at(-1) as string
  return text.length - last.length >= at && text.endsWith(last)
}

/** Random numbers from 0 up to 1 (mulberry32). */
function randomFrom(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
}

/** Whether an error of the API can have a status. */
export const isErrorStatus = (status: unknown): status is number =>
  Number.isInteger(status) && (status as number) >= 400 && (status as number) <= 599
