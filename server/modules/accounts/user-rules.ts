/** What a user's account may be: completed, checked, and never the last administrator lost. */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { endSetup } from '#identity/one-time-links.ts'
import { addressReplaced, faultsOf, passwordReplaced } from '#identity/password-changes.ts'
import { weaknesses } from '#identity/password-rules.ts'
import { hashPassword } from '#identity/passwords.ts'
import { knowsPassword } from '#identity/sign-in.ts'
import { ACTIVE, INVITED } from '#identity/statuses.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { ApiError, CONFIRM, forbidden, type Violation, violation } from '#kernel/errors.ts'
import { differs } from '#kernel/resource.ts'
import { removePrincipal } from './removal.ts'

type Principal = Tables['principals']

export interface UserFacts {
  /** The password sent, undefined when none was. */
  readonly password: string | null | undefined
  /** The hash of a password that may be used. */
  readonly hash: string | undefined
  /** What speaks against it, as predicates. */
  readonly faults: readonly string[]
  /** Whether the viewer knows their own present password; `missing` where it was not given, and they change it. */
  readonly current: 'right' | 'wrong' | 'missing' | undefined
  /** Whether it is the first administrator, who is still to be set up, so that nobody has been them yet. */
  readonly untouched: boolean
  /** Which of the two belong to somebody else. */
  readonly taken: ReadonlySet<'login' | 'email'>
}

const trimmed = (value: string | null): string | null => (typeof value === 'string' ? value.trim() || null : value)

/** Neither a login nor an address begins or ends with a space. */
export const tidied = ({ row }: Draft<Principal>): Partial<Principal> => ({
  login: trimmed(row.login),
  email: trimmed(row.email),
})

/** A name for somebody of whom there is but an address. */
export function namedAfter(email: string): { first_name: string; last_name: string } {
  const [local = '', domain = ''] = email.split('@')
  return { first_name: local, last_name: `@${domain}` }
}

/** Somebody invited needs but an e-mail address: the rest is made of it until they sign in. */
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

/** Since when a password is used. Whoever has chosen one by themselves need not choose another one. */
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
  // By whoever has shown who they are already it is not asked for anything else.
  const current = isOwn || context.proof !== 'fresh' ? await currentOf(draft, context, isOwn) : undefined
  const isKnown = current === undefined || current === 'right'
  // Whether it was used before is for those to know who know the present one.
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
 * Whether the viewer's present password was given; an attempt at it is one like those at the sign-in page.
 * @param isNeeded whether it is missing where it was not given
 * @throws ApiError 429 after too many
 */
async function currentOf({ virtual }: Draft<Principal>, context: Context, isNeeded: boolean): Promise<UserFacts['current']> {
  const known = virtual?.currentPassword
  if (typeof known !== 'string' || known === '') return isNeeded ? 'missing' : undefined
  const tried = await knowsPassword(context.viewer.row, known, context.outside, context.settings, context.now)
  if (typeof tried === 'string') return tried
  const error = new ApiError('Throttled', 'Too many wrong passwords were tried with this username. Try again later.')
  error.headers = { 'retry-after': String(tried.wait) }
  throw error
}

/** Whether an administrator is still to be set up: there is a link for that, if only one that is over. */
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

/** What can be a login; `me` is the name of whoever asks. */
export const isLogin = (text: string): boolean => LOGIN.test(text) && text.toLowerCase() !== 'me'

/** What can be a part of somebody's name. */
export const isPersonName = (text: string): boolean => NAME.test(text)

/** What can be an e-mail address. */
export const isEmail = (text: string): boolean => EMAIL.test(text)

const LANGUAGE = /^[a-z]{2,3}(-[A-Za-z]{2,4})?$/

export function checkAttributes(draft: Draft<Principal>, facts: UserFacts): Violation[] {
  const { row } = draft
  const violations: Violation[] = []
  const changed = (column: 'login' | 'email' | 'first_name' | 'last_name' | 'language') =>
    differs(draft, column) ? row[column] : null
  const login = changed('login')
  if (login) {
    if (!isLogin(login)) violations.push(violation('login', 'is invalid'))
    if (facts.taken.has('login')) violations.push(violation('login', 'has already been taken'))
  }
  const email = changed('email')
  if (email) {
    if (!isEmail(email)) violations.push(violation('email', 'is invalid'))
    if (facts.taken.has('email')) violations.push(violation('email', 'has already been taken'))
  }
  const firstName = changed('first_name')
  if (firstName && !isPersonName(firstName)) violations.push(violation('firstName', 'is invalid'))
  const lastName = changed('last_name')
  if (!row.last_name?.trim()) violations.push(violation('lastName', "can't be blank"))
  else if (lastName && !isPersonName(lastName)) violations.push(violation('lastName', 'is invalid'))
  const language = changed('language')
  if (language && !LANGUAGE.test(language)) {
    violations.push(violation('language', 'is not set to one of the allowed values'))
  }
  return violations
}

