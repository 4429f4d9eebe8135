/** Relations between work packages: follows, blocks, duplicates, includes, requires, relates. */
import type { Row, Transaction } from '#db/database.ts'
import { among, forUpdate } from '#db/dialect.ts'
import { name, or, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, everyone, onWorkPackage, through } from '#kernel/access/rules.ts'
import type { Context, Draft, Rule } from '#kernel/declaration.ts'
import { conflict, type Violation, violation } from '#kernel/errors.ts'
import { areVisible } from '#kernel/read/judge.ts'
import { visibleRows, visibleRowsWhere } from '#kernel/read/load.ts'
import { collection } from '#kernel/read/represent.ts'
import { represented } from '#kernel/read/single.ts'
import { differs, extension, resource } from '#kernel/resource.ts'
import { type Message, said } from '#text/messages.ts'
import { serialiseTies } from './consequences.ts'
import { self } from './links.ts'
import { unrelatable } from './relatable.ts'
import { isMirrored, isRelationType, relationTypes, reverses, storedType, typeLabels } from './relation-types.ts'
import { settle } from './settling.ts'

type Tie = Tables['relations']

/** A permission on the work package at one end; its project is selected with the row. */
const at = (end: 'from' | 'to', permission: string): Rule => {
  const [id, project] = [`${end}_id`, `${end}_project_id`]
  const find = (row: Row) => ({ id: row[id], project_id: row[project] })
  return through(id, 'work_packages', onWorkPackage(permission), { find, each: true })
}

const projectAt = (end: 'from' | 'to') => (_: unknown, table: string) =>
  sql`(select w.project_id from work_packages w where w.id = ${name(`${table}.${end}_id`)})`

const manages = 'manage_work_package_relations'
const mayManage = onWorkPackage(manages)

interface Facts {
  /** The visible ends, and whether the viewer manages their relations. */
  readonly ends: ReadonlyMap<number, { readonly managed: boolean }>
  /** The reason against the relation, regardless of the viewer. */
  readonly obstacle: 'related' | 'circle' | 'project' | undefined
}

/** The stored form of a relation: one of two inverse types, with the ends swapped if necessary. */
function canonical({ row, before }: Draft<Tie>): Partial<Tie> {
  const { from_id: from, to_id: to, relation_type: type } = row
  const isComplete = Boolean(from && to)
  const stored = isComplete && typeof type === 'string' ? storedType(type) : type
  const ends = isComplete && isMirrored(type) ? { from_id: to, to_id: from } : {}
  const wasFollowing = before?.relation_type === 'follows'
  const lag = stored === 'follows' ? (row.lag ?? null) : null
  return { ...ends, relation_type: stored, lag: lag === null && stored === 'follows' && !wasFollowing ? 0 : lag }
}

/** Whether ends or type changed. */
const isTiedAnew = (draft: Draft<Tie>) => ['from_id', 'to_id', 'relation_type'].some((column) => differs(draft, column))

async function lookUp(proposed: Draft<Tie>, context: Context): Promise<Facts> {
  const draft = { ...proposed, row: { ...proposed.row, ...canonical(proposed) } }
  const { from_id: from, to_id: to, relation_type: type } = draft.row
  const WorkPackage = context.model.of('WorkPackage')
  const [manages] = await rights(context, mayManage)
  const rows = await visibleRows(context, WorkPackage, [from, to].filter(Boolean))
  const ends = new Map<number, { managed: boolean }>(rows.map((row) => [row.id, { managed: manages.holds(row) }]))
  const isJudged = ends.has(from) && ends.has(to) && isRelationType(type) && isTiedAnew(draft)
  return { ends, obstacle: isJudged ? await obstacle(draft, context) : undefined }
}

async function obstacle({ row, before }: Draft<Tie>, context: Context): Promise<Facts['obstacle']> {
  const { from_id: from, to_id: to, relation_type: type } = row
  const { db, engine } = context
  const { query, related } = unrelatable(engine, from, type, { except: before?.id ?? 0 })
  const found = await db.one<{ related: number; circle: number; possible: number }>(sql`select
    (select count(*) from (${related}) x where x.id = ${to}) as related,
    (select count(*) from (${query}) x where x.id = ${to}) as circle,
    (select count(*) from work_packages a join work_packages b on a.project_id = b.project_id where a.id = ${from} and b.id = ${to}) as possible`)
  if (found?.related) return 'related'
  if (found?.circle) return 'circle'
  return found?.possible || context.settings.cross_project_work_package_relations ? undefined : 'project'
}

