/** A user with two-factor authentication, and actions with it. */
import assert from 'node:assert/strict'
import type { Reply } from '#test/instance.ts'
import { MINUTE, PASSWORD, to } from '#test/scene.ts'
import { codeOf } from '#test/totp.ts'
import { type Browser, browser } from '../sessions/browser.ts'

export const STAGE = '/login/two_factor'
export const OWN = '/my/two_factor'
export const HALF = MINUTE / 2

/** The key that a page shows. */
export function secretIn({ text }: Reply): string {
  const [, spaced] = /<code class="secret">([A-Z2-7 ]+)<\/code>/.exec(text) ?? assert.fail(text)
  return (spaced as string).replaceAll(' ', '')
}

/** The recovery codes that a page shows. */
export const codesIn = ({ text }: Reply): string[] =>
  [...text.matchAll(/<li><code>([^<]+)<\/code>/g)].map(([, code]) => code as string)

export interface SetUp {
  readonly secret: string
  readonly codes: readonly string[]
}

/** Sets an authenticator app up in a browser where somebody is signed in. Its first code counts as used. */
export async function setUp(one: Browser): Promise<SetUp> {
  assert.deepEqual(to(await one.submit(OWN, { action: 'begin' })), [303, OWN])
  const secret = secretIn(await one.get(OWN))
  const reply = await one.submit(OWN, { action: 'confirm', code: codeOf(secret) })
  assert.equal(reply.status, 200, reply.text)
  return { secret, codes: codesIn(reply) }
}

/** A browser after the password, waiting for the second factor. */
export async function waitingBrowser(url: string, login: string, more: Record<string, string> = {}): Promise<Browser> {
  const one = browser(url)
  const [status, location] = to(await one.signIn(login, PASSWORD, more))
  assert.deepEqual([status, location?.split('?')[0]], [303, STAGE])
  return one
}
