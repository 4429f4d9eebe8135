/** Metrics: what they count, who gets them, and that everything that names them names those that there are. */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { join, resolve } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { type Database, UnavailableError } from '#db/database.ts'
import { sql } from '#db/sql.ts'
import { beginSession } from '#identity/sessions.ts'
import { createMetrics } from '#server/metrics/metrics.ts'
import { serveMetrics } from '#server/metrics/serving.ts'
import { type Client, client, type Instance, instance } from '#test/instance.ts'
import { upload } from '../files/upload.ts'

const root = resolve(import.meta.dirname, '../..')
const token = '0123456789abcdef'
const bearer = { authorization: `Bearer ${token}` }
const silent = { error: (about: object) => assert.fail(JSON.stringify(about)) }

/** The samples of the text format: a value by the name and the labels of its series. */
function parsed(text: string): ReadonlyMap<string, number> {
  const samples = new Map<string, number>()
  const types = new Map<string, string>()
  for (const line of text.split('\n').filter(Boolean)) {
    const [, kind, name = '', rest = ''] = /^# (HELP|TYPE) ([a-z][a-z0-9_]*) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') continue
    if (kind === 'TYPE') {
      assert.match(rest, /^(counter|gauge|histogram|summary)$/)
      assert.ok(!types.has(name), line)
      types.set(name, rest)
      continue
    }
    const [, series = '', base = '', value = ''] =
      /^(([a-z][a-z0-9_]*)(?:\{(?:[a-z_]+="(?:[^"\\\n]|\\.)*",?)+\})?) (-?[\d.e+-]+|NaN|\+Inf)$/.exec(line) ?? assert.fail(line)
    assert.ok(types.has(base) || types.has(base.replace(/_(bucket|sum|count)$/, '')), line)
    assert.ok(!samples.has(series), line)
    samples.set(series, Number(value))
  }
  return samples
}

/** The names of all metrics, also of those without a value. */
const namesIn = (text: string): string[] => [...text.matchAll(/^# TYPE (\w+) /gm)].map(([, name]) => name as string)

let it: Instance
let admin: Client
let url: string
before(async () => {
  it = await instance({ metrics: { listen: undefined, token } })
  ;({ admin, url } = it)
  await it.make.project()
})
after(() => it.close())

async function scrape(): Promise<string> {
  const { status, text, headers } = await it.anonymous.send('GET', '/metrics', { headers: bearer })
  assert.deepEqual([status, headers.get('content-type')], [200, 'text/plain; version=0.0.4; charset=utf-8'])
  assert.equal(headers.get('cache-control'), 'no-store')
  return text
}
const metrics = async () => parsed(await scrape())
const value = async (series: string) => (await metrics()).get(series) ?? 0

describe('the metrics of requests', () => {
  const requests = (operation: string, method: string, status: number) =>
    `halyard_requests_total{operation="${operation}",method="${method}",status="${status}"}`

  test('count them by operation, method and status, with their time and their statements', async () => {
    for (let n = 0; n < 3; n++) await admin.get('/statuses')
    await admin.get('/statuses/999999')
    await admin.post('/projects', {})
    await it.anonymous.send('GET', '/login')
    await it.anonymous.send('GET', '/health_checks/default')
    const found = await metrics()
    assert.equal(found.get(requests('getStatuses', 'GET', 200)), 3)
    assert.equal(found.get(requests('getStatuses_Id', 'GET', 404)), 1)
    assert.equal(found.get(requests('postProjects', 'POST', 422)), 1)
    assert.equal(found.get(requests('/login', 'GET', 200)), 1)
    assert.equal(found.get(requests('/health_checks/:name', 'GET', 200)), 1)
    const labels = '{operation="getStatuses",method="GET"}'
    assert.equal(found.get(`halyard_request_duration_seconds_count${labels}`), 3)
    const seconds = found.get(`halyard_request_duration_seconds_sum${labels}`) as number
    assert.ok(seconds > 0 && seconds < 10, `${seconds}`)
    assert.equal(found.get(`halyard_request_statements_count${labels}`), 3)
    assert.ok((found.get(`halyard_request_statements_sum${labels}`) as number) >= 3)
    assert.ok((found.get('halyard_database_statements_total') as number) > 10)
  })

  test('are as many for a thousand paths that there are not as for one', async () => {
    const paths = (n: number) => [`/nowhere/${n}`, `/api/v3/nowhere/${n}`, `/api/v3/statuses/${n}/nowhere`]
    const ask = (n: number) => Promise.all(paths(n).map((path) => admin.send('GET', path)))
    await ask(0)
    await admin.send('PURGE', '/nowhere')
    await admin.send('PROPFIND', '/nowhere')
    const known = await metrics()
    for (let n = 1; n < 335; n++) await ask(n)
    const found = await metrics()
    const ofRequests = (samples: ReadonlyMap<string, number>) => [...samples.keys()].filter((one) => one.includes('operation='))
    // The first scrape has been counted meanwhile.
    assert.deepEqual(
      ofRequests(found).filter((one) => !known.has(one) && !one.includes('"/metrics"')),
      [],
    )
    assert.equal(found.get(requests('unknown', 'GET', 404)), 1005)
    assert.doesNotMatch([...found.keys()].join('\n'), /nowhere|PURGE|PROPFIND/)
  })
})

describe('the metrics of the database', () => {
  test('count jobs by state, and tell since when the oldest is due', async () => {
    await it.db.transaction((tx) => tx.run(sql`delete from jobs`))
    assert.equal(await value('halyard_jobs_overdue_seconds'), 0)
    const at = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString()
    await it.db.transaction(async (tx) => {
      const add = (
        due: string | null,
        { key, attempts = 0, lease, error }: { key?: string; attempts?: number; lease?: string; error?: string } = {},
      ) =>
        tx.run(sql`insert into jobs (name, key, payload, due_at, attempts, leased_until, last_error, created_at)
          values ('mail', ${key ?? null}, '{}', ${due}, ${attempts}, ${lease ?? null}, ${error ?? null}, ${at(-60)})`)
      await add(at(5))
      await add(at(-10))
      await add(at(5), { key: 'own' })
      await add(at(-20), { attempts: 1, lease: at(1) })
      for (let n = 0; n < 3; n++) await add(at(5), { attempts: 2, error: 'no' })
      for (let n = 0; n < 4; n++) await add(null, { attempts: 5, error: 'no' })
    })
    const found = await metrics()
    const states = Object.fromEntries([...found].filter(([name]) => name.startsWith('halyard_jobs{')))
    assert.deepEqual(states, {
      'halyard_jobs{state="given_up"}': 4,
      'halyard_jobs{state="failing"}': 3,
      'halyard_jobs{state="running"}': 1,
      'halyard_jobs{state="waiting"}': 2,
      'halyard_jobs{state="scheduled"}': 1,
    })
    const seconds = found.get('halyard_jobs_overdue_seconds') as number
    assert.ok(seconds >= 600 && seconds < 900, `${seconds}`)
  })

  test('tell of events, attachments, sessions, connections and size', async () => {
    const before = await metrics()
    assert.deepEqual([before.get('halyard_outbox_events'), before.get('halyard_outbox_age_seconds')], [0, 0])
    const workPackage = await it.make.workPackage({ project_id: await it.make.project() })
    const user = await it.make.user()
    await upload(admin, `/work_packages/${workPackage}/attachments`, { content: 'Halcyon days' })
    await it.db.transaction(async (tx) => {
      const hourAgo = new Date(Date.now() - 3_600_000).toISOString()
      await tx.run(sql`delete from outbox`)
      await tx.run(sql`insert into outbox (name, resource_id, actor_id, changed, announced, created_at)
        values ('none', 1, ${user}, '[]', ${true}, ${hourAgo})`)
      await beginSession(tx, user, undefined, new Date())
      await beginSession(tx, user, undefined, new Date(Date.now() - 365 * 86_400_000))
      await beginSession(tx, user, undefined, new Date(), 'two_factor')
    })
    const found = await metrics()
    assert.equal(found.get('halyard_database_up'), 1)
    assert.equal(found.get('halyard_outbox_events'), 1)
    const seconds = found.get('halyard_outbox_age_seconds') as number
    assert.ok(seconds >= 3600 && seconds < 3900, `${seconds}`)
    const grown = (name: string) => (found.get(name) as number) - (before.get(name) as number)
    assert.deepEqual(['halyard_attachments', 'halyard_attachments_bytes', 'halyard_sessions'].map(grown), [1, 12, 1])
    const { count } = (await it.db.one<{ count: number }>(sql`select count(*) as count from sessions`))!
    assert.equal(count, 3)
    assert.ok((found.get('halyard_database_size_bytes') as number) > 500_000)
    const states = [...found.keys()].filter((name) => name.startsWith('halyard_database_connections'))
    assert.deepEqual(
      states,
      Object.keys(it.db.connections ?? {}).map((state) => `halyard_database_connections{state="${state}"}`),
    )
    await it.db.transaction((tx) => tx.run(sql`delete from outbox`))
  })

  test('take as many statements for many rows as for few, and scrapes at the same time share them', async () => {
    const cost = async (work: () => Promise<unknown>) => {
      const { statements } = it.db
      await work()
      return it.db.statements - statements
    }
    const one = await cost(scrape)
    assert.ok(one > 0 && one < 10, `${one}`)
    await it.db.transaction(async (tx) => {
      const now = new Date().toISOString()
      for (let n = 0; n < 200; n++)
        await tx.run(sql`insert into jobs (name, payload, due_at, created_at) values ('mail', '{}', ${now}, ${now})`)
    })
    assert.equal(await cost(scrape), one)
    const { text } = createMetrics(it.db)
    assert.equal(await cost(() => Promise.all(Array.from({ length: 20 }, text))), one)
  })
})

test('a database that is away is told by a metric, and nothing is told of what it holds', async (t) => {
  let isAway = false
  const one: Database['one'] = (query) => (isAway ? Promise.reject(new UnavailableError('away')) : it.db.one(query))
  const db: Database = Object.create(it.db, { one: { value: one } })
  const served = serveMetrics(db, { listen: { port: 0, host: '127.0.0.1' }, token: undefined })
  const address = (await served.listen(silent)) as string
  t.after(() => served.close())
  const ask = async () => parsed(await (await fetch(address)).text())
  assert.equal((await ask()).get('halyard_database_up'), 1)
  isAway = true
  const found = await ask()
  assert.equal(found.get('halyard_database_up'), 0)
  assert.ok((found.get('process_resident_memory_bytes') as number) > 0)
  assert.deepEqual(
    [...found.keys()].filter((name) => /^halyard_(jobs|outbox|attachments|sessions|database_size)/.test(name)),
    [],
  )
})

describe('access to metrics', () => {
  test('on the port of the server takes the token', async () => {
    const ask = (headers: Record<string, string>) => it.anonymous.send('GET', '/metrics', { headers })
    for (const authorization of [
      '',
      'Bearer',
      `Bearer ${token}0`,
      `Bearer ${token.slice(1)}`,
      `Basic ${token}`,
      `Basic ${btoa(`apikey:${token}`)}`,
      `Bearer ${it.adminToken}`,
      token,
    ]) {
      const { status, body, headers } = await ask(authorization ? { authorization } : {})
      assert.deepEqual([status, headers.get('www-authenticate')], [401, 'Bearer realm="Halyard metrics"'], authorization)
      assert.equal(body.errorIdentifier, 'urn:openproject-org:api:v3:errors:Unauthenticated')
    }
    assert.equal((await ask({ authorization: `bearer ${token}` })).status, 200)
    assert.equal((await it.anonymous.send('POST', '/metrics', { headers: bearer })).status, 404)
    // It opens nothing else.
    assert.equal((await client(url, token).get('/users/me')).status, 401)
  })

  test('is missing without an option', async (t) => {
    const other = await instance({ seed: 'none' })
    t.after(() => other.close())
    for (const headers of [{}, bearer]) assert.equal((await other.anonymous.send('GET', '/metrics', { headers })).status, 404)
  })

  test('on a port of their own takes no token, and there is nothing else', async (t) => {
    const served = serveMetrics(it.db, { listen: { port: 0, host: '127.0.0.1' }, token: undefined })
    const address = new URL((await served.listen(silent)) as string)
    t.after(() => served.close())
    const ask = async (path: string, method = 'GET') => {
      const response = await fetch(new URL(path, address), { method })
      return [response.status, response.headers.get('allow'), (await response.text()).slice(0, 7)]
    }
    assert.deepEqual(await ask('/metrics'), [200, null, '# HELP '])
    assert.deepEqual(await ask('/metrics?name=x'), [200, null, '# HELP '])
    assert.deepEqual(await ask('/metrics', 'HEAD'), [200, null, ''])
    assert.deepEqual(await ask('/'), [404, null, 'The met'])
    assert.deepEqual(await ask('/api/v3'), [404, null, 'The met'])
    assert.deepEqual(await ask('/metrics', 'POST'), [405, 'GET, HEAD', 'The met'])
  })

  test('fails in one sentence where the port is taken', async (t) => {
    const taken = createServer().listen(0, '127.0.0.1')
    await once(taken, 'listening')
    t.after(() => taken.close())
    const { port } = taken.address() as AddressInfo
    await assert.rejects(serveMetrics(it.db, { listen: { port, host: '127.0.0.1' }, token: undefined }).listen(silent), {
      message: new RegExp(`^Halyard cannot listen for scrapes of metrics on 127\\.0\\.0\\.1, port ${port}: .*EADDRINUSE.*\\.$`),
    })
  })
})

test('a server without an option does not load what counts', () => {
  const loaded = (...files: string[]) => {
    const imports = files.map((file) => `await import('./server/${file}')`).join('; ')
    const program = `import { createRequire } from 'node:module'; ${imports}; const { cache } = createRequire(import.meta.url)
      console.log(Object.keys(cache).some((path) => path.includes('prom-client')))`
    const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], {
      cwd: root,
      encoding: 'utf8',
    })
    return stdout.trim() || stderr
  }
  assert.equal(loaded('app.ts', 'commands/serve.ts', 'commands/worker.ts'), 'false')
  assert.equal(loaded('metrics/serving.ts'), 'true')
})

describe('the documents', () => {
  const document = readFileSync(join(root, 'docs/watching.md'), 'utf8')
  const dashboard = JSON.parse(readFileSync(join(root, 'docs/grafana.json'), 'utf8'))
  /** The names of metrics in expressions; the series of histograms count as their metric. */
  const namedIn = (text: string, known: readonly string[]) =>
    [...new Set(text.match(/\b(halyard|nodejs|process)_[a-z0-9_]+/g))].map((name) =>
      known.includes(name) ? name : name.replace(/_(bucket|sum|count)$/, ''),
    )
  let known: string[]
  before(async () => {
    known = namesIn(await scrape())
  })

  test('explain every metric, and no other', () => {
    const rows = document.split('\n').filter((line) => line.startsWith('| `'))
    const told = rows.flatMap((row) => row.split('|')[1]?.match(/(?<=`)(halyard|nodejs|process)_\w+/g) ?? [])
    assert.deepEqual(told.toSorted(), known.toSorted())
    assert.deepEqual(
      namedIn(document, known).filter((name) => !known.includes(name)),
      [],
    )
  })

  test('draw only metrics that there are, from a data source that is chosen at the import', () => {
    const targets = dashboard.panels.flatMap((panel: { targets?: unknown[] }) => panel.targets ?? [])
    assert.ok(targets.length > 10)
    for (const { expr, datasource } of targets) {
      const names = namedIn(expr, known)
      assert.ok(names.length > 0, expr)
      for (const name of names) assert.ok(known.includes(name), `${name} in ${expr}`)
      // biome-ignore lint/suspicious/noTemplateCurlyInString: a variable of Grafana
      assert.deepEqual(datasource, { type: 'prometheus', uid: '${datasource}' })
    }
    const [source] = dashboard.templating.list
    assert.deepEqual([source.name, source.type, source.query], ['datasource', 'datasource', 'prometheus'])
    const ids = dashboard.panels.map(({ id }: { id: number }) => id)
    assert.equal(new Set(ids).size, ids.length)
  })
})
