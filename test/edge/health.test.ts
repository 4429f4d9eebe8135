/** Health checks: their names, formats and statuses. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { createServer } from 'node:net'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { build } from '#server/app.ts'
import { type Instance, instance } from '#test/instance.ts'
import { smtpServer } from '#test/smtp.ts'

let it: Instance
before(async () => {
  it = await instance()
})
after(() => it.close())
beforeEach(() => it.db.transaction((tx) => tx.run(sql`delete from jobs`)))

const get = (path: string, headers: Record<string, string> = {}) => it.anonymous.send('GET', path, { headers })
/** Jobs that have been due for so many minutes. */
const due = (minutes: number, count = 1) =>
  it.db.transaction(async (tx) => {
    const at = new Date(Date.now() - minutes * 60_000).toISOString()
    for (let i = 0; i < count; i++)
      await tx.run(sql`insert into jobs (name, payload, due_at, created_at) values ('mail', '{}', ${at}, ${at})`)
  })

describe('a health check', () => {
  test('answers a line of text without a login', async () => {
    const { status, text, headers } = await get('/health_checks/default')
    assert.deepEqual([status, headers.get('content-type')], [200, 'text/plain; charset=utf-8'])
    assert.match(text, /^default: PASSED Application is running \(0(\.\d+)?s\)$/)
    assert.match((await get('/health_checks')).text, /^default: PASSED/)
    assert.match((await get('/health_checks/database')).text, /^database: PASSED/)
  })

  test('answers JSON if asked for', async () => {
    for (const reply of [
      await get('/health_checks/worker.json'),
      await get('/health_checks/worker', { accept: 'application/json' }),
    ]) {
      const { time, ...worker } = reply.body.worker
      assert.equal(typeof time, 'number')
      assert.deepEqual(worker, { name: 'worker', message: 'No job has been due for more than 5 minutes', success: true })
    }
  })

  test('fails where a job has not been run for minutes', async () => {
    await due(4)
    assert.equal((await get('/health_checks/worker')).status, 200)
    await due(8)
    const { status, text } = await get('/health_checks/worker')
    assert.equal(status, 500)
    assert.match(text, /^worker: FAILED A job has been due for 8 minutes; no worker seems to run/)
  })

  test('tells of many jobs, which is no fault of all', async () => {
    await due(1, 51)
    assert.equal((await get('/health_checks/worker_backed_up')).status, 200)
    const { status, text } = await get('/health_checks/all')
    assert.equal(status, 200)
    assert.deepEqual(
      text.split('\n').map((line) => line.replace(/ \([\d.]+s\)/, '')),
      [
        'all',
        '  default: PASSED Application is running',
        '  database: PASSED The database answers',
        '  worker: PASSED No job has been due for more than 5 minutes',
        '  worker_backed_up: FAILED 51 jobs are due, more than 50 (OPTIONAL)',
      ],
    )
  })

  test('fails with all of them, and not with those of the web', async () => {
    await due(8)
    assert.deepEqual([(await get('/health_checks/full')).status, (await get('/health_checks/web')).status], [500, 200])
    assert.equal((await get('/health_checks/all.json')).body.worker.success, false)
  })

  test('is missing under other names, and for mails where there is no server for them', async () => {
    for (const name of ['puma', 'mail', 'constructor', 'all.xml'])
      assert.equal((await get(`/health_checks/${name}`)).status, 404, name)
  })

  test('asks the SMTP server', async (t) => {
    const smtp = await smtpServer()
    t.after(() => smtp.close())
    const well = await build(it.db, { smtp: { url: smtp.url, from: 'pm@example.org' } })
    const passed = await well.inject('/health_checks/mail')
    assert.deepEqual([passed.statusCode, passed.body.slice(0, 41)], [200, 'mail: PASSED The SMTP server takes mails '])
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as { port: number }
    await new Promise((done) => server.close(done))
    const ill = await build(it.db, { smtp: { url: `smtp://127.0.0.1:${port}`, from: 'pm@example.org' } })
    const failed = await ill.inject('/health_checks/mail')
    assert.deepEqual([failed.statusCode, failed.body.slice(0, 50)], [500, 'mail: FAILED The SMTP server does not take mails ('])
  })
})
