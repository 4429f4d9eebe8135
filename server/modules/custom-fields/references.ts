/** Values of custom fields that name people and versions, when these are removed. */
import type { Row, Transaction } from '#db/database.ts'
import { exchanged, only } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Entry, Model } from '#kernel/declaration.ts'
import { amend, rewriteWhere } from '#kernel/write/history.ts'
import { whenRemoved } from '#kernel/write/removal.ts'
import type { Extensible, Format } from './definitions.ts'

// What somebody was chosen for names the deleted user from then on, in the history as well.
const releasePrincipals = whenRemoved('principals', async (tx, ids, _, model) => {
  const deleted = await only<{ id: number }>(tx, sql`select id from principals where type = 'DeletedUser'`)
  await forEachField(tx, 'user', async ({ id, resource }) => {
    await amend(tx, model, model.of(resource).table, exchanged(tx.engine, 'custom_values', String(id), ids, deleted.id))
  })
})

// A version that is gone is nothing to be planned for.
const releaseVersions = whenRemoved('versions', (tx, ids, entry, model) =>
  forEachField(tx, 'version', ({ id, resource }) =>
    writeValues(tx, model, resource, exchanged(tx.engine, 'custom_values', String(id), ids, null), entry),
  ),
)

/** Changes values of fields, of the rows of a resource that satisfy a condition; the history keeps what they were. */
export async function writeValues(
  tx: Transaction,
  model: Model,
  resource: Extensible,
  change: Parameters<typeof rewriteWhere>[2] & { set: ReturnType<typeof sql> },
  entry: Entry,
): Promise<void> {
  const holder = model.of(resource)
  if (holder.journal) await rewriteWhere(tx, holder, change, entry)
  else await tx.run(sql`update ${name(holder.table)} set ${change.set} where ${change.where}`)
}

async function forEachField(
  tx: Transaction,
  format: Format,
  work: (field: { id: number; resource: Extensible }) => Promise<void>,
): Promise<void> {
  const fields = await tx.all<Row & { id: number; resource: Extensible }>(
    sql`select id, resource from custom_fields where format = ${format} order by id`,
  )
  for (const field of fields) await work(field)
  if (fields.length > 0) await invalidate(tx, 'projects', 'principals', 'versions')
}

export const removals = [releasePrincipals, releaseVersions]
