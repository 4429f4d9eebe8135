/** Access tokens of a provider, as JWTs: valid ones, and the causes of rejected ones. */
import assert from 'node:assert/strict'
import { after, afterEach, before, describe, mock, test } from 'node:test'
import { SignJWT } from 'jose'
import { type Instance, instance, type Reply } from '#test/instance.ts'
import { CLIENT_ID, change, type FakeProvider, fakeProvider, link, register } from '#test/provider.ts'

/** A further provider for one test. They end together: otherwise the next one might get the same port. */
const others: FakeProvider[] = []
const another = async (): Promise<FakeProvider> => {
  const provider = await fakeProvider()
  others.push(provider)
  return provider
}

let it: Instance
let acme: FakeProvider
let provider: number
let vera: number

const ask = (token: string, headers: Record<string, string> = {}) =>
  it.anonymous.get('/users/me', { authorization: `Bearer ${token}`, ...headers })
const seconds = () => Math.floor(Date.now() / 1000)
const MINUTE = 60

/** A 401 that names the cause. */
const isRefused = ({ status, body, headers }: Reply, cause: string) =>
  assert.deepEqual(
    [status, body.errorIdentifier, body.message, headers.get('www-authenticate')],
    [
      401,
      'urn:openproject-org:api:v3:errors:Unauthenticated',
      'You did not provide the correct credentials.',
      `Bearer realm="OpenProject API" error="invalid_token" error_description="${cause}"`,
    ],
  )

before(async () => {
  it = await instance()
  acme = await fakeProvider()
  provider = await register(it, acme)
  vera = await it.make.user()
  await link(it, vera, provider, 'vera@acme')
})
after(async () => {
  for (const provider of [acme, ...others]) await provider.close()
  await it.close()
})
afterEach(() => mock.timers.reset())

describe('an access token of a provider', () => {
  test('authenticates the user linked to its subject', async () => {
    const reply = await ask(await acme.token({ sub: 'vera@acme' }))
    assert.deepEqual([reply.status, reply.body.id], [200, vera])
  })

  test('may have a single audience', async () => {
    assert.equal((await ask(await acme.token({ sub: 'vera@acme', aud: CLIENT_ID, scope: 'api_v3' }))).status, 200)
  })

  test('is signed with RSA and SHA-2, among other keys of the provider', async () => {
    for (const algorithm of ['RS384', 'RS512', 'PS256', 'ES256', 'Ed25519']) {
      const other = await another()
      await other.rotate(algorithm)
      const id = await register(it, other, { slug: algorithm })
      await link(it, vera, id, 'v')
      const reply = await ask(await other.token({ sub: 'v' }))
      if (algorithm.startsWith('RS')) assert.deepEqual([reply.status, reply.body.id], [200, vera])
      else isRefused(reply, 'The access token is signed by an algorithm that is not accepted')
    }
  })

  test('permits writes', async () => {
    const authorization = `Bearer ${await acme.token({ sub: 'vera@acme' })}`
    const reply = await it.anonymous.patch('/users/me', { firstName: 'Veronika' }, { authorization })
    assert.deepEqual([reply.status, reply.body.firstName], [200, 'Veronika'])
  })

  test('fetches the provider’s documents once for any number of tokens', async () => {
    const tokens = await Promise.all([1, 2, 3].map(() => acme.token({ sub: 'vera@acme' })))
    await Promise.all(tokens.map((token) => ask(token)))
    assert.deepEqual(acme.asked, ['/.well-known/openid-configuration', '/keys'])
  })

  test('tolerates a small clock skew', async () => {
    assert.equal((await ask(await acme.token({ sub: 'vera@acme', nbf: seconds() + 3 }))).status, 200)
  })
})

