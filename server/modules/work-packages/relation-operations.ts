/** What a work package answers about its relations: those it has, a new one, and what it could be related to. */

import type { ApiRequest, Operation } from '#kernel/declaration.ts'
import { invalidQuery } from '#kernel/errors.ts'
import { ok, operation, respondCreated, rowFrom } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { readFilters, writeFilters } from '#kernel/read/parse.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
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
  description: 'Leads to the list of relations, filtered by the work package.',
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
    'Relates the work package of the address to the one that `_links.to` names. Scheduling follows: whatever has to move because of it is moved in the same write.',
  tag: 'Relation',
  answers: { status: 201, of: 'Relation', as: 'single' },
  takes: 'Relation',
  run: async (ask) => {
    const { id } = await workPackage(ask)
    // The address says from where, whatever the body does.
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
    'Answers work packages that can stand in a relation of a type to this one, found by words of `query`. What is related already is left out, and so is what would close a circle.',
  tag: 'WorkPackage',
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query: ['query', 'type', 'filters', 'sortBy', 'offset', 'pageSize', 'select'],
  run: async (ask) => {
    const row = await workPackage(ask)
    const { params } = ask.context
    const type = params.get('type') ?? 'relates'
    if (!isRelationType(type) && !family.includes(type)) throw invalidQuery(`"${type}" is no type of relation.`)
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
