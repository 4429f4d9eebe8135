/** Applications that may ask people to let them in, as administrators register them. */
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
import { area, check, field, idIn } from '../forms.ts'
import { type Area, administering, alert, framed, notice, type OwnVisit, onTo } from '../page.ts'

const LIST = '/admin/oauth/applications'
const pathOf = (id: number | string) => `${LIST}/${id}`

/** A registration as a form holds it. */
interface Filled {
  readonly name: string
  readonly redirectUris: string
  readonly scopes: readonly string[]
  readonly confidential: boolean
  /** The user name of whom it acts as by itself. */
  readonly actingUser: string
}

type Faults = Readonly<Partial<Record<keyof Registration, string>>>

const blank: Filled = { name: '', redirectUris: '', scopes: ['api_v3'], confidential: true, actingUser: '' }

const filledIn = ({ given }: OwnVisit): Filled => ({
  name: given.get('name') ?? '',
  redirectUris: given.get('redirectUris') ?? '',
  scopes: given.getAll('scopes'),
  confidential: given.get('confidential') !== 'no',
  actingUser: given.get('actingUser')?.trim() ?? '',
})

const loginOf = async (id: number | null, db: Database): Promise<string> =>
  id === null ? '' : ((await db.one(sql`select login from principals where id = ${id}`))?.['login'] ?? '')

/** What a form means. Nobody is found where no user has that name: `faultsOf` then says what is wrong. */
async function meant({ actingUser, redirectUris, ...rest }: Filled, db: Database): Promise<Registration> {
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

/** Does what may be refused; gives what is wrong, by the parts of the form. */
async function tried<T>(work: () => Promise<T>): Promise<{ done: T } | { faults: Faults }> {
  try {
    return { done: await work() }
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 422) throw error
    const all = error.errors ?? [error]
    return { faults: Object.fromEntries(all.map((one) => [one.details?.['attribute'], one.message])) }
  }
}

/** The parts of a form that can be changed later as well. */
const parts = (
  { name, redirectUris, scopes, actingUser }: Filled,
  faults: Faults,
  confidential: boolean | undefined,
): Html => html`${field({
  label: 'Name',
  name: 'name',
  value: name,
  required: true,
  error: faults.name,
  hint: 'People are asked whether they let it in by this name.',
})}
${area({
  label: 'Redirect addresses',
  name: 'redirectUris',
  value: redirectUris,
  error: faults.redirectUris,
  hint: html`One on each line. People are sent back to one of them, letter by letter. <code>${NATIVE}</code> shows them a code to copy instead.`,
})}
<fieldset><legend>It can be allowed to</legend>
${allScopes().map((scope) => check({ label: meaningOf(scope) ?? scope, hint: scope, name: 'scopes', value: scope, checked: scopes.includes(scope), error: faults.scopes }))}
</fieldset>
${
  confidential !== false &&
  field({
    label: 'Acts by itself as',
    name: 'actingUser',
    value: actingUser,
    literal: true,
    autocomplete: 'off',
    error: faults.actingUserId,
    hint: 'The username of whom it acts as with its own secret and nobody’s consent. Empty: as nobody.',
  })
}`

function newPage(visit: OwnVisit, filled: Filled, faults: Faults = {}): Answer {
  const content = html`${alert(Object.keys(faults).length > 0 ? 'Something is not right yet; see below.' : undefined)}
<form method="post" action="${pathOf('new')}">
${parts(filled, faults, undefined)}
<fieldset><legend>Kind</legend>
${check({ radio: true, label: 'Confidential: a program on a server, which can keep a secret', name: 'confidential', value: 'yes', checked: filled.confidential })}
${check({ radio: true, label: 'Public: an app on somebody’s device or in their browser, which has none', name: 'confidential', value: 'no', checked: !filled.confidential })}
</fieldset>
<div class="actions"><button>Register</button> <a href="${LIST}">Cancel</a></div>
</form>`
  return framed(visit, 'Register an application', content, { status: Object.keys(faults).length > 0 ? 422 : 200 })
}

