/** The consent page of an application, and the page that shows an authorization code to copy. */
import type { Services } from '#http/mount.ts'
import { isOwn } from '#http/session.ts'
import { NATIVE } from '#identity/oauth/redirects.ts'
import { meaningOf } from '#identity/scopes.ts'
import { isProved } from '#identity/sessions.ts'
import type { Answer } from '#kernel/declaration.ts'
import { addressOf } from '#kernel/settings.ts'
import { type Html, html } from '#text/html.ts'
import { said } from '#text/messages.ts'
import { type Area, type OwnVisit, onTo, page, signedIn, type Visit, withQuery } from '../page.ts'
import type { Consent, Question, Reply } from './provider.ts'
import { authorizationRequest, serverOf } from './server.ts'

const AUTHORIZE = '/oauth/authorize'
const CODE = '/oauth/authorize/native'

/** Describes the redirect target. */
function placeOf(redirectUri: string): Html {
  if (redirectUri === NATIVE) return html`You will receive a code to copy into the application.`
  const { protocol, host, hostname } = new URL(redirectUri)
  if (protocol === 'https:') return html`You will be redirected to <strong>${host}</strong>.`
  return protocol === 'http:'
    ? html`You will be redirected to a program on this device (<strong>${hostname}</strong>).`
    : html`You will be redirected to an app on this device that handles <strong>${protocol}</strong> links.`
}

/**
 * The `form-action` of the consent page. Browsers apply it to each redirect, including those of the application, which may
 * receive the code at one host and continue at another.
 */
function reach(redirectUri: string): string {
  if (redirectUri === NATIVE) return "'self'"
  const { protocol, origin } = new URL(redirectUri)
  if (protocol === 'https:') return "'self' https:"
  // The grammar of content security policies has no IPv6 addresses.
  return `'self' https: ${protocol === 'http:' && !origin.includes('[') ? origin : protocol}`
}

function consentPage({ session, settings }: OwnVisit, asked: URLSearchParams, consent: Consent): Answer {
  const { application, redirectUri, scopes, confidential } = consent
  const isKnown = confidential || redirectUri.startsWith('https:')
  const content = html`<h1>Authorise ${application}?</h1>
<p>You are signed in to ${settings.app_title} as <strong>${session.user.name}</strong> (${session.user.login}). <a href="/logout">Switch account</a></p>
<p>${application} requests:</p>
<ul>${scopes.map((scope) => html`<li>${meaningOf(scope) ?? scope}</li>`)}</ul>
<p>${placeOf(redirectUri)}</p>
${!isKnown && html`<p class="soft">Any program on a device can claim to be ${application}. Authorise it only if you started this request yourself.</p>`}
<form method="post" action="${AUTHORIZE}">
${[...asked].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">\n`)}
<input type="hidden" name="user" value="${session.user.id}">
<p><button name="decision" value="allow">Authorise</button></p>
<p><button name="decision" value="deny" class="quiet">Deny</button></p>
</form>`
  return page(said`Authorise ${application}? – ${settings.app_title}`, content, { policy: { 'form-action': reach(redirectUri) } })
}

/** Redirects to the target of an authorization response. */
function redirectTo(visit: Visit, to: string): Answer {
  const { request, settings } = visit
  if (to.startsWith(NATIVE)) return onTo(`${CODE}${to.slice(NATIVE.length)}`)
  // After a sign-in the browser comes from a form that may redirect to our pages only, so a page has to take the next step.
  const { 'sec-fetch-site': site, referer = '' } = request.headers
  const isFromUs =
    site === undefined ? referer.startsWith(addressOf(settings, '/')) : isOwn(request.raw, settings) && site !== 'none'
  if (request.method === 'POST' || !isFromUs) return onTo(to)
  const content = html`<h1>You are signed in</h1>
<p><a href="${to}">Continue</a></p>`
  return page(said`Continue – ${settings.app_title}`, content, { headers: { refresh: `0;url=${to}` } })
}

function failurePage({ settings }: Visit, { status, description }: Extract<Reply, { kind: 'failure' }>): Answer {
  const content = html`<h1>Invalid authorization request</h1>
<p role="alert" class="error">The server cannot process the application’s request: ${description}.</p>
<p class="soft">Contact the operator of the application.</p>
<p><a href="/">Go to ${settings.app_title}</a></p>`
  return page(said`Invalid authorization request – ${settings.app_title}`, content, { status })
}

/** Requires a fresh proof of identity: a consent outlasts the session, which may be stolen. */
const confirming = ({ session, now }: Visit, asked: URLSearchParams): Answer | undefined =>
  session && !isProved(session, now) ? onTo(withQuery('/confirm', { back_url: `${AUTHORIZE}?${asked}` })) : undefined

async function authorize(
  visit: Visit,
  { db }: Services,
  asked: URLSearchParams,
  decision?: Question['decision'],
): Promise<Answer> {
  const { request, session, settings, now } = visit
  const server = await serverOf(db, settings)
  const reply = await server.ask({ method: 'GET', path: AUTHORIZE, query: asked, user: session?.user.id, decision, now })
  if (reply.kind === 'redirect') return redirectTo(visit, reply.to)
  if (reply.kind === 'failure') return failurePage(visit, reply)
  if (reply.kind === 'answer') throw new Error('The authorization server answered instead of asking.')
  // After signing in, the user sees the consent page again: a submitted form is not repeated.
  if (reply.kind === 'login' && request.method === 'POST') return onTo(`${AUTHORIZE}?${asked}`)
  return (
    confirming(visit, asked) ??
    signedIn((own) => consentPage(own, asked, (reply as Extract<Reply, { kind: 'consent' }>).consent))(visit)
  )
}

/** The pages that an application redirects users to. */
export const oauthPages: Area = {
  routes(on, services) {
    on.get(AUTHORIZE, (visit) => authorize(visit, services, authorizationRequest(visit.given, visit.settings)))

    on.post(AUTHORIZE, (visit) => {
      const { given, session, settings } = visit
      const asked = authorizationRequest(given, settings)
      const decision = given.get('decision')
      // Only the user who saw the consent page can decide. If another user has signed in meanwhile, that user sees it first.
      const isAsked = session !== undefined && given.get('user') === String(session.user.id)
      if (!isAsked || (decision !== 'allow' && decision !== 'deny')) {
        asked.set('prompt', 'consent')
        return authorize(visit, services, asked)
      }
      asked.delete('prompt')
      if (decision === 'allow') {
        const first = confirming(visit, asked)
        if (first) return first
      }
      return authorize(visit, services, asked, decision)
    })

    on.get(
      CODE,
      signedIn(({ given, settings }) => {
        const code = given.get('code')
        const content = code
          ? html`<h1>Authorization code</h1>
<p>Copy the code into the application. It works once and expires in ten minutes.</p>
<p><code class="secret">${code}</code></p>`
          : html`<h1>No authorization code</h1>
<p role="alert" class="error">The application was not authorised. You can close this page.</p>`
        return page(said`Authorization code – ${settings.app_title}`, content)
      }),
    )
  },
}
