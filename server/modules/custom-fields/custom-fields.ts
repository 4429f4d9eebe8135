/** Adds the custom fields of an instance to their resources. */
import type { Transaction } from '#db/database.ts'
import { hasWords } from '#db/search.ts'
import { join, or, type Sql, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { permissionTopics } from '#kernel/access/viewer.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Addition, AdditionSource, Context, Draft } from '#kernel/declaration.ts'
import { extension } from '#kernel/resource.ts'
import { alsoSearched } from '#modules/work-packages/texts.ts'
import { type Definition, definitionsFor, definitionsOf, isIn } from './definitions.ts'
import { valueIn } from './formats.ts'
import { filterOf, nameOf, propertyOf } from './properties.ts'

/** The custom fields as properties of their resources. */
export const additions: AdditionSource = async (db, snapshot, viewer) => {
  const fields = await definitionsOf(db, snapshot)
  if (fields.length === 0) return undefined
  const seen = await definitionsFor(db, snapshot, viewer)
  return {
    key: seen.map(({ id }) => id).join(' '),
    topics: ['custom_fields', 'custom_options', 'custom_field_items', ...permissionTopics],
    make: () => {
      const additions = new Map<string, Addition>()
      for (const [resource, all] of Map.groupBy(fields, (field) => field.resource)) {
        const known = all.filter((field) => seen.includes(field))
        const filters = known.map((field) => [nameOf(field), filterOf(field)] as const).filter(([, filter]) => filter)
        additions.set(resource, {
          properties: known.map((field) => propertyOf(field, all)),
          hiddenComputed: all
            .filter((field) => field.format === 'calculated_value' && !known.includes(field))
            .map((field) => propertyOf(field, all)),
          filters: Object.fromEntries(filters) as never,
        })
      }
      return additions
    },
  }
}

/** Whether one of the searchable fields that the viewer sees contains the words. */
async function inFields(context: Context, table: string, words: readonly string[]): Promise<Sql> {
  const fields = await definitionsFor(context.db, context.snapshot, context.viewer)
  return or(
    fields
      .filter(({ resource, searchable }) => searchable && resource === 'WorkPackage')
      .map((field) => hasWords(context.engine, valueIn(field, context.engine, table), words)),
  )
}

alsoSearched({ table: 'work_packages', column: 'custom_values', has: inFields })

/** Activates a field in a project that gets a value for it. */
async function activate(
  tx: Transaction,
  { row, given }: Draft<Tables['projects']>,
  _: unknown,
  { db, snapshot, viewer }: Context,
): Promise<void> {
  const isNew = (field: Definition) =>
    field.resource === 'Project' && given.has(nameOf(field)) && !isIn(field, row.id) && hasValue(field, row)
  if (![...given].some((own) => own.startsWith('customField'))) return
  const fields = (await definitionsFor(db, snapshot, viewer)).filter(isNew)
  if (fields.length === 0) return
  await tx.run(sql`
    insert into custom_field_projects (custom_field_id, project_id)
    values ${join(fields.map(({ id }) => sql`(${id}, ${row.id})`))} on conflict do nothing`)
  await invalidate(tx, 'custom_fields')
}

const hasValue = ({ id }: Definition, row: Record<string, unknown>): boolean => (row[`custom_field_${id}`] ?? null) !== null

const projectExtension = extension('Project', 'projects', { after: [activate] })

export const extensions = [projectExtension]
