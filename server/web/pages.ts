/**
 * Pages for people: signing in, signing out, and where one is then. They work without scripts. What they send must have come
 * from one of them, by what the browser says of it (`isOwn`): that keeps other sites from signing anybody in or out, needs
 * nothing to be kept, and holds for the sign-in page, where there is no session yet that a token could belong to.
 */
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { errorOf, send } from '#http/answer.ts'
import type { Ground } from '#http/mount.ts'
import { actingSession, givenCookie, isOwn, sessionIn, takenCookie } from '#http/session.ts'
import { ApiError, forbidden } from '#kernel/errors.ts'
import type { Answer } from '#kernel/operation.ts'
import type { Session } from '#kernel/sessions.ts'
import { type Settings, settingsOf } from '#kernel/settings.ts'
import { signIn, signOut } from '#modules/accounts/sign-in.ts'
import { type Html, html } from '#text/html.ts'
import { layout, pageHeaders } from './layout.ts'
import { ownPath } from './own-path.ts'

const LARGEST_FORM = 16 * 1024

/** A request for a page. */
interface Visit {
  readonly request: FastifyRequest
  readonly settings: Settings
  readonly session: Session | undefined
  readonly now: Date
  /** What the address asks, or what the form holds. */
  readonly given: URLSearchParams
}

const page = (title: string, content: Html, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  headers: { ...pageHeaders, ...headers },
  body: layout(title, content),
})

/** Sends on to a path of our own, to be read anew. */
const onTo = (location: string, headers: Record<string, string> = {}): Answer => ({
  status: 303,
  headers: { 'cache-control': 'no-store', ...headers, location },
})

function sendFailure(request: FastifyRequest, reply: FastifyReply, thrown: unknown): Promise<FastifyReply> {
  const { status, message, headers } = errorOf(request, thrown)
  const content = html`<h1>That did not work</h1>
<p role="alert" class="error">${message}</p>
<p><a href="/">Go on</a></p>`
  return send(request, reply, page('That did not work', content, status, headers))
}

/** What a form of ours holds. Throws unless it is one. */
function formIn({ raw, headers, body }: FastifyRequest, settings: Settings): URLSearchParams {
  if (!isOwn(raw, settings)) {
    throw forbidden(
      'This was not sent by a page of this server, as far as your browser tells. Open the page here and try again. If it is reached by another address, it has to be started with that as its --public-url.',
    )
  }
  const isForm = headers['content-type']?.toLowerCase().startsWith('application/x-www-form-urlencoded')
  if (!isForm || typeof body !== 'string') throw new ApiError('TypeNotSupported', 'Only forms are taken here.')
  return new URLSearchParams(body)
}

const signInPage = ({ settings, given }: Visit, error?: string, status?: number, headers?: Record<string, string>): Answer => {
  const back = ownPath(given.get('back_url'))
  const told = error && html` aria-describedby="error"`
  const content = html`<h1>Sign in to ${settings.app_title}</h1>
${error && html`<p role="alert" id="error" class="error">${error}</p>`}
<form method="post" action="/login">
<label for="username">Username</label>
<input id="username" name="username" value="${given.get('username')}" autocomplete="username" autocapitalize="none" spellcheck="false" required autofocus${told}>
<label for="password">Password</label>
<input id="password" name="password" type="password" autocomplete="current-password" required${told}>
${back && html`<input type="hidden" name="back_url" value="${back}">`}
<button>Sign in</button>
</form>`
  return page(`Sign in – ${settings.app_title}`, content, status, headers)
}

const signOutForm = html`<form method="post" action="/logout"><button>Sign out</button></form>`

/** Adds the pages to an application. */
export function pages(app: FastifyInstance, { db, world }: Ground): void {
  const route = (method: 'GET' | 'POST', url: string, run: (visit: Visit) => Answer | Promise<Answer>) =>
    app.route({
      method,
      url,
      bodyLimit: LARGEST_FORM,
      errorHandler: (error: FastifyError, request, reply) => sendFailure(request, reply, error),
      handler: async (request, reply) => {
        try {
          const now = new Date()
          const snapshot = await world.snapshot(db)
          const settings = await settingsOf(db, snapshot)
          const isForm = method === 'POST'
          const given = isForm ? formIn(request, settings) : new URLSearchParams(request.raw.url?.split(/\?(.*)/s)[1])
          const session = await (isForm ? sessionIn : actingSession)(request.raw, db, snapshot, settings, now)
          return await send(request, reply, await run({ request, settings, session, now, given }))
        } catch (error) {
          return sendFailure(request, reply, error)
        }
      },
    })

  route('GET', '/', ({ session, settings }) => {
    if (!session) return onTo('/login')
    const content = html`<h1>${settings.app_title}</h1>
<p>You are signed in as <strong>${session.user['name']}</strong>.</p>
${
  settings.apiv3_docs_enabled
    ? html`<p><a href="/api/docs">Browse the API</a></p>`
    : html`<p class="soft">The API is at /api/v3.</p>`
}
${signOutForm}`
    return page(settings.app_title, content)
  })

  route('GET', '/login', (visit) => (visit.session ? onTo(ownPath(visit.given.get('back_url')) ?? '/') : signInPage(visit)))

  route('POST', '/login', async (visit) => {
    const { request, session, settings, now, given } = visit
    const [username, password] = [given.get('username') ?? '', given.get('password') ?? '']
    const signed = await signIn({ username, password, userAgent: request.headers['user-agent'] }, session, db, settings, now)
    if (signed === 'wrong') {
      return signInPage(visit, 'The username or the password is wrong, or the account cannot be used right now.', 422)
    }
    if ('wait' in signed) {
      const minutes = Math.ceil(signed.wait / 60)
      const error = `Too many attempts with this username. Try again in ${minutes === 1 ? 'a minute' : `${minutes} minutes`}.`
      return signInPage(visit, error, 429, { 'retry-after': String(signed.wait) })
    }
    return onTo(ownPath(given.get('back_url')) ?? '/', { 'set-cookie': givenCookie(signed.secret, settings) })
  })

  route('GET', '/logout', ({ session, settings }) => {
    if (!session) return onTo('/login')
    const content = html`<h1>Sign out of ${settings.app_title}?</h1>
<p>You are signed in as <strong>${session.user['name']}</strong>.</p>
${signOutForm}
<p><a href="/">Stay</a></p>`
    return page(`Sign out – ${settings.app_title}`, content)
  })

  route('POST', '/logout', async ({ session, settings }) => {
    if (session) await signOut(session, db, settings)
    return onTo('/login', { 'set-cookie': takenCookie(settings) })
  })
}
