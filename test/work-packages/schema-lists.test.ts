/** Lists of schemas, the schema of sums, and links to schemas. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { created, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
const path = '/work_packages/schemas'
const keys = (of: object) => Object.keys(of).sort()

let task: number
let milestone: number
before(async () => {
  task = await it.types('Task')
  milestone = await it.types('Milestone')
})

describe('several schemas', () => {
  const ask = (filters: unknown) => admin.get(`${path}?filters=${encodeURIComponent(JSON.stringify(filters))}`)

  test('are requested by their ids; hidden ones are excluded', async () => {
    const elsewhere = await make.project()
    const pairs = [`${project}-${task}`, `${project}-${milestone}`, `${elsewhere}-${task}`, `99999-${task}`]
    const filters = encodeURIComponent(JSON.stringify([{ id: { operator: '=', values: pairs } }]))
    const { body, status } = await it.member.client.get(`${path}?filters=${filters}`)
    assert.equal(status, 200)
    assert.deepEqual([body._type, body.total, body.count], ['Collection', 2, 2])
    assert.deepEqual(
      body._embedded.elements.map((one: any) => one._links.self.href),
      [`/api/v3${path}/${project}-${task}`, `/api/v3${path}/${project}-${milestone}`],
    )
    assert.deepEqual(body._links.self, { href: `/api/v3${path}?filters=${filters}` })
  })

  for (const [name, filters] of [
    ['another filter', [{ type: { operator: '=', values: ['1'] } }]],
    ['another operator', [{ id: { operator: '!', values: ['1-1'] } }]],
    ['values other than pairs', [{ id: { operator: '=', values: ['1'] } }]],
    ['a second filter', [{ id: { operator: '=', values: ['1-1'] } }, { type: { operator: '=', values: ['1'] } }]],
    ['an object for the list', { id: { operator: '=', values: ['1-1'] } }],
    ['an empty list', []],
  ] as const) {
    test(`are rejected with ${name}`, async () => {
      const reply = await ask(filters)
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidQuery'])
    })
  }

  test('require the filter', async () => {
    const reply = await admin.get(path)
    assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidQuery'])
    assert.match(reply.body.message, /filters/)
    assert.equal((await admin.get(`${path}?filters=x`)).status, 400)
  })
})

describe('the schema of sums', () => {
  test('has the summable properties, none of them writable', async () => {
    const { body } = await admin.get(`${path}/sums`)
    assert.deepEqual(keys(body), ['_dependencies', '_links', '_type', 'estimatedTime', 'percentageDone', 'remainingTime'])
    assert.deepEqual(body.estimatedTime, {
      type: 'Duration',
      name: 'Work',
      required: false,
      hasDefault: false,
      writable: false,
      options: {},
    })
    assert.deepEqual(body._links, { self: { href: `/api/v3${path}/sums` } })
  })

  test('is forbidden to users who see no work packages', async () => {
    assert.equal((await it.stranger.client.get(`${path}/sums`)).status, 404)
  })
})

test('every work package and list links to existing schemas', async () => {
  const { _links } = await created(admin, project, { _links: { type: link('types', milestone) } })
  assert.equal((await admin.send('GET', _links.schema.href)).status, 200)
  const { body } = await admin.get('/work_packages')
  const schemas = await admin.send('GET', body._links.schemas.href)
  assert.equal(schemas.status, 200)
  assert.deepEqual(schemas.body._embedded.elements, body._embedded.schemas._embedded.elements)
})
