/** Common setup of OAuth tests: applications, signed-in users, and the authorization flow. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { type Registration, register, update } from '#identity/oauth/applications.ts'
import { client, type Instance, instance, type Reply } from '#test/instance.ts'
import { quickHash } from '#test/passwords.ts'
import { PASSWORD } from '#test/scene.ts'
import { type Browser, browser } from '../sessions/browser.ts'

export const CALLBACK = 'https://app.example/callback'

/** A verifier of PKCE, and its challenge. */
export const verifier = 'v'.repeat(43)
export const challenge = createHash('sha256').update(verifier).digest('base64url')
export const pkce = { code_challenge: challenge, code_challenge_method: 'S256' }

export interface Application {
  readonly id: number
  readonly clientId: string
  readonly secret: string | undefined
}

export interface Scene extends Instance {
  /** A new application, by default confidential and with the callback. */
  application(values?: Partial<Registration>): Promise<Application>
  /** Gives an application this redirect URI alone. */
  redirectsTo(application: number, uri: string): Promise<void>
  /** A new user with a signed-in browser. */
  person(): Promise<{ id: number; login: string; browser: Browser }>
  /** Requests an authorization. */
  authorize(
    one: Browser,
    application: Application,
    params?: Record<string, string>,
    headers?: Record<string, string>,
  ): Promise<Reply>
  /** Sends the form of a consent page, with one of its two buttons. */
  decide(one: Browser, page: Reply, decision?: 'allow' | 'deny', headers?: Record<string, string>): Promise<Reply>
  /** Follows the flow to a code. */
  code(one: Browser, application: Application, params?: Record<string, string>): Promise<string>
  /** Sends a request of the application, by default to the token endpoint. */
  exchange(application: Application, params: Record<string, string>, path?: string): Promise<Reply>
  /** Follows the flow to tokens. */
  tokens(one: Browser, application: Application, params?: Record<string, string>): Promise<Record<string, any>>
  /** The user that the API identifies by a token: an id, or the status of the response. */
  me(token: string): Promise<{ status: number; id: number | undefined }>
}

/** The parameters in an address. */
export const query = (address: string | null): Record<string, string> =>
  Object.fromEntries(new URL(address as string).searchParams)

/** Fails unless a reply redirects to the callback; gives its parameters. */
export function returned(reply: Reply, to = CALLBACK): Record<string, string> {
  assert.equal(reply.status, 303, reply.text)
  const location = reply.headers.get('location') as string
  assert.ok(location.startsWith(`${to}?`), location)
  return query(location)
}

/** The hidden fields of a page's form. */
export const fields = ({ text }: Reply): Record<string, string> =>
  Object.fromEntries(
    [...text.matchAll(/<input type="hidden" name="([^"]+)" value="([^"]*)">/g)].map(([, name, value]) => [
      name,
      unescaped(value as string),
    ]),
  )
const unescaped = (text: string) =>
  text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&#39;', "'").replaceAll('&amp;', '&')

export async function scene(): Promise<Scene> {
  const it = await instance()
  await it.setting('host_name', new URL(it.url).host)
  const password_hash = quickHash(PASSWORD)
  const { send } = client(it.url)
  let count = 0
  const own: Scene = {
    ...it,

    application: (values = {}) =>
      it.db.transaction((tx) =>
        register(
          tx,
          {
            name: `App ${++count}`,
            redirectUris: [CALLBACK],
            scopes: ['api_v3'],
            confidential: true,
            actingUserId: null,
            ...values,
          },
          null,
          new Date(),
        ),
      ),

    redirectsTo: (id, uri) => it.db.transaction((tx) => update(tx, id, { redirectUris: [uri] }, new Date())),

    async person() {
      const login = `ada-${++count}`
      const id = await it.make.user({ login, name: `Ada ${count}`, password_hash })
      const one = browser(it.url)
      await one.signIn(login, PASSWORD)
      return { id, login, browser: one }
    },

    authorize: (one, { clientId }, params = {}, headers = {}) =>
      one.get(
        `/oauth/authorize?${new URLSearchParams({ response_type: 'code', client_id: clientId, redirect_uri: CALLBACK, state: 's t', ...params })}`,
        headers,
      ),

    decide: (one, page, decision = 'allow', headers) => one.submit('/oauth/authorize', { ...fields(page), decision }, headers),

    async code(one, application, params = {}) {
      let reply = await own.authorize(one, application, params)
      if (reply.status === 200) reply = await own.decide(one, reply)
      return returned(reply, params.redirect_uri).code as string
    },

    exchange({ clientId, secret }, params, path = '/oauth/token') {
      const basic = secret && `Basic ${Buffer.from(`${clientId}:${secret}`).toString('base64')}`
      return send('POST', path, {
        headers: { 'content-type': 'application/x-www-form-urlencoded', ...(basic && { authorization: basic }) },
        body: new URLSearchParams({ ...params, ...(!secret && { client_id: clientId }) }).toString(),
      })
    },

    async tokens(one, application, params = {}) {
      const code = await own.code(one, application, { ...pkce, ...params })
      const redirect_uri = params.redirect_uri ?? CALLBACK
      const reply = await own.exchange(application, {
        grant_type: 'authorization_code',
        code,
        redirect_uri,
        code_verifier: verifier,
      })
      assert.equal(reply.status, 200, reply.text)
      return reply.body
    },

    async me(token) {
      const { status, body } = await client(it.url, token).get('/users/me')
      return { status, id: status === 200 ? body.id : undefined }
    },
  }
  return own
}
