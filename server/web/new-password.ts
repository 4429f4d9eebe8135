/** Choosing a new password: the fields for it, how what they hold is judged, and how it is stored, by whatever way somebody came. */
import type { Row, Transaction } from '#db/database.ts'
import { contextOf, type Services } from '#http/mount.ts'
import { faultsOf } from '#identity/password-changes.ts'
import { hashPassword } from '#identity/passwords.ts'
import { rowFrom } from '#kernel/operation.ts'
import { save } from '#kernel/write/commit.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { User } from '#modules/accounts/users.ts'
import { type Html, html } from '#text/html.ts'
import { field } from './forms.ts'
import type { Visit } from './page.ts'

/** What is wrong with a form, by the names of its fields. */
export type Errors = Readonly<Record<string, string | undefined>>

/** The new password, and once more. */
export const newPasswordFields = ({ settings }: Visit, errors: Errors = {}, autofocus = false): Html => html`${field({
  label: 'New password',
  name: 'password',
  type: 'password',
  autocomplete: 'new-password',
  required: true,
  autofocus,
  hint: `At least ${settings.password_min_length} characters.`,
  error: errors['password'],
})}
${field({
  label: 'New password, once more',
  name: 'repeated',
  type: 'password',
  autocomplete: 'new-password',
  required: true,
  error: errors['repeated'],
})}`

/** What is wrong where the two do not agree; nothing else is looked at then. */
export const unlike = ({ given }: Visit): Errors | undefined =>
  given.get('password') === given.get('repeated') ? undefined : { repeated: 'The two passwords are not the same.' }

/**
 * The hash of the password that a form holds, or what is wrong with it.
 * @param another whether the present one will not do
 */
export async function chosenPassword(visit: Visit, user: Row, another = false): Promise<{ hash: string } | { errors: Errors }> {
  const errors = unlike(visit)
  if (errors) return { errors }
  const password = visit.given.get('password') ?? ''
  const faults = await faultsOf(password, user, visit.db, visit.settings, another)
  if (faults.length > 0) return { errors: { password: faults.map((fault) => `The password ${fault}.`).join(' ') } }
  return { hash: await hashPassword(password) }
}

/** Prepares to store a password of somebody by the contract of their account; whatever else is wrong with that does not matter. */
export async function storing({ request }: Visit, ground: Services, user: Row, hash: string) {
  const context = await contextOf(request, ground, async () => ({ principal: user, proof: 'fresh' }))
  const before = await rowFrom('me', context.model.of(User), context)
  const { draft, facts } = await prepareWrite(context, context.model.of(User), before, {}, { password_hash: hash })
  return (tx: Transaction) => save(tx, context, context.model.of(User), draft, facts)
}
