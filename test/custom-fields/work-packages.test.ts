/** Custom fields of work packages: in representations, writes, schemas, lists, history and queries. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { filters, ids } from '#test/instance.ts'
import { link, type Scene, scene } from './scene.ts'

let s: Scene
const fields = {} as Record<string, number>
const choices = {} as Record<string, number>
let version: number
const own = (field: string) => `customField${fields[field]}`

before(async () => {
  s = await scene()
  fields.word = await s.field({ name: 'Code word', format: 'string', min_length: 2, max_length: 8, pattern: '^[a-z]+$' })
  fields.story = await s.field({ name: 'Story', format: 'text' })
  fields.page = await s.field({ name: 'Page', format: 'link' })
  fields.points = await s.field({ name: 'Points', format: 'int', default_value: 3 })
  fields.ratio = await s.field({ name: 'Ratio', format: 'float' })
  fields.day = await s.field({ name: 'Day', format: 'date' })
  fields.flag = await s.field({ name: 'Flag', format: 'bool' })
  fields.size = await s.field({ name: 'Size', format: 'list', options: ['S', 'M', 'L'], chosen: ['M'] })
  fields.colours = await s.field({ name: 'Colours', format: 'list', options: ['red', 'green', 'blue'], multiple: true })
  fields.tester = await s.field({ name: 'Tester', format: 'user' })
  fields.release = await s.field({ name: 'Release', format: 'version' })
  fields.place = await s.field({
    name: 'Place',
    format: 'hierarchy',
    items: [{ label: 'Europe', items: [{ label: 'Spain', short: 'ES' }, { label: 'Italy' }] }, { label: 'Asia' }],
  })
  version = await s.server.make.row(
    'versions',
    { project_id: s.project, name: '1.0', created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' },
    'versions',
    'projects',
  )
  const { db } = s.server
  const options = await db.all<{ id: number; name: string }>(sql`select id, value as name from custom_options`)
  const items = await db.all<{ id: number; name: string }>(sql`select id, label as name from custom_field_items`)
  for (const { id, name } of [...options, ...items]) choices[name] = id
})
after(() => s.server.close())

/** A new work package, created by the writer with these values. */
async function created(values: Record<string, unknown> = {}, links: Record<string, unknown> = {}) {
  const reply = await s.writer.post(`/projects/${s.project}/work_packages`, {
    subject: 'Crane',
    ...values,
    _links: { type: link(`types/${s.type}`), ...links },
  })
  assert.equal(reply.status, 201, reply.text)
  return reply.body
}

test('A new work package has the given value of each format, and defaults for the others', async () => {
  const body = await created(
    {
      [own('word')]: 'anchor',
      [own('story')]: { raw: '*long*' },
      [own('page')]: 'example.net/crane',
      [own('ratio')]: 0.25,
      [own('day')]: '2026-05-04',
      [own('flag')]: false,
    },
    {
      [own('colours')]: [link(`custom_options/${choices.red}`), link(`custom_options/${choices.blue}`)],
      [own('tester')]: link(`users/${s.writerId}`),
      [own('release')]: link(`versions/${version}`),
      [own('place')]: link(`custom_field_items/${choices.Spain}`),
    },
  )
  const read = (await s.reader.get(`/work_packages/${body.id}`)).body
  assert.equal(read[own('word')], 'anchor')
  assert.equal(read[own('story')].html, '<p class="op-uc-p"><em>long</em></p>')
  assert.equal(read[own('page')], 'http://example.net/crane')
  assert.equal(read[own('points')], 3)
  assert.equal(read[own('ratio')], 0.25)
  assert.equal(read[own('day')], '2026-05-04')
  assert.equal(read[own('flag')], false)
  assert.deepEqual(read._links[own('size')], { href: `/api/v3/custom_options/${choices.M}`, title: 'M' })
  assert.deepEqual(
    read._links[own('colours')].map((one: { title: string }) => one.title),
    ['red', 'blue'],
  )
  assert.equal(read._links[own('tester')].href, `/api/v3/users/${s.writerId}`)
  assert.deepEqual(read._links[own('release')], { href: `/api/v3/versions/${version}`, title: '1.0' })
  assert.equal(read._links[own('place')].title, 'Spain (ES)')
  // Options are not embedded, as the link has all their data.
  assert.deepEqual([read._embedded[own('release')]._type, read._embedded[own('size')]], ['Version', undefined])
})

