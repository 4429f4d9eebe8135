/** Requests to other servers: where they may lead, and what a hostile name server, redirect or answer achieves. */
import assert from 'node:assert/strict'
import type { LookupAddress } from 'node:dns'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { isAllowance, isPublic } from '#outgoing/addresses.ts'
import { outgoing, Unreachable } from '#outgoing/client.ts'

let server: Server
let port: number
const asked: string[] = []
before(async () => {
  server = createServer((request, response) => {
    asked.push(`${request.method} ${request.headers.host}${request.url}`)
    if (request.url === '/away') response.writeHead(302, { location: `http://127.0.0.1:${port}/inside` }).end()
    else if (request.url === '/large') response.end('x'.repeat(5000))
    else if (request.url === '/slow') response.write('x')
    else if (request.url === '/echo') request.pipe(response)
    else response.end('hello')
  })
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  port = (server.address() as AddressInfo).port
})
after(() => {
  server.closeAllConnections()
  server.close()
})

/** A resolver that answers from a list, one answer after the other; the last one for ever. */
function resolver(...answers: readonly (readonly string[])[]) {
  const hosts: string[] = []
  const resolve = async (host: string): Promise<LookupAddress[]> => {
    hosts.push(host)
    const found = answers[Math.min(hosts.length, answers.length) - 1] ?? []
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  }
  return { resolve, hosts }
}

const isRefusal = (error: unknown) => error instanceof Unreachable && error.isRefused
const isFailure = (error: unknown) => error instanceof Unreachable && !error.isRefused

