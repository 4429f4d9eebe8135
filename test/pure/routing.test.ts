/** Paths lead to operations. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { routerOf } from '#http/routing.ts'
import type { Method, Operation } from '#kernel/declaration.ts'
import { product } from '#server/modules.ts'

const made = (method: Method, path: string) => ({ method, path }) as Operation
const router = routerOf([
  made('GET', ''),
  made('GET', '/ships'),
  made('POST', '/ships'),
  made('GET', '/ships/:id'),
  made('PATCH', '/ships/:id'),
  made('GET', '/ships/schema'),
  made('POST', '/ships/:id/form'),
  made('GET', '/ships/:ship/crew/:id'),
  made('GET', '/actions/*'),
])
const found = (method: string, path: string) => {
  const one = router.find(method, path)
  return one && [one.operation.path, one.params]
}

describe('a path', () => {
  for (const [method, path, expected] of [
    ['GET', '', ['', {}]],
    ['GET', '/', ['', {}]],
    ['GET', '/ships/', ['/ships', {}]],
    ['GET', '//ships//7', ['/ships/:id', { id: '7' }]],
    ['GET', '/ships/schema', ['/ships/schema', {}]],
    // A literal has no such method, but a value has.
    ['PATCH', '/ships/schema', ['/ships/:id', { id: 'schema' }]],
    ['GET', '/ships/a%2Fb', ['/ships/:id', { id: 'a/b' }]],
    ['GET', '/sh%69ps/%C3%BC', ['/ships/:id', { id: 'ü' }]],
    ['GET', '/ships/7/crew/8', ['/ships/:ship/crew/:id', { ship: '7', id: '8' }]],
    ['GET', '/actions/work_packages/read', ['/actions/*', { '*': 'work_packages/read' }]],
    ['GET', '/actions', undefined],
    ['DELETE', '/ships/7', undefined],
    ['GET', '/Ships', undefined],
    ['GET', '/ships/7/form/8', undefined],
    ['GET', '/ships/%zz', undefined],
    ['GET', '/ships/__proto__', ['/ships/:id', { id: '__proto__' }]],
  ] as const) {
    test(`${method} ${path.slice(0, 40)}`, () => assert.deepEqual(found(method, path), expected))
  }

  test('has the methods of all operations that it leads to', () => {
    assert.deepEqual(router.methodsOf('/ships/schema').sort(), ['GET', 'PATCH'])
    assert.deepEqual(router.methodsOf('/ships').sort(), ['GET', 'POST'])
    assert.deepEqual(router.methodsOf('/boats'), [])
  })
})

test('each operation of the product is found by its path', () => {
  const own = routerOf(product.operations)
  for (const operation of product.operations) {
    const path = operation.path.replaceAll(/:\w+/g, '7').replace('*', 'a/b')
    const { operation: other } = own.find(operation.method, path) ?? assert.fail(operation.path)
    assert.deepEqual([other.method, other.path], [operation.method, operation.path])
  }
})
