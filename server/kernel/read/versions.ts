import { name, type Sql, sql } from '#db/sql.ts'
import type { Resource } from '#kernel/declaration.ts'

/** The rows of a journaled resource as of a moment: the versions valid then. */
export const versionsAt = ({ journal }: Resource, at: string): Sql =>
  sql`select * from ${name(journal as string)} where valid_from <= ${at} and (valid_until > ${at} or valid_until is null)`
/** The current rows, with the columns of versions. */
export const presentVersions = ({ table }: Pick<Resource, 'table'>): Sql =>
  sql`select 0 as journal_id, 0 as version, w.created_at as valid_from, w.updated_at as valid_until, w.* from ${name(table)} w`
