/** Copies of projects: the request creates the project, and a job copies the contents in short transactions. */
import type { Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { join, or, raw, type Sql, sql } from '#db/sql.ts'
import type { TableName, Tables } from '#db/tables.ts'
import { endTask, openTask, progressed, startTask, type TaskPayload } from '#jobs/tasks.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, either, globally, inProject, lacking, unconfined } from '#kernel/access/rules.ts'
import { createCache, invalidate } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfUser, inside } from '#kernel/context.ts'
import type { ApiRequest, Context, Draft, JobContext, Operation, Property, Resource } from '#kernel/declaration.ts'
import { combined } from '#kernel/errors.ts'
import { job } from '#kernel/module.ts'
import { demand, ok, operation, rowAt } from '#kernel/operation.ts'
import { builders, hrefOf } from '#kernel/resource.ts'
import { save, writing } from '#kernel/write/commit.ts'
import {
  type Copies,
  copiedResources,
  copiedWhere,
  copyRows,
  countCopied,
  originalRows,
  partsOf,
  remaining,
} from '#kernel/write/copying.ts'
import { form } from '#kernel/write/form.ts'
import { toErrors } from '#kernel/write/payload.ts'
import { prepareWrite } from '#kernel/write/prepare.ts'
import { isGivable, isLimited, rolesToGive } from '#modules/accounts/giving-roles.ts'
import { inherit } from '#modules/accounts/inheritance.ts'
import { copyFiles, countFiles } from '#modules/files/copies.ts'
import { ENGLISH, inLanguage, message, said } from '#text/messages.ts'
import { lookUp } from './facts.ts'
import { Project } from './projects.ts'

type ProjectRow = Tables['projects']

/** The parts of a project that a request can leave out of the copy, in the order of their mention. */
const parts = {
  phases: 'Project life cycle',
  members: 'Project members',
  versions: 'Versions',
  categories: 'Work package categories',
  workPackages: 'Work packages',
  workPackageAttachments: 'Work package attachments',
  workPackageShares: 'Work package shares',
  wiki: 'Wiki pages',
  wikiPageAttachments: 'Wiki page attachments',
  forums: 'Forums',
  queries: 'Saved views',
  boards: 'Boards',
  overview: 'Project overview',
  storages: 'File storages',
  storageProjectFolders: 'Project folders of file storages',
  fileLinks: 'Links to files',
} as const

type Part = keyof typeof parts
const allParts = Object.keys(parts) as readonly Part[]

/** The flag of a part in `_meta`: `copyWorkPackages`. */
const flagOf = (part: Part) => `copy${part.charAt(0).toUpperCase()}${part.slice(1)}`

/** Everybody who may copy a project needs nothing else, but a permission in the parent of the copy. */
const copies = inProject('copy_projects', 'id')
const create = both(unconfined, either(lacking('parent_id'), inProject('add_subprojects', 'parent_id'), globally('add_project')))

/** What the copy takes over where the request says nothing else. */
const kept = [
  'workspace_type',
  'description',
  'public',
  'parent_id',
  'status_code',
  'status_explanation',
  'custom_values',
] as const

const { boolean } = builders()
const flags: readonly Property[] = [
  ...allParts.map((part) => ({ name: flagOf(part), label: parts[part] })),
  { name: 'sendNotifications', label: 'Send notifications' },
].map(({ name, label }) => ({
  ...boolean({ hasDefault: true, required: false }),
  name,
  label: message(label),
  column: undefined,
}))

/** Projects, as copies of a project are described and created. @param meta the flags */
async function copyOf(source: ProjectRow, context: Context, meta = flags): Promise<Resource> {
  const project = context.model.of(Project)
  const [original = {}] = await originalRows(context.db, project, [source.id])
  const packed = (project.packedProperties ?? []).flatMap(({ column }) => column ?? [])
  const taken = Object.fromEntries([...kept, ...packed].map((column) => [column, original[column as never] ?? null]))
  return {
    ...project,
    may: { ...project.may, create, form: create },
    meta,
    defaults: (own) => ({ ...project.defaults?.(own), ...taken, active: true, templated: false }),
    facts: async (draft: Draft<ProjectRow>, own: Context) => ({ ...(await lookUp(draft, own)), mayCreateAnywhere: true }),
  }
}

