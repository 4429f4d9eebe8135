/** `halyard custom-action`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE } from './options.ts'

const load = () => import('../custom-action.ts')

export const customAction: Commands = {
  'custom-action list': {
    meaning: 'list the custom actions',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listActions(invocation),
  },
  'custom-action create': {
    meaning: 'add a custom action; its changes have the format of the API',
    words: ['NAME'],
    options: DATABASE,
    json: true,
    flags: {
      changes: {
        value: 'JSON',
        meaning: `changes, such as '{"_links":{"assignee":{"href":"/api/v3/users/me"}}}'`,
        required: true,
      },
      conditions: { value: 'JSON', meaning: `conditions, such as '{"status":[1]}'` },
      description: { value: 'TEXT', meaning: 'description' },
    },
    run: async (invocation) => (await load()).createAction(invocation),
  },
  'custom-action remove': {
    meaning: 'remove a custom action',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await load()).deleteAction(invocation),
  },
}
