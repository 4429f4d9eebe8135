/** The administration of OAuth applications. */
import type { Database } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import {
  type Application,
  applicationAt,
  applications,
  isConfidential,
  type Registration,
  register,
  remove,
  rotateSecret,
  setEnabled,
  update,
} from '#identity/oauth/applications.ts'
import { NATIVE } from '#identity/oauth/redirects.ts'
import { scopes as allScopes, meaningOf } from '#identity/scopes.ts'
import type { Answer } from '#kernel/declaration.ts'
import { ApiError } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { type Html, html } from '#text/html.ts'
import { type Message, said } from '#text/messages.ts'
import { area, check, field, idIn } from '../forms.ts'
import { type Area, administering, alert, framed, notice, type OwnVisit, onTo } from '../page.ts'

const LIST = '/admin/oauth/applications'
const pathOf = (id: number | string) => `${LIST}/${id}`

/** A registration as the fields of a form. */
interface Filled {
  readonly name: string
  readonly redirectUris: string
  readonly scopes: readonly string[]
  readonly confidential: boolean
  /** The username of the user that the application acts as with client credentials. */
  readonly actingUser: string
}

type Faults = Readonly<Partial<Record<keyof Registration, Message>>>

const blank: Filled = { name: '', redirectUris: '', scopes: ['api_v3'], confidential: true, actingUser: '' }

const filledIn = ({ given }: OwnVisit): Filled => ({
  name: given.get('name') ?? '',
  redirectUris: given.get('redirectUris') ?? '',
  scopes: given.getAll('scopes'),
  confidential: given.get('confidential') !== 'no',
  actingUser: given.get('actingUser')?.trim() ?? '',
})

const loginOf = async (id: number | null, db: Database): Promise<string> =>
  id === null ? '' : ((await db.one(sql`select login from principals where id = ${id}`))?.login ?? '')

/** The registration that a form describes. An unknown username gives an id that no user has, which `faultsOf` reports. */
async function registrationOf({ actingUser, redirectUris, ...rest }: Filled, db: Database): Promise<Registration> {
  const user =
    actingUser !== '' && isStorable(actingUser)
      ? await db.one<{ id: number }>(sql`select id from principals where lower(login) = lower(${actingUser}) and type = 'User'`)
      : undefined
  return {
    ...rest,
    redirectUris: redirectUris.split(/\s+/).filter(Boolean),
    actingUserId: actingUser === '' ? null : (user?.id ?? NOBODY),
  }
}

const NOBODY = 0

/** Runs a write; gives its validation errors, by the fields of the form. */
async function tried<T>(work: () => Promise<T>): Promise<{ done: T } | { faults: Faults }> {
  try {
    return { done: await work() }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error
    const all = error.errors ?? [error]
    return { faults: Object.fromEntries(all.map((one) => [one.details?.attribute, one.sentence])) }
  }
}

/** The fields that can be changed after the registration, too. */
const parts = (
  { name, redirectUris, scopes, actingUser }: Filled,
  faults: Faults,
  confidential: boolean | undefined,
): Html => html`${field({
  label: said`Name`,
  name: 'name',
  value: name,
  required: true,
  error: faults.name,
  hint: said`The consent page shows this name.`,
})}
${area({
  label: said`Redirect URIs`,
  name: 'redirectUris',
  value: redirectUris,
  error: faults.redirectUris,
  hint: html`One URI per line. A request must repeat one of them exactly. <code>${NATIVE}</code> shows users a code to copy instead.`,
})}
<fieldset><legend>Scopes</legend>
${allScopes().map((scope) => check({ label: meaningOf(scope) ?? said`${scope}`, hint: said`${scope}`, name: 'scopes', value: scope, checked: scopes.includes(scope), error: faults.scopes }))}
</fieldset>
${
  confidential !== false &&
  field({
    label: said`Username for client credentials`,
    name: 'actingUser',
    value: actingUser,
    literal: true,
    autocomplete: 'off',
    error: faults.actingUserId,
    hint: said`With client credentials, the application acts as this user. Leave the field empty to act as the anonymous user.`,
  })
}`

function newPage(visit: OwnVisit, filled: Filled, faults: Faults = {}): Answer {
  const content = html`${alert(Object.keys(faults).length > 0 ? said`The application was not registered. Correct the errors below.` : undefined)}
<form method="post" action="${pathOf('new')}">
${parts(filled, faults, undefined)}
<fieldset><legend>Client type</legend>
${check({ radio: true, label: said`Confidential: a program on a server that keeps a client secret`, name: 'confidential', value: 'yes', checked: filled.confidential })}
${check({ radio: true, label: said`Public: an app on a device or in a browser, without a client secret`, name: 'confidential', value: 'no', checked: !filled.confidential })}
</fieldset>
<div class="actions"><button>Register</button> <a href="${LIST}">Cancel</a></div>
</form>`
  return framed(visit, said`Register an application`, content, { status: Object.keys(faults).length > 0 ? 422 : 200 })
}

/** Shows a new client secret, which cannot be shown again. */
const secretNotice = (
  secret: string,
): Html => html`<p role="status" class="notice">Copy the client secret now. It is not shown again.</p>
<p><code class="secret">${secret}</code></p>`

const one = (id: number, act: string, label: Message, look = 'quiet'): Html =>
  html`<form method="post" action="${pathOf(id)}"><button name="do" value="${act}" class="${look}">${label}</button></form>`

const sentences = {
  saved: said`The application has been saved.`,
  disabled: said`The application is disabled. The server rejects its tokens.`,
  enabled: said`The application is enabled.`,
  deleted: said`The application and all its tokens have been deleted.`,
}

