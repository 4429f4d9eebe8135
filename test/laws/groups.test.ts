/**
 * Groups of every list by every groupable property: clients draw headers while they iterate over the rows, so the order of rows
 * always follows the groups. The oracle here is plain JavaScript.
 */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { name as identifier, sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import type { Property } from '#kernel/declaration.ts'
import { type Extensible, extensible, type Format } from '#modules/custom-fields/definitions.ts'
import { formats } from '#modules/custom-fields/formats.ts'
import { makeField } from '#modules/custom-fields/making.ts'
import { reasons } from '#modules/notifications/reasons.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import { resourcesWith } from '#test/registry.ts'

const ROWS = 36
const tables: Partial<Record<Extensible, string>> = {
  WorkPackage: 'work_packages',
  Project: 'projects',
  TimeEntry: 'time_entries',
}
const now = '2031-02-05T12:00:00.000Z'
const stamps = { created_at: now, updated_at: now }

let halyard: Instance
let reader: Client
/** The sort key of a value, by its address or text; a value without an entry is its own sort key. */
const places = new Map<string, number | string | null>()
const fields: { readonly resource: Extensible; readonly name: string; readonly format: Format; readonly multiple: boolean }[] = []

/** Deterministic pseudo-random numbers. */
function chance(seed: number): (below: number) => number {
  let state = seed
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648
    return Math.floor((state / 2_147_483_648) * below)
  }
}

