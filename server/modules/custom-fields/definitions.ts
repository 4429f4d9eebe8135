/** Definitions of custom fields, cached until one of them changes. */
import type { Reader, Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { within } from '#kernel/access/rules.ts'
import { heldGlobally, heldIn, heldOn } from '#kernel/access/sets.ts'
import type { NamedSet, Viewer } from '#kernel/access/viewer.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { fieldsIn, readFormula } from './formulas.ts'

/** The resources that can have custom fields, by API name. */
export const extensible = ['WorkPackage', 'Project', 'User', 'Group', 'Version', 'TimeEntry'] as const
export type Extensible = (typeof extensible)[number]

export type Format =
  | 'string'
  | 'text'
  | 'link'
  | 'int'
  | 'float'
  | 'date'
  | 'bool'
  | 'list'
  | 'user'
  | 'version'
  | 'hierarchy'
  | 'weighted_item_list'
  | 'calculated_value'

/** A custom field, with its projects, types and defaults. */
export interface Definition extends Omit<Tables['custom_fields'], 'resource' | 'format'> {
  readonly resource: Extensible
  readonly format: Format
  /** Projects with the field, unless it is for all projects. */
  readonly projects: ReadonlySet<number>
  /** Work package types with the field. */
  readonly types: ReadonlySet<number>
  /** The default options. */
  readonly chosen: readonly number[]
  /** Weights of a weighted list's items, by id. */
  readonly weights: ReadonlyMap<number, number>
  /** The fields that a calculated value depends on, directly or indirectly. */
  readonly inputs: readonly Definition[]
}

/** Whether the row `f` of custom_fields is active in the project of the grant `g`. */
const inUse = sql`(f.for_all or exists (select 1 from custom_field_projects p where p.custom_field_id = f.id and p.project_id = g.project_id))`

const TIME = ['view_time_entries', 'view_own_time_entries', 'log_time', 'log_own_time']
/** The permissions in projects that show fields of some resource. */
const SHOWING = ['view_work_packages', 'view_project_attributes', 'select_project_custom_fields', 'manage_versions', ...TIME]

/** Fields of the resources that the viewer sees, without those for administrators only. */
export const seenFields: NamedSet = {
  name: 'custom fields',
  reads: [...SHOWING.map((one) => `project:${one}`), 'share:view_work_packages', 'global'],
  query: (viewer, engine) => {
    if (viewer.admin) return sql`select id from custom_fields`
    const held = (...permissions: string[]) => sql`select 1 from ${heldIn(viewer, engine, ...permissions)} g`
    return sql`
    select f.id from custom_fields f where not f.admin_only and case f.resource
      when 'WorkPackage' then exists (${held('view_work_packages')} where ${inUse})
        or exists (
          select 1 from ${heldOn(viewer, engine, 'view_work_packages')} s join work_packages g on g.id = s.work_package_id
          where ${inUse})
      when 'Project' then exists (${held('view_project_attributes')} where ${inUse})
        or exists (${held('select_project_custom_fields')})
        or ${heldGlobally(viewer, 'add_project')}
      when 'Version' then exists (${held('view_work_packages', 'manage_versions')})
      when 'TimeEntry' then exists (${held(...TIME)})
      else true end`
  },
}

const seesField = within(seenFields)

/** All fields, by position. */
export const definitionsOf = (db: Reader, snapshot: Snapshot): Promise<readonly Definition[]> =>
  snapshot.remember('custom fields', ['custom_fields', 'custom_options', 'custom_field_items'], async () => {
    const fields = await db.all<Pick<Definition, keyof Tables['custom_fields']>>(
      sql`select * from custom_fields order by resource, position, id`,
    )
    if (fields.length === 0) return []
    const ofField = <T>(rows: readonly Row[], value: (row: Row) => T) => {
      const found = Map.groupBy(rows, (row): number => row.custom_field_id)
      return (id: number): T[] => (found.get(id) ?? []).map(value)
    }
    const projects = ofField(await db.all(sql`select * from custom_field_projects`), (row): number => row.project_id)
    const types = ofField(await db.all(sql`select * from custom_field_types`), (row): number => row.type_id)
    const chosen = ofField(
      await db.all(sql`select id, custom_field_id from custom_options where is_default order by position, id`),
      (row): number => row.id,
    )
    const weights = ofField(
      await db.all(sql`select id, custom_field_id, weight from custom_field_items where weight is not null`),
      (row): [number, number] => [row.id, Number(row.weight)],
    )
    const definitions = fields.map(
      (row): Definition => ({
        ...row,
        projects: new Set(projects(row.id)),
        types: new Set(types(row.id)),
        chosen: chosen(row.id),
        weights: new Map(weights(row.id)),
        inputs: [],
      }),
    )
    for (const field of definitions) Object.assign(field, { inputs: inputsOf(field, definitions) })
    return definitions
  })

/** The fields that a calculated value depends on, without duplicates. */
function inputsOf(field: Definition, all: readonly Definition[]): Definition[] {
  const found = new Set<Definition>()
  const collect = ({ format, formula, resource }: Definition) => {
    if (format !== 'calculated_value') return
    const ids = fieldsIn(readFormula(formula ?? '0'))
    for (const input of all.filter((one) => one.resource === resource && ids.includes(one.id) && !found.has(one))) {
      found.add(input)
      collect(input)
    }
  }
  collect(field)
  return [...found]
}

/** The fields that a viewer sees: a calculated value only if the viewer sees all its inputs. */
export async function definitionsFor(db: Reader, snapshot: Snapshot, viewer: Viewer): Promise<readonly Definition[]> {
  const all = await definitionsOf(db, snapshot)
  if (all.length === 0) return all
  const [seen] = await rights({ db, viewer }, seesField)
  return all.filter((field) => [field, ...field.inputs].every((one) => seen.holds(one)))
}

/** Whether a field is active in a project. */
export const isIn = ({ for_all, projects }: Definition, project: number | null | undefined): boolean =>
  for_all || (project !== null && project !== undefined && projects.has(project))
