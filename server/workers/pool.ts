/** The worker processes of a server, as the primary process sees them: started, replaced and ended. */
import cluster, { type Worker } from 'node:cluster'
import { once } from 'node:events'
import type { TakePlace } from '#kernel/places.ts'
import type { Log } from '#server/log.ts'
import { type Answers, type Ask, converse } from './channel.ts'

/** A process that lived for so long has not failed at its start. */
const SETTLED_MS = 10_000
/** The pause before a process that failed at its start is replaced, the first time; it doubles up to the longest. */
const FIRST_PAUSE_MS = 1000
const LONGEST_PAUSE_MS = 30_000

export interface PoolOptions {
  readonly count: number
  /** The port that was asked for; 0 for any. */
  readonly port: number
  readonly log: Log
  /** What a worker needs to know at its start, besides its port. */
  readonly configuration: object
  /** Gives what a worker needs to know that serves, and is told of changes from then on. */
  readonly known: () => unknown
  /** Where the places that workers share are taken. */
  readonly takePlace: TakePlace
  /** Answers to further questions of workers. */
  readonly answers: Answers
  /** Called when a worker has ended. */
  readonly ended?: (id: number) => void
}

/** Running worker processes. */
export interface Pool {
  /** The address that they answer at. */
  readonly url: string
  /** Asks each worker that serves; gives the answers by the ids of the workers, without those of workers that fail to answer. */
  askAll(question: string, patience: number): Promise<ReadonlyMap<number, unknown>>
  /** Tells each worker that serves. */
  tellAll(question: string, about: unknown): void
  /** Lets all of them finish their requests, and waits for their ends. Each does so within its time limits. */
  stop(): Promise<void>
}

/**
 * Starts worker processes, by the command line of this one, and replaces those that end.
 * @returns once all of them serve
 * @throws Error with the sentence of the first that could not start; no worker is left then
 */
