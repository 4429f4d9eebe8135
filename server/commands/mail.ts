/** `halyard mail`: tries out the mail server. */
import { mailTo } from '#jobs/letters.ts'
import { postOf } from '#jobs/post.ts'
import { readSettings } from '#kernel/settings.ts'
import { isEmail } from '#modules/accounts/user-rules.ts'
import { reasonOf } from '#server/reason.ts'
import { UsageError } from '#server/usage.ts'
import { said } from '#text/messages.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'
import { showResult } from './output.ts'

/**
 * Sends a mail at once, without a job, and prints what the mail server says.
 * @throws Error in one sentence if there is no mail server, or it does not take the mail
 */
export async function testMail(invocation: Invocation): Promise<void> {
  const { config, words } = invocation
  const address = words[0]!
  if (!isEmail(address)) throw new UsageError(`"${address}" is not an e-mail address.`)
  const { mail, databaseUrl } = config
  if (!mail) {
    throw new UsageError('There is no mail server: set HALYARD_SMTP_URL and HALYARD_MAIL_FROM, as for halyard serve.')
  }
  const settings = await withDatabase(databaseUrl, readSettings)
  const letter = {
    subject: said`Test mail from ${settings.app_title}`,
    blocks: [said`This mail was sent by "halyard mail test". If you can read it, the mail server works.`],
  }
  const user = { name: address, email: address, language: null }
  const { host } = new URL(mail.url)
  const response = await postOf(mail, { info: () => {} })(mailTo(user, letter, settings)).catch((cause: unknown) => {
    throw new Error(`${host} did not take the mail: ${reasonOf(cause)}`, { cause })
  })
  showResult(
    invocation,
    { host, from: mail.from, to: address, response },
    `${host} has taken the mail to ${address}: ${response}`,
  )
}
