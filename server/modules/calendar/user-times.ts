/** Common parts of users' working hours and non-working times: rules and operations. */
import type { Sql } from '#db/sql.ts'
import { sql } from '#db/sql.ts'
import { both, either, globally, own } from '#kernel/access/rules.ts'
import type { ApiRequest, Context, Declared, Operation } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { holds, idFrom, ok, operation, respondCreated, respondSaved, rowFrom } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { single } from '#kernel/read/single.ts'
import { findRow, prepareWrite } from '#kernel/write/prepare.ts'
import { remove } from '#kernel/write/remove.ts'
import { User } from '#modules/accounts/users.ts'

const managesAll = globally('manage_working_times')

/** A user's own times, or all times with the permission to manage them. */
export const seesTimes = either(own('user_id'), managesAll)
export const changesTimes = either(both(own('user_id'), globally('manage_own_working_times')), managesAll)

/** The id of the user in the path. 404 for users whose times the viewer may not see, as for users that do not exist. */
async function ownerFrom({ context, params }: ApiRequest<'id'>): Promise<number> {
  const { id } = await rowFrom(params.id, context.model.of(User), context)
  if (!(await holds(context, seesTimes, { user_id: id }))) throw notFound()
  return id
}

/**
 * Declares the operations on one kind of times, below the path of their user.
 * @param within further condition on listed entries
 */
export function belowUsers(
  declared: Declared,
  within: (context: Context) => Sql,
  query: readonly string[] = [],
): readonly Operation[] {
  const { path, words, name: of } = declared
  const here = ({ model }: Context) => model.of(declared)
  const parameter = `${path.replace(/s$/, '')}_id` as const
  const all = { path: `/users/:id/${path}`, tag: of } as const
  const one = { path: `/users/:id/${path}/:${parameter}`, tag: of } as const
  const found = async (ask: ApiRequest<'id' | `${string}_id`>) => {
    const user = await ownerFrom(ask)
    const { context, params } = ask
    return findRow(context, here(context), await idFrom(params[parameter] ?? '', here(context), context), sql`user_id = ${user}`)
  }

  return [
    operation({
      ...all,
      method: 'GET',
      summary: `List the ${words} of a user`,
      description:
        'Lists the entries of one user. Callers may read their own; those of others need the permission to manage working times.',
      answers: { status: 200, of, as: 'collection' },
      query,
      run: async (ask) => {
        const user = await ownerFrom(ask)
        const listed = sql`user_id = ${user} and ${within(ask.context)}`
        return ok(await index(ask.context, here(ask.context), { path: `/api/v3/users/${user}/${path}`, within: listed }))
      },
    }),
    operation({
      ...all,
      method: 'POST',
      summary: `Create ${words} of a user`,
      description: 'Needs the permission to manage one’s own working times, or those of all users.',
      answers: { status: 201, of, as: 'single' },
      takes: of,
      run: async (ask) => {
        const user_id = await ownerFrom(ask)
        return respondCreated(
          ask,
          here(ask.context),
          await prepareWrite(ask.context, here(ask.context), undefined, ask.body, { user_id }),
        )
      },
    }),
    operation({
      ...one,
      method: 'GET',
      summary: `View ${words} of a user`,
      description: 'Returns one entry of a user.',
      answers: { status: 200, of, as: 'single' },
      run: async (ask) => ok(await single(ask.context, here(ask.context), await found(ask))),
    }),
    operation({
      ...one,
      method: 'PATCH',
      summary: `Update ${words} of a user`,
      description: 'Changes the properties in the body and leaves the rest.',
      answers: { status: 200, of, as: 'single' },
      takes: of,
      run: async (ask) =>
        respondSaved(ask, here(ask.context), await prepareWrite(ask.context, here(ask.context), await found(ask), ask.body)),
    }),
    operation({
      ...one,
      method: 'DELETE',
      summary: `Delete ${words} of a user`,
      description: 'Deletes one entry of a user.',
      answers: { status: 204 },
      run: async (ask) => {
        await remove(ask.db, ask.context, here(ask.context), await found(ask))
        return { status: 204 }
      },
    }),
  ]
}
