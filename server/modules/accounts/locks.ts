/** Locks and unlocks users. */

import { ACTIVE, LOCKED } from '#identity/statuses.ts'
import type { ApiRequest, Operation } from '#kernel/declaration.ts'
import { ApiError, CONFIRM, forbidden } from '#kernel/errors.ts'
import { demand, operation, respondSaved, rowFrom } from '#kernel/operation.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { User } from './users.ts'
import { administersUser } from './visibility.ts'

/** Sets the status of an active or locked user; idempotent. */
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
  description: 'Locks a user: ends their sessions and rejects their tokens. Locking a locked user has no effect.',
  run: (ask) => settle(ask, LOCKED),
})

const unlockUser = operation({
  ...common,
  method: 'DELETE',
  summary: 'Unlock a user',
  description: 'Unlocks a locked user. Unlocking an active user has no effect.',
  run: (ask) => settle(ask, ACTIVE),
})

export const operations: readonly Operation[] = [lockUser, unlockUser]
