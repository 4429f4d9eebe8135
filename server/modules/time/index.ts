/** Time logged on work packages and projects, and budgets. */
import { module } from '#kernel/module.ts'
import { budgets } from './0041-budgets.ts'
import { TimeEntriesActivity } from './activities.ts'
import { Budget, workPackageExtension as budgetExtension, operations as budgetOperations } from './budgets.ts'
import { demo } from './demo.ts'
import { recountRest } from './durations.ts'
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
    {
      part: 'Time',
      name: 'Budgets',
      description: 'Planned costs of projects, and the work packages that count towards them.',
      of: ['Budget'],
    },
  ],
  projectModules,
  migrations: [budgets],
  jobs: [recountRest],
  resources: [TimeEntriesActivity, TimeEntry, Budget],
  operations: [...furtherOperations, ...budgetOperations],
  extends: [...timeEntriesExtensions, budgetExtension],
  demo,
})
