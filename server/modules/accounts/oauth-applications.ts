import { isConfidential } from '#identity/oauth/applications.ts'
import { admin } from '#kernel/access/rules.ts'
import type { Kind } from '#kernel/declaration.ts'
import { resource } from '#kernel/resource.ts'

const names: Kind = {
  type: '[]String',
  json: { type: 'array', items: { type: 'string' } },
  render: (value) => value,
  parse: (value) => value,
  strategy: 'list',
}

export const OAuthApplication = resource('OAuthApplication', 'oauth_applications', {
  path: 'oauth_applications',
  label: 'OAuth application',
  description: 'An application that people can let in. Told to administrators.',
  glossary: {
    name: 'What it is called.',
    clientId: 'What it calls itself by.',
    confidential: 'Whether it has a secret.',
    scopes: 'What it may ask for.',
    owner: 'Who registered it.',
    integration: 'Always empty: nothing integrates applications.',
    redirectUri: 'Where it may lead people back to.',
  },
  example: {
    name: 'Sea Chart',
    clientId: 'sea-chart',
    scopes: ['api_v3'],
  },
  title: 'name',
  visible: admin,
  guards: { show: admin },
  properties: (p) => ({
    id: p.integer(),
    name: p.text(),
    clientId: p.text(),
    confidential: p.boolean({ value: isConfidential }),
    scopes: p.of(names),
    createdAt: p.dateTime(),
    updatedAt: p.dateTime(),
    owner: p.link('User', { alwaysNamed: true }),
  }),
  actions: {
    // Storages, the only resources that could integrate an application, are none of ours yet.
    integration: { href: () => null },
    redirectUri: { links: ({ redirect_uris }) => (redirect_uris as string[]).map((href) => ({ href })) },
  },
  operations: ['show'],
})
