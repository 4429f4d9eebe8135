/** Order, groups, sums and filters of lists depend only on values that are visible to the viewer. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { type Client, filters } from '#test/instance.ts'
import { grouped, named, type Scene, scene, stamps } from './scene.ts'

let s: Scene
before(async () => {
  s = await scene()
})
after(() => s.server.close())

/** The names of a list in an order, for the watch and for the administrator. */
async function inOrder(path: string, order: string, direction = 'asc'): Promise<{ watch: string[]; admin: string[] }> {
  const asked = `${path}${path.includes('?') ? '&' : '?'}sortBy=${encodeURIComponent(JSON.stringify([[order, direction]]))}`
  return { watch: named(await s.watch.get(asked)), admin: named(await s.server.admin.get(asked)) }
}

describe('projects below hidden ones', () => {
  test('the order by hierarchy does not disclose their ancestors', async () => {
    const { make } = s.server
    const [last, first] = [
      await make.project({ name: 'Zz above', public: false }),
      await make.project({ name: 'Aa above', public: false }),
    ]
    for (const [name, parent_id] of [
      ['Pier one', last],
      ['Pier two', first],
    ] as const)
      await make.project({ name, parent_id, public: true })
    const path = `/projects?${filters(['name_and_identifier', '~', ['Pier']])}`
    assert.deepEqual(await inOrder(path, 'typeahead'), {
      watch: ['Pier one', 'Pier two'],
      admin: ['Pier two', 'Pier one'],
    })
  })

  test('common ancestors still count: projects are ordered below them', async () => {
    const { make } = s.server
    const top = await make.project({ name: 'Quay', public: true })
    const middle = await make.project({ name: 'Zz between', parent_id: top })
    await make.project({ name: 'Quay end', parent_id: middle, public: true })
    await make.project({ name: 'Quay rail', parent_id: top, public: true })
    await make.project({ name: 'Quay a', public: true })
    const path = `/projects?${filters(['name_and_identifier', '~', ['Quay']])}`
    assert.deepEqual((await inOrder(path, 'typeahead')).watch, ['Quay', 'Quay end', 'Quay rail', 'Quay a'])
  })
})

describe('work packages shared from a hidden project', () => {
  let other: number
  const path = `/work_packages?${filters(['subject', '~', ['Shared']])}`
  before(async () => {
    other = await s.server.make.project({ name: 'A fathomless place' })
    await s.shared('Shared from the deep')
    await s.shared('Shared from the abyss', { project_id: other })
    await s.task('Shared by nobody')
  })

  test('the order by project treats both as without a project', async () => {
    assert.deepEqual(await inOrder(path, 'project'), {
      watch: ['Shared by nobody', 'Shared from the abyss', 'Shared from the deep'],
      admin: ['Shared from the abyss', 'Shared by nobody', 'Shared from the deep'],
    })
  })

  test('they are one group, without a name, at the end', async () => {
    const asked = `${path}&groupBy=project`
    assert.deepEqual(grouped(await s.watch.get(asked)), [
      ['Bay', 1],
      [null, 2],
    ])
    assert.deepEqual(grouped(await s.server.admin.get(asked)), [
      ['A fathomless place', 1],
      ['Bay', 1],
      ['Deep', 1],
    ])
    assert.deepEqual((await s.watch.get(asked)).body.groups[1]._links.valueLink, [])
  })

  test('they are not found by the name of their project', async () => {
    const found = async (who: Client, words: string) =>
      named(await who.get(`/work_packages?${filters(['typeahead', '**', [words]])}`))
    assert.deepEqual(await found(s.server.admin, 'shared fathomless'), ['Shared from the abyss'])
    for (const words of ['shared fathomless', 'shared fa', 'fathom']) assert.deepEqual(await found(s.watch, words), [], words)
    assert.deepEqual(await found(s.watch, 'shared bay'), ['Shared by nobody'])
    assert.deepEqual(await found(s.watch, 'shared abyss'), ['Shared from the abyss'])
  })

  test('notifications about them are ordered and grouped as without a project', async () => {
    const rows = await s.server.db.all<{ id: number; subject: string }>(
      sql`select id, subject from work_packages where subject like 'Shared%' order by subject`,
    )
    for (const { id } of rows) {
      const about = { recipient_id: s.watch.id, work_package_id: id, reason: 'mentioned', read_ian: false }
      await s.server.make.row('notifications', { ...about, ...stamps })
    }
    const { body } = await s.watch.get(`/notifications?groupBy=project&sortBy=${encodeURIComponent('[["project","asc"]]')}`)
    assert.deepEqual(grouped({ body }), [
      ['Bay', 1],
      [null, 2],
    ])
    assert.deepEqual(
      body._embedded.elements.map((one: any) => one._links.resource.title),
      ['Shared by nobody', 'Shared from the deep', 'Shared from the abyss'],
    )
  })
})