test('An empty value is null, a link without target, or absent', async () => {
  const body = await created({ [own('points')]: null }, { [own('size')]: { href: null } })
  assert.deepEqual(
    ['word', 'page', 'points', 'ratio', 'day', 'flag'].map((one) => body[own(one)]),
    [null, null, null, null, null, null],
  )
  assert.deepEqual(body[own('story')], { format: 'markdown', raw: '', html: '' })
  assert.deepEqual(body._links[own('size')], { href: null })
  assert.deepEqual(body._links[own('colours')], [])
})

test('An update changes only the given values', async () => {
  const { id, lockVersion } = await created({ [own('word')]: 'anchor', [own('ratio')]: 2 })
  const changed = await s.writer.patch(`/work_packages/${id}`, { lockVersion, [own('word')]: 'rope' })
  assert.deepEqual([changed.body[own('word')], changed.body[own('ratio')], changed.body[own('points')]], ['rope', 2, 3])
  const emptied = await s.writer.patch(`/work_packages/${id}`, { lockVersion: lockVersion + 1, [own('word')]: null })
  assert.deepEqual([emptied.body[own('word')], emptied.body[own('ratio')]], [null, 2])
})

test('Invalid values are rejected, with a message for each format', async () => {
  const { id, lockVersion } = await created()
  const refused = async (values: object, links: object = {}) => {
    const { status, body } = await s.writer.patch(`/work_packages/${id}`, { lockVersion, ...values, _links: links })
    return [status, body._embedded?.details?.attribute, body.message]
  }
  assert.deepEqual(await refused({ [own('word')]: 'x' }), [422, own('word'), 'Code word is too short (minimum is 2 characters).'])
  assert.deepEqual(await refused({ [own('word')]: 'anchorage' }), [
    422,
    own('word'),
    'Code word is too long (maximum is 8 characters).',
  ])
  assert.deepEqual(await refused({ [own('word')]: 'R2D2' }), [
    422,
    own('word'),
    'Code word does not match the regular expression.',
  ])
  assert.equal((await refused({ [own('points')]: 'many' }))[0], 422)
  assert.equal((await refused({ [own('page')]: 'javascript:alert(1)' }))[0], 422)
  assert.equal((await refused({ [own('day')]: '2026-02-30' }))[0], 422)
  const notAllowed = 'is not set to one of the allowed values.'
  assert.deepEqual(await refused({}, { [own('size')]: link(`custom_options/${choices.red}`) }), [
    422,
    own('size'),
    `Size ${notAllowed}`,
  ])
  assert.deepEqual(await refused({}, { [own('tester')]: link('users/1') }), [422, own('tester'), `Tester ${notAllowed}`])
  assert.equal((await refused({}, { [own('size')]: link('types/1') }))[0], 422)
})

test('A value that cannot be chosen any more can be sent back as it is', async () => {
  const { make, db } = s.server
  const former = await make.user()
  const membership = await make.member(former, s.project, ['view_work_packages'])
  const { id } = await created({}, { [own('tester')]: link(`users/${former}`) })
  await db.transaction(async (tx) => {
    await tx.run(sql`delete from memberships where id = ${membership}`)
    await invalidate(tx, 'memberships')
  })
  const send = async (user: number, lockVersion: number) =>
    s.server.admin.patch(`/work_packages/${id}`, { lockVersion, _links: { [own('tester')]: link(`users/${user}`) } })
  const kept = await send(former, 0)
  assert.deepEqual([kept.status, kept.body._links[own('tester')].href], [200, `/api/v3/users/${former}`], kept.text)
  assert.equal((await send(await make.user(), 0)).status, 422)
})

