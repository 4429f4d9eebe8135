/** Attachments in an S3-compatible store: signatures, and direct uploads and downloads. */

import assert from 'node:assert/strict'
import { after, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { s3Store } from '#files/s3.ts'
import { presigned, signatureOf, signed } from '#files/sigv4.ts'
import { newName } from '#files/store.ts'
import { type Client, filters } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { created, errors, link, scene } from '../work-packages/scene.ts'
import { fakeS3 } from './fake-s3.ts'
import { upload } from './upload.ts'

const s3 = await fakeS3()
const store = s3Store(s3.bucket)
const it = await scene({ files: store })
after(() => s3.close())
const { client } = it.member
const { id: task } = await created(it.admin, it.project)
const path = `/work_packages/${task}/attachments`
/** Runs the due jobs on files at a time. */
const pass = (now: Date) => runDue(it.db, { files: store, now })

describe('a signature', () => {
  // The examples from Amazon's description of the algorithm.
  const key = { accessKey: 'AKIAIOSFODNN7EXAMPLE', secretKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', region: 'us-east-1' }
  const now = new Date('2013-05-24T00:00:00.000Z')
  const url = new URL('https://examplebucket.s3.amazonaws.com/test.txt')
  const payload = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'

  test('in headers is the published one', () => {
    const { authorization } = signed(key, now, { method: 'GET', url, headers: { range: 'bytes=0-9' }, payload })
    assert.match(authorization!, /Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41$/)
  })
  test('in an address is the published one', () => {
    const address = presigned(key, now, url, 86_400)
    assert.match(address, /X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404$/)
  })
  test('depends on every signed element', () => {
    const request = { method: 'GET', url, headers: { host: url.host }, payload }
    const others = [
      signatureOf(key, now, request),
      signatureOf(key, now, { ...request, method: 'PUT' }),
      signatureOf(key, now, { ...request, url: new URL(`${url}?x=1`) }),
      signatureOf(key, now, { ...request, headers: { host: 'else' } }),
      signatureOf(key, now, { ...request, payload: 'UNSIGNED-PAYLOAD' }),
      signatureOf(key, new Date(1), request),
      signatureOf({ ...key, secretKey: 'x' }, now, request),
    ]
    assert.equal(new Set(others).size, others.length)
  })
})

describe('the store', () => {
  async function* pieces(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('01234')
    yield Buffer.from('56789')
  }
  const text = async (name: string, range?: { start: number; end: number }) => {
    const bytes = await store.read(name, range)
    return bytes && Buffer.concat(await Array.fromAsync(bytes)).toString()
  }

  test('writes, reads, copies and removes', async () => {
    const [name, other] = [newName(), newName()]
    await store.write(name, pieces())
    assert.deepEqual([await text(name), await text(name, { start: 2, end: 4 })], ['0123456789', '234'])
    assert.equal(await store.direct!.copy(name, other), true)
    await store.remove(name)
    assert.deepEqual([await text(name), await text(other)], [undefined, '0123456789'])
    assert.equal(await store.direct!.copy(name, other), false)
    await store.remove(name)
  })

  test('reports a rejection', async () => {
    const wrong = s3Store({ ...s3.bucket, secretKey: 'wrong' })
    await assert.rejects(wrong.read(newName()), /answers 403/)
    assert.equal(s3.refused.splice(0).length, 1)
  })
})

describe('a file in it', () => {
  test('is uploaded through the server and downloaded from the store, with an expiring URL', async () => {
    const { id } = (await upload(client, path, { metadata: { fileName: 'Übung.txt' }, content: 'A text.' })).body
    const reply = await client.get(`/attachments/${id}/content`)
    assert.equal(reply.status, 302)
    assert.equal(reply.headers.get('cache-control'), 'private, no-store')
    const location = reply.headers.get('location')!
    const file = await fetch(location)
    assert.equal(await file.text(), 'A text.')
    assert.equal(file.headers.get('content-type'), 'text/plain; charset=utf-8')
    assert.match(file.headers.get('content-disposition')!, /^inline; .*%C3%9Cbung\.txt$/)
    assert.equal((await fetch(location.replace('inline', 'attachment'))).status, 403)
    assert.equal((await it.stranger.client.get(`/attachments/${id}/content`)).status, 404)
    s3.refused.splice(0)
  })
})

/** Prepares a direct upload. */
function prepare(by: Client, metadata: object = {}, at = path) {
  const body = new FormData()
  body.append('metadata', JSON.stringify({ fileName: 'digits.bin', fileSize: 10, contentType: 'image/png', ...metadata }))
  return by.send('POST', `/api/v3${at}/prepare`, { body })
}
/** Sends a file by the prepared form. */
async function sendBy(form: { href: string; form_fields: Record<string, string> }, content = '0123456789', changes = {}) {
  const body = new FormData()
  for (const [name, value] of Object.entries({ ...form.form_fields, ...changes })) body.append(name, value)
  body.append('file', new Blob([content]))
  return (await fetch(form.href, { method: 'POST', body })).status
}

describe('a direct upload', () => {
  test('is prepared, sent and completed', async () => {
    const { status, body } = await prepare(client, { description: { raw: 'Ten digits.' } })
    assert.equal(status, 201)
    const { _links, createdAt, ...rest } = body
    const self = `/api/v3/attachments/${body.id}`
    assert.deepEqual(rest, {
      _type: 'AttachmentUpload',
      id: body.id,
      fileName: 'digits.bin',
      description: { format: 'plain', raw: 'Ten digits.', html: '<p>Ten digits.</p>' },
    })
    assert.ok(Date.parse(createdAt))
    assert.deepEqual(Object.keys(_links).sort(), [
      'addAttachment',
      'author',
      'completeUpload',
      'container',
      'delete',
      'downloadLocation',
      'self',
      'staticDownloadLocation',
    ])
    assert.deepEqual(_links.completeUpload, { href: `${self}/uploaded` })
    assert.equal(await sendBy(_links.addAttachment), 201)
    const finished = await client.get(`/attachments/${body.id}/uploaded`)
    assert.equal(finished.status, 200)
    const { status: state, contentType, digest, fileSize } = finished.body
    assert.deepEqual([state, contentType, fileSize], ['uploaded', 'text/plain', 10])
    assert.equal(digest.hash, '781e5e245d69b566979b86e28d23f2c7')
    const { headers } = await client.get(`/attachments/${body.id}/content`)
    assert.equal(await (await fetch(headers.get('location')!)).text(), '0123456789')
    assert.equal((await client.get(`/attachments/${body.id}/uploaded`)).status, 200)
  })

  test('appears in the history once it is completed, and not before', async () => {
    const { id: other } = await created(it.admin, it.project)
    const last = async () => (await client.get(`/work_packages/${other}/activities`)).body._embedded.elements.at(-1)
    const at = `/work_packages/${other}/attachments`
    const { id, _links } = (await prepare(client, {}, at)).body
    await client.delete(`/attachments/${(await prepare(client, {}, at)).body.id}`)
    assert.equal((await last()).version, 1)
    await sendBy(_links.addAttachment)
    await client.get(`/attachments/${id}/uploaded`)
    const { version, details } = await last()
    assert.deepEqual([version, details.map((detail: any) => detail.raw)], [2, ['File digits.bin added']])
  })

  test('goes to a comment as well', async () => {
    const comment = (await client.post(`/work_packages/${task}/activities`, { comment: { raw: 'See there' } })).body
    const at = `/activities/${comment.id}/attachments`
    assert.deepEqual(comment._links.prepareAttachment, { href: `/api/v3${at}/prepare`, method: 'post' })
    const { id, _links } = (await prepare(client, {}, at)).body
    await sendBy(_links.addAttachment)
    await client.get(`/attachments/${id}/uploaded`)
    assert.deepEqual(
      (await it.admin.get(at)).body._embedded.elements.map((one: any) => one.id),
      [id],
    )
    // Uploads in progress of other users do not interfere.
    assert.equal((await prepare(it.admin, {}, at)).status, 201)
    const shown = (await upload(client, '/attachments')).body.id
    const corrected = await client.patch(`/activities/${comment.id}`, { comment: `![](/api/v3/attachments/${shown}/content)` })
    assert.deepEqual(
      corrected.body._embedded.attachments._embedded.elements.map((one: any) => one.id),
      [id, shown],
    )
  })

  test('cannot be changed once it is completed, though its form is still valid', async () => {
    const { id, _links } = (await prepare(client)).body
    await sendBy(_links.addAttachment)
    await client.get(`/attachments/${id}/uploaded`)
    assert.equal(await sendBy(_links.addAttachment, 'abcdefghij'), 201)
    await client.get(`/attachments/${id}/uploaded`)
    const { headers } = await client.get(`/attachments/${id}/content`)
    assert.equal(await (await fetch(headers.get('location')!)).text(), '0123456789')
    const left = s3.files.size
    await pass(new Date(Date.now() + 2 * 3600_000))
    assert.ok(s3.files.size < left)
    assert.ok(!s3.files.has(_links.addAttachment.form_fields.key))
  })

  test('is found by its text after that', async () => {
    const { id, _links } = (await prepare(client, { fileName: 'digits.txt' })).body
    await sendBy(_links.addAttachment, 'Ten digits')
    const found = async () =>
      (await client.get(`/work_packages?${filters(['attachmentContent', '~', ['digits']])}`)).body._embedded.elements.length
    const later = new Date(Date.now() + 60_000)
    await pass(later)
    assert.equal(await found(), 0)
    await client.get(`/attachments/${id}/uploaded`)
    await pass(later)
    assert.equal(await found(), 1)
  })

  test('accepts one file with the announced size and name', async () => {
    const { _links } = (await prepare(client)).body
    assert.equal(await sendBy(_links.addAttachment, '01234567890'), 403)
    assert.equal(await sendBy(_links.addAttachment, '0123456789', { key: newName() }), 403)
    assert.equal(await sendBy(_links.addAttachment, '0123456789', { acl: 'public-read' }), 403)
    s3.refused.splice(0)
  })

  test('is hidden from others, has no content and cannot be claimed until it is completed', async () => {
    const { id, _links } = (await prepare(client, {}, '/attachments')).body
    assert.deepEqual(_links.container, { href: null })
    assert.equal((await client.get(`/attachments/${id}`)).body.status, 'prepared')
    assert.equal((await client.get(`/attachments/${id}/content`)).status, 404)
    assert.equal((await client.get(`/attachments/${id}/uploaded`)).status, 404)
    const claim = () =>
      client.post('/work_packages', {
        subject: 'x',
        _links: { project: link('projects', it.project), attachments: [link('attachments', id)] },
      })
    assert.equal((await claim()).status, 422)
    const inside = (await prepare(client)).body.id
    for (const ending of ['', '/content', '/uploaded']) {
      assert.equal((await it.admin.get(`/attachments/${inside}${ending}`)).status, 404)
    }
    await sendBy(_links.addAttachment)
    assert.equal((await client.get(`/attachments/${id}/uploaded`)).status, 200)
    assert.equal((await claim()).status, 201)
  })

  test('is rejected without a size, above the limit, and without the permission to attach', async () => {
    assert.deepEqual(errors((await prepare(client, { fileSize: null })).body), ['fileSize: File size must be a number of bytes.'])
    assert.deepEqual(errors((await prepare(client, { fileSize: 5_242_881 })).body), [
      'file: The file is too large (maximum size is 5242880 Bytes).',
    ])
    assert.deepEqual(errors((await prepare(client, { fileName: ' ' })).body), ["fileName: File name can't be blank."])
    const viewer = await it.person('view_work_packages')
    assert.equal((await prepare(viewer.client)).status, 403)
    assert.equal((await prepare(viewer.client, {}, '/attachments')).status, 403)
    assert.equal((await prepare(it.stranger.client)).status, 404)
  })

  test('is offered to users who may attach', async () => {
    const offered = async (by: Client) => (await by.get(`/work_packages/${task}`)).body._links.prepareAttachment
    assert.deepEqual(await offered(client), { href: `/api/v3${path}/prepare`, method: 'post' })
    assert.equal(await offered((await it.person('view_work_packages')).client), undefined)
    assert.deepEqual((await client.get('/configuration')).body._links.prepareAttachment, {
      href: '/api/v3/attachments/prepare',
      method: 'post',
    })
  })

  test('that is never completed is removed eventually', async () => {
    const { id, _links } = (await prepare(client)).body
    await sendBy(_links.addAttachment)
    const in4h = new Date(Date.now() + 4 * 3600_000)
    await pass(in4h)
    assert.equal(await it.db.one(sql`select id from attachments where id = ${id}`), undefined)
    await pass(new Date(in4h.getTime() + 2 * 3600_000))
    assert.ok(!s3.files.has(_links.addAttachment.form_fields.key))
  })
})

test('the store had to reject no request', () => assert.deepEqual(s3.refused, []))
