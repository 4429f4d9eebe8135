/** `halyard jobs`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE } from './options.ts'

const load = () => import('../jobs.ts')

export const jobs: Commands = {
  jobs: {
    meaning: 'list what is done in the background: what waits, runs, or has failed and why',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).showJobs(invocation),
  },
  'jobs retry': {
    meaning: 'have a job tried again at once, as if it had never failed',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await load()).retry(invocation),
  },
  'jobs discard': {
    meaning: 'remove a job; what it is about is not done',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await load()).discard(invocation),
  },
}
