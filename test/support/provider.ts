/** A minimal OpenID Connect provider: it signs tokens, requires PKCE, and redeems a code once. Faults can be simulated. */
import { createHash, randomBytes } from 'node:crypto'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { type CryptoKey, exportJWK, exportSPKI, generateKeyPair, SignJWT } from 'jose'
import { insert } from '#db/dialect.ts'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Instance } from './instance.ts'

export const CLIENT_ID = 'halyard'
export const CLIENT_SECRET = 'kept to ourselves'

/** The user at the provider: the claims of their ID token. */
export type Person = Record<string, unknown> & { sub: string }

type Claims = Record<string, unknown>

export interface FakeProvider {
  readonly issuer: string
  /** Paths of the received requests. */
  readonly asked: string[]
  /** Paths with other responses than usual. */
  answers: Record<string, (request: IncomingMessage, response: ServerResponse) => void>
  /** Wrong values in its metadata. */
  documents: Record<string, unknown>
  /** Wrong claims of the ID token, or a signature by another key. */
  faults: { claims?: Record<string, unknown>; forged?: boolean }
  /** The access tokens that it has given and not let expire, with their users, and what they are for. */
  readonly given: Map<string, { sub: string; audience?: string; scope?: string }>
  /** Whether it gives refresh tokens, too; each works once. */
  refreshes: boolean
  /** Refuses all refresh tokens and exchanges. */
  revoke(): void
  /** Replaces the key of the provider and of its documents. */
  rotate(algorithm?: string): Promise<void>
  /** The public key, as PEM. */
  publicKey(): Promise<string>
  /** An access token for the API, valid by default. */
  token(claims?: Claims, header?: Record<string, unknown>): Promise<string>
  /** A token signed by a foreign key, under the id of the provider's key. */
  forge(claims?: Claims): Promise<string>
  /** The user of a real browser at the provider. */
  visitor: Person | undefined
  /** Signs a user in at an authorization address; gives the address of the redirect back. */
  signIn(address: string, person: Person, userInfo?: Record<string, unknown>): string
  close(): Promise<void>
}

interface Grant {
  readonly person: Person
  readonly userInfo: Record<string, unknown>
  readonly nonce: string | null
  readonly challenge: string | null
  readonly redirectUri: string | null
}

const seconds = () => Math.floor(Date.now() / 1000)

