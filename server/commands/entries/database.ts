/** Commands about the database as a whole. */
import type { Commands } from '#server/commands/command.ts'
import { ATTACHMENTS, SECRETS } from './options.ts'

export const database: Commands = {
  migrate: {
    meaning: 'migrate the database to the schema of this version',
    options: SECRETS,
    json: true,
    run: async (invocation) => (await import('../migrate.ts')).migrateDatabase(invocation),
  },
  seed: {
    meaning: 'fill an empty instance, or add the demo data to an instance without projects',
    options: [...SECRETS, ...ATTACHMENTS, 'seed', 'admin-token'],
    json: true,
    run: async (invocation) => (await import('../seed.ts')).seedInstance(invocation),
  },
  doctor: {
    meaning: 'check whether Halyard can run on this machine, without changing anything',
    options: [...SECRETS, ...ATTACHMENTS, 'port', 'host'],
    json: true,
    run: async (invocation) => (await import('../doctor.ts')).examine(invocation),
  },
}
