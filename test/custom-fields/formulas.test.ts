/** Calculated values: derived from other fields on each write, independent of the writer's and the viewer's permissions. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { link, type Scene, scene } from './scene.ts'

let s: Scene
before(async () => {
  s = await scene()
})
after(() => s.server.close())

const nameOf = (field: number) => `customField${field}`
const calculated = (name: string, formula: string, more = {}) => s.field({ name, format: 'calculated_value', formula, ...more })

/** A new work package, created by the writer with these values. */
async function created(values: Record<string, unknown>, links: Record<string, unknown> = {}) {
  const payload = { subject: 'Crane', ...values, _links: { type: link(`types/${s.type}`), ...links } }
  const reply = await s.writer.post(`/projects/${s.project}/work_packages`, payload)
  assert.equal(reply.status, 201, reply.text)
  return reply.body
}

/** The value of a work package's field for the administrator. */
const valueIn = async (id: number, field: number) => (await s.server.admin.get(`/work_packages/${id}`)).body[nameOf(field)]

test('A value that only administrators see is derived from the writes of others, and not disclosed to them', async () => {
  const hours = await s.field({ name: 'Hours', format: 'float' })
  const rate = await s.field({ name: 'Rate', format: 'int', default_value: 40, admin_only: true })
  const cost = await calculated('Cost', `{{cf_${hours}}} * {{cf_${rate}}}`, { admin_only: true })
  const { id, lockVersion } = await created({ [nameOf(hours)]: 2 })
  assert.equal(await valueIn(id, cost), null)

  const { body } = await s.server.admin.patch(`/work_packages/${id}`, { lockVersion, [nameOf(rate)]: 50 })
  assert.equal(body[nameOf(cost)], 100)
  const change = { lockVersion: body.lockVersion, [nameOf(hours)]: 3 }
  const form = await s.writer.post(`/work_packages/${id}/form`, change)
  const written = await s.writer.patch(`/work_packages/${id}`, change)
  assert.deepEqual([written.status, await valueIn(id, cost)], [200, 150])
  const activities = await s.writer.get(`/work_packages/${id}/activities`)
  for (const { text } of [form, written, activities]) assert.doesNotMatch(text, new RegExp(`${nameOf(cost)}|Cost|150`))
  const told = (await s.server.admin.get(`/work_packages/${id}/activities`)).text
  assert.match(told, /Cost changed from 100 to 150/)
})

test('A value is derived from a value that the writer does not see', async () => {
  const days = await s.field({ name: 'Days', format: 'int' })
  const hidden = await calculated('Doubled', `{{cf_${days}}} * 2`, { admin_only: true })
  const shown = await calculated('Doubled and one', `{{cf_${hidden}}} + 1`)
  const { id, lockVersion, ...body } = await created({ [nameOf(days)]: 5 })
  assert.deepEqual([body[nameOf(shown)], await valueIn(id, shown)], [undefined, 11])
  await s.writer.patch(`/work_packages/${id}`, { lockVersion, [nameOf(days)]: 6 })
  assert.equal(await valueIn(id, shown), 13)
})

test('Removing an input removes the derived value', async () => {
  const price = await s.field({ name: 'Price', format: 'int' })
  const total = await calculated('Total', `{{cf_${price}}} + 1`)
  const { id, lockVersion } = await created({ [nameOf(price)]: 5 })
  assert.equal(await valueIn(id, total), 6)
  const { body } = await s.writer.patch(`/work_packages/${id}`, { lockVersion, [nameOf(price)]: null })
  assert.equal(body[nameOf(total)], null)
})

test('Values with circular dependencies are empty, and so are values that depend on them', async () => {
  const [one, two, three] = [await calculated('One', '1'), await calculated('Two', '2'), await calculated('Three', '3')]
  const redefine = (id: number, formula: string) =>
    s.server.db.transaction((tx) => tx.run(sql`update custom_fields set formula = ${formula} where id = ${id}`))
  await redefine(one, `{{cf_${two}}} + 1`)
  await redefine(two, `{{cf_${one}}} + 1`)
  await redefine(three, `{{cf_${one}}} + {{cf_${two}}}`)
  const free = await calculated('Free', '2 * 2')
  const { id } = await created({})
  assert.deepEqual(await Promise.all([one, two, three, free].map((field) => valueIn(id, field))), [null, null, null, 4])
})

