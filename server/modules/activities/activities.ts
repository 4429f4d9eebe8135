/** Activities: the changes and comments in the history of work packages. */
import type { Row, Transaction } from '#db/database.ts'
import { only } from '#db/dialect.ts'
import { name, sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, either, everyone, having, lacking, not, onWorkPackage, own, through } from '#kernel/access/rules.ts'
import { ref } from '#kernel/bodies.ts'
import type { Context, Kind, Property, Resource, Right, Rule } from '#kernel/declaration.ts'
import { conflict, violation } from '#kernel/errors.ts'
import { unpack } from '#kernel/model.ts'
import { holds } from '#kernel/operation.ts'
import { relatedRows, targetOf, visibleIds } from '#kernel/read/load.ts'
import { resource, unchanged } from '#kernel/resource.ts'
import { type Change, changesOf, entryOf, rewriteWhere } from '#kernel/write/history.ts'
import { publish } from '#kernel/write/outbox.ts'
import { enabledModules } from '#modules/projects/modules.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'
import { inLanguage, said } from '#text/messages.ts'
import { INTERNAL_COMMENTS } from './permissions.ts'
import { reactionsOf } from './reactions.ts'
import { causeInWords, type Detail, details, exchangedFiles, filesInWords, isChanged, journaled } from './wording.ts'

/** A rule of the work package, applied to its entries. */
const about = (rule: Rule): Rule =>
  through('resource_id', 'work_packages', rule, {
    find: (row) => ({ id: row.resource_id, project_id: row.project_id }),
  })

/** A permission on the work package, by membership or by a share. */
const held = (permission: string) => about(onWorkPackage(permission))

/** Rule for commenting on a work package. */
export const mayComment = either(onWorkPackage('add_work_package_comments'), onWorkPackage('edit_work_packages'))
/** The same rule, applied to an entry. */
export const maySay = about(mayComment)
const commentsInternally = held('add_internal_comments')

/** Rule for changing the attachments of an entry. */
export const mayAttach = either(
  both(
    having('internal', false),
    either(both(own('user_id'), held('edit_own_work_package_comments')), held('edit_work_package_comments')),
  ),
  both(
    having('internal', true),
    either(both(own('user_id'), held('edit_own_internal_comments')), held('edit_others_internal_comments')),
  ),
)

/** Rule for editing a comment. */
export const mayEdit = both(not(lacking('notes')), mayAttach)

const detailsKind: Kind = {
  type: '[]Formattable',
  json: { type: 'array', items: ref('Formattable') },
  render: (value) => value,
  parse: (value) => value,
  strategy: 'list',
  ofNothing: [],
}

/** Data loaded for the entries of a page. */
interface Told {
  readonly details: readonly Detail[]
  /** Whether no comment, cause or change is left in the entry. */
  readonly isEmpty: boolean
}

type Loaded = ReadonlyMap<number, Told>

const told = (loaded: Row, { id }: { id: number }) => {
  const all: Loaded = loaded.told
  return all.get(id)
}

interface Facts {
  /** Whether internal comments are enabled in the project. */
  readonly hasInternal: boolean
  /** Whether the viewer may comment internally. */
  readonly mayWhisper: boolean
}

const RETRACTED = said`_Changes were retracted._`

/** Computed columns of an activity: the project of its work package. */
interface Placed {
  readonly project_id: number
}

export const Activity = resource<'journals', Facts, Placed>('Activity', 'journals', {
  path: 'activities',
  description:
    'An entry of a work package’s history: changes or a comment by one user. `_type` is `Activity::Comment` for an entry with a comment.',
  glossary: {
    version: 'Number of the entry in the history, from 1.',
    comment: 'The comment; empty for an entry with changes only.',
    details: 'The changes, one sentence each.',
    internal: 'Whether the comment is internal: visible with a permission only.',
    workPackage: 'The work package.',
    user: 'The user who made the entry.',
    emojiReactions: 'The reactions to it.',
    update: 'Updates the comment. Present only if permitted.',
  },
  example: {
    _type: 'Activity::Comment',
    version: 3,
    internal: false,
    details: [],
  },
  title: (row) => `#${row.id}`,
  untitled: true,
  places: ({ resource_id }) => [{ resource: 'WorkPackage', id: resource_id }],
  type: (row, { loaded }) => (row.notes || told(loaded, row)?.isEmpty ? 'Activity::Comment' : 'Activity'),
  order: { column: 'version' },
  paginated: false,
  visible: both(
    having('resource', 'work_packages'),
    about(WorkPackage.visible),
    either(having('internal', false), held('view_internal_comments')),
  ),
  may: { create: maySay, update: mayEdit },
  computedColumns: {
    project_id: (_, t) => sql`(select w.project_id from work_packages w where w.id = ${name(`${t}.resource_id`)})`,
  },
  pageLoaders: { told: describeChanges },
  attachments: {
    add: mayAttach,
    uncontained: mayComment,
    reads: ['resource', 'resource_id', 'project_id', 'user_id', 'internal'],
    may: { create: maySay, update: mayEdit },
  },
  properties: (p) => ({
    id: p.integer(),
    version: p.integer(),
    comment: p.markdown({
      column: 'notes',
      required: true,
      value: ({ notes, id }, { loaded, context }) =>
        notes ?? (told(loaded, { id })?.isEmpty ? inLanguage(RETRACTED, context.language) : null),
    }),
    details: p.of(detailsKind, { value: (row, { loaded }) => told(loaded, row)?.details }),
    internal: p.boolean(),
    createdAt: p.dateTime(),
    updatedAt: p.dateTime(),
    workPackage: p.link('WorkPackage', { column: 'resource_id', embed: true }),
    user: p.link('Principal', {
      whenGone: 'successor',
      alwaysNamed: true,
      link: ({ user_id }) => ({ href: `/api/v3/users/${user_id}` }),
    }),
  }),
  actions: {
    update: { href: ({ id }) => `/api/v3/activities/${id}`, method: 'patch', may: mayEdit },
    emojiReactions: { href: ({ id }) => `/api/v3/activities/${id}/emoji_reactions` },
  },
  embedLoaders: { emojiReactions: reactionsOf },
  facts: async ({ row }, context) => ({
    hasInternal: (await enabledModules(context)).get(row.project_id)?.has(INTERNAL_COMMENTS) ?? false,
    mayWhisper: await holds(context, commentsInternally, row),
  }),
  check: [
    ({ row, before }, { hasInternal, mayWhisper }) => {
      if (before || !row.internal || mayWhisper) return []
      return hasInternal
        ? [violation('internal', said`may not be set by you in this project`)]
        : [violation('internal', said`Internal comments are disabled in this project.`, { complete: true })]
    },
  ],
  create: addComment,
  operations: ['show'],
})