test('Only the types and projects of a field have it; elsewhere it is absent, and a sent value is ignored', async () => {
  const bug = await s.server.id('types', 'Bug')
  const only = await s.field({ name: 'Only bugs here', format: 'string', projects: [s.project], types: [bug], required: true })
  const name = `customField${only}`
  const task = await created({ [name]: 'x' })
  assert.equal(name in task, false)
  const { status, body } = await s.writer.post(`/projects/${s.project}/work_packages`, {
    subject: 'Leak',
    _links: { type: link(`types/${bug}`) },
  })
  assert.deepEqual([status, body.message], [422, "Only bugs here can't be blank."])
  // A stored work package may keep an empty required field, unless the client requests a full check.
  const made = await created({ [name]: 'x' }, { type: link(`types/${bug}`) })
  const { id } = made
  const other = await s.writer.patch(`/work_packages/${id}`, { lockVersion: made.lockVersion, subject: 'Hole' })
  assert.equal(other.status, 200)
  const emptied = await s.writer.patch(`/work_packages/${id}`, { lockVersion: other.body.lockVersion, [name]: null })
  assert.equal(emptied.status, 422)
  const elsewhere = await s.server.make.project()
  const there = await s.server.admin.post(`/projects/${elsewhere}/work_packages`, {
    subject: 'Leak',
    _links: { type: link(`types/${bug}`) },
  })
  assert.deepEqual([there.status, name in there.body], [201, false])
})

test('Fields for administrators are hidden from others: in representations, writes, filters and columns', async () => {
  const secret = await s.field({ name: 'Secret', format: 'string', admin_only: true })
  const name = `customField${secret}`
  const { id, lockVersion } = await created({ [name]: 'x' })
  assert.equal((await s.server.admin.get(`/work_packages/${id}`)).body[name], null)
  await s.server.admin.patch(`/work_packages/${id}`, { lockVersion, [name]: 'hush' })
  assert.equal((await s.server.admin.get(`/work_packages/${id}`)).body[name], 'hush')
  assert.equal(name in (await s.writer.get(`/work_packages/${id}`)).body, false)
  assert.equal((await s.writer.get(`/work_packages?${filters([name, '=', ['hush']])}`)).status, 400)
  assert.equal((await s.writer.get(`/queries/columns/${name}`)).status, 404)
  assert.equal((await s.server.admin.get(`/queries/columns/${name}`)).status, 200)
  // A write of another property keeps a hidden value.
  await s.writer.patch(`/work_packages/${id}`, { lockVersion: lockVersion + 1, [own('word')]: 'rope' })
  assert.equal((await s.server.admin.get(`/work_packages/${id}`)).body[name], 'hush')
})

test('The schema of a type has type, position and limits of each field; a form has the allowed values', async () => {
  const { id, lockVersion } = await created()
  const form = (await s.writer.post(`/work_packages/${id}/form`, { lockVersion })).body._embedded
  const entry = (field: string) => form.schema[own(field)]
  assert.deepEqual(entry('word'), {
    type: 'String',
    name: 'Code word',
    required: false,
    hasDefault: false,
    writable: true,
    options: {},
    minLength: 2,
    maxLength: 8,
    regularExpression: '^[a-z]+$',
    attributeGroup: 'Other',
  })
  assert.deepEqual(
    Object.keys(fields).map((field) => entry(field).type),
    [
      'String',
      'Formattable',
      'Link',
      'Integer',
      'Float',
      'Date',
      'Boolean',
      'CustomOption',
      '[]CustomOption',
      'User',
      'Version',
      'CustomField::Hierarchy::Item',
    ],
  )
  assert.equal(entry('points').hasDefault, true)
  assert.deepEqual(
    entry('size')._embedded.allowedValues.map((one: { value: string }) => one.value),
    ['S', 'M', 'L'],
  )
  assert.deepEqual(entry('place')._links.allowedValues, { href: `/api/v3/custom_fields/${fields.place}/items` })
  assert.match(entry('tester')._links.allowedValues.href, /^\/api\/v3\/principals\?filters=/)
  const people = await s.server.admin.get(entry('tester')._links.allowedValues.href.slice('/api/v3'.length))
  assert.ok(ids(people).includes(s.writerId))
  assert.equal(form.payload[own('points')], 3)
  assert.deepEqual(form.payload._links[own('size')].title, 'M')
  const group = form.schema._attributeGroups.find((one: { name: string }) => one.name === 'Other')
  assert.ok(Object.keys(fields).every((field) => group.attributes.includes(own(field))))
})

