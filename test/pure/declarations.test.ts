/** A declaration with a member that nothing reads stops the server at its start: what is misspelt may be a guard. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { document, operation } from '#kernel/operation.ts'
import { extend, fixed, resource, resources } from '#kernel/resource.ts'
import { everyone } from '#kernel/rules.ts'

// Misspelt on purpose: the types would not let it pass.
const base: any = { path: 'boats', title: 'name', visible: everyone, properties: () => ({}), operations: [] }
const where = () => ({ strategy: 'list', where: () => undefined })

/** The part that is refused, the member in it, and what is declared. */
const refused: readonly [part: string, member: string, declaration: any][] = [
  ['Boat', 'gaurd', { ...base, gaurd: everyone }],
  ['Boat: may', 'udpate', { ...base, may: { udpate: everyone } }],
  ['Boat: guards', 'idnex', { ...base, guards: { idnex: everyone } }],
  ['Boat: addressable', 'hwere', { ...base, addressable: { ...everyone, hwere: everyone.where } }],
  ['Boat: order', 'descendign', { ...base, order: { column: 'name', descendign: true } }],
  ['Boat.name', 'raed', { ...base, properties: (p: any) => ({ name: p.text({ raed: everyone }) }) }],
  ['Boat.name: may', 'craete', { ...base, properties: (p: any) => ({ name: p.text({ may: { craete: everyone } }) }) }],
  ['Boat.name', 'hidden', { ...base, properties: (p: any) => ({ name: p.text({ hidden: 'none' }) }) }],
  ['Boat.crew', 'max', { ...base, properties: (p: any) => ({ crew: p.links('User', { max: 3 }) }) }],
  ['Boat.crew: allowed', 'row', { ...base, properties: (p: any) => ({ crew: p.link('User', { allowed: { row: [] } }) }) }],
  ['The filter crew of Boat', 'avialable', { ...base, filters: { crew: { ...where(), avialable: () => false } } }],
  ['The action sink of Boat', 'amy', { ...base, actions: { sink: { href: () => '/', amy: everyone } } }],
]

const says = (part: string, member: string) => ({
  message: `${part} has a member "${member}", which nothing reads. Is it misspelt?`,
})

describe('a resource is refused by its name', () => {
  for (const [part, member, declaration] of refused) {
    test(`for ${part}: ${member}`, () => {
      assert.throws(() => resource('Boat', 'projects', declaration), says(part, member))
      assert.throws(() => fixed('Boat', [], declaration), says(part, member))
      assert.ok([...resources()].every(({ name }) => name !== 'Boat'))
    })
  }

  test('for a standard operation that there is not', () => {
    assert.throws(() => resource('Boat', 'projects', { ...base, operations: ['index', 'udpate'] }), {
      message: 'Boat names an operation "udpate", which is none of the standard ones.',
    })
  })
})

test('what a module adds to a resource is refused alike, and nothing of it is added', () => {
  const ship = resource('Ship', 'projects', base)
  assert.throws(
    () => extend('Ship', 'projects', { actions: { sink: { href: () => '/', amy: everyone } as any } }),
    says('The action sink of Ship', 'amy'),
  )
  assert.throws(
    () => extend('Ship', 'projects', { properties: (p) => ({ name: p.text({ raed: everyone } as any) }) }),
    says('Ship.name', 'raed'),
  )
  assert.throws(() => extend('Ship', 'projects', { shows: [] } as any), says('Ship', 'shows'))
  assert.deepEqual([ship.properties, ship.actions], [[], undefined])
})

test('an operation is refused by its method and path, a document by its path', () => {
  const one: any = {
    method: 'GET',
    path: '/boats',
    summary: 'List boats',
    tag: 'Boat',
    answers: { status: 200 },
    run: () => ({}),
  }
  assert.throws(() => operation({ ...one, gaurd: everyone }), says('GET /boats', 'gaurd'))
  assert.throws(() => operation({ ...one, answers: { status: 200, off: 'Boat' } }), says('GET /boats: answers', 'off'))
  assert.throws(() => document({ path: '/boats.ics', run: one.run, calller: one.run } as any), says('/boats.ics', 'calller'))
})

test('the compiler refuses them where they are not hidden from it', () => {
  const about = { path: 'boats', title: 'name', visible: everyone, operations: [] } as const
  assert.throws(() =>
    // @ts-expect-error "gaurd" is no member of a declaration.
    resource('Boat', 'projects', { ...about, gaurd: everyone, properties: (p) => ({ name: p.text() }) }),
  )
  assert.throws(() =>
    // @ts-expect-error "raed" is no option of a property.
    resource('Boat', 'projects', { ...about, properties: (p) => ({ name: p.text({ raed: everyone }) }) }),
  )
  // @ts-expect-error "hrfe" is no member of an action.
  assert.throws(() => extend('User', 'principals', { actions: { sink: { hrfe: () => '/' } } }))
})
