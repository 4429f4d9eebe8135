/** Locking users out, and letting them in again. */

import { ACTIVE, LOCKED } from '#identity/statuses.ts'
import type { ApiRequest, Operation } from '#kernel/declaration.ts'
import { ApiError, CONFIRM, forbidden } from '#kernel/errors.ts'
import { demand, operation, respondSaved, rowFrom } from '#kernel/operation.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { User } from './users.ts'
import { administersUser } from './visibility.ts'

/** Brings an active or locked user into the given state; whoever is in it already stays as they are. */
async function settle(ask: ApiRequest<'id'>, status: number) {
  const { context, params } = ask
  const row = await rowFrom(params.id, context.model.of(User), context)
  await demand(context, administersUser, row)
  if (context.proof === 'stale') throw forbidden(CONFIRM)
  if (row.status !== ACTIVE && row.status !== LOCKED) throw new ApiError('InvalidUserStatusTransition')
  return respondSaved(ask, context.model.of(User), await prepareWrite(context, context.model.of(User), row, {}, { status }))
}

const common = { path: '/users/:id/lock', tag: 'User', answers: { status: 200, of: 'User', as: 'single' } } as const

const lockUser = operation({
  ...common,
  method: 'POST',
  summary: 'Lock a user',
  description: 'Locks a user: their sessions end, and their tokens are refused. A user who is locked already stays so.',
  run: (ask) => settle(ask, LOCKED),
})

const unlockUser = operation({
  ...common,
  method: 'DELETE',
  summary: 'Unlock a user',
  description: 'Unlocks a locked user. A user who is active already stays so.',
  run: (ask) => settle(ask, ACTIVE),
})

export const operations: readonly Operation[] = [lockUser, unlockUser]
