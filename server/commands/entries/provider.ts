/** `halyard provider`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE, SECRETS } from './options.ts'

const load = () => import('../provider.ts')

export const provider: Commands = {
  'provider list': {
    meaning: 'list the OpenID Connect providers',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listProviders(invocation),
  },
  'provider add': {
    meaning: 'add a provider for signing in and for the API',
    words: ['SLUG', 'ISSUER'],
    options: SECRETS,
    flags: {
      name: { value: 'NAME', meaning: 'name on the sign-in page' },
      'client-id': { value: 'ID', meaning: 'client ID that the provider gave this server', required: true },
      'client-secret-file': { value: 'PATH', meaning: 'file with the client secret' },
      registration: { value: 'MODE', meaning: 'who gets an account at the first sign-in', choices: ['none', 'limited', 'open'] },
      'trust-email': { meaning: 'link accounts by the addresses that the provider has verified' },
      claims: { value: 'LIST', meaning: 'claims with other names, such as login=upn,email=mail' },
    },
    run: async (invocation) => (await load()).addProvider(invocation),
  },
  'provider remove': {
    meaning: 'remove a provider and all its links to users',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await load()).removeProvider(invocation),
  },
  'provider enable': {
    meaning: 'enable a disabled provider',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await load()).enableProvider(invocation),
  },
  'provider disable': {
    meaning: 'disable a provider and its tokens; existing sessions continue',
    words: ['SLUG'],
    options: DATABASE,
    run: async (invocation) => (await load()).disableProvider(invocation),
  },
  'provider link': {
    meaning: 'link a user to the SUBJECT of a provider',
    words: ['SLUG', 'LOGIN', 'SUBJECT'],
    options: DATABASE,
    run: async (invocation) => (await load()).linkUser(invocation),
  },
  'provider unlink': {
    meaning: 'unlink a user from a provider',
    words: ['SLUG', 'LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await load()).unlinkUser(invocation),
  },
}
