/** Copies of queries with their project: their filters and their manual order name the copies of what the originals named. */
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { join, sql } from '#db/sql.ts'
import type { CopyingInto, FilterUse } from '#kernel/declaration.ts'
import { isId } from '#kernel/read/operators.ts'
import { readUses } from './filters.ts'
import { workPackageFilters } from './parts.ts'

/** Filters of a copy: what they name of the project is replaced by its copy. */
export function moveFilters(uses: readonly FilterUse[], { context, from, to, copies }: CopyingInto): FilterUse[] {
  const filters = workPackageFilters(context)
  return uses.map((use) => {
    const target = filters.get(use.name)?.to
    if (!target) return use
    const { table } = context.model.of(target)
    const known = table === 'projects' ? new Map([[from, to]]) : copies.get(table)
    return { ...use, values: use.values.map((value) => (isId(value) ? String(known?.get(Number(value)) ?? value) : value)) }
  })
}

/** The filters of a copied query. */
export const changeQuery = (row: Row, copying: CopyingInto): Row => ({
  filters: JSON.stringify(moveFilters(readUses(row), copying)),
})

/** The positions of copied work packages in copied queries. */
export async function copyOrders(tx: Transaction, pairs: ReadonlyMap<number, number>, { copies }: CopyingInto): Promise<void> {
  const work = copies.get('work_packages')
  if (!work || pairs.size === 0) return
  const placed = await tx.all<{ query_id: number; work_package_id: number; position: number }>(
    sql`select * from ordered_work_packages where ${among(tx.engine, sql`query_id`, [...pairs.keys()])}`,
  )
  const rows = placed.flatMap(({ query_id, work_package_id, position }) => {
    const copy = work.get(work_package_id)
    return copy === undefined ? [] : [sql`(${pairs.get(query_id)}, ${copy}, ${position})`]
  })
  if (rows.length > 0)
    await tx.run(sql`insert into ordered_work_packages (query_id, work_package_id, position) values ${join(rows)}`)
}
