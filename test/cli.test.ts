/** The command `halyard`, as run by users and process supervisors. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import { type ClientRequest, request as httpRequest, type IncomingMessage } from 'node:http'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { parse } from 'yaml'
import type { Database } from '#db/database.ts'
import { migrate } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import { commands } from '#server/commands/all.ts'
import { openDatabase } from '#server/commands/database.ts'
import { options, variableOf } from '#server/config/options.ts'
import { product } from '#server/modules.ts'
import { configOf, run, succeed } from '#test/command.ts'
import { processPlace } from '#test/database.ts'
import { client, filters } from '#test/instance.ts'
import { connection } from '#test/raw.ts'
import { smtpServer } from '#test/smtp.ts'
import { upload } from './files/upload.ts'

const script = resolve(import.meta.dirname, '../bin/halyard.js')
const given = `opapi-${randomBytes(20).toString('hex')}`

function start(args: readonly string[], options: { cwd?: string; env?: Record<string, string> } = {}) {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: options.cwd,
    env: { ...process.env, ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const text = { out: '', err: '' }
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text.out += chunk
  })
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    text.err += chunk
  })
  const ended = once(child, 'close').then(([code, signal]) => ({ code, signal, ...text }))
  return { child, text, ended }
}

interface Server {
  readonly child: ChildProcess
  readonly url: string
  /** Its output without the log. */
  printed(): string
  status(token?: string): Promise<number>
  /** Ends it by SIGTERM; fails unless it ends without an error. */
  stop(): Promise<void>
}

/** Starts a server on a free port and waits until it is ready. It ends with the test. */
async function serve(t: TestContext, args: readonly string[], options: Parameters<typeof start>[1] = {}): Promise<Server> {
  const { child, text, ended } = start(['serve', '--port', '0', ...args], options)
  t.after(() => child.kill('SIGKILL'))
  const url = await new Promise<string>((found, fail) => {
    child.stdout.on('data', () => {
      const line = /^Halyard is ready: (http:\/\/127\.0\.0\.1:\d+)\n/m.exec(text.out)
      if (line) found(line[1]!)
    })
    ended.then(({ err }) => fail(new Error(`The server ended early: ${err}`)))
  })
  return {
    child,
    url,
    printed: () => text.out,
    async status(token) {
      const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
      const response = await fetch(`${url}/api/v3/work_packages`, { headers })
      await response.text()
      return response.status
    },
    async stop() {
      child.kill('SIGTERM')
      const { code, signal, err } = await ended
      // Nothing but the log is on standard error.
      assert.deepEqual([code, signal, err.replaceAll(/^\{.*\}\n/gm, '')], [0, null, ''])
    },
  }
}

/** A place for the data of one test: with the tables, unless it is for a first start. */
async function place(t: TestContext, isFirst = false): Promise<readonly string[]> {
  const { flags, remove } = await processPlace(isFirst ? undefined : 'none')
  t.after(remove)
  return flags
}

/** Opens the database of a place for some work. */
async function using<T>(where: readonly string[], work: (db: Database) => Promise<T>): Promise<T> {
  const { databaseUrl } = await configOf(where)
  const db = await openDatabase(databaseUrl)
  try {
    return await work(db)
  } finally {
    await db.close()
  }
}

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'halyard-test-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

