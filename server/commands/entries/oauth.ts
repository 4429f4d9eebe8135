/** `halyard oauth`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE } from './options.ts'

const load = () => import('../oauth.ts')

export const oauth: Commands = {
  'oauth list': {
    meaning: 'list the OAuth applications',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listApplications(invocation),
  },
  'oauth register': {
    meaning: 'register an OAuth application; the client secret is shown only once',
    words: ['NAME'],
    options: DATABASE,
    json: true,
    flags: {
      'redirect-uris': { value: 'URI,…', meaning: 'addresses to which users return' },
      scopes: { value: 'SCOPE,…', meaning: 'scopes that it can ask for' },
      public: { meaning: 'it cannot keep a secret, as it runs in browsers or on the machines of users' },
      'acts-as': { value: 'LOGIN', meaning: 'user whom it acts as with its client credentials' },
    },
    run: async (invocation) => (await load()).registerApplication(invocation),
  },
  'oauth rotate': {
    meaning: 'rotate the client secret of an application; the new secret is shown only once',
    words: ['ID'],
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).rotateApplication(invocation),
  },
  'oauth disable': {
    meaning: 'disable an application and all its tokens',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await load()).disableApplication(invocation),
  },
  'oauth enable': {
    meaning: 'enable a disabled application',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await load()).enableApplication(invocation),
  },
  'oauth delete': {
    meaning: 'delete an application, its tokens and the consent of its users',
    words: ['ID'],
    options: DATABASE,
    run: async (invocation) => (await load()).deleteApplication(invocation),
  },
}
