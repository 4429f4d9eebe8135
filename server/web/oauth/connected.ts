/** The applications that a user has authorised, and the buttons that revoke their access. */

import { grantsOf, revokeGrant } from '#identity/oauth/grants.ts'
import { meaningOf } from '#identity/scopes.ts'
import { html } from '#text/html.ts'
import { said } from '#text/messages.ts'
import { idIn } from '../forms.ts'
import { type Area, framed, notice, onTo, signedIn } from '../page.ts'
import { dayOf } from '../times.ts'

const PATH = '/my/applications'

export const connectedApplications: Area = {
  entries: [{ path: PATH, title: said`Connected applications`, group: 'Account' }],
  routes(on) {
    on.get(
      PATH,
      signedIn(async (visit) => {
        const grants = await grantsOf(visit.session.user.id, visit.db)
        const content = html`${notice(visit, { ended: said`The application’s access has been revoked.` })}
<p>These applications can act on your behalf.</p>
${
  grants.length === 0
    ? html`<p class="soft">You have not authorised any applications.</p>`
    : html`<div class="table"><table class="stacked">
<thead><tr><th scope="col">Application</th><th scope="col">Access</th><th scope="col">Authorised</th><th scope="col">Last used</th><th scope="col"><span class="unseen">Revoke</span></th></tr></thead>
<tbody>${grants.map(
        ({ id, application, scopes, createdAt, usedAt }) => html`
<tr><th scope="row">${application}</th>
<td data-label="Access">${scopes.map((scope) => meaningOf(scope) ?? said`${scope}`).reduce((all, one) => said`${all}; ${one}`)}</td>
<td data-label="Authorised">${dayOf(createdAt)}</td>
<td data-label="Last used">${usedAt === null ? said`no valid token` : dayOf(usedAt)}</td>
<td><form method="post" action="${PATH}"><button class="danger small" name="end" value="${id}">Revoke<span class="unseen"> ${application}</span></button></form></td></tr>`,
      )}
</tbody></table></div>`
}`
        return framed(visit, said`Connected applications`, content)
      }),
    )

    on.post(
      PATH,
      signedIn(async ({ db, session, given }) => {
        await db.transaction((tx) => revokeGrant(tx, idIn(given.get('end')), session.user.id))
        return onTo(`${PATH}?done=ended`)
      }),
    )
  },
}
