/** The user's own API tokens: created, shown once, and revoked. */
import { among, amongTexts } from '#db/dialect.ts'
import { raw, sql } from '#db/sql.ts'
import type { Tables } from '#db/tables.ts'
import { API, API_READ } from '#identity/scopes.ts'
import { expiryOf, LONGEST_NAME, makeToken, revokeTokens, tokenScopes, tokensOf, type Wanted } from '#identity/tokens.ts'
import { rights } from '#kernel/access/rights.ts'
import { inProject } from '#kernel/access/rules.ts'
import { viewerOf } from '#kernel/access/viewer.ts'
import type { Answer } from '#kernel/declaration.ts'
import { notFound } from '#kernel/errors.ts'
import { isStorable } from '#kernel/kinds.ts'
import { isId } from '#kernel/read/operators.ts'
import { type Html, html } from '#text/html.ts'
import { type Message, plural, said } from '#text/messages.ts'
import { area, choice, field } from './forms.ts'
import { type Area, alert, framed, notice, type OwnVisit, onTo, proved, signedIn } from './page.ts'
import { dayOf, minuteOf } from './times.ts'

const PATH = '/my/access_tokens'
const NEW = `${PATH}/new`
const DISABLED = said`API tokens are disabled. Nobody can create new ones, and the server rejects existing ones as Bearer tokens.`

const scopeNames: Readonly<Record<string, Message>> = { [API]: said`Read and write`, [API_READ]: said`Read only` }
const DATE = 'date'
const NEVER = 'never'
const expiries = [
  ['30', said`In 30 days`],
  ['90', said`In 90 days`],
  ['365', said`In a year`],
  [DATE, said`On the date below`],
  [NEVER, said`Never`],
] as const

const seesProject = inProject('view_project', 'id')

type Faults = Readonly<Partial<Record<'name' | 'scope' | 'expires' | 'date' | 'projects', Message>>>

/** Splits identifiers into projects the user sees and the rest; unknown and invisible look the same. */
async function projectsNamed(visit: OwnVisit, identifiers: readonly string[]): Promise<{ ids: number[]; unknown: string[] }> {
  const { db, snapshot, session } = visit
  const viewer = await viewerOf(snapshot, session.user)
  const [seen] = await rights({ db, viewer }, seesProject)
  const storable = identifiers.filter(isStorable)
  const rows = await db.all<{ id: number; identifier: string }>(
    sql`select id, identifier from projects where ${amongTexts(db.engine, raw('identifier'), storable)}`,
  )
  const found = rows.filter((row) => seen.holds(row))
  const unknown = identifiers.filter((one) => !found.some(({ identifier }) => identifier === one))
  return { ids: found.map(({ id }) => id), unknown }
}

/** The token that the form describes, or the form's errors. */
async function wantedBy(visit: OwnVisit): Promise<{ wanted: Wanted } | { faults: Faults }> {
  const { given, now } = visit
  const name = (given.get('name') ?? '').trim()
  const scope = given.get('scope') ?? ''
  const expires = given.get('expires') ?? ''
  const date = (given.get('date') ?? '').trim()
  const identifiers = (given.get('projects') ?? '').split(/[\s,]+/).filter(Boolean)
  const { ids, unknown } = await projectsNamed(visit, identifiers)
  const isChoice = expiries.some(([value]) => value === expires)
  const expiresAt = expires === NEVER ? null : expiryOf(expires === DATE && /-/.test(date) ? date : expires, now)
  const faults: Faults = {
    ...(name === '' && { name: said`Enter a name.` }),
    ...((!isStorable(name) || [...name].length > LONGEST_NAME) && {
      name: said`The name is longer than ${LONGEST_NAME} characters or contains invalid characters.`,
    }),
    ...(!tokenScopes.includes(scope) && { scope: said`Choose the access.` }),
    ...(!isChoice && { expires: said`Choose an expiration.` }),
    ...(expires === DATE && !expiresAt && { date: said`Enter a future date.` }),
    ...(unknown.length > 0 && { projects: said`Not found: ${unknown}.` }),
  }
  if (Object.keys(faults).length > 0 || expiresAt === undefined) return { faults }
  return { wanted: { name, scope, expiresAt, projects: identifiers.length > 0 ? ids : null } }
}

function newPage(visit: OwnVisit, faults: Faults = {}): Answer {
  const { given, settings } = visit
  const isWrong = Object.keys(faults).length > 0
  const form = html`${alert(isWrong ? said`The token was not created. Correct the errors below.` : undefined)}
<form method="post" action="${NEW}">
${field({
  label: said`Name`,
  name: 'name',
  value: given.get('name'),
  required: true,
  autofocus: true,
  hint: said`The purpose of the token, such as “Backup script”.`,
  error: faults.name,
})}
${choice({
  label: said`Access`,
  name: 'scope',
  value: given.get('scope') ?? API,
  options: tokenScopes.map((scope) => [scope, scopeNames[scope] as Message]),
  error: faults.scope,
})}
${choice({ label: said`Expires`, name: 'expires', value: given.get('expires') ?? '90', options: expiries, error: faults.expires })}
${field({
  label: said`Expiration date`,
  name: 'date',
  value: given.get('date'),
  literal: true,
  hint: said`Only for “On the date below”, such as 2030-12-31. The token expires at the end of that day (UTC).`,
  error: faults.date,
})}
${area({
  label: said`Projects`,
  name: 'projects',
  value: given.get('projects'),
  hint: said`One project identifier per line. Leave the field empty to allow all projects.`,
  error: faults.projects,
})}
<button>Create</button>
</form>
<p><a href="${PATH}">Back to access tokens</a></p>`
  const content = settings.api_tokens_enabled ? form : html`${alert(DISABLED)}<p><a href="${PATH}">Back to access tokens</a></p>`
  return framed(visit, said`New access token`, content, isWrong || !settings.api_tokens_enabled ? { status: 422 } : {})
}

