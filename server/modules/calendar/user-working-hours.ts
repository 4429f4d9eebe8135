/** Working hours of users for each day of the week, from a date on. */
import { TRUE } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import type { Draft, Kind } from '#kernel/declaration.ts'
import { type Violation, violation } from '#kernel/errors.ts'
import { FormatError } from '#kernel/kinds.ts'
import { resource } from '#kernel/resource.ts'
import { said } from '#text/messages.ts'
import { belowUsers, changesTimes, seesTimes } from './user-times.ts'

const weekdays = ['monday', 'tuesday', 'wednesday', 'thursday', 'friday', 'saturday', 'sunday'] as const
const MINUTES_PER_DAY = 24 * 60

/** Minutes in the column, decimal hours in the API. */
const decimalHours: Kind = {
  type: 'Float',
  json: { type: 'number' },
  render: (minutes) => Math.round((minutes * 100) / 60) / 100,
  parse: (value) => {
    const hours = typeof value === 'string' && /^-?\d{1,9}(\.\d{1,9})?$/.test(value) ? Number(value) : value
    if (typeof hours !== 'number' || Math.abs(hours) > 1e6) throw new FormatError(said`a number of hours`)
    return Math.round(hours * 60)
  },
  strategy: 'integer',
}

function check({ row }: Draft<Tables['user_working_hours']>): Violation[] {
  const hours = weekdays.map((day) => ({ day, minutes: row[`${day}_minutes`] ?? 0 }))
  const violations: Violation[] = []
  for (const { day, minutes } of hours) {
    if (minutes < 0) violations.push(violation(`${day}Hours`, said`must be greater than or equal to 0`))
    if (minutes > MINUTES_PER_DAY) violations.push(violation(`${day}Hours`, said`must be less than or equal to 24`))
  }
  if (hours.every(({ minutes }) => minutes === 0))
    violations.push(violation('days', said`Days must hold at least one working day.`, whole))
  return violations
}

const whole = { complete: true }

const hoursOf = (day: (typeof weekdays)[number]) => ({ column: `${day}_minutes` as const, required: true })

export const UserWorkingHours = resource('UserWorkingHours', 'user_working_hours', {
  path: 'working_hours',
  plural: 'working hours',
  description: 'Working hours of a user for each day of the week, from a date until the next entry starts.',
  glossary: {
    validFrom: 'The first day of validity.',
    availabilityFactor: 'Percentage of these hours available for projects.',
    user: 'The user.',
    mondayHours: 'Hours on Mondays.',
    tuesdayHours: 'Hours on Tuesdays.',
    wednesdayHours: 'Hours on Wednesdays.',
    thursdayHours: 'Hours on Thursdays.',
    fridayHours: 'Hours on Fridays.',
    saturdayHours: 'Hours on Saturdays.',
    sundayHours: 'Hours on Sundays.',
  },
  example: {
    availabilityFactor: 80,
  },
  pathOf: (row) => `users/${row.user_id}/working_hours`,
  label: 'working hours',
  title: 'valid_from',
  untitled: true,
  paginated: false,
  order: { column: 'valid_from', descending: true },
  visible: seesTimes,
  may: { create: changesTimes, update: changesTimes, delete: changesTimes },
  properties: (p) => ({
    id: p.integer(),
    validFrom: p.date({ required: true }),
    mondayHours: p.of(decimalHours, hoursOf('monday')),
    tuesdayHours: p.of(decimalHours, hoursOf('tuesday')),
    wednesdayHours: p.of(decimalHours, hoursOf('wednesday')),
    thursdayHours: p.of(decimalHours, hoursOf('thursday')),
    fridayHours: p.of(decimalHours, hoursOf('friday')),
    saturdayHours: p.of(decimalHours, hoursOf('saturday')),
    sundayHours: p.of(decimalHours, hoursOf('sunday')),
    availabilityFactor: p.integer({ required: true, min: 0, max: 100 }),
    user: p.link('User', { readOnly: true, alwaysNamed: true }),
  }),
  defaults: () => ({ ...Object.fromEntries(weekdays.map((day) => [`${day}_minutes`, 0])), availability_factor: 100 }),
  check: [check],
  operations: [],
})

export const operations = belowUsers(UserWorkingHours, () => TRUE)
