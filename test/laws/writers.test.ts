/** A hundred clients write concurrently while others read: acknowledged writes are kept, and no client gets a busy database. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { product } from '#server/modules.ts'
import { type Instance, instance } from '#test/instance.ts'
import { type Exchange, type Wire, wire } from '#test/wire.ts'

const { permissions } = product

const CLIENTS = 100
/** The number of work packages that all clients change. */
const CONTESTED = 10
const READERS = 4

let server: Instance
let project: number
const clients: Wire[] = []
const readers: Wire[] = []
const contested: number[] = []

before(async () => {
  server = await instance({ file: true })
  const { make } = server
  project = await make.project()
  const role = await make.role(permissions.filter((one) => one.scopes.includes('project')).map((one) => one.name))
  const tokens: string[] = []
  for (let i = 0; i < 10; i++) {
    const user = await make.user()
    await make.member(user, project, { role })
    tokens.push(await server.token(user))
  }
  for (let i = 0; i < CONTESTED; i++) contested.push(await make.workPackage({ project_id: project, estimated_hours: 0 }))
  for (let i = 0; i < CLIENTS; i++) clients.push(wire(server.url, tokens[i % tokens.length]))
  for (let i = 0; i < READERS; i++) readers.push(wire(server.url, tokens[i]))
})
after(async () => {
  for (const client of [...clients, ...readers]) client.close()
  await server.close()
})

function expectStatus(exchange: Exchange, ...expected: number[]): Exchange {
  const { method, path, status, text } = exchange
  assert.ok(expected.includes(status), `${method} ${path} answers ${status} ${text}`)
  return exchange
}

/** Creates a work package and logs time on it, changes it twice and adds an hour to a contested one. Gives its values. */
async function write(send: Wire, i: number): Promise<{ id: number; subject: string; hours: string }> {
  const type = await server.id('types', 'Task')
  const made = expectStatus(
    await send('POST', `/api/v3/projects/${project}/work_packages`, {
      subject: `Client ${i}`,
      _links: { type: { href: `/api/v3/types/${type}` } },
    }),
    201,
  )
  const href: string = made.body._links.self.href
  const hours = `PT${i + 1}M`
  const booked = { spentOn: '2026-11-24', hours, _links: { entity: { href } } }
  expectStatus(await send('POST', '/api/v3/time_entries', booked), 201)
  let last = made
  for (const step of ['first', 'second']) {
    last = expectStatus(
      await send('PATCH', href, { lockVersion: last.body.lockVersion, subject: `Client ${i}, ${step} change` }),
      200,
    )
  }
  await addAnHour(send, contested[i % CONTESTED]!)
  return { id: made.body.id, subject: last.body.subject, hours }
}

/** Adds an hour of work to a contested work package: after a conflict it reads and writes again. */
async function addAnHour(send: Wire, id: number): Promise<void> {
  for (;;) {
    const { lockVersion, estimatedTime } = expectStatus(await send('GET', `/api/v3/work_packages/${id}`), 200).body
    const work = hoursOf(estimatedTime) + 1
    const sent = { lockVersion, estimatedTime: `PT${work}H`, remainingTime: `PT${work}H` }
    if (expectStatus(await send('PATCH', `/api/v3/work_packages/${id}`, sent), 200, 409).status === 200) return
  }
}

const hoursOf = (duration: string): number => {
  const [, days = 0, hours = 0] = /^P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:\d+S)?)?$/.exec(duration) ?? assert.fail(duration)
  return Number(days) * 24 + Number(hours)
}

/** Reads until the end: lists only grow, and versions only rise. */
async function read(send: Wire, isOver: () => boolean): Promise<number> {
  let [total, lockVersion, count] = [0, 0, 0]
  while (!isOver()) {
    const list = expectStatus(await send('GET', `/api/v3/projects/${project}/work_packages?pageSize=5`), 200).body
    assert.ok(list.total >= total, `${list.total} after ${total}`)
    const one = expectStatus(await send('GET', `/api/v3/work_packages/${contested[0]}`), 200).body
    assert.ok(one.lockVersion >= lockVersion, `${one.lockVersion} after ${lockVersion}`)
    ;[total, lockVersion] = [list.total, one.lockVersion]
    count++
  }
  return count
}

test('a hundred concurrent writers lose nothing, and readers are never blocked', async () => {
  let isOver = false
  const reading = Promise.all(readers.map((send) => read(send, () => isOver)))
  const acknowledged = await Promise.all(clients.map(write)).finally(() => {
    isOver = true
  })
  const reads = await reading
  assert.ok(
    reads.every((count) => count > 0),
    `${reads}`,
  )

  const stored = await server.db.all<{ id: number; subject: string; lock_version: number }>(sql`select * from work_packages`)
  const byId = new Map(stored.map((row) => [row.id, row]))
  assert.equal(stored.length, CONTESTED + CLIENTS)
  for (const { id, subject } of acknowledged) {
    assert.equal(byId.get(id)?.subject, subject)
    assert.equal(byId.get(id)?.lock_version, 2)
  }
  for (const id of contested) {
    const { body } = await clients[0]!('GET', `/api/v3/work_packages/${id}`)
    assert.equal(hoursOf(body.estimatedTime), CLIENTS / CONTESTED)
    assert.equal(body.lockVersion, CLIENTS / CONTESTED)
  }
  const booked = await server.db.all<{ entity_id: number; hours: number }>(sql`select entity_id, hours from time_entries`)
  assert.deepEqual(
    booked.map((row) => [row.entity_id, Math.round(row.hours * 60)]).toSorted(),
    acknowledged.map(({ id, hours }) => [id, Number.parseInt(hours.slice(2), 10)]).toSorted(),
  )
})

test('a hundred writers of the same lock version: one succeeds, and all others get a conflict', async () => {
  const path = `/api/v3/work_packages/${contested[0]}`
  const { lockVersion } = (await clients[0]!('GET', path)).body
  const answers = await Promise.all(clients.map((send, i) => send('PATCH', path, { lockVersion, subject: `Of client ${i}` })))
  const won = answers.filter((answer) => answer.status === 200)
  assert.equal(won.length, 1)
  for (const answer of answers) expectStatus(answer, 200, 409)
  const { body } = await clients[0]!('GET', path)
  assert.deepEqual([body.subject, body.lockVersion], [won[0]!.body.subject, lockVersion + 1])
})
