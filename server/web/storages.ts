/**
 * Connecting an account to a file storage: the page that leads to the storage's consent, and the page that it leads back to. A
 * connection belongs to the user who started it, and each start is accepted once.
 */
import { hash } from 'node:crypto'
import { contextOf, type Services } from '#http/mount.ts'
import { randomKey } from '#identity/tokens.ts'
import type { Answer } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { visibleRow } from '#kernel/read/load.ts'
import { isId } from '#kernel/read/operators.ts'
import { comeBack, connect, credentialsOf, isConnected, setOut } from '#modules/storages/connections.ts'
import { connectPath } from '#modules/storages/knowledge.ts'
import { RemoteError, type StorageRow } from '#modules/storages/remotes/remote.ts'
import { isSingleSignOn } from '#modules/storages/single-sign-on.ts'
import { Storage } from '#modules/storages/storages.ts'
import { html } from '#text/html.ts'
import { type Message, said } from '#text/messages.ts'
import { ownPath } from './own-path.ts'
import { type Area, alert, type OwnVisit, onTo, page, signedIn } from './page.ts'

/** The page of a failed connection, with the reason and a link to start again. */
function refuse({ settings }: OwnVisit, sentence: Message, status: number, again?: string): Answer {
  const title = said`Connection failed`
  const content = html`<h1>${title}</h1>
${alert(sentence)}
<p><a href="${again ?? '/'}">${again ? said`Try again` : said`Go to the home page`}</a></p>`
  return page(said`${title} – ${settings.app_title}`, content, { status })
}

/** The page after a connection that has no other destination. */
function done({ settings }: OwnVisit, { name }: StorageRow): Answer {
  const title = said`Connected`
  const content = html`<h1>${title}</h1>
<p role="status" class="notice">Your account is connected to ${name}. You can close this page.</p>
<p><a href="/">Go to the home page</a></p>`
  return page(said`${title} – ${settings.app_title}`, content)
}

/** Where the visitor wants to go in the end: a path of this server, by itself or after its own origin. */
function destinationIn({ settings, given }: OwnVisit): string | undefined {
  const asked = given.get('destination_url')
  const origin = `${settings.https ? 'https' : 'http'}://${settings.host_name}`
  return ownPath(asked?.startsWith(`${origin}/`) ? asked.slice(origin.length) : asked)
}

/** The storage of a visit, as far as the visitor sees it. */
async function storageOf({ request, given }: OwnVisit, services: Services): Promise<StorageRow> {
  const id = given.get('storage_id') ?? ''
  const context = await contextOf(request, services)
  const row = isId(id) ? await visibleRow(context, context.model.of(Storage), Number(id)) : undefined
  if (!row) throw notFound(said`The file storage does not exist, or no project of yours uses it.`)
  return row as StorageRow
}

async function leave(visit: OwnVisit, services: Services): Promise<Answer> {
  const { db, settings, now, session, params } = visit
  const storage = await storageOf(visit, services)
  const credentials = await credentialsOf(db, storage.id)
  if (!credentials || isSingleSignOn(storage) || credentials.client_id !== params.client_id) {
    throw notFound(said`The file storage has no such client. An administrator has to set its OAuth client credentials.`)
  }
  const destination = destinationIn(visit)
  const user = session.user.id
  if (await isConnected(db, credentials.id, user)) return destination ? onTo(destination) : done(visit, storage)
  const [state, verifier] = [randomKey(), randomKey()]
  const challenge = hash('sha256', verifier, 'base64url')
  const address = await setOut({ db, settings, now }, storage, credentials, {
    ...{ userId: user, state, verifier, challenge },
    backUrl: destination,
  })
  return onTo(address)
}

async function arrive(visit: OwnVisit): Promise<Answer> {
  const { request, db, settings, now, session, params, given } = visit
  const [state, code] = [given.get('state') ?? '', given.get('code') ?? '']
  const user = session.user.id
  const clientId = params.client_id ?? ''
  const arrival = isStorable(clientId) ? await comeBack({ db, settings, now }, { clientId, state, userId: user }) : undefined
  if (!arrival) {
    return refuse(
      visit,
      said`The connection was started by another account, has expired, or has already been used. Start again.`,
      422,
    )
  }
  const { storage, backUrl } = arrival
  const again = connectPath(storage.id, clientId, backUrl ?? undefined)
  if (code === '') return refuse(visit, said`${storage.name} rejected the connection.`, 422, again)
  try {
    await connect({ db, settings, now }, arrival, { code, userId: user })
  } catch (error) {
    if (!(error instanceof RemoteError)) throw error
    request.log.warn({ storage: storage.id, reason: error.failure }, 'a connection to a file storage failed')
    if (error.failure === 'unconnected') return refuse(visit, said`${storage.name} rejected the connection.`, 422, again)
    return refuse(visit, said`${storage.name} does not respond. Try again in a minute.`, 503, again)
  }
  return backUrl === null ? done(visit, storage) : onTo(backUrl)
}

export const storageConnections: Area = {
  routes(on, services) {
    on.get(
      '/oauth_clients/:client_id/ensure_connection',
      signedIn((visit) => leave(visit, services)),
    )
    on.get('/oauth_clients/:client_id/callback', signedIn(arrive))
  },
}
