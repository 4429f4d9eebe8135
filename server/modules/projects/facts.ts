/** Facts that a write of a project looks up. */
import { among, amongTexts } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { rights } from '#kernel/access/rights.ts'
import { globally } from '#kernel/access/rules.ts'
import type { Context, Draft } from '#kernel/declaration.ts'
import { differs } from '#kernel/resource.ts'
import { isGivable, isLimited, rolesToGive } from '#modules/accounts/giving-roles.ts'
import { type Message, said } from '#text/messages.ts'
import { freeIdentifier, projectIdentifiedBy } from './identifiers.ts'
import { possibleParents } from './parents.ts'
import { archive, edit, editAttributes } from './rights.ts'
import { ancestors, descendants, treeOf } from './tree.ts'

export interface Facts {
  /** Whether the viewer may create projects that lie below no other. */
  readonly mayCreateAnywhere: boolean
  /** The viewer's rights to change a stored project: its status, its custom fields, and the rest. */
  readonly may: { readonly archive: boolean; readonly editAttributes: boolean; readonly edit: boolean }
  /** An identifier made from the name, for a new project that has none. */
  readonly madeIdentifier: string | undefined
  /** Whether the identifier is, or once was, another project's. */
  readonly isTaken: boolean
  /** The ids of possible parents, if the parent changes. */
  readonly parents: readonly number[]
  /** Reasons against changing a stored project. */
  readonly obstacles: readonly Message[]
  /** The role that the viewer gets in a new project, if any. */
  readonly creatorRole: number | undefined
  /** Whether such a role exists, but only an administrator could give it to the viewer. */
  readonly isRoleWithheld: boolean
}

export const squish = (text: string) => text.trim().replace(/\s+/g, ' ')

const isBlank = (text: unknown): boolean => typeof text !== 'string' || text.trim() === ''

export async function lookUp(draft: Draft<Tables['projects']>, context: Context): Promise<Facts> {
  const { row, before } = draft
  const isMade = !before && isBlank(row.identifier)
  const isNamedAnew = !isBlank(row.identifier) && differs(draft, 'identifier')
  const owner = isNamedAnew ? await projectIdentifiedBy(row.identifier, context) : undefined
  const creators = before || context.viewer.admin ? [] : await creatorRoles(context)
  const held = isLimited(context) && creators.length > 0 ? await rolesToGive(context) : undefined
  const named = context.settings.new_project_user_role_id
  const creatorRole = creators.find((role) => role === named || !held || held.has(role))
  const [archives, editsAttributes, edits, creates] = await rights(
    context,
    archive,
    editAttributes,
    edit,
    globally('add_project'),
  )
  const stored = before ?? {}
  return {
    mayCreateAnywhere: creates.anywhere,
    may: { archive: archives.holds(stored), editAttributes: editsAttributes.holds(stored), edit: edits.holds(stored) },
    creatorRole,
    isRoleWithheld: creators.length > 0 && creatorRole === undefined,
    madeIdentifier: isMade && !isBlank(row.name) ? await freeIdentifier(squish(row.name), context.db) : undefined,
    isTaken: owner !== undefined && owner !== before?.id,
    parents: differs(draft, 'parent_id') && row.parent_id !== null ? await possibleParents(context, before ?? row) : [],
    obstacles: before ? await obstaclesTo(draft, before, context) : [],
  }
}

/** Minimum permissions of a creator's role, where the settings name none. */
const CREATORS_NEED = ['view_project_attributes', 'edit_project_attributes', 'view_members', 'manage_members']

/** The ids of roles for the creator of a project, best first: the one in the settings. */
async function creatorRoles({ db, engine, settings }: Context): Promise<number[]> {
  const named = settings.new_project_user_role_id ?? 0
  const rows = await db.all<{ id: number }>(sql`
    select roles.id as id from roles where ${isGivable}
      and (roles.id = ${named} or ${CREATORS_NEED.length} = (
        select count(*) from role_permissions p where p.role_id = roles.id and ${amongTexts(engine, raw('p.permission'), CREATORS_NEED)}))
    order by case when roles.id = ${named} then 0 else 1 end, roles.position, roles.id`)
  return rows.map((row) => row.id)
}

/** Reasons against any change, against archiving a project with its descendants, or against unarchiving it. */
async function obstaclesTo(
  draft: Draft<Tables['projects']>,
  { id, deleting }: Tables['projects'],
  context: Context,
): Promise<Message[]> {
  // Moved to another place, it would be left over.
  if (deleting) return [said`The project is being deleted.`]
  if (!differs(draft, 'active')) return []
  const tree = await treeOf(context)
  if (draft.row.active) {
    const isBelowArchived = ancestors(tree, id).some((one) => !tree.rows.get(one)?.active)
    return isBelowArchived ? [said`The project cannot return from the archive while a project above it is archived.`] : []
  }
  const below = descendants(tree, id).map((one) => tree.rows.get(one) ?? {})
  const [archives] = await rights(context, archive)
  const mayAll = below.every((row) => !row.active || archives.holds(row))
  return [
    ...(mayAll ? [] : [said`The project has subprojects that you may not archive.`]),
    ...(await obstaclesToLoss([id, ...below.map((row) => row.id)], context)),
  ]
}

/** Reasons against deleting these projects: other projects plan with their versions. */
export async function obstaclesToLoss(ids: readonly number[], { db, engine }: Context): Promise<Message[]> {
  const used = await db.one(sql`
    select w.id from work_packages w join versions v on v.id = w.version_id
    where ${among(engine, raw('v.project_id'), ids)} and not (${among(engine, raw('w.project_id'), ids)}) limit 1`)
  return used ? [said`Work packages of other projects are planned for versions of the project or of its subprojects.`] : []
}
