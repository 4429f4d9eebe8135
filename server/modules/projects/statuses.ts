/** Project statuses: six codes, the same on every instance. */

import { everyone } from '#kernel/access/rules.ts'
import { staticResource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'

/** In display order. */
export const projectStatuses = [
  { id: 'on_track', name: said`On track` },
  { id: 'at_risk', name: said`At risk` },
  { id: 'off_track', name: said`Off track` },
  { id: 'not_started', name: said`Not started` },
  { id: 'finished', name: said`Finished` },
  { id: 'discontinued', name: said`Discontinued` },
] as const

export const ProjectStatus = staticResource('ProjectStatus', projectStatuses, {
  path: 'project_statuses',
  description: 'The status of a project. All instances have the same six statuses.',
  glossary: {
    id: 'Code of the status.',
    name: 'Display name.',
  },
  example: {
    id: 'on_track',
    name: 'On track',
  },
  title: 'name',
  visible: everyone,
  properties: ({ text }) => ({ id: text({ readOnly: true }), name: text({ readOnly: true }) }),
  operations: ['show'],
})
