/** Traces: the spans of requests, statements, jobs, outgoing requests and mails, and what is in none of them. */
import assert from 'node:assert/strict'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { after, before, describe, test } from 'node:test'
import { observed } from '#db/observer.ts'
import { sql } from '#db/sql.ts'
import { postOf } from '#jobs/post.ts'
import { enqueue } from '#jobs/queue.ts'
import { job } from '#kernel/module.ts'
import { fetchConfigured, outgoing, outgoingOf } from '#outgoing/client.ts'
import { startTraces, type Traces } from '#server/traces/start.ts'
import { type Collector, collector, type Span } from '#test/collector.ts'
import { type Instance, instance, type Reply } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { smtpServer } from '#test/smtp.ts'

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736'
const PARENT = '00f067aa0ba902b7'

let it: Instance
let collected: Collector
let traces: Traces
/** Another server, with the headers of the requests that it has got. */
let other: { readonly port: number; readonly asked: IncomingHttpHeaders[]; close(): void }

before(async () => {
  collected = await collector()
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = collected.url
  process.env.OTEL_EXPORTER_OTLP_PROTOCOL = 'http/json'
  process.env.OTEL_EXPORTER_OTLP_HEADERS = 'x-tenant=acme'
  process.env.OTEL_SERVICE_NAME = 'work'
  process.env.OTEL_RESOURCE_ATTRIBUTES = 'deployment.environment.name=test'
  process.env.OTEL_BSP_SCHEDULE_DELAY = '1'
  traces = (await startTraces(process.env, ['localhost'], assert.fail)) as Traces
  other = await otherServer()
  it = await instance({ seed: 'demo', logLevel: 'info', file: true, outgoing: outgoing({ allow: ['127.0.0.1', 'localhost'] }) })
})
after(async () => {
  await it.close()
  await traces.end()
  other.close()
  await collected.close()
})

async function otherServer() {
  const asked: IncomingHttpHeaders[] = []
  const server = createServer(({ headers, url }, response) => {
    asked.push(headers)
    response.writeHead(url === '/missing' ? 404 : 200).end('hello')
  })
  await new Promise<void>((done) => server.listen(0, done))
  return { port: (server.address() as AddressInfo).port, asked, close: () => void server.close() }
}

let count = 0
/** Sends a request; gives its response, its span and the spans below it, in the order of their ends. */
async function traced(send: (headers: Record<string, string>) => Promise<Reply>) {
  const trace = (++count).toString(16).padStart(32, 'a')
  const reply = await send({ traceparent: `00-${trace}-${PARENT}-01` })
  const span = await collected.first(({ traceId, kind }) => traceId === trace && kind === 'server')
  const below = collected.spans.filter(({ traceId, parentSpanId }) => traceId === trace && parentSpanId === span.spanId)
  return { reply, span, below }
}

const operationsOf = (spans: readonly Span[]) => spans.map(({ attributes }) => attributes['db.operation.name'])

describe('a request', () => {
  test('is a span with the attributes of an HTTP server, in the trace of the client', async () => {
    const { span } = await traced((headers) => it.admin.get('/work_packages/1?token=hush', { ...headers, 'user-agent': 'chart' }))
    const { body: me } = await it.admin.get('/users/me')
    assert.deepEqual([span.name, span.kind, span.failed], ['GET /api/v3/work_packages/:id', 'server', false])
    assert.equal(span.parentSpanId, PARENT)
    assert.deepEqual(span.attributes, {
      'http.request.method': 'GET',
      'http.route': '/api/v3/work_packages/:id',
      'url.path': '/api/v3/work_packages/1',
      'url.scheme': 'http',
      'client.address': '127.0.0.1',
      'network.protocol.version': '1.1',
      'user_agent.original': 'chart',
      'http.response.status_code': 200,
      'enduser.id': String(me.id),
    })
    assert.ok(span.duration > 0n)
  })

  test('begins a trace where the client sends none, which its line names', async () => {
    await it.anonymous.get('/configuration')
    const span = await collected.first(({ attributes }) => attributes['url.path'] === '/api/v3/configuration')
    assert.equal(span.parentSpanId, undefined)
    assert.equal('enduser.id' in span.attributes, false)
    const line = it.logged.map((text) => JSON.parse(text)).find(({ path }) => path === '/api/v3/configuration')
    assert.equal(line.trace, span.traceId)
  })

  test('is left out where the client does not sample its trace', async () => {
    const count = collected.spans.filter(({ traceId }) => traceId === TRACE).length
    await it.admin.get('/statuses', { traceparent: `00-${TRACE}-${PARENT}-00` })
    await traced((headers) => it.admin.get('/types', headers))
    assert.equal(collected.spans.filter(({ traceId }) => traceId === TRACE).length, count)
  })

  test('to an unknown path has no route; what the client has done wrong is no error', async () => {
    const { reply, span } = await traced((headers) => it.admin.get('/nothing/7', headers))
    assert.equal(reply.status, 404)
    assert.deepEqual([span.name, span.failed, span.attributes['http.route']], ['GET', false, undefined])
    const page = await traced((headers) => it.anonymous.send('GET', '/login?back_url=%2Fhush', { headers }))
    assert.deepEqual([page.span.name, page.span.attributes['url.path']], ['GET /login', '/login'])
  })

  test('is an error from 500 on', async () => {
    const { all } = it.db
    it.db.all = () => Promise.reject(new TypeError('hush'))
    const { reply, span } = await traced((headers) => it.admin.get('/statuses', headers)).finally(() => {
      it.db.all = all
    })
    assert.equal(reply.status, 500)
    assert.deepEqual([span.failed, span.attributes['error.type']], [true, '500'])
    assert.doesNotMatch(span.text, /hush/)
  })
})

