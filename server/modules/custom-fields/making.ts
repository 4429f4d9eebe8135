/** Creates and removes custom fields, each in one transaction with its options and items. */

import { ConstraintError, type Transaction } from '#db/database.ts'
import { has, insert, inserted, without } from '#db/dialect.ts'
import { join, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { systemUserId } from '#kernel/context.ts'
import type { Model } from '#kernel/declaration.ts'
import { removed } from '#kernel/write/removal.ts'
import { patternFault } from '#text/patterns.ts'
import { type Extensible, extensible, type Format } from './definitions.ts'
import { formats } from './formats.ts'
import { formulaFault } from './formulas.ts'
import { writeValues } from './references.ts'

/** An item of a hierarchy, with its children. */
export interface ItemPlan {
  readonly label: string
  readonly short?: string
  /** A decimal number, as text. */
  readonly weight?: string
  readonly items?: readonly ItemPlan[]
}

type Columns = Tables['custom_fields']

/** The definition of a new field; omitted values get defaults. */
export interface FieldPlan
  extends Partial<Omit<Columns, 'id' | 'resource' | 'name' | 'format' | 'created_at' | 'updated_at' | 'default_value'>> {
  readonly resource: Extensible
  readonly name: string
  readonly format: Format
  readonly default_value?: string | number | boolean | null
  /** The projects with the field; all by default. */
  readonly projects?: readonly number[]
  /** The work package types with the field; all by default. */
  readonly types?: readonly number[]
  /** The options of a list, in order, and the default ones. */
  readonly options?: readonly string[]
  readonly chosen?: readonly string[]
  /** The items of a hierarchy or weighted list. */
  readonly items?: readonly ItemPlan[]
}

const hasItems = (format: Format) => format === 'hierarchy' || format === 'weighted_item_list'

/** The fault of a definition, in a sentence. */
function faultIn(plan: FieldPlan): string | undefined {
  const { resource, name, format, multiple, searchable, section, pattern, options = [], items = [], chosen = [], formula } = plan
  if (!extensible.includes(resource)) return `Fields can be added to ${extensible.join(', ')}, not to "${resource}".`
  if (name.trim() === '' || [...name].length > 256) return 'A custom field needs a name of at most 256 characters.'
  if (!Object.hasOwn(formats, format)) return `"${format}" is none of the formats ${Object.keys(formats).join(', ')}.`
  if (section && resource !== 'Project') return 'Only fields of projects have sections.'
  if (searchable && (resource !== 'WorkPackage' || !['string', 'text', 'link'].includes(format)))
    return 'Only texts of work packages are searched.'
  if (multiple && !formats[format].to) return `A field of the format ${format} holds one value.`
  if (options.length > 0 && format !== 'list') return 'Only lists have options.'
  if (format === 'list' && options.length === 0) return 'A list needs at least one option.'
  if (new Set(options).size < options.length) return 'The options of a list differ from each other.'
  if (chosen.some((one) => !options.includes(one))) return 'A default value has to be one of the options.'
  if (chosen.length > 1 && !multiple) return 'A list of which one value is chosen can have one default.'
  if (items.length > 0 && !hasItems(format)) return 'Only hierarchies and weighted lists have items.'
  if (format === 'calculated_value') return formula ? formulaFault(formula) : 'A calculated value needs a formula.'
  if (formula) return 'Only calculated values have a formula.'
  const patternIsWrong = pattern ? patternFault(pattern) : undefined
  return patternIsWrong && `"${pattern}" is not a regular expression of RE2: ${patternIsWrong}.`
}

/**
 * Defines a field.
 * @returns its id
 * @throws Error with a sentence for the operator when the plan cannot be carried out
 */
export async function makeField(tx: Transaction, plan: FieldPlan): Promise<number> {
  const fault = faultIn(plan)
  if (fault) throw new Error(fault)
  const { projects, types, options = [], chosen = [], items = [], ...values } = plan
  const now = currentTime().toISOString()
  const { resource, format, name: called } = values
  const [last] = await tx.all<{ position: number }>(
    sql`select coalesce(max(position), 0) as position from custom_fields where resource = ${resource}`,
  )
  const id = await inserted(tx, 'custom_fields', {
    position: (last?.position ?? 0) + 1,
    for_all: projects === undefined,
    ...values,
    // A bare text or number is not JSON yet.
    ...(values.default_value !== undefined && { default_value: JSON.stringify(values.default_value) }),
    created_at: now,
    updated_at: now,
  }).catch((cause: unknown) => {
    if (!(cause instanceof ConstraintError) || cause.kind !== 'unique') throw cause
    throw new Error(`${resource} already has a custom field "${called}".`, { cause })
  })

  if (projects && projects.length > 0) {
    await tx.run(
      sql`insert into custom_field_projects (custom_field_id, project_id) values ${join(projects.map((one) => sql`(${id}, ${one})`))}`,
    )
  }
  if (resource === 'WorkPackage') {
    const all = types ?? (await tx.all<{ id: number }>(sql`select id from types`)).map((type) => type.id)
    if (all.length > 0)
      await tx.run(
        sql`insert into custom_field_types (custom_field_id, type_id) values ${join(all.map((one) => sql`(${id}, ${one})`))}`,
      )
  }
  for (const [index, value] of options.entries()) {
    await tx.one(
      insert('custom_options', { custom_field_id: id, value, position: index + 1, is_default: chosen.includes(value) }),
    )
  }
  if (hasItems(format)) {
    const root = await inserted(tx, 'custom_field_items', { custom_field_id: id, position: 1 })
    await insertItems(tx, id, root, items)
  }
  await invalidate(tx, 'custom_fields', 'custom_options', 'custom_field_items')
  return id
}

async function insertItems(tx: Transaction, field: number, parent: number, items: readonly ItemPlan[]): Promise<void> {
  for (const [index, { label, short = null, weight = null, items: below = [] }] of items.entries()) {
    if (weight !== null && !/^-?\d+(\.\d+)?$/.test(weight)) throw new Error(`The weight "${weight}" is not a number.`)
    const values = { custom_field_id: field, parent_id: parent, label, short, weight, position: index + 1 }
    const id = await inserted(tx, 'custom_field_items', values)
    await insertItems(tx, field, id, below)
  }
}

/** Removes a field and its values; the history keeps them. Returns false if there is no such field. */
export async function removeField(tx: Transaction, model: Model, id: number): Promise<boolean> {
  const field = await tx.one<{ resource: Extensible }>(sql`select resource from custom_fields where id = ${id}`)
  if (!field) return false
  const entry = { actor: await systemUserId(tx), at: currentTime().toISOString(), window: 0, cause: { type: 'system_update' } }
  const [column, key] = ['custom_values', String(id)]
  const change = { set: sql`custom_values = ${without(tx.engine, column, key)}`, where: has(tx.engine, column, key) }
  await writeValues(tx, model, field.resource, change, entry)
  await tx.run(sql`delete from custom_fields where id = ${id}`)
  await removed(tx, model, 'custom_fields', [id], entry)
  await invalidate(tx, 'custom_fields', 'custom_options', 'custom_field_items', 'projects', 'principals', 'versions')
  return true
}
