/** Days and days of the week, as the OpenAPI document describes them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

const working = { type: 'boolean', description: 'Whether it is a working day.' }

export const bodies: Readonly<Record<string, BodyType>> = {
  Day: {
    description: 'A date, and whether it is a working day.',
    schema: hal(
      'Day',
      {
        date: { type: 'string', format: 'date', description: 'The date.' },
        name: { type: 'string', description: 'The day of the week in the caller’s language.' },
        working: { type: 'boolean', description: 'Whether it is a working day.' },
      },
      {
        weekday: ref('Link', 'The day of the week.'),
        nonWorkingReasons: {
          type: 'array',
          items: ref('Link'),
          description:
            'Reasons for a non-working day: the day of the week, the non-working day, or both. Absent on a working day.',
        },
      },
    ),
    example: {
      _type: 'Day',
      date: '2026-05-01',
      name: 'Friday',
      working: false,
      _links: {
        self: { href: '/api/v3/days/2026-05-01', title: 'Friday' },
        nonWorkingReasons: [{ href: '/api/v3/days/non_working/2', title: 'Labour Day' }],
        weekday: { href: '/api/v3/days/week/5', title: 'Friday' },
      },
    },
  },

  WeekDay: {
    description: 'A day of the week, and whether it is a working day.',
    schema: hal(
      'WeekDay',
      {
        day: { type: 'integer', minimum: 1, maximum: 7, description: '1 for Monday to 7 for Sunday.' },
        name: { type: 'string', description: 'Name in the caller’s language.' },
        working,
      },
      {},
    ),
    example: {
      _type: 'WeekDay',
      day: 5,
      name: 'Friday',
      working: true,
      _links: { self: { href: '/api/v3/days/week/5', title: 'Friday' } },
    },
  },

  WeekDayWrite: {
    description: 'A change of a day of the week.',
    schema: { type: 'object', required: ['working'], properties: { working } },
    example: { working: false },
  },

  WeekDaysWrite: {
    description: 'Changes of several days of the week, each identified by its link `self`.',
    schema: {
      type: 'object',
      required: ['_embedded'],
      properties: {
        _embedded: {
          type: 'object',
          required: ['elements'],
          properties: {
            elements: {
              type: 'array',
              items: {
                type: 'object',
                required: ['working', '_links'],
                properties: { working, _links: { type: 'object', required: ['self'], properties: { self: ref('Link') } } },
              },
            },
          },
        },
      },
    },
    example: { _embedded: { elements: [{ working: false, _links: { self: { href: '/api/v3/days/week/5' } } }] } },
  },
}
