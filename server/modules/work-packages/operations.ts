/** Further operations on work packages, besides the standard ones. */

import { sql } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { columnsOf, either, holdsFor, inProject, onWorkPackage, peopleFor } from '#kernel/access/rules.ts'
import type { ApiRequest, Context, Operation } from '#kernel/declaration.ts'
import { ApiError, violation } from '#kernel/errors.ts'
import { available, demand, idFrom, ok, operation, respondCreated, rowFrom } from '#kernel/operation.ts'
import { index } from '#kernel/read/list.ts'
import { reachableIds } from '#kernel/read/load.ts'
import { collection } from '#kernel/read/represent.ts'
import { represented, single } from '#kernel/read/single.ts'
import { commitLink, form } from '#kernel/write/form.ts'
import { idLinked, sentLink, toErrors } from '#kernel/write/payload.ts'
import { findRow, prepareWrite } from '#kernel/write/prepare.ts'
import { seesWorkPackage } from '#modules/projects/rights.ts'
import { said } from '#text/messages.ts'
import { assignable } from './facts.ts'
import { listAt, listParameters } from './list.ts'
import { WorkPackage } from './work-packages.ts'

const tag = 'WorkPackage'

const workPackage = ({ params, context }: ApiRequest<'id'>) => rowFrom(params.id, context.model.of(WorkPackage), context)
const project = ({ params, context }: ApiRequest<'id'>) => rowFrom(params.id, context.model.of('Project'), context)

const projectOperations = ['projects', 'workspaces'].flatMap((parent) => {
  return [
    operation({
      method: 'GET',
      path: `/${parent}/:id/work_packages`,
      summary: 'List the work packages of a project',
      description:
        'Lists the work packages of a project, and of its subprojects unless `includeSubprojects` is false: open ones by default.',
      tag,
      answers: { status: 200, of: tag, as: 'collection' },
      query: ['offset', 'pageSize', 'filters', 'sortBy', 'groupBy', 'showSums', ...listParameters, 'select', 'timestamps'],
      run: async (ask) => {
        const { context } = ask
        const row = await project(ask)
        await demand(context, inProject('view_work_packages', 'id'), row)
        return ok(await listAt(context, `/api/v3/${parent}/${row.id}/work_packages`))
      },
    }),
    operation({
      method: 'POST',
      path: `/${parent}/:id/work_packages`,
      summary: 'Create a work package in a project',
      description: 'Creates a work package in the project of the path and returns it.',
      tag,
      answers: { status: 201, of: tag, as: 'single' },
      takes: tag,
      query: ['notify'],
      run: async (ask) => {
        const row = await project(ask)
        return respondCreated(
          ask,
          ask.context.model.of(WorkPackage),
          await prepareWrite(ask.context, ask.context.model.of(WorkPackage), undefined, ask.body, { project_id: row.id }),
        )
      },
    }),
    operation({
      method: 'POST',
      path: `/${parent}/:id/work_packages/form`,
      summary: 'Form for creating a work package in a project',
      description: 'Validates the creation of a work package in the project of the path. Nothing is saved.',
      tag,
      answers: { status: 200, of: tag, as: 'form' },
      takes: tag,
      run: async (ask) => {
        const row = await project(ask)
        const prepared = await prepareWrite(ask.context, ask.context.model.of(WorkPackage), undefined, ask.body, {
          project_id: row.id,
        })
        const path = `/api/v3/${parent}/${row.id}/work_packages`
        return ok(
          await form(
            ask.context,
            ask.context.model.of(WorkPackage),
            prepared,
            `${path}/form`,
            commitLink(ask.context.model.of(WorkPackage), prepared.draft, path),
          ),
        )
      },
    }),
    operation({
      method: 'GET',
      path: `/${parent}/:id/available_assignees`,
      summary: 'List available assignees of a project',
      description:
        'Lists the users, groups and placeholder users that work packages of the project can be assigned to, without pagination.',
      tag,
      answers: { status: 200, of: 'Principal', as: 'collection' },
      run: async (ask) => {
        const row = await project(ask)
        await demand(ask.context, either(inProject('add_work_packages', 'id'), inProject('edit_work_packages', 'id')), row)
        return ok(await assignees(ask.context, row.id))
      },
    }),
  ]
})

/** Assignable principals that the viewer sees. */
const assignees = (context: Context, project: number, workPackage?: number) =>
  index(context, context.model.of('Principal'), {
    paginated: false,
    within: sql`principals.id in (${assignable(context.engine, project, workPackage)})`,
  })

const listAvailableAssignees = operation({
  method: 'GET',
  path: '/work_packages/:id/available_assignees',
  summary: 'List available assignees of a work package',
  description: 'Lists the users, groups and placeholder users that the work package can be assigned to, without pagination.',
  tag,
  answers: { status: 200, of: 'Principal', as: 'collection' },
  run: async (ask) => {
    const row = await workPackage(ask)
    await demand(ask.context, onWorkPackage('edit_work_packages'), row)
    return ok(await assignees(ask.context, row.project_id, row.id))
  },
})

/** Rule for adding work packages to a project. */
const addsIn = inProject('add_work_packages', 'id')

