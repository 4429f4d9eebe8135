/** The file storages that a user can connect to, and the buttons that end a connection. */
import { contextOf } from '#http/mount.ts'
import { connectPath } from '#modules/storages/knowledge.ts'
import { disconnect, disconnectProvider, type OwnConnection, ownConnections } from '#modules/storages/own-connections.ts'
import { type Html, html } from '#text/html.ts'
import { type Message, said } from '#text/messages.ts'
import { idIn } from './forms.ts'
import { type Area, framed, notice, onTo, signedIn } from './page.ts'
import { dayOf } from './times.ts'

const PATH = '/my/storages'
/** The value of the button that ends all connections by single sign-on. */
const PROVIDER = 'provider'

const sentences = {
  Connected: said`Connected`,
  NotConnected: said`Not connected`,
  FailedAuthorization: said`Rejected by the storage: connect again`,
  Error: said`Not reachable`,
}

function stateIn({ state, isSingleSignOn }: OwnConnection): Message {
  if (!isSingleSignOn) return sentences[state]
  return state === 'Connected' ? said`Connected by your sign-in` : said`Not connected: sign in by your identity provider`
}

const disconnecting = (value: number | string, name: Message): Html =>
  html`<form method="post" action="${PATH}"><button class="danger small" name="end" value="${value}">Disconnect<span class="unseen"> ${name}</span></button></form>`

function row(one: OwnConnection): Html {
  const { storage, connection, state, isSingleSignOn, clientId } = one
  const name = storage ? said`${storage.name}` : said`A storage that you no longer see`
  const canConnect = storage && !isSingleSignOn && clientId !== null && state !== 'Connected'
  return html`
<tr><th scope="row">${name}</th>
<td data-label="State">${stateIn(one)}</td>
<td data-label="Connected">${connection ? dayOf(connection.since) : '–'}</td>
<td>${canConnect && html`<a href="${connectPath(storage.id, clientId, PATH)}">Connect<span class="unseen"> ${name}</span></a>`}
${connection && disconnecting(connection.id, name)}
${isSingleSignOn && state !== 'NotConnected' && disconnecting(PROVIDER, name)}</td></tr>`
}

export const ownStorages: Area = {
  entries: [{ path: PATH, title: said`File storages`, group: 'Account' }],
  routes(on, services) {
    on.get(
      PATH,
      signedIn(async (visit) => {
        const list = await ownConnections(await contextOf(visit.request, services))
        const content = html`${notice(visit, { ended: said`The account has been disconnected. This server has deleted its tokens.` })}
<p>This server reads and writes files in these storages on your behalf once your account is connected.</p>
${
  list.length === 0
    ? html`<p class="soft">There are no file storages that you can connect to.</p>`
    : html`<div class="table"><table class="stacked">
<thead><tr><th scope="col">Storage</th><th scope="col">State</th><th scope="col">Connected</th><th scope="col"><span class="unseen">Actions</span></th></tr></thead>
<tbody>${list.map(row)}
</tbody></table></div>
${
  list.some(({ isSingleSignOn }) => isSingleSignOn) &&
  html`<p class="soft">Storages with single sign-on share one connection: to disconnect one disconnects all, until you sign in again.</p>`
}`
}`
        return framed(visit, said`File storages`, content)
      }),
    )

    on.post(
      PATH,
      signedIn(async ({ db, session, given }) => {
        const which = given.get('end')
        const user = session.user.id
        await db.transaction((tx) => (which === PROVIDER ? disconnectProvider(tx, user) : disconnect(tx, idIn(which), user)))
        return onTo(`${PATH}?done=ended`)
      }),
    )
  },
}
