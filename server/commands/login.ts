/** How to get into an instance that nobody has signed in to yet. */
import type { SetupResult } from '#server/setup.ts'

/** The lines to show; empty when there is nothing to tell. */
export function loginLines({ token }: SetupResult, setupAddress?: string): string {
  let lines = ''
  if (setupAddress) lines += `Set it up at:     ${setupAddress} (works once, for a day)\n`
  if (token) lines += `API token:        ${token} (shown only this once)\n`
  return lines
}
