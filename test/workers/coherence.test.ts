/** Several processes for one address are as one: whatever one of them writes, each other knows at once, and limits are counted together. */
import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { after, before, describe, test } from 'node:test'
import { processPlace } from '#test/database.ts'
import { PASSWORD } from '#test/scene.ts'
import { type Served, served, type WorkerClient } from '#test/workers.ts'

const WORKERS = 4
const token = `opapi-${randomBytes(20).toString('hex')}`

let it: Served
let remove: () => Promise<void>
/** A connection of the administrator to each worker. */
let admins: WorkerClient[]
before(async () => {
  const place = await processPlace('basic')
  remove = place.remove
  it = await served([...place.flags, '--seed', 'basic', '--workers', String(WORKERS), '--admin-token', token])
  admins = await it.connectAll(WORKERS, token)
})
after(async () => {
  it?.child.kill('SIGTERM')
  await it?.ended
  await remove?.()
})

const href = (path: string) => ({ href: `/api/v3${path}` })
let count = 0

/** The response to a write that must succeed, as an object of the API. */
async function made(promise: Promise<{ status: number; body: any; text: string }>): Promise<any> {
  const { status, body, text } = await promise
  assert.ok(status < 300, text)
  return body
}

/** Each worker with another one, `rounds` times. */
function pairs(rounds: number): [WorkerClient, WorkerClient][] {
  return Array.from({ length: rounds }, (_, n) => {
    const one = admins[n % WORKERS] as WorkerClient
    const other = admins[(n + 1 + (Math.floor(n / WORKERS) % (WORKERS - 1))) % WORKERS] as WorkerClient
    assert.notEqual(one, other)
    return [one, other]
  })
}

/** A private project, with a work package. */
async function project(by: WorkerClient): Promise<{ id: number; work: number }> {
  const { id } = await made(by.post('/projects', { name: `Project ${++count}` }))
  const body = { subject: 'Shared', _links: { type: href('/types/1'), project: href(`/projects/${id}`) } }
  return { id, work: (await made(by.post('/work_packages', body))).id }
}

/** An active user with the password. */
const user = (by: WorkerClient) =>
  made(
    by.post('/users', {
      ...{ login: `vera${++count}`, email: `vera${count}@example.net`, firstName: 'Vera', lastName: 'Byron' },
      ...{ status: 'active', password: PASSWORD },
    }),
  )

const form = { 'content-type': 'application/x-www-form-urlencoded', 'sec-fetch-site': 'same-origin' }
const signIn = (by: WorkerClient, username: string, password: string) =>
  by.send('POST', '/login', {
    headers: { ...form, origin: it.url },
    body: new URLSearchParams({ username, password }).toString(),
  })
const cookieOf = (reply: { headers: { 'set-cookie'?: string[] | undefined } }) =>
  (reply.headers['set-cookie'] ?? []).map((one) => one.split(';')[0]).join('; ')