/** The flags, described by the number of objects that each stands for. */
async function counted(source: number, context: Context): Promise<readonly Property[]> {
  const counts = new Map<string, number>()
  const add = (part: string, n: number) => counts.set(part, (counts.get(part) ?? 0) + n)
  for (const resource of copiedResources(context.model)) {
    for (const [part, n] of await countCopied(context, resource, source)) add(part, n)
    const files = resource.copied?.files
    if (files === undefined || partsOf(resource).some(([part]) => part === files)) continue
    add(files, await countFiles(context.db, resource, await copiedWhere(context, resource, source)))
  }
  for (const one of further) add(one.part, await one.count(context, source))
  return flags.map((flag, i) => {
    const part = allParts[i]
    if (part === undefined) return flag
    const n = counts.get(part) ?? 0
    return { ...flag, options: { ...flag.options, about: { description: `${n} ${n === 1 ? 'object' : 'objects'}` } } }
  })
}

/** What a task to copy keeps of its request. */
interface Wanted {
  readonly from: number
  readonly to: number
  readonly parts: readonly string[]
  readonly announced: boolean
}

/** The visible project of a request, if the viewer may copy it; otherwise 403 or 404. */
async function sourceOf({ context, params }: ApiRequest<'id'>): Promise<ProjectRow> {
  const row = (await rowAt(params.id, context.model.of(Project), context)) as ProjectRow
  await demand(context, copies, row)
  return row
}

const words = 'The project gets the properties of the copied one where the body has no others; it needs a name of its own.'

const copyForm = operation({
  method: 'POST',
  path: '/projects/:id/copy/form',
  summary: 'Form for copying a project',
  description: `Validates a copy of a project. ${words} The options in \`_meta\` say which parts are copied: all, unless an option is false.`,
  tag: 'Project',
  answers: { status: 200, of: 'Project', as: 'form' },
  takes: 'Project',
  run: async (ask: ApiRequest<'id'>) => {
    const { context, body } = ask
    const source = await sourceOf(ask)
    const resource = await copyOf(source, context, await counted(source.id, context))
    const prepared = await prepareWrite(context, resource, undefined, body, {}, { asking: true })
    const filled = { ...prepared, draft: { ...prepared.draft, meta: { ...defaults, ...prepared.draft.meta } } }
    const address = `/api/v3/projects/${source.id}/copy`
    return ok(await form(context, resource, filled, `${address}/form`, { href: address, method: 'post' }))
  },
})

const defaults = Object.fromEntries(flags.map(({ name }) => [name, true]))

const copyProject = operation({
  method: 'POST',
  path: '/projects/:id/copy',
  summary: 'Copy a project',
  description: `Creates a project and starts a job that copies the contents into it, as far as the caller sees them. ${words} The response redirects to the status of the job.`,
  tag: 'Project',
  answers: { status: 302 },
  takes: 'Project',
  run: async (ask: ApiRequest<'id'>) => {
    const { context, body, db } = ask
    const source = await sourceOf(ask)
    const resource = await copyOf(source, context)
    const { draft, facts, violations } = await prepareWrite(context, resource, undefined, body)
    if (violations.length > 0) throw combined(toErrors(resource, violations))
    const location = await writing(db, resource, async (tx) => {
      const to = await save(tx, context, resource, draft, facts)
      await settings(tx, source.id, to)
      const wanted: Wanted = {
        from: source.id,
        to,
        parts: allParts.filter((part) => draft.meta[flagOf(part)] !== false),
        announced: draft.meta.sendNotifications !== false,
      }
      return startTask(tx, copyContents, context, wanted)
    })
    return { status: 302, headers: { location } }
  },
})

/** Gives a copy the modules, the types and the custom fields of the original. */
async function settings(tx: Transaction, from: number, to: number): Promise<void> {
  const target = raw(`${to}`)
  const lists = [
    ['enabled_modules', 'name'],
    ['project_types', 'type_id'],
    ['custom_field_projects', 'custom_field_id'],
  ] as const
  for (const [table, column] of lists) {
    await tx.run(sql`delete from ${raw(table)} where project_id = ${to}`)
    await tx.run(
      sql`insert into ${raw(table)} (project_id, ${raw(column)}) select ${target}, ${raw(column)} from ${raw(table)} where project_id = ${from}`,
    )
  }
  await invalidate(tx, 'projects', 'custom_fields')
}

/** A part that is no resource of its own: copied in one transaction. */
interface Further {
  readonly part: Part
  count(context: Context, from: number): Promise<number>
  run(tx: Transaction, context: Context, wanted: Wanted, copies: Copies): Promise<void>
}

const seesMembers = inProject('view_members', 'id')
const seesShares = inProject('view_shared_work_packages', 'id')

/** The roles that the viewer may give in the copy, as a condition. */
async function givable(context: Context, project: number): Promise<Sql> {
  if (!isLimited(context)) return sql`r.role_id in (select id from roles where ${isGivable})`
  return among(context.engine, sql`r.role_id`, [...(await rolesToGive(context, project))])
}