describe('custom fields with hidden values', () => {
  for (const [format, multiple] of [
    ['user', false],
    ['user', true],
    ['version', false],
    ['version', true],
  ] as const) {
    test(`${multiple ? 'several' : 'one'} of the format ${format}: ordered as empty, and one group`, async () => {
      const { make } = s.server
      const subject = `Field ${format} ${multiple}`
      const [last, first, seen] =
        format === 'user'
          ? [await s.person('Pat Zzz'), await s.person('Pat Aaa'), s.watch.id]
          : await Promise.all(
              [
                { project_id: s.deep, name: `Zzz ${multiple}` },
                { project_id: s.deep, name: `Aaa ${multiple}` },
                { project_id: s.bay, name: `Mmm ${multiple}` },
              ].map((version) => make.row('versions', { ...version, ...stamps }, 'versions')),
            )
      const field = await s.field({ name: subject, format, multiple })
      const holding = (value: number | undefined) => ({
        custom_values: value === undefined ? {} : { [field]: multiple ? [value] : value },
      })
      await s.task(`${subject} 1`, holding(last))
      await s.task(`${subject} 2`, holding(first))
      await s.task(`${subject} 3`, holding(seen))
      await s.task(`${subject} 4`, holding(undefined))
      const path = `/work_packages?${filters(['subject', '~', [subject]])}`
      const numbers = (names: string[]) => names.map((name) => name.at(-1)).join('')
      const { watch, admin } = await inOrder(path, `customField${field}`)
      assert.equal(numbers(watch), '3421')
      assert.notEqual(numbers(admin), '3421')
      assert.equal(numbers((await inOrder(path, `customField${field}`, 'desc')).watch), '4213')
      const groups = grouped(await s.watch.get(`${path}&groupBy=customField${field}`))
      assert.deepEqual(groups, [
        [format === 'user' ? 'Wendy Watch' : `Mmm ${multiple}`, 1],
        [null, 3],
      ])
    })
  }

  test('of several values the visible ones count', async () => {
    const field = await s.field({ name: 'Crew', format: 'user', multiple: true })
    const hidden = await s.person('Pat Bbb')
    await s.task('Crew 1', { custom_values: { [field]: [hidden, s.watch.id] } })
    await s.task('Crew 2', { custom_values: { [field]: [s.watch.id] } })
    const path = `/work_packages?${filters(['subject', '~', ['Crew']])}&groupBy=customField${field}`
    assert.deepEqual(grouped(await s.watch.get(path)), [['Wendy Watch', 2]])
    assert.deepEqual(grouped(await s.server.admin.get(path)).toSorted(), [
      ['Wendy Watch, Pat Bbb', 1],
      ['Wendy Watch', 1],
    ])
  })
})

describe('custom fields that a row does not have', () => {
  test('their remaining values are excluded from filters, sums and order', async () => {
    const field = await s.field({ name: 'Depth', format: 'int', projects: [s.bay], filterable: true })
    const words = await s.field({ name: 'Words', format: 'string', projects: [s.bay], searchable: true, filterable: true })
    const kept = (depth: number) => ({ custom_values: { [field]: depth, [words]: 'kelp' } })
    await s.task('Sounding 1', kept(1))
    await s.shared('Sounding 2', kept(2))
    const path = `/work_packages?${filters(['subject', '~', ['Sounding']])}`
    const { body } = await s.watch.get(`${path}&showSums=true&groupBy=customField${field}`)
    assert.equal(body.totalSums[`customField${field}`], 1)
    assert.deepEqual(grouped({ body }), [
      [null, 1],
      ['1', 1],
    ])
    for (const filter of [filters([`customField${field}`, '>=', [1]]), filters([`customField${words}`, '~', ['kelp']])])
      assert.deepEqual(named(await s.watch.get(`/work_packages?${filter}`)), ['Sounding 1'])
    assert.deepEqual(named(await s.watch.get(`/work_packages?${filters(['search', '**', ['kelp']])}`)), ['Sounding 1'])
  })
})

