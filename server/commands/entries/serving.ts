/** `halyard serve` and `halyard worker`. */
import type { Commands } from '#server/commands/command.ts'
import { ALL, ATTACHMENTS, MAIL, SECRETS } from './options.ts'

export const serving: Commands = {
  serve: {
    meaning: 'set up the database if necessary, then serve requests until SIGTERM or SIGINT',
    options: ALL,
    json: true,
    run: async (invocation) => (await import('../serve.ts')).serve(invocation),
  },
  worker: {
    meaning: 'run background jobs until SIGTERM or SIGINT, beside servers with --no-worker',
    options: [
      ...[...SECRETS, ...MAIL, ...ATTACHMENTS, 'outgoing-allow', 'trace-hosts', 'log-level'],
      ...['backup-dir', 'backup-every', 'backup-keep', 'metrics-port', 'metrics-host'],
    ],
    run: async (invocation) => (await import('../worker.ts')).work(invocation),
  },
}
