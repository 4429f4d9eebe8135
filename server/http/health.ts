/** Health checks for monitors and probes, under the names and in the format of OpenProject's: text, or JSON if asked for. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Database } from '#db/database.ts'
import { answering, type MailChoice } from '#jobs/post.ts'
import { backlog } from '#jobs/status.ts'
import { currentTime } from '#kernel/clock.ts'
import { notFound } from '#kernel/errors.ts'
import { sendError } from './answer.ts'

/** A check: gives a sentence about what is well; throws an Error with one about what is not. */
type Check = () => Promise<string>

interface Outcome {
  readonly name: string
  readonly message: string
  readonly success: boolean
  /** Seconds. */
  readonly time: number
  /** Whether its failure is only told. */
  readonly optional: boolean
}

/** Jobs that are due for longer mean that nobody runs them. */
const OVERDUE_MINUTES = 5
const MOST_WAITING = 50
/** A server for mails is asked once in this time, however often a monitor asks. */
const MAIL_EVERY_MS = 30_000
const MAIL_PATIENCE_MS = 5000

const MINUTE = 60_000
/** Bursts are no fault. */
const OPTIONAL: readonly string[] = ['worker_backed_up']

/** The checks of a server. They tell nothing about its data, because whoever reaches the server may ask. */
function checksOf(db: Database, mail: MailChoice | undefined): Readonly<Record<string, Check>> {
  const waiting = () => backlog(db, currentTime())
  return {
    default: async () => 'Application is running',
    database: async () => {
      await db.ready()
      return 'The database answers'
    },
    worker: async () => {
      const { oldest } = await waiting()
      const minutes = oldest === null ? 0 : Math.floor((currentTime().getTime() - Date.parse(oldest)) / MINUTE)
      if (minutes > OVERDUE_MINUTES) throw new Error(`A job has been due for ${minutes} minutes; no worker seems to run`)
      return `No job has been due for more than ${OVERDUE_MINUTES} minutes`
    },
    worker_backed_up: async () => {
      const { count } = await waiting()
      if (count > MOST_WAITING) throw new Error(`${count} jobs are due, more than ${MOST_WAITING}`)
      return `${count} jobs are due`
    },
    ...(mail && { mail: mailCheck(mail) }),
  }
}

function mailCheck(choice: MailChoice): Check {
  let known: { readonly at: number; readonly result: Promise<string> } | undefined
  const ask = async () => {
    const late = new Promise<never>((_, reject) => {
      setTimeout(() => reject(new Error('no response')), MAIL_PATIENCE_MS).unref()
    })
    await Promise.race([answering(choice), late]).catch(() => {
      throw new Error('The SMTP server does not take mails')
    })
    return 'The SMTP server takes mails'
  }
  return () => {
    if (!known || performance.now() - known.at > MAIL_EVERY_MS) known = { at: performance.now(), result: ask() }
    return known.result
  }
}

/** Runs a check. The reason of an unavailable database stays in the log. */
async function outcomeOf(name: string, check: Check): Promise<Outcome> {
  const start = performance.now()
  const [success, message] = await check().then(
    (text) => [true, text] as const,
    (error: Error) => [false, error.message] as const,
  )
  const time = Math.round(performance.now() - start) / 1000
  return { name, message, success, time, optional: OPTIONAL.includes(name) }
}

const lineOf = ({ name, message, success, time, optional }: Outcome): string =>
  `${name}: ${success ? 'PASSED' : 'FAILED'} ${message} (${time}s)${optional ? ' (OPTIONAL)' : ''}`

/**
 * Adds `/health_checks/{name}` and, for several at once, `/health_checks/web`, `full` and `all`: 200 if all of them pass, otherwise
 * 500. With `.json` or `Accept: application/json` they answer JSON.
 */
export function addHealthChecks(app: FastifyInstance, db: Database, mail: MailChoice | undefined): void {
  const checks = checksOf(db, mail)
  const collections: Readonly<Record<string, readonly string[]>> = {
    web: ['default', 'database'],
    full: Object.keys(checks),
    all: Object.keys(checks),
  }
  const answer = async (request: FastifyRequest, reply: FastifyReply, asked: string) => {
    const [, name = '', format] = /^(\w+)(\.json)?$/.exec(asked) ?? []
    const isCollection = Object.hasOwn(collections, name)
    const names = isCollection ? collections[name]! : [name]
    if (!names.every((one) => Object.hasOwn(checks, one))) return sendError(request, reply, notFound())
    const outcomes = await Promise.all(names.map((one) => outcomeOf(one, checks[one]!)))
    const isWell = outcomes.every(({ success, optional }) => success || optional)
    reply.code(isWell ? 200 : 500).header('cache-control', 'no-store')
    if (format !== undefined || /\bjson\b/.test(request.headers.accept ?? '')) {
      const described = outcomes.map(({ optional: _, ...one }) => [one.name, one] as const)
      return reply.type('application/json; charset=utf-8').send(JSON.stringify(Object.fromEntries(described)))
    }
    const lines = isCollection ? [name, ...outcomes.map((one) => `  ${lineOf(one)}`)] : outcomes.map(lineOf)
    return reply.type('text/plain; charset=utf-8').send(lines.join('\n'))
  }
  app.get('/health_checks', (request, reply) => answer(request, reply, 'default'))
  app.get<{ Params: { name: string } }>('/health_checks/:name', (request, reply) => answer(request, reply, request.params.name))
}
