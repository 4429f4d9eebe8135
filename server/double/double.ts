/**
 * A test double: a server in memory that goes back to where it started, whose clock can be moved, which injects faults and records
 * requests. It exists with `--ephemeral` only: no other server has its operations, or loads this file.
 */
import { isIP } from 'node:net'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Database, MemoryDatabase } from '#db/database.ts'
import { forget } from '#db/memory.ts'
import type { MemoryStore } from '#files/memory.ts'
import { sendError } from '#http/answer.ts'
import { callerOf, operationIn } from '#http/mount.ts'
import { operationIdOf } from '#http/openapi/operations.ts'
import { hasKeys, shareKeys } from '#identity/secrets.ts'
import { assemble } from '#kernel/assemble.ts'
import { type Clock, followSystem, setClock } from '#kernel/clock.ts'
import type { Model } from '#kernel/declaration.ts'
import { forbidden } from '#kernel/errors.ts'
import { modules } from '#server/modules.ts'
import { said } from '#text/messages.ts'
import { createFaults } from './faults.ts'
import { createGate } from './gate.ts'
import { BASE, type Controls, control } from './operations.ts'
import { createRecorder } from './recorder.ts'

/** What runs jobs. */
interface Worker {
  stop(): Promise<void>
  settle(): Promise<void>
}

/** Tokens by the logins of their users. */
type Tokens = Readonly<Record<string, string>>

export interface DoubleOptions {
  /** Where the clock starts; undefined: it follows the system. */
  clock?: Clock | undefined
  /** Content of the file store; undefined: it is elsewhere, and stays as it is. */
  files?: MemoryStore | undefined
  /** The host of the public URL, by which the controls can be asked as well. */
  host?: string | undefined
}

export interface Double {
  /** The database for the server: what was asked before a reset does not reach the content after it. */
  readonly db: Database
  /** The product, and the operations of the test double. */
  readonly model: Model
  /** Watches the requests of a server. Must be called before the hooks that use the database. */
  watch(app: FastifyInstance): void
  /**
   * Lets requests in.
   * @param work starts to run jobs; undefined: nothing runs them
   * @param prepare adds to the content; what it and the jobs leave is what a reset goes back to
   * @returns the tokens that `prepare` gives
   */
  begin(work: (() => Worker) | undefined, prepare?: () => Promise<Tokens>): Promise<{ tokens: Tokens }>
  /** Stops the worker. */
  stop(): Promise<void>
}

/** The milliseconds for which a reset waits for running requests and jobs. */
const GRACE_MS = 2000

/** A test double on a database that has its initial content. It holds all requests until `begin`. */
export function createDouble(memory: MemoryDatabase, { clock, files, host }: DoubleOptions = {}): Double {
  const gate = createGate()
  const faults = createFaults()
  const recorder = createRecorder()
  const db = gate.fenced(memory)
  if (hasKeys(memory)) shareKeys(memory, db)
  let start: { content: Uint8Array; files: ReadonlyMap<string, Uint8Array> | undefined } | undefined
  let worker: Worker | undefined
  let work: (() => Worker) | undefined
  let turn: Promise<unknown> = Promise.resolve()
  /** Runs one thing after the other: two resets at once, or a move of the clock within one, would mix two states. */
  const inTurn = <T>(one: () => Promise<T>): Promise<T> => {
    const mine = turn.then(one)
    turn = mine.catch(() => {})
    return mine
  }

  const startClock = () => (clock ? setClock(clock) : followSystem())
  const startWork = () => {
    worker = work && gate.inside(work)
  }
  const settle = () => gate.inside(async () => worker?.settle())

  const controls: Controls = {
    faults,
    recorder,
    operations: () => operations,
    reset: () =>
      inTurn(async () => {
        faults.clear()
        const stopped = worker?.stop()
        await gate.close(GRACE_MS)
        await Promise.race([stopped, new Promise<void>((done) => setTimeout(done, GRACE_MS).unref())])
        recorder.clear()
        startClock()
        await memory.restore(start!.content)
        if (start!.files) files?.restore(start!.files)
        forget(db)
        startWork()
        gate.open()
      }),
    moveClock: (to) =>
      inTurn(async () => {
        setClock(to)
        await settle()
      }),
    settle: () => inTurn(settle),
  }
  const model = assemble([...modules, control(controls)])
  const operations = model.operations.map(operationIdOf)
  const operationOf = (request: FastifyRequest) => {
    const found = operationIn(request)
    return found ? operationIdOf(found) : null
  }

  return {
    db,
    model,
    watch(app) {
      recorder.listen(app.server)
      app.addHook('onRequest', (request, reply, proceed) => {
        if (!isControl(request)) return gate.enter(reply.raw, proceed)
        const fault = intrusion(request, host)
        if (fault === undefined) proceed()
        else void sendError(request, reply, forbidden(said`${fault}`))
      })
      app.addHook('onRequest', async (request, reply) => {
        if (isControl(request)) return
        const operation = operationOf(request)
        const recorded = recorder.record(request, reply, operation, () => callerOf(request)?.viewer.id)
        const fault = faults.next({ method: request.method, path: recorded.path, operation })
        if (!fault) return
        recorded.fault = fault.id
        if (await faults.inject(fault, request, reply)) return reply
      })
    },
    begin: (runs, prepare) =>
      inTurn(async () => {
        work = runs
        startClock()
        startWork()
        const tokens = (await gate.inside(async () => prepare?.())) ?? {}
        await settle()
        start = { content: await memory.image(), files: files?.image() }
        // Caches may know of an address that the server did not have when they were filled.
        forget(db)
        recorder.clear()
        gate.open()
        return { tokens }
      }),
    async stop() {
      await worker?.stop()
    },
  }
}

/** Whether a request asks for an operation of the test double, which neither waits nor is recorded. */
const isControl = (request: FastifyRequest): boolean => {
  const path = operationIn(request)?.path
  return path === BASE || (path?.startsWith(`${BASE}/`) ?? false)
}

/**
 * Why a request may come from a page in the tester's browser, which could reach a server on the same machine: the operations of the
 * test double need no credentials. A page of another origin is told by its headers. A page whose own name leads here (DNS rebinding)
 * is of the same origin, but has a public name.
 */
function intrusion({ headers }: FastifyRequest, host: string | undefined): string | undefined {
  const isPage = headers.origin !== undefined || !['none', undefined].includes(headers['sec-fetch-site'] as string | undefined)
  if (isPage) return 'Pages in a browser may not control the test double. Ask it from the test itself.'
  const asked = headers.host?.toLowerCase() ?? ''
  const name = asked.replace(/:\d+$/, '').replace(/^\[|\]$/g, '')
  const isLocal = isIP(name) !== 0 || !name.includes('.') || /\.(?:localhost|internal|local|test)$/.test(name)
  if (isLocal || asked === host) return undefined
  return `The test double is not controlled by the public name ${name}. Ask it by an address, a name without dots, or that of --public-url.`
}
