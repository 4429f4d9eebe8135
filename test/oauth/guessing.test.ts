/** Guessing the secrets of applications. */
import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'
import { type Scene, scene } from './scene.ts'

const MINUTE = 60_000

let it: Scene
before(async () => {
  it = await scene()
})
after(() => it.close())

test('After too many wrong secrets no more are checked for a while; known credentials are exempt', async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() })
  try {
    const [regular, application] = [await it.application(), await it.application()]
    const grant_type = 'client_credentials'
    assert.equal((await it.exchange(regular, { grant_type })).status, 200)
    const guess = (secret: string) => it.exchange({ ...application, secret }, { grant_type })
    for (let i = 0; i < 100; i++) assert.equal((await guess(`guess-${i}`)).status, 401)
    const late = await guess(application.secret as string)
    assert.deepEqual([late.status, late.body.error, late.headers.get('retry-after')], [429, 'temporarily_unavailable', '60'])
    assert.equal((await it.exchange(regular, { grant_type })).status, 200)
    mock.timers.setTime(Date.now() + MINUTE)
    assert.equal((await guess(application.secret as string)).status, 200)
  } finally {
    mock.timers.reset()
  }
})

test('Concurrent secrets have the same limit, and right ones never count', async () => {
  mock.timers.enable({ apis: ['Date'], now: Date.now() + MINUTE })
  try {
    const application = await it.application()
    const grant_type = 'client_credentials'
    const many = async (secrets: readonly string[]) => {
      const statuses = await Promise.all(
        secrets.map(async (secret) => (await it.exchange({ ...application, secret }, { grant_type })).status),
      )
      return [200, 401, 429].map((status) => statuses.filter((one) => one === status).length)
    }
    const right = application.secret as string
    assert.deepEqual(await many(Array.from({ length: 110 }, () => right)), [110, 0, 0])
    assert.deepEqual(await many(Array.from({ length: 110 }, (_, i) => `guess-${i}`)), [0, 100, 10])
    assert.deepEqual(await many([right]), [1, 0, 0])
  } finally {
    mock.timers.reset()
  }
})
