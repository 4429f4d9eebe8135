/** Setup of sign-in tests: a server for the file, and users with a password and a browser. */
import { mock } from 'node:test'
import { type Browser, browser } from '../sessions/browser.ts'
import { type Instance, instance } from './instance.ts'
import { quickHash } from './passwords.ts'

export const PASSWORD = 'correct horse 7!'
export const MINUTE = 60_000

export interface Visitor {
  readonly id: number
  readonly login: string
  /** A browser without a session. */
  readonly browser: Browser
}

export interface Scene extends Instance {
  /** The hash of the password. */
  readonly hash: string
  /** A new user with the password. */
  visitor(values?: { login?: string } & Record<string, unknown>): Promise<Visitor>
}

/**
 * Starts a server; `close` ends it.
 * @param clock `stopped`: until then the date changes only by `mock.timers.tick`
 */
export async function scene({ clock = 'running' as 'running' | 'stopped' } = {}): Promise<Scene> {
  const it = await instance()
  const hash = quickHash(PASSWORD)
  if (clock === 'stopped') mock.timers.enable({ apis: ['Date'], now: Date.now() })
  let count = 0
  return {
    ...it,
    hash,
    close: async () => {
      if (clock === 'stopped') mock.timers.reset()
      await it.close()
    },
    visitor: async ({ login = `vera-${++count}`, ...values } = {}) => {
      const id = await it.make.user({ login, email: `${login}@example.net`, password_hash: hash, ...values })
      return { id, login, browser: browser(it.url) }
    },
  }
}

/** The status, and the target of a redirect. */
export const to = (reply: { status: number; headers: Headers }): [number, string | null] => [
  reply.status,
  reply.headers.get('location'),
]