before(async () => {
  halyard = await instance()
  const { db, make } = halyard
  const pick = chance(7)
  const one = <T>(list: readonly T[]): T => list[pick(list.length)] as T
  const maybe = <T>(list: readonly T[]): T | null => (pick(3) === 0 ? null : one(list))

  // Some have the same sort key: their groups must not mix.
  const people = await Promise.all(
    [
      ['Ann', 'Twin'],
      ['Ann', 'Twin'],
      ['Bob', 'Able'],
      ['Zoe', 'Able'],
    ].map(async ([first, last]) => {
      const id = await make.user({ first_name: first, last_name: last, name: `${first} ${last}` })
      places.set(`/api/v3/users/${id}`, `${last} ${first}`.toLowerCase())
      return id
    }),
  )
  const projects: number[] = []
  for (const title of ['yard', 'Anchorage', 'anchorage']) {
    const id = await make.project({ name: title })
    places.set(`/api/v3/projects/${id}`, title.toLowerCase())
    projects.push(id)
  }
  const member = await halyard.id('roles', 'Member')
  for (const person of people) for (const project of projects) await make.member(person, project, { role: member })
  const of = async (table: string, list: readonly string[], more: object, path: string, place: (title: string) => string) => {
    const made: { id: number; project: number }[] = []
    for (const project of projects)
      for (const title of list) {
        const id = await make.row(table, { project_id: project, name: `${title}`, ...more }, table as 'versions')
        places.set(`/api/v3/${path}/${id}`, place(title))
        made.push({ id, project })
      }
    return made
  }
  const versions = await of('versions', ['V8', 'v9'], stamps, 'versions', (title) => title.toLowerCase())
  const categories = await of('categories', ['Hull', 'rig'], {}, 'categories', (title) => title.toLowerCase())
  const held = async (table: string) => {
    const rows = await db.all<{ id: number; position: number }>(
      sql`select id, position from ${identifier(table)} order by position, id`,
    )
    for (const { id, position } of rows) places.set(`/api/v3/${table}/${id}`, position)
    return rows.map((row) => row.id)
  }
  const [types, statuses, priorities] = [await held('types'), await held('statuses'), await held('priorities')]

  const definitions = await db.all<{ id: number; position: number }>(
    sql`select id, position from project_phase_definitions order by id`,
  )
  const phases: { id: number; project: number }[] = []
  for (const project of projects)
    for (const definition of definitions.slice(0, 3)) {
      const phase = { project_id: project, definition_id: definition.id, ...stamps }
      const id = await make.row('project_phases', phase, 'projects')
      places.set(`/api/v3/project_phases/${id}`, definition.position)
      phases.push({ id, project })
    }

  const rows: { [resource in Extensible]?: number[] } = { Project: projects, WorkPackage: [], TimeEntry: [] }
  for (let i = 0; i < ROWS; i++) {
    const project = one(projects)
    const within = (list: readonly { id: number; project: number }[]) =>
      list.filter((each) => each.project === project).map(({ id }) => id)
    const id = await make.workPackage({
      project_id: project,
      type_id: one(types),
      status_id: one(statuses),
      priority_id: one(priorities),
      author_id: one(people),
      assigned_to_id: maybe(people),
      responsible_id: maybe(people),
      version_id: maybe(within(versions)),
      category_id: maybe(within(categories)),
      project_phase_id: maybe(within(phases)),
      done_ratio: maybe([0, 10, 100]),
    })
    rows.WorkPackage?.push(id)
    const spent = {
      entity_id: id,
      project_id: project,
      user_id: one(people),
      logged_by_id: one(people),
      spent_on: '2031-02-03',
      hours: 1,
    }
    rows.TimeEntry?.push(await make.row('time_entries', { ...spent, ...stamps }))
    await make.row('notifications', {
      recipient_id: people[0],
      actor_id: people[1],
      work_package_id: id,
      reason: one(reasons),
      read_ian: false,
      internal: false,
      ...stamps,
    })
  }
  // Lists of projects need more of them for their groups.
  for (let i = 0; i < 9; i++) projects.push(await make.project({ name: `Place ${i}` }))

  for (const resource of extensible.filter((each) => tables[each])) {
    const values = new Map(rows[resource]?.map((id) => [id, {} as Record<string, unknown>]))
    for (const format of Object.keys(formats) as Format[]) {
      for (const multiple of formats[format].to ? [false, true] : [false]) {
        const plan = {
          ...(format === 'list' && { options: ['zinc', 'Iron', 'brass'] }),
          ...(format === 'hierarchy' && { items: [{ label: 'quay', items: [{ label: 'Same' }] }, { label: 'same' }] }),
          ...(format === 'weighted_item_list' && {
            items: [
              { label: 'a', weight: '10' },
              { label: 'b', weight: '9' },
              { label: 'c', weight: '9' },
            ],
          }),
          ...(format === 'calculated_value' && { formula: '1' }),
        }
        const id = await db.transaction((tx) =>
          makeField(tx, { resource, name: `${format} ${multiple}`, format, multiple, ...plan }),
        )
        const choices = await choicesOf(
          format,
          id,
          people,
          versions.map((version) => version.id),
        )
        for (const held of values.values()) {
          const value = multiple ? (maybe([1, 2, 3]) ? [0, 1].flatMap(() => one(choices)) : null) : maybe(choices)
          const list = Array.isArray(value) ? [...new Set(value)] : value
          if (list !== null && !(Array.isArray(list) && list.length === 0)) held[id] = list
        }
        fields.push({ resource, name: `customField${id}`, format, multiple })
      }
    }
    await db.transaction(async (tx) => {
      for (const [id, held] of values)
        await tx.run(sql`update ${identifier(tables[resource] as string)} set custom_values = ${held} where id = ${id}`)
      await invalidate(tx, 'projects', 'custom_fields')
    })
  }
  reader = await halyard.as(people[0] as number)
})
after(() => halyard.close())

/** Possible values of a field by format; for options their ids, whose positions are recorded. */
async function choicesOf(
  format: Format,
  field: number,
  people: readonly number[],
  versions: readonly number[],
): Promise<readonly unknown[]> {
  const stored = async (table: string, path: string, place: (row: any) => number | string | null) => {
    const rows = await halyard.db.all<any>(sql`select * from ${identifier(table)} where custom_field_id = ${field} order by id`)
    // The root of a hierarchy cannot be selected.
    const chosen = rows.filter((row) => row.parent_id !== null)
    for (const row of chosen) places.set(`/api/v3/${path}/${row.id}`, place(row))
    return chosen.map((row) => row.id)
  }
  switch (format) {
    case 'list':
      return stored('custom_options', 'custom_options', (row) => row.position)
    case 'hierarchy':
      return stored('custom_field_items', 'custom_field_items', (row) => row.label.toLowerCase())
    case 'weighted_item_list':
      return stored('custom_field_items', 'custom_field_items', (row) => Number(row.weight))
    case 'user':
      return people
    case 'version':
      return versions
    case 'bool':
      return [true, false]
    case 'date':
      return ['2031-02-03', '2030-12-31', '2031-01-09']
    case 'int':
      return [-3, 0, 10, 9]
    case 'float':
    case 'calculated_value':
      return [-1.5, 0, 10, 9.25]
    default:
      return ['alpha', 'Alpha', 'beta', 'Gamma']
  }
}

