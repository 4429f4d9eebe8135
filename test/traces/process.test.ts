/** Traces of a whole process: what is loaded, and what it does without packages and without a collector. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { resolve } from 'node:path'
import { type TestContext, test } from 'node:test'
import { collector } from '#test/collector.ts'

const script = resolve(import.meta.dirname, '../../bin/halyard.js')
/** Says at the end how many modules of OpenTelemetry are loaded; with `missing`, none is found. */
const watching = (missing: boolean) =>
  `data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from 'node:module'
  let count = 0
  registerHooks({ resolve(name, context, next) {
    if (name.startsWith('@opentelemetry/')) {
      count++
      if (${missing}) throw Object.assign(new Error('Cannot find package ' + name), { code: 'ERR_MODULE_NOT_FOUND' })
    }
    return next(name, context)
  } })
  process.on('exit', () => console.error('OpenTelemetry: ' + count))`)}`

/** Starts a server, sends a request, and ends it. Gives what it printed, and how long the end took. */
async function lived(t: TestContext, env: Record<string, string>, missing = false) {
  const child = spawn(
    process.execPath,
    ['--import', watching(missing), script, 'serve', '--ephemeral', '--seed', 'basic', '--port', '0'],
    {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  )
  t.after(() => child.kill('SIGKILL'))
  const text = { out: '', err: '' }
  const ready = new Promise<string>((found, fail) => {
    child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
      text.out += chunk
      const [, url] = /ready: (http:\/\/\S+)\n/.exec(text.out) ?? []
      if (url) found(url)
    })
    child.once('close', () => fail(new Error(text.err)))
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk
  })
  const { status } = await fetch(`${await ready}/api/v3/configuration`)
  assert.equal(status, 401)
  const began = performance.now()
  child.kill('SIGTERM')
  const [code] = await once(child, 'close')
  assert.equal(code, 0, text.err)
  return {
    printed: text.out + text.err,
    loaded: Number(/OpenTelemetry: (\d+)/.exec(text.err)?.[1]),
    ms: performance.now() - began,
  }
}

for (const [name, env] of [
  ['no variable', {}],
  ['OTEL_SDK_DISABLED', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_SDK_DISABLED: 'true' }],
  ['OTEL_TRACES_EXPORTER=none', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_TRACES_EXPORTER: 'none' }],
  ['a protocol that there is not', { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9', OTEL_EXPORTER_OTLP_PROTOCOL: 'grpc' }],
] as const)
  test(`nothing of OpenTelemetry is loaded with ${name}`, async (t) => {
    const { loaded, printed } = await lived(t, env)
    assert.equal(loaded, 0)
    assert.equal(
      /PROTOCOL must be http\/protobuf or http\/json, not \\"grpc\\"/.test(printed),
      'OTEL_EXPORTER_OTLP_PROTOCOL' in env,
    )
  })

test('a server without the packages says how to install them, and serves', async (t) => {
  const { printed } = await lived(t, { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:9' }, true)
  assert.match(
    printed,
    /"level":40,.*"msg":"OTEL_EXPORTER_OTLP_ENDPOINT asks for traces, but their packages are not installed: npm install @opentelemetry\/api@/,
  )
})

test('the end of a server exports what is left', async (t) => {
  const collected = await collector()
  t.after(() => collected.close())
  const endpoint = { OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collected.url}/v1/traces`, OTEL_EXPORTER_OTLP_PROTOCOL: 'http/json' }
  const { loaded } = await lived(t, { ...endpoint, OTEL_BSP_SCHEDULE_DELAY: '60000' })
  assert.ok(loaded > 0)
  const { resource } = await collected.first(({ name }) => name === 'GET /api/v3/configuration')
  assert.equal(resource['service.name'], 'halyard')
})

test('a collector that is away or silent holds up the end of a server for a second at most', async (t) => {
  const silent = createServer(() => {})
  await new Promise<void>((done) => silent.listen(0, '127.0.0.1', done))
  t.after(() => silent.close())
  for (const port of [9, (silent.address() as AddressInfo).port]) {
    const { ms } = await lived(t, { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` })
    // The exporter itself goes on for ten seconds.
    assert.ok(ms < 5000, `${ms} ms`)
  }
})
