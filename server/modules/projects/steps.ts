/** Derivations and checks for writes of projects. */
import type { Tables } from '#db/tables.ts'
import type { Draft } from '#kernel/declaration.ts'
import { forbidden, type Violation, violation } from '#kernel/errors.ts'
import { differs } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { type Facts, squish } from './facts.ts'
import { flawOf } from './identifiers.ts'

type Project = Tables['projects']

export const tidyName = ({ row }: Draft<Project>): Partial<Project> =>
  typeof row.name === 'string' ? { name: squish(row.name) } : {}

export const makeIdentifier = (_: Draft<Project>, { madeIdentifier }: Facts): Partial<Project> =>
  madeIdentifier === undefined ? {} : { identifier: madeIdentifier }

/** Archiving and editing custom fields have permissions of their own; other changes need the permission to edit. Throws 403. */
export function checkRights(draft: Draft<Project>, { may }: Facts): Violation[] {
  const { row, before } = draft
  if (!before) return []
  const changed = Object.keys(row).filter((column) => differs(draft, column))
  const isAllowed = changed.every((column) =>
    column === 'active' ? may.archive : column.startsWith('custom_field_') ? may.editAttributes : may.edit,
  )
  if (!isAllowed) throw forbidden()
  return []
}

export function checkIdentifier(draft: Draft<Project>, { isTaken }: Facts): Violation[] {
  const { identifier } = draft.row
  if (!identifier || !differs(draft, 'identifier')) return []
  const flaw = flawOf(identifier) ?? (isTaken ? said`has already been taken` : undefined)
  return flaw === undefined ? [] : [violation('identifier', flaw)]
}

export function checkPlace(draft: Draft<Project>, { parents, obstacles }: Facts): Violation[] {
  const { parent_id } = draft.row
  const isMoved = differs(draft, 'parent_id') && parent_id !== null
  return [
    ...(isMoved && !parents.includes(parent_id) ? [violation('parent', said`does not exist`)] : []),
    ...obstacles.map((message) => violation('base', message)),
  ]
}

/** With the limit on giving roles, creating a project gives no role beyond the permissions that the creator holds. */
export const checkCreatorRole = (_: Draft<Project>, { isRoleWithheld }: Facts): Violation[] =>
  isRoleWithheld ? [violation('base', said`Roles has an unassignable role.`)] : []
