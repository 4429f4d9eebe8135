/** The processes of a server with workers: their start, their ends, and what they tell together. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { processPlace } from '#test/database.ts'
import { filters } from '#test/instance.ts'
import { connection } from '#test/raw.ts'
import { type Served, served, type WorkerClient } from '#test/workers.ts'

const script = resolve(import.meta.dirname, '../../bin/halyard.js')
const token = `opapi-${randomBytes(20).toString('hex')}`
const secret = '0123456789abcdef'

/** A server with two workers, which ends with the test. */
async function start(t: TestContext, ...args: readonly string[]): Promise<Served> {
  const { flags, remove } = await processPlace('basic')
  t.after(remove)
  const it = await served([...flags, '--seed', 'basic', '--workers', '2', '--admin-token', token, ...args])
  t.after(async () => {
    it.child.kill('SIGKILL')
    await it.ended
  })
  return it
}

/** The ids of the worker processes that have started. */
const workersOf = ({ log }: Served): number[] =>
  log.filter(({ msg }) => msg === 'worker process started').map(({ worker }) => worker)

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}

describe('a start', () => {
  test('says once how to get in, and leaves jobs to the primary process', async (t) => {
    const { flags, remove } = await processPlace()
    t.after(remove)
    const folder = await mkdtemp(join(tmpdir(), 'halyard-test-'))
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'ready')
    const it = await served([...flags, '--seed', 'basic', '--workers', '2', '--ready-file', file])
    t.after(() => it.child.kill('SIGKILL'))
    const { out, err } = it.printed()
    const [, url, link, given] =
      /^Halyard is ready: (\S+)\nSetup link: {7}(\S+) \(works once, expires in a day\)\nAPI token: {8}(\S+) \(shown only once\)\n$/.exec(
        out,
      ) ?? assert.fail(out)
    assert.deepEqual([url, err, await readFile(file, 'utf8')], [it.url, '', `${it.url}\n`])
    assert.ok(link?.startsWith(`${url}/setup?token=`))
    const clients = await it.connectAll(2, given)
    for (const by of clients) assert.equal((await by.get('/users/me')).status, 200)
    assert.equal(workersOf(it).length, 2)
    // The mail about a deleted project is sent by a job.
    const { id } = (await clients[0]!.post('/projects', { name: 'Deleted' })).body
    assert.equal((await clients[1]!.delete(`/projects/${id}`)).status, 204)
    const { pid } = await it.until(({ msg }) => /mail/.test(msg))
    assert.equal(pid, it.child.pid)
    it.child.kill('SIGTERM')
    assert.deepEqual(await it.ended, { code: 0, signal: null })
  })

  test('gives connections to the workers by turns', async (t) => {
    const it = await start(t)
    const ids: string[] = []
    for (let n = 0; n < 8; n++) {
      const one = await it.connect()
      ids.push(one.id)
      one.close()
    }
    const counts = [...Map.groupBy(ids, (id) => id).values()].map(({ length }) => length)
    assert.deepEqual(counts, [4, 4])
  })

  test('fails with one sentence where the port is taken, and leaves no process behind', async (t) => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    t.after(() => other.close())
    const { flags, remove } = await processPlace('basic')
    t.after(remove)
    const { port } = other.address() as { port: number }
    const args = ['serve', ...flags, '--seed', 'basic', '--workers', '2', '--port', String(port), '--log-level', 'silent']
    const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
    let text = ''
    child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
      text += chunk
    })
    // Not before all that have its output have ended.
    const [code] = await once(child, 'close')
    assert.equal(code, 1)
    assert.match(text, /^Halyard cannot listen on 127\.0\.0\.1, port \d+: .*EADDRINUSE.*\.\n$/)
  })

  test('keeps the configuration for later workers, whatever becomes of the file', async (t) => {
    const folder = await mkdtemp(join(tmpdir(), 'halyard-test-'))
    t.after(() => rm(folder, { recursive: true }))
    const file = join(folder, 'halyard.yaml')
    await writeFile(file, 'workers: 2\nattachments-dir: ./here\n')
    const { flags, remove } = await processPlace('basic')
    t.after(remove)
    const it = await served([...flags, '--seed', 'basic', '--config', file])
    t.after(() => it.child.kill('SIGKILL'))
    await writeFile(file, 'workers: 2\nhost: 203.0.113.1\n')
    const [first] = workersOf(it)
    process.kill(first!, 'SIGKILL')
    await it.until(({ msg }) => msg === 'worker process started' && workersOf(it).length === 3)
    assert.equal((await it.connectAll(2)).length, 2)
  })
})

