/** Work, remaining work and percent complete in requests and responses. */
import assert from 'node:assert/strict'
import { beforeEach, describe, test } from 'node:test'
import { changed, created, errors, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
const progress = ({ estimatedTime, remainingTime, percentageDone }: any) => [estimatedTime, remainingTime, percentageDone]
const status = async (name: string) => ({ status: link('statuses', await it.statuses(name)) })

describe('a new work package', () => {
  for (const [name, body, expected] of [
    ['work alone is all remaining', { estimatedTime: 'PT8H' }, ['PT8H', 'PT8H', 0]],
    ['a percentage can stand alone', { percentageDone: 40 }, [null, null, 40]],
    ['work follows from the rest', { remainingTime: 'PT6H', percentageDone: 25 }, ['PT8H', 'PT6H', 25]],
    ['no work has no percentage', { estimatedTime: 'PT0S', remainingTime: 'PT0S' }, ['PT0S', 'PT0S', null]],
    ['almost complete is 99 %', { estimatedTime: 'PT100H', remainingTime: 'PT24M' }, ['P4DT4H', 'PT24M', 99]],
    ['hardly begun is 1 %', { estimatedTime: 'PT100H', remainingTime: 'PT99H36M' }, ['P4DT4H', 'P4DT3H36M', 1]],
  ] as const) {
    test(name, async () => assert.deepEqual(progress(await created(admin, project, body)), expected))
  }
})

describe('ten hours, half of them done', () => {
  let one: any
  beforeEach(async () => {
    one = await created(admin, project, { estimatedTime: 'PT10H', remainingTime: 'PT5H' })
    assert.equal(one.percentageDone, 50)
  })

  for (const [name, body, expected] of [
    ['more work', { estimatedTime: 'PT20H' }, ['PT20H', 'PT15H', 25]],
    ['less work than completed', { estimatedTime: 'PT3H' }, ['PT3H', 'PT0S', 100]],
    ['less remaining', { remainingTime: 'PT2H' }, ['PT10H', 'PT2H', 80]],
    ['more done', { percentageDone: 80 }, ['PT10H', 'PT2H', 80]],
    ['no work known', { estimatedTime: null }, [null, null, 50]],
    ['no remaining work known', { remainingTime: null }, [null, null, 50]],
    ['no percentage known', { percentageDone: null }, ['PT10H', null, null]],
  ] as const) {
    test(`${name}`, async () => assert.deepEqual(progress((await changed(admin, one.id, body)).body), expected))
  }

  for (const [name, body, expected] of [
    [
      'more remaining work than work',
      { estimatedTime: 'PT10H', remainingTime: 'PT12H' },
      ['estimatedTime: Work cannot be lower than Remaining work.', 'remainingTime: Remaining work cannot be higher than Work.'],
    ],
    ['more than 100 %', { percentageDone: 101 }, ['percentageDone: % Complete must be between 0 and 100.']],
    [
      'three inconsistent values',
      { estimatedTime: 'PT10H', remainingTime: 'PT5H', percentageDone: 90 },
      ['percentageDone: % Complete does not match Work and Remaining work.'],
    ],
  ] as const) {
    test(`rejected: ${name}`, async () => {
      const reply = await changed(admin, one.id, body)
      assert.equal(reply.status, 422)
      assert.deepEqual(errors(reply.body), expected)
    })
  }

  test('closing changes none of them', async () => {
    const { body } = await changed(it.member.client, one.id, { _links: await status('Closed') })
    assert.deepEqual(progress(body), ['PT10H', 'PT5H', 50])
  })

  test('closing sets 100 % by a setting', async () => {
    await it.setting('percent_complete_on_status_closed', 'set_100p')
    const { body } = await changed(it.member.client, one.id, { _links: await status('Closed') })
    assert.deepEqual(progress(body), ['PT10H', 'PT0S', 100])
    await it.setting('percent_complete_on_status_closed', 'no_change')
  })
})

describe('status-based progress', () => {
  test('the status determines the percentage, and work the remaining work', async () => {
    await it.setting('work_package_done_ratio', 'status')
    const one = await created(admin, project, { estimatedTime: 'PT10H' })
    assert.deepEqual(progress(one), ['PT10H', 'PT10H', 0])
    const begun = await changed(it.member.client, one.id, { _links: await status('In progress') })
    assert.deepEqual(progress(begun.body), ['PT10H', 'PT6H', 40])
    const more = await changed(admin, one.id, { estimatedTime: 'PT20H' })
    assert.deepEqual(progress(more.body), ['PT20H', 'PT12H', 40])
    const unknown = await changed(admin, one.id, { estimatedTime: null })
    assert.deepEqual(progress(unknown.body), [null, null, 40])
  })

  test('percentage and remaining work are read-only, but can be sent back', async () => {
    const one = await created(admin, project, { estimatedTime: 'PT10H' })
    for (const body of [{ percentageDone: 30 }, { remainingTime: 'PT1H' }]) {
      const reply = await changed(admin, one.id, body)
      assert.deepEqual([reply.status, kind(reply.body)], [422, 'PropertyIsReadOnly'])
    }
    const { remainingTime, percentageDone } = one
    const same = await changed(it.member.client, one.id, { remainingTime, percentageDone, _links: await status('In progress') })
    assert.equal(same.status, 200, same.text)
    assert.deepEqual(progress(same.body), ['PT10H', 'PT6H', 40])
    await it.setting('work_package_done_ratio', 'field')
  })
})
