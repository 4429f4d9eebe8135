/** The user's own sessions: a list, and buttons that end them. */
import { takenCookie } from '#http/session.ts'
import { endSessionOf, endSessionsOf, sessionsOf } from '#identity/sessions.ts'
import { notFound } from '#kernel/errors.ts'
import { isId } from '#kernel/read/operators.ts'
import { html } from '#text/html.ts'
import { said } from '#text/messages.ts'
import { type Area, framed, notice, onTo, signedIn } from './page.ts'
import { minuteOf } from './times.ts'
import { inWords } from './user-agent.ts'

const PATH = '/my/sessions'
const OTHERS = 'others'

export const ownSessions: Area = {
  entries: [{ path: PATH, title: said`Sessions`, group: 'Account' }],
  routes(on) {
    on.get(
      PATH,
      signedIn(async (visit) => {
        const { db, session, settings, now } = visit
        const sessions = await sessionsOf(db, session.user.id, settings, now)
        const content = html`${notice(visit, { ended: said`The session has ended.`, others: said`All other sessions have ended.` })}
<p>You are signed in with these browsers. If you do not recognise one, end its session and change your password.</p>
<div class="table"><table class="stacked">
<thead><tr><th scope="col">Browser</th><th scope="col">Started</th><th scope="col">Last seen</th><th scope="col"><span class="unseen">End</span></th></tr></thead>
<tbody>${sessions.map((one) => {
          const browser = inWords(one.user_agent)
          const isThis = one.id === session.id
          return html`
<tr><th scope="row">${browser}${isThis && html` <strong>(current session)</strong>`}</th>
<td data-label="Started">${minuteOf(one.created_at)}</td>
<td data-label="Last seen">${minuteOf(one.last_seen_at)}</td>
<td><form method="post" action="${PATH}"><button class="danger small" name="end" value="${one.id}"${!isThis && html` aria-label="End the session of ${browser}, started ${minuteOf(one.created_at)}"`}>${isThis ? said`Sign out` : said`End`}</button></form></td></tr>`
        })}
</tbody></table></div>
${
  sessions.length > 1 &&
  html`<form method="post" action="${PATH}"><button class="danger" name="end" value="${OTHERS}">End all other sessions</button></form>`
}`
        return framed(visit, said`Sessions`, content)
      }),
    )

    on.post(
      PATH,
      signedIn(async ({ db, session, settings, given }) => {
        const which = given.get('end') ?? ''
        const userId: number = session.user.id
        if (which === OTHERS) {
          await db.transaction((tx) => endSessionsOf(tx, userId, session))
          return onTo(`${PATH}?done=others`)
        }
        const isEnded = isId(which) && (await db.transaction((tx) => endSessionOf(tx, userId, Number(which))))
        if (!isEnded) throw notFound(said`The session does not exist.`)
        if (Number(which) === session.id) return onTo('/login', { 'set-cookie': takenCookie(settings) })
        return onTo(`${PATH}?done=ended`)
      }),
    )
  },
}