/** Starts a provider on a free port. */
export async function fakeProvider(): Promise<FakeProvider> {
  const [codes, tokens] = [new Map<string, Grant>(), new Map<string, Grant>()]
  let key: { publicKey: CryptoKey; privateKey: CryptoKey; alg: string; kid: string }
  const other = await generateKeyPair('RS256')

  const json = (response: ServerResponse, body: unknown, status = 200) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body))

  const usual: FakeProvider['answers'] = {
    '/.well-known/openid-configuration': (_, response) =>
      json(response, {
        issuer: it.issuer,
        authorization_endpoint: `${it.issuer}/authorize`,
        token_endpoint: `${it.issuer}/token`,
        userinfo_endpoint: `${it.issuer}/userinfo`,
        jwks_uri: `${it.issuer}/keys`,
        response_types_supported: ['code'],
        subject_types_supported: ['public'],
        id_token_signing_alg_values_supported: ['RS256'],
        code_challenge_methods_supported: ['S256'],
        authorization_response_iss_parameter_supported: true,
        ...it.documents,
      }),
    '/authorize': (request, response) => {
      const location = it.signIn(it.issuer + request.url, it.visitor as Person)
      response.writeHead(200, { 'content-type': 'text/html' }).end(`<a href="${location.replaceAll('&', '&amp;')}">It is me</a>`)
    },
    '/keys': async (_, response) =>
      json(response, { keys: [{ ...(await exportJWK(key.publicKey)), kid: key.kid, alg: key.alg, use: 'sig' }] }),
    '/token': async (request, response) => {
      let body = ''
      for await (const chunk of request) body += chunk
      const form = new URLSearchParams(body)
      if (form.get('grant_type') !== 'authorization_code') return later(form, response)
      const grant = codes.get(form.get('code') ?? '')
      codes.delete(form.get('code') ?? '')
      const challenge = createHash('sha256')
        .update(form.get('code_verifier') ?? '')
        .digest('base64url')
      const secret = Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString()
      const isClient = secret.split(':').map(decodeForm).join(':') === `${CLIENT_ID}:${CLIENT_SECRET}`
      const isGranted = grant && grant.challenge === challenge && grant.redirectUri === form.get('redirect_uri')
      if (!isClient) return void json(response, { error: 'invalid_client' }, 401)
      if (!isGranted) return void json(response, { error: 'invalid_grant' }, 400)
      const accessToken = randomBytes(16).toString('hex')
      tokens.set(accessToken, grant)
      it.given.set(accessToken, { sub: grant.person.sub })
      const claims = { aud: CLIENT_ID, nonce: grant.nonce, ...grant.person, ...it.faults.claims }
      const idToken = await sign(claims, {}, it.faults.forged ? other.privateKey : key.privateKey)
      json(response, {
        access_token: accessToken,
        token_type: 'Bearer',
        expires_in: 60,
        id_token: idToken,
        ...(it.refreshes && refreshToken(grant.person.sub)),
      })
    },
    '/userinfo': (request, response) => {
      const grant = tokens.get(request.headers.authorization?.slice('Bearer '.length) ?? '')
      if (!grant) return void json(response, { error: 'invalid_token' }, 401)
      json(response, { sub: grant.person.sub, ...grant.userInfo })
    },
  }

  const refreshTokens = new Map<string, string>()
  const refreshToken = (sub: string) => {
    const refresh_token = randomBytes(16).toString('hex')
    refreshTokens.set(refresh_token, sub)
    return { refresh_token }
  }
  /** Gives tokens for a refresh token, or in exchange for an access token (RFC 8693). */
  const later = (form: URLSearchParams, response: ServerResponse): unknown => {
    const token = randomBytes(16).toString('hex')
    const answer = { access_token: token, token_type: 'Bearer', expires_in: 60 }
    if (form.get('grant_type') === 'refresh_token') {
      const sub = refreshTokens.get(form.get('refresh_token') ?? '')
      refreshTokens.delete(form.get('refresh_token') ?? '')
      if (sub === undefined) return json(response, { error: 'invalid_grant' }, 400)
      it.given.set(token, { sub })
      return json(response, { ...answer, ...refreshToken(sub) })
    }
    const subject = it.given.get(form.get('subject_token') ?? '')
    const [audience, scope] = [form.get('audience') ?? '', form.get('scope') ?? '']
    if (form.get('grant_type') !== 'urn:ietf:params:oauth:grant-type:token-exchange' || !subject || subject.audience)
      return json(response, { error: 'invalid_grant' }, 400)
    it.given.set(token, { sub: subject.sub, audience, scope })
    return json(response, { ...answer, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' })
  }

  const server = createServer((request, response) => {
    const path = (request.url as string).split('?')[0] as string
    it.asked.push(path)
    const answer = it.answers[path] ?? usual[path]
    if (answer) answer(request, response)
    else response.writeHead(404).end()
  })

  const sign = (claims: Claims, header: Record<string, unknown>, by: CryptoKey) =>
    new SignJWT({ iss: it.issuer, iat: seconds(), exp: seconds() + 300, ...claims })
      .setProtectedHeader({ alg: key.alg, kid: key.kid, ...header })
      .sign(by)
  const forUs = (claims: Claims): Claims => ({ aud: [CLIENT_ID, 'another'], scope: 'openid api_v3', ...claims })

  const it: FakeProvider = {
    issuer: '',
    asked: [],
    answers: {},
    documents: {},
    visitor: undefined,
    given: new Map(),
    refreshes: false,
    revoke: () => {
      it.given.clear()
      refreshTokens.clear()
    },
    faults: {},
    rotate: async (alg = 'RS256') => {
      key = { ...(await generateKeyPair(alg)), alg, kid: randomBytes(4).toString('hex') }
    },
    publicKey: () => exportSPKI(key.publicKey),
    token: (claims = {}, header = {}) => sign(forUs(claims), header, key.privateKey),
    forge: (claims = {}) => sign(forUs(claims), {}, other.privateKey),
    signIn: (address, person, userInfo = {}) => {
      const { searchParams } = new URL(address)
      const asked = (name: string) => searchParams.get(name)
      const code = randomBytes(16).toString('hex')
      codes.set(code, {
        person,
        userInfo,
        nonce: asked('nonce'),
        challenge: asked('code_challenge'),
        redirectUri: asked('redirect_uri'),
      })
      const back = new URL(asked('redirect_uri') as string)
      back.search = new URLSearchParams({ code, state: asked('state') ?? '', iss: it.issuer }).toString()
      return back.href
    },
    close: async () => {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
  await it.rotate()
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening))
  Object.assign(it, { issuer: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
  return it
}

const decodeForm = (text: string) => decodeURIComponent(text.replaceAll('+', '%20'))

/** Registers a provider in an instance; gives its id. */
export const register = (
  { make }: Instance,
  { issuer }: Pick<FakeProvider, 'issuer'>,
  values: Record<string, unknown> = {},
): Promise<number> =>
  make.row(
    'auth_providers',
    {
      slug: 'acme',
      name: 'Acme',
      issuer,
      client_id: CLIENT_ID,
      client_secret: CLIENT_SECRET,
      registration: 'limited',
      claims: {},
      created_at: new Date().toISOString(),
      ...values,
    },
    'auth_providers',
  )

/** Links a user to a subject of a provider. */
export const link = ({ db }: Instance, user: number, provider: number, subject: string): Promise<void> =>
  db.transaction(async (tx) => {
    const row = { user_id: user, provider_id: provider, subject, created_at: new Date().toISOString() }
    await tx.run(insert('user_auth_identities', row))
    await invalidate(tx, 'auth_providers')
  })

/** Changes a provider of an instance. */
export const change = (
  { db }: Instance,
  provider: number,
  column: 'available' | 'registration' | 'trusts_email',
  value: unknown,
) =>
  db.transaction(async (tx) => {
    const set = { available: sql`available`, registration: sql`registration`, trusts_email: sql`trusts_email` }[column]
    await tx.run(sql`update auth_providers set ${set} = ${value} where id = ${provider}`)
    await invalidate(tx, 'auth_providers')
  })
