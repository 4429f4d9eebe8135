/** Commands about the database as a whole. */
import type { Commands } from '#server/commands/command.ts'
import { ATTACHMENTS, DATABASE, MAIL, SECRETS } from './options.ts'

export const database: Commands = {
  migrate: {
    meaning: 'migrate the database to the schema of this version',
    options: [...SECRETS, 'backup-dir'],
    json: true,
    run: async (invocation) => (await import('../migrate.ts')).migrateDatabase(invocation),
  },
  seed: {
    meaning: 'fill an empty instance, or add the demo data to an instance without projects',
    options: [...SECRETS, ...ATTACHMENTS, 'seed', 'admin-token'],
    json: true,
    run: async (invocation) => (await import('../seed.ts')).seedInstance(invocation),
  },
  reindex: {
    meaning: 'build the indexes of texts anew, beside a running server as well',
    options: DATABASE,
    json: true,
    run: async (invocation) => (await import('../reindex.ts')).reindex(invocation),
  },
  doctor: {
    meaning: 'check whether Halyard can run on this machine, without changing anything',
    options: [...SECRETS, ...ATTACHMENTS, ...MAIL, 'port', 'host', 'public-url', 'backup-dir', 'backup-every', 'backup-keep'],
    json: true,
    flags: {
      deep: {
        meaning: 'read all: the whole database, its indexes, every attachment; ask the mail server and the public address',
      },
    },
    run: async (invocation) => (await import('../doctor.ts')).examine(invocation),
  },
}
