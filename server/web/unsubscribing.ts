/** The page that stops mails of one kind: its address is in each of them, and says for whom and which. */

import type { Answer } from '#kernel/declaration.ts'
import { namedMails, subscriptionOf, UNSUBSCRIBE, unsubscribe } from '#modules/accounts/unsubscribing.ts'
import { html } from '#text/html.ts'
import { said } from '#text/messages.ts'
import { hidden } from './forms.ts'
import { type Area, page, type Visit } from './page.ts'

/** The token in the address, which a form of ours repeats. */
const tokenOf = ({ given, request }: Visit): string =>
  given.get('token') ?? new URLSearchParams(request.url.split('?')[1]).get('token') ?? ''

function invalid({ settings }: Visit): Answer {
  const title = said`Invalid link`
  const content = html`<h1>${title}</h1>
<p role="alert" class="error">The link is not valid. Nothing was changed.</p>
<p>Open the link at the end of the latest mail, or change your notification settings.</p>`
  return page(said`${title} – ${settings.app_title}`, content, { status: 410 })
}

export const unsubscribing: Area = {
  routes(on) {
    on.get(UNSUBSCRIBE, (visit) => {
      const token = tokenOf(visit)
      const subscription = subscriptionOf(visit.db, token)
      if (!subscription) return invalid(visit)
      const title = said`Stop mails`
      const content = html`<h1>${title}</h1>
<p>${visit.settings.app_title} sends you ${namedMails(subscription.kind)}.</p>
<form method="post" action="${UNSUBSCRIBE}">
${hidden('token', token)}
<button>Stop these mails</button>
</form>`
      return page(said`${title} – ${visit.settings.app_title}`, content)
    })

    // Mail programs do not follow a redirect, and send no cookie.
    on.post(
      UNSUBSCRIBE,
      async (visit) => {
        const { db, settings, now } = visit
        const subscription = subscriptionOf(db, tokenOf(visit))
        if (!subscription) return invalid(visit)
        const { user, kind } = subscription
        await db.transaction((tx) => unsubscribe(tx, user, kind, now))
        const title = said`Mails stopped`
        const content = html`<h1>${title}</h1>
<p role="status" class="notice">You receive no more ${namedMails(kind)}. You can change this in your notification settings.</p>`
        return page(said`${title} – ${settings.app_title}`, content)
      },
      { oneClick: true },
    )
  },
}
