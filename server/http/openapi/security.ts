/** How callers say who they are, as OpenAPI describes it. */
import { API } from '#identity/scopes.ts'
import { defaultSettings } from '#kernel/settings.ts'
import type { Json } from './common.ts'

const endpoints = {
  tokenUrl: '/oauth/token',
  refreshUrl: '/oauth/token',
  scopes: { [API]: 'Everything that the person may do.' },
}

/** Any one of the ways is enough; an instance may also let in callers who say nothing of themselves. */
export const security: readonly Json[] = [{ basicAuth: [] }, { bearerAuth: [] }, { oauth2: [API] }, { session: [] }, {}]

/** The ways there are. */
export const securitySchemes: Json = {
  basicAuth: {
    type: 'http',
    scheme: 'basic',
    description: 'The user name is `apikey`, the password an API token, which people make at `/my/access_tokens`.',
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
      'Applications that an administrator has registered at `/admin/oauth/applications`. Those without a secret use PKCE. Everything is found at `/.well-known/oauth-authorization-server`.',
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
      'The cookie that signing in at `/login` gives; an instance may name it otherwise. Whatever is not GET needs the header `X-Requested-With: XMLHttpRequest` as well. This page sends both by itself.',
  },
}
