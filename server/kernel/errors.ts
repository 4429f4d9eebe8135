/** Errors of the API: one table of identifiers, statuses and messages. */

const URN = 'urn:openproject-org:api:v3:errors:'

/** Identifier → status and default message. */
const table = {
  BadRequest: [400, 'The request is malformed.'],
  InvalidQuery: [400, 'The query parameters are not valid.'],
  InvalidRequestBody: [400, 'The request body is not a single JSON object.'],
  InvalidSignal: [400, 'The select parameter names something that cannot be selected.'],
  InvalidRenderContext: [400, 'The context does not point to a resource that texts can be rendered for.'],
  InvalidUserStatusTransition: [400, 'The user cannot change from the current status to that one.'],
  Unauthenticated: [401, 'You need to be authenticated to access this resource.'],
  MissingPermission: [403, 'You are not authorized to access this resource.'],
  InsufficientScope: [403, 'The token lacks the required scope.'],
  NotFound: [404, 'The requested resource could not be found.'],
  MethodNotAllowed: [405, 'The resource does not support this method.'],
  UpdateConflict: [409, 'The resource was changed in the meantime. Fetch it again and repeat the change on the new version.'],
  TypeNotSupported: [415, 'The content type is not supported here.'],
  PropertyConstraintViolation: [422, 'The value violates a constraint.'],
  PropertyIsReadOnly: [422, 'The property was attempted to be written but is not writable.'],
  PropertyFormatError: [422, 'The value has the wrong format.'],
  PropertyMissingError: [422, 'A required property is missing.'],
  ResourceTypeMismatch: [422, 'The link points to a resource of the wrong kind.'],
  MultipleErrors: [422, 'Multiple field constraints have been violated.'],
  Throttled: [429, 'Too many attempts. Try again later.'],
  OutboundRequest: [500, 'Another server that this request needs did not respond.'],
  'OutboundRequest:NotFound': [500, 'Another server has not found what this request needs.'],
  'OutboundRequest:Forbidden': [500, 'Another server refuses what this request needs.'],
  InternalServerError: [500, 'An internal error has occurred.'],
  ServiceUnavailable: [503, 'The server is busy. Try again in a few seconds.'],
  InsufficientStorage: [507, 'There is not enough storage space.'],
} as const satisfies Record<string, readonly [number, string]>

export type ErrorIdentifier = keyof typeof table

export interface ErrorBody {
  _type: 'Error'
  errorIdentifier: string
  message: string
  _embedded?: { details?: Record<string, unknown>; errors?: ErrorBody[] }
}

/** An error response: thrown anywhere, rendered at the edge. */
export class ApiError extends Error {
  readonly identifier: ErrorIdentifier
  readonly status: number
  readonly details: Record<string, unknown> | undefined
  readonly errors: ApiError[] | undefined
  headers: Record<string, string> = {}

  constructor(
    identifier: ErrorIdentifier,
    message?: string,
    more: { details?: Record<string, unknown>; errors?: ApiError[] } = {},
  ) {
    super(message ?? table[identifier][1])
    this.identifier = identifier
    this.status = table[identifier][0]
    this.details = more.details
    this.errors = more.errors
  }

  get body(): ErrorBody {
    const embedded = {
      ...(this.details && { details: this.details }),
      ...(this.errors && { errors: this.errors.map((e) => e.body) }),
    }
    return {
      _type: 'Error',
      errorIdentifier: URN + this.identifier,
      message: this.message,
      ...(Object.keys(embedded).length > 0 && { _embedded: embedded }),
    }
  }
}

export const notFound = (message?: string) => new ApiError('NotFound', message)
/** The error for a token without the required scope. */
export function insufficientScope(granted: string, required: string): ApiError {
  const error = new ApiError('InsufficientScope', `The token has the scope ${granted}; this request requires ${required}.`)
  error.headers = { 'www-authenticate': `Bearer realm="OpenProject API" error="insufficient_scope" scope="${required}"` }
  return error
}

export const forbidden = (message?: string) => new ApiError('MissingPermission', message)
/** The message for users who have to confirm their identity first. */
export const CONFIRM = 'Confirm your identity at /confirm and try again.'
export const conflict = (message?: string) => new ApiError('UpdateConflict', message)
export const badRequest = (reason: string) => new ApiError('BadRequest', `Bad request: ${reason}`)
export const invalidQuery = (message: string) => new ApiError('InvalidQuery', message)

/** A violation of one property in a write. */
export interface Violation {
  /** The property's name in the API; `base` for the whole object. */
  attribute: string
  /** A predicate ("can't be blank") to follow the property's label or, with `complete`, a whole sentence. */
  message: string
  complete?: boolean
  /** Which element of the property's list is meant, from 0: several may have the same fault. */
  element?: number
  identifier?: 'PropertyConstraintViolation' | 'PropertyIsReadOnly' | 'PropertyFormatError' | 'ResourceTypeMismatch'
}

export const violation = (attribute: string, message: string, more: Partial<Violation> = {}): Violation => ({
  attribute,
  message,
  ...more,
})

export const readOnly = (attribute: string): Violation =>
  violation(attribute, 'was attempted to be written but is not writable', { identifier: 'PropertyIsReadOnly' })

/** A single error unchanged, several as MultipleErrors. */
export function combined(errors: readonly ApiError[]): ApiError {
  return errors.length === 1 ? (errors[0] as ApiError) : new ApiError('MultipleErrors', undefined, { errors: [...errors] })
}
