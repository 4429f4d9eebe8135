/** The start time of a time entry: available only if the instance tracks it. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { errors, kind, scene } from './scene.ts'

const it = await scene()
const { admin, worker } = it
const times = ({ startTime, endTime }: any) => [startTime, endTime]

describe('if the instance does not track it', () => {
  test('it is absent from all representations', async () => {
    const body = await it.booked(worker.client)
    assert.ok(!('startTime' in body) && !('endTime' in body))
    const schema = (await worker.client.get('/time_entries/schema')).body
    assert.ok(!('startTime' in schema) && !('endTime' in schema))
  })

  test('it cannot be written', async () => {
    const reply = await it.book(worker.client, { startTime: '2024-03-01T09:00:00Z' })
    assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
  })
})

describe('if the instance tracks it', () => {
  before(() => it.setting('allow_tracking_start_and_end_times', true))

  test('it is optional', async () => {
    assert.deepEqual(times(await it.booked(worker.client)), [null, null])
  })

  test('the end time is derived from the hours', async () => {
    const body = await it.booked(worker.client, { startTime: '2024-03-01T09:30:00Z', hours: 'PT1H45M' })
    assert.deepEqual(times(body), ['2024-03-01T09:30:00.000Z', '2024-03-01T11:15:00.000Z'])
  })

  test('it is stored in hours and minutes, converted from any time zone', async () => {
    const body = await it.booked(worker.client, { startTime: '2024-03-01T10:30:59.5+01:00' })
    assert.equal(body.startTime, '2024-03-01T09:30:00.000Z')
  })

  test('it has to be on the day of the entry', async () => {
    const reply = await it.book(worker.client, { startTime: '2024-03-02T09:00:00Z' })
    assert.equal(reply.status, 422)
    assert.deepEqual(errors(reply.body), [
      'startTime: The date of the start time (2024-03-02) must be the date the time is booked for (2024-03-01).',
    ])
  })

  test('it has to be a timestamp', async () => {
    for (const startTime of ['09:00', '2024-03-01', 'soon', 9]) {
      const reply = await it.book(worker.client, { startTime })
      assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyFormatError'], String(startTime))
    }
  })

  test('it moves along with the date, and can be cleared', async () => {
    const { id } = await it.booked(worker.client, { startTime: '2024-03-01T09:00:00Z' })
    const path = `/time_entries/${id}`
    assert.equal((await worker.client.patch(path, { spentOn: '2024-03-04' })).body.startTime, '2024-03-04T09:00:00.000Z')
    const next = { spentOn: '2024-03-05', startTime: '2024-03-05T10:00:00Z' }
    assert.equal((await worker.client.patch(path, next)).body.startTime, '2024-03-05T10:00:00.000Z')
    assert.deepEqual(times((await worker.client.patch(path, { startTime: null })).body), [null, null])
  })

  test('sending an entry back is accepted, including the end time', async () => {
    const body = await it.booked(worker.client, { startTime: '2024-03-01T09:00:00Z' })
    const reply = await worker.client.patch(`/time_entries/${body.id}`, body)
    assert.equal(reply.status, 200, reply.text)
    assert.equal(
      kind((await worker.client.patch(`/time_entries/${body.id}`, { endTime: '2024-03-01T12:00:00Z' })).body),
      'PropertyIsReadOnly',
    )
  })

  test('the end time of a running timer is now', async () => {
    const body = await it.booked(worker.client, { ongoing: true, hours: undefined, startTime: '2024-03-01T09:00:00Z' })
    assert.equal(body.startTime, '2024-03-01T09:00:00.000Z')
    assert.ok(Math.abs(Date.parse(body.endTime) - Date.now()) < 60_000)
  })

  test('the schema has both, with only the start writable', async () => {
    const schema = (await worker.client.get('/time_entries/schema')).body
    assert.deepEqual([schema.startTime.type, schema.startTime.writable, schema.startTime.required], ['DateTime', true, false])
    assert.deepEqual([schema.endTime.type, schema.endTime.writable], ['DateTime', false])
  })

  test('days are those of the default time zone at the time of writing', async () => {
    await it.setting('user_default_timezone', 'America/New_York')
    const body = await it.booked(worker.client, { startTime: '2024-03-02T03:00:00Z' })
    assert.deepEqual([body.spentOn, body.startTime], ['2024-03-01', '2024-03-02T03:00:00.000Z'])
    const reply = await it.book(worker.client, { startTime: '2024-03-01T03:00:00Z' })
    assert.equal(reply.status, 422)
    await it.setting('user_default_timezone', null)
    assert.equal((await admin.get(`/time_entries/${body.id}`)).body.startTime, '2024-03-02T03:00:00.000Z')
  })
})
