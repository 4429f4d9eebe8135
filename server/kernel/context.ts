/** The contexts of requests, and of jobs that act as a user. */
import type { Database, Reader, Row } from '#db/database.ts'
import { only } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import type { FileStore } from '#files/store.ts'
import { firstLanguage, type Language } from '#text/messages.ts'
import { type Identity, viewerOf } from './access/viewer.ts'
import type { Cache, Snapshot } from './cache.ts'
import type { Context, Model } from './declaration.ts'
import { modelFor } from './model.ts'
import { type Settings, settingsOf } from './settings.ts'

/** What contexts are made of, one for a process. */
export interface ContextServices {
  readonly model: Model
  readonly db: Database
  readonly cache: Cache
  readonly files: FileStore
}

/** The request at hand; a job has neither a path nor parameters. */
interface Request {
  readonly snapshot: Snapshot
  readonly now: Date
  readonly path?: string
  readonly params?: URLSearchParams
  /** The language that the client prefers, which counts as long as nobody is signed in. */
  readonly preferred?: Language | undefined
}

const NONE = new URLSearchParams()

/** The context of a principal at a moment. */
export async function contextAs(
  services: ContextServices,
  { principal, limits, proof = 'none', until }: Identity,
  { snapshot, now, path = '', params = NONE, preferred }: Request,
): Promise<Context> {
  const { model, db, files } = services
  const settings = await settingsOf(db, snapshot)
  const viewer = await viewerOf(snapshot, principal, limits)
  const timeZone = principal.time_zone ?? settings.user_default_timezone ?? 'UTC'
  const context: Context = {
    db,
    outside: db,
    engine: db.engine,
    viewer,
    proof,
    until,
    snapshot,
    model: await modelFor(model, db, snapshot, viewer),
    settings,
    now,
    timeZone,
    language: languageFor(principal, settings, preferred),
    today: timeZone === 'UTC' ? now.toISOString().slice(0, 10) : dayIn(timeZone, now),
    files,
    params,
    path,
    told: new Map(),
    renewed: () => renew(context, services),
  }
  return context
}

/** The language of what is said to a user; to somebody who is not signed in, the preferred one. */
export const languageFor = ({ type, language }: Row, { default_language }: Settings, preferred?: Language): Language =>
  firstLanguage(type === 'AnonymousUser' ? preferred : language, default_language)

/** The id of the user that stands for the server itself. */
export const systemUserId = async (db: Reader): Promise<number> =>
  (await only<{ id: number }>(db, sql`select id from principals where type = 'SystemUser'`)).id

/** The context of a job that acts as a user, with all that the user may do now; undefined once the account is gone. */
export async function contextOfUser(services: ContextServices, id: number, now: Date): Promise<Context | undefined> {
  const snapshot = await services.cache.snapshot(services.db)
  const principal = await services.db.one(sql`select * from principals where id = ${id}`)
  return principal && contextAs(services, { principal }, { snapshot, now })
}

/** The context of a job for a user; of the system once the account is gone. */
export async function contextOfActor(services: ContextServices, id: number | undefined, now: Date): Promise<Context> {
  const own = id === undefined ? undefined : await contextOfUser(services, id, now)
  return own ?? ((await contextOfUser(services, await systemUserId(services.db), now)) as Context)
}

/** The current date in a time zone, `YYYY-MM-DD`. */
const dayIn = (timeZone: string, now: Date): string =>
  Temporal.Instant.fromEpochMilliseconds(now.getTime()).toZonedDateTimeISO(timeZone).toPlainDate().toString()

/** The same request at a later moment. A viewer whose account has just been removed stays the same. */
async function renew(context: Context, { model, db, cache }: ContextServices): Promise<Context> {
  const snapshot = await cache.snapshot(db)
  const { id, limits } = context.viewer
  const row = await snapshot.remember(`principal ${id}`, ['principals'], () =>
    db.one(sql`select * from principals where id = ${id}`),
  )
  const viewer = row ? await viewerOf(snapshot, row, limits) : context.viewer
  const settings = await settingsOf(db, snapshot)
  return { ...context, snapshot, settings, viewer, model: await modelFor(model, db, snapshot, viewer) }
}

/** The same context, reading through a transaction so that it sees the transaction's writes. */
export const inside = (context: Context, db: Reader): Context => ({ ...context, db })