/** The group key of a row: the same text for all rows of a group, null without a value. */
function heldBy(element: any, property: string, isLink: boolean): string | null {
  if (!isLink) return element[property] === null || element[property] === undefined ? null : String(element[property])
  const links = [element._links[property] ?? []].flat().flatMap(({ href }: { href: string | null }) => href ?? [])
  return links.length > 0 ? links.toSorted().join(' ') : null
}
const headed = (group: any, isLink: boolean): string | null =>
  isLink
    ? heldBy({ _links: { at: group._links.valueLink } }, 'at', true)
    : group.value === null
      ? null
      : String(group.value).replace(/%$/, '')

/** The sort position of a value; the first one for several values. */
function placeOf(value: string | null, isLink: boolean, property: string, isText: boolean): number | string | null {
  if (value === null) return null
  if (property === 'reason') return reasons.indexOf(value as never)
  if (!isLink)
    return isText
      ? value.toLowerCase()
      : value === 'true' || value === 'false'
        ? Number(value === 'true')
        : Number.isNaN(Number(value))
          ? value
          : Number(value)
  const all = value.split(' ').map((href) => {
    assert.ok(places.has(href), href)
    return places.get(href) as number | string
  })
  return all.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0))[0] ?? null
}

interface Case {
  readonly path: string
  readonly property: string
  readonly isLink: boolean
  readonly isText: boolean
  readonly emptyFirst: boolean
  readonly descending: boolean
  /** A further criterion. */
  readonly other: string
}

async function check(asking: Client, { path, property, isLink, isText, emptyFirst, descending, other }: Case): Promise<void> {
  const orders = [
    [],
    [[property, 'asc']],
    [[property, 'desc']],
    [
      [other, 'asc'],
      [property, 'desc'],
    ],
    [[other, 'desc']],
    [
      [property, 'asc'],
      [property, 'desc'],
    ],
  ]
  for (const sortBy of orders) {
    const told = `${path} by ${property}, ${JSON.stringify(sortBy)}`
    const query = (size: number, page = 1) =>
      `${path}?filters=[]&groupBy=${property}&sortBy=${encodeURIComponent(JSON.stringify(sortBy))}&pageSize=${size}&offset=${page}`
    const { status, body, text } = await asking.get(query(-1))
    assert.equal(status, 200, `${told}: ${text}`)
    const elements = body._embedded.elements as any[]
    assert.ok(elements.length >= 12, told)

    const headers: [string | null, number][] = body.groups.map((group: any) => [headed(group, isLink), group.count])
    const walked: [string | null, number][] = []
    for (const element of elements) {
      const value = heldBy(element, property, isLink)
      const last = walked.at(-1)
      if (last && last[0] === value) last[1]++
      else walked.push([value, 1])
    }
    assert.deepEqual(walked, headers, told)
    assert.ok(headers.length > 2, `${told} has groups`)

    const down = sortBy.find(([each]) => each === property)?.[1] ?? (descending ? 'desc' : 'asc')
    const order = headers.map(([value]) => placeOf(value, isLink, property, isText))
    const firsts = order.lastIndexOf(null)
    const isEmptyFirst = emptyFirst === (down === 'asc')
    if (order.includes(null))
      assert.equal(order[isEmptyFirst ? 0 : order.length - 1], null, `${told}: what is empty, of ${order}`)
    const filled = order.filter((place) => place !== null) as (number | string)[]
    assert.equal(filled.length + (firsts >= 0 ? 1 : 0), order.length, told)
    const sorted = filled.toSorted((a, b) => (a < b ? -1 : a > b ? 1 : 0) * (down === 'asc' ? 1 : -1))
    assert.deepEqual(filled, sorted, `${told}: places`)

    // The groups are those of the whole list, and pages continue each other.
    const ids = elements.map(({ id }) => id)
    const second = (await asking.get(query(7, 2))).body
    assert.deepEqual(
      second.groups.map((group: any) => [headed(group, isLink), group.count]),
      headers,
      `${told}: second page`,
    )
    assert.deepEqual(
      second._embedded.elements.map(({ id }: { id: number }) => id),
      ids.slice(7, 14),
      told,
    )
  }
}

