/** A database that is locked or full: error responses, time limits and continued reads. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { UnavailableError } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { memoryStore } from '#files/memory.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'
import { upload } from '../files/upload.ts'

/** Short, so that a wait in vain ends soon. */
const PATIENCE = 300

const assertError = ({ status, headers, body }: Reply, expected: { status: number; identifier: string; message: RegExp }) => {
  assert.equal(status, expected.status)
  assert.match(headers.get('content-type') ?? '', /^application\/hal\+json/)
  assert.match(headers.get('retry-after') ?? '', /^\d+$/)
  assert.deepEqual(
    { ...body, message: undefined },
    { _type: 'Error', errorIdentifier: `urn:openproject-org:api:v3:errors:${expected.identifier}`, message: undefined },
  )
  assert.match(body.message, expected.message)
}
const busy = { status: 503, identifier: 'ServiceUnavailable', message: /busy\. Try again/ }
const full = { status: 507, identifier: 'InsufficientStorage', message: /no space left/ }

describe('while another program holds the write lock', () => {
  let server: Instance
  let project: number
  let id: number
  let letGo: () => Promise<void>
  let newcomer: Client
  before(async () => {
    server = await instance({ file: true, patience: PATIENCE })
    project = await server.make.project()
    id = await server.make.workPackage({ project_id: project, subject: 'Before' })
    newcomer = await server.as((await server.admin.get('/users/me')).body.id)
    letGo = await server.outside.holdWriting('work_packages, sessions, attempts, tokens')
  })
  after(() => server.close())

  const rename = (subject: string) => server.admin.patch(`/work_packages/${id}`, { lockVersion: 0, subject })

  test('a write gets 503, in time, and changes nothing', async () => {
    assertError(await rename('Too early'), busy)
    assert.equal((await server.admin.get(`/work_packages/${id}`)).body.subject, 'Before')
  })

  test('a token reads on its first use, although that use cannot be recorded', async () => {
    assert.equal((await newcomer.get(`/work_packages/${id}`)).status, 200)
  })

  test('waiting writers fail in order of arrival, within the time limit of a single one', async () => {
    const told: number[] = []
    const started = performance.now()
    const writers = Array.from({ length: 30 }, async (_, n) => {
      const { status } = await rename(`Number ${n}`)
      told.push(status)
    })
    await Promise.all(writers)
    assert.deepEqual(new Set(told), new Set([503]))
    // One wait after the other would take thirty times as long.
    assert.ok(performance.now() - started < 30 * PATIENCE)
  })

  test('a page shows the error', async () => {
    const form = new URLSearchParams({ username: 'vera', password: 'whatever it is' })
    const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: server.url }
    const page = await server.anonymous.send('POST', '/login', { body: form.toString(), headers })
    assert.equal(page.status, 503)
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/)
    assert.equal(page.headers.get('retry-after'), '2')
    assert.match(page.text, /<p role="alert" class="error">The database is busy\. Try again in a few seconds\.<\/p>/)
  })

  test('after the release a write succeeds', async () => {
    await letGo()
    assert.equal((await rename('After')).status, 200)
    assert.equal((await server.admin.get(`/work_packages/${id}`)).body.subject, 'After')
  })
})

test('while a write waits for another program, the process is alive and reads; the write succeeds after the release', async (t) => {
  const server = await instance({ file: true })
  t.after(() => server.close())
  const id = await server.make.workPackage({ project_id: await server.make.project(), subject: 'Before' })
  await server.admin.get('/users/me')
  const letGo = await server.outside.holdWriting('work_packages')
  let isDone = false
  const waiting = server.admin.patch(`/work_packages/${id}`, { lockVersion: 0, subject: 'After' }).finally(() => {
    isDone = true
  })
  for (let n = 0; n < 10; n++) {
    for (const path of ['/livez', '/readyz']) assert.equal((await server.anonymous.send('GET', path)).status, 200)
    assert.equal((await server.admin.get(`/work_packages/${id}`)).body.subject, 'Before')
  }
  assert.equal(isDone, false)
  await letGo()
  assert.equal((await waiting).status, 200)
  assert.equal((await server.admin.get(`/work_packages/${id}`)).body.subject, 'After')
})

