/** `halyard project` and `halyard revisions`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE } from './options.ts'

const load = () => import('../project.ts')

export const project: Commands = {
  'project modules': {
    meaning: 'list all modules and their status in a project',
    words: ['IDENTIFIER'],
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listModules(invocation),
  },
  'project enable': {
    meaning: 'enable a module in a project, such as internal_comments',
    words: ['IDENTIFIER', 'MODULE'],
    options: DATABASE,
    run: async (invocation) => (await load()).enableModule(invocation),
  },
  'project disable': {
    meaning: 'disable a module in a project; its data is kept but hidden',
    words: ['IDENTIFIER', 'MODULE'],
    options: DATABASE,
    run: async (invocation) => (await load()).disableModule(invocation),
  },
  'revisions import': {
    meaning: "import new commits of a project's git repository",
    words: ['PROJECT', 'PATH'],
    options: DATABASE,
    json: true,
    run: async (invocation) => (await import('../revisions.ts')).importRevisions(invocation),
  },
}
