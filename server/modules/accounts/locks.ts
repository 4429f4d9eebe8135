/** Locking users out, and letting them in again. */
import { prepareWrite } from '#kernel/change.ts'
import { ApiError, CONFIRM, forbidden } from '#kernel/errors.ts'
import { type Ask, operation, rowFrom, saved } from '#kernel/operation.ts'
import { ACTIVE, LOCKED } from './statuses.ts'
import { User } from './users.ts'
import { administersUser } from './visibility.ts'

/** Brings an active or locked user into the given state; whoever is in it already stays as they are. */
async function settle(ask: Ask, status: number) {
  const { context, params } = ask
  const row = await rowFrom(params['id'] as string, User, context)
  if (!administersUser.holds(context.viewer, row)) throw forbidden()
  if (context.proof === 'stale') throw forbidden(CONFIRM)
  if (row['status'] !== ACTIVE && row['status'] !== LOCKED) throw new ApiError('InvalidUserStatusTransition')
  return saved(ask, User, await prepareWrite(context, User, row, {}, { status }))
}

const common = { path: '/users/:id/lock', tag: 'User', answers: { status: 200, of: 'User', as: 'single' } } as const

operation({
  ...common,
  method: 'POST',
  summary: 'Lock a user',
  description: 'Keeps a user out: their sessions end, and their tokens are refused. Who is locked already stays so.',
  run: (ask) => settle(ask, LOCKED),
})
operation({
  ...common,
  method: 'DELETE',
  summary: 'Unlock a user',
  description: 'Lets a locked user in again. Who is active already stays so.',
  run: (ask) => settle(ask, ACTIVE),
})
