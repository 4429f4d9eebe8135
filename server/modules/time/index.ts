/** Time logged on work packages and projects. */
import { module } from '#kernel/module.ts'
import { TimeEntriesActivity } from './activities.ts'
import { operations as furtherOperations } from './operations.ts'
import { projectModules } from './permissions.ts'
import { TimeEntry, extensions as timeEntriesExtensions } from './time-entries.ts'

export const time = module('time', {
  needs: ['accounts', 'projects', 'work-packages'],
  chapters: [
    {
      part: 'Time',
      name: 'Time entries',
      description: 'Time logged on work packages and projects.',
      of: ['TimeEntry', 'TimeEntriesActivity'],
    },
  ],
  projectModules,
  resources: [TimeEntriesActivity, TimeEntry],
  operations: [...furtherOperations],
  extends: [...timeEntriesExtensions],
})
