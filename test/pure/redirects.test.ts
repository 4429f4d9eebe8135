/** Redirect URIs: validation at the registration, and matching in requests. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { allows, faultOf } from '#identity/oauth/redirects.ts'
import { english } from '#text/messages.ts'

describe('the registration', () => {
  test('accepts addresses by HTTPS, and by HTTP on the device itself', () => {
    for (const uri of [
      'https://app.example/callback',
      'https://app.example',
      'https://app.example:8443/callback?of=halyard',
      'https://localhost/callback',
      'https://xn--mnchen-3ya.example/callback',
      'http://localhost:3000/callback',
      'http://127.0.0.1/callback',
      'http://[::1]:3000/',
      'urn:ietf:wg:oauth:2.0:oob',
    ])
      for (const confidential of [true, false]) assert.equal(faultOf(uri, confidential), undefined, uri)
  })

  test('accepts private-use schemes from public applications only', () => {
    for (const uri of ['sea-chart://callback', 'net.example.chart:/callback', 'sea.chart+x:callback']) {
      assert.equal(faultOf(uri, false), undefined, uri)
      assert.equal(
        english(faultOf(uri, true) ?? ''),
        'must begin with https://: only public applications can have a custom scheme',
      )
    }
  })

  const refused: [uri: string, reason: RegExp][] = [
    ['', /not an absolute URI/],
    ['/callback', /not an absolute URI/],
    ['app.example/callback', /not an absolute URI/],
    ['https://', /not an absolute URI/],
    ['https://app.example/call back', /not an absolute URI/],
    ['https://app.example/callback\n', /not an absolute URI/],
    ['https://münchen.example/', /not an absolute URI/],
    ['http://app.example/callback', /begin with https/],
    ['http://127.0.0.1.evil.example/', /begin with https/],
    ['http://127.0.0.2/', /begin with https/],
    ['https://app.example/#', /fragment/],
    ['https://app.example/callback#here', /fragment/],
    ['https://*.app.example/callback', /wildcard/],
    ['https://app.example/*', /wildcard/],
    ['https://user@app.example/', /user name/],
    ['https://user:secret@app.example/', /user name/],
    ['sea-chart://user@callback', /user name/],
    ['HTTPS://app.example/', /written as https:\/\/app\.example\//],
    ['https://APP.example/', /written as/],
    ['https://app.example:443/', /written as/],
    ['https:app.example', /written as/],
    ['https:/app.example', /written as/],
    ['https://app.example\\callback', /written as/],
    ['https://app.example/a/../callback', /written as/],
    ['http://127.1/', /written as http:\/\/127\.0\.0\.1\//],
    ['javascript:alert(1)', /cannot begin with javascript:/],
    ['JavaScript://app.example/%0aalert(1)', /cannot begin with javascript:/],
    ['data:text/html,x', /cannot begin with data:/],
    ['vbscript:x', /cannot begin with/],
    ['file:///etc/passwd', /cannot begin with/],
    ['blob:https://app.example/x', /cannot begin with/],
    ['about:blank', /cannot begin with/],
    ['view-source:https://app.example', /cannot begin with/],
    ['intent://app.example#Intent;end', /cannot begin with/],
  ]
  for (const [uri, reason] of refused)
    test(`rejects ${JSON.stringify(uri)}`, () => {
      for (const confidential of [true, false]) assert.match(english(faultOf(uri, confidential) ?? 'taken'), reason)
    })
})

test('A request has one of them exactly, except for the port of an application on the device', () => {
  const registered = ['https://app.example/callback', 'http://localhost:3000/callback', 'http://[::1]/callback']
  for (const uri of registered) assert.ok(allows(registered, true, uri))
  for (const [uri, byProgram] of [
    ['http://localhost:4000/callback', true],
    ['http://localhost/callback', true],
    ['http://[::1]:4000/callback', true],
    ['https://app.example:4000/callback', false],
    ['https://localhost:3000/callback', false],
    ['http://localhost:4000/callback?x', false],
    ['http://localhost:4000/callback#', false],
    ['http://localhost:400000/callback', false],
    ['http://localhost:/callback', false],
    ['http://LOCALHOST:4000/callback', false],
    ['http://localhost:4000@evil.example/callback', false],
    ['http://localhost.evil.example/callback', false],
  ] as const) {
    assert.equal(allows(registered, false, uri), byProgram, uri)
    assert.equal(allows(registered, true, uri), false, uri)
  }
})
