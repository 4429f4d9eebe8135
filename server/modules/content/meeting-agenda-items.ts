/** Items of the agendas of meetings. */
import type { Row } from '#db/database.ts'
import { name, or, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { both, having, inProject, NOTHING, not, through } from '#kernel/access/rules.ts'
import type { Draft, Expression } from '#kernel/declaration.ts'
import { violation } from '#kernel/errors.ts'
import { available } from '#kernel/operation.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { CLOSED } from './meetings.ts'
import { membersOf, personWho } from './participants.ts'
import { placed } from './positions.ts'

/** The project and the state of the meeting. */
interface Placed {
  readonly project_id: number
  readonly meeting_state: string
}
type Item = Tables['meeting_agenda_items'] & Placed

interface Facts {
  /** The meeting, if the viewer sees it. */
  readonly meeting: Row | undefined
}

/** A column of the meeting. */
const ofMeeting =
  (column: string): Expression =>
  (_, table) =>
    sql`(select m.${name(column)} from meetings m where m.id = ${name(`${table}.meeting_id`)})`

/** A permission in the project of the meeting. */
const held = (permission: string) => through('meeting_id', 'meetings', inProject(permission), { find: (row) => row })
const view = held('view_meetings')
const manage = held('manage_agendas')

const CLOSED_ALREADY = said`The meeting is closed: open it again before you change its agenda.`

const place = ({ row, before }: Draft<Item>, { meeting }: Facts): Partial<Item> =>
  before ? {} : { project_id: meeting?.project_id ?? row.meeting_id }

export const MeetingAgendaItem = resource<'meeting_agenda_items', Facts, Placed>('MeetingAgendaItem', 'meeting_agenda_items', {
  path: 'meeting_agenda_items',
  label: 'agenda item',
  description: 'An item of the agenda of a meeting. It changes only while the meeting is open.',
  glossary: {
    position: 'Position in the agenda, from 1. A new item is the last one unless the payload says otherwise.',
    title: 'Title.',
    durationInMinutes: 'Planned duration in minutes.',
    notes: 'Notes.',
    meeting: 'The meeting.',
    project: 'The project of the meeting.',
    workPackage: 'The work package to discuss.',
    presenter: 'The user who presents it, who has to see the meetings of the project.',
  },
  example: { title: 'State of the rigging', position: 1, durationInMinutes: 15 },
  title: 'title',
  belongsTo: 'meeting_id',
  places: ({ meeting_id }) => [{ resource: 'Meeting', id: meeting_id }],
  order: { column: 'position' },
  visible: view,
  may: { create: manage, update: manage, delete: manage },
  computedColumns: { project_id: ofMeeting('project_id'), meeting_state: ofMeeting('state') },
  properties: (p) => ({
    id: p.integer({ sort: true }),
    position: p.integer({ min: 1, hasDefault: true, sort: true }),
    title: p.text({ required: true, max: 255, filter: true }),
    durationInMinutes: p.integer({ min: 0, max: 1440 }),
    notes: p.markdown(),
    createdAt: p.dateTime({ readOnly: true, sort: true }),
    updatedAt: p.dateTime({ readOnly: true, sort: true }),
    meeting: p.link('Meeting', {
      required: true,
      writable: ({ before }) => !before,
      filter: 'list',
      allowed: { href: ({ before }) => (before ? null : '/api/v3/meeting_agenda_items/available_meetings') },
      whenGone: 'remove',
    }),
    project: p.link('Project', {
      select: ofMeeting('project_id'),
      readOnly: true,
    }),
    workPackage: p.link('WorkPackage', { filter: 'list_optional', whenGone: 'empty' }),
    presenter: p.link('User', {
      // A presenter stays, even one who no longer sees the meeting.
      eligible: ({ row, before }, context) =>
        or([personWho(view, row, 'meeting_id', context), sql`principals.id = ${before?.presenter_id ?? NOTHING}`]),
      allowed: { href: ({ row }) => membersOf(row) },
      filter: 'list_optional',
      whenGone: 'empty',
    }),
  }),
  frozen: (row) => (row.meeting_state === CLOSED ? CLOSED_ALREADY : undefined),
  facts: async ({ row }, context) => ({
    meeting: row.meeting_id ? await visibleRow(context, context.model.of('Meeting'), row.meeting_id) : undefined,
  }),
  derive: [place],
  check: [({ before }, { meeting }) => (!before && meeting?.state === CLOSED ? [violation('base', CLOSED_ALREADY)] : [])],
  after: [placed('meeting_agenda_items', 'meeting_id', 'meetings')],
  operations: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
  extensions: ['index', 'show', 'create', 'update', 'delete', 'form', 'editForm', 'schema'],
})

/** The meetings whose agendas can be changed. */
export const listMeetingsForItems = available({
  path: '/meeting_agenda_items/available_meetings',
  of: 'Meeting',
  rule: both(inProject('manage_agendas'), not(having('state', CLOSED))),
  tag: 'MeetingAgendaItem',
  summary: 'List available meetings for agenda items',
  description: 'Lists the open meetings whose agendas the caller may change.',
  extension: true,
})
