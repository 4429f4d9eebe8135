/** Uploads: requests, responses, validation and permissions. */
import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { removeFile } from '#modules/files/loose.ts'
import { jobsOf } from '#test/jobs.ts'
import { created, errors, kind, type Person, scene } from '../work-packages/scene.ts'
import { upload } from './upload.ts'

const it = await scene()
const task = await created(it.admin, it.project)
const path = `/work_packages/${task.id}/attachments`

/** The number of files, and of orphaned ones. */
const counts = async () => ({
  rows: (await it.db.all(sql`select id from attachments`)).length,
  loose: (await jobsOf(it.db, removeFile)).length,
})

/** Asserts that a rejected request leaves nothing behind. */
async function leavesNothing(work: () => Promise<unknown>): Promise<void> {
  const former = await counts()
  await work()
  assert.deepEqual(await counts(), former)
}

describe('an uploaded file', () => {
  test('is an attachment of its container, with author and container embedded', async () => {
    const content = 'A few words.\n'
    const { status, body } = await upload(it.member.client, path, {
      metadata: { fileName: 'note.txt', description: { raw: 'Read me.' } },
      content,
    })
    assert.equal(status, 201)
    const { _embedded, _links, id, createdAt, ...rest } = body
    assert.deepEqual(rest, {
      _type: 'Attachment',
      fileName: 'note.txt',
      fileSize: 13,
      description: { format: 'plain', raw: 'Read me.', html: '<p>Read me.</p>' },
      status: 'uploaded',
      contentType: 'text/plain',
      digest: { algorithm: 'md5', hash: createHash('md5').update(content).digest('hex') },
    })
    assert.ok(Date.parse(createdAt))
    assert.deepEqual(Object.keys(_embedded).sort(), ['author', 'container'])
    const self = `/api/v3/attachments/${id}`
    assert.equal(_links.author.href, `/api/v3/users/${it.member.id}`)
    assert.deepEqual(
      { ..._links, author: undefined },
      {
        self: { href: self, title: 'note.txt' },
        author: undefined,
        container: { href: `/api/v3/work_packages/${task.id}`, title: 'A work package' },
        staticDownloadLocation: { href: `${self}/content` },
        downloadLocation: { href: `${self}/content` },
        delete: { href: self, method: 'delete' },
      },
    )
    assert.deepEqual((await it.member.client.get(`/attachments/${id}`)).body, body)
  })

  test('may come before its metadata', async () => {
    const reply = await upload(it.admin, path, { order: ['file', 'metadata'], content: 'first' })
    assert.deepEqual([reply.status, reply.body.fileSize], [201, 5])
  })

  test('may be empty', async () => {
    const reply = await upload(it.admin, path, { content: '' })
    assert.deepEqual([reply.status, reply.body.fileSize, reply.body.digest.hash], [201, 0, 'd41d8cd98f00b204e9800998ecf8427e'])
  })

  test('updates its work package, but not the lock version', async () => {
    const { id, updatedAt, lockVersion } = await created(it.admin, it.project)
    await upload(it.admin, `/work_packages/${id}/attachments`)
    const now = (await it.admin.get(`/work_packages/${id}`)).body
    assert.ok(now.updatedAt > updatedAt)
    assert.equal(now.lockVersion, lockVersion)
  })

  for (const [given, kept] of [
    ['../../etc/passwd', 'passwd'],
    ['/etc/passwd', 'passwd'],
    ['C:\\Temp\\plan.docx', 'plan.docx'],
    ['a\u0000b\r\nc.txt', 'abc.txt'],
    ['gpj.\u202etxt', 'gpj.txt'],
    ['-rf', '-rf'],
    ['.profile', '.profile'],
    ['Straße 日本.txt', 'Straße 日本.txt'],
  ] as const) {
    test(`sent as ${JSON.stringify(given)} is called ${kept}`, async () => {
      const reply = await upload(it.admin, path, { metadata: { fileName: given } })
      assert.deepEqual([reply.status, reply.body.fileName], [201, kept])
    })
  }

  const png = Uint8Array.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a, 0, 1, 2])
  for (const [what, fileName, content, contentType, type] of [
    ['a picture', 'x.txt', png, undefined, 'image/png'],
    ['markup called a picture', 'x.png', '<html><script>1</script>', 'image/png', 'text/html'],
    ['a drawing called a text', 'x.txt', '<?xml version="1.0"?><svg onload="x()">', undefined, 'image/svg+xml'],
    ['a text with a known extension', 'x.csv', 'a,b', 'application/pdf', 'text/csv'],
    [
      'unknown bytes with a declared type',
      'x.blend',
      Uint8Array.from([0, 1, 2]),
      'application/x-blender',
      'application/x-blender',
    ],
    ['unknown bytes declared as a picture', 'x.png', Uint8Array.from([0, 1, 2]), 'image/png', 'application/octet-stream'],
  ] as const) {
    test(`that is ${what} is ${type}`, async () => {
      const reply = await upload(it.admin, path, { metadata: { fileName, contentType }, content: content as string })
      assert.deepEqual([reply.status, reply.body.contentType], [201, type])
    })
  }
})

