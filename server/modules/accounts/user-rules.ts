/** Derivations and checks for writes of users; they keep the last administrator. */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { inviteUser } from '#identity/invitations.ts'
import { endLinks, endSetup } from '#identity/one-time-links.ts'
import { addressReplaced, faultsOf, passwordReplaced } from '#identity/password-changes.ts'
import { weaknesses } from '#identity/password-rules.ts'
import { hashPassword } from '#identity/passwords.ts'
import { knowsPassword } from '#identity/sign-in.ts'
import { ACTIVE, INVITED, REGISTERED } from '#identity/statuses.ts'
import { sendLetter } from '#jobs/mail.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { ApiError, CONFIRM, forbidden, type Violation, violation } from '#kernel/errors.ts'
import { differs } from '#kernel/resource.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import { type Message, said } from '#text/messages.ts'
import { removePrincipal, retirePrincipal } from './removal.ts'

type Principal = Tables['principals']

export interface UserFacts {
  /** The password sent, undefined when none was. */
  readonly password: string | null | undefined
  /** The hash of a valid password. */
  readonly hash: string | undefined
  /** Faults of the password, as predicates. */
  readonly faults: readonly Message[]
  /** The result for the viewer's current password; `missing` if a change of one's own password lacks it. */
  readonly current: 'right' | 'wrong' | 'missing' | undefined
  /** Whether it is the first administrator before setup, so that nobody has used the account. */
  readonly untouched: boolean
  /** Columns whose value belongs to another user. */
  readonly taken: ReadonlySet<'login' | 'email'>
}

const trimmed = (value: string | null): string | null => (typeof value === 'string' ? value.trim() || null : value)

/** Trims login and address. */
export const tidied = ({ row }: Draft<Principal>): Partial<Principal> => ({
  login: trimmed(row.login),
  email: trimmed(row.email),
})

/** A name derived from an email address. */
export function namedAfter(email: string): { first_name: string; last_name: string } {
  const [local = '', domain = ''] = email.split('@')
  return { first_name: local, last_name: `@${domain}` }
}

/** An invitation needs an email address only: other values are derived from it until the user signs in. */
export function fromInvitation({ row, before }: Draft<Principal>): Partial<Principal> {
  if (before || row.status !== INVITED || !row.email) return {}
  const { first_name, last_name } = namedAfter(row.email)
  return {
    login: row.login ?? row.email,
    first_name: trimmed(row.first_name) ?? first_name,
    last_name: trimmed(row.last_name) ?? last_name,
  }
}

/** The full name, and the hash in place of the password. */
export function completed({ row, before, given }: Draft<Principal>, { hash }: UserFacts): Partial<Principal> {
  return {
    name: [row.first_name, row.last_name].filter(Boolean).join(' '),
    ...(given.has('password') && { password_hash: hash ?? before?.password_hash ?? null }),
  }
}

/** Records the time of a password change. Users who change their own password fulfil a forced change. */
export function dated(draft: Draft<Principal>, _: UserFacts, { viewer, now }: Context): Partial<Principal> {
  if (!differs(draft, 'password_hash')) return {}
  return {
    password_changed_at: now.toISOString(),
    ...(draft.before?.id === viewer.id && { force_password_change: false }),
  }
}

export async function userFacts(draft: Draft<Principal>, context: Context): Promise<UserFacts> {
  const { before, given } = draft
  const { db, settings } = context
  const password = given.has('password') ? draft.row.password_hash : undefined
  const isOwn = password !== undefined && before?.id === context.viewer.id
  // With a recent confirmation, only a change of one's own password needs the current one.
  const current = isOwn || context.proof !== 'fresh' ? await currentOf(draft, context, isOwn) : undefined
  const isKnown = current === undefined || current === 'right'
  // Only viewers who know the current password learn whether a new one was used before.
  const faults = !password ? [] : isKnown ? await faultsOf(password, before, db, settings) : weaknesses(password, settings)
  const tidy = { ...draft, row: { ...draft.row, ...tidied(draft) } }
  return {
    password,
    hash: password && isKnown && faults.length === 0 ? await hashPassword(password) : undefined,
    faults,
    current,
    untouched: before !== undefined && (await isUntouched(before, context)),
    taken: await taken({ ...tidy, row: { ...tidy.row, ...fromInvitation(tidy) } }, context),
  }
}

/**
 * Checks the viewer's current password, with the rate limit of the sign-in page.
 * @param isNeeded whether a missing password counts as `missing`
 * @throws ApiError 429 after too many attempts
 */
