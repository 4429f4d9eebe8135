/** Booked time, working days, and when people work. */
import { module } from '#kernel/module.ts'
import { TimeEntriesActivity } from './activities.ts'
import { operations as daysOperations } from './days.ts'
import { NonWorkingDay } from './non-working-days.ts'
import { operations as furtherOperations } from './operations.ts'
import { TimeEntry, extensions as timeEntriesExtensions } from './time-entries.ts'
import { UserNonWorkingTime, operations as userNonWorkingTimesOperations } from './user-non-working-times.ts'
import { UserWorkingHours, operations as userWorkingHoursOperations } from './user-working-hours.ts'
import { operations as weekDaysOperations } from './week-days.ts'

export const time = module('time', {
  needs: ['accounts', 'projects', 'work-packages'],
  types: ['Day', 'WeekDay'],
  resources: [TimeEntriesActivity, TimeEntry, NonWorkingDay, UserWorkingHours, UserNonWorkingTime],
  operations: [
    ...furtherOperations,
    ...weekDaysOperations,
    ...daysOperations,
    ...userWorkingHoursOperations,
    ...userNonWorkingTimesOperations,
  ],
  extends: [...timeEntriesExtensions],
})
