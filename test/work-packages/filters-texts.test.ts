/** Filters by words: in the subject, in the description, in either, or by id. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { filters } from '#test/instance.ts'
import { created, scene } from './scene.ts'

const it = await scene()
const { admin, make } = it

async function found(name: string, operator: string, ...values: string[]): Promise<string[]> {
  const reply = await admin.get(`/work_packages?${filters([name, operator, values])}&sortBy=[["id","asc"]]`)
  assert.equal(reply.status, 200, reply.text)
  return reply.body._embedded.elements.map((one: any) => one.subject)
}

const hull = 'Paint the HULL below'
const rope = 'Order 50% more_rope'
const tea = 'Çay für die Crew'
let first: number
before(async () => {
  const ship = await make.project({ name: 'Kestrel' })
  first = await make.workPackage({ project_id: ship, subject: hull, description: 'Two coats of *blue*' })
  await make.workPackage({ project_id: it.project, subject: rope, description: null })
  await make.workPackage({ project_id: it.project, subject: tea, description: 'with the hull in mind' })
})

describe('~ on a subject', () => {
  test('finds every word, at any place and in any case', async () => {
    assert.deepEqual(await found('subject', '~', 'hull'), [hull])
    assert.deepEqual(await found('subject', '~', 'BELOW   paint'), [hull])
    assert.deepEqual(await found('subject', '~', 'hul aint'), [hull])
    assert.deepEqual(await found('subject', '~', 'hull rope'), [])
  })

  test('ignores the case of letters beyond ASCII', async () => {
    assert.deepEqual(await found('subject', '~', 'ÇAY FÜR'), [tea])
  })

  test('treats wildcards of SQL as ordinary characters', async () => {
    assert.deepEqual(await found('subject', '~', '50%'), [rope])
    assert.deepEqual(await found('subject', '~', '0%r'), [])
    assert.deepEqual(await found('subject', '~', 'e_r'), [rope])
    assert.deepEqual(await found('subject', '~', 'p_i'), [])
    assert.deepEqual(await found('subject', '~', "' or 1=1 --"), [])
    assert.deepEqual(await found('subject', '~', '\\'), [])
  })

  test('reads only the first value', async () => {
    assert.deepEqual(await found('subject', '~', 'hull', 'rope'), [hull])
  })
})

test('!~ on a subject finds the others', async () => {
  assert.deepEqual(await found('subject', '!~', 'hull'), [rope, tea])
})

test('the description is searched in the same way; an empty one contains nothing', async () => {
  assert.deepEqual(await found('description', '~', 'HULL'), [tea])
  assert.deepEqual(await found('description', '!~', 'hull'), [hull, rope])
})

test('a search covers subject and description', async () => {
  assert.deepEqual(await found('search', '**', 'hull'), [hull, tea])
  assert.deepEqual(await found('search', '**', 'coats two'), [hull])
})

describe('subjectOrId', () => {
  test('finds words of the subject', async () => {
    assert.deepEqual(await found('subjectOrId', '**', 'rope order'), [rope])
    assert.deepEqual(await found('subject_or_id', '**', 'rope'), [rope])
  })

  test('finds the work package with that id', async () => {
    assert.deepEqual(await found('subjectOrId', '**', String(first)), [hull])
    assert.deepEqual(await found('subjectOrId', '**', `#${first}`), [hull])
  })
})

describe('typeahead', () => {
  test('finds every word in the subject or in the name of the project', async () => {
    assert.deepEqual(await found('typeahead', '**', 'kestrel hull'), [hull])
    assert.deepEqual(await found('typeahead', '**', 'ship'), [rope, tea])
    assert.deepEqual(await found('typeahead', '**', 'kestrel rope'), [])
  })

  test('finds parts of an id', async () => {
    assert.ok((await found('typeahead', '**', `#${first}`)).includes(hull))
    assert.deepEqual(await found('typeahead', '**', `kestrel ${first}`), [hull])
  })
})

describe('comments', () => {
  let ropes: number
  const as = (client: typeof admin, name: string, operator: string, text: string) =>
    client
      .get(`/work_packages?${filters([name, operator, [text]])}`)
      .then(({ body }) => body._embedded.elements.map((one: any) => one.subject).sort())
  before(async () => {
    ropes = (await created(admin, it.project, { subject: 'Ropes' })).id
    const say = (raw: string, more: object = {}) =>
      admin.post(`/work_packages/${ropes}/activities`, { comment: { raw }, ...more })
    assert.equal((await say('Hemp or nylon?')).status, 201)
    assert.equal((await say('Too expensive', { internal: true })).status, 201)
  })
  after(() => admin.delete(`/work_packages/${ropes}`))

  test('are found by all of their words, also by a search', async () => {
    for (const [name, operator] of [
      ['comment', '~'],
      ['search', '**'],
    ] as const) {
      assert.deepEqual(await as(admin, name, operator, 'NYLON hemp'), ['Ropes'])
      assert.deepEqual(await as(admin, name, operator, 'nylon steel'), [])
      assert.deepEqual(await as(admin, name, operator, 'nylon expensive'), [])
    }
    assert.deepEqual(await as(admin, 'comment', '!~', 'nylon'), [hull, rope, tea].sort())
  })

  test('that are internal are found by users who may read them', async () => {
    const insider = await it.person('view_work_packages', 'view_internal_comments')
    const { client } = await it.person('view_work_packages')
    for (const [name, operator] of [
      ['comment', '~'],
      ['search', '**'],
    ] as const) {
      assert.deepEqual(await as(insider.client, name, operator, 'expensive'), ['Ropes'])
      assert.deepEqual(await as(client, name, operator, 'expensive'), [])
      assert.deepEqual(await as(client, name, operator, 'hemp'), ['Ropes'])
    }
    assert.ok((await as(client, 'comment', '!~', 'expensive')).includes('Ropes'))
  })
})
