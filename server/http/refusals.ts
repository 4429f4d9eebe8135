/** What is needed to find out who asks, and how those are refused who cannot be let in. */
import type { FastifyRequest } from 'fastify'
import type { Database } from '#db/database.ts'
import type { Identity } from '#kernel/access/viewer.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { ApiError } from '#kernel/errors.ts'
import type { Settings } from '#kernel/settings.ts'

export const WRONG = 'You did not provide the correct credentials.'

/** What is needed to find out who asks. */
export interface Asking {
  readonly request: FastifyRequest
  readonly db: Database
  readonly snapshot: Snapshot
  readonly settings: Settings
  readonly now: Date
}

/** A kind of credentials that stand behind `Bearer`. */
export interface BearerWay {
  /** Whether a text is of this kind, by its looks. */
  takes(credentials: string): boolean
  /**
   * The principal that it stands for, and within which limits.
   * @throws ApiError 401 or 403, made by `wrongBearer` or `insufficientScope`
   */
  identify(credentials: string, asking: Asking): Promise<Identity>
}

/** A 401 with the challenge that fits; browser clients ask for `Session` to be spared the password dialog. */
export function unauthenticated({ headers }: FastifyRequest, message?: string, scheme = 'Basic', more = ''): ApiError {
  const error = new ApiError('Unauthenticated', message)
  const wanted = String(headers['x-authentication-scheme'] ?? '')
  const named = ['Basic', 'Bearer', 'Session'].includes(wanted) ? wanted : scheme
  error.headers = { 'www-authenticate': `${named} realm="OpenProject API"${more}` }
  return error
}

/**
 * The refusal of a bearer's credentials.
 * @param description says what is wrong with them, to whoever has them; without commas and quotes
 */
export function wrongBearer(request: FastifyRequest, description?: string): ApiError {
  const more = description === undefined ? '' : ` error_description="${description}"`
  return unauthenticated(request, WRONG, 'Bearer', ` error="invalid_token"${more}`)
}

/** The same where they are right but are not meant for this: 403, by the digest with the identifier of a 401. */
export function insufficientScope(request: FastifyRequest, needed: string): ApiError {
  const error = unauthenticated(request, WRONG, 'Bearer', ` error="insufficient_scope" scope="${needed}"`)
  return Object.assign(error, { status: 403 })
}
