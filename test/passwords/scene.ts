/** Common setup of password tests: a user with a password, their browser, and their mails. */

import type { Mail } from '#kernel/declaration.ts'
import type { Instance, Reply } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { MINUTE } from '#test/scene.ts'

export const ANOTHER = 'battery staple 8?'
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** The new password, twice. */
export const twice = (password: string, repeated = password) => ({ password, repeated })

/** The error of a field on a page. */
export const saidOf = ({ text }: Reply, field: string): string | undefined =>
  new RegExp(`id="${field}-error">([^<]*)<`).exec(text)?.[1]?.replaceAll('&#39;', "'")

/** Runs the due jobs; gives the mails that are sent. */
export async function mailOf({ db }: Instance): Promise<Mail[]> {
  const mails: Mail[] = []
  await runDue(db, { post: async (mail) => void mails.push(mail) })
  return mails
}