export async function startPool(options: PoolOptions): Promise<Pool> {
  const { count, log } = options
  cluster.schedulingPolicy = cluster.SCHED_RR
  cluster.setupPrimary({ exec: process.argv[1] ?? '', args: process.argv.slice(2), serialization: 'advanced' })
  const serving = new Map<number, Ask>()
  const running = new Set<Worker>()
  const timers = new Set<NodeJS.Timeout>()
  /** The ports that running workers ask for, by their ids: all the same, as Node lets those share one that ask alike. */
  const ports = new Map<number, number>()
  /** The address of the first that served; once all have ended, the port is no longer ours, and has to be asked for by its number. */
  let url: string | undefined
  let isStarted = false
  let isStopping = false
  const tooEarly = Promise.withResolvers<never>()
  let pause = 0

  /** Starts a worker. Fulfils when it serves; rejects with what it gave as the reason, or that it ended. */
  const start = (): Promise<void> => {
    const ready = Promise.withResolvers<void>()
    const worker = cluster.fork()
    const began = performance.now()
    running.add(worker)
    const places = placesFor(options.takePlace)
    const handedOver = lastHandedOver(worker)
    const ask = converse(endOf(worker), {
      ...options.answers,
      ...places.answers,
      configuration: () => {
        const [port = url === undefined ? options.port : Number(new URL(url).port)] = ports.values()
        ports.set(worker.id, port)
        return { ...options.configuration, port }
      },
      started: (at) => {
        url ??= at as string
        // Between the ends of the others and its start the port went to it by another number.
        if (at !== url) return worker.process.kill()
        serving.set(worker.id, ask)
        ready.resolve()
        return options.known()
      },
      failed: (reason) => ready.reject(new Error(reason as string)),
    })
    worker.once('exit', (code: number | null, signal: string | null) => {
      running.delete(worker)
      serving.delete(worker.id)
      ports.delete(worker.id)
      places.free()
      if (code !== 0) handedOver()?.close()
      options.ended?.(worker.id)
      const early = new Error(`A worker process ended at its start, with ${signal ?? code}.`)
      ready.reject(early)
      if (!isStarted) tooEarly.reject(early)
      if (!isStarted || isStopping) return
      const ms = Math.round(performance.now() - began)
      pause = ms > SETTLED_MS ? 0 : Math.min(Math.max(2 * pause, FIRST_PAUSE_MS), LONGEST_PAUSE_MS)
      log.error({ worker: worker.process.pid, code, signal, ms, pause }, 'a worker process ended; another one replaces it')
      replace(pause)
    })
    // A worker that is gone has an event of its own.
    worker.on('error', () => {})
    return ready.promise.then(() => log.info({ worker: worker.process.pid }, 'worker process started'))
  }

  const replace = (after: number): void => {
    const timer = setTimeout(() => {
      timers.delete(timer)
      start().catch((err: unknown) => log.error({ err }, 'a worker process could not start'))
    }, after)
    timers.add(timer)
  }

  const stop = async (): Promise<void> => {
    isStopping = true
    for (const timer of timers) clearTimeout(timer)
    await Promise.all(
      [...running].map(async (worker) => {
        const gone = once(worker, 'exit')
        const ask = serving.get(worker.id)
        // No signal, as the worker may have got the one that reaches the whole process group, and a second one ends it at once.
        if (ask) ask('stop').catch(() => {})
        else worker.process.kill()
        await gone
      }),
    )
  }

  try {
    await Promise.race([Promise.all(Array.from({ length: count }, start)), tooEarly.promise])
    isStarted = true
  } catch (error) {
    for (const worker of running) worker.process.kill('SIGKILL')
    throw error
  }
  return {
    // Each has said so.
    url: url as unknown as string,
    async askAll(question, patience) {
      const answers = await Promise.all(
        [...serving].map(async ([id, ask]) => [id, await within(patience, ask(question)).catch(() => undefined)] as const),
      )
      return new Map(answers.filter(([, answer]) => answer !== undefined))
    },
    tellAll(question, about) {
      // A worker that has ended needs to know nothing.
      for (const ask of serving.values()) ask(question, about).catch(() => {})
    },
    stop,
  }
}

/** The answers that give places to one worker, and the function that takes them back when it has ended. */
function placesFor(takePlace: TakePlace): { readonly answers: Answers; readonly free: () => void } {
  const taken = new Map<number, () => void>()
  let count = 0
  let isGone = false
  const answers: Answers = {
    take: async (kind) => {
      const leave = await takePlace(kind as Parameters<TakePlace>[0])
      if (isGone) leave?.()
      if (isGone || !leave) return undefined
      taken.set(++count, leave)
      return count
    },
    leave: (id) => {
      taken.get(id as number)?.()
      taken.delete(id as number)
    },
  }
  const free = () => {
    isGone = true
    for (const leave of taken.values()) leave()
  }
  return { answers, free }
}

/**
 * The connection that was handed to a worker last. Node keeps it open until the worker has taken it, which one that is killed never
 * does, so that its client would wait for ever. To close one that was taken does nothing.
 */
function lastHandedOver({ process: child }: Worker): () => { close(): void } | undefined {
  let last: { close(): void } | undefined
  const send = child.send as (...sent: readonly unknown[]) => boolean
  child.send = (...sent: readonly unknown[]) => {
    const [, handle] = sent
    if (typeof handle === 'object' && handle !== null && 'close' in handle) last = handle as { close(): void }
    return send.apply(child, sent as unknown[])
  }
  return () => last
}

const endOf = (worker: Worker): Parameters<typeof converse>[0] => ({
  isConnected: () => worker.isConnected(),
  send: (message, sent) => void worker.process.send(message as object, sent),
  receive: (heard) => void worker.on('message', heard),
  closed: (gone) => void worker.once('disconnect', gone),
})

/** A promise, unless it takes too long: then it rejects. */
async function within<T>(milliseconds: number, promise: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error('There is no answer in time.')), milliseconds)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