describe('the response names the cause for', () => {
  const wrong: [what: string, cause: string, token: () => string | Promise<string>][] = [
    [
      'one without a signature',
      'The access token is signed by an algorithm that is not accepted',
      async () => {
        const [, body] = (await acme.token({ sub: 'vera@acme' })).split('.')
        return `${Buffer.from('{"alg":"none","kid":"1"}').toString('base64url')}.${body}.`
      },
    ],
    [
      'one that is signed with the public key as a secret',
      'The access token is signed by an algorithm that is not accepted',
      async () => {
        const [, body] = (await acme.token({ sub: 'vera@acme' })).split('.')
        const claims = JSON.parse(Buffer.from(body as string, 'base64url').toString())
        return new SignJWT(claims)
          .setProtectedHeader({ alg: 'HS256', kid: '1' })
          .sign(new TextEncoder().encode(await acme.publicKey()))
      },
    ],
    [
      'one that is signed by another key under the right key id',
      'The signature of the access token is wrong',
      () => acme.forge({ sub: 'vera@acme' }),
    ],
    [
      'one with changed claims',
      'The signature of the access token is wrong',
      async () => {
        const [head, , signature] = (await acme.token({ sub: 'somebody' })).split('.')
        const [, body] = (await acme.token({ sub: 'vera@acme' })).split('.')
        return [head, body, signature].join('.')
      },
    ],
    [
      'one of an unknown key',
      'The key that signed the access token is unknown',
      () => acme.token({ sub: 'vera@acme' }, { kid: 'no' }),
    ],
    [
      'one without a key id',
      'The access token does not name the key that signed it',
      () => acme.token({ sub: 'vera@acme' }, { kid: undefined }),
    ],
    [
      'one of another issuer',
      'The issuer of the access token is unknown',
      () => acme.token({ sub: 'vera@acme', iss: 'https://evil.example' }),
    ],
    [
      'one of a similar issuer',
      'The issuer of the access token is unknown',
      () => acme.token({ sub: 'vera@acme', iss: `${acme.issuer}/` }),
    ],
    [
      'one without an issuer',
      'The issuer of the access token is unknown',
      () => acme.token({ sub: 'vera@acme', iss: undefined }),
    ],
    [
      'one for another audience',
      'The access token is meant for another audience',
      () => acme.token({ sub: 'vera@acme', aud: ['another', `${CLIENT_ID}2`] }),
    ],
    [
      'one without an audience',
      'The claim aud of the access token is missing or malformed',
      () => acme.token({ sub: 'vera@acme', aud: undefined }),
    ],
    ['an expired one', 'The access token has expired', () => acme.token({ sub: 'vera@acme', exp: seconds() - MINUTE })],
    [
      'one without an expiry',
      'The claim exp of the access token is missing or malformed',
      () => acme.token({ sub: 'vera@acme', exp: undefined }),
    ],
    [
      'one that is not valid yet',
      'The access token is not valid yet',
      () => acme.token({ sub: 'vera@acme', nbf: seconds() + MINUTE }),
    ],
    ['one without a subject', 'The claim sub of the access token is missing or malformed', () => acme.token()],
    ['one of an empty subject', 'The claim sub of the access token is missing or malformed', () => acme.token({ sub: '' })],
    [
      'one of a subject with invalid characters',
      'The claim sub of the access token is missing or malformed',
      () => acme.token({ sub: 'vera\u0000' }),
    ],
    ['one of an unknown subject', 'The user of the access token is unknown', () => acme.token({ sub: 'tom@acme' })],
    [
      'one of a subject in another letter case',
      'The user of the access token is unknown',
      () => acme.token({ sub: 'Vera@acme' }),
    ],
  ]
  for (const [what, cause, token] of wrong) {
    test(what, async () => {
      await it.setting('login_required', false)
      const reply = await ask(await token())
      await it.setting('login_required', true)
      isRefused(reply, cause)
    })
  }

  test('one of a locked or unconfirmed account', async () => {
    for (const status of [2, 3, 4]) {
      const user = await it.make.user({ status })
      await link(it, user, provider, `state ${status}`)
      isRefused(
        await ask(await acme.token({ sub: `state ${status}` })),
        'The account of the access token is locked or not active yet',
      )
    }
  })

  test('one of a disabled provider', async () => {
    const token = await acme.token({ sub: 'vera@acme' })
    await change(it, provider, 'available', false)
    isRefused(await ask(token), 'The issuer of the access token is unknown')
    await change(it, provider, 'available', true)
    assert.equal((await ask(token)).status, 200)
  })

  test('one without the scope of the API: 403, with the identifier of a 401', async () => {
    for (const scope of ['openid email', 'api_v3x', 'scim_v2', '', undefined, ['api_v3']]) {
      const { status, body, headers } = await ask(await acme.token({ sub: 'vera@acme', scope }))
      assert.deepEqual(
        [status, body.errorIdentifier, headers.get('www-authenticate')],
        [
          403,
          'urn:openproject-org:api:v3:errors:Unauthenticated',
          'Bearer realm="OpenProject API" error="insufficient_scope" scope="api_v3"',
        ],
      )
    }
  })

  test('one in another format than JWT, which is an unknown token', async () => {
    for (const token of ['a.b.c', 'e30.e30', 'bnVsbA.bnVsbA.x', 'W10.W10.x', `${'e30.'.repeat(4)}e30`]) {
      const { status, headers } = await ask(token)
      assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer realm="OpenProject API" error="invalid_token"'])
    }
  })
})