for (const file of [true, false]) {
  describe(`when there is no space left, ${file ? 'in a file' : 'in memory'}`, () => {
    let server: Instance
    let project: number
    before(async () => {
      server = await instance({ file })
      project = await server.make.project()
    })
    after(() => server.close())

    const create = (subject: string) =>
      server.admin.post(`/projects/${project}/work_packages`, {
        subject,
        description: { raw: subject.padEnd(20_000, '.') },
        _links: { type: { href: '/api/v3/types/1' } },
      })
    const subjects = async () =>
      (await server.db.all<{ subject: string }>(sql`select subject from work_packages order by subject`)).map(
        (row) => row.subject,
      )

    test('a write gets 507, reads continue, and writes continue once there is space again', async () => {
      const free = await server.outside.fillDisk('work_packages')
      assertError(await create('lost'), full)
      assert.equal((await server.admin.get('/work_packages')).status, 200)
      assert.equal((await server.anonymous.send('GET', '/readyz')).status, 200)
      await free()
      assert.equal((await create('kept')).status, 201)
      assert.deepEqual(await subjects(), ['kept'])
    })

    test('of concurrent writes exactly the acknowledged ones are stored', async () => {
      const before = await subjects()
      const outcomes: [string, number][] = []
      const some = (name: string) =>
        Array.from({ length: 8 }, async (_, n) => {
          const subject = `${name} ${n}`
          outcomes.push([subject, (await create(subject)).status])
        })
      await Promise.all(some('first'))
      const free = await server.outside.fillDisk('work_packages')
      await Promise.all(some('second'))
      await free()
      await Promise.all(some('third'))
      const acknowledged = outcomes.filter(([, status]) => status === 201).map(([subject]) => subject)
      assert.deepEqual(await subjects(), [...before, ...acknowledged].sort())
      assert.deepEqual(new Set(outcomes.map(([, status]) => status)), new Set([201, 507]))
    })

    test('a transaction that continues after an error commits nothing', async () => {
      const free = await server.outside.fillDisk('categories')
      const insert = (name: string) => sql`insert into categories (project_id, name) values (${project}, ${name})`
      await assert.rejects(
        server.db.transaction(async (tx) => {
          for (let n = 0; n < 100; n++) await tx.run(insert(String(n).padEnd(10_000, '.'))).catch(() => {})
          await tx.run(insert('small'))
        }),
      )
      await free()
      assert.deepEqual(await server.db.all(sql`select name from categories`), [])
    })
  })
}

test('a full disk for attachments is 507 as well, and the upload leaves nothing', async (t) => {
  const files = memoryStore()
  let isFull = true
  const write: typeof files.write = async (name, bytes) => {
    if (isFull) throw Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC', syscall: 'write' })
    await files.write(name, bytes)
  }
  const server = await instance({ files: { ...files, write } })
  t.after(() => server.close())
  const id = await server.make.workPackage({ project_id: await server.make.project() })
  const send = () => upload(server.admin, `/work_packages/${id}/attachments`)
  assertError(await send(), full)
  assert.deepEqual(await server.db.all(sql`select * from attachments`), [])
  isFull = false
  assert.equal((await send()).status, 201)
})

test('writes that must not wait for a lock are skipped immediately', async (t) => {
  const server = await instance({ file: true })
  t.after(() => server.close())
  const letGo = await server.outside.holdWriting('tokens')
  const note = () => server.db.transaction((tx) => tx.run(sql`update tokens set name = 'noted'`), { patience: 0 })
  await assert.rejects(note(), (error) => error instanceof UnavailableError && error.kind === 'busy')
  await letGo()
  assert.equal(await note(), 1)
})

test('tables changed by another server are read and written in their current form, despite prepared statements', async (t) => {
  const server = await instance({ file: true })
  t.after(() => server.close())
  const id = await server.make.workPackage({ project_id: await server.make.project() })
  const migrate = (column: string) =>
    server.outside.run(
      ['work_packages', 'work_package_versions', 'principals']
        .map((name) => `alter table ${name} add column ${column} text`)
        .join(';'),
    )
  const read = async () => {
    const replies = await Promise.all(Array.from({ length: 6 }, () => server.admin.get(`/work_packages/${id}`)))
    assert.deepEqual(new Set(replies.map(({ status }) => status)), new Set([200]))
  }
  const rename = async (lockVersion: number) => {
    const { status } = await server.admin.patch(`/work_packages/${id}`, { lockVersion, subject: `Number ${lockVersion}` })
    assert.equal(status, 200)
  }
  await read()
  await rename(0)
  await migrate('made_later')
  await read()
  await migrate('made_last')
  await rename(1)
})
