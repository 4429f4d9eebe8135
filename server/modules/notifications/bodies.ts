/** Details of notifications, as the OpenAPI document describes them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

const entry = (description: string) => ({
  type: 'object',
  description,
  properties: {
    name: { type: 'string', description: 'Display name.' },
    type: { type: 'string', description: 'Type of the value.' },
  },
})

export const bodies: Readonly<Record<string, BodyType>> = {
  NotificationDetail: {
    description: 'The value that a notification is about.',
    schema: hal(
      'Values::Property',
      {
        property: { type: 'string', enum: ['startDate', 'dueDate', 'date', 'note'], description: 'The property of the value.' },
        value: { type: 'string', description: 'The value: a date, or the note of a reminder.' },
      },
      { schema: ref('Link', 'The schema: name and type of the value.') },
    ),
    example: {
      _type: 'Values::Property',
      property: 'dueDate',
      value: '2026-03-06',
      _links: { self: { href: '/api/v3/notifications/42/details/0' }, schema: { href: '/api/v3/values/schema/dueDate' } },
    },
  },
  ValueSchema: {
    description: 'The schema of a detail: name and type of its value.',
    schema: hal('Schema', { property: entry('Schema of `property`.'), value: entry('Schema of `value`.') }, {}),
    example: {
      _type: 'Schema',
      property: { name: 'Property', type: 'String' },
      value: { name: 'Finish date', type: 'Date' },
      _links: { self: { href: '/api/v3/values/schema/dueDate' } },
    },
  },
}
