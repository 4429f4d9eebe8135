/** Filters of work packages that do not follow from a property. */

import { among } from '#db/dialect.ts'
import { finding, foundBy, hasWords, wordsOf } from '#db/search.ts'
import { and, FALSE, name, or, type Sql, sql, TRUE } from '#db/sql.ts'
import { rights } from '#kernel/access/rights.ts'
import { inProject } from '#kernel/access/rules.ts'
import { allRows } from '#kernel/cache.ts'
import type { Context, Filter, FilterUse, Rule } from '#kernel/declaration.ts'
import { linked } from '#kernel/read/expressions.ts'
import { areVisible, withMe } from '#kernel/read/judge.ts'
import { visibleIds } from '#kernel/read/load.ts'
import { isId, onIds } from '#kernel/read/operators.ts'
import { matchesAnyText, matchesColumn, type Text } from '#kernel/read/search.ts'
import { knownGroupUsers } from '#modules/accounts/group-filter.ts'
import { membersSeen } from '#modules/accounts/visibility.ts'
import { descendantsOf } from '#modules/projects/tree.ts'
import { said } from '#text/messages.ts'
import { family, relatable } from './relatable.ts'
import { isMirrored, managesAnywhere, relationTypes, storedType, typeLabels } from './relation-types.ts'
import { comments, fileContents, fileNames, searchedTexts } from './texts.ts'

const column = (table: string, own: string) => name(`${table}.${own}`)
const numbers = (values: readonly string[]) => values.filter(isId).map(Number)

/** Whether lists include subprojects. */
export const includesSubprojects = ({ params, settings }: Context): boolean => {
  const asked = params.get('includeSubprojects')
  return asked === 'true' || (asked !== 'false' && settings.display_subprojects_work_packages)
}

/** Projects, with their subprojects if these are included. */
async function projectsOf(ids: readonly number[], context: Context, withSubprojects: boolean): Promise<number[]> {
  const below = withSubprojects ? await Promise.all(ids.map((id) => descendantsOf(context, id))) : []
  return [...new Set([...ids, ...below.flat()])]
}

/** The condition of a list of a project's work packages. */
export async function ofProject(context: Context, project: number): Promise<Sql> {
  const text = context.params.get('filters') ?? context.params.get('filter') ?? ''
  if (/"(project|project_id|projectId|subproject|subprojectId|subproject_id|onlySubproject|only_subproject_id)"\s*:/.test(text))
    return TRUE
  return among(
    context.engine,
    column('work_packages', 'project_id'),
    await projectsOf([project], context, includesSubprojects(context)),
  )
}

/** The project in the path of the list. */
export const listedProject = ({ path }: Context): number | undefined => {
  const own = /\/(?:projects|workspaces)\/(\d+)\/work_packages/.exec(path)?.[1]
  return own === undefined ? undefined : Number(own)
}

/** Whether a rule holds where a list is asked for: in its project, or anywhere. */
export const wherePermitted =
  (rule: Rule): NonNullable<Filter['available']> =>
  async (context) => {
    const [right] = await rights(context, rule)
    const project = listedProject(context)
    return project === undefined ? right.anywhere : right.holds({ project_id: project })
  }

const isInProject = (context: Context): boolean => listedProject(context) !== undefined

/** Whether the list is that of a project with visible subprojects. */
async function hasSubprojects(context: Context): Promise<boolean> {
  const project = listedProject(context)
  if (project === undefined) return false
  return (await visibleIds(context, context.model.of('Project'), await descendantsOf(context, project))).size > 0
}

/** Whether values are visible work packages; in a project's list, those of the project and its subprojects. */
async function workPackagesHere(values: readonly string[], context: Context): Promise<boolean> {
  if (!(await areVisible('WorkPackage', values, context))) return false
  const project = listedProject(context)
  if (project === undefined) return true
  const { db, engine } = context
  const here = [project, ...(await descendantsOf(context, project))]
  const elsewhere = await db.one(sql`
    select id from work_packages
    where ${among(engine, sql`id`, numbers(values))} and not (${among(engine, sql`project_id`, here)}) limit 1`)
  return elsewhere === undefined
}

