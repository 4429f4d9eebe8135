/** Asking people whether they let an application in, and showing codes to those who have to copy them. */
import type { Services } from '#http/mount.ts'
import { isOwn } from '#http/session.ts'
import { NATIVE } from '#identity/oauth/redirects.ts'
import { meaningOf } from '#identity/scopes.ts'
import { isProved } from '#identity/sessions.ts'
import type { Answer } from '#kernel/declaration.ts'
import { addressOf } from '#kernel/settings.ts'
import { type Html, html } from '#text/html.ts'
import { type Area, type OwnVisit, onTo, page, signedIn, type Visit, withQuery } from '../page.ts'
import type { Consent, Question, Reply } from './provider.ts'
import { authorizationRequest, serverOf } from './server.ts'

const AUTHORIZE = '/oauth/authorize'
const CODE = '/oauth/authorize/native'

/** Where somebody is led, in words. */
function placeOf(redirectUri: string): Html {
  if (redirectUri === NATIVE) return html`You will be shown a code to copy into it.`
  const { protocol, host, hostname } = new URL(redirectUri)
  if (protocol === 'https:') return html`You will be led to <strong>${host}</strong>.`
  return protocol === 'http:'
    ? html`You will be led to a program on this device (<strong>${hostname}</strong>).`
    : html`You will be led to an app on this device that opens <strong>${protocol}</strong> addresses.`
}

/**
 * Where the form may lead. Browsers hold each step to it, also those that the application takes after ours: it may be at home
 * somewhere else than where it takes codes.
 */
function reach(redirectUri: string): string {
  if (redirectUri === NATIVE) return "'self'"
  const { protocol, origin } = new URL(redirectUri)
  if (protocol === 'https:') return "'self' https:"
  // The policy's grammar knows no address of IPv6.
  return `'self' https: ${protocol === 'http:' && !origin.includes('[') ? origin : protocol}`
}

function consentPage({ session, settings }: OwnVisit, asked: URLSearchParams, consent: Consent): Answer {
  const { application, redirectUri, scopes, confidential } = consent
  const isKnown = confidential || redirectUri.startsWith('https:')
  const content = html`<h1>Let ${application} in?</h1>
<p>You are signed in to ${settings.app_title} as <strong>${session.user['name']}</strong> (${session.user['login']}). <a href="/logout">Somebody else?</a></p>
<p>${application} will be able to:</p>
<ul>${scopes.map((scope) => html`<li>${meaningOf(scope) ?? scope}</li>`)}</ul>
<p>${placeOf(redirectUri)}</p>
${!isKnown && html`<p class="soft">Any program on a device could say that it is ${application}. Go on only if you started this yourself just now.</p>`}
<form method="post" action="${AUTHORIZE}">
${[...asked].map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">\n`)}
<input type="hidden" name="user" value="${session.user['id']}">
<p><button name="decision" value="allow">Let it in</button></p>
<p><button name="decision" value="deny" class="quiet">Keep it out</button></p>
</form>`
  return page(`Let ${application} in? – ${settings.app_title}`, content, { policy: { 'form-action': reach(redirectUri) } })
}

/** Leads to where an answer of the authorization server says. */
function leadTo(visit: Visit, to: string): Answer {
  const { request, settings } = visit
  if (to.startsWith(NATIVE)) return onTo(`${CODE}${to.slice(NATIVE.length)}`)
  // Somebody who had to sign in comes from a form that may lead to our pages only; so this is a page, and the next step its own.
  const { 'sec-fetch-site': site, referer = '' } = request.headers
  const isFromUs =
    site === undefined ? referer.startsWith(addressOf(settings, '/')) : isOwn(request.raw, settings) && site !== 'none'
  if (request.method === 'POST' || !isFromUs) return onTo(to)
  const content = html`<h1>You are signed in</h1>
<p><a href="${to}">Go on</a></p>`
  return page(`Go on – ${settings.app_title}`, content, { headers: { refresh: `0;url=${to}` } })
}

function failurePage({ settings }: Visit, { status, description }: Extract<Reply, { kind: 'failure' }>): Answer {
  const content = html`<h1>This application cannot be let in</h1>
<p role="alert" class="error">Its request is not one that can be answered: ${description}.</p>
<p class="soft">Whoever runs the application can put that right.</p>
<p><a href="/">Go to ${settings.app_title}</a></p>`
  return page(`This application cannot be let in – ${settings.app_title}`, content, { status })
}

/** Leads to where one shows who one is, and back: what is allowed now outlasts a session, which may have been stolen. */
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
  const reply = await server.ask({ method: 'GET', path: AUTHORIZE, query: asked, user: session?.user['id'], decision, now })
  if (reply.kind === 'redirect') return leadTo(visit, reply.to)
  if (reply.kind === 'failure') return failurePage(visit, reply)
  if (reply.kind === 'answer') throw new Error('The authorization server answered instead of asking.')
  // A form is not repeated after signing in: its question is.
  if (reply.kind === 'login' && request.method === 'POST') return onTo(`${AUTHORIZE}?${asked}`)
  return (
    confirming(visit, asked) ??
    signedIn((own) => consentPage(own, asked, (reply as Extract<Reply, { kind: 'consent' }>).consent))(visit)
  )
}

/** The pages that an application leads people to. */
export const oauthPages: Area = {
  routes(on, ground) {
    on.get(AUTHORIZE, (visit) => authorize(visit, ground, authorizationRequest(visit.given, visit.settings)))

    on.post(AUTHORIZE, (visit) => {
      const { given, session, settings } = visit
      const asked = authorizationRequest(given, settings)
      const decision = given.get('decision')
      // Whoever decides is who was asked; where others have signed in meanwhile, they are asked themselves.
      const isAsked = session !== undefined && given.get('user') === String(session.user['id'])
      if (!isAsked || (decision !== 'allow' && decision !== 'deny')) {
        asked.set('prompt', 'consent')
        return authorize(visit, ground, asked)
      }
      asked.delete('prompt')
      if (decision === 'allow') {
        const first = confirming(visit, asked)
        if (first) return first
      }
      return authorize(visit, ground, asked, decision)
    })

    on.get(
      CODE,
      signedIn(({ given, settings }) => {
        const code = given.get('code')
        const content = code
          ? html`<h1>Your code</h1>
<p>Copy it into the application. It can be used once, within ten minutes.</p>
<p><code class="secret">${code}</code></p>`
          : html`<h1>There is no code</h1>
<p role="alert" class="error">The application was not let in. You can close this page.</p>`
        return page(`Code – ${settings.app_title}`, content)
      }),
    )
  },
}
