/** Selected properties of lists, and compressed parameters. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { deflateSync, gzipSync } from 'node:zlib'
import { created, kind, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
let one: any
before(async () => {
  one = await created(admin, project, { subject: 'One', estimatedTime: 'PT8H' })
})
const ask = async (select: string) => (await admin.get(`/work_packages?select=${encodeURIComponent(select)}`)).body

describe('select', () => {
  test('reduces the response to the named properties', async () => {
    assert.deepEqual(await ask('total,count,elements/id,elements/subject'), {
      total: 1,
      count: 1,
      _embedded: { elements: [{ id: one.id, subject: 'One' }] },
    })
  })

  test('keeps links in _links', async () => {
    assert.deepEqual(await ask('elements/self,elements/status,elements/_type'), {
      _embedded: {
        elements: [{ _type: 'WorkPackage', _links: { self: one._links.self, status: one._links.status } }],
      },
    })
    const { self } = (await ask('self'))._links
    assert.match(self.href, /select=self/)
  })

  test('accepts brackets and quotes', async () => {
    assert.deepEqual(await ask('["total", "elements/id"]'), await ask('total,elements/id'))
  })

  test('accepts everything of the list or of its elements', async () => {
    const whole = await ask('*')
    assert.equal(whole._type, 'WorkPackageCollection')
    assert.equal(whole._embedded.elements[0].subject, 'One')
    const elements = await ask('elements/*')
    assert.deepEqual(Object.keys(elements), ['_embedded'])
    assert.equal(elements._embedded.elements[0].estimatedTime, 'PT8H')
  })

  test('accepts properties that an element does not have', async () => {
    assert.deepEqual(await ask('elements/children'), { _embedded: { elements: [{}] } })
  })

  test('rejects unknown names, and reports them', async () => {
    for (const select of ['nothing', 'elements/nothing', 'total,elements/shoeSize']) {
      const reply = await admin.get(`/work_packages?select=${select}`)
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidSignal'])
      assert.ok(reply.body.message.includes(select.split(',').at(-1) as string))
      assert.ok(reply.body.message.includes('elements/subject'))
    }
  })

  test('shows nothing hidden', async () => {
    const { client } = await it.person('view_work_packages')
    const { body } = await client.get('/work_packages?select=elements/spentTime,elements/delete,elements/id')
    assert.deepEqual(body._embedded.elements, [{ id: one.id }])
  })
})

describe('eprops', () => {
  const parameters = { pageSize: 1, offset: 1, select: 'pageSize,elements/id', filters: [{ id: { operator: '=', values: [1] } }] }
  const packed = (pack: (text: string) => Buffer, value: unknown = parameters) =>
    encodeURIComponent(pack(JSON.stringify(value)).toString('base64'))

  test('replaces all parameters, in any compression', async () => {
    for (const pack of [deflateSync, gzipSync]) {
      const reply = await admin.get(`/work_packages?pageSize=50&eprops=${packed(pack)}`)
      assert.deepEqual(reply.body, { pageSize: 1, _embedded: { elements: [{ id: 1 }] } }, reply.text)
    }
  })

  test('reports its errors', async () => {
    for (const [eprops, said] of [
      ['not-compressed', /compressed/],
      [encodeURIComponent(deflateSync('{').toString('base64')), /JSON/],
      [packed(deflateSync, [1]), /object/],
    ] as const) {
      const reply = await admin.get(`/work_packages?eprops=${eprops}`)
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'BadRequest'])
      assert.match(reply.body.message, said)
    }
  })

  test('is decompressed up to a limit', async () => {
    const bomb = deflateSync(`{"select":"${'x'.repeat(5_000_000)}"}`).toString('base64')
    assert.equal((await admin.get(`/work_packages?eprops=${encodeURIComponent(bomb)}`)).status, 400)
  })
})
