/** `halyard setting`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE } from './options.ts'

const load = () => import('../setting.ts')

export const setting: Commands = {
  'setting list': {
    meaning: 'list the settings, and the defaults of changed ones',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listSettings(invocation),
  },
  'setting get': {
    meaning: 'show a setting',
    words: ['NAME'],
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).showSetting(invocation),
  },
  'setting set': {
    meaning: 'change a setting; running servers apply it at once',
    words: ['NAME', 'VALUE'],
    options: DATABASE,
    run: async (invocation) => (await load()).changeSetting(invocation),
  },
}
