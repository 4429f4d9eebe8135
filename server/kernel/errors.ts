/** Errors of the API: one table of identifiers, statuses and messages. */
import { english, type Message, said } from '#text/messages.ts'

const URN = 'urn:openproject-org:api:v3:errors:'

/** Identifier → status and default message. */
const table = {
  BadRequest: [400, said`The request is malformed.`],
  InvalidQuery: [400, said`The query parameters are not valid.`],
  InvalidRequestBody: [400, said`The request body is not a single JSON object.`],
  InvalidSignal: [400, said`The select parameter names something that cannot be selected.`],
  InvalidRenderContext: [400, said`The context does not point to a resource that texts can be rendered for.`],
  InvalidUserStatusTransition: [400, said`The user cannot change from the current status to that one.`],
  Unauthenticated: [401, said`You need to be authenticated to access this resource.`],
  MissingPermission: [403, said`You are not authorized to access this resource.`],
  InsufficientScope: [403, said`The token lacks the required scope.`],
  NotFound: [404, said`The requested resource could not be found.`],
  MethodNotAllowed: [405, said`The resource does not support this method.`],
  UpdateConflict: [409, said`The resource was changed in the meantime. Fetch it again and repeat the change on the new version.`],
  TypeNotSupported: [415, said`The content type is not supported here.`],
  PropertyConstraintViolation: [422, said`The value violates a constraint.`],
  PropertyIsReadOnly: [422, said`The property was attempted to be written but is not writable.`],
  PropertyFormatError: [422, said`The value has the wrong format.`],
  PropertyMissingError: [422, said`A required property is missing.`],
  ResourceTypeMismatch: [422, said`The link points to a resource of the wrong kind.`],
  MultipleErrors: [422, said`Multiple field constraints have been violated.`],
  Throttled: [429, said`Too many attempts. Try again later.`],
  InternalServerError: [500, said`An internal error has occurred.`],
  OutboundRequest: [500, said`Another server that this request needs did not respond.`],
  'OutboundRequest:NotFound': [500, said`Another server has not found what this request needs.`],
  'OutboundRequest:Forbidden': [500, said`Another server refuses what this request needs.`],
  ServiceUnavailable: [503, said`The server is busy. Try again in a few seconds.`],
  InsufficientStorage: [507, said`There is not enough storage space.`],
} as const satisfies Record<string, readonly [number, Message]>

export type ErrorIdentifier = keyof typeof table

export interface ErrorBody {
  _type: 'Error'
  errorIdentifier: string
  message: Message
  _embedded?: { details?: Record<string, unknown>; errors?: ErrorBody[] }
}

/** An error response: thrown anywhere, rendered at the edge. */
export class ApiError extends Error {
  readonly identifier: ErrorIdentifier
  /** The message for whoever reads the response; `message` is the same in English, for logs. */
  readonly sentence: Message
  readonly status: number
  readonly details: Record<string, unknown> | undefined
  readonly errors: ApiError[] | undefined
  headers: Record<string, string> = {}

  constructor(
    identifier: ErrorIdentifier,
    message?: Message,
    more: { details?: Record<string, unknown>; errors?: ApiError[] } = {},
  ) {
    const [status, usual] = table[identifier]
    super(english(message ?? usual))
    this.sentence = message ?? usual
    this.identifier = identifier
    this.status = status
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
      message: this.sentence,
      ...(Object.keys(embedded).length > 0 && { _embedded: embedded }),
    }
  }
}

/** An error of any status from 400 up; its identifier is that of the first error with this status, or of the whole class. */
export function errorOfStatus(status: number, message?: string): ApiError {
  const known = (Object.keys(table) as ErrorIdentifier[]).find((identifier) => table[identifier][0] === status)
  const error = new ApiError(
    known ?? (status < 500 ? 'BadRequest' : 'InternalServerError'),
    message === undefined ? undefined : said`${message}`,
  )
  return Object.assign(error, { status })
}

export const notFound = (message?: Message) => new ApiError('NotFound', message)
/** The error for a token without the required scope. */
export function insufficientScope(granted: string, required: string): ApiError {
  const error = new ApiError('InsufficientScope', said`The token has the scope ${granted}; this request requires ${required}.`)
  error.headers = { 'www-authenticate': `Bearer realm="OpenProject API" error="insufficient_scope" scope="${required}"` }
  return error
}

export const forbidden = (message?: Message) => new ApiError('MissingPermission', message)
/** The message for users who have to confirm their identity first. */
export const CONFIRM = said`Confirm your identity at /confirm and try again.`
export const conflict = (message?: Message) => new ApiError('UpdateConflict', message)
export const badRequest = (reason: Message) => new ApiError('BadRequest', said`Bad request: ${reason}`)
export const invalidQuery = (message: Message) => new ApiError('InvalidQuery', message)

/** A violation of one property in a write. */
export interface Violation {
  /** The property's name in the API; `base` for the whole object. */
  attribute: string
  /** A predicate ("can't be blank") to follow the property's label or, with `complete`, a whole sentence. */
  message: Message
  complete?: boolean
  /** Which element of the property's list is meant, from 0: several may have the same fault. */
  element?: number
  identifier?: 'PropertyConstraintViolation' | 'PropertyIsReadOnly' | 'PropertyFormatError' | 'ResourceTypeMismatch'
}

export const violation = (attribute: string, message: Message, more: Partial<Violation> = {}): Violation => ({
  attribute,
  message,
  ...more,
})

export const readOnly = (attribute: string): Violation =>
  violation(attribute, said`was attempted to be written but is not writable`, { identifier: 'PropertyIsReadOnly' })

/** A single error unchanged, several as MultipleErrors. */
export function combined(errors: readonly ApiError[]): ApiError {
  return errors.length === 1 ? (errors[0] as ApiError) : new ApiError('MultipleErrors', undefined, { errors: [...errors] })
}
