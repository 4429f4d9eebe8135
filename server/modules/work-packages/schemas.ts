/** Schemas of work packages, for each pair of project and type. */

import type { Row } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { either, inAnyProject, inProject, sharedAnywhere } from '#kernel/access/rules.ts'
import { permissionTopics } from '#kernel/access/viewer.ts'
import { allRows } from '#kernel/cache.ts'
import type { Body, Context, Draft, Operation } from '#kernel/declaration.ts'
import { invalidQuery, notFound } from '#kernel/errors.ts'
import { type Written, written } from '#kernel/json.ts'
import { emptyDraft, holds, idFrom, ok, operation } from '#kernel/operation.ts'
import { withTimestamps } from '#kernel/read/compare.ts'
import { visibleIds } from '#kernel/read/load.ts'
import { isId } from '#kernel/read/operators.ts'
import { readFilters } from '#kernel/read/parse.ts'
import { collection } from '#kernel/read/represent.ts'
import { listHref } from '#kernel/resource.ts'
import { schemaOf, sectionsOf } from '#kernel/write/schema.ts'
import { seesWorkPackage } from '#modules/projects/rights.ts'
import { english, said } from '#text/messages.ts'
import type { Facts } from './facts.ts'
import { timestampsOf } from './moments.ts'

const hrefOf = (project: number, type: number) => `/api/v3/work_packages/schemas/${project}-${type}`

const sections = ['People', 'Estimates and progress', 'Details', 'Costs', 'Other']

/** The attribute groups and, in a form, the base schema. `date` also represents start date, due date and duration. */
export function attributeGroups(
  draft: Draft<Tables['work_packages']>,
  facts: Facts,
  context: Context,
  form: boolean,
): Record<string, unknown> {
  const there = sectionsOf(context.model.of('WorkPackage'), draft, facts, context, ['date'])
  const groups = there.map((section) => ({ _type: 'WorkPackageFormAttributeGroup', ...section }))
  const { project_id: project, type_id: type } = draft.row
  return {
    _attributeGroups: groups.toSorted((a, b) => sections.indexOf(english(a.name)) - sections.indexOf(english(b.name))),
    _links: {
      // Only indicates that the resource has attachments.
      attachments: { href: null },
      ...(form && project && type && { baseSchema: { href: hrefOf(project, type) } }),
    },
  }
}

/** A schema, and its serialised text. */
interface PairSchema {
  readonly body: Body
  readonly text: Written
}

/** The schema of a pair for the viewer; its address repeats the timestamps of the request, if any. */
async function pairSchema(context: Context, project: number, type: number): Promise<Body | Written> {
  const { body, text } = await remembered(context, project, type)
  const href = hrefOf(project, type)
  const asked = atMoments(href, context)
  return asked === href ? text : { ...body, _links: { ...(body._links as Body), self: { href: asked } } }
}

/** The same, serialised once and cached until one of its dependencies changes. */
function remembered(context: Context, project: number, type: number): Promise<PairSchema> {
  const topics = [
    ...permissionTopics,
    'types',
    'statuses',
    'priorities',
    'versions',
    'categories',
    'workflows',
    'settings',
  ] as const
  const { viewer, language } = context
  return context.snapshot.remember(`schema ${viewer.key} ${language} ${project}-${type}`, topics, async () => {
    const row = { project_id: project, type_id: type }
    const WorkPackage = context.model.of('WorkPackage')
    const draft = { ...emptyDraft(row), before: row }
    const facts = await WorkPackage.facts?.(draft, context)
    const body = await schemaOf(WorkPackage, draft, facts, context, { self: hrefOf(project, type) })
    return { body, text: written(body) }
  })
}

/** The schemas of all pairs on a page. */
export async function pageSchemas(rows: readonly Row[], context: Context): Promise<Body> {
  const pairs = new Map(rows.map((row) => [`${row.project_id}-${row.type_id}`, [row.project_id, row.type_id]]))
  return collection(
    schemasHref([...pairs.keys()], context),
    await Promise.all([...pairs.values()].map(([project, type]) => pairSchema(context, project, type))),
  )
}

export const schemasHref = (pairs: readonly string[], context: Context): string =>
  atMoments(listHref('work_packages/schemas', { id: ['=', ...pairs] }), context)

