/** Custom fields of projects, users, groups, versions and time entries, and their allowed values. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { removeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { filters, ids } from '#test/instance.ts'
import { link, type Scene, scene } from './scene.ts'

let s: Scene
before(async () => {
  s = await scene()
})
after(() => s.server.close())

const optionOf = async (field: number, value: string) =>
  (await s.server.db.one<{ id: number }>(
    sql`select id from custom_options where custom_field_id = ${field} and value = ${value}`,
  ))!.id
const itemsOf = (field: number) =>
  s.server.db.all<{ id: number; label: string | null }>(
    sql`select id, label from custom_field_items where custom_field_id = ${field} order by id`,
  )

test('A project has its enabled fields; setting a value enables a further one', async () => {
  const everywhere = await s.field({ resource: 'Project', name: 'Budget code', format: 'string' })
  const elsewhere = await s.field({
    resource: 'Project',
    name: 'Region',
    format: 'list',
    options: ['North', 'South'],
    projects: [],
  })
  const [code, region] = [`customField${everywhere}`, `customField${elsewhere}`]
  const before = (await s.reader.get(`/projects/${s.project}`)).body
  assert.deepEqual([before[code], region in before._links], [null, false])
  const north = link(`custom_options/${await optionOf(elsewhere, 'North')}`)
  const { status, body } = await s.writer.patch(`/projects/${s.project}`, { [code]: 'B-7', _links: { [region]: north } })
  assert.equal(status, 200, JSON.stringify(body))
  assert.deepEqual([body[code], body._links[region].title], ['B-7', 'North'])
  const read = (await s.reader.get(`/projects/${s.project}`)).body
  assert.deepEqual([read[code], read._links[region].title], ['B-7', 'North'])
  assert.deepEqual(ids(await s.reader.get(`/projects?${filters([code, '=', ['B-7']])}`)), [s.project])
  assert.deepEqual(ids(await s.reader.get(`/projects?${filters([code, '=', ['B-8']])}`)), [])
})

test('Forms of projects show the enabled fields in sections', async () => {
  const code = await s.field({ resource: 'Project', name: 'Cost centre', format: 'string', section: 'Money' })
  const owner = await s.field({ resource: 'Project', name: 'Owner', format: 'string' })
  await s.field({ resource: 'Project', name: 'Elsewhere', format: 'string', section: 'Nowhere', projects: [] })
  const { body } = await s.writer.post(`/projects/${s.project}/form`)
  const groups = Object.fromEntries(body._embedded.schema._attributeGroups.map((one: any) => [one.name, one.attributes]))
  assert.deepEqual(groups.Money, [`customField${code}`])
  assert.ok(groups['Project attributes'].includes(`customField${owner}`))
  assert.equal('Nowhere' in groups, false)
  assert.equal(body._embedded.schema._attributeGroups[0]._type, 'ProjectFormCustomFieldSection')
})

test('Project attributes are visible with the permission to view them, and writable with the permission to edit them', async () => {
  const id = await s.field({ resource: 'Project', name: 'Risk', format: 'int' })
  const own = `customField${id}`
  const outsider = await s.server.make.user()
  await s.server.make.member(outsider, s.project, ['view_project'])
  const client = await s.server.as(outsider)
  assert.equal(own in (await client.get(`/projects/${s.project}`)).body, false)
  assert.equal((await s.reader.get(`/projects/${s.project}`)).body[own], null)
  assert.equal((await s.reader.patch(`/projects/${s.project}`, { [own]: 1 })).status, 403)
  assert.equal((await s.writer.patch(`/projects/${s.project}`, { [own]: 1 })).body[own], 1)
})

test('A new project needs the fields that are required for all projects', async () => {
  const id = await s.field({ resource: 'Project', name: 'Sponsor', format: 'string', required: true })
  const refused = await s.server.admin.post('/projects', { name: 'Pier' })
  assert.deepEqual([refused.status, refused.body.message], [422, "Sponsor can't be blank."])
  const made = await s.server.admin.post('/projects', { name: 'Pier', [`customField${id}`]: 'Town' })
  assert.deepEqual([made.status, made.body[`customField${id}`]], [201, 'Town'])
  await s.server.db.transaction((tx) => removeField(tx, product, id))
  assert.equal((await s.server.admin.post('/projects', { name: 'Quay' })).status, 201)
})

test('A calculated value is derived on each write; a sent one is ignored', async () => {
  const [effort, rate] = [
    await s.field({ resource: 'Project', name: 'Effort', format: 'float' }),
    await s.field({ resource: 'Project', name: 'Rate', format: 'int', default_value: 10 }),
  ]
  const cost = await s.field({
    resource: 'Project',
    name: 'Cost',
    format: 'calculated_value',
    formula: `{{cf_${effort}}} * {{cf_${rate}}} + 1`,
  })
  const values = { [`customField${effort}`]: 1.5, [`customField${rate}`]: 20, [`customField${cost}`]: 99 }
  const { body } = await s.writer.patch(`/projects/${s.project}`, values)
  assert.equal(body[`customField${cost}`], 31)
  const schema = (await s.writer.post(`/projects/${s.project}/form`, {})).body._embedded.schema[`customField${cost}`]
  assert.deepEqual(
    [schema.type, schema.writable, schema.formula],
    ['CalculatedValue', false, `{{cf_${effort}}} * {{cf_${rate}}} + 1`],
  )
})

test('Users, groups, versions and time entries have fields of their own', async () => {
  const { admin } = s.server
  const plans = [
    [
      'User',
      'users',
      {
        login: 'ada',
        email: 'ada@example.net',
        firstName: 'Ada',
        lastName: 'L',
        status: 'active',
        password: 'a long enough Password 1',
      },
    ],
    ['Group', 'groups', { name: 'Crew' }],
    ['Version', 'versions', { name: '2.0', _links: { definingProject: link(`projects/${s.project}`) } }],
  ] as const
  for (const [resource, path, payload] of plans) {
    const id = await s.field({ resource, name: 'Nickname', format: 'string', default_value: 'Ace' })
    const own = `customField${id}`
    const made = await admin.post(`/${path}`, payload)
    assert.deepEqual([made.status, made.body[own]], [201, 'Ace'], made.text)
    const changed = await admin.patch(`/${path}/${made.body.id}`, { [own]: 'Duke' })
    assert.deepEqual([changed.status, changed.body[own]], [200, 'Duke'])
    assert.equal((await admin.get(`/${path}/${made.body.id}`)).body[own], 'Duke')
    if (resource !== 'Group') assert.equal((await admin.get(`/${path}/schema`)).body[own].name, 'Nickname')
  }
  const id = await s.field({ resource: 'TimeEntry', name: 'Ticket', format: 'string' })
  const work = await s.server.make.workPackage({ project_id: s.project })
  const entry = await admin.post('/time_entries', {
    hours: 'PT1H',
    spentOn: '2026-01-05',
    [`customField${id}`]: 'T-1',
    _links: { entity: link(`work_packages/${work}`) },
  })
  assert.deepEqual([entry.status, entry.body[`customField${id}`]], [201, 'T-1'], entry.text)
})

test('An option is visible to users who see the field; other users get 404', async () => {
  const id = await s.field({ name: 'Size', format: 'list', options: ['S', 'M'], projects: [s.project] })
  const option = await optionOf(id, 'S')
  assert.deepEqual((await s.reader.get(`/custom_options/${option}`)).body, {
    _type: 'CustomOption',
    id: option,
    value: 'S',
    _links: { self: { href: `/api/v3/custom_options/${option}`, title: 'S' } },
  })
  assert.equal((await s.stranger.get(`/custom_options/${option}`)).status, 404)
})

test('The items of a hierarchy are listed depth first, from the root or another item', async () => {
  const id = await s.field({
    name: 'Place',
    format: 'hierarchy',
    projects: [s.project],
    items: [{ label: 'Europe', items: [{ label: 'Spain', short: 'ES' }] }, { label: 'Asia' }],
  })
  const labels = async (query = '') =>
    (await s.reader.get(`/custom_fields/${id}/items${query}`)).body._embedded.elements.map((one: any) => [one.label, one.depth])
  const europe = (await itemsOf(id)).find((item) => item.label === 'Europe')!.id
  assert.deepEqual(await labels(), [
    [null, 0],
    ['Europe', 1],
    ['Spain', 2],
    ['Asia', 1],
  ])
  assert.deepEqual(await labels('?depth=1'), [
    [null, 0],
    ['Europe', 1],
    ['Asia', 1],
  ])
  assert.deepEqual(await labels(`?parent=${europe}`), [
    ['Europe', 1],
    ['Spain', 2],
  ])
  assert.deepEqual(await labels(`?parent=${europe}&depth=0`), [['Europe', 1]])
  assert.equal((await s.reader.get(`/custom_fields/${id}/items?depth=x`)).status, 400)
  assert.equal((await s.stranger.get(`/custom_fields/${id}/items`)).status, 404)
  assert.equal((await s.server.anonymous.get(`/custom_fields/${id}/items`)).status, 401)
  const text = await s.field({ name: 'Just text', format: 'string' })
  assert.equal((await s.reader.get(`/custom_fields/${text}/items`)).status, 422)
})

test('An item has its depth, and its branch the path to it', async () => {
  const id = await s.field({
    name: 'Chance',
    format: 'weighted_item_list',
    items: [{ label: 'Low', weight: '0.250', items: [{ label: 'Very low', weight: '0.00000001' }] }],
  })
  const [root, low, lowest] = await itemsOf(id)
  const item = (await s.reader.get(`/custom_field_items/${low!.id}`)).body
  const at = (one: { id: number } | undefined) => `/api/v3/custom_field_items/${one?.id}`
  assert.deepEqual(item, {
    _type: 'HierarchyItem',
    id: low!.id,
    label: 'Low',
    short: null,
    weight: '0.250',
    formattedWeight: '0.25',
    depth: 1,
    _links: {
      self: { href: at(low), title: 'Low' },
      parent: { href: at(root), title: '' },
      children: [{ href: at(lowest), title: 'Very low' }],
      branch: { href: `${at(low)}/branch` },
    },
  })
  assert.equal((await s.reader.get(`/custom_field_items/${lowest!.id}`)).body.formattedWeight, '1e-8')
  const branch = (await s.reader.get(`/custom_field_items/${lowest!.id}/branch`)).body
  assert.deepEqual(
    branch._embedded.elements.map((one: { id: number }) => one.id),
    [root!.id, low!.id, lowest!.id],
  )
})
