/** Relations: types and directions, representation, validation, permissions and lists. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import type { Client } from '#test/instance.ts'
import { changed, created, errors, kind, link, scene } from '../work-packages/scene.ts'

const it = await scene()
const { admin, project, make } = it
const one = async (links: object = {}) => (await created(admin, project, { _links: links })).id as number
const relate = (from: number, type: unknown, to: number, body: object = {}, client: Client = admin) =>
  client.post(`/work_packages/${from}/relations`, { type, ...body, _links: { to: link('work_packages', to) } })
const below = (parent: number) => one({ parent: link('work_packages', parent) })
const end = (body: any, name: 'from' | 'to') => Number(body._links[name].href.split('/').at(-1))
const told = (body: any) => [body.type, end(body, 'from'), end(body, 'to'), body.reverseType]
const listed = async (client: Client, filters: object[]) =>
  (await client.get(`/relations?filters=${encodeURIComponent(JSON.stringify(filters))}`)).body._embedded.elements.map(
    (relation: any) => relation.id,
  )

describe('a relation', () => {
  for (const [given, stored, isSwapped, reverse] of [
    ['relates', 'relates', false, 'relates'],
    ['follows', 'follows', false, 'precedes'],
    ['precedes', 'follows', true, 'precedes'],
    ['blocks', 'blocks', false, 'blocked'],
    ['blocked', 'blocks', true, 'blocked'],
    ['duplicates', 'duplicates', false, 'duplicated'],
    ['duplicated', 'duplicates', true, 'duplicated'],
    ['includes', 'includes', false, 'partof'],
    ['partof', 'includes', true, 'partof'],
    ['requires', 'requires', false, 'required'],
    ['required', 'requires', true, 'required'],
  ] as const) {
    test(`of the type ${given} is stored as ${stored}${isSwapped ? ', with its ends swapped' : ''}`, async () => {
      const [a, b] = [await one(), await one()]
      const { status, body, text } = await relate(a, given, b)
      assert.equal(status, 201, text)
      assert.deepEqual(told(body), isSwapped ? [stored, b, a, reverse] : [stored, a, b, reverse])
    })
  }

  test('has both ends, and the permitted actions', async () => {
    const [a, b] = [await one(), await one()]
    const { body } = await relate(a, 'follows', b, { lag: 3, description: 'In this order.' })
    const { _links: links, _embedded: embedded, ...rest } = body
    assert.deepEqual(rest, {
      _type: 'Relation',
      id: body.id,
      name: 'successor (after)',
      type: 'follows',
      reverseType: 'precedes',
      lag: 3,
      description: 'In this order.',
    })
    assert.deepEqual(Object.keys(links).sort(), ['delete', 'from', 'self', 'to', 'updateImmediately'])
    assert.deepEqual(links.self, { href: `/api/v3/relations/${body.id}` })
    assert.deepEqual(links.from, { href: `/api/v3/work_packages/${a}`, title: 'A work package' })
    assert.deepEqual([embedded.from.id, embedded.to.id], [a, b])
    assert.deepEqual((await admin.get(`/relations/${body.id}`)).body, body)
  })

  test('is embedded in the work packages at both ends, for users who see the other end', async () => {
    const [a, b] = [await one(), await one()]
    const hidden = (await created(admin, await make.project(), {})).id
    const { body } = await relate(a, 'blocks', b)
    await relate(a, 'relates', hidden)
    const embedded = async (client: Client, id: number) => {
      const { relations } = (await client.get(`/work_packages/${id}`)).body._embedded
      return [relations._type, relations.total, relations._embedded.elements.map((relation: any) => relation.id)]
    }
    assert.deepEqual(await embedded(it.reader.client, a), ['Collection', 1, [body.id]])
    assert.deepEqual(await embedded(it.reader.client, b), ['Collection', 1, [body.id]])
    assert.equal((await embedded(admin, a))[1], 2)
  })

  test('has a lag only for followers, 0 days by default', async () => {
    const [a, b, c] = [await one(), await one(), await one()]
    assert.equal((await relate(a, 'precedes', b)).body.lag, 0)
    const other = await relate(a, 'blocks', c, { lag: 5 })
    assert.equal('lag' in other.body, false)
  })

  test('starts at the work package of the path, independent of the body', async () => {
    const [a, b, c] = [await one(), await one(), await one()]
    const _links = { from: link('work_packages', c), to: link('work_packages', b) }
    const { body } = await admin.post(`/work_packages/${a}/relations`, { type: 'blocks', _links })
    assert.deepEqual(told(body).slice(1, 3), [a, b])
  })

  test('is deleted with one of its ends', async () => {
    const [a, b] = [await one(), await one()]
    const { body } = await relate(a, 'relates', b)
    await admin.delete(`/work_packages/${b}`)
    assert.equal((await admin.get(`/relations/${body.id}`)).status, 404)
    assert.equal(await it.db.one(sql`select 1 as one from relations where id = ${body.id}`), undefined)
  })

  test('is deleted when one end moves to another project, unless relations across projects are allowed', async () => {
    const [a, b] = [await one(), await one()]
    const { body } = await relate(a, 'relates', b)
    await it.setting('cross_project_work_package_relations', false)
    await changed(admin, a, { _links: { project: link('projects', await make.project()) } })
    await it.setting('cross_project_work_package_relations', true)
    assert.equal((await admin.get(`/relations/${body.id}`)).status, 404)
  })
})

describe('a relation cannot be created', () => {
  const refused = async (reply: { status: number; body: any }, ...expected: string[]) => {
    assert.equal(reply.status, 422)
    assert.deepEqual(errors(reply.body), expected)
  }
  const related = 'base: There is a relation between these two work packages already.'
  const circle = 'base: The relation would close a circle of relations and of parents and children.'

  test('of an unknown type', async () => {
    const [a, b] = [await one(), await one()]
    for (const type of ['likes', 'parent', '', undefined, 'constructor'])
      await refused(await relate(a, type, b), 'type: Type is not set to one of the allowed values.')
  })

  test('with a lag of more than 2000 days in either direction', async () => {
    const [a, b] = [await one(), await one()]
    await refused(await relate(a, 'follows', b, { lag: 2001 }), 'lag: Lag must be less than or equal to 2000.')
    await refused(await relate(a, 'follows', b, { lag: -2001 }), 'lag: Lag must be greater than or equal to -2000.')
    assert.equal((await relate(a, 'follows', b, { lag: -2000 })).status, 201)
  })

  test('if the two are already related, by any type and in any direction', async () => {
    const [a, b] = [await one(), await one()]
    await relate(a, 'relates', b)
    for (const type of ['relates', 'follows', 'blocked']) {
      await refused(await relate(a, type, b), related)
      await refused(await relate(b, type, a), related)
    }
  })

  test('with unknown and hidden work packages: both get the same response', async () => {
    const a = await one()
    const hidden = (await created(admin, await make.project())).id
    for (const to of [99999, hidden])
      await refused(await relate(a, 'follows', to, {}, it.member.client), 'to: The selected work package does not exist.')
    await refused(
      await admin.post(`/work_packages/${a}/relations`, { type: 'follows' }),
      "to: The selected work package can't be blank.",
    )
  })

  test('with itself', async () => {
    const a = await one()
    for (const type of ['relates', 'follows']) await refused(await relate(a, type, a), circle)
  })

  test('between parent and child; between further relatives only of the type relates', async () => {
    const a = await one()
    const b = await below(a)
    const c = await below(b)
    for (const type of ['relates', 'blocks', 'precedes']) {
      await refused(await relate(a, type, b), circle)
      await refused(await relate(b, type, a), circle)
    }
    await refused(await relate(a, 'blocks', c), circle)
    assert.equal((await relate(a, 'relates', c)).status, 201)
  })

  test('in a cycle of its type, of any length', async () => {
    const [a, b, c] = [await one(), await one(), await one()]
    await relate(a, 'follows', b)
    await relate(b, 'follows', c)
    await refused(await relate(c, 'follows', a), circle)
    await refused(await relate(a, 'precedes', c), circle)
    assert.equal((await relate(c, 'blocks', a)).status, 201)
  })

  test('in a cycle through parents and children', async () => {
    const [a, b] = [await one(), await one()]
    const [underA, underB] = [await below(a), await below(b)]
    await relate(b, 'follows', a)
    await refused(await relate(underA, 'follows', underB), circle)
    assert.equal((await relate(underB, 'follows', underA)).status, 201)
  })

  test('except between siblings', async () => {
    const parent = await one()
    const [a, b] = [await below(parent), await below(parent)]
    assert.equal((await relate(a, 'follows', b)).status, 201)
  })

  test('across projects, unless the instance allows it', async () => {
    const [a, b, c] = [await one(), (await created(admin, await make.project())).id, await one()]
    await it.setting('cross_project_work_package_relations', false)
    await refused(await relate(a, 'relates', b), 'base: Work packages of different projects cannot be related.')
    assert.equal((await relate(a, 'relates', c)).status, 201)
    await it.setting('cross_project_work_package_relations', true)
    assert.equal((await relate(a, 'relates', b)).status, 201)
  })

  test('between a future parent and its child: a related work package cannot become the parent', async () => {
    const [a, b, c] = [await one(), await one(), await one()]
    await relate(a, 'follows', b)
    await relate(b, 'follows', c)
    for (const [child, parent] of [
      [a, b],
      [a, c],
      [c, a],
    ] as const) {
      const reply = await changed(admin, child, { _links: { parent: link('work_packages', parent) } })
      await refused(reply, 'parent: Parent cannot be a work package that relations tie to this one or to those below it.')
    }
  })
})

describe('a change of a relation', () => {
  let [a, b, id] = [0, 0, 0]
  before(async () => {
    ;[a, b] = [await one(), await one()]
    id = (await relate(a, 'follows', b)).body.id
  })
  const patch = (body: object, client: Client = admin) => client.patch(`/relations/${id}`, body)

  test('applies to its lag and description', async () => {
    const { body } = await patch({ lag: 4, description: 'Let it dry.' })
    assert.deepEqual([body.lag, body.description], [4, 'Let it dry.'])
    assert.equal((await patch({ description: null })).body.description, null)
  })

  test('applies to its type, which may swap its ends', async () => {
    assert.deepEqual(told((await patch({ type: 'relates' })).body), ['relates', a, b, 'relates'])
    assert.deepEqual(told((await patch({ type: 'precedes' })).body), ['follows', b, a, 'precedes'])
    const swapped = { from: link('work_packages', a), to: link('work_packages', b) }
    assert.deepEqual(told((await patch({ _links: swapped })).body), ['follows', a, b, 'precedes'])
  })

  test('does not apply to its ends', async () => {
    const other = link('work_packages', await one())
    for (const name of ['from', 'to']) {
      const reply = await patch({ _links: { [name]: other } })
      assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
      assert.equal(reply.body._embedded.details.attribute, name)
    }
  })

  test('cannot create a cycle', async () => {
    const c = await one()
    await relate(c, 'follows', a)
    const { body } = await relate(b, 'relates', c)
    assert.equal((await admin.patch(`/relations/${body.id}`, { type: 'follows' })).status, 422)
  })

  test('ignores properties derived from its type', async () => {
    const { status, body } = await patch({ name: 'x', reverseType: 'y', _type: 'z' })
    assert.deepEqual([status, body.name, body._type], [200, 'successor (after)', 'Relation'])
  })
})

describe('a user who may', () => {
  let other: number
  let [here, hereToo, there] = [0, 0, 0]
  before(async () => {
    other = await make.project()
    ;[here, hereToo, there] = [await one(), await one(), (await created(admin, other)).id]
  })

  test('see only one of the ends does not see the relation, or count it', async () => {
    const { body } = await relate(here, 'relates', there)
    const { client } = it.member
    assert.equal((await client.get(`/relations/${body.id}`)).status, 404)
    assert.equal((await client.delete(`/relations/${body.id}`)).status, 404)
    const about = [{ involved: { operator: '=', values: [String(here)] } }]
    assert.deepEqual(await listed(client, about), [])
    assert.deepEqual(await listed(admin, about), [body.id])
    await admin.delete(`/relations/${body.id}`)
  })

  test('see both, but manage relations only at one of them, gets an error for the other', async () => {
    const { client, id } = await it.person('view_work_packages', 'manage_work_package_relations')
    await make.member(id, other, ['view_work_packages'])
    const lacking = (name: string) => [`${name}: The selected work package is one whose relations you may not manage.`]
    assert.deepEqual(errors((await relate(here, 'blocks', there, {}, client)).body), lacking('to'))
    assert.deepEqual(errors((await relate(there, 'blocks', here, {}, client)).body), lacking('from'))
    assert.equal((await relate(here, 'blocks', hereToo, {}, client)).status, 201)
  })

  test('only see them gets an error for both ends, may change nothing, and has no action links', async () => {
    const [a, b] = [await one(), await one()]
    const reply = await relate(a, 'blocks', b, {}, it.reader.client)
    assert.equal(reply.status, 422)
    assert.deepEqual(
      errors(reply.body).map((error) => error.split(':')[0]),
      ['from', 'to'],
    )
    const { id } = (await relate(a, 'blocks', b)).body
    const { body } = await it.reader.client.get(`/relations/${id}`)
    assert.deepEqual(Object.keys(body._links).sort(), ['from', 'self', 'to'])
    assert.equal((await it.reader.client.patch(`/relations/${id}`, { description: 'x' })).status, 403)
    assert.equal((await it.reader.client.delete(`/relations/${id}`)).status, 403)
    assert.equal((await it.member.client.delete(`/relations/${id}`)).status, 204)
  })

  test('see nothing gets 404 for the work package', async () => {
    assert.equal((await relate(here, 'blocks', hereToo, {}, it.stranger.client)).status, 404)
  })
})

describe('the relations', () => {
  let [a, b, c, d] = [0, 0, 0, 0]
  let [ab, bc, dc] = [0, 0, 0]
  before(async () => {
    ;[a, b, c, d] = [await one(), await one(), await one(), await one()]
    ab = (await relate(a, 'follows', b)).body.id
    bc = (await relate(b, 'blocks', c)).body.id
    dc = (await relate(d, 'relates', c)).body.id
  })
  const is = (name: string, ...values: (number | string)[]) => ({ [name]: { operator: '=', values: values.map(String) } })

  test('of a work package also have a list at the top level', async () => {
    const reply = await admin.get(`/work_packages/${b}/relations`)
    assert.equal(reply.status, 308)
    const { body } = await admin.get(String(reply.headers.get('location')).replace('/api/v3', ''))
    assert.deepEqual(
      body._embedded.elements.map((relation: any) => relation.id),
      [ab, bc],
    )
    assert.equal((await it.stranger.client.get(`/work_packages/${b}/relations`)).status, 404)
  })

  test('are filtered by type and ends', async () => {
    const mine = is('id', ab, bc, dc)
    assert.deepEqual(await listed(admin, [mine]), [ab, bc, dc])
    assert.deepEqual(await listed(admin, [mine, is('from', b)]), [bc])
    assert.deepEqual(await listed(admin, [mine, is('to', c)]), [bc, dc])
    assert.deepEqual(await listed(admin, [mine, is('involved', b)]), [ab, bc])
    assert.deepEqual(await listed(admin, [mine, is('type', 'blocks', 'relates')]), [bc, dc])
    assert.deepEqual(await listed(admin, [mine, { type: { operator: '!', values: ['blocks'] } }]), [ab, dc])
    const unknown = await admin.get(`/relations?filters=${encodeURIComponent(JSON.stringify([is('type', 'likes')]))}`)
    assert.deepEqual([unknown.status, kind(unknown.body)], [400, 'InvalidQuery'])
  })

  test('are sorted', async () => {
    const query = `filters=${encodeURIComponent(JSON.stringify([is('id', ab, bc, dc)]))}&sortBy=${encodeURIComponent('[["type","asc"]]')}`
    const { body } = await admin.get(`/relations?${query}`)
    assert.deepEqual(
      body._embedded.elements.map((relation: any) => relation.type),
      ['blocks', 'follows', 'relates'],
    )
  })

  test('are filters of work packages', async () => {
    const find = async (name: string, id: number, operator = '=') => {
      const filters = JSON.stringify([is('id', a, b, c, d), { [name]: { operator, values: [String(id)] } }])
      const { body } = await admin.get(`/work_packages?filters=${encodeURIComponent(filters)}`)
      return body._embedded.elements.map((found: any) => found.id).sort((x: number, y: number) => x - y)
    }
    assert.deepEqual(await find('follows', b), [a])
    assert.deepEqual(await find('precedes', a), [b])
    assert.deepEqual(await find('blocks', c), [b])
    assert.deepEqual(await find('blocked', b), [c])
    assert.deepEqual([await find('relates', c), await find('relates', d)], [[d], [c]])
    assert.deepEqual(await find('follows', b, '!'), [b, c, d])
    assert.deepEqual(await find('requires', a), [])
  })
})

describe('candidates for relations', () => {
  const candidates = async (id: number, query = '', client: Client = admin) => {
    const { body } = await client.get(`/work_packages/${id}/available_relation_candidates?pageSize=100&${query}`)
    return body._embedded.elements.map((found: any) => found.id)
  }
  let own: number
  let [a, b, parent, child, far] = [0, 0, 0, 0, 0]
  const add = async (links: object = {}) => (await created(admin, own, { subject: 'Candidate', _links: links })).id
  before(async () => {
    own = await make.project()
    parent = await add()
    a = await add({ parent: link('work_packages', parent) })
    child = await add({ parent: link('work_packages', a) })
    ;[b, far] = [await add(), await add()]
    await relate(b, 'follows', a)
    await relate(far, 'follows', b)
  })
  const here = () => `filters=${encodeURIComponent(JSON.stringify([{ project: { operator: '=', values: [String(own)] } }]))}`

  test('close no cycle and are not related yet', async () => {
    assert.deepEqual(await candidates(a, here()), [far])
    assert.deepEqual(await candidates(a, `type=follows&${here()}`), [])
    assert.deepEqual(await candidates(a, `type=precedes&${here()}`), [far])
    assert.deepEqual(await candidates(b, `type=blocks&${here()}`), [parent, child])
  })

  test('are exactly those with which a relation can be created', async () => {
    for (const type of ['follows', 'precedes', 'blocks', 'relates']) {
      for (const id of [a, b, parent, child, far]) {
        const offered = new Set(await candidates(id, `type=${type}&${here()}`))
        for (const to of [a, b, parent, child, far]) {
          const { status, body } = await relate(id, type, to)
          assert.equal(status, offered.has(to) ? 201 : 422, `${id} ${type} ${to}`)
          if (status === 201) await admin.delete(`/relations/${body.id}`)
        }
      }
    }
  })

  test('include possible parents: not the current one, descendants, or work packages in line', async () => {
    assert.deepEqual(await candidates(a, `type=parent&${here()}`), [])
    assert.deepEqual(
      await candidates(child, `type=parent&${here()}`),
      [parent, b, far].sort((x, y) => x - y),
    )
    // Siblings may follow each other, so what follows the one child may be another.
    assert.deepEqual(
      await candidates(parent, `type=child&${here()}`),
      [child, b, far].sort((x, y) => x - y),
    )
  })

  test('are found by subject, at most ten, if visible', async () => {
    assert.deepEqual(await candidates(child, `query=candidate&${here()}&type=relates`), [parent, b, far])
    assert.deepEqual(await candidates(child, `query=nowhere&${here()}`), [])
    const { body } = await admin.get(`/work_packages/${a}/available_relation_candidates`)
    assert.deepEqual([body._type, body.pageSize], ['WorkPackageCollection', 10])
    assert.equal((await it.member.client.get(`/work_packages/${a}/available_relation_candidates`)).status, 404)
  })

  test('are a filter as well, for users who manage relations in any project', async () => {
    const filters = `filters=${encodeURIComponent(JSON.stringify([{ project: { operator: '=', values: [String(own)] } }, { relatable: { operator: 'relates', values: [String(a)] } }]))}`
    const { body } = await admin.get(`/work_packages?${filters}`)
    assert.deepEqual(
      body._embedded.elements.map((found: any) => found.id),
      [far],
    )
    const reader = await it.person('view_work_packages')
    await make.member(reader.id, own, ['view_work_packages'])
    assert.equal((await reader.client.get(`/work_packages?${filters}`)).status, 400)
  })

  test('require a known type', async () => {
    assert.equal((await admin.get(`/work_packages/${a}/available_relation_candidates?type=likes`)).status, 400)
  })
})

describe('work packages blocked by an open one', () => {
  test('cannot be closed before', async () => {
    const [a, b] = [await one(), await one()]
    await relate(a, 'blocks', b)
    const closed = link('statuses', await it.statuses('Closed'))
    const refused = await changed(it.member.client, b, { _links: { status: closed } })
    assert.deepEqual([refused.status, errors(refused.body)[0]?.split(':')[0]], [422, 'status'])
    assert.equal((await changed(it.member.client, a, { _links: { status: closed } })).status, 200)
    assert.equal((await changed(it.member.client, b, { _links: { status: closed } })).status, 200)
  })
})