describe('a worker that ends', () => {
  test('is replaced, and the others go on meanwhile', async (t) => {
    const it = await start(t)
    const [first, second] = workersOf(it) as [number, number]
    const [one, other] = (await it.connectAll(2, token)) as [WorkerClient, WorkerClient]
    await one.get('/configuration')
    const { pid } = await it.until(({ reqId }) => String(reqId).startsWith(one.id))
    process.kill(pid, 'SIGKILL')
    const { worker, signal, level } = await it.until(({ msg }) => msg === 'a worker process ended; another one replaces it')
    assert.deepEqual([worker, signal, level], [pid, 'SIGKILL', 50])
    assert.equal((await other.get('/configuration')).status, 200)
    await it.until(({ msg, worker: id }) => msg === 'worker process started' && id !== first && id !== second)
    const clients = await it.connectAll(2, token)
    assert.ok(clients.every(({ id }) => id !== one.id) && clients.some(({ id }) => id === other.id))
    for (const by of clients) assert.equal((await by.get('/configuration')).status, 200)
  })

  test('gives back what it had taken: others write after it', async (t) => {
    const it = await start(t)
    const writing = async () => {
      for (const by of await it.connectAll(2, token)) await by.post('/projects', { name: `P ${randomBytes(4).toString('hex')}` })
    }
    const running = Array.from({ length: 10 }, () => writing().catch(() => {}))
    for (const pid of workersOf(it)) process.kill(pid, 'SIGKILL')
    // Each of them gets an answer or an error, also those that were just handed over.
    await Promise.all(running)
    await it.until(({ msg }) => msg === 'worker process started' && workersOf(it).length === 4)
    for (const by of await it.connectAll(2, token))
      assert.equal((await by.post('/projects', { name: `After ${by.id}` })).status, 201)
  })

  test('all at once: the address stays the same', async (t) => {
    const it = await start(t)
    for (const pid of workersOf(it)) process.kill(pid, 'SIGKILL')
    await it.until(({ msg }) => msg === 'worker process started' && workersOf(it).length === 4)
    for (const by of await it.connectAll(2, token)) assert.equal((await by.get('/users/me')).status, 200)
  })
})

describe('the end of the server', () => {
  /** A request that waits for its body, at some worker. */
  async function begun(it: Served) {
    const opened = await connection(it.url)
    const head = `Host: localhost\r\nAuthorization: Bearer ${token}\r\nContent-Type: text/plain\r\nContent-Length: 2\r\nExpect: 100-continue`
    opened.send(`POST /api/v3/render/plain HTTP/1.1\r\n${head}\r\n\r\n`)
    await opened.until('100 Continue')
    return opened
  }

  for (const signal of ['SIGTERM', 'SIGINT'] as const)
    test(`by ${signal} lets all workers answer what runs`, async (t) => {
      const it = await start(t)
      const requests = [await begun(it), await begun(it)]
      it.child.kill(signal)
      while (it.log.filter(({ msg }) => msg === 'stopping').length < 3) await once(it.child, 'logged')
      for (const one of requests) one.send('ab')
      for (const one of requests) await one.until('<p>ab</p>')
      assert.deepEqual(await it.ended, { code: 0, signal: null })
      assert.equal(it.log.filter(({ msg }) => msg === 'stopped').length, 3)
      assert.equal(it.printed().err, '')
      assert.ok(!it.log.some(({ level }) => level >= 50))
    })

  test('by a second signal waits for nothing', async (t) => {
    const it = await start(t)
    const request = await begun(it)
    it.child.kill('SIGTERM')
    await it.until(({ msg }) => msg === 'stopping')
    // Signals within half a second count as one.
    const again = setInterval(() => it.child.kill('SIGTERM'), 100)
    t.after(() => clearInterval(again))
    // Not before the workers have ended as well.
    assert.deepEqual(await it.ended, { code: 1, signal: null })
    request.socket.destroy()
  })

  test('by SIGKILL leaves no worker behind', async (t) => {
    const it = await start(t)
    const workers = workersOf(it)
    const request = await begun(it)
    assert.ok(workers.length === 2 && workers.every(isAlive))
    it.child.kill('SIGKILL')
    // Not before all that have its output have ended.
    await it.ended
    await request.ended()
  })
})

