/** The administration page for the settings of the API. */
import type { Answer } from '#kernel/declaration.ts'
import type { Settings } from '#kernel/settings.ts'
import { faultOf, storeSettings } from '#modules/instance/changing-settings.ts'
import { html } from '#text/html.ts'
import { type Message, said } from '#text/messages.ts'
import { area, check, field } from './forms.ts'
import { type Area, administering, alert, framed, notice, type OwnVisit, onTo } from './page.ts'

const PATH = '/admin/settings/api'

const switches = [
  ['api_tokens_enabled', said`Enable API tokens`, said`Users can create API tokens and send them as Bearer tokens.`],
  [
    'apiv3_enable_basic_auth',
    said`Enable Basic authentication`,
    said`The username is “apikey”, and the password is an API token. Existing tokens work even if API tokens are disabled.`,
  ],
  ['login_required', said`Require login`, said`Otherwise, everybody can read public projects.`],
  ['apiv3_docs_enabled', said`Enable the API documentation`, said`Clients can browse the API at /api/docs.`],
  ['apiv3_cors_enabled', said`Enable CORS`, said`Web pages of the allowed origins can call the API.`],
] as const satisfies readonly (readonly [keyof Settings, Message, Message])[]

type Filled = Pick<Settings, (typeof switches)[number][0]> & { readonly size: string; readonly origins: string }
type Faults = Readonly<Partial<Record<'apiv3_max_page_size' | 'apiv3_cors_origins', Message>>>

const stored = (settings: Settings): Filled => ({
  ...settings,
  size: String(settings.apiv3_max_page_size),
  origins: settings.apiv3_cors_origins.join('\n'),
})

const filledIn = ({ given }: OwnVisit): Filled => ({
  ...(Object.fromEntries(switches.map(([name]) => [name, given.has(name)])) as Omit<Filled, 'size' | 'origins'>),
  size: (given.get('apiv3_max_page_size') ?? '').trim(),
  origins: given.get('apiv3_cors_origins') ?? '',
})

function settingsPage(visit: OwnVisit, filled: Filled, faults: Faults = {}): Answer {
  const isWrong = Object.keys(faults).length > 0
  const content = html`${notice(visit, { saved: said`The settings have been saved.` })}${alert(isWrong ? said`The settings were not saved. Correct the errors below.` : undefined)}
<form method="post" action="${PATH}">
${switches.map(([name, label, hint]) => check({ label, name, hint, checked: filled[name] }))}
${area({
  label: said`Allowed origins`,
  name: 'apiv3_cors_origins',
  value: filled.origins,
  hint: said`One origin per line, such as https://app.example.org or http://localhost:3000.`,
  error: faults.apiv3_cors_origins,
})}
${field({
  label: said`Maximum page size`,
  name: 'apiv3_max_page_size',
  type: 'number',
  value: filled.size,
  required: true,
  hint: said`The largest number of elements in one response.`,
  error: faults.apiv3_max_page_size,
})}
<button>Save</button>
</form>`
  return framed(visit, said`API settings`, content, isWrong ? { status: 422 } : {})
}

export const apiSettings: Area = {
  entries: [{ path: PATH, title: said`API settings`, group: 'Administration' }],
  routes(on) {
    on.get(
      PATH,
      administering((visit) => settingsPage(visit, stored(visit.settings))),
    )

    on.post(
      PATH,
      administering(async (visit) => {
        const filled = filledIn(visit)
        const { size, origins, ...rest } = filled
        const values = {
          ...rest,
          apiv3_max_page_size: /^\d{1,9}$/.test(size) ? Number(size) : Number.NaN,
          apiv3_cors_origins: [...new Set(origins.split(/\s+/).filter(Boolean))],
        }
        const found = (['apiv3_max_page_size', 'apiv3_cors_origins'] as const).map((name) => [name, faultOf(name, values[name])])
        const faults = Object.fromEntries(
          found.flatMap(([name, fault]) => (fault ? [[name, said`The value ${fault}.`]] : [])),
        ) as Faults
        if (Object.keys(faults).length > 0) return settingsPage(visit, filled, faults)
        await visit.db.transaction((tx) => storeSettings(tx, values))
        return onTo(`${PATH}?done=saved`)
      }),
    )
  },
}
