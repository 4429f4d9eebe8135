/** Failures of storages as errors of the API. */
import { ApiError, type ErrorIdentifier, forbidden, invalidQuery, notFound, violation } from '#kernel/errors.ts'
import { toErrors } from '#kernel/write/payload.ts'
import { said } from '#text/messages.ts'
import { type Failure, type Remote, RemoteError } from './remotes/remote.ts'

const outbound: Readonly<Partial<Record<Failure, ErrorIdentifier>>> = {
  missing: 'OutboundRequest:NotFound',
  forbidden: 'OutboundRequest:Forbidden',
}

const NOT_CONNECTED = said`Your account is not connected to the file storage. Open the link "authorize" of the storage in a browser to connect it; a storage without that link needs you to sign in by your identity provider.`

/** The error for a viewer without a connection. */
export const notConnected = (): ApiError => forbidden(NOT_CONNECTED)

/** The API error for what a storage did not do; anything else as it is. @param isAsked whether the viewer named what is missing */
export function apiError(error: unknown, { isAsked = false } = {}): unknown {
  if (!(error instanceof RemoteError)) return error
  const { failure, status } = error
  if (failure === 'unconnected') return notConnected()
  if (failure === 'no-folder') return invalidQuery(said`The given parent is not a directory.`)
  if (failure === 'missing' && isAsked) return notFound(said`The file storage has no such file or folder.`)
  if (failure === 'forbidden' && isAsked) return forbidden(said`The file storage does not let your account do this.`)
  if (failure === 'taken')
    return toErrors({ properties: [] }, [violation('name', said`Name has already been taken.`, { complete: true })])[0]
  const reason = status === undefined ? said`did not respond` : said`responded with the status ${status}`
  return new ApiError(outbound[failure] ?? 'OutboundRequest', said`The file storage ${reason}. Try again later.`)
}

/** Asks a storage. Throws an ApiError where that fails, or the viewer has no connection. */
export async function asking<T>(
  remote: Remote | undefined,
  work: (remote: Remote) => Promise<T>,
  options: { isAsked?: boolean } = {},
): Promise<T> {
  if (!remote) throw notConnected()
  try {
    return await work(remote)
  } catch (error) {
    throw apiError(error, options)
  }
}