/** Tells a secret, which nobody can do again. */
const toldOnce = (
  secret: string,
): Html => html`<p role="status" class="notice">This is its client secret. It is shown only now: keep it where the application can read it.</p>
<p><code class="secret">${secret}</code></p>`

const one = (id: number, act: string, label: string, look = 'quiet'): Html =>
  html`<form method="post" action="${pathOf(id)}"><button name="do" value="${act}" class="${look}">${label}</button></form>`

const sentences = {
  saved: 'The application has been saved.',
  disabled: 'The application is kept out; its tokens open nothing.',
  enabled: 'The application is let in again.',
  deleted: 'The application has been deleted, and all its tokens with it.',
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
  const content = html`${notice(visit, sentences)}${alert(isWrong ? 'Nothing has been saved: something is not right yet.' : undefined)}
${secret && toldOnce(secret)}
<p>${confidential ? 'A confidential' : 'A public'} application${enabled ? '.' : html`, which is <strong>kept out</strong>.`} Its client id:</p>
<p><code class="secret">${client_id}</code></p>
<form method="post" action="${pathOf(id)}">
${parts(shown, faults, confidential)}
<div class="actions"><button name="do" value="save">Save</button> <a href="${LIST}">Back to all applications</a></div>
</form>
<h2>Ending what it may do</h2>
<div class="actions">
${confidential && one(id, 'rotate', 'Give it a new secret')}
${enabled ? one(id, 'disable', 'Keep it out') : one(id, 'enable', 'Let it in again')}
<a class="button danger" href="${pathOf(id)}/delete">Delete it</a>
</div>`
  return framed(visit, name, content, { status: isWrong ? 422 : 200 })
}

async function listPage(visit: OwnVisit): Promise<Answer> {
  const all = await applications(visit.db)
  const content = html`${notice(visit, sentences)}
<p>Programs that people can let in to act in their name (OAuth 2.0), each for itself and until they take it back.</p>
<div class="actions"><a class="button" href="${pathOf('new')}">Register an application</a></div>
${
  all.length === 0
    ? html`<p class="soft">There is none yet.</p>`
    : html`<div class="table"><table class="stacked">
<thead><tr><th scope="col">Name</th><th scope="col">Kind</th><th scope="col">State</th></tr></thead>
<tbody>${all.map(
        (application) => html`
<tr><th scope="row"><a href="${pathOf(application.id)}">${application.name}</a></th>
<td data-label="Kind">${isConfidential(application) ? 'confidential' : 'public'}</td>
<td data-label="State">${application.enabled ? 'let in' : 'kept out'}</td></tr>`,
      )}
</tbody></table></div>`
}`
  return framed(visit, 'OAuth applications', content)
}

/** The application that a path names. */
const idOf = ({ params }: OwnVisit): number => idIn(params['id'])

async function save(visit: OwnVisit, id: number): Promise<Answer> {
  const { db, now } = visit
  const filled = filledIn(visit)
  const { confidential: _, ...changes } = await meant(filled, db)
  const result = await tried(() => db.transaction((tx) => update(tx, id, changes, now)))
  return 'done' in result
    ? onTo(`${pathOf(id)}?done=saved`)
    : onePage(visit, await applicationAt(id, db), { filled, faults: result.faults })
}

export const oauthAdministration: Area = {
  entries: [{ path: LIST, title: 'OAuth applications', group: 'Administration' }],
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
        const registration = await meant(filled, db)
        const result = await tried(() => db.transaction((tx) => register(tx, registration, session.user['id'], now)))
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
        const content = html`<p>Nobody can use <strong>${name}</strong> with this server any more, and everything that people have allowed it ends. This cannot be undone.</p>
<form method="post" action="${pathOf(id)}/delete"><div class="actions"><button class="danger">Delete ${name}</button> <a href="${pathOf(id)}">Keep it</a></div></form>`
        return framed(visit, `Delete ${name}?`, content)
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