const declared = resourcesWith('index').flatMap((resource) =>
  resource.properties.filter(({ options }) => options.group).map((property: Property) => ({ resource, property })),
)

describe('declared properties', () => {
  for (const { resource, property } of declared) {
    test(`${resource.name} by ${property.name}`, async () => {
      await check(resource.name === 'Notification' ? reader : halyard.admin, {
        path: `/${resource.path}`,
        property: property.name,
        isLink: property.to !== undefined,
        isText: false,
        emptyFirst: property.options.emptyFirst ?? false,
        descending: resource.name === 'WorkPackage' && property.name === 'priority',
        other: 'id',
      })
    })
  }

  test('of the groupable properties of work packages, only priorities are descending by default', () => {
    const descending = declared.filter(({ property }) => property.options.descending)
    assert.deepEqual(
      descending.map(({ resource, property }) => `${resource.name}.${property.name}`),
      ['WorkPackage.priority'],
    )
  })
})

const paths: Partial<Record<Extensible, string>> = {
  WorkPackage: '/work_packages',
  Project: '/projects',
  TimeEntry: '/time_entries',
}

describe('custom fields', () => {
  for (const resource of Object.keys(paths) as Extensible[]) {
    for (const format of Object.keys(formats) as Format[]) {
      for (const multiple of formats[format].to ? [false, true] : [false]) {
        test(`${resource} by ${multiple ? 'several of ' : ''}${format}`, async () => {
          const field = fields.find((one) => one.resource === resource && one.format === format && one.multiple === multiple)!
          const path = paths[resource] as string
          if (format === 'text' || format === 'link') {
            assert.equal((await halyard.admin.get(`${path}?groupBy=${field.name}`)).status, 400)
            return
          }
          await check(halyard.admin, {
            path,
            property: field.name,
            isLink: formats[format].to !== undefined,
            isText: format === 'string',
            emptyFirst: formats[format].to === undefined,
            descending: false,
            other: 'id',
          })
        })

        test(`${resource} ordered by ${multiple ? 'several of ' : ''}${format}: empty values come first or last, by format`, async () => {
          const field = fields.find((one) => one.resource === resource && one.format === format && one.multiple === multiple)!
          const isLink = formats[format].to !== undefined
          for (const direction of ['asc', 'desc']) {
            const sortBy = encodeURIComponent(JSON.stringify([[field.name, direction]]))
            const { body } = await halyard.admin.get(`${paths[resource]}?filters=[]&pageSize=-1&sortBy=${sortBy}`)
            const isFormatted = format === 'text'
            const held = body._embedded.elements.map((element: any) =>
              isFormatted ? element[field.name].raw || null : heldBy(element, field.name, isLink),
            ) as (string | null)[]
            const empty = held.filter((value) => value === null).length
            assert.ok(empty > 0 && empty < held.length)
            const isFirst = isLink === (direction === 'desc')
            assert.deepEqual(
              held.map((value) => value === null),
              held.map((_, at) => (isFirst ? at < empty : at >= held.length - empty)),
              `${field.format} ${direction}`,
            )
            const filled = held.filter((value) => value !== null)
            const filledPlaces = filled.map((value) =>
              placeOf(value, isLink, field.name, ['string', 'text', 'link'].includes(format)),
            )
            const down = direction === 'asc' ? 1 : -1
            assert.deepEqual(
              filledPlaces,
              filledPlaces.toSorted((a, b) => ((a as any) < (b as any) ? -1 : (a as any) > (b as any) ? 1 : 0) * down),
            )
          }
        })
      }
    }
  }
})
