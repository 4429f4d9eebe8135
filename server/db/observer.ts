/** The observer of what a process does, such as traces. Without one, everything costs one comparison more. */
import type { Engine } from './database.ts'

/** Called when something has ended, with its error if it failed. */
export type Ended = (error?: unknown) => void

/** Work that is observed. */
export type Activity =
  /** A job, or several of one kind that are done together. */
  | { readonly kind: 'job'; readonly name: string; readonly count: number }
  /** A request to another server. */
  | { readonly kind: 'exchange'; readonly method: string; readonly url: URL }
  /** A mail on its way to an SMTP server. */
  | { readonly kind: 'mail'; readonly host: string; readonly port: number }

/** A request to this server, as far as it is known at its start. */
export interface Incoming {
  readonly method: string
  /** The path without its query string. */
  readonly path: string
  /** The pattern of the path; undefined for unknown paths. */
  readonly route: string | undefined
  readonly scheme: string
  readonly version: string
  /** The address of the client. */
  readonly address: string
  readonly agent: string | undefined
  /** The trace that it belongs to (W3C). */
  readonly parent: { readonly trace: string; readonly span: string; readonly flags: number } | undefined
}

/** How a request to this server has ended. */
export interface Outcome {
  /** undefined: the client has gone before there was a response. */
  readonly status: number | undefined
  /** The id of the user who is signed in. */
  readonly user: number | undefined
}

/** An observed request to this server. */
export interface Observed {
  /** The id of its trace. */
  readonly trace: string
  /** Runs what belongs to the request. */
  within<T>(work: () => T): T
  ended(outcome: Outcome): void
}

export interface Observer {
  /** A statement or a transaction's control begins. Its text has no values. undefined: nobody wants to know its end. */
  statement(engine: Engine, text: string): Ended | undefined
  /**
   * Runs an activity.
   * @param work gets the headers by which another server joins the trace; none where it must not
   */
  activity<T>(activity: Activity, work: (headers: Readonly<Record<string, string>>) => Promise<T>): Promise<T>
  /** A request to this server begins. */
  request(incoming: Incoming): Observed
}

/** The observer of this process; undefined if there is none. */
export let observer: Observer | undefined

/** Sets the observer of this process, or none. */
export function observe(by: Observer | undefined): void {
  observer = by
}

/** Runs a statement, whose text has no values, and tells the observer. */
export function observed<T>(engine: Engine, text: string, run: () => T): T {
  const ended = observer?.statement(engine, text)
  return ended === undefined ? run() : told(run, ended)
}

/** Runs several statements that are sent together, and tells the observer of each. */
export function observedTogether<T>(engine: Engine, texts: readonly string[], run: () => T): T {
  if (observer === undefined) return run()
  const ends = texts.map((text) => observer?.statement(engine, text))
  return told(run, (error) => {
    for (const ended of ends) ended?.(error)
  })
}

/** Runs work, and tells when it has ended: at once, or when its promise is settled. */
function told<T>(run: () => T, ended: Ended): T {
  let result: T
  try {
    result = run()
  } catch (error) {
    ended(error)
    throw error
  }
  if (result instanceof Promise) result.then(() => ended(), ended)
  else ended()
  return result
}

/** Runs an activity, and tells the observer. `work` gets the headers by which another server joins the trace. */
export const active = <T>(activity: Activity, work: (headers: Readonly<Record<string, string>>) => Promise<T>): Promise<T> =>
  observer === undefined ? work(NO_HEADERS) : observer.activity(activity, work)

const NO_HEADERS = Object.freeze({})
