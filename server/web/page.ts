/**
 * The kit of pages: what a visit is, how a page answers it, and who may visit. Forms work without scripts. What they send must
 * have come from one of our pages, by what the browser says of it (`isOwn`): that keeps other sites from doing anything in
 * somebody's name, needs nothing to be kept, and holds where there is no session yet that a token could belong to.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Database } from '#db/database.ts'
import { errorOf, send, sendError } from '#http/answer.ts'
import { readText } from '#http/body.ts'
import { LARGEST_FORM, type TimeLimits } from '#http/limits.ts'
import { type Services, snapshotFor } from '#http/mount.ts'
import { actingSession, isOwn, sessionIn, waitingSession } from '#http/session.ts'
import { isProved, type Session } from '#identity/sessions.ts'
import { pageOfStage } from '#identity/sign-in.ts'
import type { Snapshot } from '#kernel/cache.ts'
import type { Answer } from '#kernel/declaration.ts'
import { ApiError, forbidden, notFound } from '#kernel/errors.ts'
import { type Settings, settingsOf } from '#kernel/settings.ts'
import { type Html, html } from '#text/html.ts'
import { layout, type Permits, pageHeaders } from './layout.ts'
import { ownPath } from './own-path.ts'

/** A request for a page. */
export interface Visit {
  readonly request: FastifyRequest
  readonly db: Database
  readonly snapshot: Snapshot
  readonly settings: Settings
  readonly session: Session | undefined
  /** A session that is not begun yet: a stage of signing in has to be passed with it. */
  readonly waiting: Session | undefined
  readonly now: Date
  /** The path asked for. */
  readonly path: string
  /** The parts of the path that the route names. */
  readonly params: Readonly<Record<string, string>>
  /** What the address asks, or what the form holds. */
  readonly given: URLSearchParams
}

/** A visit of somebody who is signed in. */
export interface OwnVisit extends Visit {
  readonly session: Session
}

type Run<V extends Visit = Visit> = (visit: V) => Answer | Promise<Answer>

/** A page that people find by themselves. */
export interface Entry {
  readonly path: string
  readonly title: string
  readonly group: 'Account' | 'Administration'
}

/** Some pages that belong together. */
export interface Area {
  readonly entries?: readonly Entry[]
  /** Says which addresses answer what. Each form is sent to the address of a page, so that reading it again shows something. */
  routes(on: Router, ground: Services): void
}

export interface Router {
  get(path: string, run: Run): void
  post(path: string, run: Run): void
}

interface Looks extends Permits {
  readonly status?: number
  readonly headers?: Record<string, string>
}

const entries: Entry[] = []

/** A page by itself, for whoever is not signed in or has one thing to decide. */
export const page = (title: string, content: Html, { status = 200, headers = {}, ...permits }: Looks = {}): Answer => ({
  status,
  headers: { ...pageHeaders(permits), ...headers },
  body: layout(
    title,
    html`<div class="alone"><main class="card">
${content}
</main></div>`,
  ),
})

/** A page of somebody signed in, among the others that they can go to. */
export function framed(
  visit: OwnVisit,
  title: string,
  content: Html,
  { status = 200, headers = {}, ...permits }: Looks = {},
): Answer {
  const { settings, session, path } = visit
  const links = (group: Entry['group']) => {
    const own = entries.filter((entry) => entry.group === group)
    if (own.length === 0 || (group === 'Administration' && !session.user['admin'])) return ''
    const id = group.toLowerCase()
    return html`<div>
<p class="group" id="${id}">${group}</p>
<ul aria-labelledby="${id}">${own.map(
      (entry) => html`
<li><a href="${entry.path}"${isWithin(path, entry) && html` aria-current="page"`}>${entry.title}</a></li>`,
    )}
</ul>
</div>`
  }
  return {
    status,
    headers: { ...pageHeaders(permits), ...headers },
    body: layout(
      `${title} – ${settings.app_title}`,
      html`<header class="top"><strong><a href="/">${settings.app_title}</a></strong><span>${session.user['name']}</span>
<form method="post" action="/logout"><button class="quiet small">Sign out</button></form></header>
<div class="framed">
<nav aria-label="Settings"><details><summary>Menu</summary>${links('Account')}${links('Administration')}</details></nav>
<main class="card">
<h1>${title}</h1>
${content}
</main>
</div>`,
    ),
  }
}

const isWithin = (path: string, entry: Entry) => path === entry.path || path.startsWith(`${entry.path}/`)

/** Sends on to a path of our own, to be read anew. */
export const onTo = (location: string, headers: Record<string, string> = {}): Answer => ({
  status: 303,
  headers: { 'cache-control': 'no-store', ...headers, location },
})

/** A path with what it asks; nothing is asked where there is nothing to say. */
export function withQuery(path: string, query: Readonly<Record<string, string | null | undefined>>): string {
  const said = Object.entries(query).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return said.length === 0 ? path : `${path}?${new URLSearchParams(said)}`
}