/** The access of a token in words; projects that its owner does not see are only counted. */
function accessOf({ query_id, scopes, project_ids }: Tables['tokens'], names: ReadonlyMap<number, string>): Message {
  if (query_id !== null) return said`Calendar`
  const what = scopeNames[(scopes as string[]).includes(API) ? API : API_READ] as Message
  const projects = project_ids as number[] | null
  if (projects === null) return said`${what}, all projects`
  const known = projects.map((id) => names.get(id)).filter((name) => name !== undefined)
  const left = projects.length - known.length
  const others = left === 0 ? [] : [plural(left, said`one hidden project`, said`${left} hidden projects`)]
  const all = [...known, ...others]
  return said`${what}, ${all.length > 0 ? all : said`no projects`}`
}

/** The names of those projects that tokens are limited to and their owner sees. */
async function namesFor({ db, snapshot, session }: OwnVisit, tokens: readonly Tables['tokens'][]): Promise<Map<number, string>> {
  const ids = [...new Set(tokens.flatMap(({ project_ids }) => (project_ids as number[] | null) ?? []))]
  if (ids.length === 0) return new Map()
  const viewer = await viewerOf(snapshot, session.user)
  const [visible] = await rights({ db, viewer }, seesProject)
  const seen = ids.filter((id) => visible.holds({ id }))
  const rows = await db.all<{ id: number; name: string }>(
    sql`select id, name from projects where ${among(db.engine, raw('id'), seen)} order by name`,
  )
  return new Map(rows.map(({ id, name }) => [id, name]))
}

function table(tokens: readonly Tables['tokens'][], names: ReadonlyMap<number, string>, now: Date): Html {
  const until = ({ expires_at }: Tables['tokens']) =>
    expires_at === null
      ? said`never`
      : expires_at <= now.toISOString()
        ? said`expired ${dayOf(expires_at)}`
        : minuteOf(expires_at)
  return html`<div class="table"><table class="stacked">
<thead><tr><th scope="col">Name</th><th scope="col">Access</th><th scope="col">Created</th><th scope="col">Expires</th><th scope="col">Last used</th><th scope="col"><span class="unseen">Revoke</span></th></tr></thead>
<tbody>${tokens.map(
    (token) => html`
<tr><th scope="row">${token.name}${token.ending && html` <span class="soft">…${token.ending}</span>`}</th>
<td data-label="Access">${accessOf(token, names)}</td>
<td data-label="Created">${dayOf(token.created_at)}</td>
<td data-label="Expires">${until(token)}</td>
<td data-label="Last used">${token.query_id === null ? (token.last_used_at ? minuteOf(token.last_used_at) : said`never`) : said`unknown`}</td>
<td><form method="post" action="${PATH}"><button class="danger small" name="revoke" value="${token.id}" aria-label="Revoke ${token.name}">Revoke</button></form></td></tr>`,
  )}
</tbody></table></div>`
}

export const ownTokens: Area = {
  entries: [{ path: PATH, title: said`Access tokens`, group: 'Account' }],
  routes(on) {
    on.get(
      PATH,
      signedIn(async (visit) => {
        const { db, session, settings, now } = visit
        const tokens = await tokensOf(db, session.user.id)
        const content = html`${notice(visit, { revoked: said`The token has been revoked.` })}
<p>Programs use these tokens to call the API on your behalf.</p>
${settings.api_tokens_enabled ? html`<p><a href="${NEW}">Create a token</a></p>` : html`<p>${DISABLED}</p>`}
${tokens.length === 0 ? html`<p class="soft">You have no access tokens.</p>` : table(tokens, await namesFor(visit, tokens), now)}`
        return framed(visit, said`Access tokens`, content)
      }),
    )

    on.post(
      PATH,
      signedIn(async ({ db, session, given }) => {
        const which = given.get('revoke') ?? ''
        const isTheirs = isId(which) ? sql`id = ${Number(which)} and user_id = ${session.user.id}` : undefined
        const count = isTheirs ? await db.transaction((tx) => revokeTokens(tx, isTheirs)) : 0
        if (count === 0) throw notFound(said`The token does not exist.`)
        return onTo(`${PATH}?done=revoked`)
      }),
    )

    on.get(
      NEW,
      proved((visit) => newPage(visit)),
    )

    on.post(
      NEW,
      proved(async (visit) => {
        const { db, session, settings, now } = visit
        if (!settings.api_tokens_enabled) return newPage(visit)
        const filled = await wantedBy(visit)
        if ('faults' in filled) return newPage(visit, filled.faults)
        const { wanted } = filled
        const token = await db.transaction((tx) => makeToken(tx, session.user.id, wanted, now))
        const content = html`<p role="status" class="notice">Copy the token now. It is not shown again.</p>
<p><code class="secret">${token}</code></p>
<p>Programs send it with each request in the header <code>Authorization: Bearer …</code></p>
<p><a href="${PATH}">Back to access tokens</a></p>`
        return framed(visit, said`Token “${wanted.name}”`, content)
      }),
    )
  },
}
