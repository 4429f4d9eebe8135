/** Work packages, their types, statuses, priorities and relations. */
import { module } from '#kernel/module.ts'
import { counts } from './0058-counts.ts'
import { bodies } from './bodies.ts'
import { mergeWorkPackageCounts } from './counting.ts'
import { deleteMarked } from './deleting.ts'
import { moveRest } from './moving-along.ts'
import { operations as furtherOperations } from './operations.ts'
import { projectModules } from './permissions.ts'
import { Priority } from './priorities.ts'
import { operations as relationOperationsOperations } from './relation-operations.ts'
import { Relation, extensions as relationsExtensions } from './relations.ts'
import { operations as schemasOperations } from './schemas.ts'
import { settleRest } from './settling.ts'
import { Status } from './statuses.ts'
import { Type } from './types.ts'
import { WorkPackage } from './work-packages.ts'

export const workPackages = module('work-packages', {
  needs: ['accounts', 'projects', 'calendar'],
  chapters: [
    {
      part: 'Work',
      name: 'Work packages',
      description:
        'Tasks, milestones, bugs and other work. The forms list the writable properties by project and type; the schemas are at `/api/v3/work_packages/schemas`.',
      of: ['WorkPackage'],
    },
    {
      part: 'Work',
      name: 'Relations',
      description: 'Relations between work packages. `follows` affects scheduling.',
      of: ['Relation'],
    },
    {
      part: 'Work',
      name: 'Types, statuses, priorities',
      description: 'Types, statuses and priorities of work packages.',
      of: ['Type', 'Status', 'Priority'],
    },
  ],
  migrations: [counts],
  jobs: [mergeWorkPackageCounts, settleRest, deleteMarked, moveRest],
  bodies,
  projectModules,
  resources: [Type, Status, Priority, WorkPackage, Relation],
  operations: [...furtherOperations, ...relationOperationsOperations, ...schemasOperations],
  extends: [...relationsExtensions],
})