const obstacles = {
  related: said`There is a relation between these two work packages already.`,
  circle: said`The relation would close a circle of relations and of parents and children.`,
  project: said`Work packages of different projects cannot be related.`,
}

function check(draft: Draft<Tie>, { ends, obstacle }: Facts): Violation[] {
  const { row } = draft
  const violations: Violation[] = []
  if (draft.before && !Object.keys(row).some((column) => differs(draft, column))) return []
  for (const end of ['from', 'to'] as const) {
    if (ends.get(row[`${end}_id`])?.managed === false)
      violations.push(violation(end, said`is one whose relations you may not manage`))
  }
  if (!isRelationType(row.relation_type)) violations.push(violation('type', said`is not set to one of the allowed values`))
  if (obstacle) violations.push(violation('base', obstacles[obstacle]))
  return violations
}

/** The ends of a stored relation may only be swapped, which inverts its type. */
const isNewOrSwapped = ({ row, before }: Draft<Tie>): boolean =>
  !before ||
  (row.from_id === before.to_id && row.to_id === before.from_id) ||
  // An inverse type has swapped the ends already.
  (row.from_id === before.from_id && row.to_id === before.to_id)

const stamp = (draft: Draft<Tie>, _: unknown, { now }: Context): Partial<Tie> => {
  const isChanged = Object.keys(draft.row).some((column) => differs(draft, column))
  if (!isChanged) return {}
  return { ...(!draft.before && { created_at: now.toISOString() }), updated_at: now.toISOString() }
}

/** Reschedules successors; a first predecessor enables automatic scheduling, unless the work package has children. */
async function afterSave(tx: Transaction, draft: Draft<Tie>, _: Facts, context: Context): Promise<void> {
  const { row, before } = draft
  const { from_id: from, to_id: to } = row
  if (isTiedAnew(draft)) {
    await serialiseTies(tx)
    // Concurrent writes before the lock may have created relations that exclude this one.
    const { query } = unrelatable(tx.engine, from, row.relation_type, { except: row.id })
    if (await tx.one(sql`select 1 as one from (${query}) x where x.id = ${to}`)) throw conflict()
  } else if (!differs(draft, 'lag')) return
  const was = before?.relation_type === 'follows' ? [before.from_id] : []
  const is = row.relation_type === 'follows' ? [from] : []
  // A concurrent change of the predecessor's dates waits, and then finds the new successor.
  await tx.all(
    sql`select id from work_packages where ${among(tx.engine, sql`id`, [from, to])} order by id${forUpdate(tx.engine)}`,
  )
  const automatic = is.length > 0 && isTiedAnew(draft) && (await isFirstPredecessor(tx, from)) ? is : []
  const origins = [...new Set([...was, ...is])]
  if (origins.length > 0) await settle(tx, { origins, automatic, because: to }, context)
}

const isFirstPredecessor = async (tx: Transaction, id: number): Promise<boolean> =>
  (await tx.one(sql`
    select 1 as one from work_packages w where w.id = ${id} and w.schedule_manually
    and not exists (select 1 from work_packages c where c.parent_id = w.id)
    and (select count(*) from relations f where f.from_id = w.id and f.relation_type = 'follows') = 1`)) !== undefined

async function remove(tx: Transaction, row: Tie, context: Context): Promise<boolean> {
  await tx.run(sql`delete from relations where id = ${row.id}`)
  if (row.relation_type === 'follows') await settle(tx, { origins: [row.from_id], because: row.to_id }, context)
  return false
}