test('addresses inside are not public, however they are written', () => {
  const inside = [
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.9.9.9', '169.254.169.254', '172.16.0.1', '172.31.255.255'],
    ...['192.168.1.1', '192.0.0.192', '192.0.2.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
    ...['::', '::1', 'fe80::1', 'fe80::1%eth0', 'fc00::1', 'fd00:ec2::254', 'ff02::1', '2001:db8::1', '2001::1', '2002:7f00:1::'],
    ...['::ffff:127.0.0.1', '::ffff:7f00:1', '::ffff:a9fe:a9fe', '::127.0.0.1', '64:ff9b::10.0.0.1', '64:ff9b:1::808:808'],
    ...['localhost', '', '1', '999.1.1.1'],
  ]
  for (const address of inside) assert.equal(isPublic(address), false, address)
  for (const address of ['8.8.8.8', '172.32.0.1', '100.128.0.1', '2606:4700::1111', '::ffff:8.8.8.8', '64:ff9b::808:808'])
    assert.equal(isPublic(address), true, address)
})

test('an entry of the allow-list is a host, an address or a network', () => {
  for (const one of ['nextcloud', 'files.example.org', '10.0.0.1', '10.0.0.0/8', '::1', 'fd00::/8', 'x1.local'])
    assert.equal(isAllowance(one), true, one)
  for (const one of ['', '*.example.org', 'http://x', '10.0.0.0/33', 'x/8', 'a b', '10.0.0', '-x', 'x:80'])
    assert.equal(isAllowance(one), false, one)
})

describe('an address inside is refused before anything is sent', () => {
  for (const host of [
    ...['127.0.0.1', '2130706433', '0x7f.1', '0177.0.0.1', '127.1', '0', '[::1]', '[::ffff:127.0.0.1]', '[64:ff9b::7f00:1]'],
    ...['localhost', 'localhost.', 'LOCALHOST'],
  ]) {
    test(host, async () => {
      asked.length = 0
      await assert.rejects(outgoing().ask(`http://${host}:${port}/`), isRefusal)
      assert.deepEqual(asked, [])
    })
  }

  test('a name that resolves to one', async () => {
    const { resolve } = resolver(['127.0.0.1', '::1'])
    await assert.rejects(outgoing({ resolve }).ask(`http://files.example.org:${port}/`), isRefusal)
    assert.deepEqual(asked, [])
  })
})

test('other schemes and addresses with a password are refused', async () => {
  const all = [
    'file:///etc/passwd',
    'gopher://example.org/',
    'ftp://example.org/',
    `http://me:secret@127.0.0.1:${port}/`,
    'x',
    '',
  ]
  for (const address of all) await assert.rejects(outgoing({ allow: ['127.0.0.1'] }).ask(address), isRefusal)
})

test('a name is resolved once, so that a second answer of the name server changes nothing', async () => {
  // Of two addresses only the allowed one is connected to; asked again, the name server would lead elsewhere.
  const { resolve, hosts } = resolver(['10.255.255.1', '127.0.0.1'], ['10.255.255.1'])
  const response = await outgoing({ allow: ['127.0.0.0/8'], resolve }).ask(`http://files.example.org:${port}/x`)
  assert.deepEqual([await response.text(), hosts], ['hello', ['files.example.org']])
  assert.equal(asked.at(-1), `GET files.example.org:${port}/x`)
})

test('a name that becomes one inside is refused at the next request', async () => {
  const { resolve } = resolver(['127.0.0.1'], ['127.0.0.2'])
  const client = outgoing({ allow: ['127.0.0.1'], resolve })
  assert.equal((await client.ask(`http://files.example.org:${port}/`)).status, 200)
  await assert.rejects(client.ask(`http://files.example.org:${port}/`), isRefusal)
})

test('an operator allows hosts by name, by address and by network', async () => {
  const { resolve } = resolver(['127.0.0.1'])
  for (const allow of [['nextcloud.lan'], ['127.0.0.1'], ['10.0.0.0/8', '127.0.0.0/8']]) {
    assert.equal((await outgoing({ allow, resolve }).ask(`http://NextCloud.lan.:${port}/`)).status, 200)
  }
  await assert.rejects(outgoing({ allow: ['cloud.lan', '10.0.0.0/8'], resolve }).ask(`http://nextcloud.lan:${port}/`), isRefusal)
})

test('a host that is trusted for one purpose is no host for others', async () => {
  const client = outgoing()
  assert.equal((await client.ask(`http://127.0.0.1:${port}/`, {}, { trusted: ['127.0.0.1'] })).status, 200)
  await assert.rejects(client.ask(`http://127.0.0.1:${port}/`), isRefusal)
})

test('a redirect is an answer, and is not followed', async () => {
  asked.length = 0
  const response = await outgoing({ allow: ['127.0.0.1'] }).ask(`http://127.0.0.1:${port}/away`)
  assert.deepEqual([response.status, response.headers.get('location')], [302, `http://127.0.0.1:${port}/inside`])
  assert.equal(asked.length, 1)
})

test('an answer that is too large or too slow, or none at all, is no answer', async () => {
  const client = outgoing({ allow: ['127.0.0.1'] })
  await assert.rejects(client.ask(`http://127.0.0.1:${port}/large`, {}, { largest: 4999 }), isFailure)
  assert.equal((await (await client.ask(`http://127.0.0.1:${port}/large`, {}, { largest: 5000 })).text()).length, 5000)
  await assert.rejects(client.ask(`http://127.0.0.1:${port}/slow`, {}, { patience: 50 }), isFailure)
  await assert.rejects(client.ask('http://127.0.0.1:1/'), isFailure)
  const silent = outgoing({ resolve: () => new Promise(() => {}) })
  await assert.rejects(silent.ask('http://files.example.org/', {}, { patience: 50 }), isFailure)
})

test('methods, headers and bodies of all kinds arrive', async () => {
  const client = outgoing({ allow: ['127.0.0.1'] })
  const form = await client.ask(`http://127.0.0.1:${port}/echo`, { method: 'POST', body: new URLSearchParams({ a: 'b c' }) })
  assert.equal(await form.text(), 'a=b+c')
  const found = await client.ask(`http://127.0.0.1:${port}/x`, { method: 'PROPFIND', headers: { depth: '1' }, body: '<x/>' })
  assert.equal(found.status, 200)
  assert.equal(asked.at(-1), `PROPFIND 127.0.0.1:${port}/x`)
})
