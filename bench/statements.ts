/** The number of statements per request on a warm server, counted in this process. */
import { connect } from '#db/connect.ts'
import type { Database } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { build } from '#server/app.ts'
import type { Case, Work } from './cases.ts'
import type { Dataset } from './dataset.ts'

/** Rows differ in the statements that they need: among so many, some need all of them. */
const FIRST = 20

/** The largest number of statements for any of a case's first requests, by case. */
export async function countStatements(
  databaseUrl: string,
  wanted: readonly Case[],
  dataset: Dataset,
): Promise<Map<string, number>> {
  const db = await connect(databaseUrl)
  const app = await build(db)
  const counts = new Map<string, number>()
  for (const { name, requests } of wanted) {
    let most = 0
    const written = new Map<number, number>()
    for (const request of requests(dataset).slice(0, FIRST)) {
      for (const isWarm of [false, true]) {
        const id = 'id' in request.work ? request.work.id : 0
        const version = written.get(id) ?? 0
        written.set(id, version + 1)
        const before = db.statements
        const reply = await app.inject({
          method: request.method,
          url: request.path,
          headers: {
            authorization: `Bearer ${request.token}`,
            ...(request.method !== 'GET' && { 'content-type': 'application/json' }),
          },
          ...(request.method !== 'GET' && { payload: request.body(isWarm ? 2 : 1, version) }),
        })
        if (reply.statusCode >= 300)
          throw new Error(`${request.method} ${request.path}: ${reply.statusCode} ${reply.body.slice(0, 500)}`)
        if (isWarm) most = Math.max(most, db.statements - before)
        if (request.work.kind === 'cascade') await expectMoved(db, request.work)
      }
    }
    counts.set(name, most)
  }
  await app.close()
  await db.close()
  return counts
}

/** Throws an Error unless the write has changed all rows that move with it. */
async function expectMoved(db: Database, { id, rows }: Work & { kind: 'cascade' }): Promise<void> {
  const moved = await db.one<{ n: number }>(
    sql`select count(*) as n from work_packages where updated_at = (select updated_at from work_packages where id = ${id})`,
  )
  if (moved?.n !== rows) throw new Error(`A cascade from work package ${id} moved ${moved?.n} rows, not ${rows}.`)
}
