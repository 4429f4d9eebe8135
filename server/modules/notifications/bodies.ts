/** What a notification tells in detail, as the description of the API tells it. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

const entry = (description: string) => ({
  type: 'object',
  description,
  properties: {
    name: { type: 'string', description: 'What people read.' },
    type: { type: 'string', description: 'Its kind.' },
  },
})

export const bodies: Readonly<Record<string, BodyType>> = {
  NotificationDetail: {
    description: 'The value that a notification is about.',
    schema: hal(
      'Values::Property',
      {
        property: { type: 'string', enum: ['startDate', 'dueDate', 'date', 'note'], description: 'What the value is of.' },
        value: { type: 'string', description: 'The value: a date, or the note of a reminder.' },
      },
      { schema: ref('Link', 'What the value is called, and its type.') },
    ),
    example: {
      _type: 'Values::Property',
      property: 'dueDate',
      value: '2026-03-06',
      _links: { self: { href: '/api/v3/notifications/42/details/0' }, schema: { href: '/api/v3/values/schema/dueDate' } },
    },
  },
  ValueSchema: {
    description: 'The name and the type of a value.',
    schema: hal('Schema', { property: entry('What tells of what the value is.'), value: entry('The value.') }, {}),
    example: {
      _type: 'Schema',
      property: { name: 'Property', type: 'String' },
      value: { name: 'Finish date', type: 'Date' },
      _links: { self: { href: '/api/v3/values/schema/dueDate' } },
    },
  },
}