describe('a statement', () => {
  test('is a span below its request, one for each that the line counts', async () => {
    const before = it.logged.length
    const { below } = await traced((headers) => it.admin.get('/work_packages?pageSize=2', headers))
    const { statements } = JSON.parse(it.logged[before] as string)
    assert.equal(below.length, statements)
    assert.ok(below.every(({ kind, failed, duration }) => kind === 'client' && !failed && duration > 0n))
    const { name, attributes } = below.find((one) => one.name === 'SELECT cache_versions') ?? (below[0] as Span)
    const system = it.db.engine === 'postgres' ? 'postgresql' : 'sqlite'
    assert.equal(attributes['db.system.name'], system)
    assert.equal(attributes['db.query.summary'], name)
    assert.match(String(attributes['db.query.text']), /^\s*(select|with)\b/)
  })

  test('of a write stands between those of its transaction, on both engines', async () => {
    const { reply, below } = await traced((headers) =>
      it.admin.post(
        '/projects/1/work_packages',
        { subject: 'A secret subject', _links: { type: { href: '/api/v3/types/1' } } },
        headers,
      ),
    )
    assert.equal(reply.status, 201, reply.text)
    const operations = operationsOf(below)
    const [begin, insert, commit] = [operations.indexOf('BEGIN'), operations.indexOf('INSERT'), operations.lastIndexOf('COMMIT')]
    assert.ok(begin >= 0 && begin < insert && insert < commit, operations.join(' '))
    assert.ok(below.some(({ name }) => name === 'INSERT work_packages'))
  })

  test('of transactions that are committed together is in the trace of each', async () => {
    const posts = Array.from({ length: 5 }, (_, n) =>
      traced((headers) =>
        it.admin.post(
          '/projects/1/work_packages',
          { subject: `Of five ${n}`, _links: { type: { href: '/api/v3/types/1' } } },
          headers,
        ),
      ),
    )
    for (const { below } of await Promise.all(posts)) {
      const operations = operationsOf(below)
      assert.ok(operations.includes('BEGIN') && operations.includes('COMMIT'), operations.join(' '))
    }
  })

  test('that fails is told by its kind, without the message, which may hold values', async () => {
    const failing = job('probe.failing', {
      attempts: 1,
      run: async ({ db }) => {
        await db.all(sql`select no_such_column from work_packages where subject = ${'hush'}`)
      },
    })
    await it.db.transaction((tx) => enqueue(tx, failing, { payload: {} }, new Date()))
    const failures: unknown[] = []
    await runDue(it.db, { model: { jobs: [failing] }, failed: ({ error }) => failures.push(error) })
    const span = await collected.first(({ name }) => name === 'probe.failing')
    const statement = await collected.first(({ parentSpanId, failed }) => parentSpanId === span.spanId && failed)
    assert.equal(failures.length, 1)
    assert.deepEqual([span.failed, span.attributes['error.type']], [true, statement.attributes['error.type']])
    assert.doesNotMatch(span.text + statement.text, /hush|no such column|does not exist/)
  })

  test('has no span where it belongs to nothing', async () => {
    const known = collected.spans.length
    await it.db.all(sql`select 1 as orphan`)
    await traced((headers) => it.admin.get('/types', headers))
    assert.ok(collected.spans.slice(known).every(({ text }) => !text.includes('orphan')))
  })
})

