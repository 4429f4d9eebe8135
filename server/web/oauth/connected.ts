/** Applications that somebody has let in, and how they end that. */

import { grantsOf, revokeGrant } from '#identity/oauth/grants.ts'
import { meaningOf } from '#identity/scopes.ts'
import { html } from '#text/html.ts'
import { idIn } from '../forms.ts'
import { type Area, framed, notice, onTo, signedIn } from '../page.ts'
import { dayOf } from '../times.ts'

const PATH = '/my/applications'

export const connectedApplications: Area = {
  entries: [{ path: PATH, title: 'Connected applications', group: 'Account' }],
  routes(on) {
    on.get(
      PATH,
      signedIn(async (visit) => {
        const grants = await grantsOf(visit.session.user['id'], visit.db)
        const content = html`${notice(visit, { ended: 'The application is not let in any more.' })}
<p>Applications that you have let in to act in your name.</p>
${
  grants.length === 0
    ? html`<p class="soft">There is none.</p>`
    : html`<div class="table"><table class="stacked">
<thead><tr><th scope="col">Application</th><th scope="col">It can</th><th scope="col">Since</th><th scope="col">Last used</th><th scope="col"><span class="unseen">End it</span></th></tr></thead>
<tbody>${grants.map(
        ({ id, application, scopes, createdAt, usedAt }) => html`
<tr><th scope="row">${application}</th>
<td data-label="It can">${scopes.map((scope) => meaningOf(scope) ?? scope).join('; ')}</td>
<td data-label="Since">${dayOf(createdAt)}</td>
<td data-label="Last used">${usedAt === null ? 'not lately' : dayOf(usedAt)}</td>
<td><form method="post" action="${PATH}"><button class="danger small" name="end" value="${id}">Keep out<span class="unseen"> ${application}</span></button></form></td></tr>`,
      )}
</tbody></table></div>`
}`
        return framed(visit, 'Connected applications', content)
      }),
    )

    on.post(
      PATH,
      signedIn(async ({ db, session, given }) => {
        await db.transaction((tx) => revokeGrant(tx, idIn(given.get('end')), session.user['id']))
        return onTo(`${PATH}?done=ended`)
      }),
    )
  },
}
