/** `halyard mail`. */
import type { Commands } from '#server/commands/command.ts'
import { DATABASE, MAIL } from './options.ts'

export const mail: Commands = {
  'mail test': {
    meaning: 'send a mail to an address, and print the response of the mail server',
    words: ['ADDRESS'],
    options: [...DATABASE, ...MAIL],
    json: true,
    run: async (invocation) => (await import('../mail.ts')).testMail(invocation),
  },
}
