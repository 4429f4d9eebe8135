/** Facts and checks for writes of versions. */
import type { Transaction } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { differs } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { releaseShared, sharings } from './sharing.ts'
import { rootOf, treeOf } from './tree.ts'

type Version = Tables['versions']

export const states = ['open', 'locked', 'closed'] as const

export interface VersionFacts {
  /** The values of `sharing` that the viewer may choose. */
  readonly sharings: readonly string[]
}

export const manage = inProject('manage_versions')

export const lookUp = async (draft: Draft<Version>, context: Context): Promise<VersionFacts> => ({
  sharings: await openSharings(draft, context),
})

/** Sharing beyond descendants needs a permission in the root project; sharing with all projects is for administrators. */
async function openSharings({ row, before }: Draft<Version>, context: Context): Promise<string[]> {
  const { viewer } = context
  const [manages] = await rights(context, manage)
  const root = row.project_id && rootOf(await treeOf(context), row.project_id)
  const managesTree = Boolean(root) && manages.holds({ project_id: root })
  return sharings.filter((sharing) => {
    if (sharing === before?.sharing || sharing === 'none' || sharing === 'descendants') return true
    return sharing === 'system' ? viewer.admin : managesTree
  })
}

export function checkVersion({ row }: Draft<Version>): Violation[] {
  const { start_date: start, end_date: end } = row
  return start && end && end < start ? [violation('endDate', said`must be greater than the start date`)] : []
}

/** Removes a version that is shared less widely than before from work packages that it no longer reaches. */
export async function withdraw(tx: Transaction, draft: Draft<Version>, _: VersionFacts, context: Context): Promise<void> {
  if (draft.before && differs(draft, 'sharing')) await releaseShared(tx, 'versions', sql`v.id = ${draft.row.id}`, context)
}

/** Reasons against deleting a version. */
export async function usesOf({ id }: Version, { db }: Context): Promise<Violation[]> {
  const used = await db.one(sql`select id from work_packages where version_id = ${id} limit 1`)
  return used ? [violation('base', said`The version cannot be deleted: work packages are planned for it.`)] : []
}