describe('what the processes tell together', () => {
  const valueIn = (text: string, series: string) =>
    Number(
      text
        .split('\n')
        .find((line) => line.startsWith(`${series} `))
        ?.slice(series.length + 1) ?? Number.NaN,
    )
  const statuses = 'halyard_requests_total{operation="getConfiguration",method="GET",status="200"}'
  const headers = { authorization: `Bearer ${secret}` }

  test('metrics are those of all workers, at each of them and on a port of their own', async (t) => {
    const it = await start(t, '--metrics-port', '0', '--metrics-token', secret)
    const [, own = ''] = /^Metrics: +(\S+)$/m.exec(it.printed().out) ?? []
    const [one, other] = (await it.connectAll(2, token)) as [WorkerClient, WorkerClient]
    for (let n = 0; n < 3; n++) await one.get('/configuration')
    for (let n = 0; n < 4; n++) await other.get('/configuration')
    const text = await (await fetch(own)).text()
    assert.equal(valueIn(text, statuses), 7)
    assert.equal(valueIn(text, 'halyard_request_duration_seconds_count{operation="getConfiguration",method="GET"}'), 7)
    assert.equal(text.match(/^halyard_info\{.*\} 1$/gm)?.length, 1)
    assert.equal(text.match(/^halyard_jobs\{/gm)?.length, 5)
    assert.ok(valueIn(text, 'halyard_database_up') === 1 && valueIn(text, 'process_start_time_seconds') > 0)
    for (const by of [one, other]) {
      const reply = await by.send('GET', '/metrics', { headers })
      assert.deepEqual([reply.status, valueIn(reply.text, statuses)], [200, 7])
    }
    // What an ended worker has counted stays counted.
    process.kill((await it.until(({ reqId }) => String(reqId).startsWith(one.id))).pid, 'SIGKILL')
    await it.until(({ msg }) => msg === 'worker process started' && workersOf(it).length === 3)
    const later = await (await fetch(own)).text()
    assert.equal(valueIn(later, statuses), 7)
    await other.get('/configuration')
    assert.equal(valueIn(await (await fetch(own)).text(), statuses), 8)
  })

  test('health is the same at each of them', async (t) => {
    const it = await start(t)
    for (const by of await it.connectAll(2)) {
      for (const path of ['/livez', '/readyz', '/health_checks/default', '/health_checks/worker'])
        assert.equal((await by.send('GET', path)).status, 200, path)
      const all = await by.send('GET', '/health_checks/all.json')
      assert.deepEqual([all.status, Object.keys(all.body)], [200, ['default', 'database', 'worker', 'worker_backed_up']])
    }
  })

  test('searches at one find what another one has written', async (t) => {
    const it = await start(t)
    const [one, other] = (await it.connectAll(2, token)) as [WorkerClient, WorkerClient]
    const { id } = (await one.post('/projects', { name: 'Searched' })).body
    const body = { subject: 'Halcyon days', _links: { type: { href: '/api/v3/types/1' } } }
    await one.post(`/projects/${id}/work_packages`, body)
    const { total } = (await other.get(`/work_packages?${filters(['search', '**', ['halcyon']])}`)).body
    assert.equal(total, 1)
  })
})
