/** Projects and work packages on which time can be logged. */

import { rights } from '#kernel/access/rights.ts'
import { either, inProject, shared } from '#kernel/access/rules.ts'
import type { Context, Operation } from '#kernel/declaration.ts'
import { available, ok, operation, rowFrom } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { TimeEntry } from './time-entries.ts'

const query = ['offset', 'pageSize', 'filters', 'sortBy', 'select']

/** Rules for logging time, on projects and on work packages. */
const inProjects = either(inProject('log_time', 'id'), inProject('log_own_time', 'id'))
const onWorkPackages = either(inProject('log_time'), inProject('log_own_time'), shared('log_own_time'))

const listAvailableProjects = available({
  path: '/time_entries/available_projects',
  of: 'Project',
  rule: inProjects,
  tag: 'TimeEntry',
  summary: 'List available projects for time entries',
  description: 'Lists the projects in which the caller may log time.',
})

async function workPackages(context: Context) {
  const [booked] = await rights(context, onWorkPackages)
  const within = booked.where('work_packages')
  return ok(await index(context, context.model.of('WorkPackage'), { type: 'WorkPackageCollection', within }))
}

const listAvailableWorkPackages = operation({
  method: 'GET',
  path: '/time_entries/available_work_packages',
  summary: 'List available work packages for time entries',
  description: 'Lists the work packages on which the caller may log time.',
  tag: 'TimeEntry',
  guard: onWorkPackages,
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query,
  run: ({ context }) => workPackages(context),
})

const listAvailableWorkPackagesOfEntry = operation({
  method: 'GET',
  path: '/time_entries/:id/available_work_packages',
  summary: 'List available work packages for a time entry',
  description: 'Lists the work packages on which the caller may log time, for an existing time entry.',
  tag: 'TimeEntry',
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query,
  run: async ({ context, params }) => {
    await rowFrom(params.id, context.model.of(TimeEntry), context)
    return workPackages(context)
  },
})

export const operations: readonly Operation[] = [
  listAvailableProjects,
  listAvailableWorkPackages,
  listAvailableWorkPackagesOfEntry,
]
