/** How many statements each request takes once the server is warm: counted in this process, on the application itself. */
import { connect } from '#db/connect.ts'
import { build } from '#server/app.ts'
import type { Case } from './cases.ts'
import type { Dataset } from './data.ts'

/** The most statements that any of a case's first requests takes, by case. */
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
    for (const request of requests(dataset).slice(0, 5)) {
      for (const isWarm of [false, true]) {
        const before = db.statements
        const reply = await app.inject({
          method: request.method,
          url: request.path,
          headers: {
            authorization: `Bearer ${request.token}`,
            ...(request.method !== 'GET' && { 'content-type': 'application/json' }),
          },
          ...(request.method !== 'GET' && { payload: request.body(isWarm ? 2 : 1, isWarm ? 1 : 0) }),
        })
        if (reply.statusCode >= 300)
          throw new Error(`${request.method} ${request.path}: ${reply.statusCode} ${reply.body.slice(0, 500)}`)
        if (isWarm) most = Math.max(most, db.statements - before)
      }
    }
    counts.set(name, most)
  }
  await app.close()
  await db.close()
  return counts
}