/** Whether the viewer has come by a session that may have been stolen. They can show who they are, and are to, for all accounts. */
export const isStale = (_draft: Draft<Principal>, _facts: UserFacts, { proof }: Context): boolean => proof === 'stale'

/**
 * Whether a property that decides how an account is signed in to takes a proof. A token, which has none, makes accounts and
 * administers those of others; but it must not become its own owner, nor an administrator who is one already.
 */
export const isSignIn = (draft: Draft<Principal>, facts: UserFacts, context: Context): boolean => {
  const { before } = draft
  const isGuarded = before !== undefined && (before.id === context.viewer.id || (Boolean(before.admin) && !facts.untouched))
  return isGuarded || isStale(draft, facts, context)
}

export function checkStatus({ row, before }: Draft<Principal>): Violation[] {
  if (typeof row.status !== 'number') return [violation('status', 'is not set to one of the allowed values')]
  const isFit = before || row.status === ACTIVE || row.status === INVITED
  return isFit ? [] : [violation('status', 'is not valid for new users')]
}

export function checkPassword({ row, before }: Draft<Principal>, { password, faults, current }: UserFacts): Violation[] {
  const violations: Violation[] = []
  if (password) violations.push(...faults.map((fault) => violation('password', fault)))
  else {
    const isNeeded = password === null || (!before && row.status === ACTIVE && !row.identity_url)
    if (isNeeded) violations.push(violation('password', "can't be blank"))
  }
  if (current === 'missing') violations.push(violation('currentPassword', "can't be blank"))
  if (current === 'wrong') violations.push(violation('currentPassword', 'is incorrect'))
  return violations
}

/** Refuses a change after which nobody could administer the instance. */
export async function keepAnAdmin(tx: Transaction, draft: Draft<Principal>): Promise<void> {
  const { row, before } = draft
  const isLess = before && (differs(draft, 'admin') || differs(draft, 'status')) && !(row.admin && row.status === ACTIVE)
  if (isLess) await ensureAnAdmin(tx)
}

/** What follows from a new password and from a new address. */
export async function tellOwner(
  tx: Transaction,
  draft: Draft<Principal>,
  _: UserFacts,
  { settings, now }: Context,
): Promise<void> {
  const { row, before } = draft
  if (!before) {
    if (row.admin && row.password_hash) await endSetup(tx)
    return
  }
  if (differs(draft, 'password_hash')) await passwordReplaced(tx, before, settings, now)
  if (differs(draft, 'email')) await addressReplaced(tx, before, settings, now)
}

/** Whether somebody can administer the instance. */
export async function hasAdmin(tx: Transaction): Promise<boolean> {
  // Raising the counter makes everybody else who changes a principal wait, so that what is counted stays true.
  await invalidate(tx, 'principals')
  const admin = await tx.one(sql`select id from principals where type = 'User' and admin and status = ${ACTIVE} limit 1`)
  return admin !== undefined
}

async function ensureAnAdmin(tx: Transaction): Promise<void> {
  if (!(await hasAdmin(tx))) {
    throw new ApiError('PropertyConstraintViolation', 'At least one active administrator must remain.', {
      details: { attribute: 'base' },
    })
  }
}

/** Whether the settings let the viewer remove the account. */
const mayRemove = ({ id }: Principal, { viewer, settings }: Context): boolean =>
  (viewer.admin && settings.users_deletable_by_admins) || (viewer.id === id && settings.users_deletable_by_self)

/** Whether the viewer can remove the account now: a session that may have been stolen is not enough. */
export const canRemove = (row: Principal, context: Context): boolean => context.proof !== 'stale' && mayRemove(row, context)

/** Throws 403 unless the viewer can remove the account now. */
export async function removableUser(row: Principal, context: Context): Promise<readonly Violation[]> {
  if (!mayRemove(row, context)) throw forbidden()
  if (!canRemove(row, context)) throw forbidden(CONFIRM)
  return []
}

export async function removeUser(tx: Transaction, row: Principal, context: Context): Promise<false> {
  await removePrincipal(tx, row, context)
  await ensureAnAdmin(tx)
  return false
}
