/** Where time can be booked. */
import { among } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { index } from '#kernel/collection.ts'
import type { Context } from '#kernel/context.ts'
import { ok, operation, rowFrom } from '#kernel/operation.ts'
import { resourceNamed } from '#kernel/resource.ts'
import { either, inProject } from '#kernel/rules.ts'
import { idSet, prepare } from '#kernel/viewer.ts'
import { TimeEntry } from './time-entries.ts'

const mayLog = either(inProject('log_time'), inProject('log_own_time'))
const query = ['offset', 'pageSize', 'filters', 'sortBy', 'select']

/** Ids of the projects in which the viewer may book time. */
async function bookable(context: Context): Promise<number[]> {
  await prepare(context.db, context.viewer, mayLog.needs)
  return [...new Set(mayLog.needs.flatMap((need) => idSet(context.viewer, need).list))]
}

operation({
  method: 'GET',
  path: '/time_entries/available_projects',
  summary: 'List the projects time can be booked in',
  tag: 'TimeEntry',
  guard: mayLog,
  answers: { status: 200, of: 'Project', as: 'collection' },
  query,
  run: async ({ context }) =>
    ok(
      await index(context, resourceNamed('Project'), {
        within: among(context.engine, sql`projects.id`, await bookable(context)),
      }),
    ),
})

const workPackages = async (context: Context) =>
  ok(
    await index(context, resourceNamed('WorkPackage'), {
      type: 'WorkPackageCollection',
      within: among(context.engine, sql`work_packages.project_id`, await bookable(context)),
    }),
  )

operation({
  method: 'GET',
  path: '/time_entries/available_work_packages',
  summary: 'List the work packages time can be booked on',
  tag: 'TimeEntry',
  guard: mayLog,
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query,
  run: ({ context }) => workPackages(context),
})

operation({
  method: 'GET',
  path: '/time_entries/:id/available_work_packages',
  summary: 'List the work packages a time entry can be moved to',
  tag: 'TimeEntry',
  answers: { status: 200, of: 'WorkPackage', as: 'collection' },
  query,
  run: async ({ context, params }) => {
    await rowFrom(params['id'] as string, TimeEntry, context)
    return workPackages(context)
  },
})