async function currentOf({ virtual }: Draft<Principal>, context: Context, isNeeded: boolean): Promise<UserFacts['current']> {
  const known = virtual?.currentPassword
  if (typeof known !== 'string' || known === '') return isNeeded ? 'missing' : undefined
  const tried = await knowsPassword(context.viewer.row, known, context.outside, context.settings, context.now)
  if (typeof tried === 'string') return tried
  const error = new ApiError('Throttled', said`Too many wrong passwords were tried with this username. Try again later.`)
  error.headers = { 'retry-after': String(tried.wait) }
  throw error
}

/** Whether an administrator has not been set up: a setup link exists, if only an expired one. */
async function isUntouched({ id, admin, password_hash }: Principal, { db }: Context): Promise<boolean> {
  if (!admin || password_hash !== null) return false
  const link = await db.one(sql`select id from one_time_links where purpose = 'setup' and user_id = ${id} limit 1`)
  return link !== undefined
}

async function taken({ row, before }: Draft<Principal>, { db }: Context): Promise<ReadonlySet<'login' | 'email'>> {
  const rows = await db.all<{ is_login: unknown; is_email: unknown }>(sql`
    select lower(login) = lower(${row.login ?? ''}) as is_login, lower(email) = lower(${row.email ?? ''}) as is_email
    from principals
    where (lower(login) = lower(${row.login ?? ''}) or lower(email) = lower(${row.email ?? ''})) and id <> ${before?.id ?? 0}`)
  return new Set([
    ...(rows.some((one) => one.is_login) ? (['login'] as const) : []),
    ...(rows.some((one) => one.is_email) ? (['email'] as const) : []),
  ])
}

const LOGIN = /^[\p{L}\p{N}_\-@.+ ]+$/u
const NAME =
  /^(?:[\p{L}\p{M}\p{N}\p{Zs}\p{Extended_Pictographic}\p{Emoji_Modifier}\p{Regional_Indicator}'’´`"“”\-–_.,@()+&*/]|\u200d)+$/u
const EMAIL = /^[^\s@<>()[\],;:\\"]+@[^\s@<>()[\],;:\\"]+$/

/** Whether a text is a valid login; `me` is reserved for the caller. */
export const isLogin = (text: string): boolean => LOGIN.test(text) && text.toLowerCase() !== 'me'

/** Whether a text is a valid part of a person's name. */
export const isPersonName = (text: string): boolean => NAME.test(text)

/** Whether a text is a valid email address. */
export const isEmail = (text: string): boolean => EMAIL.test(text)

const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z]{2,4})?$/

export function checkAttributes(draft: Draft<Principal>, facts: UserFacts): Violation[] {
  const { row } = draft
  const violations: Violation[] = []
  const changed = (column: 'login' | 'email' | 'first_name' | 'last_name' | 'language') =>
    differs(draft, column) ? row[column] : null
  const login = changed('login')
  if (login) {
    if (!isLogin(login)) violations.push(violation('login', said`is invalid`))
    if (facts.taken.has('login')) violations.push(violation('login', said`has already been taken`))
  }
  const email = changed('email')
  if (email) {
    if (!isEmail(email)) violations.push(violation('email', said`is invalid`))
    if (facts.taken.has('email')) violations.push(violation('email', said`has already been taken`))
  }
  const firstName = changed('first_name')
  if (firstName && !isPersonName(firstName)) violations.push(violation('firstName', said`is invalid`))
  const lastName = changed('last_name')
  if (!row.last_name?.trim()) violations.push(violation('lastName', said`can't be blank`))
  else if (lastName && !isPersonName(lastName)) violations.push(violation('lastName', said`is invalid`))
  const language = changed('language')
  if (language && !LANGUAGE.test(language)) {
    violations.push(violation('language', said`is not set to one of the allowed values`))
  }
  return violations
}

/** Whether the session's confirmation of identity is too old, so that a stolen session could not change accounts. */
export const isStale = (_draft: Draft<Principal>, _facts: UserFacts, { proof }: Context): boolean => proof === 'stale'

/**
 * Whether a change of credentials needs a confirmation of identity. A token, which has none, may create accounts and administer
 * those of others; but it must not take over its owner's account, nor that of an existing administrator.
 */
export const isSignIn = (draft: Draft<Principal>, facts: UserFacts, context: Context): boolean => {
  const { before } = draft
  const isGuarded = before !== undefined && (before.id === context.viewer.id || (Boolean(before.admin) && !facts.untouched))
  return isGuarded || isStale(draft, facts, context)
}

export function checkStatus({ row, before }: Draft<Principal>): Violation[] {
  if (typeof row.status !== 'number') return [violation('status', said`is not set to one of the allowed values`)]
  const isFit = before || row.status === ACTIVE || row.status === INVITED
  return isFit ? [] : [violation('status', said`is not valid for new users`)]
}

