/** Full-text index: large amounts of text are searched by an index, with the same results as by reading, at any time. */

import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { begin } from '#kernel/write/history.ts'
import { makeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { insertRows } from '#server/seeds/rows.ts'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { sampled } from '#test/sample.ts'

/** More than the number of texts that are read individually. */
const MANY = 5200
const STEP = 400
const words =
  'Anchor anchorage über straße naïve 日本語 x y-axis 100% a_b "quoted" O’Brien C++ don’t back\\slash (round) мачта'.split(' ')
const place = (i: number, n: number) => words[(i * 7 + n * 11 + (i % 5) * n) % words.length] as string

interface Told {
  id: number
  project: number
  subject: string
  description: string | null
  comments: string[]
  files: string[]
  contents: string[]
}

let halyard: Instance
let admin: Client
/** A user who sees a small project only. */
let few: Client
/** A user who sees a large project only. */
let most: Client
let large: number
let small: number
let all: Told[]

before(async () => {
  halyard = await instance()
  const { db, make } = halyard
  admin = halyard.admin
  ;[large, small] = [await make.project(), await make.project()]
  const reader = await make.user()
  await make.member(reader, small, ['view_work_packages'])
  few = await halyard.as(reader)
  const other = await make.user()
  await make.member(other, large, ['view_work_packages'])
  most = await halyard.as(other)
  const first = await make.workPackage({ project_id: small, subject: 'The first' })
  const row = (await db.one(
    sql`select type_id, status_id, priority_id, author_id, created_at, updated_at from work_packages where id = ${first}`,
  ))!
  const plan = Array.from({ length: MANY }, (_, i) => ({
    ...(row as object),
    project_id: i % 100 === 0 ? small : large,
    subject: `No. ${i} ${place(i, 1)} ${place(i, 2)}`,
    description: i % 3 === 0 ? null : `Of ${place(i, 3)}, ${place(i, 4)}\nand ${place(i, 5)}.`,
  }))
  await db.transaction(async (tx) => {
    for (let i = 0; i < MANY; i += STEP) await insertRows(tx, 'work_packages', plan.slice(i, i + STEP) as never)
    await begin(tx, product.of('WorkPackage'))
  })
  const rows = await db.all<Told>(sql`select id, project_id as project, subject, description from work_packages order by id desc`)
  all = rows.map((one) => ({ ...one, comments: [], files: [], contents: [] }))
  for (const [i, one] of all.slice(0, 60).entries()) {
    if (i % 2) one.comments.push(`Said of ${place(i, 6)} by ${place(i, 7)}`)
    else {
      one.files.push(`${place(i, 8)} plan.txt`)
      one.contents.push(`Written of ${place(i, 9)}, ${place(i, 10)}`)
    }
    const [at, author] = [row.created_at, row.author_id]
    for (const notes of one.comments)
      await make.row('journals', {
        resource: 'work_packages',
        resource_id: one.id,
        version: 2,
        user_id: author,
        notes,
        internal: false,
        created_at: at,
        updated_at: at,
      })
    for (const [n, file_name] of one.files.entries()) {
      const file = await make.row('attachments', {
        container_type: 'WorkPackage',
        container_id: one.id,
        author_id: author,
        file_name,
        file_size: 1,
        content_type: 'text/plain',
        storage_name: `name-${one.id}`,
        status: 'uploaded',
        created_at: at,
        updated_at: at,
      })
      await make.row('attachment_contents', { id: file, content: one.contents[n] })
    }
  }
})
after(() => halyard.close())

const has = (text: string | null, wanted: string) =>
  text !== null && wanted.split(' ').every((word) => text.toLowerCase().includes(word.toLowerCase()))

/** The searched texts of each filter. */
const texts: Record<string, { operator: string; of: (one: Told) => (string | null)[] }> = {
  subject: { operator: '~', of: ({ subject }) => [subject] },
  description: { operator: '~', of: ({ description }) => [description] },
  comment: { operator: '~', of: ({ comments }) => comments },
  attachmentFileName: { operator: '~', of: ({ files }) => files },
  attachmentContent: { operator: '~', of: ({ contents }) => contents },
  subjectOrId: { operator: '**', of: ({ subject }) => [subject] },
  search: {
    operator: '**',
    of: ({ subject, description, comments, files, contents }) => [subject, description, ...comments, ...files, ...contents],
  },
}

async function agree(): Promise<void> {
  const wanted = [
    ...words,
    'ANCHOR',
    'chora',
    'ank',
    'of',
    'No. 51',
    'anchor über',
    'anchor zebra',
    'aß',
    'plan.TXT',
    'O’B',
    '語',
    'e',
    '%',
    '_',
    '\\',
  ]
  for (const [name, { operator, of }] of Object.entries(texts)) {
    for (const text of sampled(wanted, 20, `searched ${name}`)) {
      for (const [client, seen] of [
        [admin, all],
        [most, all.filter((one) => one.project === large)],
      ] as const) {
        const expected = seen.filter((one) => of(one).some((part) => has(part, text)))
        // Once the total is known, the page is found in another way.
        for (const offset of [1, 1, 2]) {
          const path = `/work_packages?pageSize=40&offset=${offset}&${filters([name, operator, [text]])}`
          const { body } = await client.get(path)
          assert.equal(body.total, expected.length, path)
          const page = expected.slice(40 * (offset - 1), 40 * offset)
          assert.deepEqual(
            body._embedded.elements.map((one: Told) => one.id),
            page.map(({ id }) => id),
            path,
          )
        }
      }
    }
  }
}

/** Runs the background jobs of the index. */
async function settle(): Promise<void> {
  for (let i = 0; i < 5; i++) await runDue(halyard.db)
}

describe('words are found by any part of them, ignoring case', () => {
  test('immediately after the write', agree)

  test('after the background jobs', async () => {
    await settle()
    await agree()
  })

  test('after changes and deletions', async () => {
    const [one, gone] = all as [Told, Told]
    const two = all[100] as Told
    const { lockVersion } = (await admin.get(`/work_packages/${one.id}`)).body
    const changed = await admin.patch(`/work_packages/${one.id}`, {
      subject: 'Windlass',
      description: { raw: 'Oiled' },
      lockVersion,
    })
    assert.equal(changed.status, 200)
    Object.assign(one, { subject: 'Windlass', description: 'Oiled' })
    const said = await admin.post(`/work_packages/${two.id}/activities`, { comment: { raw: 'Capstan' } })
    await admin.patch(`/activities/${said.body.id}`, { comment: 'Windlass instead' })
    two.comments.push('Windlass instead')
    assert.equal((await admin.delete(`/work_packages/${gone.id}`)).status, 204)
    all.splice(1, 1)
    words.push('Windlass', 'oiled', 'Capstan')
    await agree()
    await settle()
    await agree()
  })
})

test('a user who sees little finds the visible part of the results', async () => {
  for (const text of ['anchor', 'über', 'first', '日本語']) {
    const path = `/work_packages?pageSize=-1&${filters(['search', '**', [text]])}`
    const seen = new Set(ids(await few.get('/work_packages?pageSize=-1')))
    const found = (await admin.get(path.replace('pageSize=-1', 'pageSize=1000'))).body
    assert.ok(found.total > 0)
    const mine = ids(await few.get(path))
    assert.deepEqual(
      mine,
      all.filter((one) => seen.has(one.id) && texts.search?.of(one).some((part) => has(part, text))).map(({ id }) => id),
    )
  }
})

test('a user who sees much finds no word of a text that he may not read', async () => {
  const { db, make } = halyard
  const field = await db.transaction((tx) =>
    makeField(tx, { resource: 'WorkPackage', name: 'Berth', format: 'string', searchable: true }),
  )
  const hidden = await make.workPackage({
    project_id: small,
    subject: 'Xyzzy of the subject',
    description: 'Xyzzy of the description',
    custom_values: JSON.stringify({ [field]: 'Xyzzy of the field' }),
  })
  const shown = all.find((one) => one.project === large) as Told
  const author_id = await make.user()
  const now = new Date().toISOString()
  const stamps = { created_at: now, updated_at: now }
  const comment = (id: number, version: number, notes: string, internal: boolean) =>
    make.row('journals', { resource: 'work_packages', resource_id: id, version, user_id: author_id, notes, internal, ...stamps })
  await comment(hidden, 2, 'Xyzzy of the comment', false)
  await comment(shown.id, 3, 'Xyzzy of the internal comment', true)
  const file = await make.row('attachments', {
    ...{ container_type: 'WorkPackage', container_id: hidden, author_id, file_name: 'Xyzzy of the file', file_size: 1 },
    ...{ content_type: 'text/plain', storage_name: 'xyzzy', status: 'uploaded', ...stamps },
  })
  await make.row('attachment_contents', { id: file, content: 'Xyzzy of the content' })
  for (let round = 0; round < 2; round++) {
    for (const text of ['subject', 'description', 'field', 'comment', 'internal comment', 'file', 'content']) {
      const path = `/work_packages?${filters(['search', '**', [`xyzzy ${text}`]])}`
      assert.deepEqual(
        ids(await admin.get(path)),
        text.includes('internal') ? [shown.id] : text === 'comment' ? [hidden, shown.id] : [hidden],
        text,
      )
      // The second time it is known how many there are.
      for (let time = 0; time < 2; time++) {
        const { body } = await most.get(path)
        assert.deepEqual([body.total, body.count], [0, 0], text)
      }
    }
    await settle()
  }
})

test('searchable fields are searched as well, if visible', async () => {
  const { db } = halyard
  const field = (name: string, values: object) =>
    db.transaction((tx) => makeField(tx, { resource: 'WorkPackage', name, format: 'string', ...values }))
  const [open, secret, unsearched] = [
    await field('Hull', { searchable: true }),
    await field('Price', { searchable: true, admin_only: true }),
    await field('Dock', {}),
  ]
  const [target] = ids(await few.get('/work_packages?pageSize=1'))
  await db.transaction(async (tx) => {
    await tx.run(
      sql`update work_packages set custom_values = ${{ [open]: 'Larch "planks"', [secret]: 'Doubloons', [unsearched]: 'Quayside' }} where id = ${target}`,
    )
  })
  const found = async (client: Client, text: string) =>
    ids(await client.get(`/work_packages?${filters(['search', '**', [text]])}`))
  for (let round = 0; round < 2; round++) {
    assert.deepEqual(await found(admin, 'larch "planks"'), [target])
    assert.deepEqual(await found(few, 'LARCH'), [target])
    assert.deepEqual(await found(admin, 'doubloons'), [target])
    assert.deepEqual(await found(few, 'doubloons'), [])
    assert.deepEqual(await found(admin, 'quayside'), [])
    assert.deepEqual(await found(admin, 'larch doubloons'), [])
    await settle()
  }
})
