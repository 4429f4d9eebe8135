/** Starting and completing sprints. */
import type { Row, Transaction } from '#db/database.ts'
import { among } from '#db/dialect.ts'
import { paced } from '#db/slices.ts'
import { sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { enqueue, PERSISTENT } from '#jobs/queue.ts'
import { rights } from '#kernel/access/rights.ts'
import { both, inProject } from '#kernel/access/rules.ts'
import type { BodyType } from '#kernel/bodies.ts'
import { createCache } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { contextOfActor, inside } from '#kernel/context.ts'
import type { ApiRequest, Context, Operation } from '#kernel/declaration.ts'
import { combined, type Violation, violation } from '#kernel/errors.ts'
import { job } from '#kernel/module.ts'
import { demand, operation, respondWithRow, rowAt } from '#kernel/operation.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { unchanged } from '#kernel/resource.ts'
import { save, writing } from '#kernel/write/commit.ts'
import { entryOf, rewriteWhere } from '#kernel/write/history.ts'
import { idLinked, revised, sentLink, toErrors } from '#kernel/write/payload.ts'
import { seesWorkPackage } from '#modules/projects/rights.ts'
import { type Message, said } from '#text/messages.ts'
import { Sprint, startAndComplete } from './sprints.ts'
import { usableIn } from './usable.ts'

type SprintRow = Tables['sprints']

/** The sprint in the path of a request, if the viewer may start and complete it. */
async function sprintAt({ context, params }: ApiRequest<'id'>): Promise<SprintRow> {
  const row = (await rowAt(params.id, context.model.of(Sprint), context)) as SprintRow
  await demand(context, startAndComplete, row)
  return row
}

/** Throws 422 for violations. */
function refuse(context: Context, violations: readonly Violation[]): void {
  if (violations.length > 0) throw combined(toErrors(context.model.of(Sprint), violations))
}

/** The statuses within sentences. */
const states: Readonly<Record<string, Message>> = {
  in_planning: said`in planning`,
  active: said`active`,
  completed: said`completed`,
}

/** The violation of a sprint that has another status than the change of it needs. */
const misplaced = ({ status }: SprintRow, needed: string): Violation[] =>
  status === needed
    ? []
    : [
        violation('status', said`The sprint is ${states[status] ?? status}; it has to be ${states[needed] ?? needed}.`, {
          complete: true,
        }),
      ]

/** Changes a sprint in one transaction, and answers it. @param further what changes with it */
async function change(
  ask: ApiRequest<'id'>,
  row: SprintRow,
  values: Partial<SprintRow>,
  further: (tx: Transaction) => Promise<void> = async () => {},
) {
  const { context, db } = ask
  const sprint = context.model.of(Sprint)
  const id = await writing(db, sprint, async (tx) => {
    await further(tx)
    return save(tx, context, sprint, revised(unchanged<Row>(row), values), undefined)
  })
  return respondWithRow(ask, Sprint, id)
}

const startSprint = operation({
  method: 'POST',
  path: '/sprints/:id/start',
  summary: 'Start a sprint',
  description: 'Makes a planned sprint the active one of its project. Responds with 422 while another one is active.',
  tag: 'Sprint',
  extension: true,
  answers: { status: 200, of: 'Sprint', as: 'single' },
  run: async (ask: ApiRequest<'id'>) => {
    const { context } = ask
    const row = await sprintAt(ask)
    const other = await context.db.one<{ name: string }>(
      sql`select name from sprints where project_id = ${row.project_id} and status = 'active' and id <> ${row.id}`,
    )
    refuse(context, [
      ...misplaced(row, 'in_planning'),
      ...(other ? [violation('base', said`The sprint "${other.name}" is active: complete it before starting another.`)] : []),
    ])
    return change(ask, row, { status: 'active', started_at: context.now.toISOString() })
  },
})

/** The sprint that a body names for unfinished work packages; undefined where it names none. Throws 422 for one that cannot take them. */
async function targetIn(body: object, from: SprintRow, context: Context): Promise<SprintRow | undefined> {
  const link = sentLink(body as Row, 'moveTo')
  if (link === undefined || (link as { href?: unknown }).href === null) return undefined
  const sprint = context.model.of(Sprint)
  const id = await idLinked(sprint, link, context)
  const row = id === undefined ? undefined : await visibleRow(context, sprint, id, await usableIn(context, from.project_id))
  const isFit = row && row.id !== from.id && row.status !== 'completed'
  if (!isFit) refuse(context, [violation('moveTo', said`is not another sprint of the project that is still open`)])
  return row as SprintRow
}

/** Work packages that a request takes out of a sprint itself. */
const AT_ONCE = 300

const plans = both(seesWorkPackage, inProject('manage_sprint_items'))

/** Takes unfinished work packages out of a sprint; of many, a job takes out those that are left. */
async function takeOut(tx: Transaction, from: SprintRow, to: SprintRow | undefined, context: Context): Promise<void> {
  if (!(await takeSome(tx, from.id, to, context, AT_ONCE))) return
  await enqueue(tx, takeRest, { payload: { from: from.id, to: to?.id ?? null, actor: context.viewer.id } }, context.now)
}

/** What is left of a completion for the job. */
interface Rest {
  readonly from: number
  readonly to: number | null
  readonly actor: number
}

/** Takes the others out in short transactions; into none if the other sprint has gone or been completed meanwhile. */
export const takeRest = job<Rest>('sprints.take-out', {
  attempts: PERSISTENT,
  lane: 'tasks',
  about: ({ from }) => ({ from }),
  run: async (services) => {
    const { payload, step, signal, now } = services
    const context = await contextOfActor({ ...services, cache: createCache() }, payload.actor, now)
    const pace = paced()
    for (let isMore = true; isMore; ) {
      if (signal.aborted) throw new Error('The process ends.')
      isMore = await step((tx) =>
        pace.timed(async () => {
          const to = await tx.one<SprintRow>(sql`select * from sprints where id = ${payload.to} and status <> 'completed'`)
          return takeSome(tx, payload.from, to, { ...inside(context, tx), now: currentTime() }, pace.size)
        }),
      )
    }
  },
})

/**
 * Takes some unfinished work packages out of a sprint: those that the viewer sees and may plan, into another sprint where they can
 * be.
 * @returns whether there may be more
 */
async function takeSome(
  tx: Transaction,
  from: number,
  to: SprintRow | undefined,
  context: Context,
  most: number,
): Promise<boolean> {
  const workPackages = context.model.of('WorkPackage')
  const [right] = await rights({ db: tx, viewer: context.viewer }, plans)
  const rows = await tx.all<{ id: number }>(sql`
    select id from work_packages where sprint_id = ${from} and status_id in (select id from statuses where not is_closed)
      and ${right.where('work_packages')} order by id limit ${most}`)
  const within = rows.map(({ id }) => id)
  if (within.length === 0) return false
  const isEverywhere = to?.sharing === 'descendants'
  const target = to ? sql`cast(${to.id} as integer)` : sql`null`
  const set =
    to && !isEverywhere ? sql`sprint_id = case when project_id = ${to.project_id} then ${target} end` : sql`sprint_id = ${target}`
  await rewriteWhere(
    tx,
    workPackages,
    { set, where: among(tx.engine, sql`id`, within) },
    { ...entryOf(context), announced: false },
  )
  return within.length === most
}

const completeSprint = operation({
  method: 'POST',
  path: '/sprints/:id/complete',
  summary: 'Complete a sprint',
  description:
    'Completes the active sprint. Unfinished work packages move to the sprint `moveTo` or, without one, to none: those that the caller sees and may plan. Others stay, and so do closed ones.',
  tag: 'Sprint',
  extension: true,
  answers: { status: 200, of: 'Sprint', as: 'single' },
  takes: 'SprintCompletion',
  run: async (ask: ApiRequest<'id'>) => {
    const { context, body } = ask
    const row = await sprintAt(ask)
    refuse(context, misplaced(row, 'active'))
    const target = await targetIn(body, row, context)
    const values = { status: 'completed', completed_at: context.now.toISOString() }
    return change(ask, row, values, (tx) => takeOut(tx, row, target, context))
  },
})

export const bodies: Readonly<Record<string, BodyType>> = {
  SprintCompletion: {
    description: 'What becomes of unfinished work packages when a sprint is completed.',
    schema: {
      type: 'object',
      properties: {
        _links: {
          type: 'object',
          properties: {
            moveTo: {
              type: 'object',
              description: 'The sprint that takes them.',
              properties: { href: { type: ['string', 'null'] } },
            },
          },
        },
      },
    },
    example: { _links: { moveTo: { href: '/api/v3/sprints/5' } } },
  },
}

export const operations: readonly Operation[] = [startSprint, completeSprint]