export function checkPassword({ row, before }: Draft<Principal>, { password, faults, current }: UserFacts): Violation[] {
  const violations: Violation[] = []
  if (password) violations.push(...faults.map((fault) => violation('password', fault)))
  else {
    const isNeeded = password === null || (!before && row.status === ACTIVE && !row.identity_url)
    if (isNeeded) violations.push(violation('password', said`can't be blank`))
  }
  if (current === 'missing') violations.push(violation('currentPassword', said`can't be blank`))
  if (current === 'wrong') violations.push(violation('currentPassword', said`is incorrect`))
  return violations
}

/** Rejects a change that would leave the instance without an active administrator. */
export async function keepAnAdmin(tx: Transaction, draft: Draft<Principal>): Promise<void> {
  const { row, before } = draft
  const isLess = before && (differs(draft, 'admin') || differs(draft, 'status')) && !(row.admin && row.status === ACTIVE)
  if (isLess) await ensureAnAdmin(tx)
}

/** Side effects of a new password, a new address or an activation. */
export async function tellOwner(
  tx: Transaction,
  draft: Draft<Principal>,
  _: UserFacts,
  { viewer, settings, now }: Context,
): Promise<void> {
  const { row, before } = draft
  if (!before) {
    if (row.admin && row.password_hash) await endSetup(tx)
    return
  }
  if (differs(draft, 'password_hash')) await passwordReplaced(tx, before, settings, now)
  if (differs(draft, 'email')) await addressReplaced(tx, before, settings, now)
  if (differs(draft, 'status') && row.status === ACTIVE && before.id !== viewer.id)
    await accountActivated(tx, before, settings, now)
}

/** Side effects of the activation of an account by somebody else: its links end, and its owner is notified. */
export async function accountActivated(tx: Transaction, before: Principal, settings: Settings, now: Date): Promise<void> {
  await endLinks(tx, before.id)
  if (before.status !== REGISTERED) return
  const blocks = [
    said`Your account "${before.login ?? ''}" at ${settings.app_title} has been activated.`,
    { label: said`Sign in`, href: addressOf(settings, '/login') },
  ]
  await sendLetter(tx, before, { subject: said`Your account at ${settings.app_title} has been activated`, blocks }, settings, now)
}

/** Invites users who become invited, or whose status is given once more, or whose address has changed. */
export async function sendInvitation(
  tx: Transaction,
  draft: Draft<Principal>,
  _: UserFacts,
  { viewer, settings, now }: Context,
): Promise<void> {
  const { row, before, given } = draft
  if (row.status !== INVITED || !(given.has('status') || differs(draft, 'email'))) return
  if (before) await endLinks(tx, row.id)
  await inviteUser(tx, row, { from: viewer.row.name }, settings, now)
}

/** Whether there is an active administrator. */
export async function hasAdmin(tx: Transaction): Promise<boolean> {
  // Raising the counter serialises changes of principals, so that the count stays true.
  await invalidate(tx, 'principals')
  const admin = await tx.one(sql`select id from principals where type = 'User' and admin and status = ${ACTIVE} limit 1`)
  return admin !== undefined
}

async function ensureAnAdmin(tx: Transaction): Promise<void> {
  if (!(await hasAdmin(tx))) {
    throw new ApiError('PropertyConstraintViolation', said`At least one active administrator must remain.`, {
      details: { attribute: 'base' },
    })
  }
}

/** Whether the settings let the viewer remove the account. */
const mayRemove = ({ id }: Principal, { viewer, settings }: Context): boolean =>
  (viewer.admin && settings.users_deletable_by_admins) || (viewer.id === id && settings.users_deletable_by_self)

/** Whether the viewer can remove the account now: it needs a recent confirmation of identity. */
export const canRemove = (row: Principal, context: Context): boolean => context.proof !== 'stale' && mayRemove(row, context)

/** Throws 403 unless the viewer can remove the account now. */
export async function removableUser(row: Principal, context: Context): Promise<readonly Violation[]> {
  if (!mayRemove(row, context)) throw forbidden()
  if (!canRemove(row, context)) throw forbidden(CONFIRM)
  return []
}

/** Ends what a user can do, before a job removes the account. */
export async function retireUser(tx: Transaction, row: Principal): Promise<void> {
  await retirePrincipal(tx, row)
  await ensureAnAdmin(tx)
}

export async function removeUser(tx: Transaction, row: Principal, context: Context): Promise<false> {
  await removePrincipal(tx, row, context)
  await ensureAnAdmin(tx)
  return false
}
