/**
 * The toolkit of pages: the page request, its response, and the guards that check the visitor. Forms work without scripts. A form
 * is accepted if the browser says that a page of this server sent it (`isOwn`). This prevents cross-site request forgery, stores
 * no token, and works before there is a session that a token could belong to.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { Database } from '#db/database.ts'
import { errorOf, send, sendError } from '#http/answer.ts'
import { readText } from '#http/body.ts'
import { languageOf, speak, speakToAnybody } from '#http/language.ts'
import { LARGEST_FORM, type TimeLimits } from '#http/limits.ts'
import { type Services, snapshotFor } from '#http/mount.ts'
import { actingSession, isOwn, sessionIn, waitingSession } from '#http/session.ts'
import { isProved, type Session } from '#identity/sessions.ts'
import { pageOfStage } from '#identity/sign-in.ts'
import type { Snapshot } from '#kernel/cache.ts'
import { currentTime } from '#kernel/clock.ts'
import { languageFor } from '#kernel/context.ts'
import type { Answer } from '#kernel/declaration.ts'
import { ApiError, forbidden, notFound } from '#kernel/errors.ts'
import { type Settings, settingsOf } from '#kernel/settings.ts'
import { type Html, html } from '#text/html.ts'
import { type Language, type Message, said } from '#text/messages.ts'
import { layout, type Permits, pageHeaders } from './layout.ts'
import { ownPath } from './own-path.ts'

/** A request for a page. */
export interface Visit {
  readonly request: FastifyRequest
  readonly db: Database
  readonly snapshot: Snapshot
  readonly settings: Settings
  readonly session: Session | undefined
  /** A session that has not started yet: the user has to pass a stage of the sign-in first. */
  readonly waiting: Session | undefined
  readonly now: Date
  /** Whether mails reach people. */
  readonly mail: boolean
  /** The requested path. */
  readonly path: string
  /** The path parameters of the route. */
  readonly params: Readonly<Record<string, string>>
  /** The query of a GET request, or the fields of a submitted form. */
  readonly given: URLSearchParams
}

/** A page request of a signed-in user. */
export interface OwnVisit extends Visit {
  readonly session: Session
}

type Run<V extends Visit = Visit> = (visit: V) => Answer | Promise<Answer>

/** An entry of the navigation. */
export interface Entry {
  readonly path: string
  readonly title: Message
  readonly group: 'Account' | 'Administration'
}

/** A group of related pages. */
export interface Area {
  readonly entries?: readonly Entry[]
  /** Adds the routes. Each form is sent to the address of a page, so that reloading the address shows a page. */
  routes(on: Router, services: Services): void
}

export interface Router {
  get(path: string, run: Run): void
  /** @param options `oneClick`: mail programs send it too, without a page (RFC 8058); the address itself has to prove the right */
  post(path: string, run: Run, options?: { readonly oneClick: boolean }): void
}

interface Looks extends Permits {
  readonly status?: number
  readonly headers?: Record<string, string>
}

const entries: Entry[] = []

/** The body of a page until its language is known. */
class Page {
  readonly title: Message
  readonly content: Html

  constructor(title: Message, content: Html) {
    this.title = title
    this.content = content
  }
}

/** The answer with its page in a language. */
const answerIn = (answer: Answer, language: Language): Answer => {
  const { body, headers } = answer
  if (!(body instanceof Page)) return answer
  return { ...answer, headers: { ...headers, 'content-language': language }, body: layout(body.title, body.content, language) }
}

/** A page without navigation, for visitors who are not signed in or have one decision to make. */
export const page = (title: Message, content: Html, { status = 200, headers = {}, ...permits }: Looks = {}): Answer => ({
  status,
  headers: { ...pageHeaders(permits), ...headers },
  body: new Page(
    title,
    html`<div class="alone"><main class="card">
${content}
</main></div>`,
  ),
})

