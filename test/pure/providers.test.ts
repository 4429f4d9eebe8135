/** Validation of a provider's issuer and endpoints. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { isIssuer, mayLeadTo } from '#identity/provider-client.ts'

test('a provider has an HTTPS address, or one on this machine', () => {
  for (const issuer of [
    'https://id.example.org',
    'https://id.example.org:8443/realms/one/',
    'http://localhost:9000',
    'http://127.0.0.1',
    'http://[::1]:1/x',
  ]) {
    assert.equal(isIssuer(issuer), true, issuer)
  }
  for (const other of [
    '',
    'id.example.org',
    'http://id.example.org',
    'http://localhost.example.org',
    'http://127.0.0.1.nip.io',
    'http://10.0.0.1',
    'https://me@id.example.org',
    'https://id.example.org?x',
    'https://id.example.org#x',
    'https://id.example.org /',
    'file:///etc/passwd',
    'ftp://localhost',
    'javascript:alert(1)',
  ]) {
    assert.equal(isIssuer(other), false, other)
  }
})

test('a remote provider has HTTPS endpoints only', () => {
  assert.equal(mayLeadTo('https://keys.example.org/all?x=1', 'https://id.example.org'), true)
  for (const address of [
    'http://127.0.0.1:9000/',
    'http://localhost/',
    'http://id.example.org/keys',
    'file:///x',
    '',
    undefined,
    7,
    {},
  ]) {
    assert.equal(mayLeadTo(address, 'https://id.example.org'), false, String(address))
  }
  assert.equal(mayLeadTo('http://127.0.0.1:9000/', 'http://localhost:9000'), true)
  assert.equal(mayLeadTo('http://10.0.0.1/', 'http://localhost:9000'), false)
})
