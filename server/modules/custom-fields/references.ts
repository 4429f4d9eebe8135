/** Cleanup of custom field values when principals or versions are removed. */
import type { Row, Transaction } from '#db/database.ts'
import { exchanged, only } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Entry, Model } from '#kernel/declaration.ts'
import { amend, rewriteWhere } from '#kernel/write/history.ts'
import { whenRemoved } from '#kernel/write/removal.ts'
import type { Extensible, Format } from './definitions.ts'

// Values refer to the deleted user from then on, also in the history.
const releasePrincipals = whenRemoved('principals', async (tx, ids, _, model) => {
  const deleted = await only<{ id: number }>(tx, sql`select id from principals where type = 'DeletedUser'`)
  await forEachField(tx, 'user', async ({ id, resource }) => {
    await amend(tx, model, model.of(resource).table, exchanged(tx.engine, 'custom_values', String(id), ids, deleted.id))
  })
})

// Removed versions are cleared.
const releaseVersions = whenRemoved('versions', (tx, ids, entry, model) =>
  forEachField(tx, 'version', ({ id, resource }) =>
    writeValues(tx, model, resource, exchanged(tx.engine, 'custom_values', String(id), ids, null), entry),
  ),
)

/** Changes field values of the rows of a resource that match a condition; the history keeps the old values. */
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