export const Relation = resource<'relations', Facts>('Relation', 'relations', {
  path: 'relations',
  description: 'A relation between two work packages, directed from `from` to `to`.',
  glossary: {
    name: 'Display name of the type.',
    type: '`relates`, `follows`, `precedes`, `blocks`, `blocked`, `duplicates`, `duplicated`, `includes`, `partof`, `requires` or `required`.',
    reverseType: 'Type as seen from `to`.',
    lag: 'Minimum number of working days between predecessor and successor.',
    description: 'Description.',
    from: 'The source work package.',
    to: 'The target work package.',
  },
  example: {
    id: 21,
    name: 'follows',
    type: 'follows',
    reverseType: 'precedes',
    lag: 0,
    description: 'The mast has to stand first.',
  },
  title: (row) => typeLabels[row.relation_type] as Message,
  untitled: true,
  missing: said`The relation you are looking for cannot be found or has been deleted.`,
  order: { column: 'id' },
  copied: { with: 'workPackages', by: 'from_id' },
  visible: both(at('from', 'view_work_packages'), at('to', 'view_work_packages')),
  // A missing permission on an end becomes a violation of that end.
  may: { create: everyone, update: at('from', manages), delete: at('from', manages) },
  computedColumns: { from_project_id: projectAt('from'), to_project_id: projectAt('to') },
  properties: (p) => ({
    id: p.integer({ required: true, filter: 'list', sort: true }),
    name: p.text({ readOnly: 'ignore', value: ({ relation_type }) => typeLabels[relation_type] }),
    type: p.text({ column: 'relation_type', sort: true }),
    reverseType: p.text({ readOnly: 'ignore', value: ({ relation_type }) => reverses[relation_type] }),
    lag: p.integer({ min: -2000, max: 2000, when: ({ relation_type }) => relation_type === 'follows' }),
    description: p.text(),
    from: p.link('WorkPackage', {
      label: said`The selected work package`,
      required: true,
      embed: true,
      filter: 'list',
      sort: true,
      writable: isNewOrSwapped,
    }),
    to: p.link('WorkPackage', {
      label: said`The selected work package`,
      required: true,
      embed: true,
      filter: 'list',
      sort: true,
      writable: isNewOrSwapped,
    }),
  }),
  filters: {
    type: {
      strategy: 'list',
      allowed: (values) => values.every(isRelationType),
      where: ({ values }, _, table) => {
        const types = relationTypes
          .filter((type) => values.includes(type))
          .map((type) => sql`${name(`${table}.relation_type`)} = ${type}`)
        return or(types)
      },
    },
    involved: {
      strategy: 'list',
      allowed: (values, context) => areVisible('WorkPackage', values, context),
      where: ({ values }, { engine }, table) => {
        const ids = values.map(Number)
        return or([among(engine, name(`${table}.from_id`), ids), among(engine, name(`${table}.to_id`), ids)])
      },
    },
  },
  facts: lookUp,
  derive: [canonical, stamp],
  check: [check],
  after: [afterSave],
  remove,
  operations: ['index', 'show', 'update', 'delete'],
})

/** A collection of visible relations for each work package. */
async function relationsOf(rows: readonly Row[], context: Context): Promise<ReadonlyMap<number, object>> {
  const ids: number[] = rows.map((row) => row.id)
  const related: number[] = rows.filter((row) => row.is_related).map((row) => row.id)
  const isOf = (end: string) => among(context.engine, name(`relations.${end}`), related)
  const resource = context.model.of(Relation)
  const found =
    related.length === 0 ? [] : await visibleRowsWhere(context, resource, sql`(${isOf('from_id')} or ${isOf('to_id')})`)
  const bodies = found.length === 0 ? [] : await represented(context, resource, found)
  return new Map(
    ids.map((id) => {
      const own = bodies.filter((_, i) => found[i]?.from_id === id || found[i]?.to_id === id)
      return [id, collection(`/api/v3/work_packages/${id}/relations`, own)]
    }),
  )
}

/** Links from work packages to their relations, and to candidates for relations. */
const workPackageExtension = extension('WorkPackage', 'work_packages', {
  glossary: {
    relations: 'Its relations.',
    addRelation: 'Creates a relation.',
    availableRelationCandidates: 'Work packages that it can be related to.',
  },
  // Most work packages have no relations, which saves a query.
  computedColumns: {
    is_related: (_, t) =>
      sql`exists (select 1 from relations r where r.from_id = ${name(`${t}.id`)} or r.to_id = ${name(`${t}.id`)})`,
  },
  embedLoaders: { relations: relationsOf },
  actions: {
    relations: { href: (row) => `${self(row)}/relations` },
    addRelation: { href: (row) => `${self(row)}/relations`, method: 'post', title: said`Add relation`, may: mayManage },
    availableRelationCandidates: {
      href: (row) => `${self(row)}/available_relation_candidates`,
      title: said`Potential work packages to relate to`,
    },
  },
})

export const extensions = [workPackageExtension]
