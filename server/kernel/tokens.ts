/** Tokens: what they look like, and what is kept of them. */
import { createHash, randomBytes } from 'node:crypto'

/** A new API token: `opapi-` and 40 hexadecimal digits. */
export const randomToken = (): string => `opapi-${randomBytes(20).toString('hex')}`

/** A new secret for an address that opens one thing, or for a session. */
export const randomKey = (): string => randomBytes(32).toString('hex')

/** Whether a text looks like an API token. */
export const isToken = (text: string): boolean => /^opapi-[0-9a-f]{40}$/.test(text)

/** How a token is stored: nobody who reads the database can use it. */
export const hashToken = (value: string): string => createHash('sha256').update(value).digest('hex')
