/** Authentication: sessions, tokens, passwords, second factors, providers, applications. */
import { module } from '#kernel/module.ts'
import { providerTokens } from './0052-provider-tokens.ts'
import { forgetAccessTokens } from './access-tokens.ts'
import { mailResetLink } from './lost-password.ts'
import { forgetLinks } from './one-time-links.ts'
import { forgetCeremonies } from './passkeys.ts'
import { forgetSignIns } from './provider-sign-ins.ts'
import { forgetAttempts } from './rate-limit.ts'
import { forgetSessions } from './sessions.ts'

export const identity = module('identity', {
  needs: [],
  migrations: [providerTokens],
  jobs: [forgetSessions, forgetAccessTokens, forgetAttempts, forgetCeremonies, mailResetLink, forgetLinks, forgetSignIns],
})