interface More {
  readonly filled?: Filled
  readonly faults?: Faults
  readonly secret?: string | undefined
}

async function onePage(visit: OwnVisit, application: Application, { filled, faults = {}, secret }: More = {}): Promise<Answer> {
  const { id, name, client_id, redirect_uris, scopes, enabled, acting_user_id } = application
  const confidential = isConfidential(application)
  const shown = filled ?? {
    name,
    redirectUris: redirect_uris.join('\n'),
    scopes,
    confidential,
    actingUser: await loginOf(acting_user_id, visit.db),
  }
  const isWrong = Object.keys(faults).length > 0
  const content = html`${notice(visit, sentences)}${alert(isWrong ? said`The application was not saved. Correct the errors below.` : undefined)}
${secret && secretNotice(secret)}
<p>${confidential ? said`Confidential` : said`Public`} client, <strong>${enabled ? said`enabled` : said`disabled`}</strong>. Client ID:</p>
<p><code class="secret">${client_id}</code></p>
<form method="post" action="${pathOf(id)}">
${parts(shown, faults, confidential)}
<div class="actions"><button name="do" value="save">Save</button> <a href="${LIST}">Back to all applications</a></div>
</form>
<h2>Manage access</h2>
<div class="actions">
${confidential && one(id, 'rotate', said`Rotate secret`)}
${enabled ? one(id, 'disable', said`Disable`) : one(id, 'enable', said`Enable`)}
<a class="button danger" href="${pathOf(id)}/delete">Delete</a>
</div>`
  return framed(visit, said`${name}`, content, { status: isWrong ? 422 : 200 })
}

async function listPage(visit: OwnVisit): Promise<Answer> {
  const all = await applications(visit.db)
  const content = html`${notice(visit, sentences)}
<p>OAuth 2.0 applications act on behalf of the users who authorise them. Users can revoke the access at any time.</p>
<div class="actions"><a class="button" href="${pathOf('new')}">Register an application</a></div>
${
  all.length === 0
    ? html`<p class="soft">There are no applications yet.</p>`
    : html`<div class="table"><table class="stacked">
<thead><tr><th scope="col">Name</th><th scope="col">Client type</th><th scope="col">Status</th></tr></thead>
<tbody>${all.map(
        (application) => html`
<tr><th scope="row"><a href="${pathOf(application.id)}">${application.name}</a></th>
<td data-label="Client type">${isConfidential(application) ? said`confidential` : said`public`}</td>
<td data-label="Status">${application.enabled ? said`enabled` : said`disabled`}</td></tr>`,
      )}
</tbody></table></div>`
}`
  return framed(visit, said`OAuth applications`, content)
}

/** The id of the application in the path. */
const idOf = ({ params }: OwnVisit): number => idIn(params.id)

async function save(visit: OwnVisit, id: number): Promise<Answer> {
  const { db, now } = visit
  const filled = filledIn(visit)
  const { confidential: _, ...changes } = await registrationOf(filled, db)
  const result = await tried(() => db.transaction((tx) => update(tx, id, changes, now)))
  return 'done' in result
    ? onTo(`${pathOf(id)}?done=saved`)
    : onePage(visit, await applicationAt(id, db), { filled, faults: result.faults })
}

export const oauthAdministration: Area = {
  entries: [{ path: LIST, title: said`OAuth applications`, group: 'Administration' }],
  routes(on) {
    on.get(LIST, administering(listPage))

    on.get(
      pathOf('new'),
      administering((visit) => newPage(visit, blank)),
    )

    on.post(
      pathOf('new'),
      administering(async (visit) => {
        const { db, session, now } = visit
        const filled = filledIn(visit)
        const registration = await registrationOf(filled, db)
        const result = await tried(() => db.transaction((tx) => register(tx, registration, session.user.id, now)))
        if ('faults' in result) return newPage(visit, filled, result.faults)
        const { id, secret } = result.done
        return secret === undefined ? onTo(`${pathOf(id)}?done=saved`) : onePage(visit, await applicationAt(id, db), { secret })
      }),
    )

    on.get(
      pathOf(':id'),
      administering(async (visit) => onePage(visit, await applicationAt(idOf(visit), visit.db))),
    )

    on.post(
      pathOf(':id'),
      administering(async (visit) => {
        const { db, given, now } = visit
        const id = idOf(visit)
        const act = given.get('do')
        if (act === 'rotate') {
          const secret = await db.transaction((tx) => rotateSecret(tx, id, now))
          return onePage(visit, await applicationAt(id, db), { secret })
        }
        if (act === 'enable' || act === 'disable') {
          await db.transaction((tx) => setEnabled(tx, id, act === 'enable', now))
          return onTo(`${pathOf(id)}?done=${act}d`)
        }
        return save(visit, id)
      }),
    )

    on.get(
      `${pathOf(':id')}/delete`,
      administering(async (visit) => {
        const { id, name } = await applicationAt(idOf(visit), visit.db)
        const content = html`<p>Deleting <strong>${name}</strong> revokes all its tokens and the consent of all its users. This cannot be undone.</p>
<form method="post" action="${pathOf(id)}/delete"><div class="actions"><button class="danger">Delete ${name}</button> <a href="${pathOf(id)}">Cancel</a></div></form>`
        return framed(visit, said`Delete ${name}?`, content)
      }),
    )

    on.post(
      `${pathOf(':id')}/delete`,
      administering(async (visit) => {
        await visit.db.transaction((tx) => remove(tx, idOf(visit)))
        return onTo(`${LIST}?done=deleted`)
      }),
    )
  },
}
