/** All commands, in the order of the help. An entry loads its modules when it runs: no command waits for those of another. */
import type { Commands } from './command.ts'
import { about } from './entries/about.ts'
import { backup } from './entries/backup.ts'
import { customAction } from './entries/custom-action.ts'
import { customField } from './entries/custom-field.ts'
import { database } from './entries/database.ts'
import { jobs } from './entries/jobs.ts'
import { mail } from './entries/mail.ts'
import { oauth } from './entries/oauth.ts'
import { project } from './entries/project.ts'
import { provider } from './entries/provider.ts'
import { secrets } from './entries/secrets.ts'
import { serving } from './entries/serving.ts'
import { setting } from './entries/setting.ts'
import { token } from './entries/token.ts'
import { user } from './entries/user.ts'

export const commands: Commands = {
  ...serving,
  ...database,
  ...backup,
  ...user,
  ...token,
  ...oauth,
  ...provider,
  ...setting,
  ...project,
  ...customField,
  ...customAction,
  ...jobs,
  ...mail,
  ...secrets,
  ...about,
}
