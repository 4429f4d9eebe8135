import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { everyone, inProject } from '#kernel/access/rules.ts'
import { assemble } from '#kernel/assemble.ts'
import type { Module, Operation } from '#kernel/declaration.ts'
import { module } from '#kernel/module.ts'
import { document, operation } from '#kernel/operation.ts'
import { extension, resource, staticResource } from '#kernel/resource.ts'

// Misspelt on purpose: the types would not let it pass.
const base: any = { path: 'boats', title: 'name', visible: everyone, properties: () => ({}), operations: [] }
const where = () => ({ strategy: 'list', where: () => undefined })

/** The part with the error, the member in it, and the declaration. */
const refused: readonly [part: string, member: string, declaration: any][] = [
  ['Boat', 'gaurd', { ...base, gaurd: everyone }],
  ['Boat: may', 'udpate', { ...base, may: { udpate: everyone } }],
  ['Boat: guards', 'idnex', { ...base, guards: { idnex: everyone } }],
  ['Boat: order', 'descendign', { ...base, order: { column: 'name', descendign: true } }],
  ['Boat.name', 'raed', { ...base, properties: (p: any) => ({ name: p.text({ raed: everyone }) }) }],
  ['Boat.name: may', 'craete', { ...base, properties: (p: any) => ({ name: p.text({ may: { craete: everyone } }) }) }],
  ['Boat.name', 'hidden', { ...base, properties: (p: any) => ({ name: p.text({ hidden: 'none' }) }) }],
  ['Boat.crew', 'max', { ...base, properties: (p: any) => ({ crew: p.links('User', { max: 3 }) }) }],
  ['Boat.crew: allowed', 'row', { ...base, properties: (p: any) => ({ crew: p.link('User', { allowed: { row: [] } }) }) }],
  ['Boat, filter crew', 'avialable', { ...base, filters: { crew: { ...where(), avialable: () => false } } }],
  ['Boat, action sink', 'amy', { ...base, actions: { sink: { href: () => '/', amy: everyone } } }],
]

/** This file, as in messages. */
const here = 'test/pure/declarations.test.ts'

const says = (part: string, member: string) => ({
  message: `${here}: ${part} has a member "${member}", which nothing reads. Is it misspelt?`,
})

describe('errors of a resource are reported by its name', () => {
  for (const [part, member, declaration] of refused) {
    test(`for ${part}: ${member}`, () => {
      assert.throws(() => resource('Boat', 'projects', declaration), says(part, member))
      assert.throws(() => staticResource('Boat', [], declaration), says(part, member))
    })
  }

  test('for an unknown standard operation', () => {
    assert.throws(() => resource('Boat', 'projects', { ...base, operations: ['index', 'udpate'] }), {
      message: `${here}: Boat names an operation "udpate", which is none of the standard ones.`,
    })
  })
})

test('errors of extensions of resources as well', () => {
  assert.throws(
    () => extension('Ship', 'projects', { actions: { sink: { href: () => '/', amy: everyone } as any } }),
    says('Ship, action sink', 'amy'),
  )
  assert.throws(
    () => extension('Ship', 'projects', { properties: (p) => ({ name: p.text({ raed: everyone } as any) }) }),
    says('Ship.name', 'raed'),
  )
  assert.throws(() => extension('Ship', 'projects', { shows: [] } as any), says('Ship', 'shows'))
})

test('errors of an operation are reported by its method and path, those of a document by its path', () => {
  assert.throws(() => operation({ ...sail, gaurd: everyone } as never), says('GET /boats', 'gaurd'))
  assert.throws(() => operation({ ...sail, answers: { status: 200, off: 'Boat' } } as never), says('GET /boats: answers', 'off'))
  assert.throws(() => document({ path: '/boats.ics', run: sail.run, calller: sail.run } as any), says('/boats.ics', 'calller'))
})

test('the compiler reports them unless they are hidden from it', () => {
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
  assert.throws(() => extension('User', 'principals', { actions: { sink: { hrfe: () => '/' } } }))
})

describe('modules are rejected', () => {
  const boat = (more: object = {}) => resource('Boat', 'projects', { ...base, ...more })
  const refuses = (modules: Module[], message: string) => assert.throws(() => assemble(modules), { message })

  test('for an unknown member', () => {
    assert.throws(() => module('harbour', { needs: [], resuorces: [] } as never), {
      message: 'The module harbour has a member "resuorces", which nothing reads. Is it misspelt?',
    })
  })

  test('for a required module that does not come before', () => {
    refuses([module('harbour', { needs: ['sea'] })], 'The module "harbour" needs "sea", which does not come before it.')
  })

  test('for a resource that is declared twice', () => {
    const resources = [boat(), boat()]
    refuses([module('harbour', { needs: [], resources })], `${here}: Boat is declared in ${here} already.`)
  })

  test('for an extension of an undeclared resource', () => {
    const extensions = [extension('Ship', 'projects', {})]
    refuses([module('harbour', { needs: [], extends: extensions })], `${here}: it adds to Ship, which no module declares.`)
  })

  test('for a link to an undeclared resource', () => {
    const resources = [boat({ properties: (p: any) => ({ captain: p.link('Usr') }) })]
    refuses([module('harbour', { needs: [], resources })], `${here}: Boat.captain refers to Usr, which no module declares.`)
  })

  test('for an operation on an undeclared resource', () => {
    const operations = [operation({ ...sail, answers: { status: 200, of: 'Baot' } })]
    refuses([module('harbour', { needs: [], operations })], `${here}: GET /boats refers to Baot, which no module declares.`)
  })

  test('for an operation that is declared twice', () => {
    const operations = [operation(sail), operation(sail)]
    refuses([module('harbour', { needs: [], operations })], `${here}: GET /boats is declared twice.`)
  })
})

const sail: Operation = {
  method: 'GET',
  path: '/boats',
  summary: 'List boats',
  description: 'Answers all boats.',
  tag: 'Boat',
  answers: { status: 200 },
  run: async () => ({}),
}

test('an undeclared permission is rejected, in all places', () => {
  const one = module('harbour', { needs: [], permissions: [{ name: 'sail', scopes: ['project'], dependencies: ['swim'] }] })
  assert.throws(() => assemble([one]), { message: 'The permission sail needs swim, which no module declares.' })
  inProject('sial')
  const sailing = module('harbour', { needs: [], permissions: [{ name: 'sail', scopes: ['project'] }] })
  assert.throws(() => assemble([sailing]), {
    message: `${here}: a rule names the permission sial, which no module declares.`,
  })
})