/** Adds a comment, which changes the work package. */
async function addComment(tx: Transaction, { resource_id: id, notes, internal }: Row, context: Context): Promise<number> {
  const said = await rewriteWhere(
    tx,
    context.model.of(WorkPackage),
    { where: sql`id = ${id}` },
    { ...entryOf(context), notes, internal },
  )
  if (said.length === 0) throw conflict()
  await publish(tx, context, 'work_packages.commented', id, [])
  const last = await only<{ id: number }>(
    tx,
    sql`select id from journals where resource = 'work_packages' and resource_id = ${id} order by version desc limit 1`,
  )
  return last.id
}

/** Describes the changes in the entries of a page that the viewer may see. */
async function describeChanges(entries: readonly Row[], context: Context): Promise<Loaded> {
  const changes = await changesOf(context.db, context.model.of(WorkPackage), entries)
  const workPackages = context.model.of(WorkPackage)
  for (const { before, after } of changes.values()) unpack(workPackages, before ? [before, after] : [after])
  const properties = journaled(workPackages)
  const readable = await rights(context, ...properties.map(({ options }) => options.read ?? everyone))
  const titles = await titlesOf(properties, [...changes.values()], context)
  const causes = await visibleIds(
    context,
    context.model.of(WorkPackage),
    entries.map(({ cause }) => cause?.work_package_id).filter((id) => id !== undefined && id !== null),
  )
  const files = await relatedRows(context, context.model.of('Attachment'), [...changes.values()].flatMap(exchangedFiles))
  const all = new Map<number, Told>()
  for (const { id, notes, cause, project_id, resource_id } of entries) {
    const change = changes.get(id)
    if (!change) continue
    const place = { id: resource_id, project_id }
    const state = unchanged(change.after)
    const told = properties.filter(
      ({ options: { active } }, i) => readable[i]?.holds(place) && (!active || active(state, context)),
    )
    const diff = (property: Property) => `/journals/${id}/diff/${property.column}`
    const isLeft =
      isMore(change) || exchangedFiles(change).length > 0 || properties.some((property) => isChanged(property, change))
    all.set(id, {
      details: [
        ...(cause ? [causeInWords(cause, causes)] : []),
        ...details(told, change, titles, context.settings, diff),
        ...filesInWords(change, files),
      ],
      isEmpty: !notes && !cause && !isLeft,
    })
  }
  return all
}

/** The titles of all link targets in the changes: at most one statement per resource. */
async function titlesOf(properties: readonly Property[], changes: readonly Change[], context: Context) {
  const wanted = new Map<string, Set<number>>()
  for (const property of properties) {
    if (!property.to) continue
    for (const change of changes) {
      if (!isChanged(property, change)) continue
      for (const row of [change.before, change.after].filter((one) => one !== undefined)) {
        for (const id of idsIn(property, row)) wanted.getOrInsertComputed(targetOf(property, row), () => new Set()).add(id)
      }
    }
  }
  const rows = new Map<string, ReadonlyMap<number, Row>>()
  const visible = new Map<string, Right>()
  for (const [name, ids] of wanted) {
    const target = context.model.of(name)
    rows.set(name, await relatedRows(context, target, [...ids]))
    visible.set(name, (await rights(context, target.visible))[0])
  }
  return (property: Property, row: Row): string | undefined => {
    const target = context.model.of(targetOf(property, row))
    const found = idsIn(property, row).map((id) => rows.get(target.name)?.get(id))
    const seen = visible.get(target.name)
    if (!seen || !found.every((one) => isTold(property, target, seen, one))) return undefined
    return found
      .map((one) => (property.to === 'WorkPackage' ? `#${one.id}` : inLanguage(target.titleOf(one), context.language)))
      .join(', ')
  }
}

/**
 * Whether the viewer may see the former target of a link. Principals are named by the rows that refer to them. Other targets must
 * be visible by themselves, as the row may have been in a project that the viewer does not see.
 */
const isTold = (property: Property, target: Resource, visible: Right, row: Row | undefined): row is Row =>
  row !== undefined && ((target.table === 'principals' && property.options.alwaysNamed === true) || visible.holds(row))

/** The ids of a link's targets in a row. */
const idsIn = ({ column }: Property, row: Row | undefined): number[] => [row?.[column as string] ?? []].flat()

/** Whether any custom field changed, visible to the viewer or not. */
const isMore = ({ before, after }: Change): boolean => {
  const of = (row: Row | undefined) => JSON.stringify(row?.custom_values ?? {})
  return of(before) !== of(after)
}