describe('the keys of a provider', () => {
  test('are refreshed for a new key, but not for every unknown one', async () => {
    const other = await another()
    const id = await register(it, other, { slug: 'rotating' })
    await link(it, vera, id, 'v')
    assert.equal((await ask(await other.token({ sub: 'v' }))).status, 200)
    await other.rotate()
    const token = await other.token({ sub: 'v' })
    isRefused(await ask(token), 'The key that signed the access token is unknown')
    assert.deepEqual(other.asked, ['/.well-known/openid-configuration', '/keys'])
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 31_000 })
    assert.equal((await ask(token)).status, 200)
    isRefused(await ask(await other.token({ sub: 'v' }, { kid: 'made up' })), 'The key that signed the access token is unknown')
    assert.deepEqual(other.asked, ['/.well-known/openid-configuration', '/keys', '/keys'])
  })

  test('are invalid ten minutes after their withdrawal', async () => {
    const other = await another()
    const id = await register(it, other, { slug: 'withdrawing' })
    await link(it, vera, id, 'v')
    const old = await other.token({ sub: 'v', exp: seconds() + 3600 })
    assert.equal((await ask(old)).status, 200)
    await other.rotate()
    mock.timers.enable({ apis: ['Date'], now: Date.now() + 601_000 })
    isRefused(await ask(old), 'The key that signed the access token is unknown')
  })

  const silent: [what: string, path: string, answer: FakeProvider['answers'][string]][] = [
    ['never arrive', '/keys', () => {}],
    ['arrive slowly', '/keys', (_, response) => void response.writeHead(200).write('{"keys":[')],
    ['are oversized', '/keys', (_, response) => void response.end(`{"keys":[${' '.repeat(300_000)}]}`)],
    ['redirect elsewhere', '/keys', (_, response) => void response.writeHead(302, { location: `${acme.issuer}/keys` }).end()],
    ['are malformed', '/keys', (_, response) => void response.end('{"keys":7}')],
    ['are no JSON', '/keys', (_, response) => void response.end('<html>')],
    ['fail', '/keys', (_, response) => void response.writeHead(500).end()],
    [
      'are of a provider with another issuer',
      '/.well-known/openid-configuration',
      (_, response) => void response.end(JSON.stringify({ issuer: acme.issuer, jwks_uri: `${acme.issuer}/keys` })),
    ],
  ]
  for (const [what, path, answer] of silent) {
    test(`that ${what} delay one request for a moment; others fail at once`, async () => {
      const other = await another()
      await register(it, other, { slug: `silent-${what.replaceAll(/\W/g, '-')}` })
      other.answers[path] = answer
      acme.asked.length = 0
      const token = await other.token({ sub: 'v' })
      const begun = performance.now()
      const replies = [...(await Promise.all([ask(token), ask(token)])), await ask(token)]
      assert.ok(performance.now() - begun < 4_000)
      for (const { status, body, headers } of replies) {
        assert.deepEqual(
          [status, body.message, headers.get('retry-after')],
          [503, 'The issuer of the access token, Acme, does not respond.', '10'],
        )
      }
      assert.deepEqual(other.asked.filter((one) => one === path).length, 1)
      assert.deepEqual(acme.asked, [])
      // After the recovery the keys are valid again.
      delete other.answers[path]
      mock.timers.enable({ apis: ['Date'], now: Date.now() + 11_000 })
      isRefused(await ask(token), 'The user of the access token is unknown')
    })
  }
})

describe('a provider cannot direct the server', () => {
  const elsewhere: [where: string, documents: Record<string, unknown>][] = [
    ['to a file', { jwks_uri: 'file:///etc/passwd' }],
    ['to another machine without encryption', { jwks_uri: 'http://169.254.169.254/latest/meta-data' }],
    ['to an unencrypted token endpoint elsewhere', { token_endpoint: 'http://10.0.0.1/token' }],
    ['to a userinfo endpoint with another scheme', { userinfo_endpoint: 'gopher://127.0.0.1/' }],
    ['to an authorization endpoint with a script', { authorization_endpoint: 'javascript:alert(1)' }],
    ['to a missing token endpoint', { token_endpoint: undefined }],
  ]
  for (const [where, documents] of elsewhere) {
    test(where, async () => {
      const other = await another()
      await register(it, other, { slug: `leading-${where.replaceAll(' ', '-')}` })
      const token = await other.token({ sub: 'v' })
      other.documents = documents
      assert.equal((await ask(token)).status, 503)
      assert.deepEqual(other.asked, ['/.well-known/openid-configuration'])
    })
  }
})

test('a token leads to requests to configured providers only', async () => {
  const evil = await another()
  const token = await evil.token({ sub: 'vera@acme' }, { jku: `${evil.issuer}/keys`, x5u: `${evil.issuer}/keys` })
  isRefused(await ask(token), 'The issuer of the access token is unknown')
  const posing = await evil.token({ sub: 'vera@acme', iss: acme.issuer }, { jku: `${evil.issuer}/keys` })
  isRefused(await ask(posing), 'The key that signed the access token is unknown')
  assert.deepEqual(evil.asked, [])
})

test('no response of the API reveals client secrets or subjects', async () => {
  const { text } = await it.admin.get(`/users/${vera}`)
  assert.doesNotMatch(text, /vera@acme|kept to ourselves/)
})