const listAvailableProjects = available({
  path: '/work_packages/available_projects',
  of: 'Project',
  rule: addsIn,
  tag,
  summary: 'List available projects for new work packages',
  description: 'Lists the projects in which the caller may create work packages.',
})

const listAvailableTargetProjects = operation({
  method: 'GET',
  path: '/work_packages/:id/available_projects',
  summary: 'List available projects for moving a work package',
  description: 'Lists the projects to which the caller may move the work package.',
  tag,
  answers: { status: 200, of: 'Project', as: 'collection' },
  query: ['offset', 'pageSize', 'filters', 'sortBy', 'select'],
  run: async (ask) => {
    await demand(ask.context, onWorkPackage('edit_work_packages'), await workPackage(ask))
    const [adds] = await rights(ask.context, addsIn)
    return ok(await index(ask.context, ask.context.model.of('Project'), { within: adds.where('projects') }))
  },
})

const listAvailableWatchers = operation({
  method: 'GET',
  path: '/work_packages/:id/available_watchers',
  summary: 'List available watchers of a work package',
  description: 'Lists the users who may see the work package and do not watch it yet.',
  tag,
  answers: { status: 200, of: 'User', as: 'collection' },
  query: ['offset', 'pageSize', 'filters', 'sortBy', 'select'],
  run: async (ask) => {
    const row = await workPackage(ask)
    await demand(ask.context, inProject('add_work_package_watchers'), row)
    return ok(
      await index(ask.context, ask.context.model.of('User'), {
        within: sql`principals.type = 'User' and principals.status <> 3 and principals.id in (${peopleFor(seesWorkPackage, ask.context.engine, row)})
          and principals.id not in (select user_id from watchers where work_package_id = ${row.id})`,
      }),
    )
  },
})

const listWatchers = operation({
  method: 'GET',
  path: '/work_packages/:id/watchers',
  summary: 'List the watchers of a work package',
  description: 'Lists the watchers of the work package, without pagination.',
  tag,
  answers: { status: 200, of: 'User', as: 'collection' },
  run: async (ask) => {
    const { context } = ask
    const row = await workPackage(ask)
    await demand(context, inProject('view_work_package_watchers'), row)
    const users = await context.db.all(sql`
      select p.* from principals p join watchers w on w.user_id = p.id
      where w.work_package_id = ${row.id} and p.status <> 3 order by p.id`)
    const User = context.model.of('User')
    const reached = await reachableIds(context, User, new Map(users.map((user) => [user.id, user])))
    const seen = users.filter(({ id }) => reached.has(id))
    return ok(collection(`/api/v3/work_packages/${row.id}/watchers`, await represented(context, User, seen)))
  },
})

const addWatcher = operation({
  method: 'POST',
  path: '/work_packages/:id/watchers',
  summary: 'Add a watcher to a work package',
  description: 'Adds a watcher. Callers may watch any work package that they see; adding others needs a permission.',
  tag,
  answers: { status: 201, of: 'User', as: 'single', also: { 200: 'The user has been watching it already.' } },
  takes: 'WatcherWrite',
  run: async (ask) => {
    const { context, db, body } = ask
    const row = await workPackage(ask)
    const User = context.model.of('User')
    const id = await idLinked(User, sentLink(body, 'user'), context)
    if (id === undefined)
      throw new ApiError('InvalidRequestBody', said`The body must name a user: {"user":{"href":"/api/v3/users/1"}}.`)
    if (id !== context.viewer.id) await demand(context, inProject('add_work_package_watchers'), row)
    const user = await findRow(context, User, id)
    if (user.status === 3) throw toErrors(User, [violation('user', said`User is locked.`, { complete: true })])[0]
    const sees = holdsFor(seesWorkPackage, context.engine, sql`${user.id}`, columnsOf(row))
    if (!(await db.one(sql`select 1 as one where ${sees}`)))
      throw toErrors(User, [violation('user', said`User is not allowed to view the work package.`, { complete: true })])[0]
    const added = await db.transaction((tx) =>
      tx.run(sql`insert into watchers (work_package_id, user_id) values (${row.id}, ${user.id}) on conflict do nothing`),
    )
    return { status: added > 0 ? 201 : 200, body: await single(context, User, user) }
  },
})

const removeWatcher = operation({
  method: 'DELETE',
  path: '/work_packages/:id/watchers/:user_id',
  summary: 'Remove a watcher from a work package',
  description: 'Removes a watcher. Removing a user who does not watch it has no effect.',
  tag,
  answers: { status: 204 },
  run: async (ask) => {
    const { context, db, params } = ask
    const row = await workPackage(ask)
    const User = context.model.of('User')
    const id = await idFrom(params.user_id, User, context)
    if (id !== context.viewer.id) {
      await demand(context, inProject('delete_work_package_watchers'), row)
      await rowFrom(params.user_id, User, context)
    }
    await db.transaction((tx) => tx.run(sql`delete from watchers where work_package_id = ${row.id} and user_id = ${id ?? 0}`))
    return { status: 204 }
  },
})

export const operations: readonly Operation[] = [
  ...projectOperations,
  listAvailableAssignees,
  listAvailableProjects,
  listAvailableTargetProjects,
  listAvailableWatchers,
  listWatchers,
  addWatcher,
  removeWatcher,
]
