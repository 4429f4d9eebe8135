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
