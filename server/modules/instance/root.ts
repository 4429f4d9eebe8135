/** The root of the API: the name of the instance, and links to the resources. */

import { rights } from '#kernel/access/rights.ts'
import { either, inAnyProject } from '#kernel/access/rules.ts'
import type { Link, Operation } from '#kernel/declaration.ts'
import { ok, operation } from '#kernel/operation.ts'

/** The OpenProject release that the API is compatible with: clients use it to detect features. */
const SPOKEN_VERSION = '17.0.0'

const seesMembers = either(inAnyProject('view_members'), inAnyProject('manage_members'))

const viewRoot = operation({
  method: 'GET',
  path: '',
  summary: 'View the root',
  description:
    'The entry point: the name of the instance, the caller, and links to the resources. Administrators also see the release of the API.',
  tag: 'Root',
  answers: { status: 200, of: 'Root', as: 'single' },
  run: async ({ context }) => {
    const { viewer, settings } = context
    const [members] = await rights(context, seesMembers)
    const to = (path: string): Link => ({ href: `/api/v3/${path}` })
    return ok({
      _type: 'Root',
      instanceName: settings.app_title,
      ...(viewer.admin && { coreVersion: SPOKEN_VERSION }),
      _links: {
        self: { href: '/api/v3' },
        configuration: to('configuration'),
        ...(members.anywhere && { memberships: to('memberships') }),
        priorities: to('priorities'),
        relations: to('relations'),
        statuses: to('statuses'),
        time_entries: to('time_entries'),
        types: to('types'),
        ...(viewer.signedIn && { user: { ...to(`users/${viewer.id}`), title: viewer.row.name } }),
        userPreferences: to(`users/${viewer.id}/preferences`),
        workPackages: to('work_packages'),
      },
    })
  },
})

export const operations: readonly Operation[] = [viewRoot]