describe('an upload is rejected', () => {
  test('with 415 as JSON, and with 406 without a content type', async () => {
    assert.equal((await it.admin.post(path, {})).status, 415)
    assert.equal((await it.admin.post('/attachments', {})).status, 415)
    assert.equal((await it.admin.send('POST', `/api/v3${path}`)).status, 406)
  })

  for (const [what, sent] of [
    ['without metadata', { order: ['file'] }],
    ['without a file', { order: ['metadata'] }],
    ['with two files', { order: ['metadata', 'file', 'file'] }],
    ['with metadata that is no JSON', { metadata: 'fileName: x' }],
    ['with metadata that is no object', { metadata: '[]' }],
    ['with metadata longer than 64 KiB', { metadata: { fileName: 'x', more: 'y'.repeat(70_000) } }],
  ] as const) {
    test(`with 400 ${what}`, async () => {
      await leavesNothing(async () => {
        const reply = await upload(it.admin, path, sent)
        assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidRequestBody'])
      })
    })
  }

  test('with 400 for additional parts', async () => {
    const body = new FormData()
    for (const name of ['metadata', 'file', 'more']) body.append(name, '{"fileName":"x"}')
    assert.equal((await it.admin.send('POST', `/api/v3${path}`, { body })).status, 400)
  })

  for (const [fileName, message] of [
    ['', "File name can't be blank."],
    ['dir/', "File name can't be blank."],
    ['..', "File name can't be blank."],
    [null, "File name can't be blank."],
    ['x'.repeat(256), 'File name is too long (maximum is 255 characters).'],
  ] as const) {
    test(`with 422 for the name ${JSON.stringify(fileName)?.slice(0, 20)}`, async () => {
      await leavesNothing(async () => {
        const reply = await upload(it.admin, path, { metadata: { fileName } })
        assert.equal(reply.status, 422)
        assert.deepEqual(errors(reply.body), [`fileName: ${message}`])
      })
    })
  }

  test('with 422 above the size limit', async () => {
    await it.setting('attachment_max_size', 1)
    await leavesNothing(async () => {
      for (const size of [1025, 3_000_000]) {
        const reply = await upload(it.admin, path, { content: 'x'.repeat(size) })
        assert.equal(reply.status, 422)
        assert.deepEqual(errors(reply.body), ['file: The file is too large (maximum size is 1024 Bytes).'])
      }
    })
    assert.equal((await upload(it.admin, path, { content: 'x'.repeat(1024) })).status, 201)
    await it.setting('attachment_max_size', 5120)
  })

  test('with 422 for a type outside the allowed ones, which may be types and extensions', async () => {
    await it.setting('attachment_whitelist', ['text/csv', '*.txt'])
    await leavesNothing(async () => {
      const reply = await upload(it.admin, path, { metadata: { fileName: 'x.json' } })
      assert.deepEqual(errors(reply.body), ['contentType: The content type application/json is not allowed here.'])
    })
    for (const fileName of ['x.csv', 'x.txt'])
      assert.equal((await upload(it.admin, path, { metadata: { fileName } })).status, 201)
    await it.setting('attachment_whitelist', [])
  })
})