test('Lists are filtered, ordered, grouped and summed by fields', async () => {
  const project = await s.server.make.project()
  const make = async (values: object, links: object = {}) => {
    const reply = await s.server.admin.post(`/projects/${project}/work_packages`, {
      subject: 'Listed',
      ...values,
      _links: { type: link(`types/${s.type}`), ...links },
    })
    assert.equal(reply.status, 201, reply.text)
    return reply.body.id as number
  }
  const option = (name: string) => link(`custom_options/${choices[name]}`)
  const a = await make(
    {
      [own('word')]: 'aa',
      [own('points')]: 1,
      [own('flag')]: true,
      [own('day')]: '2026-05-04',
      [own('story')]: { raw: 'high tide' },
    },
    {
      [own('size')]: option('L'),
      [own('colours')]: [option('red'), option('blue')],
      [own('place')]: link(`custom_field_items/${choices.Spain}`),
    },
  )
  const b = await make(
    { [own('word')]: 'bb', [own('points')]: 5 },
    { [own('size')]: option('S'), [own('colours')]: [option('red')] },
  )
  const c = await make(
    { [own('points')]: null },
    { [own('size')]: { href: null }, [own('place')]: link(`custom_field_items/${choices.Europe}`) },
  )
  const found = async (...list: Parameters<typeof filters>) =>
    ids(await s.server.admin.get(`/projects/${project}/work_packages?${filters(...list)}&sortBy=[["id","asc"]]`))
  const choice = (name: string) => [choices[name] as number]

  assert.deepEqual(await found([own('word'), '=', ['aa']]), [a])
  assert.deepEqual(await found([`cf_${fields.word}`, '~', ['B']]), [b])
  assert.deepEqual(await found([own('word'), '!', ['aa']]), [b, c])
  assert.deepEqual(await found([own('story'), '~', ['tide high']]), [a])
  assert.deepEqual(await found([own('points'), '>=', ['2']]), [b])
  assert.deepEqual(await found([own('points'), '!*']), [c])
  for (const day of ['2026-05-04', '4.5.2026', '2026/5/4', 'May 4, 2026', '2026-05-04T09:00:00+02:00']) {
    assert.deepEqual(await found([own('day'), '=d', [day]]), [a], day)
    assert.deepEqual(await found([own('day'), '<>d', [day, '']]), [a], day)
  }
  assert.equal((await s.server.admin.get(`/work_packages?${filters([own('day'), '=d', ['5/4/2026']])}`)).status, 400)
  assert.deepEqual(await found([own('flag'), '=', ['t']]), [a])
  assert.deepEqual(await found([own('flag'), '=', ['f']]), [b, c])
  assert.deepEqual(await found([own('size'), '=', choice('S')]), [b])
  assert.deepEqual(await found([own('size'), '!', choice('S')]), [a, c])
  assert.deepEqual(await found([own('size'), '!*']), [c])
  assert.deepEqual(await found([own('size'), '=', [...choice('S'), '-1']]), [b, c])
  assert.deepEqual(await found([own('colours'), '=', [...choice('red'), ...choice('blue')]]), [a, b])
  assert.deepEqual(await found([own('colours'), '&=', [...choice('red'), ...choice('blue')]]), [a])
  assert.deepEqual(await found([own('place'), '=', choice('Europe')]), [c])
  assert.deepEqual(await found([own('place'), 'eq_with_descendants', choice('Europe')]), [a, c])
  assert.equal((await s.server.admin.get(`/work_packages?${filters([own('size'), '=', choice('red')])}`)).status, 400)

  const list = async (query: string) => (await s.server.admin.get(`/projects/${project}/work_packages?filters=[]&${query}`)).body
  const order = (body: any) => body._embedded.elements.map((one: { id: number }) => one.id)
  assert.deepEqual(order(await list(`sortBy=${encodeURIComponent(`[["${own('size')}","asc"]]`)}`)), [b, a, c])
  // Rows without a number come first when ascending and last when descending; rows without an option the other way round.
  assert.deepEqual(order(await list(`sortBy=${encodeURIComponent(`[["${own('points')}","desc"]]`)}`)), [b, a, c])
  const grouped = await list(`groupBy=${own('size')}&showSums=true`)
  assert.deepEqual(
    grouped.groups.map((group: any) => [group.value, group.count, group.sums[own('points')], group._links.valueLink[0]?.href]),
    [
      ['S', 1, 5, `/api/v3/custom_options/${choices.S}`],
      ['L', 1, 1, `/api/v3/custom_options/${choices.L}`],
      [null, 1, null, undefined],
    ],
  )
  assert.equal(grouped.totalSums[own('points')], 6)
  const byColours = await list(`groupBy=${own('colours')}`)
  assert.deepEqual(
    new Map(byColours.groups.map((group: any) => [group.value, group.count])),
    new Map([
      ['red', 1],
      ['red, blue', 1],
      [null, 1],
    ]),
  )
})

