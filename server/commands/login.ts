/** The credentials of a new instance: the setup link and the first API token. */
import type { SetupResult } from '#server/setup.ts'

/** The lines to print; empty if there are no new credentials. */
export function loginLines({ token }: SetupResult, setupAddress?: string): string {
  let lines = ''
  if (setupAddress) lines += `Setup link:       ${setupAddress} (works once, expires in a day)\n`
  if (token) lines += `API token:        ${token} (shown only once)\n`
  return lines
}
