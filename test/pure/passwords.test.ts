/** Passwords and tokens: their hashes, and verification by these. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { hashPassword, randomPassword, verifyPassword } from '#identity/passwords.ts'
import { hashToken, isToken, randomToken } from '#identity/tokens.ts'

test('a password is verified by its hash, another is not', async () => {
  const stored = await hashPassword('reef knot')
  assert.match(stored, /^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
  assert.equal(await verifyPassword('reef knot', stored), true)
  assert.equal(await verifyPassword('granny knot', stored), false)
})

test('the same password has a different hash each time', async () => {
  assert.notEqual(await hashPassword('reef knot'), await hashPassword('reef knot'))
})

test('a hash with other parameters is accepted: a test vector of the Argon2 reference implementation', async () => {
  const stored = '$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc'
  assert.equal(await verifyPassword('password', stored), true)
  assert.equal(await verifyPassword('passwords', stored), false)
})

test('a text that is not a hash verifies no password', async () => {
  assert.equal(await verifyPassword('', ''), false)
  assert.equal(await verifyPassword('plain', 'plain'), false)
})

test('random passwords and tokens differ, and tokens have their format', () => {
  assert.notEqual(randomPassword(), randomPassword())
  assert.notEqual(randomToken(), randomToken())
  assert.ok(isToken(randomToken()))
  assert.ok(!isToken('opapi-short'))
})

test('a token is stored as its SHA-256', () => {
  assert.equal(hashToken('abc'), 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