test('The history records changes of fields like all others', async () => {
  const { id, lockVersion } = await created()
  await s.writer.patch(`/work_packages/${id}`, {
    lockVersion,
    [own('word')]: 'rope',
    [own('story')]: { raw: 'Once' },
    _links: {
      [own('size')]: link(`custom_options/${choices.L}`),
      [own('colours')]: [link(`custom_options/${choices.green}`)],
    },
  })
  const { body } = await s.reader.get(`/work_packages/${id}/activities`)
  const told = body._embedded.elements.flatMap((one: any) => one.details.map((detail: { raw: string }) => detail.raw))
  for (const sentence of ['Code word set to rope', 'Story set', 'Size set to L', 'Colours set to green'])
    assert.ok(told.includes(sentence), `${sentence} of ${told.join('; ')}`)
})

test('A comparison over time includes fields, also those with several values', async () => {
  const option = (name: string) => link(`custom_options/${choices[name]}`)
  const { id, lockVersion } = await created({ [own('word')]: 'anchor', [own('ratio')]: 1 }, { [own('colours')]: [option('red')] })
  const before = new Date(Date.now() - 2 * 86_400_000).toISOString()
  await s.server.db.transaction(async (tx) => {
    await tx.run(sql`update journals set created_at = ${before}, updated_at = ${before} where resource_id = ${id}`)
    await tx.run(sql`update work_package_versions set valid_from = ${before} where id = ${id}`)
  })
  await s.writer.patch(`/work_packages/${id}`, {
    lockVersion,
    [own('word')]: 'rope',
    _links: { [own('colours')]: [option('red'), option('blue')] },
  })
  const { body } = await s.reader.get(`/work_packages/${id}?timestamps=P1D,PT0S`)
  const [then] = body._embedded.attributesByTimestamp
  assert.deepEqual([then[own('word')], body[own('word')]], ['anchor', 'rope'])
  assert.deepEqual(then._links[own('colours')], [{ href: `/api/v3/custom_options/${choices.red}`, title: 'red' }])
  assert.equal(own('ratio') in then, false)
})

test('A query keeps fields as columns, filters, order and group, and applies them', async () => {
  const { body, status } = await s.server.admin.post('/queries', {
    name: 'By size',
    _links: {
      project: link(`projects/${s.project}`),
      columns: [link('queries/columns/id'), link(`queries/columns/${own('size')}`)],
      sortBy: [link(`queries/sort_bys/${own('points')}-desc`)],
      groupBy: link(`queries/group_bys/${own('size')}`),
    },
    showHierarchies: false,
    filters: [
      {
        _links: {
          filter: link(`queries/filters/${own('size')}`),
          operator: link(`queries/operators/${encodeURIComponent('=')}`),
          values: [link(`custom_options/${choices.L}`)],
        },
      },
    ],
  })
  assert.equal(status, 201, JSON.stringify(body))
  assert.equal(body.filters[0]._type, `CustomField${fields.size}QueryFilter`)
  assert.deepEqual(body.filters[0]._links.values, [{ href: `/api/v3/custom_options/${choices.L}`, title: 'L' }])
  const { results } = (await s.server.admin.get(`/queries/${body.id}`)).body._embedded
  assert.ok(results.total > 0)
  assert.ok(results._embedded.elements.every((one: any) => one._links[own('size')].title === 'L'))
  assert.equal((await s.server.admin.get(`/queries/filter_instance_schemas/${own('place')}`)).status, 200)
})
