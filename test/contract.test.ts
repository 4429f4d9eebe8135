/** The parts of the contract tool, on small documents. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { compare, countByTag, operationsOf, ratchet } from '../scripts/contract/compare.ts'
import type { Fault } from '../scripts/contract/faults.ts'
import { applyPatch, repair } from '../scripts/contract/faults.ts'
import { judgeBy } from '../scripts/contract/validate.ts'

const hal = (schema: any) => ({ content: { 'application/hal+json': { schema } } })
const colour = {
  type: 'object',
  required: ['name'],
  properties: { name: { type: 'string' }, mixedOf: { type: 'array', items: { type: 'integer' } } },
}

/** Colours can be listed, created and deleted; shades have an alias. */
const official = () => ({
  paths: {
    '/api/v3/colours': {
      get: { tags: ['Colours'], responses: { 200: hal({ type: 'array', items: { $ref: '#/components/schemas/Colour' } }) } },
      post: {
        tags: ['colours'],
        responses: { 201: hal({ $ref: '#/components/schemas/Colour' }), 415: { $ref: '#/components/responses/Wrong' } },
      },
    },
    '/api/v3/colours/{id}': { delete: { responses: { 204: { description: 'Gone.' } } } },
    '/api/v3/shade/{id}': { get: { tags: ['Shades'], responses: { 200: hal({ $ref: '#/components/schemas/Colour' }) } } },
  },
  components: {
    responses: { Wrong: hal({ $ref: '#/components/schemas/ErrorResponse' }) },
    schemas: { Colour: colour, ErrorResponse: { type: 'object', required: ['message'] } },
  },
})

const names = (operations: { name: string }[]) => operations.map(({ name }) => name)

test('an operation is present with any names of its parameters, and at its alias', () => {
  const served = operationsOf({ paths: { '/api/v3/colours/{colourId}': { delete: {} }, '/api/v3/shades/{id}': { get: {} } } })
  const { present, missing } = compare(operationsOf(official()), served, { '/api/v3/shade/{id}': '/api/v3/shades/{id}' })
  assert.deepEqual(names(present), ['DELETE /api/v3/colours/{id}', 'GET /api/v3/shade/{id}'])
  assert.deepEqual(
    present.map(({ path }) => path),
    ['/api/v3/colours/{colourId}', '/api/v3/shades/{id}'],
  )
  assert.deepEqual(names(missing), ['GET /api/v3/colours', 'POST /api/v3/colours'])
})

test('an aliased operation is also present at its official path', () => {
  const { missing } = compare(operationsOf(official()), operationsOf(official()), { '/api/v3/shade/{id}': '/api/v3/shades/{id}' })
  assert.deepEqual(missing, [])
})

test('tags that differ only in case are counted together', () => {
  const [list, make, remove, shade] = operationsOf(official())
  assert.deepEqual(countByTag([list!, shade!], [make!, remove!]), [
    ['Colours', 1, 2],
    ['Shades', 1, 1],
    ['Untagged', 0, 1],
  ])
})

test('the ratchet reports lost and new operations, and keeps all of them', () => {
  assert.deepEqual(ratchet(['GET /a', 'GET /c'], ['GET /b', 'GET /a']), {
    lost: ['GET /c'],
    unrecorded: ['GET /b'],
    grown: ['GET /a', 'GET /b', 'GET /c'],
  })
})

test('a patch changes the target of its pointer', () => {
  const document = { 'a/b': { old: 1, list: ['x', 'y'] } } as any
  applyPatch(document, { op: 'copy', from: '/a~1b/old', path: '/copied' })
  applyPatch(document, { op: 'move', from: '/a~1b/old', path: '/a~1b/new' })
  applyPatch(document, { op: 'replace', path: '/a~1b/list/1', value: 'z' })
  applyPatch(document, { op: 'remove', path: '/a~1b/list/0' })
  applyPatch(document, { op: 'add', path: '/added', value: true })
  assert.deepEqual(document, { 'a/b': { new: 1, list: ['z'] }, copied: 1, added: true })
})