describe('whatever one process writes', () => {
  test('each other reads at once', async () => {
    const { id } = await project(admins[0]!)
    for (const [one, other] of pairs(24)) {
      const name = `Project ${++count}`
      await made(one.patch(`/projects/${id}`, { name }))
      assert.equal((await other.get(`/projects/${id}`)).body.name, name)
    }
  })

  test('a removed membership hides the project from its former member at once', async () => {
    const { login } = await user(admins[0]!)
    const cookie = cookieOf(await signIn(await it.connect(), login, PASSWORD))
    const visitors = new Map((await it.connectAll(WORKERS)).map((one) => [one.id, one]))
    const { body: found } = await admins[0]!.get(
      `/users?filters=${encodeURIComponent(JSON.stringify([{ login: { operator: '=', values: [login] } }]))}`,
    )
    const { id: member } = found._embedded.elements[0]
    const { id, work } = await project(admins[0]!)
    const { body: roles } = await admins[0]!.get('/roles')
    const role = roles._embedded.elements.find(({ name }: { name: string }) => name === 'Member')
    for (const [one, other] of pairs(24)) {
      const sees = async () =>
        (await visitors.get(other.id)!.send('GET', `/api/v3/work_packages/${work}`, { headers: { cookie } })).status
      assert.equal(await sees(), 404)
      const membership = await made(
        one.post('/memberships', {
          _links: { project: href(`/projects/${id}`), principal: href(`/users/${member}`), roles: [href(`/roles/${role.id}`)] },
        }),
      )
      assert.equal(await sees(), 200)
      assert.equal((await one.delete(`/memberships/${membership.id}`)).status, 204)
    }
  })

  test('a setting counts for each other at once', async () => {
    for (const [n, [one, other]] of pairs(12).entries()) {
      const working = n % 2 === 0
      await made(one.patch('/days/week/6', { _type: 'WeekDay', working }))
      assert.equal((await other.get('/days/week/6')).body.working, working)
    }
  })

  test('a session that begins in one is known in each, until it ends in one', async () => {
    for (const [one, other] of pairs(4)) {
      const { login } = await user(one)
      const [visitor] = (await it.connectAll(WORKERS)).filter(({ id }) => id === one.id)
      const [second] = (await it.connectAll(WORKERS)).filter(({ id }) => id === other.id)
      const cookie = cookieOf(await signIn(visitor!, login, PASSWORD))
      const status = async (by: WorkerClient) => (await by.send('GET', '/api/v3/users/me', { headers: { cookie } })).status
      assert.deepEqual([await status(second!), await status(visitor!)], [200, 200])
      const left = await second!.send('POST', '/logout', { headers: { ...form, cookie, origin: it.url } })
      assert.equal(left.status, 303)
      assert.deepEqual([await status(visitor!), await status(second!)], [401, 401])
    }
  })

  test('nothing is lost: as many updates succeed as the lock version counts', async () => {
    const { work } = await project(admins[0]!)
    const path = `/work_packages/${work}`
    const start = (await admins[0]!.get(path)).body.lockVersion
    let succeeded = 0
    const clients = [...admins, ...(await it.connectAll(WORKERS, token))]
    await Promise.all(
      clients.map(async (by, number) => {
        for (let n = 0; n < 25; n++) {
          const { lockVersion } = (await by.get(path)).body
          const { status, text } = await by.patch(path, { lockVersion, subject: `${number} ${n}` })
          assert.ok(status === 200 || status === 409, text)
          if (status === 200) succeeded++
        }
      }),
    )
    assert.ok(succeeded >= 25, `${succeeded}`)
    assert.equal((await admins[0]!.get(path)).body.lockVersion, start + succeeded)
  })

  test('all writers have their turn: many at once all succeed', async () => {
    const { id } = await project(admins[0]!)
    const clients = (await Promise.all([1, 2, 3].map(() => it.connectAll(WORKERS, token)))).flat()
    const body = { subject: 'Many', _links: { type: href('/types/1') } }
    await Promise.all(
      clients.map(async (by) => {
        for (let n = 0; n < 10; n++) await made(by.post(`/projects/${id}/work_packages`, body))
      }),
    )
    assert.equal((await admins[0]!.get(`/projects/${id}/work_packages`)).body.total, 1 + clients.length * 10)
  })
})

describe('limits of all processes together', () => {
  test('passwords are checked two at a time, and thirty may wait', async () => {
    const clients = (await Promise.all(Array.from({ length: 24 }, () => it.connectAll(WORKERS)))).flat()
    const replies = await Promise.all(clients.map((by, n) => signIn(by, `nobody${n}`, 'wrong')))
    const counted = Map.groupBy(replies, ({ status }) => status)
    // Each process by itself would have let in 32, of 24.
    assert.ok((counted.get(503)?.length ?? 0) > 0, [...counted].map(([status, list]) => `${status}: ${list.length}`).join())
    assert.deepEqual(
      [...counted.keys()].filter((status) => status !== 422 && status !== 503),
      [],
    )
  })

  test('an address is let in no more after a hundred wrong credentials, whichever processes they came to', async () => {
    const strangers = await it.connectAll(WORKERS)
    const wrong = (by: WorkerClient) =>
      by.send('GET', '/api/v3', {
        // An address of its own: other tests send wrong passwords.
        headers: { 'x-forwarded-for': '192.0.2.1', authorization: `Bearer opapi-${randomBytes(20).toString('hex')}` },
      })
    // Known to one process alone, unless it tells the others.
    const known = { 'x-forwarded-for': '192.0.2.1', authorization: `Basic ${btoa(`apikey:${token}`)}` }
    assert.equal((await strangers[0]!.send('GET', '/api/v3/users/me', { headers: known })).status, 200)
    const statuses: number[] = []
    for (let n = 0; n < 70; n++) statuses.push((await wrong(strangers[n % WORKERS]!)).status)
    // The rest at once, and as many more.
    const rest = await Promise.all(Array.from({ length: 60 }, (_, n) => wrong(strangers[n % WORKERS]!)))
    statuses.push(...rest.map(({ status }) => status))
    const counted = Map.groupBy(statuses, (status) => status)
    assert.deepEqual([counted.get(401)?.length, counted.get(429)?.length], [100, 30])
    for (const by of strangers) {
      const reply = await wrong(by)
      assert.equal(reply.status, 429)
      assert.ok(Number(reply.headers['retry-after']) > 0)
    }
    // What one process has let in is throttled in none.
    for (const by of strangers) assert.equal((await by.send('GET', '/api/v3/users/me', { headers: known })).status, 200)
  })
})
