/** Taking over the commits of a repository: each once, with the work packages that its message names. */
import type { Transaction } from '#db/database.ts'
import { among, folded, insert } from '#db/dialect.ts'
import { join, sql } from '#db/sql.ts'
import { changed } from '#kernel/world.ts'

/** A commit as its repository tells it. */
export interface Commit {
  readonly identifier: string
  readonly authorName: string
  readonly authorEmail: string
  /** ISO 8601. */
  readonly committedAt: string
  readonly message: string
}

/** The numbers behind a `#` in a text, each once. */
export const numbersIn = (message: string): number[] => [
  ...new Set([...message.matchAll(/(?<![\p{L}\p{N}_/#&])#(\d{1,9})(?![\p{L}\p{N}_])/gu)].map(([, digits]) => Number(digits))),
]

/**
 * Keeps the commits that are not known yet. They speak of work packages of the project and of those below it. The project uses
 * the module of repositories from then on: nobody would see them otherwise.
 * @returns how many were new
 */
export async function importCommits(tx: Transaction, project: number, commits: readonly Commit[]): Promise<number> {
  const known = new Set(
    (await tx.all<{ identifier: string }>(sql`select identifier from changesets where project_id = ${project}`)).map(
      (row) => row.identifier,
    ),
  )
  const fresh = commits.filter(({ identifier }) => !known.has(identifier))
  if (fresh.length === 0) return 0
  await tx.run(
    sql`insert into enabled_modules (project_id, name) values (${project}, 'repository') on conflict (project_id, name) do nothing`,
  )
  await changed(tx, 'projects')
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
    const row = (await tx.one(insert('changesets', { ...values, user_id: await authorOf(authorEmail) }))) as { id: number }
    const numbers = numbersIn(message)
    if (numbers.length === 0) continue
    const named = await tx.all<{ id: number }>(sql`
      with recursive below (id) as (
        select id from projects where id = ${project} union all select p.id from projects p join below on p.parent_id = below.id
      )
      select w.id from work_packages w join below on below.id = w.project_id where ${among(tx.engine, sql`w.id`, numbers)}`)
    if (named.length === 0) continue
    await tx.run(
      sql`insert into changeset_work_packages (changeset_id, work_package_id) values ${join(named.map(({ id }) => sql`(${row.id}, ${id})`))}`,
    )
  }
  return fresh.length
}
