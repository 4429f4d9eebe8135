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

test('Where there are too many wrong secrets, no more are looked at for a while; who was right before goes on', async () => {
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
