import type { Answer } from '#kernel/declaration.ts'
import type { Settings } from '#kernel/settings.ts'
import { faultOf, storeSettings } from '#modules/instance/changing-settings.ts'
import { html } from '#text/html.ts'
import { area, check, field } from './forms.ts'
import { type Area, administering, alert, framed, notice, type OwnVisit, onTo } from './page.ts'

const PATH = '/admin/settings/api'

const switches = [
  ['api_tokens_enabled', 'API tokens can be made, and used as Bearer tokens', undefined],
  [
    'apiv3_enable_basic_auth',
    'API tokens can be used by Basic authentication',
    'With the user name “apikey”, whether others can be made or not.',
  ],
  ['login_required', 'Nothing can be read without signing in', 'Otherwise public projects can be read by everybody.'],
  ['apiv3_docs_enabled', 'The API can be browsed at /api/docs', undefined],
  ['apiv3_cors_enabled', 'Pages of other origins may use the API', 'Only of those that are named below.'],
] as const satisfies readonly (readonly [keyof Settings, string, string | undefined])[]

type Filled = Pick<Settings, (typeof switches)[number][0]> & { readonly size: string; readonly origins: string }
type Faults = Readonly<Partial<Record<'apiv3_max_page_size' | 'apiv3_cors_origins', string>>>

const inForce = (settings: Settings): Filled => ({
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
  const content = html`${notice(visit, { saved: 'The settings are saved, and in force.' })}${alert(isWrong ? 'Nothing was saved yet: look at what is said below.' : undefined)}
<form method="post" action="${PATH}">
${switches.map(([name, label, hint]) => check({ label, name, hint, checked: filled[name] }))}
${area({
  label: 'Origins of such pages',
  name: 'apiv3_cors_origins',
  value: filled.origins,
  hint: 'One on each line, such as https://app.example.org or http://localhost:3000.',
  error: faults.apiv3_cors_origins,
})}
${field({
  label: 'Largest page of a list',
  name: 'apiv3_max_page_size',
  type: 'number',
  value: filled.size,
  required: true,
  hint: 'How many elements can be asked for at once.',
  error: faults.apiv3_max_page_size,
})}
<button>Save</button>
</form>`
  return framed(visit, 'API settings', content, isWrong ? { status: 422 } : {})
}

export const apiSettings: Area = {
  entries: [{ path: PATH, title: 'API settings', group: 'Administration' }],
  routes(on) {
    on.get(
      PATH,
      administering((visit) => settingsPage(visit, inForce(visit.settings))),
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
        const faults = Object.fromEntries(found.flatMap(([name, fault]) => (fault ? [[name, `This ${fault}.`]] : []))) as Faults
        if (Object.keys(faults).length > 0) return settingsPage(visit, filled, faults)
        await visit.db.transaction((tx) => storeSettings(tx, values))
        return onTo(`${PATH}?done=saved`)
      }),
    )
  },
}
