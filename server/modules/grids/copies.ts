/** Copies of widgets with their grid: they show the copies of the queries of the project. */
import type { Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { join, name, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { CopyingInto, FilterUse, Payload } from '#kernel/declaration.ts'
import { moveFilters } from '#modules/queries/copies.ts'

/** A filter in the options of a board or of its lists: its operator and its values, by its name. */
type Filter = Readonly<Record<string, Omit<FilterUse, 'name'>>>

const isFilter = (value: unknown): value is Filter =>
  typeof value === 'object' &&
  value !== null &&
  Object.values(value).every((use) => typeof use?.operator === 'string' && Array.isArray(use.values))

/** Options of a copy, whose filters name the copies of what the originals named. */
export function moveOptions(options: unknown, copying: CopyingInto): Payload {
  const { filters, ...others } = options as Payload
  if (!Array.isArray(filters) || !filters.every(isFilter)) return options as Payload
  const moved = filters.map((filter) => {
    const uses = Object.entries(filter).map(([own, use]) => ({ ...use, name: own }))
    return Object.fromEntries(moveFilters(uses, copying).map(({ name: own, ...use }) => [own, use]))
  })
  return { ...others, filters: moved }
}

/** Copies the widgets of grids. A query of the project that is not copied is left out; queries of no project or another one stay. */
export async function copyWidgets(tx: Transaction, pairs: ReadonlyMap<number, number>, copying: CopyingInto): Promise<void> {
  const queries = copying.copies.get('queries')
  const originals = await tx.all<Tables['grid_widgets'] & { project_id: number | null }>(sql`
    select w.*, q.project_id from grid_widgets w left join queries q on q.id = w.query_id
    where ${among(tx.engine, sql`w.grid_id`, [...pairs.keys()])} order by w.id`)
  if (originals.length === 0) return
  const widgets = originals.map(({ id: _, project_id, ...widget }) => ({
    ...widget,
    grid_id: pairs.get(widget.grid_id),
    options: moveOptions(widget.options, copying),
    query_id: project_id === copying.from ? (queries?.get(widget.query_id ?? 0) ?? null) : widget.query_id,
  }))
  const columns = Object.keys(widgets[0] ?? {})
  const rows = widgets.map((widget) => sql`(${join(Object.values(widget))})`)
  await tx.run(sql`insert into grid_widgets (${join(columns.map(name))}) values ${join(rows)}`)
}