describe('halyard serve', () => {
  test('prints the setup link until the setup is done, and its token once', async (t) => {
    const where = await place(t, true)
    const first = await serve(t, where)
    const [, url, link, token] =
      /^Halyard is ready: (\S+)\nSetup link: {7}(\S+) \(works once, expires in a day\)\nAPI token: {8}(opapi-[0-9a-f]{40}) \(shown only once\)\n$/.exec(
        first.printed(),
      ) ?? assert.fail(first.printed())
    assert.equal(await first.status(token), 200)
    assert.equal(await first.status(), 401)
    assert.match(link ?? '', new RegExp(`^${url}/setup\\?token=[0-9a-f]{64}$`))
    await first.stop()

    const second = await serve(t, where)
    const [, fresh] =
      /^Halyard is ready: \S+\nSetup link: +(\S+) \(works once, expires in a day\)\n$/.exec(second.printed()) ??
      assert.fail(second.printed())
    assert.notEqual(fresh, link)
    assert.equal(await second.status(token), 200)
    const { headers } = await fetch(fresh!, { redirect: 'manual' })
    const person = { firstName: 'Ada', lastName: 'Byron', login: 'ada', email: 'ada@example.net' }
    const password = { password: 'correct horse 7!', repeated: 'correct horse 7!' }
    const done = await fetch(`${second.url}/setup`, {
      method: 'POST',
      redirect: 'manual',
      headers: {
        origin: second.url,
        cookie: headers.getSetCookie()[0]!.split(';')[0]!,
        'content-type': 'application/x-www-form-urlencoded',
      },
      body: new URLSearchParams({ ...person, ...password }).toString(),
    })
    assert.deepEqual([done.status, done.headers.get('location')], [303, '/'])
    await second.stop()

    const third = await serve(t, where)
    assert.equal(third.printed(), `Halyard is ready: ${third.url}\n`)
    assert.equal(await third.status(token), 200)
    await third.stop()
  })

  test('with --ephemeral stores nothing, and does not print a given token', async (t) => {
    const cwd = await folder(t)
    const server = await serve(t, ['--ephemeral'], { cwd, env: { HALYARD_ADMIN_TOKEN: given } })
    assert.equal(await server.status(given), 200)
    assert.match(server.printed(), /^Halyard is ready: \S+\nSetup link: +\S+ \(works once, expires in a day\)\n$/)
    await server.stop()
    assert.deepEqual(await readdir(cwd), [])
  })

  test('indexes attachments soon after the upload', async (t) => {
    const server = await serve(t, [...(await place(t)), '--admin-token', given])
    const admin = client(server.url, given)
    const path = `/work_packages?${filters(['attachmentContent', '~', ['halcyon']])}`
    const [first] = (await admin.get('/work_packages')).body._embedded.elements
    assert.equal((await upload(admin, `/work_packages/${first.id}/attachments`, { content: 'Halcyon days' })).status, 201)
    while ((await admin.get(path)).body.total === 0);
    await server.stop()
  })

  test('leaves jobs to halyard worker with --no-worker', async (t) => {
    const at = await place(t)
    const server = await serve(t, [...at, '--no-worker', '--admin-token', given])
    const admin = client(server.url, given)
    const reply = await admin.post('/projects/demo-project/copy', { name: 'Worked' })
    assert.equal(reply.status, 302)
    const status = async () => (await admin.send('GET', reply.headers.get('location') ?? '')).body.status
    assert.equal(await status(), 'in_queue')
    const worker = start(['worker', ...at])
    t.after(() => worker.child.kill('SIGKILL'))
    while ((await status()) !== 'success');
    worker.child.kill('SIGTERM')
    const { code, out } = await worker.ended
    assert.equal(code, 0)
    assert.match(out, /^Halyard runs the jobs of /)
    await server.stop()
  })

  test('answers running requests before it ends', async (t) => {
    const server = await serve(t, ['--ephemeral', '--admin-token', given])
    const body = JSON.stringify({ name: 'Farewell' })
    const request = await halfSent(server.url, body)
    const answered = once(request, 'response') as Promise<[IncomingMessage]>
    const stopped = server.stop()
    while (await isReady(server.url));
    request.end(body)
    const [response] = await answered
    response.resume()
    assert.equal(response.statusCode, 201)
    await stopped
  })

  test('ends in spite of an unfinished request', async (t) => {
    const server = await serve(t, ['--ephemeral', '--seed', 'basic'])
    const opened = await connection(server.url)
    opened.send('POST /login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{')
    await opened.until('HTTP/1.1 403')
    const silent = await connection(server.url)
    silent.send('GET /ap')
    await server.stop()
  })

  test('ends at once on a second signal', async (t) => {
    const server = await serve(t, ['--ephemeral', '--admin-token', given])
    const request = await halfSent(server.url, 'never to come')
    request.on('error', () => {})
    server.child.kill('SIGINT')
    while (await isReady(server.url));
    const impatience = setInterval(() => server.child.kill('SIGINT'), 50)
    t.after(() => clearInterval(impatience))
    assert.deepEqual(await once(server.child, 'close'), [1, null])
  })

  test('locks its database file, and the lock ends with it', async (t) => {
    const data = ['--data', await folder(t)]
    const first = await serve(t, data)
    for (const command of ['serve', 'migrate', 'seed']) {
      const { code, err } = await run(command, ...data)
      assert.equal(code, 1)
      assert.match(err, /^Another Halyard process uses the database .*; stop it first\.\n$/)
    }
    first.child.kill('SIGKILL')
    await once(first.child, 'close')
    const next = await serve(t, data)
    await next.stop()
  })

  test('prints the secrets of its first start even if the port is in use', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1')
    t.after(() => taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { code, out, err } = await run('serve', '--port', String(port), '--log-level', 'silent', ...(await place(t)))
    assert.equal(code, 1)
    assert.match(out, /^API token: .*\n$/)
    assert.match(err, /^Halyard cannot listen on 127\.0\.0\.1, port \d+: .*EADDRINUSE.*\n$/)
  })

  test('knows its own address on any port', async (t) => {
    const server = await serve(t, ['--ephemeral', '--admin-token', given])
    const metadata = await (await fetch(`${server.url}/.well-known/oauth-authorization-server`)).json()
    assert.equal((metadata as { issuer: string }).issuer, server.url)
  })

  test('stores its public address, and binds cookies to it', async (t) => {
    const where = await place(t)
    const hostName = async ({ url }: Server): Promise<string> => {
      const reply = await fetch(`${url}/api/v3/configuration`, { headers: { authorization: `Bearer ${given}` } })
      return ((await reply.json()) as { hostName: string }).hostName
    }
    const cookie = async ({ url }: Server): Promise<string | null> => {
      const headers = { 'content-type': 'application/x-www-form-urlencoded', origin: 'https://work.example.org' }
      return (await fetch(`${url}/logout`, { method: 'POST', redirect: 'manual', headers, body: '' })).headers.get('set-cookie')
    }
    const first = await serve(t, ['--public-url', 'https://work.example.org', '--admin-token', given, ...where])
    assert.equal(await hostName(first), 'work.example.org')
    assert.match((await cookie(first)) ?? '', /^__Host-.*; Secure/)
    await first.stop()
    const second = await serve(t, where)
    assert.equal(await hostName(second), 'work.example.org')
    await second.stop()
    const { code, err } = await run('serve', '--public-url', 'work.example.org', ...where)
    assert.equal(code, 2)
    assert.match(err, /--public-url must be an address such as https:/)
  })

  test('logs JSON on standard error, from start to stop, and nothing with --log-level silent', async (t) => {
    const loud = start(['serve', '--ephemeral', '--port', '0', '--log-level', 'info', '--admin-token', given])
    t.after(() => loud.child.kill('SIGKILL'))
    while (!loud.text.out.includes('ready')) await once(loud.child.stdout, 'data')
    const [, url] = /ready: (\S+)/.exec(loud.text.out) ?? assert.fail()
    await fetch(`${url}/api/v3/statuses`, { headers: { authorization: `Bearer ${given}` } })
    const form = new URLSearchParams({ username: 'admin', password: 'hunter2 hunter2' })
    await fetch(`${url}/login`, { method: 'POST', body: form, headers: { origin: url! } })
    loud.child.kill('SIGTERM')
    const { out, err } = await loud.ended
    assert.doesNotMatch(out, /^\{/m)
    assert.doesNotMatch(err, /hunter2|opapi-/)
    const all = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    const lines = all.filter(({ msg }) => !msg.startsWith('Server listening'))
    assert.deepEqual(
      lines.map(({ msg }) => msg),
      ['started', 'answered', 'sign-in failed', 'answered', 'stopping', 'stopped'],
    )
    const [started, answered, failed] = lines
    assert.deepEqual([started.url, started.engine, started.worker], [url, 'sqlite', true])
    assert.deepEqual([answered.operation, answered.status], ['getStatuses', 200])
    assert.deepEqual(
      [failed.level, failed.reason, failed.address],
      [40, 'The username or the password is wrong, or the account is locked.', '127.0.0.1'],
    )

    const quiet = start(['serve', '--ephemeral', '--port', '0', '--log-level', 'silent'])
    t.after(() => quiet.child.kill('SIGKILL'))
    await once(quiet.child.stdout, 'data')
    quiet.child.kill('SIGTERM')
    assert.equal((await quiet.ended).err, '')
  })

  test('logs each migration of a database that is not new', async (t) => {
    const where = await place(t, true)
    await using(where, (db) => migrate(db, product.migrations, { last: '0055-announced' }))
    const server = start(['serve', '--port', '0', '--log-level', 'info', ...where])
    t.after(() => server.child.kill('SIGKILL'))
    while (!server.text.out.includes('ready')) await once(server.child.stdout, 'data')
    server.child.kill('SIGTERM')
    const lines = (await server.ended).err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual(
      lines.filter(({ msg }) => msg === 'migrating').map(({ migration, number }) => [migration.slice(0, 4), number])[0],
      ['0056', 1],
    )
  })
})

/** A request to create a project that the server has begun to read; the server waits for its body. */
async function halfSent(url: string, body: string): Promise<ClientRequest> {
  const request = httpRequest(`${url}/api/v3/projects`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${given}`,
      'content-type': 'application/json',
      'content-length': body.length,
      expect: '100-continue',
    },
  })
  request.flushHeaders()
  await once(request, 'continue')
  return request
}

/** Whether a server reports readiness. */
const isReady = (url: string): Promise<boolean> =>
  fetch(`${url}/readyz`).then(
    ({ ok }) => ok,
    () => false,
  )

/** A module that makes Node look like an older one to the script, which checks nothing else. */
async function older(t: TestContext, more = ''): Promise<string> {
  const pretending = join(await folder(t), 'older.mjs')
  await writeFile(pretending, `Object.defineProperty(process.versions, 'node', { value: '20.1.0' })\n${more}`)
  return pretending
}

/** Starts a server by an older Node; gives its process and its address once it is ready. */
async function serveByOlder(t: TestContext, more?: string): Promise<{ child: ChildProcess; url: string }> {
  const args = ['--import', await older(t, more), script, 'serve', '--port', '0', '--ephemeral', '--seed', 'basic']
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
  t.after(() => child.kill('SIGKILL'))
  let printed = ''
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    printed += chunk
    if (printed.includes('Halyard is ready')) break
  }
  return { child, url: /^Halyard is ready: (\S+)/m.exec(printed)![1]! }
}

test('an older Node becomes the supported one', async (t) => {
  const { child } = await serveByOlder(t)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
})

test('an older Node that cannot start another in its place starts it beside, and that ends with it even after SIGKILL', async (t) => {
  const { child, url } = await serveByOlder(t, 'process.execve = undefined\n')
  const kept = await connection(url)
  child.kill('SIGKILL')
  // The server that it started closes its connections and ends.
  assert.deepEqual(await kept.ended(), [])
})

test('halyard mail test sends a mail, and prints what the mail server says', async (t) => {
  const where = await place(t)
  await succeed('seed', '--seed', 'basic', ...where)
  const smtp = await smtpServer()
  t.after(() => smtp.close())
  const flags = ['--smtp-url', smtp.url, '--mail-from', 'Work <pm@example.net>', ...where]
  assert.match(
    await succeed('mail', 'test', 'ada@example.net', ...flags),
    /^127\.0\.0\.1:\d+ has taken the mail to ada@example\.net: 250 OK.*\n$/,
  )
  assert.deepEqual(
    smtp.mails.map(({ recipients, subject }) => [recipients, subject]),
    [[['ada@example.net'], 'Test mail from Halyard']],
  )
  smtp.refuse(true)
  const refused = await run('mail', 'test', 'ada@example.net', ...flags)
  assert.deepEqual(
    [refused.code, /^127\.0\.0\.1:\d+ did not take the mail: .*451 not now\n$/.test(refused.err)],
    [1, true],
    refused.err,
  )
  const nowhere = await run('mail', 'test', 'ada@example.net', ...where)
  assert.match(nowhere.err, /^There is no mail server: set HALYARD_SMTP_URL and HALYARD_MAIL_FROM/)
})

describe('halyard user and halyard token', () => {
  test('act on a running server', async (t) => {
    const where = await place(t)
    const server = await serve(t, where)
    const person = ['--login', 'ada', '--email', 'ada@example.net', '--first-name', 'Ada', '--last-name', 'Byron']
    assert.match(await succeed('user', 'create', ...person, '--admin', ...where), /^Created ada\.\nPassword: \S{16,}\n$/)
    const created = await succeed('token', 'create', 'ADA', '--name', 'Engine', ...where)
    const [, token] = /^API token: (opapi-[0-9a-f]{40}) \(shown only once\)\n$/.exec(created) ?? assert.fail(created)
    assert.equal(await server.status(token), 200)

    await succeed('user', 'lock', 'ada', ...where)
    assert.equal(await server.status(token), 401)
    assert.match(await succeed('user', 'list', ...where), /^ada +Ada Byron +ada@example\.net +locked +administrator$/m)
    await succeed('user', 'unlock', 'ada', ...where)
    assert.equal(await server.status(token), 200)
    assert.match(
      await succeed('user', 'reset-password', 'ADA', ...where),
      /^Password of ada: \S{16,}\nThe user must change it at the next sign-in\.\n$/,
    )
    assert.equal(
      await succeed('user', 'reset-two-factor', 'ADA', ...where),
      'Removed the authenticator app, passkeys and recovery codes of ada.\n',
    )
    assert.equal(await server.status(token), 200)

    const [, id] =
      /^(\d+) +Engine +…[0-9a-f]{4} +read and write +\d{4}-\S+Z +never +\d{4}-\S+Z$/m.exec(
        await succeed('token', 'list', 'ada', ...where),
      ) ?? assert.fail()
    await succeed('token', 'revoke', id!, ...where)
    assert.equal(await server.status(token), 401)
    await server.stop()
  })

  test('invite, activate, and make administrators', async (t) => {
    const where = await place(t)
    await succeed('seed', '--seed', 'basic', ...where)
    const invited = await succeed('user', 'invite', 'ada@example.net', '--first-name', 'Ada', '--last-name', 'Byron', ...where)
    const pattern =
      /^Invited ada@example\.net\. There is no mail server, so send this link:\n(http\S+\/account\/activate\?token=[0-9a-f]{64}) \(works once, expires in 7 days\)\n$/
    const [, link] = pattern.exec(invited) ?? assert.fail(invited)
    const [, again] = pattern.exec(await succeed('user', 'invite', 'ADA@example.net', ...where)) ?? assert.fail()
    assert.notEqual(again, link)
    const known = await run('user', 'invite', 'ada@example.net', ...where)
    assert.equal(
      known.err,
      'The link begins with http://localhost:8080, as no public address is known: start halyard serve with --public-url once.\n',
    )
    const server = await serve(t, where)
    const statusOf = async (address: string) => {
      const path = address.replace(/^https?:\/\/[^/]+/, '')
      const { headers } = await fetch(server.url + path, { redirect: 'manual' })
      const cookie = headers.getSetCookie()[0]!.split(';')[0]!
      return (await fetch(`${server.url}/account/activate`, { headers: { cookie } })).status
    }
    const [, latest] = pattern.exec(known.out) ?? assert.fail()
    assert.deepEqual([await statusOf(link!), await statusOf(again!), await statusOf(latest!)], [410, 410, 200])
    await server.stop()

    const smtp = ['--smtp-url', 'smtp://127.0.0.1:1', '--mail-from', 'pm@example.net']
    assert.equal(
      await succeed('user', 'invite', 'ben@example.net', ...smtp, ...where),
      'Invited ben@example.net. The server sends the mail.\n',
    )
    assert.match(
      await succeed('jobs', ...where),
      /^\d+ +mail\.send +waiting .*to: ben@example\.net, subject: Invitation to Halyard$/m,
    )
    const refusal = await run('user', 'reset-password', 'ada@example.net', ...where)
    assert.match(refusal.err, /^ada@example\.net is invited and cannot sign in yet; halyard user invite ada@example\.net renews /)
    assert.equal(
      await succeed('user', 'activate', 'ada@example.net', ...where),
      'Activated ada@example.net. The account has no password; halyard user reset-password ada@example.net sets one.\n',
    )
    await succeed('user', 'reset-password', 'ada@example.net', ...where)
    assert.equal(await succeed('user', 'set-admin', 'ada@example.net', ...where), 'ada@example.net is an administrator.\n')
    assert.match(
      await succeed('user', 'list', ...where),
      /^ada@example\.net +Ada Byron +ada@example\.net +active +administrator$/m,
    )
    await succeed('user', 'set-admin', 'admin', '--remove', ...where)
    for (const [args, sentence] of [
      [['set-admin', 'ada@example.net'], /^ada@example\.net is an administrator already\.\n$/],
      [['set-admin', 'ada@example.net', '--remove'], /^At least one active administrator must remain\.\n$/],
      [['activate', 'ada@example.net'], /^ada@example\.net is active already\.\n$/],
      [['invite', 'ada@example.net'], /^ada@example\.net belongs to ada@example\.net, who is active\.\n$/],
      [['invite', 'ada'], /^"ada" is not an e-mail address\.\n$/],
    ] as const)
      assert.match((await run('user', ...args, ...where)).err, sentence)
  })

  test('report errors, and change nothing', async (t) => {
    const where = await place(t)
    await succeed('seed', '--seed', 'basic', ...where)
    const ada = ['--login', 'Admin', '--email', 'ada@example.net', '--first-name', 'Ada', '--last-name', 'Byron']
    const before = await succeed('user', 'list', ...where)
    const mistakes: [args: string[], sentence: RegExp][] = [
      [['user', 'create', ...ada], /^The login "Admin" is already in use\.\n$/],
      [['user', 'create', ...ada, '--email', 'ada'], /^"ada" is not an e-mail address\.\n$/],
      [['user', 'create', ...ada, '--password', 'short'], /^The password is too short \(minimum is 10 characters\)\.\n$/],
      [['user', 'lock', 'ada'], /^There is no user with the login "ada"\.\n$/],
      [['user', 'reset-two-factor', 'ada'], /^There is no user with the login "ada"\.\n$/],
      [['user', 'unlock', 'admin'], /^admin is not locked\.\n$/],
      [['user', 'lock', 'admin'], /^At least one active administrator must remain\.\n$/],
      [['user', 'reset-password', 'ada'], /^There is no user with the login "ada"\.\n$/],
      [['token', 'create', 'admin', '--scope', 'mcp'], /^--scope must be api_v3 or api_v3:read, not "mcp"\.\n$/],
      [
        ['token', 'create', 'admin', '--expires', 'soon'],
        /^--expires must be a number of days or a future date such as 2030-12-31, not "soon"\.\n$/,
      ],
      [['token', 'create', 'admin', '--project', '99'], /^There is no project "99"\.\n$/],
      [['token', 'revoke', '99'], /^There is no token 99\.\n$/],
      [['token', 'revoke', 'mine'], /^"mine" is not a valid token ID/],
    ]
    for (const [args, sentence] of mistakes) {
      const { code, out, err } = await run(...args, ...where)
      assert.deepEqual({ isFailure: code > 0, out }, { isFailure: true, out: '' }, args.join(' '))
      assert.match(err, sentence)
    }
    assert.equal(await succeed('user', 'list', ...where), before)
  })
})

test('halyard token create limits a token, and halyard token list shows the limits', async (t) => {
  const where = await place(t)
  await succeed('seed', '--seed', 'demo', ...where)
  const own = ['--name', 'Reader', '--scope', 'api_v3:read', '--expires', '2999-12-31', '--project', '2, 1']
  await succeed('token', 'create', 'admin', ...own, ...where)
  assert.match(
    await succeed('token', 'list', 'admin', ...where),
    /^\d+ +Reader +…[0-9a-f]{4} +read only, projects 2, 1 +\d{4}-\S+Z +3000-01-01T00:00:00\.000Z +never$/m,
  )
})

test('halyard project lists, enables and disables modules', async (t) => {
  const where = await place(t)
  await succeed('seed', '--seed', 'demo', ...where)
  const listed = () => succeed('project', 'modules', 'demo-project', ...where)
  assert.match(await listed(), /^internal_comments +disabled$/m)
  assert.equal(
    await succeed('project', 'enable', 'demo-project', 'internal_comments', ...where),
    'Enabled internal_comments in demo-project.\n',
  )
  assert.match(await listed(), /^internal_comments +enabled$/m)
  await succeed('project', 'disable', 'demo-project', 'internal_comments', ...where)
  assert.match(await listed(), /^internal_comments +disabled$/m)
  const mistakes: [args: string[], sentence: RegExp][] = [
    [['modules', 'nowhere'], /^There is no project "nowhere"\.\n$/],
    [['enable', 'demo-project', 'nothing'], /^There is no module "nothing"; the modules are work_package_tracking, /],
    [
      ['disable', 'demo-project', 'work_package_tracking'],
      /^The module (\w+) requires work_package_tracking; disable \1 first\.\n$/,
    ],
  ]
  for (const [args, sentence] of mistakes) {
    const { code, out, err } = await run('project', ...args, ...where)
    assert.deepEqual({ isFailure: code > 0, out }, { isFailure: true, out: '' }, args.join(' '))
    assert.match(err, sentence)
  }
})

test('halyard setting changes the settings of a running server', async (t) => {
  const where = await place(t)
  const server = await serve(t, where)
  assert.equal(await succeed('setting', 'get', 'login_required', ...where), 'true\n')
  assert.equal(await server.status(), 401)
  assert.equal(await succeed('setting', 'set', 'login_required', 'false', ...where), 'Set login_required to false.\n')
  assert.equal(await server.status(), 200)
  assert.match(await succeed('setting', 'list', ...where), /^login_required +false +default: true$/m)
  const origins = 'https://a.example,http://localhost:3000'
  await succeed('setting', 'set', 'apiv3_cors_origins', origins, ...where)
  assert.equal(await succeed('setting', 'get', 'apiv3_cors_origins', ...where), `${origins}\n`)
  assert.equal(await succeed('setting', 'set', 'working_days', '1,2,3', ...where), 'Set working_days to 1,2,3.\n')
  assert.equal(await succeed('setting', 'set', 'user_default_timezone', 'null', ...where), 'Set user_default_timezone to null.\n')
  const mistakes: [args: string[], sentence: RegExp][] = [
    [
      ['set', 'user_default_timezone', 'Mars/Phobos'],
      /^user_default_timezone must be a time zone such as Europe\/Berlin, or null, not "Mars/,
    ],
    [
      ['set', 'relative_url_root', '/x"><b>'],
      /^relative_url_root must be a path such as \/work, without a slash at its end, or empty, not /,
    ],
    [['set', 'relative_url_root', '//evil'], /^relative_url_root must be a path such as \/work/],
    [['set', 'host_name', 'a/b'], /^host_name must be a host such as work\.example\.org or localhost:8080, not "a\/b"\.\n$/],
    [['set', 'app_title', 'A\r\nBcc: b@example.org'], /^app_title must be one line of text/],
    [['set', 'session_cookie_name', 'a; Path=/'], /^session_cookie_name must be a name of letters, digits, - and _, not /],
    [
      ['set', 'two_factor_required', 'all'],
      /^two_factor_required must be one of nobody, administrators, everybody, not "all"\.\n$/,
    ],
    [['set', 'start_of_week', '2'], /^start_of_week must be one of 1, 6, 7, null, not "2"/],
    [['set', 'hours_per_day', '0'], /^hours_per_day must be a number from 1 to 24, not "0"\.\n$/],
    [['set', 'working_days', '1,8'], /^working_days must be a comma-separated list, each a number from 1 to 7, not "1,8"\.\n$/],
    [['get', 'nothing'], /^There is no setting "nothing"; halyard setting list shows them\.\n$/],
    [['set', 'constructor', '1'], /^There is no setting "constructor"/],
    [['set', 'login_required', 'maybe'], /^login_required must be true or false, not "maybe"\.\n$/],
    [['set', 'hours_per_day', 'eight'], /^hours_per_day must be a whole number, not "eight"\.\n$/],
    [['set', 'apiv3_max_page_size', '0'], /^apiv3_max_page_size must be a number from 1 to 10000\.\n$/],
    [['set', 'apiv3_cors_origins', '*'], /^apiv3_cors_origins must be origins such as/],
    [['set', 'working_days', 'x'], /^working_days must be a comma-separated list, not/],
    [['set', 'start_of_week', 'x'], /^start_of_week must be a number or null/],
  ]
  for (const [args, sentence] of mistakes) {
    const { code, err } = await run('setting', ...args, ...where)
    assert.equal(code, 1, args.join(' '))
    assert.match(err, sentence)
  }
  await server.stop()
})

test('halyard provider administers providers and links, and never shows the secret', async (t) => {
  const where = await place(t)
  await succeed('seed', '--seed', 'basic', ...where)
  const secret = join(await folder(t), 'secret')
  await writeFile(secret, 'hush\n')
  const known = ['--client-id', 'halyard', '--client-secret-file', secret, '--claims', 'login=upn, email=mail']
  assert.equal(
    await succeed('provider', 'add', 'acme', 'https://id.acme.example', '--name', 'Acme Inc', ...known, ...where),
    'Added acme. Register this redirect URI at the provider: http://localhost:8080/auth/acme/callback\n',
  )
  await succeed('provider', 'add', 'near', 'http://localhost:9000/realm', '--client-id', 'h', '--registration', 'open', ...where)
  await succeed('provider', 'disable', 'near', ...where)
  await succeed('provider', 'link', 'acme', 'Admin', 'subject 1', ...where)
  await succeed('provider', 'link', 'acme', 'admin', 'subject 2', ...where)
  const listed = await succeed('provider', 'list', ...where)
  assert.match(listed, /^acme +Acme Inc +https:\/\/id\.acme\.example +halyard +enabled +limited +1$/m)
  assert.match(listed, /^near +near +http:\/\/localhost:9000\/realm +h +disabled +open +0$/m)
  assert.doesNotMatch(listed, /hush/)

  const person = ['--login', 'ada', '--email', 'ada@example.net', '--first-name', 'Ada', '--last-name', 'Byron']
  await succeed('user', 'create', ...person, ...where)
  const add = (slug: string, issuer: string, ...more: string[]) => ['add', slug, issuer, '--client-id', 'h', ...more]
  const mistakes: [args: string[], sentence: RegExp][] = [
    [['add', 'a', 'https://a.example'], /^Required option '--client-id <ID>' not specified\.\n$/],
    [add('Acme!', 'https://a.example'), /^"Acme!" is not a valid slug: /],
    [add('a', 'http://a.example'), /^"http:\/\/a\.example" is not an issuer such as /],
    [add('a', 'https://me:you@a.example'), /is not an issuer such as /],
    [add('a', 'https://a.example?x'), /is not an issuer such as /],
    [add('a', 'file:///etc/passwd'), /is not an issuer such as /],
    [add('acme', 'https://a.example'), /^A provider with the slug acme or the issuer https:\/\/a\.example already exists\.\n$/],
    [add('a', 'https://id.acme.example'), /^A provider with the slug a or the issuer .* already exists\.\n$/],
    [
      add('a', 'https://a.example', '--registration', 'free'),
      /^--registration must be one of none, limited, open, not "free"\.\n$/,
    ],
    [
      add('a', 'https://a.example', '--claims', 'admin=x'),
      /^--claims must be a list such as login=upn,email=mail of login, email, /,
    ],
    [add('a', 'https://a.example', '--client-secret-file', '/nowhere'), /^The file \/nowhere cannot be read: .*\n$/],
    [['link', 'acme', 'ada', 'subject 2'], /^Another user is already linked to "subject 2" of acme\.\n$/],
    [['link', 'none', 'ada', 'x'], /^There is no provider "none"; halyard provider list shows them\.\n$/],
    [['unlink', 'acme', 'ada'], /^ada is not linked to acme\.\n$/],
    [['remove', 'none'], /^There is no provider "none"/],
  ]
  for (const [args, sentence] of mistakes) {
    const { code, out, err } = await run('provider', ...args, ...where)
    assert.deepEqual({ isFailure: code > 0, out }, { isFailure: true, out: '' }, args.join(' '))
    assert.match(err, sentence)
  }
  assert.equal(await succeed('provider', 'list', ...where), listed)

  await succeed('provider', 'unlink', 'acme', 'admin', ...where)
  await succeed('provider', 'enable', 'near', ...where)
  await succeed('provider', 'remove', 'acme', ...where)
  assert.match(await succeed('provider', 'list', ...where), /^SLUG.*\nnear .* enabled .*\n$/)
})

describe('halyard oauth', () => {
  test('administers applications on a running server', async (t) => {
    const where = await place(t)
    const server = await serve(t, [...where, '--admin-token', given])
    const made = await succeed('oauth', 'register', 'Sea Chart', '--acts-as', 'ADMIN', ...where)
    const [, clientId, secret] =
      /^Client ID: {5}([\w-]{43})\nClient secret: ([0-9a-f]{64}) \(shown only once\)\n$/.exec(made) ?? assert.fail(made)
    const comes = async (with_: string) => {
      const authorization = `Basic ${Buffer.from(`${clientId}:${with_}`).toString('base64')}`
      const body = new URLSearchParams({ grant_type: 'client_credentials' })
      const reply = await fetch(`${server.url}/oauth/token`, { method: 'POST', headers: { authorization }, body })
      return ((await reply.json()) as { access_token?: string }).access_token
    }
    const token = (await comes(secret!)) as string
    assert.equal(await server.status(token), 200)

    const listed = await succeed('oauth', 'list', ...where)
    const [, id] = /^(\d+) +Sea Chart +[\w-]{43} +confidential +enabled *$/m.exec(listed) ?? assert.fail(listed)
    await succeed('oauth', 'disable', id!, ...where)
    assert.equal(await server.status(token), 401)
    assert.equal(await comes(secret!), undefined)
    await succeed('oauth', 'enable', id!, ...where)
    assert.equal(await server.status(token), 200)
    const rotated = await succeed('oauth', 'rotate', id!, ...where)
    const [, fresh] = /^Client secret: ([0-9a-f]{64}) \(shown only once\)\n$/.exec(rotated) ?? assert.fail(rotated)
    assert.equal(await comes(secret!), undefined)
    assert.ok(await comes(fresh!))
    await succeed('oauth', 'delete', id!, ...where)
    assert.equal(await server.status(token), 401)
    await server.stop()
  })

  test('reports errors, and changes nothing', async (t) => {
    const where = await place(t)
    await succeed('seed', '--seed', 'basic', ...where)
    const uris = 'sea-chart://callback,http://localhost/callback'
    const made = await succeed('oauth', 'register', 'Chart', '--public', '--redirect-uris', uris, ...where)
    assert.match(made, /^Client ID: {5}[\w-]{43}\n$/)
    const before = await succeed('oauth', 'list', ...where)
    assert.match(before, /^1 +Chart +\S+ +public +enabled +sea-chart:\/\/callback http:\/\/localhost\/callback$/m)
    const mistakes: [args: string[], sentence: RegExp][] = [
      [['oauth', 'register'], /^Missing required argument 'NAME'\.\n$/],
      [
        ['oauth', 'register', 'X', '--redirect-uris', 'http://x.example'],
        /^The redirect URI http:\/\/x\.example must begin with https/,
      ],
      [['oauth', 'register', 'X', '--public'], /^A public application needs a redirect URI\.\n$/],
      [['oauth', 'register', 'X', '--scopes', 'admin'], /^There is no scope admin\.\n$/],
      [['oauth', 'register', 'X', '--acts-as', 'ada'], /^There is no user with the login "ada"\.\n$/],
      [['oauth', 'rotate', '1'], /^Application 1 is public and has no secret\.\n$/],
      [['oauth', 'disable', '99'], /^There is no application 99\.\n$/],
      [['oauth', 'delete', 'mine'], /^"mine" is not a valid application ID/],
    ]
    for (const [args, sentence] of mistakes) {
      const { code, out, err } = await run(...args, ...where)
      assert.deepEqual({ isFailure: code > 0, out }, { isFailure: true, out: '' }, args.join(' '))
      assert.match(err, sentence)
    }
    assert.equal(await succeed('oauth', 'list', ...where), before)
  })
})

test('halyard migrate and halyard seed prepare a database step by step', async (t) => {
  const where = await place(t, true)
  assert.match(await succeed('migrate', ...where), /^Applied 0001-foundation/)
  assert.match(await succeed('migrate', ...where), /is up to date\.\n$/)
  assert.match(await succeed('seed', '--seed', 'basic', ...where), /^Added the basic data\.\nAPI token: /)
  assert.equal(await succeed('seed', '--seed', 'demo', ...where), 'Added the demo data.\n')
  assert.equal(await succeed('seed', '--seed', 'demo', ...where), 'The instance already has data.\n')
  const server = await serve(t, [...where, '--admin-token', given])
  assert.equal(await server.status(given), 200)
  await server.stop()
})

test('halyard openapi prints the OpenAPI document as JSON and YAML', async () => {
  const json = JSON.parse(await succeed('openapi'))
  assert.match(json.openapi, /^3\.1/)
  assert.deepEqual(parse(await succeed('openapi', '--yaml')), json)
})

const hoursAgo = (hours: number) => new Date(Date.now() - hours * 3_600_000).toISOString()

test('halyard jobs lists failed and pending jobs, retries and discards them', async (t) => {
  const where = await place(t)
  await succeed('seed', '--seed', 'basic', ...where)
  assert.equal(await succeed('jobs', ...where), 'There are no jobs.\n')
  const letter = { recipient: 'ada@example.net', subject: 'Hello', text: 'A secret', link: 'http://localhost/?token=1' }
  const [failed, kept, running] = await using(where, (db) =>
    db.transaction((tx) =>
      tx.all<{ id: number }>(sql`
        insert into jobs (name, key, payload, due_at, attempts, leased_until, last_error, created_at) values
          ('mail.send', null, ${JSON.stringify(letter)}, null, 4, null, 'Nobody is at home.', ${hoursAgo(2)}),
          ('files.remove', 'abc', '{}', ${hoursAgo(-1)}, 0, null, null, ${hoursAgo(1)}),
          ('files.read', null, '{"id":1}', ${hoursAgo(1)}, 1, ${hoursAgo(-1)}, null, ${hoursAgo(1)}) returning id`),
    ),
  ).then((rows) => rows.map(({ id }) => String(id)) as [string, string, string])
  const listed = await succeed('jobs', ...where)
  assert.match(listed, /^ID +JOB +STATE +ATTEMPTS +NEXT +ABOUT$/m)
  assert.match(listed, /^\d+ +mail\.send +given up +4 +never +to: ada@example\.net, subject: Hello \| Nobody is at home\.$/m)
  assert.match(listed, /^\d+ +files\.remove +waiting +0 +\S+Z$/m)
  assert.match(listed, /^\d+ +files\.read +running +1 +lease until \S+Z$/m)
  assert.doesNotMatch(listed, /secret|token/)

  assert.match(
    await succeed('jobs', 'retry', failed, ...where),
    /^mail\.send \(\d+\) is tried again as soon as a server runs\.\n$/,
  )
  assert.match(await succeed('jobs', ...where), /^\d+ +mail\.send +waiting +0 +\S+Z +to: .*$/m)
  assert.match(await succeed('jobs', 'discard', kept, ...where), /^Discarded files\.remove \(\d+\)\.\n$/)
  assert.doesNotMatch(await succeed('jobs', ...where), /files\.remove/)
  for (const [args, sentence] of [
    [['retry', running], /is running; wait until it has ended/],
    [['discard', kept], /There is no job \d+; halyard jobs lists them/],
    [['retry', 'all'], /"all" is not a valid job ID; halyard jobs shows the IDs/],
  ] as const) {
    const { code, err } = await run('jobs', ...args, ...where)
    assert.deepEqual([code > 0, sentence.test(err)], [true, true], err)
  }
})

describe('halyard doctor', () => {
  test('finds no fault before the first start and while a server runs', async (t) => {
    const where = await place(t)
    assert.doesNotMatch(await succeed('doctor', '--port', '0', ...where), /^failed/m)
    const server = await serve(t, where)
    const found = await succeed('doctor', '--port', new URL(server.url).port, ...where)
    assert.match(found, /^ok +Schema: up to date$/m)
    assert.match(found, /^ok +Port \d+: in use by a running Halyard server$/m)
    await server.stop()
  })

  test('names custom fields of earlier versions with unsupported regular expressions', async (t) => {
    const where = await place(t)
    await succeed('seed', '--seed', 'basic', ...where)
    await succeed('custom-field', 'create', 'WorkPackage', 'Code', 'string', '--pattern', '^[a-z]$', ...where)
    await using(where, (db) => db.transaction((tx) => tx.run(sql`update custom_fields set pattern = '(a)\\1'`)))
    const { code, out } = await run('doctor', '--port', '0', ...where)
    assert.equal(code, 1)
    assert.match(
      out,
      /^failed +Custom fields: the regular expression "\(a\)\\1" of "Code" \(1\) is not applied: .*backreferences/m,
    )
  })

  test('names jobs that are stuck', async (t) => {
    const where = await place(t)
    await succeed('seed', '--seed', 'basic', ...where)
    await using(where, (db) =>
      db.transaction((tx) =>
        tx.run(sql`insert into jobs (name, payload, due_at, attempts, last_error, created_at) values
          ('mail.send', '{}', null, 4, 'refused', ${hoursAgo(2)}), ('files.read', '{}', ${hoursAgo(1)}, 0, null, ${hoursAgo(1)})`),
      ),
    )
    const { code, out } = await run('doctor', '--port', '0', ...where)
    assert.equal(code, 1)
    assert.match(out, /^failed +Jobs: 1 mail\.send given up, 1 files\.read overdue; see halyard jobs$/m)
  })

  test('exits with 1 if a check fails', async (t) => {
    const taken = createServer((socket) => socket.destroy()).listen(0, '127.0.0.1')
    t.after(() => taken.close())
    await once(taken, 'listening')
    const { port } = taken.address() as AddressInfo
    const { code, out } = await run('doctor', '--port', String(port), '--database-url', 'postgres://127.0.0.1:1/none')
    assert.equal(code, 1)
    assert.match(out, /^failed +Database: .*ECONNREFUSED/m)
    assert.match(out, /^failed +Port \d+: .*EADDRINUSE/m)
  })
})

describe('an error is one sentence', () => {
  const mistakes: [args: string[], sentence: RegExp][] = [
    [['serve', '--data', script], /^The database .*halyard\.db cannot be opened: .*\n$/],
    [['serve', '--database-url', `sqlite:${script}`], /^The database .* cannot be opened: file is not a database\.\n$/],
    [
      ['serve', '--database-url', 'postgres://me:secret@127.0.0.1:1/none'],
      /^The database postgres:\/\/127\.0\.0\.1:1\/none cannot be opened: connect ECONNREFUSED .*\n$/,
    ],
    [
      ['user', 'list', '--data', join(tmpdir(), 'halyard-nowhere')],
      /^The database .* does not exist; halyard serve creates it\.\n$/,
    ],
  ]
  for (const [args, sentence] of mistakes) {
    test(`halyard ${args.join(' ').replaceAll(script, 'FILE')}`, () => fails(args, 1, sentence))
  }

  const misuses: [args: string[], sentence: RegExp][] = [
    [['navigate'], /^Unknown command 'navigate'\.\n$/],
    [['sevre'], /^Unknown command 'sevre' \(Did you mean serve\?\)\n$/],
    [['user', 'lsit'], /^Unknown command 'lsit' \(Did you mean list\?\)\n$/],
    [['user', 'create', '--login', 'ada'], /^Required option '--email <ADDRESS>' not specified\.\n$/],
    [['token', 'create'], /^Missing required argument 'LOGIN'\.\n$/],
    [['migrate', 'now'], /^Too many arguments for 'migrate'\. Expected 0 arguments but got 1: now\.\n$/],
    [['migrate', '--port', '1'], /^Unknown option '--port'\.\n$/],
    [['serve', '--port', 'eighty'], /^--port must be a number/],
    [['serve', '--ephemeral', '--data', 'x'], /^--ephemeral and --data contradict each other/],
    [
      ['provider', 'add', 'a', 'https://a.example', '--client-id', 'x', '--registration', 'all'],
      /^--registration must be one of none, /,
    ],
  ]
  for (const [args, sentence] of misuses) test(`halyard ${args.join(' ')} is a misuse`, () => fails(args, 2, sentence))
})

/** Runs a command that must fail with this exit code, and say why in one line. */
async function fails(args: readonly string[], code: number, sentence: RegExp): Promise<void> {
  const result = await run(...args)
  assert.deepEqual({ code: result.code, out: result.out }, { code, out: '' })
  assert.match(result.err, sentence)
  assert.equal(result.err.trimEnd().split('\n').length, 1)
}

test('halyard completion prints scripts that complete commands, flags and their choices', async (t) => {
  const at = await folder(t)
  const bin = join(at, 'halyard')
  await writeFile(bin, `#!/bin/sh\nexec "${process.execPath}" "${script}" "$@"\n`, { mode: 0o755 })
  for (const shell of ['bash', 'zsh', 'fish']) {
    const written = await succeed('completion', shell)
    assert.match(written, /halyard/)
    // Where there is the shell, it understands it.
    const file = join(at, shell)
    await writeFile(file, written)
    const { error, status } = spawnSync(shell, ['-n', file])
    if (!error) assert.equal(status, 0, shell)
  }
  await writeFile(join(at, 'halyard.bash'), await succeed('completion', 'bash'))
  /** The words that bash offers for the last word of a line. */
  const offered = (line: string) => {
    const words = line.split(' ').map((word) => `'${word}'`)
    // The package bash-completion has a longer one, which knows of quotes.
    const program = `
      _get_comp_words_by_ref() {
        words=("\${COMP_WORDS[@]}"); cword=$COMP_CWORD; cur=\${words[cword]}; prev=\${words[cword - 1]}
      }
      source "${join(at, 'halyard.bash')}"
      COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}; COMP_LINE='${line}'; COMP_POINT=${line.length}
      "$(complete -p halyard | sed 's/.*-F \\([^ ]*\\).*/\\1/')" 2>/dev/null
      printf '%s\\n' "\${COMPREPLY[@]}"`
    const found = spawnSync('bash', ['-c', program], {
      encoding: 'utf8',
      env: { ...process.env, PATH: `${at}:${process.env.PATH}` },
    })
    return found.stdout.split('\n').map((word) => word.trim().split(/\s/)[0])
  }
  assert.ok(offered('halyard us').includes('user'))
  assert.ok(offered('halyard user ').includes('reset-password'))
  assert.ok(offered('halyard serve --log').includes('--log-level'))
  assert.ok(offered('halyard serve --seed ').includes('showcase'))
})

test('each command that can print JSON does so with --json', async (t) => {
  const [own, at] = [await place(t), await folder(t)]
  const where = own.includes('--data') ? own : [...own, '--data', at]
  await succeed('seed', '--seed', 'demo', ...where)
  const file = join(at, 'x.tar.gz')
  const person = ['--email', 'ada@example.net', '--first-name', 'Ada', '--last-name', 'Byron']
  /** The arguments of each command, in an order in which all succeed. */
  const all: Record<string, readonly string[]> = {
    migrate: [],
    seed: [],
    reindex: [],
    doctor: ['--deep', '--port', '0'],
    backup: [file],
    verify: [file],
    restore: [file, '--replace'],
    move: ['--to', `sqlite:${join(at, 'other.db')}`],
    'user list': [],
    'user create': ['--login', 'ada', ...person],
    'user invite': ['bea@example.net'],
    'user reset-password': ['ada'],
    'token list': ['admin'],
    'token create': ['admin'],
    'oauth register': ['Chart'],
    'oauth list': [],
    'oauth rotate': ['1'],
    'provider list': [],
    'setting list': [],
    'setting get': ['app_title'],
    'project modules': ['demo-project'],
    'custom-field create': ['WorkPackage', 'Size', 'int'],
    'custom-field list': [],
    'custom-action create': ['Rename', '--changes', '{"subject":"Renamed"}'],
    'custom-action list': [],
    jobs: [],
    'secrets list': [],
    'config print': [],
    version: [],
  }
  // What these print is tested where a repository with commits, and a mail server, are.
  const elsewhere = ['serve', 'revisions import', 'mail test']
  const able = Object.entries(commands).filter(([name, { json }]) => json && !elsewhere.includes(name))
  assert.deepEqual(Object.keys(all).sort(), able.map(([name]) => name).sort())
  for (const [name, args] of Object.entries(all)) {
    const place = commands[name]!.options.includes('data') ? where : []
    const printed = JSON.parse(await succeed(...name.split(' '), ...args, '--json', ...place))
    assert.equal(
      Array.isArray(printed),
      name.endsWith(' list') || ['jobs', 'doctor', 'project modules', 'config print'].includes(name),
      name,
    )
  }
  for (const name of Object.keys(commands).filter((one) => one.endsWith(' list'))) assert.ok(commands[name]!.json, name)
  const [user] = JSON.parse(await succeed('user', 'list', '--json', ...where))
  assert.deepEqual([user.login, user.status, user.admin], ['ada', 'active', false])
})

describe('a configuration file', () => {
  test('gives values for the options that a command has, and flags and variables take precedence', async (t) => {
    const at = await folder(t)
    await writeFile(
      join(at, 'halyard.yaml'),
      [
        'port: 1',
        'host: 0.0.0.0',
        'trusted_proxies: [10.0.0.1, loopback]',
        'attachments: { s3: { region: eu } }',
        'no-worker: true',
      ].join('\n'),
    )
    await writeFile(join(at, 'token'), `${given}\n`)
    const more = ['--config', join(at, 'halyard.yaml'), '--admin-token-file', join(at, 'token')]
    const config = await configOf(['--port', '3', ...more], { HALYARD_PORT: '2', HALYARD_HOST: '::' })
    assert.deepEqual(
      [config.port, config.host, config.trustedProxies, config.worker, config.adminToken],
      [3, '::', ['10.0.0.1', 'loopback'], false, given],
    )
    const printed = await succeed('config', 'print', ...more)
    assert.match(printed, /^port +1 +file$/m)
    assert.match(printed, /^attachments-s3-region +eu +file$/m)
    assert.match(printed, /^admin-token +••• +flag$/m)
    assert.doesNotMatch(printed, new RegExp(given))
    assert.match(await succeed('config', 'check', ...more), /^The configuration is valid: it serves 0\.0\.0\.0, port 1\.\n$/)
  })

  for (const [content, sentence] of [
    ['prot: 80', /names the option "prot", which does not exist\. Did you mean port\?\n$/],
    ['- port', /must be a mapping, such as port: 8080\.\n$/],
    ['port: [', /^The configuration file .* cannot be read: .*\n$/],
    ['port: eighty', /^port of the configuration file must be a number from 0 to 65535, not "eighty"\.\n$/],
    ['secret-key: ahoy', /^secret-key\S* .*must contain a key of 32 bytes, as base64 or 64 hexadecimal digits; .*\n$/],
    ['port: 1\nadmin-token: x', /^admin-token of the configuration file must be opapi-/],
  ] as const) {
    test(`with ${JSON.stringify(content)} is a misuse`, async (t) => {
      const path = join(await folder(t), 'halyard.yaml')
      await writeFile(path, content)
      await fails(['config', 'check', '--config', path], 2, sentence)
    })
  }
})

test('a command ends in silence when nobody reads its output any more', async (t) => {
  const args = ['doctor', '--port', '0', ...(await place(t))]
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
  child.stdout.destroy()
  const [err] = await Promise.all([Array.fromAsync(child.stderr.setEncoding('utf8')), once(child, 'exit')])
  assert.deepEqual(err, [])
})

test('a variable that looks like one of Halyard and is none is told', async () => {
  const { err } = await start(['config', 'check'], { env: { HALYARD_PROT: '80', HALYARD_SERVICE_HOST: '10.0.0.1' } }).ended
  assert.match(err, /^HALYARD_PROT is not a variable of Halyard, and is ignored\. Did you mean HALYARD_PORT\?\n/)
  assert.doesNotMatch(err, /SERVICE/)
})

describe('--metrics-port', () => {
  const scraped = async (address: string) => (await (await fetch(address)).text()).match(/^halyard_\w+/gm)
  const printed = async (child: ChildProcess, text: { out: string }) => {
    while (!text.out.includes('Metrics: ')) await once(child.stdout!, 'data')
    return /^Metrics: +(http:\/\/127\.0\.0\.1:\d+\/metrics)\n/m.exec(text.out)?.[1] ?? assert.fail(text.out)
  }

  test('of a server opens a port of its metrics, and closes it at the end', async (t) => {
    const args = ['serve', '--ephemeral', '--port', '0', '--metrics-port', '0', '--log-level', 'silent']
    const { child, text, ended } = start(args)
    t.after(() => child.kill('SIGKILL'))
    assert.ok((await scraped(await printed(child, text)))?.includes('halyard_jobs'))
    child.kill('SIGTERM')
    assert.deepEqual([(await ended).code, text.err], [0, ''])
  })

  test('of a worker opens a port of the metrics of jobs, and of no requests', async (t) => {
    const args = ['worker', ...(await place(t)), '--metrics-port', '0', '--log-level', 'silent']
    const { child, text, ended } = start(args)
    t.after(() => child.kill('SIGKILL'))
    const names = new Set(await scraped(await printed(child, text)))
    assert.deepEqual([names.has('halyard_jobs'), [...names].some((name) => name.includes('request'))], [true, false])
    child.kill('SIGTERM')
    assert.deepEqual([(await ended).code, text.err], [0, ''])
  })
})

test('halyard serve --json prints its address and its secrets as JSON, and --ready-file holds the address while it is ready', async (t) => {
  const file = join(await folder(t), 'ready')
  const { child, text, ended } = start([
    'serve',
    '--port',
    '0',
    '--ephemeral',
    '--json',
    '--ready-file',
    file,
    '--log-level',
    'silent',
  ])
  t.after(() => child.kill('SIGKILL'))
  while (!text.out.includes('\n')) await once(child.stdout, 'data')
  const { url, setupLink, token, pid } = JSON.parse(text.out)
  assert.equal(await readFile(file, 'utf8'), `${url}\n`)
  assert.match(setupLink, new RegExp(`^${url}/setup\\?token=`))
  assert.deepEqual([/^opapi-/.test(token), pid], [true, child.pid])
  child.kill('SIGTERM')
  assert.equal((await ended).code, 0)
  assert.equal(existsSync(file), false)
})

test('custom fields and actions are created, listed and removed, and errors are reported', async (t) => {
  const data = await place(t)
  await succeed('seed', '--seed', 'demo', ...data)
  const list = ['custom-field', 'create', 'WorkPackage', 'Size', 'list', '--options', 'S,M', '--default', 'M', ...data]
  assert.equal(await succeed(...list), 'Created Size: customField1\n')
  const tree = ['custom-field', 'create', 'WorkPackage', 'Place', 'hierarchy', '--items', 'Europe/Spain (ES),Asia', ...data]
  assert.equal(await succeed(...tree), 'Created Place: customField2\n')
  assert.match(
    await succeed('custom-field', 'list', ...data),
    /^ID.*\n1 +WorkPackage +Size +list *\n2 +WorkPackage +Place +hierarchy *\n$/,
  )
  for (const [args, sentence] of [
    [['WorkPackage', 'Size', 'list', '--options', 'S'], 'WorkPackage already has a custom field "Size".'],
    [['WorkPackage', 'Bad', 'list'], 'A list needs at least one option.'],
    [['WorkPackage', 'Bad', 'colour'], /^"colour" is none of the formats /],
    [['Status', 'Bad', 'int'], /^Fields can be added to /],
    [['WorkPackage', 'Bad', 'int', '--default', 'x'], 'The default has the wrong format: expected an integer.'],
    [['WorkPackage', 'Bad', 'int', '--projects', 'nowhere'], 'Not found in projects: "nowhere".'],
    [
      ['WorkPackage', 'Bad', 'string', '--pattern', '^(?=a)'],
      /^"\^\(\?=a\)" is not a regular expression of RE2: lookaheads, .* are not supported, because matching them can take for ever\.$/,
    ],
  ] as const) {
    const { code, err } = await run('custom-field', 'create', ...args, ...data)
    assert.equal(code, 1)
    if (typeof sentence === 'string') assert.equal(err.trim(), sentence)
    else assert.match(err.trim(), sentence)
  }
  assert.equal(await succeed('custom-field', 'remove', '1', ...data), 'Removed custom field 1.\n')
  const action = ['custom-action', 'create', 'Rename', '--changes', '{"subject":"Renamed"}', ...data]
  assert.equal(await succeed(...action), 'Created Rename: custom action 1\n')
  assert.match(await succeed('custom-action', 'list', ...data), /1 +Rename +\{"subject":"Renamed"\}/)
  assert.equal(await succeed('custom-action', 'remove', '1', ...data), 'Removed custom action 1.\n')
})

test('halyard help lists every command and every variable', async () => {
  const help = await succeed('help')
  for (const command of Object.keys(commands)) {
    const names = command.split(' ')
    assert.match(help, new RegExp(`^  ${names[0]}(?: \\S+)? +[a-z]`, 'm'), 'with what it does')
    const own = await succeed(...names, '--help')
    assert.match(own, new RegExp(`^Usage: halyard ${command}\\b`))
    assert.equal(await succeed('help', ...names.slice(0, 1)), await succeed(names[0]!, '--help'))
    if (names.length > 1) assert.match(await succeed('help', names[0]!), new RegExp(`^  ${names[1]}\\b`, 'm'))
  }
  const serving = await succeed('serve', '--help')
  for (const { flag } of options) assert.ok(serving.includes(`--${flag}`) && serving.includes(variableOf(flag)), flag)
  assert.equal(await succeed(), help)
})

test('halyard version prints the version', async () => {
  assert.match(await succeed('version'), /^\d+\.\d+\.\d+\n$/)
})