/** A condition by the state of the version, with a table of states per operator. */
const byVersion: Filter['where'] = ({ operator, values }, { engine }, of) => {
  const states: Record<string, Sql> = { o: sql`status = 'open'`, l: sql`status = 'locked'`, c: sql`status = 'closed'` }
  const own = column(of, 'version_id')
  return states[operator]
    ? sql`${own} in (select id from versions where ${states[operator]})`
    : onIds(engine, operator, values, own)
}

/** A condition by the status, or by whether it is closed: by ids, which counts can answer. */
const byStatus: Filter['where'] = async ({ operator, values }, { engine, db, snapshot }, of) => {
  const own = column(of, 'status_id')
  if (operator !== 'o' && operator !== 'c') return onIds(engine, operator, values, own)
  const statuses = [...(await allRows(db, snapshot, 'statuses', 'position')).values()]
  const ids = statuses.filter((status) => status.is_closed === (operator === 'c')).map((status) => status.id)
  return among(engine, own, ids)
}

/** The subject contains every word of the value, or the value is the id. */
const subjectOrId: Filter = {
  strategy: 'search',
  where: async ({ values: [text = ''] }, context, table) =>
    or([
      await matchesColumn(context, context.model.of('WorkPackage'), 'subject', text),
      /^#?\d{1,10}$/.test(text.trim()) ? sql`${column(table, 'id')} = ${Number(text.trim().replace('#', ''))}` : FALSE,
    ]),
}

/** The subject or the project's name contains every word, or the id contains it. */
const typeahead: Filter = {
  strategy: 'search',
  where: async ({ values: [text = ''] }, context, table) => {
    const conditions: Sql[] = []
    const tests: Sql[] = []
    for (const word of wordsOf(text)) {
      const inSubject = await matchesColumn(context, context.model.of('WorkPackage'), 'subject', word)
      const elsewhere = [
        linked(context, context.model.of('WorkPackage'), 'project', (project) =>
          hasWords(context.engine, column(project, 'name'), [word]),
        ),
        /^#?\d+$/.test(word) ? sql`cast(${column(table, 'id')} as text) like ${`%${word.replace('#', '')}%`}` : FALSE,
      ]
      conditions.push(or([inSubject, ...elsewhere]))
      tests.push(or([foundBy(inSubject)?.test ?? inSubject, ...elsewhere]))
    }
    const condition = and(conditions)
    const test = and(tests)
    return condition.text === test.text ? condition : finding(condition, { test, isSeen: false })
  },
}

/** One of the texts contains all words. */
const inTexts =
  (texts: readonly Text[]): Filter['where'] =>
  ({ values: [text = ''] }, context) =>
    matchesAnyText(context, context.model.of('WorkPackage'), texts, text)

/** A filter by ids of work packages in a column. */
const workPackage = (own: string): Filter => ({
  strategy: 'list',
  to: 'WorkPackage',
  allowed: workPackagesHere,
  where: ({ operator, values }, { engine }, table) => onIds(engine, operator, values, column(table, own)),
})

const ancestor: Filter = {
  strategy: 'list',
  to: 'WorkPackage',
  allowed: workPackagesHere,
  where: ({ values }, { engine }, table) =>
    sql`${column(table, 'id')} in (
      with recursive down (id) as (
        select id from work_packages where ${among(engine, sql`parent_id`, numbers(values))}
        union
        select w.id from down cross join work_packages w where w.parent_id = down.id
      ) select id from down)`,
}

/** The viewer's own watches always count, those of others only where the viewer may see watchers. */
const watcher: Filter = {
  strategy: 'list',
  to: 'Principal',
  where: async ({ values }, context, table) => {
    const { engine, viewer } = context
    const [watchers] = await rights(context, inProject('view_work_package_watchers'))
    const ids = numbers(withMe(values, context))
    const others = ids.filter((id) => id !== viewer.id)
    const watchedBy = (list: readonly number[]) =>
      sql`${column(table, 'id')} in (select work_package_id from watchers where ${among(engine, sql`user_id`, list)})`
    return or([
      ids.includes(viewer.id) ? watchedBy([viewer.id]) : FALSE,
      others.length > 0 ? sql`(${watchedBy(others)} and ${watchers.where(table)})` : FALSE,
    ])
  },
}

