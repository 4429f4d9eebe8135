/** The law of read-only tokens: all writes with one are rejected, and no response offers a write. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Ask, type Hidden, hide } from '#test/hidden.ts'
import { type Instance, instance } from '#test/instance.ts'
import { layout } from '#test/layout.ts'
import { offersOf } from '#test/links.ts'
import { addressesOf, operations, parametersOf, pathWith, readingsWith } from '#test/registry.ts'
import { byPath, contents } from '#test/replay.ts'
import { type Wire, wire } from '#test/wire.ts'

let server: Instance
let hidden: Hidden
let full: Wire
let reader: Wire
before(async () => {
  server = await instance()
  hidden = await hide(server, await server.make.role(['view_work_packages']))
  const admin = await server.db.one<{ id: number }>(sql`select id from principals where login = 'admin'`)
  full = wire(server.url, server.adminToken)
  reader = wire(server.url, await server.token(admin!.id, { scope: 'api_v3:read' }))
})
after(async () => {
  full.close()
  reader.close()
  await server.close()
})

/** The addresses of all readable resources, lists first. */
async function readable(): Promise<string[]> {
  const lists = operations()
    .filter((one) => one.method === 'GET' && parametersOf(one) === 0)
    .map((one) => pathWith(one, []))
  const rows = await Promise.all(readingsWith('show').map((resource) => addressesOf(server.db, resource, 20)))
  return [...lists, ...rows.flat()]
}

test('all resources of the owner are readable, and no response offers a write', async () => {
  let left = 0
  for (const path of await readable()) {
    const [all, read] = [await full('GET', path), await reader('GET', path)]
    assert.equal(read.status, all.status, path)
    for (const { rel, method } of offersOf(read.body)) assert.equal(method, 'GET', `${path} offers ${rel}`)
    assert.ok(!/"method":"(?!get")/.test(read.text), path)
    left += [...offersOf(all.body)].filter(({ method }) => method !== 'GET').length
  }
  assert.ok(left > 300, `${left} links were left out`)
})

test('all other requests are rejected, including forms, and nothing has changed', async () => {
  const tables = [...layout.keys()]
  const former = await contents(server.db, tables)
  const harmless = new Set(operations().flatMap((one) => (one.harmless ? [`${one.method} /api/v3${one.path}`] : [])))
  assert.deepEqual([...harmless], ['POST /api/v3/render/markdown', 'POST /api/v3/render/plain'])
  let refused = 0
  const anew = operations().flatMap((one): Ask[] =>
    parametersOf(one) === 0 ? [{ method: one.method, path: pathWith(one, []) }] : [],
  )
  for (const { method, path, body, headers } of [...anew, ...byPath({ hidden, visible: new Map() })]) {
    if (['GET', 'HEAD', 'OPTIONS'].includes(method) || harmless.has(`${method} ${path}`)) continue
    const answer = await reader(method, path, body, headers)
    assert.deepEqual(
      [answer.status, answer.body.errorIdentifier],
      [403, 'urn:openproject-org:api:v3:errors:InsufficientScope'],
      `${method} ${path}`,
    )
    refused++
  }
  assert.ok(refused > 100, `${refused} were refused`)
  assert.equal(await contents(server.db, tables), former)
})
