/** Days and days of the week, as the description of the API tells them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

const working = { type: 'boolean', description: 'Whether the instance works on it.' }

export const bodies: Readonly<Record<string, BodyType>> = {
  Day: {
    description: 'A day, and whether the instance works on it.',
    schema: hal(
      'Day',
      {
        date: { type: 'string', format: 'date', description: 'The date.' },
        name: { type: 'string', description: 'The day of the week in the caller’s language.' },
        working: { type: 'boolean', description: 'Whether it is worked on.' },
      },
      {
        weekday: ref('Link', 'The day of the week.'),
        nonWorkingReasons: {
          type: 'array',
          items: ref('Link'),
          description: 'Why it is not worked on: the day of the week, a day off, or both. Absent on a working day.',
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
    description: 'A day of the week, and whether the instance works on it.',
    schema: hal(
      'WeekDay',
      {
        day: { type: 'integer', minimum: 1, maximum: 7, description: '1 for Monday to 7 for Sunday.' },
        name: { type: 'string', description: 'What it is called in the caller’s language.' },
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
    description: 'What a day of the week is to be.',
    schema: { type: 'object', required: ['working'], properties: { working } },
    example: { working: false },
  },

  WeekDaysWrite: {
    description: 'What some days of the week are to be, each named by its link `self`.',
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
