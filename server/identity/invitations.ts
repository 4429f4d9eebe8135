/** Invitations: a mailed link at which an invited user completes the account. */
import type { Row, Transaction } from '#db/database.ts'
import { sendLetter } from '#jobs/mail.ts'
import { addressOf, type Settings } from '#kernel/settings.ts'
import { plural, said } from '#text/messages.ts'
import { DAY, makeLink } from './one-time-links.ts'

/** Who invites, and to what. */
export interface Invitation {
  /** The name of the inviter; the server itself without one. */
  readonly from?: string
  /** The name of a project that the invited is added to. */
  readonly project?: string
  readonly message?: string
}

/** The page of links for accounts that are not active yet. */
export const ACTIVATION_PAGE = '/account/activate'

/** Makes a link for an invited user; returns its address. */
export async function invitationLink(tx: Transaction, { id }: Row, settings: Settings, now: Date): Promise<string> {
  const lasts = settings.invitation_expiration_days * DAY
  return addressOf(settings, `${ACTIVATION_PAGE}?token=${await makeLink(tx, 'invite', id, now, lasts)}`)
}

/**
 * Makes a link for an invited user, and enqueues the mail with it. Former links stay valid: a project that a user is added to right
 * after the invitation has a mail of its own.
 */
export async function inviteUser(
  tx: Transaction,
  user: Row,
  { from, project, message }: Invitation,
  settings: Settings,
  now: Date,
): Promise<void> {
  const { app_title: title, invitation_expiration_days: days } = settings
  const link = await invitationLink(tx, user, settings, now)
  const blocks = [
    from === undefined
      ? said`You are invited to ${title}.`
      : project === undefined
        ? said`${from} invites you to ${title}.`
        : said`${from} has added you to the project ${project}, and invites you to ${title}.`,
    ...(message ? [{ quote: message }] : []),
    { label: said`Accept the invitation`, href: link },
    plural(
      days,
      said`The link works once and expires in a day. If you do not want an account, you can ignore this mail.`,
      said`The link works once and expires in ${days} days. If you do not want an account, you can ignore this mail.`,
    ),
  ]
  await sendLetter(tx, user, { subject: said`Invitation to ${title}`, blocks, link }, settings, now)
}
