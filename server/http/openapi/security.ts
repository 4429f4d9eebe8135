/** Authentication schemes as OpenAPI describes them. */
import { API } from '#identity/scopes.ts'
import { defaultSettings } from '#kernel/settings.ts'
import type { Json } from './common.ts'

const endpoints = {
  tokenUrl: '/oauth/token',
  refreshUrl: '/oauth/token',
  scopes: { [API]: 'Everything that the user may do.' },
}

/** Any one of the schemes is enough; an instance may also allow anonymous callers. */
export const security: readonly Json[] = [{ basicAuth: [] }, { bearerAuth: [] }, { oauth2: [API] }, { session: [] }, {}]

/** The schemes, by name. */
export const securitySchemes: Json = {
  basicAuth: {
    type: 'http',
    scheme: 'basic',
    description: 'The user name is `apikey`, the password an API token. Users create tokens at `/my/access_tokens`.',
  },
  bearerAuth: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'opapi-…',
    description: 'An API token, an OAuth 2.0 access token, or an access token of an OpenID Connect provider.',
  },
  oauth2: {
    type: 'oauth2',
    description:
      'Applications that an administrator has registered at `/admin/oauth/applications`. Those without a secret use PKCE. The metadata is at `/.well-known/oauth-authorization-server`.',
    flows: {
      authorizationCode: { authorizationUrl: '/oauth/authorize', ...endpoints },
      clientCredentials: endpoints,
    },
  },
  session: {
    type: 'apiKey',
    in: 'cookie',
    name: defaultSettings.session_cookie_name,
    description:
      'The session cookie that `/login` sets; an instance may configure its name. Methods other than GET also need the header `X-Requested-With: XMLHttpRequest`. This page sends both by itself.',
  },
}