test('a job is a trace of its own, with its statements, outgoing requests and mails', async (t) => {
  const smtp = await smtpServer()
  t.after(() => smtp.close())
  const probe = job('probe.job', {
    attempts: 1,
    lane: 'mail',
    run: async ({ db, post }) => {
      const client = outgoingOf(db)
      await client.ask(`http://127.0.0.1:${other.port}/hook/hush?key=hush`)
      await client.ask(`http://localhost:${other.port}/missing`, { method: 'POST', body: 'hush' })
      await fetchConfigured(new URL(`http://localhost:${other.port}/file`), { method: 'PUT', headers: { 'x-own': '1' } })
      await post({ recipient: 'hush@example.net', subject: 'hush', text: 'hush' })
    },
  })
  await it.db.transaction((tx) => enqueue(tx, probe, { payload: {} }, new Date()))
  const post = postOf({ url: smtp.url, from: 'pm@example.net' }, { info: () => {} })
  await runDue(it.db, { model: { jobs: [probe] }, post })

  const span = await collected.first(({ name }) => name === 'probe.job')
  assert.deepEqual([span.kind, span.parentSpanId, span.failed], ['internal', undefined, false])
  assert.deepEqual(span.attributes, { 'halyard.job.name': 'probe.job', 'halyard.job.count': 1 })
  const below = collected.spans.filter(({ parentSpanId }) => parentSpanId === span.spanId)
  const sent = below.filter(({ attributes }) => attributes['db.system.name'] === undefined)
  assert.deepEqual(
    sent.map(({ name, kind, failed, attributes }) => ({ name, kind, failed, attributes })),
    [
      ['GET', '127.0.0.1', 200],
      ['POST', 'localhost', 404],
      ['PUT', 'localhost', 200],
    ]
      .map(([method, host, status]) => ({
        name: method,
        kind: 'client',
        failed: status === 404,
        attributes: {
          'http.request.method': method,
          'url.scheme': 'http',
          'server.address': host,
          'server.port': other.port,
          'http.response.status_code': status,
          ...(status === 404 && { 'error.type': '404' }),
        },
      }))
      .concat({
        name: 'send mail',
        kind: 'client',
        failed: false,
        attributes: {
          'server.address': new URL(smtp.url).hostname,
          'server.port': Number(new URL(smtp.url).port),
          'network.protocol.name': 'smtp',
        } as never,
      }),
  )
  assert.deepEqual(operationsOf(below.filter(({ attributes }) => attributes['db.system.name'])).slice(-1), ['COMMIT'])

  // Only a host that the operator names learns of the trace.
  const [user, named, store] = other.asked.slice(-3)
  assert.equal(user?.traceparent, undefined)
  assert.equal(named?.traceparent, `00-${span.traceId}-${sent[1]?.spanId}-01`)
  assert.deepEqual([store?.traceparent, store?.['x-own']], [`00-${span.traceId}-${sent[2]?.spanId}-01`, '1'])
})

test('no span holds a token, a query string or a value', async () => {
  await traced((headers) =>
    it.admin.get(
      `/projects?filters=${encodeURIComponent('[{"name_and_identifier":{"operator":"~","values":["hushed"]}}]')}`,
      headers,
    ),
  )
  const all = collected.spans.map(({ text }) => text).join('\n')
  assert.ok(collected.spans.length > 50)
  for (const secret of [it.adminToken, 'opapi-', 'hush', 'A secret subject', 'Of five']) assert.ok(!all.includes(secret), secret)
})

test('the variables of OpenTelemetry name the service, its attributes and the headers of exports', () => {
  const [{ resource }] = collected.spans as [Span]
  assert.equal(resource['service.name'], 'work')
  assert.equal(resource['deployment.environment.name'], 'test')
  assert.equal(collected.exports[0]?.['x-tenant'], 'acme')
})

test('an error of a statement passes through the observer', () => {
  assert.throws(
    () =>
      observed('sqlite', 'select 1', () => {
        throw new RangeError('x')
      }),
    RangeError,
  )
})
