/** The inputs of authentication, and the errors for clients that are not authorised. */
import type { FastifyRequest } from 'fastify'
import type { Database } from '#db/database.ts'
import type { Identity } from '#kernel/access/viewer.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { ApiError } from '#kernel/errors.ts'
import type { Settings } from '#kernel/settings.ts'
import { type Message, said } from '#text/messages.ts'

export const WRONG = said`You did not provide the correct credentials.`

/** The inputs of authentication. */
export interface Asking {
  readonly request: FastifyRequest
  readonly db: Database
  readonly snapshot: Snapshot
  readonly settings: Settings
  readonly now: Date
}

/** A kind of bearer token. */
export interface BearerWay {
  /** Whether credentials have the format of this kind. */
  takes(credentials: string): boolean
  /**
   * The principal and the limits of the credentials.
   * @throws ApiError 401 or 403, made by `wrongBearer` or `insufficientScope`
   */
  identify(credentials: string, asking: Asking): Promise<Identity>
}

/** A 401 with the matching challenge; browser clients request `Session` to avoid the password dialog. */
export function unauthenticated({ headers }: FastifyRequest, message?: Message, scheme = 'Basic', more = ''): ApiError {
  const error = new ApiError('Unauthenticated', message)
  const wanted = String(headers['x-authentication-scheme'] ?? '')
  const named = ['Basic', 'Bearer', 'Session'].includes(wanted) ? wanted : scheme
  error.headers = { 'www-authenticate': `${named} realm="OpenProject API"${more}` }
  return error
}

/**
 * The error for an invalid bearer token.
 * @param description the reason for the client; without commas and quotes
 */
export function wrongBearer(request: FastifyRequest, description?: string): ApiError {
  const more = description === undefined ? '' : ` error_description="${description}"`
  return unauthenticated(request, WRONG, 'Bearer', ` error="invalid_token"${more}`)
}

/** The error for a valid token without the required scope: 403, with the identifier of a 401 as the digest says. */
export function insufficientScope(request: FastifyRequest, needed: string): ApiError {
  const error = unauthenticated(request, WRONG, 'Bearer', ` error="insufficient_scope" scope="${needed}"`)
  return Object.assign(error, { status: 403 })
}
