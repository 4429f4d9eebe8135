/** Queries as calendars: an address with a token of its own, and the iCalendar document there. */
import { ConstraintError, type Row } from '#db/database.ts'
import { insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { hashToken, randomKey } from '#identity/tokens.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Body, Context, Link, Operation } from '#kernel/declaration.ts'
import { CONFIRM, combined, forbidden, notFound, type Violation, violation } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { demand, document, holds, idFrom, operation, rowFrom } from '#kernel/operation.ts'
import { isId } from '#kernel/read/operators.ts'
import { hrefOf } from '#kernel/resource.ts'
import { addressOf } from '#kernel/settings.ts'
import { toErrors } from '#kernel/write/payload.ts'
import { type CalendarEvent, icalendar } from '#text/icalendar.ts'
import { type Message, said } from '#text/messages.ts'
import { Query } from './queries.ts'
import { dated } from './results.ts'
import { share } from './rights.ts'

const LONGEST = 255

/** The fault of a token's name. */
function faultOf(name: unknown): Message | undefined {
  if (name === undefined || name === null) return said`can't be blank`
  if (typeof name !== 'string' || !isStorable(name)) return said`is not a text`
  if (name.trim() === '') return said`can't be blank`
  return [...name].length > LONGEST ? said`is too long (maximum is ${LONGEST} characters)` : undefined
}

const refused = (fault: Message) => {
  const wrong: Violation = violation('token_name', said`Token name ${fault}.`, { complete: true })
  return combined(toErrors(Query, [wrong]))
}

/** Throws 403 unless the viewer may share the calendar of a visible query. */
async function mayShare(query: Row, context: Context): Promise<void> {
  if (!context.settings.ical_enabled) throw forbidden(said`Query calendars are disabled.`)
  await demand(context, share, query)
}

const createCalendarAddress = operation({
  method: 'POST',
  path: '/queries/:id/ical_url',
  summary: 'Create a calendar address for a query',
  description:
    'Creates a secret address for the results of the query as iCalendar. Only this response shows it. It is valid until revoked, so the server rejects requests with an expiring token, or with a session whose user has not confirmed their identity recently.',
  tag: 'Query',
  answers: { status: 201, of: 'QueryICalUrl', as: 'single' },
  takes: 'QueryICalUrlWrite',
  run: async ({ context, db, params, body }) => {
    const query = await rowFrom(params.id, context.model.of(Query), context)
    await mayShare(query, context)
    if (context.proof === 'stale') throw forbidden(CONFIRM)
    if (context.until !== undefined)
      throw forbidden(said`The address would outlast the token. Use a token that does not expire, or sign in.`)
    const name = body.token_name
    const fault = faultOf(name)
    if (fault) throw refused(fault)
    const key = randomKey()
    const values = { user_id: context.viewer.id, query_id: query.id, name, hash: hashToken(key) }
    await db
      .transaction(async (tx) => {
        await tx.one(insert('tokens', { ...values, created_at: context.now.toISOString() }))
        await invalidate(tx, 'tokens')
      })
      .catch((error: unknown) => {
        throw error instanceof ConstraintError && error.kind === 'unique' ? refused(said`has already been taken`) : error
      })
    const self = hrefOf(Query, query)
    const address = `/projects/${query.project_id}/calendars/${query.id}/ical?ical_token=${key}`
    return {
      status: 201,
      body: {
        _type: 'QueryICalUrl',
        _links: {
          self: { href: `${self}/ical_url`, method: 'post' },
          query: { href: self, method: 'get' },
          icalUrl: { href: addressOf(context.settings, address), method: 'get' },
        },
      },
    }
  },
})

/** The calendar event of a work package in a list, from its start to its finish date. */
function eventOf(body: Body, { settings }: Context): CalendarEvent {
  const { id, subject, date, startDate = date, dueDate = date, description, createdAt, updatedAt }: Row = body
  const links = body._links as Record<string, Link>
  const facts = (['project', 'type', 'status', 'priority', 'assignee'] as const)
    .filter((own) => links[own]?.href)
    .map((own) => `${own.charAt(0).toUpperCase()}${own.slice(1)}: ${links[own]?.title ?? ''}`)
  return {
    uid: `work-package-${id}@${settings.host_name}`,
    summary: subject,
    description: [...facts, ...(description.raw ? ['', description.raw] : [])].join('\n'),
    url: addressOf(settings, `/work_packages/${id}`),
    start: startDate ?? dueDate,
    end: dueDate ?? startDate,
    createdAt,
    updatedAt,
  }
}

// Each request checks all permissions again and hides the reason of a failure, as many may know an address.
export const calendarDocument = document({
  path: '/projects/:project/calendars/:query/ical',
  caller: async ({ db, params, query }) => {
    const key = query.get('ical_token')
    const id = params.query
    if (!key || !isId(id)) return undefined
    return db.one(sql`
      select p.* from tokens t join principals p on p.id = t.user_id
      where t.hash = ${hashToken(key)} and t.query_id = ${Number(id)} and p.status = 1 and p.type = 'User'`)
  },
  run: async ({ context, params }) => {
    const query = await rowFrom(params.query, context.model.of(Query), context)
    const project = await idFrom(params.project, context.model.of('Project'), context)
    const isOpen = context.settings.ical_enabled && project === query.project_id && (await holds(context, share, query))
    if (!isOpen) throw notFound()
    const events = (await dated(query, context)).map((body) => eventOf(body, context))
    return {
      headers: {
        'content-type': 'text/calendar; charset=utf-8',
        'content-disposition': `attachment; filename="calendar-${query.id}.ics"`,
        'cache-control': 'private, no-store',
      },
      body: icalendar(query.name, events),
    }
  },
})

export const operations: readonly Operation[] = [createCalendarAddress]
