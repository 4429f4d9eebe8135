/** The history of automatic changes to work packages: each with its time, author and cause. */

import assert from 'node:assert/strict'
import { after, before, beforeEach, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { makeField, removeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'
import { versionFaults } from '#test/layout.ts'
import { forgetReads, stopUsageRecords } from '#test/statements.ts'

let server: Instance
let project: number
let mia: Client
before(async () => {
  server = await instance()
  project = await server.make.project({ name: 'House' })
  const id = await server.make.user({ name: 'Mia Member' })
  await server.make.member(id, project, ['view_project', 'view_work_packages', 'edit_work_packages'])
  mia = await server.as(id)
})
beforeEach(() => server.setting('journal_aggregation_time_minutes', 0))
after(() => server.close())

const stamps = { created_at: '2026-01-05T08:00:00.000Z', updated_at: '2026-01-05T08:00:00.000Z' }
/** Thursday to Monday: a duration of three working days. */
const overTheWeekend = { start_date: '2026-03-05', due_date: '2026-03-09', duration: 3 }

const show = async (id: number, rest = '') => (await mia.get(`/work_packages/${id}${rest}`)).body
const rename = async (id: number) => {
  const { lockVersion } = await show(id)
  assert.equal((await mia.patch(`/work_packages/${id}`, { lockVersion, subject: 'Renamed' })).status, 200)
}
/** The author and the details of each entry after the first one. */
async function told(id: number): Promise<{ by: string; says: string[] }[]> {
  const { body } = await server.admin.get(`/work_packages/${id}/activities`)
  return Promise.all(
    body._embedded.elements.slice(1).map(async (entry: any) => ({
      by: (await server.admin.get(entry._links.user.href.replace('/api/v3', ''))).body.name,
      says: entry.details.map((detail: any) => detail.raw),
    })),
  )
}
const byAdmin = async () => (await server.admin.get('/users/me')).body.name as string

describe('when the working days of the week change', () => {
  const saturday = (working: boolean) => server.admin.patch('/days/week/6', { working })

  test('a work package keeps its duration, and the entry names the user who changed the days', async () => {
    const id = await server.make.workPackage({ project_id: project, ...overTheWeekend, ...stamps })
    const { lockVersion } = await show(id)
    assert.equal((await saturday(true)).status, 200)
    await rename(id)
    assert.deepEqual(await told(id), [
      {
        by: await byAdmin(),
        says: ['Dates changed because the working days changed', 'Duration changed from 3 days to 4 days'],
      },
      { by: 'Mia Member', says: [`Subject changed from ${await subjectOf(id)} to Renamed`] },
    ])
    assert.equal((await show(id, '?timestamps=2026-02-01T00:00:00Z')).duration, 'P3D')
    const now = await show(id)
    assert.deepEqual([now.duration, now.lockVersion], ['P4D', lockVersion + 2])
    await saturday(false)
  })

  test('work packages whose duration remains are not changed', async () => {
    const id = await server.make.workPackage({
      project_id: project,
      start_date: '2026-03-02',
      due_date: '2026-03-04',
      duration: 3,
    })
    const before = await show(id)
    await saturday(true)
    assert.deepEqual(await show(id), before)
    await saturday(false)
  })

  test('a non-working day that is added, moved and removed makes an entry each', async () => {
    const id = await server.make.workPackage({ project_id: project, ...overTheWeekend })
    assert.equal((await server.admin.post('/days/non_working', { date: '2026-03-06', name: 'A holiday' })).status, 201)
    assert.equal((await server.admin.patch('/days/non_working/2026-03-06', { date: '2026-03-20' })).status, 200)
    assert.equal((await server.admin.patch('/days/non_working/2026-03-20', { date: '2026-03-09' })).status, 200)
    assert.equal((await server.admin.delete('/days/non_working/2026-03-09')).status, 204)
    const durations = (await told(id)).map(({ says }) => says.at(-1))
    assert.deepEqual(durations, [
      'Duration changed from 3 days to 2 days',
      'Duration changed from 2 days to 3 days',
      'Duration changed from 3 days to 2 days',
      'Duration changed from 2 days to 3 days',
    ])
  })

  test('the number of statements does not depend on how many kinds of durations change', async () => {
    await stopUsageRecords(server.db)
    const count = async () => {
      const counts: number[] = []
      for (const working of [true, false]) {
        await forgetReads(server.db)
        const before = server.db.statements
        await saturday(working)
        counts.push(server.db.statements - before)
      }
      return counts
    }
    await server.make.workPackage({ project_id: project, ...overTheWeekend })
    await count()
    const few = await count()
    for (let weeks = 1; weeks < 9; weeks++) {
      const due_date = new Date(Date.UTC(2026, 2, 9 + 7 * weeks)).toISOString().slice(0, 10)
      await server.make.workPackage({ project_id: project, ...overTheWeekend, due_date, duration: 3 + 5 * weeks })
    }
    assert.deepEqual(await count(), few)
  })
})

describe('a version that a project loses', () => {
  let home: number
  let elsewhere: number
  const released = async (work: () => Promise<{ status: number; text: string }>, expected: number) => {
    const stored = { project_id: home, name: `Release ${Math.random()}`, sharing: 'descendants', ...stamps }
    const version = await server.make.row('versions', stored, 'versions', 'projects')
    const id = await server.make.workPackage({ project_id: elsewhere, version_id: version, ...stamps })
    const { status, text } = await work()
    assert.equal(status, expected, text)
    assert.deepEqual(await told(id), [{ by: await byAdmin(), says: [`Version deleted (${stored.name})`] }])
    return { id, version }
  }
  beforeEach(async () => {
    home = await server.make.project({ name: 'Home' })
    elsewhere = await server.make.project({ name: 'Below', parent_id: home })
  })

  test('through a narrower sharing is removed by the user who changed the sharing', async () => {
    const { id, version } = await released(
      async () =>
        server.admin.patch(`/versions/${(await server.db.one<{ id: number }>(sql`select max(id) as id from versions`))?.id}`, {
          sharing: 'none',
        }),
      200,
    )
    const { body } = await server.admin.get(`/work_packages/${id}?timestamps=2026-02-01T00:00:00Z,PT0S`)
    assert.equal(body._embedded.attributesByTimestamp[0]._links.version.href, `/api/v3/versions/${version}`)
  })

  test('through a move is removed by the user who moved it', async () => {
    await released(() => server.admin.patch(`/projects/${elsewhere}`, { _links: { parent: { href: null } } }), 200)
  })
})

describe('when a project is deleted', () => {
  test('children in other projects lose their parent, by the user who deleted the project', async () => {
    const doomed = await server.make.project({ name: 'Doomed' })
    const parent = await server.make.workPackage({ project_id: doomed })
    const id = await server.make.workPackage({ project_id: project, parent_id: parent })
    assert.equal((await server.admin.delete(`/projects/${doomed}`)).status, 204)
    await runDue(server.db, { only: ['projects.delete'] })
    assert.deepEqual(await told(id), [{ by: await byAdmin(), says: [] }])
    assert.deepEqual(await versionFaults(server.db), [])
  })
})

describe('when a custom field is removed', () => {
  test('the system changes the work packages with a value in it, and no others', async () => {
    const field = await server.db.transaction((tx) => makeField(tx, { resource: 'WorkPackage', name: 'Words', format: 'string' }))
    const make = (custom_values: object | null) => server.make.workPackage({ project_id: project, custom_values })
    const [one, other] = [await make({ [field]: 'rope' }), await make(null)]
    assert.equal(await server.db.transaction((tx) => removeField(tx, product, field)), true)
    assert.deepEqual(await told(one), [{ by: 'System', says: ['Changed by an update of the system'] }])
    assert.deepEqual(await told(other), [])
    assert.deepEqual(await versionFaults(server.db), [])
  })
})

/** The initial subject of a work package. */
const subjectOf = async (id: number): Promise<string> =>
  (await server.db.one<{ subject: string }>(sql`select subject from work_package_versions where id = ${id} and version = 1`))!
    .subject
