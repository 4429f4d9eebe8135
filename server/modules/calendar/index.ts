/** Working days of the instance, and working times of users. */
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
      description: 'Working days of the instance: week days and single non-working days.',
      of: ['Day', 'WeekDay', 'NonWorkingDay'],
    },
    {
      part: 'Time',
      name: 'Working times',
      description: 'Working hours and non-working times of single users.',
      of: ['UserWorkingHours', 'UserNonWorkingTime'],
    },
  ],
  bodies,
  permissions,
  resources: [NonWorkingDay, UserWorkingHours, UserNonWorkingTime],
  operations: [...weekDaysOperations, ...daysOperations, ...userWorkingHoursOperations, ...userNonWorkingTimesOperations],
})
