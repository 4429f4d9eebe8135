/** Working days: of the instance, and of each person. */
import { module } from '#kernel/module.ts'
import { bodies } from './bodies.ts'
import { operations as daysOperations } from './days.ts'
import { NonWorkingDay } from './non-working-days.ts'
import { permissions } from './permissions.ts'
import { UserNonWorkingTime, operations as userNonWorkingTimesOperations } from './user-non-working-times.ts'
import { UserWorkingHours, operations as userWorkingHoursOperations } from './user-working-hours.ts'
import { operations as weekDaysOperations } from './week-days.ts'

export const calendar = module('calendar', {
  needs: ['accounts'],
  chapters: [
    {
      part: 'Time',
      name: 'Days',
      description: 'On which days the instance works: by the week, and by days off.',
      of: ['Day', 'WeekDay', 'NonWorkingDay'],
    },
    {
      part: 'Time',
      name: 'Working times',
      description: 'How long single people work on each day, and when they are away.',
      of: ['UserWorkingHours', 'UserNonWorkingTime'],
    },
  ],
  bodies,
  permissions,
  resources: [NonWorkingDay, UserWorkingHours, UserNonWorkingTime],
  operations: [...weekDaysOperations, ...daysOperations, ...userWorkingHoursOperations, ...userNonWorkingTimesOperations],
})