describe('permissions to attach a file', () => {
  let own: string
  before(async () => {
    own = `/work_packages/${(await created(it.admin, it.project)).id}`
  })
  const tried = async ({ client }: Person) => {
    const { status } = await upload(client, `${own}/attachments`)
    const { _links } = (await client.get(own)).body
    return [status, _links && 'addAttachment' in _links]
  }

  test('belong to users who may edit it or may attach files, and to users with a share for that', async () => {
    for (const permission of ['edit_work_packages', 'add_work_package_attachments']) {
      assert.deepEqual(await tried(await it.person('view_work_packages', permission)), [201, true])
    }
    const id = Number(own.split('/').at(-1))
    assert.deepEqual(await tried(await it.sharer(id, 'Work package commenter')), [201, true])
  })

  test('are missing for users who only see it (403), or do not see it (404)', async () => {
    assert.deepEqual(await tried(await it.person('view_work_packages', 'add_work_packages')), [403, false])
    assert.deepEqual(await tried(await it.sharer(Number(own.split('/').at(-1)), 'Work package viewer')), [403, false])
    assert.deepEqual(await tried(it.stranger), [404, undefined])
  })

  test('are missing for everybody while the status is read-only', async () => {
    const status = await it.make.row('statuses', { name: 'Sealed', position: 99, is_readonly: true }, 'statuses')
    const id = await it.make.workPackage({ project_id: it.project, status_id: status })
    assert.equal((await upload(it.admin, `/work_packages/${id}/attachments`)).status, 403)
    assert.ok(!('addAttachment' in (await it.admin.get(`/work_packages/${id}`)).body._links))
  })

  test('for later belong to users who may add, edit or attach anywhere', async () => {
    for (const permission of ['add_work_packages', 'edit_work_packages', 'add_work_package_attachments']) {
      assert.equal((await upload((await it.person(permission)).client, '/attachments')).status, 201)
    }
    assert.equal((await upload((await it.person('view_work_packages')).client, '/attachments')).status, 403)
    assert.equal((await upload(it.anonymous, '/attachments')).status, 401)
  })
})

describe('the attachments of a work package', () => {
  test('are listed oldest first, without pages', async () => {
    const { id } = await created(it.admin, it.project)
    const list = `/work_packages/${id}/attachments`
    const made = [await upload(it.admin, list), await upload(it.admin, list)].map((reply) => reply.body.id)
    const { body } = await it.reader.client.get(list)
    assert.deepEqual(
      { ...body, _embedded: body._embedded.elements.map((one: any) => one.id) },
      { _type: 'Collection', total: 2, count: 2, _embedded: made, _links: { self: { href: `/api/v3${list}` } } },
    )
    assert.equal((await it.stranger.client.get(list)).status, 404)
  })

  test('are embedded at its own address, and linked in lists', async () => {
    const { id } = await created(it.admin, it.project)
    const list = `/work_packages/${id}/attachments`
    const { id: file } = (await upload(it.admin, list)).body
    const { _embedded, _links } = (await it.reader.client.get(`/work_packages/${id}`)).body
    assert.deepEqual(_links.attachments, { href: `/api/v3${list}` })
    assert.deepEqual(_embedded.attachments, (await it.reader.client.get(list)).body)
    assert.deepEqual(
      _embedded.attachments._embedded.elements.map((one: any) => one.id),
      [file],
    )
    const [element] = (await it.reader.client.get(`/work_packages?filters=[{"id":{"operator":"=","values":["${id}"]}}]`)).body
      ._embedded.elements
    assert.deepEqual(element._links.attachments, { href: `/api/v3${list}` })
    assert.equal(element._embedded, undefined)
  })
})
