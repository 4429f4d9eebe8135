/** Operations on the relations of a work package: list, create, candidates. */

import type { ApiRequest, Operation } from '#kernel/declaration.ts'
import { invalidQuery } from '#kernel/errors.ts'
import { ok, operation, respondCreated, rowFrom } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { readFilters, writeFilters } from '#kernel/read/parse.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { said } from '#text/messages.ts'
import { listOptions } from './list.ts'
import { family, relatable } from './relatable.ts'
import { isRelationType } from './relation-types.ts'
import { Relation } from './relations.ts'
import { WorkPackage } from './work-packages.ts'

const workPackage = ({ params, context }: ApiRequest<'id'>) => rowFrom(params.id, context.model.of(WorkPackage), context)

const redirectToRelations = operation({
  method: 'GET',
  path: '/work_packages/:id/relations',
  summary: 'Redirect to the relations of a work package',
  description: 'Redirects to the list of relations, filtered by the work package.',
  tag: 'Relation',
  answers: { status: 308 },
  run: async (ask) => {
    const { id } = await workPackage(ask)
    const filters = writeFilters([{ name: 'involved', operator: '=', values: [String(id)] }])
    return { status: 308, headers: { location: `/api/v3/relations?filters=${encodeURIComponent(filters)}` } }
  },
})

const createRelation = operation({
  method: 'POST',
  path: '/work_packages/:id/relations',
  summary: 'Create a relation of a work package',
  description:
    'Creates a relation from the work package in the path to the one in `_links.to`. The same write reschedules the work packages that the relation affects.',
  tag: 'Relation',
  answers: { status: 201, of: 'Relation', as: 'single' },
  takes: 'Relation',
  run: async (ask) => {
    const { id } = await workPackage(ask)
    // The path determines `from`, regardless of the body.
    return respondCreated(
      ask,
      ask.context.model.of(Relation),
      await prepareWrite(ask.context, ask.context.model.of(Relation), undefined, ask.body, { from_id: id }),
    )
  },
})

const listRelationCandidates = operation({
  method: 'GET',
  path: '/work_packages/:id/available_relation_candidates',
  summary: 'List available relation candidates of a work package',
  description:
    'Lists work packages that can have a relation of a type to this one and match `query`. Related work packages, and those that would create a cycle, are excluded.',
  tag: 'WorkPackage',
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query: ['query', 'type', 'filters', 'sortBy', 'offset', 'pageSize', 'select'],
  run: async (ask) => {
    const row = await workPackage(ask)
    const { params } = ask.context
    const type = params.get('type') ?? 'relates'
    if (!isRelationType(type) && !family.includes(type)) throw invalidQuery(said`"${type}" is no type of relation.`)
    const text = params.get('query')?.trim()
    const filters = readFilters(params.get('filters') ?? '[]')
    if (text) filters.push({ name: 'typeahead', operator: '**', values: [text] })
    const asked = new URLSearchParams(params)
    asked.set('filters', writeFilters(filters))
    if (!params.has('pageSize')) asked.set('pageSize', '10')
    if (!params.get('sortBy')) asked.set('sortBy', '[["id","asc"]]')
    const context = { ...ask.context, params: asked }
    return ok(
      await index(context, context.model.of(WorkPackage), {
        ...listOptions(context),
        within: relatable(context, row.id, type, 'work_packages'),
      }),
    )
  },
})

export const operations: readonly Operation[] = [redirectToRelations, createRelation, listRelationCandidates]
