/** Laws of removal: after any deletion, no remaining column or response refers to the deleted row. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { name, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { amend } from '#kernel/write/history.ts'
import { makeField, removeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { orphans, unknownReferences, versionFaults } from '#test/layout.ts'
import { offersOf } from '#test/links.ts'
import { multiplyRows, type Populated, populated } from '#test/populated.ts'
import { addressesOf, isStored, readingsWith } from '#test/registry.ts'
import { sampled } from '#test/sample.ts'

let world: Populated
before(async () => {
  world = await populated()
  await multiplyRows(world.server.db, 12)
  await entangle()
})
after(() => world.close())

/** Values of custom fields and custom actions that refer to users, versions and work packages, including those to be deleted. */
async function entangle(): Promise<void> {
  const { db, make } = world.server
  const ids = async (table: string, where = sql`1 = 1`) =>
    (await db.all<{ id: number }>(sql`select id from ${name(table)} where ${where} order by id`)).map(({ id }) => id)
  const people = await ids('principals', sql`type in ('User', 'Group', 'PlaceholderUser') and login is distinct from 'admin'`)
  const versions = await ids('versions')
  const extended = ['WorkPackage', 'Project', 'Version', 'TimeEntry', 'User', 'Group'] as const
  for (const resource of extended) {
    const { table } = product.of(resource)
    await db.transaction(async (tx) => {
      const define = (name: string, format: 'user' | 'version', multiple: boolean) =>
        makeField(tx, { resource, name, format, multiple })
      const one = await define('Person', 'user', false)
      const many = await define('People', 'user', true)
      const release = await define('Planned', 'version', false)
      const releases = await define('Also planned', 'version', true)
      const type = resource === 'User' || resource === 'Group' ? sql`type = ${resource}` : sql`1 = 1`
      for (const [i, row] of (
        await tx.all<{ id: number; custom_values: object }>(
          sql`select id, custom_values from ${name(table)} where ${type} order by id`,
        )
      ).entries()) {
        const pick = <T>(list: readonly T[], n: number) => list[(i + n) % list.length]!
        const values = {
          ...row.custom_values,
          [one]: pick(people, 0),
          [many]: [pick(people, 1), pick(people, 2)],
          [release]: pick(versions, 0),
          [releases]: [pick(versions, 1), pick(versions, 2)],
        }
        await amend(tx, product, table, { set: sql`custom_values = ${values}`, where: sql`id = ${row.id}` })
      }
    })
  }
  const stamps = { created_at: '2031-01-01T00:00:00.000Z', updated_at: '2031-01-01T00:00:00.000Z' }
  const [field] = await ids('custom_fields', sql`resource = 'WorkPackage' and format = 'string'`)
  for (const [i, id] of people.entries()) {
    const links = {
      assignee: { href: `/api/v3/users/${id}` },
      version: { href: `/api/v3/versions/${versions[i % versions.length]}` },
    }
    const changes = { subject: 'Acted', [`customField${field}`]: 'Said', _links: links }
    await make.row('custom_actions', { name: `Act ${i}`, position: 10 + i, conditions: {}, changes, ...stamps }, 'custom_actions')
  }
  const own = `customField${field}`
  const filters = [
    { name: own, operator: '~', values: ['o'] },
    { name: 'assignee', operator: '=', values: people.map(String) },
    { name: 'version', operator: '=', values: versions.map(String) },
  ]
  const query = { name: 'Entangled', user_id: admin().id, public: true, filters, columns: ['id', own], sort_by: [`${own}-asc`] }
  const rest = { highlighted_attributes: ['status'], timestamps: ['PT0S'], timeline_labels: { left: own } }
  const texts = Object.entries({ ...query, ...rest }).map(([key, value]) => [
    key,
    typeof value === 'object' ? JSON.stringify(value) : value,
  ])
  for (const group_by of [own, null])
    await make.row('queries', {
      ...Object.fromEntries(texts),
      group_by,
      highlighting_mode: 'inline',
      timeline_zoom_level: 'auto',
      ...stamps,
    })
  await db.transaction((tx) => invalidate(tx, 'projects', 'principals', 'versions'))
}

test('every column that looks like a reference is a known one, or an exception with a reason', () => {
  assert.deepEqual(unknownReferences, [])
})

const admin = () => world.person('admin')

/** Dangling links in responses to an administrator, who sees everything. */
async function danglingLinks(): Promise<string[]> {
  const found = new Set<string>()
  const known = new Map<string, number>()
  for (const resource of readingsWith('show')) {
    for (const address of sampled(await addressesOf(world.server.db, resource, 24), 12, `dangling ${resource.name}`)) {
      const { status, body } = await admin().send('GET', address)
      if (status !== 200) {
        if (![403, 404].includes(status)) found.add(`${address} answers ${status} ${body?.message}`)
        continue
      }
      for (const { method, href, rel, by } of offersOf(body)) {
        // Downloads are checked without their content.
        if (method !== 'GET' || !/^\/api\/v3\/[\w/]+$/.test(href) || href.endsWith('/content')) continue
        if (!known.has(href)) known.set(href, (await admin().send('GET', href)).status)
        if (known.get(href) === 404 || known.get(href)! >= 500)
          found.add(`${by} links by ${rel} to ${href}, which answers ${known.get(href)}`)
      }
    }
  }
  return [...found]
}

test('no remaining column or response refers to a deleted row', async (t) => {
  const { db } = world.server
  assert.deepEqual([...(await orphans(db)), ...(await versionFaults(db)), ...(await danglingLinks())], [])
  // Resources without references first, much referenced ones last, so that each still has references at its deletion.
  const order = [
    'Forum',
    'Meeting',
    'Version',
    'User',
    'Group',
    'PlaceholderUser',
    'Query',
    'Membership',
    'Project',
    'WorkPackage',
  ]
  const rank = ({ name }: { name: string }) => order.indexOf(name)
  const all = readingsWith('delete')
    .filter(isStored)
    .sort((a, b) => rank(a) - rank(b))
  for (const resource of all) {
    await t.test(resource.name, async () => {
      let removed = 0
      let seen = 0
      for (const address of await addressesOf(db, resource)) {
        const isShown = resource.operations.includes('show')
        const isOther = isShown && (await admin().send('GET', address)).status === 404
        // Every second row is deleted, and half of the rows that it refers to remain.
        if (isOther || address.endsWith(`/users/${admin().id}`) || seen++ % 2 === 0) continue
        // Some resources are visible to their owner only.
        for (const person of world.people) {
          if ((await person.send('DELETE', address)).status >= 300) continue
          removed++
          break
        }
      }
      assert.ok(removed > 0, `no ${resource.name} could be deleted`)
      assert.deepEqual([...(await orphans(db)), ...(await versionFaults(db))], [])
    })
  }
  for (const { id } of await db.all<{ id: number }>(sql`select id from custom_fields where id % 2 = 0 or format = 'string'`))
    await db.transaction((tx) => removeField(tx, product, id))
  assert.deepEqual([...(await orphans(db)), ...(await versionFaults(db)), ...(await danglingLinks())], [])
})
