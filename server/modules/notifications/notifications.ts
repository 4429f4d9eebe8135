/** Notifications about work packages, each with its reason. */
import { folded } from '#db/dialect.ts'
import { FALSE, name, sql, TRUE } from '#db/sql.ts'
import { both, either, having, lacking, not, onWorkPackage, own, signedIn, through } from '#kernel/access/rules.ts'
import type { Rule } from '#kernel/declaration.ts'
import { onIds, onTexts } from '#kernel/read/operators.ts'
import { resource } from '#kernel/resource.ts'
import { WorkPackage } from '#modules/work-packages/work-packages.ts'
import { said } from '#text/messages.ts'
import { reasonOrder, reasons } from './reasons.ts'
import { detailsOf, valueSchema } from './values.ts'

/**
 * A rule of the work package, applied to its notifications. A recipient has few of many notifications, so the rule is evaluated
 * for each rather than for all work packages.
 */
const about = (rule: Rule): Rule =>
  through('work_package_id', 'work_packages', rule, {
    find: (row) => ({ id: row.work_package_id, project_id: row.project_id }),
    each: true,
  })

/** A column of the work package. */
const itsOwn = (column: string) => (_: unknown, table: string) =>
  sql`(select w.${name(column)} from work_packages w where w.id = ${name(`${table}.work_package_id`)})`
const project = itsOwn('project_id')

export const Notification = resource('Notification', 'notifications', {
  path: 'notifications',
  description: 'A notification of the caller about a work package.',
  glossary: {
    reason:
      'Reason: `mentioned`, `assigned`, `responsible`, `watched`, `commented`, `created`, `processed`, `prioritized`, `scheduled`, `subscribed`, `dateAlert`, `reminder`, `shared`.',
    readIAN: 'Whether it has been read. The link of this name marks it as read.',
    unreadIAN: 'Marks it as unread.',
    actor: 'The user whose action caused it.',
    project: 'The project of the work package.',
    activity: 'The activity that caused it.',
    resource: 'The work package.',
    details: 'Details: the date of an alert, or the note of a reminder.',
  },
  example: {
    reason: 'assigned',
    readIAN: false,
  },
  title: (row) => `#${row.id}`,
  untitled: true,
  order: { column: 'id', descending: true },
  guards: { all: signedIn },
  visible: both(
    own('recipient_id'),
    not(lacking('read_ian')),
    about(WorkPackage.visible),
    either(having('internal', false), about(onWorkPackage('view_internal_comments'))),
  ),
  index: () => ({
    full: true,
    embedded: async ({ rows }) => {
      const told = new Set(rows.flatMap(detailsOf).map(({ property }) => property as string))
      return told.size > 0 ? { detailsSchemas: [...told].map(valueSchema) } : {}
    },
  }),
  computedColumns: {
    project_id: project,
    start_date: itsOwn('start_date'),
    due_date: itsOwn('due_date'),
    is_milestone: (_, t) => sql`(
      select y.is_milestone from types y join work_packages w on w.type_id = y.id where w.id = ${name(`${t}.work_package_id`)})`,
    note: (_, t) => sql`(select r.note from reminders r where r.id = ${name(`${t}.reminder_id`)})`,
  },
  properties: (p) => ({
    id: p.integer({ filter: 'list', sort: true }),
    reason: p.text({ sort: (_, t) => reasonOrder(name(`${t}.reason`)), group: true }),
    readIAN: p.boolean({ column: 'read_ian', label: said`Read`, filter: true, sort: true }),
    createdAt: p.dateTime(),
    updatedAt: p.dateTime(),
    actor: p.link('User', { whenGone: 'successor', alwaysNamed: true, embed: true, when: ({ actor_id }) => actor_id !== null }),
    project: p.link('Project', {
      select: project,
      embed: true,
      filter: 'list',
      group: true,
      sort: ({ engine }, t) => folded(engine, name(`${t}.name`)),
    }),
    activity: p.link('Activity', {
      column: 'journal_id',
      embed: true,
      when: ({ journal_id }) => journal_id !== null,
      link: ({ journal_id }) => ({ href: `/api/v3/activities/${journal_id}` }),
    }),
    resource: p.link('WorkPackage', { column: 'work_package_id', embed: true }),
  }),
  filters: {
    reason: {
      strategy: 'list',
      allowed: (values) => values.every((value) => reasons.includes(value)),
      where: ({ operator, values }, { engine }, table) => onTexts(engine, operator, values, name(`${table}.reason`)),
    },
    resourceId: {
      label: said`Resource`,
      strategy: 'list',
      where: ({ operator, values }, { engine }, table) => onIds(engine, operator, values, name(`${table}.work_package_id`)),
    },
    resourceType: {
      strategy: 'list',
      where: ({ values }) => (values.includes(WorkPackage.name) ? TRUE : FALSE),
    },
  },
  actions: {
    readIAN: { href: ({ id }) => `/api/v3/notifications/${id}/read_ian`, method: 'post', when: (row) => !row.read_ian },
    unreadIAN: {
      href: ({ id }) => `/api/v3/notifications/${id}/unread_ian`,
      method: 'post',
      when: (row) => row.read_ian === true,
    },
  },
  embedLoaders: { details: async (rows) => new Map(rows.map((row) => [row.id, detailsOf(row)])) },
  operations: ['index', 'show'],
})
