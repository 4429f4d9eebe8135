/** Import of commits from a repository: each once, with the work packages that its message refers to. */
import type { Database, Transaction } from '#db/database.ts'
import { among, amongTexts, folded, inserted } from '#db/dialect.ts'
import { inSlices } from '#db/slices.ts'
import { join, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'

/** A commit in its repository. */
export interface Commit {
  readonly identifier: string
  readonly authorName: string
  readonly authorEmail: string
  /** ISO 8601. */
  readonly committedAt: string
  readonly message: string
}

/** The distinct numbers after a `#` in a text. */
export const numbersIn = (message: string): number[] => [
  ...new Set([...message.matchAll(/(?<![\p{L}\p{N}_/#&])#(\d{1,9})(?![\p{L}\p{N}_])/gu)].map(([, digits]) => Number(digits))),
]

/** Commits per transaction: on SQLite, all writers of a running server wait for it. */
const AT_ONCE = 100

/** Imports new commits in batches. */
export const importAll = (
  db: Database,
  project: number,
  commits: readonly Commit[],
  progress?: (done: number, total: number) => void,
): Promise<number> => inSlices(db, commits, AT_ONCE, (tx, slice) => importCommits(tx, project, slice), progress)

/**
 * Imports new commits. They may refer to work packages of the project and its descendants. The import enables the repository
 * module in the project, without which nobody would see them.
 * @returns the number of new commits
 */
export async function importCommits(tx: Transaction, project: number, commits: readonly Commit[]): Promise<number> {
  const given = commits.map(({ identifier }) => identifier)
  const rows = await tx.all<{ identifier: string }>(
    sql`select identifier from changesets where project_id = ${project} and ${amongTexts(tx.engine, sql`identifier`, given)}`,
  )
  const known = new Set(rows.map((row) => row.identifier))
  const fresh = commits.filter(({ identifier }) => !known.has(identifier))
  if (fresh.length === 0) return 0
  const enabled = await tx.run(
    sql`insert into enabled_modules (project_id, name) values (${project}, 'repository') on conflict (project_id, name) do nothing`,
  )
  if (enabled > 0) await invalidate(tx, 'projects')
  const authors = new Map<string, number | null>()
  const authorOf = async (email: string): Promise<number | null> => {
    const address = email.toLowerCase()
    if (!authors.has(address)) {
      const user = await tx.one<{ id: number }>(
        sql`select id from principals where type = 'User' and ${folded(tx.engine, sql`email`)} = ${address}`,
      )
      authors.set(address, user?.id ?? null)
    }
    return authors.get(address) ?? null
  }
  for (const { identifier, authorName, authorEmail, committedAt, message } of fresh) {
    const values = { project_id: project, identifier, author_name: authorName, message, committed_at: committedAt }
    const changeset = await inserted(tx, 'changesets', { ...values, user_id: await authorOf(authorEmail) })
    const numbers = numbersIn(message)
    if (numbers.length === 0) continue
    const named = await tx.all<{ id: number }>(sql`
      with recursive below (id) as (
        select id from projects where id = ${project} union all select p.id from projects p join below on p.parent_id = below.id
      )
      select w.id from work_packages w join below on below.id = w.project_id where ${among(tx.engine, sql`w.id`, numbers)}`)
    if (named.length === 0) continue
    await tx.run(
      sql`insert into changeset_work_packages (changeset_id, work_package_id) values ${join(named.map(({ id }) => sql`(${changeset}, ${id})`))}`,
    )
  }
  return fresh.length
}
