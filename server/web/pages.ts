/** The list of all pages: a page exists because its area is listed here. */
import type { FastifyInstance } from 'fastify'
import type { Services } from '#http/mount.ts'
import { apiSettings } from './api-settings.ts'
import { entrance } from './entrance.ts'
import { firstRun } from './first-run.ts'
import { lostPassword } from './lost-password.ts'
import { oauthAdministration } from './oauth/administration.ts'
import { connectedApplications } from './oauth/connected.ts'
import { oauthPages } from './oauth/pages.ts'
import { ownAccount } from './own-account.ts'
import { ownSessions } from './own-sessions.ts'
import { ownStorages } from './own-storages.ts'
import { ownTokens } from './own-tokens.ts'
import { type Area, addPages } from './page.ts'
import { passkeys } from './passkeys.ts'
import { providers } from './providers.ts'
import { registration } from './registration.ts'
import { storageConnections } from './storages.ts'
import { twoFactor } from './two-factor.ts'
import { unsubscribing } from './unsubscribing.ts'

/** All areas. Laws in the tests walk their routes. */
export const areas: readonly Area[] = [
  entrance,
  ownAccount,
  twoFactor,
  passkeys,
  ownTokens,
  ownSessions,
  connectedApplications,
  ownStorages,
  lostPassword,
  firstRun,
  registration,
  providers,
  oauthPages,
  oauthAdministration,
  apiSettings,
  storageConnections,
  unsubscribing,
]

/** Adds the pages to an application. */
export const pages = (app: FastifyInstance, services: Services): void => addPages(app, services, areas)
