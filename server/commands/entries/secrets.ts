/** `halyard secrets`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE, SECRETS } from './options.ts'

const load = () => import('../secrets.ts')

export const secrets: Commands = {
  'secrets generate': {
    meaning: 'print a new secret key',
    options: [],
    run: async () => (await load()).generateKey(),
  },
  'secrets list': {
    meaning: 'list the encrypted secrets and their keys',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listSecrets(invocation),
  },
  'secrets rotate': {
    meaning: 'encrypt all secrets with another key: a new one, or the first of the given keys',
    options: SECRETS,
    run: async (invocation) => (await load()).rotateKey(invocation),
  },
}