/** A page of a signed-in user, with the navigation. */
export function framed(
  visit: OwnVisit,
  title: Message,
  content: Html,
  { status = 200, headers = {}, ...permits }: Looks = {},
): Answer {
  const { settings, session, path } = visit
  const links = (group: Entry['group'], name: Message) => {
    const own = entries.filter((entry) => entry.group === group)
    if (own.length === 0 || (group === 'Administration' && !session.user.admin)) return ''
    const id = group.toLowerCase()
    return html`<div>
<p class="group" id="${id}">${name}</p>
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
    body: new Page(
      said`${title} – ${settings.app_title}`,
      html`<header class="top"><strong><a href="/">${settings.app_title}</a></strong><span>${session.user.name}</span>
<form method="post" action="/logout"><button class="quiet small">Sign out</button></form></header>
<div class="framed">
<nav aria-label="Settings"><details><summary>Menu</summary>${links('Account', said`Account`)}${links('Administration', said`Administration`)}</details></nav>
<main class="card">
<h1>${title}</h1>
${content}
</main>
</div>`,
    ),
  }
}

const isWithin = (path: string, entry: Entry) => path === entry.path || path.startsWith(`${entry.path}/`)

/** Redirects to a path of this server, which the browser then requests with GET. */
export const onTo = (location: string, headers: Record<string, string> = {}): Answer => ({
  status: 303,
  headers: { 'cache-control': 'no-store', ...headers, location },
})

/** A path with a query; parameters without a value are left out. */
export function withQuery(path: string, query: Readonly<Record<string, string | null | undefined>>): string {
  const given = Object.entries(query).filter((pair): pair is [string, string] => typeof pair[1] === 'string')
  return given.length === 0 ? path : `${path}?${new URLSearchParams(given)}`
}

/** The address to return to after a detour such as signing in. The fields of a form are not part of it. */
const backTo = ({ request, path }: Visit) => (path === '/' ? undefined : request.method === 'GET' ? request.url : path)

/** Requires a signed-in user; others are redirected to the sign-in page and back. */
export const signedIn =
  (run: Run<OwnVisit>): Run =>
  (visit) => {
    const { session, waiting } = visit
    if (session) return run({ ...visit, session })
    const back_url = backTo(visit)
    return onTo(withQuery(waiting ? pageOfStage(waiting.awaits as string) : '/login', { back_url }))
  }

/** A page request during a stage of the sign-in. */
export interface WaitingVisit extends Visit {
  readonly waiting: Session
}

/** Requires a session at this stage of the sign-in; others are redirected to their own stage, and then to their destination. */
export const waitingAt =
  (stage: string, run: Run<WaitingVisit>): Run =>
  (visit) => {
    const { session, waiting, given } = visit
    if (waiting?.awaits === stage) return run({ ...visit, waiting })
    const back_url = ownPath(given.get('back_url'))
    if (session) return onTo(back_url ?? '/')
    return onTo(withQuery(waiting ? pageOfStage(waiting.awaits as string) : '/login', { back_url }))
  }

/** Requires a fresh proof of identity, because a session may be stolen. Others are redirected to the confirmation and back. */
export const proved = (run: Run<OwnVisit>): Run =>
  signedIn((visit) =>
    isProved(visit.session, visit.now) ? run(visit) : onTo(withQuery('/confirm', { back_url: backTo(visit) })),
  )

/** Requires an administrator with a fresh proof of identity. Other users get 404. */
export const administering = (run: Run<OwnVisit>): Run => {
  const asked = proved(run)
  return signedIn((visit) => {
    if (!visit.session.user.admin) throw notFound()
    return asked(visit)
  })
}

/** The success message after a form: one of these sentences, named by the parameter `done`. */
export const notice = ({ given }: Visit, sentences: Readonly<Record<string, Message>>): Html | undefined => {
  const name = given.get('done')
  return name !== null && Object.hasOwn(sentences, name)
    ? html`<p role="status" class="notice">${sentences[name]}</p>`
    : undefined
}

/** The error message of a form. */
export const alert = (sentence: Message | undefined): Html | undefined =>
  sentence === undefined ? undefined : html`<p role="alert" id="error" class="error">${sentence}</p>`

const titles: Readonly<Record<number, Message>> = {
  403: said`Access denied`,
  404: said`Not found`,
  429: said`Too many requests`,
  503: said`Service unavailable`,
}

const titleOf = (status: number): Message => titles[status] ?? (status < 500 ? said`Invalid request` : said`Server error`)

function sendFailure(request: FastifyRequest, reply: FastifyReply, thrown: unknown): Promise<FastifyReply> {
  const { status, sentence, headers } = errorOf(request, thrown)
  const title = titleOf(status)
  const content = html`<h1>${title}</h1>
<p role="alert" class="error">${sentence}</p>
<p><a href="/">Go to the home page</a></p>`
  return send(request, reply, answerIn(page(title, content, { status, headers }), languageOf(request)))
}

/** Answers 404: a page in the visitor's language for browsers, an API error for other clients. */
export async function sendNotFound(request: FastifyRequest, reply: FastifyReply, services: Services): Promise<FastifyReply> {
  if (!request.headers.accept?.includes('text/html')) return sendError(request, reply, notFound())
  try {
    const snapshot = await snapshotFor(request, services)
    const settings = await settingsOf(services.db, snapshot)
    speakToAnybody(request, settings)
    const session = await actingSession(request.raw, services.db, snapshot, settings, currentTime())
    if (session) speak(request, languageFor(session.user, settings))
  } catch (error) {
    return sendFailure(request, reply, error)
  }
  return sendFailure(request, reply, notFound())
}

/** Whether the body is what a mail program sends, as a form or in parts. */
const isOneClick = (text: string): boolean =>
  text.trim() === 'List-Unsubscribe=One-Click' || /\sname="List-Unsubscribe"\s+One-Click\s/.test(text)

/** The fields of a submitted form. Throws unless a page of this server sent it or, where that is allowed, a mail program. */
async function formIn(
  { raw, headers }: FastifyRequest,
  settings: Settings,
  times: TimeLimits,
  oneClick: boolean,
): Promise<URLSearchParams> {
  const isFromPage = isOwn(raw, settings)
  if (!isFromPage && oneClick && isOneClick(await readText(raw, LARGEST_FORM, times))) return new URLSearchParams()
  if (!isFromPage) {
    throw forbidden(
      said`The browser does not confirm that a page of this server sent this form. Open the page and send the form again. If people reach the server at another address, start it with that address as --public-url.`,
    )
  }
  const isForm = headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded')
  if (!isForm) throw new ApiError('TypeNotSupported', said`This address accepts only forms.`)
  return new URLSearchParams(await readText(raw, LARGEST_FORM, times))
}

/** Adds areas of pages to an application. */
export function addPages(app: FastifyInstance, services: Services, areas: readonly Area[]): void {
  const { db } = services
  const route = (method: 'GET' | 'POST', url: string, run: Run, oneClick = false) =>
    app.route({
      method,
      url,
      errorHandler: (error: FastifyError, request, reply) => sendFailure(request, reply, error),
      handler: async (request, reply) => {
        try {
          const now = currentTime()
          const snapshot = await snapshotFor(request, services)
          const settings = await settingsOf(db, snapshot)
          speakToAnybody(request, settings)
          const isForm = method === 'POST'
          const [path = '/', query] = request.url.split(/\?(.*)/s)
          const given = isForm ? await formIn(request, settings, services.times, oneClick) : new URLSearchParams(query)
          const session = await (isForm ? sessionIn : actingSession)(request.raw, db, snapshot, settings, now)
          const waiting = session ? undefined : await waitingSession(request.raw, db, snapshot, settings, now)
          const user = (session ?? waiting)?.user
          if (user) speak(request, languageFor(user, settings))
          const params = request.params as Record<string, string>
          const { mail } = services
          const answer = await run({ request, db, snapshot, settings, session, waiting, now, mail, path, params, given })
          return await send(request, reply, answerIn(answer, languageOf(request)))
        } catch (error) {
          return sendFailure(request, reply, error)
        }
      },
    })
  const router: Router = {
    get: (path, run) => route('GET', path, run),
    post: (path, run, { oneClick } = { oneClick: false }) => route('POST', path, run, oneClick),
  }
  entries.splice(0, entries.length, ...areas.flatMap((area) => area.entries ?? []))
  for (const area of areas) area.routes(router, services)
}
