/** Links that users, groups and placeholder users share. */

import type { Tables } from '#db/tables.ts'
import { both, having } from '#kernel/access/rules.ts'
import type { Action, Loaded, Rule } from '#kernel/declaration.ts'
import { listHref } from '#kernel/resource.ts'
import { type Message, said } from '#text/messages.ts'
import { madeKinds, seesMembers } from './visibility.ts'

type Principal = Tables['principals']

/** The address of the memberships of a principal. */
const membershipsOf = ({ id }: Principal): string => listHref('memberships', { principal: ['=', id] })

/** The link to a principal's memberships, for viewers who see any. */
export const membershipsLink: Action<Principal> = {
  href: membershipsOf,
  title: said`Memberships`,
  may: both(having('type', ...madeKinds), seesMembers),
}

/** A link that updates or deletes a principal, titled with the name. */
export const titled = (
  method: 'post' | 'patch' | 'delete',
  words: (name: string) => Message,
  may: Rule,
  href: (row: Principal) => string,
  when?: (row: Principal, page: Loaded) => boolean,
): Action<Principal> => ({
  href,
  method,
  title: (row: Principal) => words(row.login ?? row.name),
  may,
  ...(when && { when }),
})
