/** `halyard token`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE } from './options.ts'

const load = () => import('../token.ts')

export const token: Commands = {
  'token list': {
    meaning: "list a user's tokens and their access",
    words: ['LOGIN'],
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listTokens(invocation),
  },
  'token create': {
    meaning: 'create an API token for a user; the token is shown only once',
    words: ['LOGIN'],
    options: DATABASE,
    json: true,
    flags: {
      name: { value: 'NAME', meaning: 'name of the token in lists' },
      scope: { value: 'SCOPE', meaning: 'api_v3 for all, api_v3:read for reading only' },
      expires: { value: 'DAYS|DATE', meaning: 'number of days, or the last day, of its validity' },
      project: { value: 'ID,…', meaning: 'the only projects that it can reach, by number or identifier' },
    },
    run: async (invocation) => (await load()).createToken(invocation),
  },
  'token revoke': {
    meaning: 'revoke a token',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await load()).revokeToken(invocation),
  },
}
