/** Searchable texts of work packages. */
import { name, or, type Sql, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Context } from '#kernel/declaration.ts'
import type { Text } from '#kernel/read/search.ts'

const readInternal = inProject('view_internal_comments')

/** Comments on work packages, including internal ones that the viewer may read. */
async function readable(context: Context, table: string): Promise<Sql> {
  const [internal] = await rights(context, readInternal)
  const of = (column: string) => name(`${table}.${column}`)
  const mayRead = sql`exists (select 1 from work_packages w where w.id = ${of('resource_id')} and ${internal.where('w')})`
  return sql`(${of('resource')} = 'work_packages' and ${or([sql`${of('internal')} = false`, mayRead])})`
}

export const comments: Text = { table: 'journals', column: 'notes', of: 'resource_id', where: readable }

/** Names of attachments. */
export const fileNames: Text = {
  table: 'attachments',
  column: 'file_name',
  of: 'container_id',
  where: (_, table) => sql`(${name(`${table}.container_type`)} = 'WorkPackage' and ${name(`${table}.status`)} <> 'prepared')`,
}

/** Contents of attachments. */
export const fileContents: Text = {
  table: 'attachment_contents',
  column: 'content',
  long: true,
  of: (table) => sql`(select container_id from attachments a where a.id = ${name(`${table}.id`)})`,
  where: (_, table) =>
    sql`exists (select 1 from attachments a where a.id = ${name(`${table}.id`)} and a.container_type = 'WorkPackage')`,
}

const texts: Text[] = [
  { table: 'work_packages', column: 'subject' },
  { table: 'work_packages', column: 'description' },
  comments,
  fileNames,
  fileContents,
]

/** Texts that the filter `search` covers. */
export const searchedTexts: readonly Text[] = texts

/** Adds a text to the filter `search`. */
export function alsoSearched(text: Text): void {
  texts.push(text)
}
