/** What tests of passwords have in common: somebody with one, their browser, and the mail that was written to them. */

import { sql } from '#db/sql.ts'
import { runTasks } from '#jobs/tasks.ts'
import { product } from '#server/modules.ts'
import type { Instance, Reply } from '#test/instance.ts'
import { MINUTE } from '#test/scene.ts'

export const ANOTHER = 'battery staple 8?'
export const HOUR = 60 * MINUTE
export const DAY = 24 * HOUR

/** The new password, twice. */
export const twice = (password: string, repeated = password) => ({ password, repeated })

/** What is wrong with a field, as a page says it. */
export const saidOf = ({ text }: Reply, field: string): string | undefined =>
  new RegExp(`id="${field}-error">([^<]*)<`).exec(text)?.[1]?.replaceAll('&#39;', "'")

interface Written {
  readonly recipient: string
  readonly subject: string
  readonly text: string
  readonly link: string | null
}

/** Lets time do its work; gives the mail that is to be sent now, and takes it away. */
export async function mailOf({ db }: Instance): Promise<Written[]> {
  await runTasks(product, db, new Date())
  const mails = await db.all<Written>(sql`select recipient, subject, text, link from mails order by id`)
  await db.transaction((tx) => tx.run(sql`delete from mails`))
  return mails
}
