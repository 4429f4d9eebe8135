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
  description: 'An OAuth application that users can authorise. Visible to administrators.',
  glossary: {
    name: 'Name.',
    clientId: 'Client ID.',
    confidential: 'Whether it is a confidential client, which has a client secret.',
    scopes: 'Scopes that it may request.',
    owner: 'The user who registered it.',
    redirectUri: 'Redirect URIs.',
  },
  example: {
    name: 'Sea Chart',
    clientId: 'sea-chart',
    scopes: ['api_v3'],
  },
  title: 'name',
  visible: admin,
  guards: { show: admin },
  topics: ['oauth'],
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
    redirectUri: { links: ({ redirect_uris }) => (redirect_uris as string[]).map((href) => ({ href })) },
  },
  operations: ['show'],
})
