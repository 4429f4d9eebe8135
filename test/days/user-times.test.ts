/** Working hours and times off of users: permissions and validation. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Client, type Instance, ids, instance, type Reply } from '#test/instance.ts'

let server: Instance
let admin: Client
interface Person {
  id: number
  client: Client
}
let reader: Person
let worker: Person
let manager: Person
before(async () => {
  server = await instance()
  admin = server.admin
  const person = async (...permissions: string[]): Promise<Person> => {
    const id = await server.make.user()
    await server.make.member(id, null, permissions)
    return { id, client: await server.as(id) }
  }
  reader = await person()
  worker = await person('manage_own_working_times')
  manager = await person('manage_working_times', 'view_all_principals')
})
after(() => server.close())

const attributes = ({ body }: Reply): string[] =>
  (body._embedded.errors ?? [body]).map((error: any) => error._embedded.details.attribute).toSorted()
const week = { mondayHours: 8, tuesdayHours: 7.5, fridayHours: 0.25 }
const create = (kind: string, body: object, by = admin, user: number | string = worker.id) =>
  by.post(`/users/${user}/${kind}`, body)

describe('working hours', () => {
  test('have hours for each weekday from a date on, with an availability factor', async () => {
    const { status, body } = await create('working_hours', { validFrom: '2025-01-01', ...week, availabilityFactor: 80 })
    assert.equal(status, 201)
    const { id, _links, ...rest } = body
    assert.deepEqual(rest, {
      _type: 'UserWorkingHours',
      validFrom: '2025-01-01',
      mondayHours: 8,
      tuesdayHours: 7.5,
      wednesdayHours: 0,
      thursdayHours: 0,
      fridayHours: 0.25,
      saturdayHours: 0,
      sundayHours: 0,
      availabilityFactor: 80,
    })
    assert.deepEqual(Object.keys(_links), ['self', 'user'])
    assert.deepEqual(_links.self, { href: `/api/v3/users/${worker.id}/working_hours/${id}` })
    assert.equal(_links.user.href, `/api/v3/users/${worker.id}`)
    assert.deepEqual((await admin.get(`/users/${worker.id}/working_hours/${id}`)).body, body)
  })

  test('are listed newest first, without pages', async () => {
    const user = await server.make.user()
    const made = []
    for (const validFrom of ['2025-02-01', '2025-03-01', '2025-01-01'])
      made.push((await create('working_hours', { validFrom, mondayHours: 8 }, admin, user)).body.id)
    const reply = await admin.get(`/users/${user}/working_hours?pageSize=1`)
    assert.deepEqual(ids(reply), [made[1], made[0], made[2]])
    assert.deepEqual(reply.body._links, { self: { href: `/api/v3/users/${user}/working_hours` } })
  })

  test('are changed and deleted', async () => {
    const { id } = (await create('working_hours', { validFrom: '2025-04-01', ...week })).body
    const path = `/users/${worker.id}/working_hours/${id}`
    const changed = await admin.patch(path, { mondayHours: 6, availabilityFactor: 50 })
    assert.deepEqual([changed.status, changed.body.mondayHours, changed.body.availabilityFactor], [200, 6, 50])
    assert.equal(changed.body.tuesdayHours, 7.5)
    assert.equal((await admin.delete(path)).status, 204)
    assert.equal((await admin.get(path)).status, 404)
  })

  for (const [name, body, expected] of [
    ['a date and a working day', {}, ['days', 'validFrom']],
    ['a working day', { validFrom: '2025-05-01', mondayHours: 0 }, ['days']],
    ['at most 24 hours a day', { validFrom: '2025-05-01', mondayHours: 24.5 }, ['mondayHours']],
    ['hours that are not negative', { validFrom: '2025-05-01', mondayHours: 8, sundayHours: -1 }, ['sundayHours']],
    ['numeric hours', { validFrom: '2025-05-01', mondayHours: 8, sundayHours: 'few' }, ['sundayHours']],
    [
      'an availability factor of at most 100',
      { validFrom: '2025-05-01', mondayHours: 8, availabilityFactor: 101 },
      ['availabilityFactor'],
    ],
    [
      'an availability factor of at least 0',
      { validFrom: '2025-05-01', mondayHours: 8, availabilityFactor: -1 },
      ['availabilityFactor'],
    ],
  ] as const) {
    test(`need ${name}`, async () => {
      const reply = await create('working_hours', body)
      assert.deepEqual([reply.status, attributes(reply)], [422, expected])
    })
  }

  test('have a unique date for each user', async () => {
    const body = { validFrom: '2025-06-01', mondayHours: 8 }
    assert.equal((await create('working_hours', body)).status, 201)
    const again = await create('working_hours', body)
    assert.deepEqual([again.status, attributes(again)], [422, ['validFrom']])
    assert.equal((await create('working_hours', body, admin, reader.id)).status, 201)
  })
})

describe('times off', () => {
  test('have a start and an end date', async () => {
    const { status, body } = await create('non_working_times', { startDate: '2025-06-16', endDate: '2025-06-20' })
    assert.equal(status, 201)
    const { id, _links, ...rest } = body
    assert.deepEqual(rest, { _type: 'UserNonWorkingTime', startDate: '2025-06-16', endDate: '2025-06-20' })
    assert.deepEqual(Object.keys(_links), ['self', 'user'])
    assert.deepEqual(_links.self, { href: `/api/v3/users/${worker.id}/non_working_times/${id}` })
    assert.deepEqual((await admin.get(`/users/${worker.id}/non_working_times/${id}`)).body, body)
  })

  test('are listed by year, in full, the earliest first', async () => {
    const user = await server.make.user()
    const made: Record<string, number> = {}
    for (const [start, end] of [
      ['2030-08-01', '2030-08-02'],
      ['2030-12-30', '2031-01-02'],
      ['2029-12-31', '2030-01-01'],
      ['2031-01-03', '2031-01-04'],
    ] as const)
      made[start] = (await create('non_working_times', { startDate: start, endDate: end }, admin, user)).body.id
    const list = (query: string) => admin.get(`/users/${user}/non_working_times${query}`)
    assert.deepEqual(ids(await list('?year=2030')), [made['2029-12-31'], made['2030-08-01'], made['2030-12-30']])
    assert.deepEqual(ids(await list('?year=2031')), [made['2030-12-30'], made['2031-01-03']])
    assert.equal((await list('?year=soon')).status, 400)
    const today = new Date().toISOString().slice(0, 10)
    const now = (await create('non_working_times', { startDate: today, endDate: today }, admin, user)).body.id
    assert.deepEqual(ids(await list('')), [now])
  })

  test('are changed and deleted, without a conflict with themselves', async () => {
    const { id } = (await create('non_working_times', { startDate: '2025-08-04', endDate: '2025-08-08' })).body
    const path = `/users/${worker.id}/non_working_times/${id}`
    const changed = await admin.patch(path, { endDate: '2025-08-07' })
    assert.deepEqual([changed.status, changed.body.startDate, changed.body.endDate], [200, '2025-08-04', '2025-08-07'])
    assert.equal((await admin.delete(path)).status, 204)
    assert.equal((await admin.get(path)).status, 404)
  })

  test('require both dates, in order, without overlaps', async () => {
    const missing = await create('non_working_times', {})
    assert.deepEqual([missing.status, attributes(missing)], [422, ['endDate', 'startDate']])
    const backwards = await create('non_working_times', { startDate: '2025-09-02', endDate: '2025-09-01' })
    assert.deepEqual([backwards.status, attributes(backwards)], [422, ['endDate']])
    await create('non_working_times', { startDate: '2025-09-08', endDate: '2025-09-12' })
    const overlapping = { startDate: '2025-09-12', endDate: '2025-09-15' }
    const twice = await create('non_working_times', overlapping)
    assert.deepEqual([twice.status, attributes(twice)], [422, ['startDate']])
    assert.equal((await create('non_working_times', overlapping, admin, reader.id)).status, 201)
  })
})

for (const [kind, body] of [
  ['working_hours', { validFrom: '2027-01-01', mondayHours: 8 }],
  ['non_working_times', { startDate: '2027-01-01', endDate: '2027-01-02' }],
] as const) {
  describe(`${kind}: permissions`, () => {
    test('users see their own; changes without the permission are rejected', async () => {
      const { id } = (await create(kind, body, admin, reader.id)).body
      const path = `/users/me/${kind}`
      assert.equal((await reader.client.get(path)).status, 200)
      assert.equal((await reader.client.get(`${path}/${id}`)).status, 200)
      assert.equal((await reader.client.post(path, body)).status, 403)
      assert.equal((await reader.client.patch(`${path}/${id}`, {})).status, 403)
      assert.equal((await reader.client.delete(`${path}/${id}`)).status, 403)
    })

    test('nobody sees those of other users', async () => {
      const { id } = (await create(kind, body, admin, manager.id)).body
      const path = `/users/${manager.id}/${kind}`
      for (const { client } of [reader, worker]) {
        assert.equal((await client.get(path)).status, 404)
        assert.equal((await client.get(`${path}/${id}`)).status, 404)
        assert.equal((await client.post(path, body)).status, 404)
        assert.equal((await client.patch(`${path}/${id}`, {})).status, 404)
        assert.equal((await client.delete(`${path}/${id}`)).status, 404)
      }
    })

    test('the entry of another user is not found under the user’s own path', async () => {
      const other = (await create(kind, body, admin, await server.make.user())).body
      assert.equal((await manager.client.get(`/users/me/${kind}/${other.id}`)).status, 404)
    })

    test('with the permission for one’s own, users write their own', async () => {
      const made = await create(kind, body, worker.client, 'me')
      assert.equal(made.status, 201)
      assert.equal((await worker.client.patch(`/users/me/${kind}/${made.body.id}`, {})).status, 200)
      assert.equal((await worker.client.delete(`/users/me/${kind}/${made.body.id}`)).status, 204)
    })

    test('with the permission for all, users write those of everybody', async () => {
      const user = await server.make.user()
      const made = await create(kind, body, manager.client, user)
      assert.equal(made.status, 201)
      assert.equal((await manager.client.delete(`/users/${user}/${kind}/${made.body.id}`)).status, 204)
    })
  })
}
