/** Links that users, groups and placeholder users share. */

import type { Row } from '#db/database.ts'
import { both, having } from '#kernel/access/rules.ts'
import type { Action, Loaded, Rule } from '#kernel/declaration.ts'
import { listHref } from '#kernel/resource.ts'
import { madeKinds, seesMembers } from './visibility.ts'

/** The address of the memberships of a principal. */
const membershipsOf = ({ id }: Row): string => listHref('memberships', { principal: ['=', id] })

/** The link to a principal's memberships, for viewers who see any. */
export const membershipsLink: Action<Row> = {
  href: membershipsOf,
  title: 'Memberships',
  may: both(having('type', ...madeKinds), seesMembers),
}

/** A link that updates or deletes a principal, titled with the verb and the name. */
export const titled = (
  method: 'post' | 'patch' | 'delete',
  verb: string,
  may: Rule,
  href: (row: Row) => string,
  when?: (row: Row, page: Loaded) => boolean,
): Action<Row> => ({
  href,
  method,
  title: (row: Row) => `${verb} ${row.login ?? row.name}`,
  may,
  ...(when && { when }),
})
