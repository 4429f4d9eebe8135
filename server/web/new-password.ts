/** Choosing a new password: its fields, their validation and the storage, shared by all pages that change a password. */
import type { Row, Transaction } from '#db/database.ts'
import { contextOf, type Services } from '#http/mount.ts'
import { faultsOf } from '#identity/password-changes.ts'
import { hashPassword } from '#identity/passwords.ts'
import { rowFrom } from '#kernel/operation.ts'
import { save } from '#kernel/write/commit.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { User } from '#modules/accounts/users.ts'
import { type Html, html } from '#text/html.ts'
import { type Message, said, sentences } from '#text/messages.ts'
import { field } from './forms.ts'
import type { Visit } from './page.ts'

/** The errors of a form, by the names of its fields. */
export type Errors = Readonly<Record<string, Message | undefined>>

/** The fields for the new password and its confirmation. */
export const newPasswordFields = ({ settings }: Visit, errors: Errors = {}, autofocus = false): Html => html`${field({
  label: said`New password`,
  name: 'password',
  type: 'password',
  autocomplete: 'new-password',
  required: true,
  autofocus,
  hint: said`At least ${settings.password_min_length} characters.`,
  error: errors.password,
})}
${field({
  label: said`Confirm new password`,
  name: 'repeated',
  type: 'password',
  autocomplete: 'new-password',
  required: true,
  error: errors.repeated,
})}`

/** The error if the two passwords differ; the caller then skips all other checks. */
export const mismatch = ({ given }: Visit): Errors | undefined =>
  given.get('password') === given.get('repeated') ? undefined : { repeated: said`The passwords do not match.` }

/**
 * The hash of the submitted password, or its errors.
 * @param another whether the current password is refused
 */
export async function chosenPassword(visit: Visit, user: Row, another = false): Promise<{ hash: string } | { errors: Errors }> {
  const errors = mismatch(visit)
  if (errors) return { errors }
  const password = visit.given.get('password') ?? ''
  const faults = await faultsOf(password, user, visit.db, visit.settings, another)
  if (faults.length > 0) return { errors: { password: sentences(faults.map((fault) => said`The password ${fault}.`)) } }
  return { hash: await hashPassword(password) }
}

/** Prepares the write of a user's password. Other violations of the user's row do not block it. */
export async function storing({ request }: Visit, services: Services, user: Row, hash: string) {
  const context = await contextOf(request, services, async () => ({ principal: user, proof: 'fresh' }))
  const before = await rowFrom('me', context.model.of(User), context)
  const { draft, facts } = await prepareWrite(context, context.model.of(User), before, {}, { password_hash: hash })
  return (tx: Transaction) => save(tx, context, context.model.of(User), draft, facts)
}
