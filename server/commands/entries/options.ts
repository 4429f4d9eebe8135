/** The options that groups of commands share. */
import { options } from '#server/config/options.ts'

/** Where the data is. */
export const DATABASE = ['config', 'data', 'database-url']
/** For commands that encrypt or decrypt secrets. */
export const SECRETS = [...DATABASE, 'secret-key', 'secret-key-file']
/** For commands that read or write files. */
export const ATTACHMENTS = options.map(({ flag }) => flag).filter((flag) => flag.startsWith('attachments-'))
/** For commands that send mails. */
export const MAIL = ['smtp-url', 'mail-from']
export const ALL = options.map(({ flag }) => flag)
