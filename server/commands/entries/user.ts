/** `halyard user`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE, MAIL } from './options.ts'

const load = () => import('../user.ts')

export const user: Commands = {
  'user list': {
    meaning: 'list all users',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).listUsers(invocation),
  },
  'user create': {
    meaning: 'create a user; without --password, print a random password',
    options: DATABASE,
    json: true,
    flags: {
      login: { value: 'LOGIN', meaning: 'username', required: true },
      email: { value: 'ADDRESS', meaning: 'e-mail address', required: true },
      'first-name': { value: 'NAME', meaning: 'first name', required: true },
      'last-name': { value: 'NAME', meaning: 'last name', required: true },
      admin: { meaning: 'make the user an administrator' },
      password: { value: 'PASSWORD', meaning: 'password; other users of the machine may see it in the list of processes' },
    },
    run: async (invocation) => (await load()).createUser(invocation),
  },
  'user invite': {
    meaning: 'invite somebody by mail, or once more; without a mail server, print the link',
    words: ['ADDRESS'],
    options: [...DATABASE, ...MAIL],
    json: true,
    flags: {
      'first-name': { value: 'NAME', meaning: 'first name; the invited choose their names otherwise' },
      'last-name': { value: 'NAME', meaning: 'last name' },
      admin: { meaning: 'make the user an administrator' },
    },
    run: async (invocation) => (await load()).invite(invocation),
  },
  'user activate': {
    meaning: 'activate the account of somebody who has registered or is invited',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await load()).activateUser(invocation),
  },
  'user set-admin': {
    meaning: 'make a user an administrator; with --remove, an administrator a user',
    words: ['LOGIN'],
    options: DATABASE,
    flags: { remove: { meaning: 'take the rights of an administrator away' } },
    run: async (invocation) => (await load()).setAdmin(invocation),
  },
  'user reset-password': {
    meaning: 'set a random password, which the user must change at the next sign-in',
    words: ['LOGIN'],
    options: DATABASE,
    json: true,
    run: async (invocation) => (await load()).resetPassword(invocation),
  },
  'user lock': {
    meaning: 'lock a user; the server also rejects their tokens',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await load()).lockUser(invocation),
  },
  'user unlock': {
    meaning: 'unlock a locked user',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await load()).unlockUser(invocation),
  },
  'user reset-two-factor': {
    meaning: 'remove the authenticator app, passkeys and recovery codes of a user who has lost them',
    words: ['LOGIN'],
    options: DATABASE,
    run: async (invocation) => (await load()).resetUser(invocation),
  },
}