test('In a formula an item of a weighted list is its weight, and several items are their sum', async () => {
  const items = [
    { label: 'Low', weight: '0.5' },
    { label: 'High', weight: '8', items: [{ label: 'Highest', weight: '13' }] },
    { label: 'Unknown' },
  ]
  const risk = await s.field({ name: 'Risk', format: 'weighted_item_list', items })
  const harms = await s.field({ name: 'Harms', format: 'weighted_item_list', multiple: true, items })
  const score = await calculated('Score', `{{cf_${risk}}} * 10`)
  const sum = await calculated('Sum', `{{cf_${harms}}}`)
  const rows = await s.server.db.all<{ id: number; field: number; label: string }>(
    sql`select id, custom_field_id as field, label from custom_field_items where label is not null`,
  )
  const item = (field: number, label: string) =>
    link(`custom_field_items/${rows.find((row) => row.field === field && row.label === label)!.id}`)
  const { id, lockVersion, ...body } = await created(
    {},
    { [nameOf(risk)]: item(risk, 'Highest'), [nameOf(harms)]: [item(harms, 'Low'), item(harms, 'High')] },
  )
  assert.deepEqual([body[nameOf(score)], body[nameOf(sum)]], [130, 8.5])
  const links = { [nameOf(risk)]: item(risk, 'Unknown'), [nameOf(harms)]: [] }
  const { body: after } = await s.writer.patch(`/work_packages/${id}`, { lockVersion, _links: links })
  assert.deepEqual([after[nameOf(score)], after[nameOf(sum)]], [null, null])
})

test('A field of a non-numeric format counts as empty, even with a number as its stored value', async () => {
  const size = await s.field({ name: 'Size', format: 'list', options: ['S', 'M'], chosen: ['M'] })
  const wrong = await calculated('Wrong', `{{cf_${size}}} + 1`)
  const { id } = await created({})
  assert.equal(await valueIn(id, wrong), null)
})

test('A value derived from a hidden field is hidden as well, also in lists', async () => {
  const secret = await s.field({ name: 'Secret', format: 'int', default_value: 40, admin_only: true })
  const told = await calculated('Told', `{{cf_${secret}}} * 2`, { filterable: true })
  const further = await calculated('Further', `{{cf_${told}}} + 1`, { filterable: true })
  const { id } = await created({})
  assert.equal((await s.server.admin.patch(`/work_packages/${id}`, { lockVersion: 0, [nameOf(secret)]: 50 })).status, 200)
  assert.deepEqual([await valueIn(id, told), await valueIn(id, further)], [100, 101])
  for (const field of [told, further]) {
    const own = nameOf(field)
    assert.doesNotMatch((await s.writer.get(`/work_packages/${id}`)).text, new RegExp(own))
    const filter = encodeURIComponent(JSON.stringify([{ [own]: { operator: '>=', values: ['1'] } }]))
    const sort = encodeURIComponent(JSON.stringify([[own, 'asc']]))
    for (const asked of [`filters=${filter}`, `sortBy=${sort}`, `groupBy=${own}`])
      assert.equal((await s.writer.get(`/work_packages?${asked}`)).status, 400, asked)
    assert.doesNotMatch((await s.writer.get('/work_packages?showSums=true&filters=[]')).text, new RegExp(own))
  }
})

test('A value derived from a field that is disabled in the project is absent', async () => {
  const elsewhere = await s.server.make.project({ name: 'Elsewhere' })
  const input = await s.field({ name: 'Used elsewhere', format: 'int', projects: [elsewhere] })
  const value = await calculated('From elsewhere', `{{cf_${input}}} + 1`)
  const made = (project_id: number) =>
    s.server.make.workPackage({ project_id, type_id: s.type, custom_values: { [input]: 1, [value]: 2 } })
  const [here, there] = [await made(s.project), await made(elsewhere)]
  assert.deepEqual([await valueIn(here, value), await valueIn(there, value)], [undefined, 2])
  const { body } = await s.server.admin.get(`/work_packages?filters=[]&showSums=true&groupBy=${nameOf(value)}`)
  assert.equal(body.totalSums[nameOf(value)], 2)
})