/** Where a visit that needs something first comes back to: the address itself, without what a form held. */
const backTo = ({ request, path }: Visit) => (path === '/' ? undefined : request.method === 'GET' ? request.url : path)

/** For those who are signed in; others are led to the sign-in page and back. */
export const signedIn =
  (run: Run<OwnVisit>): Run =>
  (visit) => {
    const { session, waiting } = visit
    if (session) return run({ ...visit, session })
    const back_url = backTo(visit)
    return onTo(withQuery(waiting ? pageOfStage(waiting.awaits as string) : '/login', { back_url }))
  }

/** A visit of somebody who waits at a stage of signing in. */
export interface WaitingVisit extends Visit {
  readonly waiting: Session
}

/** For those who wait at a stage of signing in; others are led to where they are, and then back to where they wanted to go. */
export const waitingAt =
  (stage: string, run: Run<WaitingVisit>): Run =>
  (visit) => {
    const { session, waiting, given } = visit
    if (waiting?.awaits === stage) return run({ ...visit, waiting })
    const back_url = ownPath(given.get('back_url'))
    if (session) return onTo(back_url ?? '/')
    return onTo(withQuery(waiting ? pageOfStage(waiting.awaits as string) : '/login', { back_url }))
  }

/** For those who have lately shown who they are: a stolen session must not be enough. Others are asked, and led back. */
export const proved = (run: Run<OwnVisit>): Run =>
  signedIn((visit) =>
    isProved(visit.session, visit.now) ? run(visit) : onTo(withQuery('/confirm', { back_url: backTo(visit) })),
  )

/** For administrators, who have to show who they are as well. To others there is no such page. */
export const administering = (run: Run<OwnVisit>): Run => {
  const asked = proved(run)
  return signedIn((visit) => {
    if (!visit.session.user['admin']) throw notFound()
    return asked(visit)
  })
}

/** What the page that a form led to says of it: one of these sentences, by its name in the address. */
export const notice = ({ given }: Visit, sentences: Readonly<Record<string, string>>): Html | undefined => {
  const name = given.get('done')
  return name !== null && Object.hasOwn(sentences, name)
    ? html`<p role="status" class="notice">${sentences[name]}</p>`
    : undefined
}

/** What is wrong with what was sent. */
export const alert = (sentence: string | undefined): Html | undefined =>
  sentence === undefined ? undefined : html`<p role="alert" id="error" class="error">${sentence}</p>`

function sendFailure(request: FastifyRequest, reply: FastifyReply, thrown: unknown): Promise<FastifyReply> {
  const { status, message, headers } = errorOf(request, thrown)
  const content = html`<h1>That did not work</h1>
<p role="alert" class="error">${message}</p>
<p><a href="/">Go on</a></p>`
  return send(request, reply, page('That did not work', content, { status, headers }))
}

/** Says that there is nothing at an address, to people and to programs in their own way. */
export const nothingThere = (request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> =>
  (request.headers.accept?.includes('text/html') ? sendFailure : sendError)(request, reply, notFound())

/** What a form of ours holds. Throws unless it is one. */
async function formIn({ raw, headers }: FastifyRequest, settings: Settings, times: TimeLimits): Promise<URLSearchParams> {
  if (!isOwn(raw, settings)) {
    throw forbidden(
      'This was not sent by a page of this server, as far as your browser tells. Open the page here and try again. If it is reached by another address, it has to be started with that as its --public-url.',
    )
  }
  const isForm = headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded')
  if (!isForm) throw new ApiError('TypeNotSupported', 'Only forms are taken here.')
  return new URLSearchParams(await readText(raw, LARGEST_FORM, times))
}

/** Adds areas of pages to an application. */
export function addPages(app: FastifyInstance, ground: Services, areas: readonly Area[]): void {
  const { db } = ground
  const route = (method: 'GET' | 'POST', url: string, run: Run) =>
    app.route({
      method,
      url,
      errorHandler: (error: FastifyError, request, reply) => sendFailure(request, reply, error),
      handler: async (request, reply) => {
        try {
          const now = new Date()
          const snapshot = await snapshotFor(request, ground)
          const settings = await settingsOf(db, snapshot)
          const isForm = method === 'POST'
          const [path = '/', query] = request.url.split(/\?(.*)/s)
          const given = isForm ? await formIn(request, settings, ground.times) : new URLSearchParams(query)
          const session = await (isForm ? sessionIn : actingSession)(request.raw, db, snapshot, settings, now)
          const waiting = session ? undefined : await waitingSession(request.raw, db, snapshot, settings, now)
          const params = request.params as Record<string, string>
          return await send(
            request,
            reply,
            await run({ request, db, snapshot, settings, session, waiting, now, path, params, given }),
          )
        } catch (error) {
          return sendFailure(request, reply, error)
        }
      },
    })
  const router: Router = {
    get: (path, run) => route('GET', path, run),
    post: (path, run) => route('POST', path, run),
  }
  entries.splice(0, entries.length, ...areas.flatMap((area) => area.entries ?? []))
  for (const area of areas) area.routes(router, ground)
}