/** An address with the timestamps of the request, if any. */
const atMoments = (href: string, context: Context): string => {
  const timestamps = timestampsOf(context)
  return timestamps ? withTimestamps(href, timestamps) : href
}

const seesAny = either(inAnyProject('view_work_packages'), sharedAnywhere('view_work_packages'))

/** Whether the viewer sees any work packages of a project, by permission or by a share. */
async function seesIn(context: Context, project: number): Promise<boolean> {
  if (await holds(context, inProject('view_work_packages'), { project_id: project })) return true
  const [seen] = await rights(context, seesWorkPackage)
  const shared = await context.db.one(sql`
    select id from work_packages where project_id = ${project} and ${seen.where('work_packages')} limit 1`)
  return shared !== undefined
}

/** The ids of a pair such as `3-1` or `demo-project-1`; undefined if one does not exist, or no work packages are visible. */
async function readPair(text: string, context: Context): Promise<[number, number] | undefined> {
  const match = /^(.+)-(\d{1,9})$/.exec(text)
  if (!match) return undefined
  const Project = context.model.of('Project')
  const [, place = '', typeId] = match
  const project = await idFrom(place, Project, context)
  // A share of a work package discloses the id of its project, but not its identifier.
  const isCalled = !isId(place)
  if (project === undefined || (isCalled && !(await visibleIds(context, Project, [project])).has(project))) return undefined
  const type = Number(typeId)
  const isKnown = (await allRows(context.db, context.snapshot, 'types', 'position')).has(type)
  return isKnown && (await seesIn(context, project)) ? [project, type] : undefined
}

const listSchemas = operation({
  method: 'GET',
  path: '/work_packages/schemas',
  summary: 'List schemas of work packages',
  description: 'Lists the schemas for the pairs of project and type in the filter `id`, such as `1-2`. The filter is required.',
  tag: 'WorkPackage',
  guard: seesAny,
  answers: { status: 200, of: 'WorkPackageSchemas', as: 'single' },
  query: ['filters', 'timestamps'],
  run: async ({ context }) => {
    const text = context.params.get('filters')
    if (!text)
      throw invalidQuery(said`The parameter filters is missing: name the schemas as [{"id":{"operator":"=","values":["1-2"]}}].`)
    const uses = readFilters(text)
    const use = uses[0]
    if (
      uses.length !== 1 ||
      !use ||
      use.name !== 'id' ||
      use.operator !== '=' ||
      !use.values.every((value) => /^\d+-\d+$/.test(value))
    ) {
      throw invalidQuery(
        said`The parameter filters must be [{"id":{"operator":"=","values":["1-2"]}}], with pairs of project and type.`,
      )
    }
    const pairs = await Promise.all(use.values.map((value) => readPair(value, context)))
    const found = pairs.filter((pair) => pair !== undefined)
    const schemas = await Promise.all(found.map(([project, type]) => pairSchema(context, project, type)))
    return ok(collection(schemasHref(use.values, context), schemas))
  },
})

const viewSchema = operation({
  method: 'GET',
  path: '/work_packages/schemas/:identifier',
  summary: 'View the schema of a project and a type',
  description:
    'Describes the properties of work packages by project and type, as custom fields differ. The identifier is the pair, such as `1-2`; `sums` describes the sums of a list.',
  tag: 'WorkPackage',
  answers: { status: 200, of: 'WorkPackage', as: 'schema' },
  query: ['timestamps'],
  run: async ({ context, params }) => {
    if (params.identifier === 'sums') return ok(await sumsSchema(context))
    const pair = await readPair(params.identifier, context)
    if (!pair) throw notFound()
    return ok(await pairSchema(context, ...pair))
  },
})

/** The schema of sums: the properties that a list can sum. */
async function sumsSchema(context: Context): Promise<Body> {
  const [seen] = await rights(context, seesAny)
  if (!seen.anywhere) throw notFound()
  const summable = context.model.of('WorkPackage').properties.filter((p) => p.options.sum)
  return {
    _type: 'Schema',
    _dependencies: [],
    ...Object.fromEntries(
      summable.map((p) => [
        p.name,
        { type: p.kind.type, name: p.label, required: false, hasDefault: false, writable: false, options: {} },
      ]),
    ),
    _links: { self: { href: '/api/v3/work_packages/schemas/sums' } },
  }
}

export const operations: readonly Operation[] = [listSchemas, viewSchema]