/** Assignees by group, for groups whose members the viewer sees; `*` and `!*` test for any group. */
const byGroups =
  (set: (ids: Sql, groupUsers: Sql) => Sql, any: (groupUsers: Sql) => Sql): Filter['where'] =>
  async ({ operator, values }, context, table) => {
    const [principals] = await rights(context, context.model.of('Principal').visible)
    const groupUsers = knownGroupUsers(principals)
    const ids = among(context.engine, sql`x.id`, numbers(withMe(values, context)))
    const found = operator === '*' ? any(groupUsers) : set(ids, groupUsers)
    return sql`${column(table, 'assigned_to_id')} in (${found})`
  }

/** Shared with all given users, with any of them, with anybody or nobody; limited to shares that the viewer may see. */
const sharedWithUser: Filter = {
  strategy: 'list_optional',
  operators: ['=', '&=', '*', '!*'],
  to: 'Principal',
  known: inProject('view_shared_work_packages'),
  where: ({ operator, values }, context, table) => {
    const { engine } = context
    const sharedWith = (ids?: readonly number[]) => sql`${column(table, 'id')} in (
      select entity_id from memberships where entity_type = 'WorkPackage' ${ids ? sql`and ${among(engine, sql`principal_id`, ids)}` : sql``})`
    const ids = numbers(withMe(values, context))
    if (operator === '*') return sharedWith()
    return operator === '=' ? sharedWith(ids) : and(ids.map((id) => sharedWith([id])))
  },
}

/** Work packages with a relation of a type to one of the given ones. */
const related = (type: string): Filter => ({
  strategy: 'list',
  to: 'WorkPackage',
  allowed: workPackagesHere,
  where: ({ values }, { engine }, table) => {
    const ids = numbers(values)
    const from = sql`select from_id as id from relations where relation_type = ${storedType(type)} and ${among(engine, sql`to_id`, ids)}`
    const to = sql`select to_id as id from relations where relation_type = ${storedType(type)} and ${among(engine, sql`from_id`, ids)}`
    const found = type === 'relates' ? sql`${from} union ${to}` : isMirrored(type) ? to : from
    return sql`${column(table, 'id')} in (${found})`
  },
})

/** Work packages that can be related to the given one; for viewers who manage relations in any project. */
const relatableTo: Filter = {
  strategy: 'list',
  to: 'WorkPackage',
  unlisted: true,
  operators: ['relates', ...relationTypes.filter((type) => type !== 'relates'), ...family],
  operatorNames: { ...typeLabels, parent: said`parent`, child: said`child`, children: said`children` },
  allowed: async (values, context) => {
    const [manages] = await rights(context, managesAnywhere)
    return values.length === 1 && manages.anywhere && areVisible('WorkPackage', values, context)
  },
  where: ({ operator, values }, context, table) => relatable(context, numbers(values)[0] ?? 0, operator, table),
}

