/** What a start prints: the address of the metrics, and the credentials of a new instance: the setup link and the first API token. */
import type { SetupResult } from '#server/setup.ts'

interface Credentials extends Pick<SetupResult, 'token'> {
  /** The tokens of the users of fixtures, by their logins. */
  readonly tokens?: Readonly<Record<string, string>> | undefined
}

/** The line of the address of the metrics; empty if they have none. */
export const metricsLine = (url: string | undefined): string => (url === undefined ? '' : `Metrics:          ${url}\n`)

/** The lines to print; empty if there are no new credentials. */
export function loginLines({ token, tokens = {} }: Credentials, setupAddress?: string): string {
  let lines = ''
  if (setupAddress) lines += `Setup link:       ${setupAddress} (works once, expires in a day)\n`
  if (token) lines += `API token:        ${token} (shown only once)\n`
  for (const [login, one] of Object.entries(tokens)) lines += `Token of ${login}: ${one}\n`
  return lines
}
