/** Pages for people: a page exists because its area is named here. */
import type { FastifyInstance } from 'fastify'
import type { Ground } from '#http/mount.ts'
import { entrance } from './entrance.ts'
import { oauthAdministration } from './oauth/administration.ts'
import { connectedApplications } from './oauth/connected.ts'
import { oauthPages } from './oauth/pages.ts'
import { type Area, addPages } from './page.ts'
import { passkeys } from './passkeys.ts'
import { providers } from './providers.ts'
import { twoFactor } from './two-factor.ts'

const areas: readonly Area[] = [entrance, providers, passkeys, twoFactor, oauthPages, connectedApplications, oauthAdministration]

/** Adds the pages to an application. */
export const pages = (app: FastifyInstance, ground: Ground): void => addPages(app, ground, areas)
