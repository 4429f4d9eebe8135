/** Background jobs. */
import { module } from '#kernel/module.ts'
import { deliverEvents } from './events.ts'
import { forgetJobs } from './housekeeping.ts'
import { indexTexts } from './indexing.ts'
import { sendOut } from './mail.ts'

export const jobs = module('jobs', { needs: [], jobs: [deliverEvents, sendOut, indexTexts, forgetJobs] })
