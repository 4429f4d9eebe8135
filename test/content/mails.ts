/** The mails of notices, as tests of content read them. */
import type { Database } from '#db/database.ts'
import type { Mail } from '#kernel/declaration.ts'
import { runDue } from '#test/jobs.ts'

/**
 * Delivers events, and only then sends what waits.
 * @param meanwhile what happens in between
 */
export async function sentBy(db: Database, meanwhile?: () => Promise<unknown>): Promise<Mail[]> {
  const mails: Mail[] = []
  await runDue(db)
  await meanwhile?.()
  const post = async (mail: Mail) => void mails.push(mail)
  for (let i = 0; i < 5; i++) await runDue(db, { post, only: ['notices.send'] })
  return mails
}
