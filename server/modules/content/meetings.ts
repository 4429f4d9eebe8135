/** Meetings of projects. */
import { name, or, type Sql, sql, TRUE } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { inProject } from '#kernel/access/rules.ts'
import type { Draft, Filter } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { decimal } from '#kernel/kinds.ts'
import { addDays, startOfDay } from '#kernel/read/operators.ts'
import { listHref, resource } from '#kernel/resource.ts'
import { ownProject, projectsFor } from '#modules/projects/belonging.ts'
import { said } from '#text/messages.ts'
import { cancelInvitations } from './invitations.ts'
import { view } from './meeting-rights.ts'
import { participantFilter, participants, storeParticipants } from './participants.ts'

type Meeting = Tables['meetings']

const [create, edit] = [inProject('create_meetings'), inProject('edit_meetings')]

export const CLOSED = 'closed'
const states = ['open', CLOSED]

const HOUR = 3_600_000
const LAST_MOMENT = Date.parse('9999-12-31T23:59:59.999Z')
const MOST_HOURS = 24

/** The end of a meeting in milliseconds; not a number as long as it cannot be told. */
const endOf = ({ start_time, duration }: Meeting): number =>
  start_time && typeof duration === 'number' ? Date.parse(start_time) + Math.round(duration * HOUR) : Number.NaN

function end({ row }: Draft<Meeting>): Partial<Meeting> {
  const at = endOf(row)
  return Math.abs(at) <= LAST_MOMENT ? { end_time: new Date(at).toISOString() } : {}
}

const check = ({ row }: Draft<Meeting>): Violation[] =>
  endOf(row) > LAST_MOMENT ? [violation('startTime', said`is too late: the meeting must end before the year 10000`)] : []

/** Meetings that are over, and those that are not: under way or to come. */
const time: Filter = {
  strategy: 'list',
  allowed: (values) => values.every((value) => Object.hasOwn(times, value)),
  where: ({ values }, { now }, table) =>
    or(values.map((value) => sql`${name(`${table}.end_time`)} ${times[value] as Sql} ${now.toISOString()}`)),
}
const times: Readonly<Record<string, Sql>> = { upcoming: sql`>=`, future: sql`>=`, past: sql`<` }

/** Meetings that take place, at least in part, on a day or between two days of the viewer's time zone. */
const datesInterval: Filter = {
  strategy: 'date',
  operators: ['=d', '<>d'],
  where: ({ operator, values }, { timeZone }, table) => {
    const [from, to] = operator === '=d' ? [values[0], values[0]] : values
    const start = from ? startOfDay(from, timeZone) : '0001-01-01T00:00:00.000Z'
    const end = to ? startOfDay(addDays(to, 1), timeZone) : new Date(LAST_MOMENT).toISOString()
    return sql`(${name(`${table}.end_time`)} >= ${start} and ${name(`${table}.start_time`)} < ${end})`
  },
}

export const Meeting = resource('Meeting', 'meetings', {
  path: 'meetings',
  description: 'A meeting of a project, with participants and an agenda.',
  glossary: {
    title: 'Title.',
    location: 'Where it takes place.',
    startTime: 'The start.',
    endTime: 'The end, derived from start and duration.',
    duration: `Duration in hours, at most ${MOST_HOURS}.`,
    state: '`open`, or `closed`: the agenda of a closed meeting cannot be changed.',
    project: 'The project of the meeting.',
    invitedUsers: 'The users who are invited. They have to see the meetings of the project. A write replaces all of them.',
    attendedUsers: 'The users who attended. A write replaces all of them.',
    agendaItems: 'The items of its agenda.',
    addAgendaItem: 'Adds an item to its agenda. Present only if permitted.',
  },
  example: { title: 'Crew meeting', location: 'On deck', duration: 1.5, state: 'open' },
  title: 'title',
  belongsTo: 'project_id',
  lock: 'lock_version',
  journal: 'meeting_versions',
  visible: view,
  may: { create, update: edit, delete: inProject('delete_meetings') },
  attachments: { add: edit, uncontained: create },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    lockVersion: p.integer({ readOnly: true }),
    title: p.text({ required: true, max: 255, filter: true }),
    location: p.text({ max: 255 }),
    startTime: p.dateTime({ required: true, sort: true }),
    endTime: p.dateTime({ readOnly: true }),
    duration: p.of(decimal, {
      required: true,
      hasDefault: true,
      max: MOST_HOURS,
      fault: (value) => (Number(value) > 0 ? undefined : said`must be greater than 0`),
    }),
    state: p.text({ required: true, hasDefault: true, allowed: { texts: () => states } }),
    createdAt: p.dateTime({ readOnly: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, sort: true }),
    project: ownProject(p, 'meetings'),
    author: p.link('User', { readOnly: true, alwaysNamed: true, filter: 'list', embed: true, whenGone: 'successor' }),
    invitedUsers: p.links('User', participants('invited')),
    attendedUsers: p.links('User', participants('attended')),
  }),
  filters: {
    time,
    datesInterval,
    invitedUser: participantFilter('invited', said`Invited user`),
    attendedUser: participantFilter('attended', said`Attended user`),
  },
  actions: {
    agendaItems: { href: ({ id }) => listHref('meeting_agenda_items', { meeting: ['=', id] }) },
    addAgendaItem: {
      href: () => '/api/v3/meeting_agenda_items',
      method: 'post',
      may: inProject('manage_agendas'),
      when: ({ state }) => state !== CLOSED,
      payload: ({ id }) => ({ _links: { meeting: { href: `/api/v3/meetings/${id}` } } }),
    },
  },
  defaults: ({ viewer }) => ({ author_id: viewer.id, lock_version: 0, duration: 1, state: 'open' }),
  derive: [end],
  check: [check],
  after: [storeParticipants],
  remove: async (tx, row, context) => {
    await cancelInvitations(tx, row, { users: TRUE, state: 'cancelled' }, context)
    return true
  },
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

/** Where meetings can be created. */
export const listProjectsForMeetings = projectsFor(Meeting, 'create_meetings')
