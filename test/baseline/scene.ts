/** Setup of baseline tests: work packages created days ago, and changed since. */

import { assignments } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { record } from '#kernel/write/history.ts'
import { product } from '#server/modules.ts'
import type { Reply } from '#test/instance.ts'
import { type Scene, scene } from '../work-packages/scene.ts'

export interface Past extends Scene {
  /** A work package that was created this number of days ago, in the project or in another one. */
  since(days: number, values?: Record<string, unknown>): Promise<number>
  /** Changes a work package at a time this number of days ago. */
  change(id: number, days: number, values: Record<string, unknown>): Promise<void>
}

export const ago = (days: number): string => new Date(Date.now() - days * 86_400_000).toISOString()

export async function past(options: Parameters<typeof scene>[0] = {}): Promise<Past> {
  const it = await scene(options)
  return {
    ...it,
    since: (days, values = {}) =>
      it.make.workPackage({ project_id: it.project, created_at: ago(days), updated_at: ago(days), ...values }),
    change: (id, days, values) =>
      it.db.transaction(async (tx) => {
        const actor = (await tx.one<{ id: number }>(sql`select min(id) as id from principals where admin`))!.id
        await tx.run(sql`update work_packages set ${assignments({ updated_at: ago(days), ...values })} where id = ${id}`)
        await record(tx, product.of('WorkPackage'), [id], { actor, at: ago(days), window: 0 })
      }),
  }
}

/** `timestamps` for a query string. */
export const at = (...timestamps: string[]): string => `timestamps=${encodeURIComponent(timestamps.join(','))}`

/** The elements of a list by their ids. */
export const elements = ({ body }: Reply): Map<number, any> =>
  new Map(body._embedded.elements.map((element: { id: number }) => [element.id, element]))

/** The differences at each moment in a representation. */
export const attributesByTimestamp = (body: any): any[] => body._embedded.attributesByTimestamp