describe('fields of projects with hidden attributes', () => {
  test('they are in no group and no sum', async () => {
    const { make } = s.server
    const field = await s.field({ resource: 'Project', name: 'Budget', format: 'int', filterable: true })
    const open = await make.project({ name: 'Budget 1', custom_values: { [field]: 40 } })
    const shut = await make.project({ name: 'Budget 2', custom_values: { [field]: 2 } })
    await make.member(s.watch.id, open, ['view_project', 'view_project_attributes'])
    await make.member(s.watch.id, shut, ['view_project'])
    const path = `/projects?${filters(['name_and_identifier', '~', ['Budget']])}`
    const { body } = await s.watch.get(`${path}&groupBy=customField${field}&showSums=true`)
    assert.deepEqual(grouped({ body }), [
      [null, 1],
      ['40', 1],
    ])
    assert.equal(body.totalSums[`customField${field}`], 40)
    assert.deepEqual(named(await s.watch.get(`/projects?${filters([`customField${field}`, '>=', [1]])}`)), ['Budget 1'])
  })
})

describe('members of groups', () => {
  let group: number
  let hidden: number
  before(async () => {
    const { make, db } = s.server
    group = await make.group({ name: 'Divers' })
    hidden = await s.person('Hugo Hidden')
    const away = await make.group({ name: 'Ghosts' })
    await make.member(group, s.bay, ['view_work_packages'])
    await db.transaction(async (tx) => {
      for (const [group_id, user_id] of [
        [group, hidden],
        [group, s.watch.id],
        [away, s.watch.id],
      ])
        await tx.run(sql`insert into group_users (group_id, user_id) values (${group_id}, ${user_id})`)
      await invalidate(tx, 'principals', 'memberships')
    })
    await s.task('Dive of one', { assigned_to_id: hidden })
    await s.task('Dive of the watch', { assigned_to_id: s.watch.id })
    await s.task('Dive of the ghosts', { assigned_to_id: away })
  })
  const found = async (who: Client, ...use: [string, string, (string | number)[]?]) =>
    named(await who.get(`/work_packages?${filters(['subject', '~', ['Dive']], use)}`)).toSorted()

  test('only visible members of visible groups count', async () => {
    const { admin } = s.server
    for (const [name, value] of [
      ['memberOfGroup', () => group],
      ['assigneeOrGroup', () => group],
    ] as const) {
      assert.deepEqual(await found(admin, name, '=', [value()]), ['Dive of one', 'Dive of the watch'])
      assert.deepEqual(await found(s.watch, name, '=', [value()]), ['Dive of the watch'])
      assert.deepEqual(await found(s.watch, name, '!', [value()]), ['Dive of one', 'Dive of the ghosts'])
    }
    assert.deepEqual(await found(s.watch, 'memberOfGroup', '*'), ['Dive of the watch'])
    assert.deepEqual(await found(admin, 'assigneeOrGroup', '=', [s.watch.id]), ['Dive of the ghosts', 'Dive of the watch'])
    assert.deepEqual(await found(s.watch, 'assigneeOrGroup', '=', [s.watch.id]), ['Dive of the watch'])
  })

  test('roles of a user are visible with the permission to view members', async () => {
    const { make } = s.server
    const role = await make.role(['view_work_packages'])
    await make.member(hidden, s.deep, { role })
    await s.shared('Dive shared', { assigned_to_id: hidden })
    const asked = ['assignedToRole', '=', [role]] as [string, string, number[]]
    assert.deepEqual(await found(s.server.admin, ...asked), ['Dive shared'])
    assert.deepEqual(await found(s.watch, ...asked), [])
  })
})
