/** Where time can be booked. */
import { index } from '#kernel/collection.ts'
import type { Context } from '#kernel/context.ts'
import { ok, operation, rowFrom } from '#kernel/operation.ts'
import { resourceNamed } from '#kernel/resource.ts'
import { either, inProject, shared } from '#kernel/rules.ts'
import { prepare } from '#kernel/viewer.ts'
import { TimeEntry } from './time-entries.ts'

const query = ['offset', 'pageSize', 'filters', 'sortBy', 'select']

/** Where the viewer may book time: in which projects, and on which work packages besides. */
const inProjects = either(inProject('log_time', 'id'), inProject('log_own_time', 'id'))
const onWorkPackages = either(inProject('log_time'), inProject('log_own_time'), shared('log_own_time'))

operation({
  method: 'GET',
  path: '/time_entries/available_projects',
  summary: 'List the projects time can be booked in',
  description: 'Answers the projects in which the caller may book time.',
  tag: 'TimeEntry',
  guard: inProjects,
  answers: { status: 200, of: 'Project', as: 'collection' },
  query,
  run: async ({ context }) =>
    ok(await index(context, resourceNamed('Project'), { within: inProjects.where(context, 'projects') })),
})

async function workPackages(context: Context) {
  await prepare(context.db, context.viewer, onWorkPackages.needs)
  const within = onWorkPackages.where(context, 'work_packages')
  return ok(await index(context, resourceNamed('WorkPackage'), { type: 'WorkPackageCollection', within }))
}

operation({
  method: 'GET',
  path: '/time_entries/available_work_packages',
  summary: 'List the work packages time can be booked on',
  description: 'Answers the work packages on which the caller may book time.',
  tag: 'TimeEntry',
  guard: onWorkPackages,
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query,
  run: ({ context }) => workPackages(context),
})

operation({
  method: 'GET',
  path: '/time_entries/:id/available_work_packages',
  summary: 'List the work packages a time entry can be moved to',
  description: 'Answers the work packages on which the caller may book time, for a time entry that is there already.',
  tag: 'TimeEntry',
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query,
  run: async ({ context, params }) => {
    await rowFrom(params['id'] as string, TimeEntry, context)
    return workPackages(context)
  },
})
