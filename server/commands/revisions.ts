/** `halyard revisions`: imports the commits of a project's repository. */
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { sql } from '#db/sql.ts'
import { type Commit, importAll } from '#modules/revisions/importing.ts'
import type { Invocation } from './command.ts'
import { withDatabase } from './database.ts'
import { showResult } from './output.ts'
import { withProgress } from './progress.ts'

const FIELD = '\u001f'
const RECORD = '\u001e'
const FORMAT = ['%H', '%an', '%ae', '%cI', '%B'].join('%x1f')
const LARGEST_LOG = 256 * 1024 * 1024

/** All commits of a git repository, oldest first. Throws an Error in one sentence if git fails. */
async function commitsOf(path: string): Promise<Commit[]> {
  const args = ['-C', path, 'log', '--all', '--reverse', `--format=${FORMAT}%x1e`]
  const { stdout } = await promisify(execFile)('git', args, { maxBuffer: LARGEST_LOG }).catch((cause: Error) => {
    throw new Error(`The commits of ${path} cannot be read: ${cause.message.split('\n').at(-2) ?? cause.message}`, { cause })
  })
  return stdout
    .split(RECORD)
    .map((record) => record.trim().split(FIELD))
    .filter((fields) => fields.length === 5)
    .map(([identifier = '', authorName = '', authorEmail = '', at = '', message = '']) => ({
      identifier,
      authorName,
      authorEmail,
      committedAt: new Date(at).toISOString(),
      message: message.trim(),
    }))
}

export async function importRevisions(invocation: Invocation): Promise<void> {
  const { config, words } = invocation
  const [identifier, path] = words as [string, string]
  const commits = await commitsOf(path)
  const count = await withDatabase(config.databaseUrl, async (db) => {
    const project = await db.one<{ id: number }>(sql`select id from projects where identifier = ${identifier}`)
    if (!project) throw new Error(`There is no project with the identifier "${identifier}".`)
    return withProgress(invocation, (progress) =>
      importAll(db, project.id, commits, (done, total) => progress('commits', done, total)),
    )
  })
  showResult(invocation, { imported: count, commits: commits.length }, `Imported ${count} new revisions of ${commits.length}.`)
}
