/** How to log in to an instance that was made just now. */
import type { SetupResult } from '#server/setup.ts'

/** The lines to show; empty when nobody was made who could log in. */
export function loginLines({ adminPassword, token }: SetupResult): string {
  let lines = ''
  if (adminPassword) lines += `Admin login:      admin\nAdmin password:   ${adminPassword}\n`
  if (token) lines += `API token:        ${token} (shown only this once)\n`
  return lines
}