/** Copies memberships that `m` stands for to other places, with the roles given by themselves; groups pass theirs on. */
async function copyMemberships(
  tx: Transaction,
  context: Context,
  { place, from, where, roles }: { place: Sql; from: Sql; where: Sql; roles: Sql },
): Promise<void> {
  const at = sql`${context.now.toISOString()}${raw(tx.engine === 'postgres' ? '::timestamptz' : '')}`
  const same = sql`o.principal_id = m.principal_id and (o.project_id, coalesce(o.entity_id, 0)) = (select t.project_id, coalesce(t.entity_id, 0) from ${place} t)`
  await tx.run(sql`
    insert into memberships (principal_id, project_id, entity_type, entity_id, created_at, updated_at)
    select m.principal_id, t.project_id, m.entity_type, t.entity_id, ${at}, ${at}
    from ${from} cross join ${place} t
    where ${where} and exists (select 1 from membership_roles r where r.membership_id = m.id and r.inherited_from is null and ${roles})
      and not exists (select 1 from memberships o where ${same})`)
  await tx.run(sql`
    insert into membership_roles (membership_id, role_id)
    select o.id, r.role_id from ${from} join membership_roles r on r.membership_id = m.id and r.inherited_from is null
    join memberships o on ${same}
    where ${where} and ${roles}
      and not exists (select 1 from membership_roles has where has.membership_id = o.id and has.role_id = r.role_id and has.inherited_from is null)`)
}

/** Passes the memberships of groups in a project on to their users. */
async function passOn(tx: Transaction, { now }: Context, project: number): Promise<void> {
  const groups = await tx.all<{ id: number }>(sql`
    select distinct m.principal_id as id from memberships m join principals p on p.id = m.principal_id and p.type = 'Group'
    where m.project_id = ${project}`)
  for (const { id } of groups) await inherit(tx, id, sql`m.project_id = ${project}`, now)
  await invalidate(tx, 'memberships')
}

const members: Further = {
  part: 'members',
  count: async (context, from) => {
    const [sees] = await rights(context, seesMembers)
    if (!sees.holds({ id: from })) return 0
    const row = await context.db.one<{ n: number }>(
      sql`select count(*) as n from memberships where project_id = ${from} and entity_type is null`,
    )
    return row?.n ?? 0
  },
  run: async (tx, context, { from, to }) => {
    const [sees] = await rights(context, seesMembers)
    if (!sees.holds({ id: from })) return
    await copyMemberships(tx, context, {
      place: sql`(select id as project_id, cast(null as integer) as entity_id from projects where id = ${to})`,
      from: raw('memberships m'),
      where: sql`m.project_id = ${from} and m.entity_type is null`,
      roles: await givable(context, from),
    })
    await passOn(tx, context, to)
  },
}

const shares: Further = {
  part: 'workPackageShares',
  count: async (context, from) => {
    const [sees] = await rights(context, seesShares)
    if (!sees.holds({ id: from })) return 0
    const row = await context.db.one<{ n: number }>(
      sql`select count(*) as n from memberships where project_id = ${from} and entity_type = 'WorkPackage'`,
    )
    return row?.n ?? 0
  },
  run: async (tx, context, { from, to }, copied) => {
    const [sees] = await rights(context, seesShares)
    const pairs = [...(copied.get('work_packages') ?? [])]
    if (!sees.holds({ id: from }) || pairs.length === 0) return
    const shared = await tx.all<{ id: number; entity_id: number }>(sql`
      select id, entity_id from memberships where project_id = ${from} and entity_type = 'WorkPackage' order by id`)
    for (const { id, entity_id } of shared) {
      const copy = copied.get('work_packages')?.get(entity_id)
      if (copy === undefined) continue
      await copyMemberships(tx, context, {
        place: sql`(select project_id, id as entity_id from work_packages where id = ${copy})`,
        from: raw('memberships m'),
        where: sql`m.id = ${id}`,
        roles: sql`r.role_id in (select id from roles where kind = 'work_package')`,
      })
    }
    await passOn(tx, context, to)
  },
}

const further: readonly Further[] = [members, shares]

/** The time that a transaction takes at most, so that other writers do not wait for long. */
const SLICE_MS = 30
/** Rows read for one transaction. */
const AT_ONCE = 200

const INCOMPLETE = said`The original was archived or deleted before all of it was copied.`

