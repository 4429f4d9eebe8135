/** Background jobs. */
import { module } from '#kernel/module.ts'
import { tasks } from './0046-tasks.ts'
import { deliverEvents } from './events.ts'
import { forgetJobs, refreshStatistics } from './housekeeping.ts'
import { indexTexts } from './indexing.ts'
import { sendOut } from './mail.ts'
import { sendNotice } from './notices.ts'
import { removeHidden } from './removing.ts'
import { bodies, forgetTasks, operations } from './tasks.ts'

export const jobs = module('jobs', {
  needs: [],
  migrations: [tasks],
  chapters: [
    {
      part: 'The instance',
      name: 'Job statuses',
      description: 'The status of background jobs, for the users who started them.',
      of: ['JobStatus'],
    },
  ],
  bodies,
  operations,
  jobs: [deliverEvents, sendOut, sendNotice, indexTexts, removeHidden, refreshStatistics, forgetJobs, forgetTasks],
})
