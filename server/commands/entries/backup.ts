/** Commands that keep the data. */
import type { Commands } from '#server/commands/command.ts'
import { ATTACHMENTS, SECRETS } from './options.ts'

const load = () => import('../backup.ts')
const replace = { meaning: 'give up the data that are there' }

export const backup: Commands = {
  backup: {
    meaning: 'save the database, the attachments and the configuration in a file, beside a running server as well',
    words: ['FILE'],
    options: [...SECRETS, ...ATTACHMENTS],
    json: true,
    flags: {
      'without-files': { meaning: 'leave out the attachments' },
      'without-key': { meaning: 'leave out the secret key' },
    },
    run: async (invocation) => (await load()).backUp(invocation),
  },
  verify: {
    meaning: 'check that a backup is whole',
    words: ['FILE'],
    options: [],
    json: true,
    run: async (invocation) => (await load()).verify(invocation),
  },
  restore: {
    meaning: 'put a backup in the place of the database, whole or not at all; the server must not run',
    words: ['FILE'],
    options: [...SECRETS, ...ATTACHMENTS],
    json: true,
    flags: { replace },
    run: async (invocation) => (await load()).restore(invocation),
  },
  move: {
    meaning: 'carry the data to another database, from SQLite to PostgreSQL or back; the server must not run',
    options: SECRETS,
    json: true,
    flags: { to: { value: 'URL', meaning: 'sqlite:PATH or postgres://USER:PASSWORD@HOST/NAME', required: true }, replace },
    run: async (invocation) => (await load()).move(invocation),
  },
}