export const workPackageFilters: Record<string, Filter> = {
  ...Object.fromEntries(relationTypes.map((type) => [type, related(type)])),
  relatable: relatableTo,
  id: workPackage('id'),
  parent: workPackage('parent_id'),
  status: {
    strategy: 'list',
    operators: ['o', '=', 'c', '!', '*'],
    to: 'Status',
    where: byStatus,
  },
  version: {
    strategy: 'list_optional',
    operators: ['=', '!', '*', '!*', 'o', 'l', 'c'],
    to: 'Version',
    where: byVersion,
  },
  category: {
    available: isInProject,
    strategy: 'list_optional',
    to: 'Category',
    where: ({ operator, values }, { engine }, table) => onIds(engine, operator, values, column(table, 'category_id')),
  },
  project: {
    strategy: 'list',
    to: 'Project',
    where: async ({ values }, context, table) =>
      among(
        context.engine,
        column(table, 'project_id'),
        await projectsOf(numbers(values), context, includesSubprojects(context)),
      ),
  },
  subprojectId: {
    names: ['subproject'],
    available: hasSubprojects,
    strategy: 'list_optional',
    to: 'Project',
    ownNegation: true,
    where: (use, context, table) => subprojects(use, context, table, true),
  },
  onlySubproject: {
    available: hasSubprojects,
    strategy: 'list_optional',
    to: 'Project',
    ownNegation: true,
    where: (use, context, table) => subprojects(use, context, table, false),
  },
  assigneeOrGroup: {
    strategy: 'list_optional',
    to: 'Principal',
    where: byGroups(
      (ids, groupUsers) => sql`select x.id from principals x where ${ids}
        union select g.group_id from ${groupUsers} g join principals x on x.id = g.user_id where ${ids}
        union select g.user_id from ${groupUsers} g join principals x on x.id = g.group_id where ${ids}`,
      () => sql`select id from principals`,
    ),
  },
  memberOfGroup: {
    names: ['group'],
    strategy: 'list_optional',
    to: 'Group',
    where: byGroups(
      (ids, groupUsers) => sql`select g.user_id from ${groupUsers} g join principals x on x.id = g.group_id where ${ids}`,
      (groupUsers) => sql`select g.user_id from ${groupUsers} g`,
    ),
  },
  assignedToRole: {
    names: ['role'],
    strategy: 'list_optional',
    to: 'Role',
    where: async ({ operator, values }, context, table) => {
      const [members] = await rights(context, membersSeen)
      const roles = operator === '*' ? TRUE : among(context.engine, sql`e.role_id`, numbers(values))
      const holds = sql`exists (select 1 from effective_roles e where e.user_id = ${column(table, 'assigned_to_id')} and e.project_id = ${column(table, 'project_id')} and ${roles})`
      return and([members.where(table), holds])
    },
  },
  watcher,
  ancestor,
  typeahead,
  search: { strategy: 'search', where: inTexts(searchedTexts) },
  comment: { strategy: 'text', where: inTexts([comments]) },
  attachmentFileName: { strategy: 'text', where: inTexts([fileNames]) },
  attachmentContent: { strategy: 'text', where: inTexts([fileContents]) },
  subjectOrId,
  isMilestone: {
    names: ['milestone'],
    strategy: 'boolean',
    where: (_, __, table) => sql`${column(table, 'type_id')} in (select id from types where is_milestone)`,
  },
  datesInterval: {
    strategy: 'date',
    operators: ['<>d'],
    where: ({ values: [from = '', to = ''] }, _context, table) => {
      const within = (own: string) => {
        const after = from ? sql`${column(table, own)} >= ${from}` : TRUE
        return to ? sql`${after} and ${column(table, own)} <= ${to}` : after
      }
      const around = from ? sql`${column(table, 'start_date')} < ${from} and ${column(table, 'due_date')} > ${from}` : FALSE
      return sql`((${within('start_date')}) or (${within('due_date')}) or (${around}))`
    },
  },
  sharedWithUser,
  sharedWithMe: {
    strategy: 'boolean',
    where: (_, { viewer }, table) =>
      sql`${column(table, 'id')} in (select entity_id from memberships where entity_type = 'WorkPackage' and principal_id = ${viewer.id})`,
  },
}

/** The project of the list, with or without the chosen subprojects. */
async function subprojects({ operator, values }: FilterUse, context: Context, table: string, withItself: boolean): Promise<Sql> {
  const project = listedProject(context) as number
  const below = await descendantsOf(context, project)
  const chosen = new Set(numbers(values))
  const taken = operator === '*' ? below : operator === '!*' ? [] : below.filter((id) => chosen.has(id) === (operator === '='))
  return among(context.engine, column(table, 'project_id'), [...(withItself ? [project] : []), ...taken])
}
