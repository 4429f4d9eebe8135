/** The gate before a test double: a reset waits for the requests that are running, and holds those that come meanwhile. */
import { AsyncLocalStorage } from 'node:async_hooks'
import type { ServerResponse } from 'node:http'
import { type Database, UnavailableError } from '#db/database.ts'

/** Lets requests in, or holds them. It is closed at first. */
export interface Gate {
  /** Calls `proceed` as soon as the gate is open. What it starts belongs to the content of that moment. */
  enter(response: ServerResponse, proceed: () => void): void
  /** Runs work that belongs to the current content, even if the gate is closed; also requests that it makes. */
  inside<T>(work: () => T): T
  open(): void
  /**
   * Holds new requests, and waits for the running ones.
   * @param atMost milliseconds; whatever still runs then finds the database unavailable
   */
  close(atMost: number): Promise<void>
  /** A database that refuses whatever belongs to a former content. */
  fenced(db: Database): Database
}

/** A new gate. */
export function createGate(): Gate {
  let isOpen = false
  let opened = Promise.withResolvers<void>()
  let generation = 0
  const running = new Set<ServerResponse>()
  const belonging = new AsyncLocalStorage<{ generation: number; isPassing: boolean }>()

  const check = () => {
    const own = belonging.getStore()
    if (own && own.generation !== generation) throw new UnavailableError('away', new Error('The test double was reset.'))
  }
  const admit = (response: ServerResponse, proceed: () => void) => {
    running.add(response)
    response.once('close', () => running.delete(response))
    belonging.run({ generation, isPassing: false }, proceed)
  }
  const enter: Gate['enter'] = (response, proceed) => {
    if (isOpen) admit(response, proceed)
    else if (belonging.getStore()?.isPassing) proceed()
    else void opened.promise.then(() => enter(response, proceed))
  }

  return {
    enter,
    inside: (work) => belonging.run({ generation, isPassing: true }, work),
    open() {
      isOpen = true
      opened.resolve()
    },
    async close(atMost) {
      if (isOpen) opened = Promise.withResolvers()
      isOpen = false
      const ended = Promise.all([...running].map((response) => new Promise<void>((done) => response.once('close', done))))
      let timer: NodeJS.Timeout | undefined
      const late = new Promise<void>((done) => {
        timer = setTimeout(done, atMost)
      })
      await Promise.race([ended, late])
      clearTimeout(timer)
      generation++
    },
    fenced: (db) => ({
      engine: db.engine,
      get statements() {
        return db.statements
      },
      get commits() {
        return db.commits
      },
      all: async (query) => {
        check()
        return db.all(query)
      },
      one: async (query) => {
        check()
        return db.one(query)
      },
      state: () => db.state?.(),
      transaction: async (work, options) => {
        check()
        return db.transaction(work, options)
      },
      snapshot: async (work) => {
        check()
        return db.snapshot(work)
      },
      script: (text) => db.script(text),
      ready: () => db.ready(),
      close: () => db.close(),
    }),
  }
}