/** Copies the contents of a project in short transactions; another process continues after the last of them. */
export const copyContents = job<TaskPayload>('projects.copy', {
  attempts: 5,
  lane: 'tasks',
  about: ({ task }) => ({ task }),
  run: async (services) => {
    const { db, payload, now } = services
    const task = await openTask(db, payload.task)
    if (!task) return
    const wanted = task.payload as Wanted
    const context = await contextOfUser({ ...services, cache: createCache() }, task.user_id, currentTime())
    const project = context && (await db.one<ProjectRow>(sql`select * from projects where id = ${wanted.to} and not deleting`))
    if (!context || !project)
      return (tx: Transaction) =>
        endTask(tx, task.id, { message: inLanguage(said`The project is gone.`, context?.language ?? ENGLISH), failed: true }, now)
    await contents(services, task.id, wanted, context)
    // Nobody sees what is in an archived project, so it was left out.
    if (!(await db.one(sql`select id from projects where id = ${wanted.from} and active`)))
      return (tx: Transaction) =>
        endTask(tx, task.id, { message: inLanguage(INCOMPLETE, context.language), failed: true }, currentTime())
    return (tx: Transaction) =>
      endTask(
        tx,
        task.id,
        {
          message: inLanguage(said`The project ${project.name} has been created.`, context.language),
          payload: {
            title: inLanguage(said`Copy project`, context.language),
            redirect: `/projects/${project.identifier}`,
            _links: { project: { href: hrefOf(Project, project), title: project.name } },
          },
        },
        currentTime(),
      )
  },
})

async function contents(services: JobContext<TaskPayload>, task: number, wanted: Wanted, context: Context): Promise<void> {
  const { db, step, signal, model } = services
  const copied: Copies = new Map()
  for (const row of await db.all<{ kind: string; from_id: number; to_id: number }>(
    sql`select kind, from_id, to_id from task_rows where task_id = ${task}`,
  ))
    copied.getOrInsertComputed(row.kind as TableName, () => new Map()).set(row.from_id, row.to_id)
  const isWanted = (part: string | undefined) => part !== undefined && wanted.parts.includes(part)
  const wantedOf = (resource: Resource) =>
    partsOf(resource).filter(([part]) => isWanted(part) && isWanted(resource.copied?.needs ?? part))
  const resources = copiedResources(model).filter((resource) => wantedOf(resource).length > 0)
  const stages = further.filter(({ part }) => isWanted(part)).length + resources.length
  let stage = 0
  const copying = { from: wanted.from, to: wanted.to, copies: copied, parts: wanted.parts }
  if (isWanted('members')) await step(async (tx) => members.run(tx, inside(context, tx), wanted, copied))
  for (const declared of resources) {
    const resource = context.model.of(declared)
    const which = or(wantedOf(declared).map(([, where]) => where))
    let ids = await remaining(context, resource, copying, which)
    const total = Math.max(ids.length, 1)
    while (ids.length > 0) {
      if (signal.aborted) throw new Error('The process ends.')
      const rows = await originalRows(db, resource, ids.slice(0, AT_ONCE))
      const files = isWanted(resource.copied?.files) ? await copyFiles(services, resource.name, rows) : undefined
      const now = currentTime()
      const former = new Map(copied.get(resource.table))
      const made = await step(async (tx) => {
        copied.set(resource.table, new Map(former))
        const begun = performance.now()
        const done = await copyRows(tx, { ...inside(context, tx), now }, resource, rows, copying, {
          announced: wanted.announced,
          until: () => performance.now() - begun > SLICE_MS,
          attach: files && ((own, pairs) => files.attach(own, pairs, context.viewer.id, now)),
        })
        await keep(tx, task, resource.table, done)
        await progressed(tx, task, ((stage + 1 - (ids.length - done.size) / total) / stages) * 100, now)
        return done
      })
      // Rows that are gone are passed over.
      const seen = new Set(rows.map((row) => row.id))
      const gone = ids.slice(0, AT_ONCE).filter((id) => !seen.has(id))
      ids = ids.filter((id) => !made.has(id) && !gone.includes(id))
      await files?.discard(made)
    }
    stage++
  }
  if (isWanted('workPackageShares')) await step(async (tx) => shares.run(tx, inside(context, tx), wanted, copied))
}

/** Keeps which rows are copies of which. */
async function keep(tx: Transaction, task: number, kind: string, made: ReadonlyMap<number, number | null>): Promise<void> {
  const rows = [...made].filter(([, to]) => to !== null).map(([from, to]) => sql`(${task}, ${kind}, ${from}, ${to})`)
  if (rows.length > 0) await tx.run(sql`insert into task_rows (task_id, kind, from_id, to_id) values ${join(rows)}`)
}

export const operations: readonly Operation[] = [copyForm, copyProject]
