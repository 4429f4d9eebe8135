/** Backlogs: sprints, and the work packages in them. */
import { module } from '#kernel/module.ts'
import { sprints } from './0042-sprints.ts'
import { demo } from './demo.ts'
import { bodies, operations, takeRest } from './operations.ts'
import { lists, Sprint } from './sprints.ts'
import { workPackageExtension } from './work-packages.ts'

export const backlogs = module('backlogs', {
  needs: ['projects', 'work-packages'],
  chapters: [
    {
      part: 'Work',
      name: 'Sprints',
      description: 'Periods in which a team does the work packages that it has chosen.',
      of: ['Sprint'],
    },
  ],
  migrations: [sprints],
  jobs: [takeRest],
  bodies,
  resources: [Sprint],
  operations: [...lists, ...operations],
  extends: [workPackageExtension],
  demo,
})