test('a patch that no longer fits the document throws', () => {
  const document = { here: { now: 1 } }
  for (const op of ['replace', 'remove'] as const) {
    assert.throws(() => applyPatch(document, { op, path: '/here/gone', value: 2 }), /\/here\/gone does not exist/)
  }
  assert.throws(() => applyPatch(document, { op: 'copy', from: '/gone', path: '/here/then' }), /\/gone does not exist/)
  assert.throws(() => applyPatch(document, { op: 'replace', path: '/gone/deeper', value: 2 }), /\/gone\/deeper does not exist/)
  assert.throws(() => applyPatch(document, { op: 'add', path: '/here/now', value: 2 }), /\/here\/now exists already/)
})

test('a repair does not change the document itself and collects the stale faults', () => {
  const document = official()
  const faults: Fault[] = [
    { id: 'lenient', reason: 'r', action: 'patch', patches: [{ op: 'remove', path: '/components/schemas/Colour/required' }] },
    { id: 'no-delete', reason: 'r', action: 'exclude', operations: ['DELETE /api/v3/colours/{id}', 'PUT /api/v3/colours'] },
    {
      id: 'plural',
      reason: 'r',
      action: 'alias',
      aliases: { '/api/v3/shade/{id}': '/api/v3/shades/{id}', '/api/v3/tint': '/api/v3/tints' },
    },
  ]
  const repaired = repair(document, faults)
  assert.equal('required' in repaired.document.components.schemas.Colour, false)
  assert.deepEqual(document, official())
  assert.deepEqual(repaired.excluded, ['DELETE /api/v3/colours/{id}'])
  assert.deepEqual(repaired.aliases, { '/api/v3/shade/{id}': '/api/v3/shades/{id}' })
  assert.deepEqual(repaired.problems, [
    'known fault no-delete: PUT /api/v3/colours is not in the document',
    'known fault plural: /api/v3/tint is not in the document',
  ])
})

test('an answer is judged by the schema of its operation and status', () => {
  const [list, make, remove] = operationsOf(official())
  const judge = judgeBy(official())
  const complaints = (operation: any, status: number, text: string, contentType = 'application/hal+json; charset=utf-8') =>
    judge(operation, { url: '/', status, contentType, text }).map(({ pointer, message }) => [pointer, message])

  assert.deepEqual(complaints(list, 200, '[{"name":"red"}]'), [])
  assert.deepEqual(complaints(list, 200, '[{"name":"red"},{"name":1}]'), [['/1/name', 'must be string']])
  assert.deepEqual(complaints(list, 200, '[]', 'application/json'), [
    ['', 'content type is "application/json", not application/hal+json'],
  ])
  assert.deepEqual(complaints(list, 200, '['), [['', 'the body is not JSON']])
  assert.deepEqual(complaints(list, 200, ''), [['', 'status 200 has no body']])
  assert.deepEqual(complaints(make, 200, '{"name":"red"}'), [['', 'status 200 is not documented']])
  assert.deepEqual(complaints(list, 500, '{"message":"?"}'), [['', 'status 500 is not documented']])
  assert.deepEqual(complaints(remove, 204, '', ''), [])
})

test('a rejection is an error, whether the document has its status or not', () => {
  const [list, make] = operationsOf(official())
  const judge = judgeBy(official())
  const refusal = { url: '/', contentType: 'application/hal+json', text: '{}' }
  for (const [operation, status] of [
    [list!, 404],
    [make!, 415],
  ] as const) {
    const [violation] = judge(operation, { ...refusal, status })
    assert.equal(violation?.message, "must have required property 'message'")
    assert.deepEqual(judge(operation, { ...refusal, status, text: '{"message":"no"}' }), [])
  }
})
