/** The time comes from one clock, so that a test double can stop and move it. */
import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { afterEach, describe, it } from 'node:test'
import { currentTime, followSystem, readClock, setClock } from '#kernel/clock.ts'

const root = resolve(import.meta.dirname, '../..')

/** Files that need the system's time, each with its reason. */
const OF_THE_SYSTEM: Readonly<Record<string, string>> = {
  'server/kernel/clock.ts': 'it is the clock',
  'server/files/s3.ts': 'the store compares the time of a signature with its own',
  'server/log.ts': 'lines of a log have the time of the machine',
  'server/files/contents/watch.ts': 'it is a process of its own, and measures how long it runs',
}

/** What reads the system's time in JavaScript and in SQL. Migrations run before anything that a clock could matter to. */
const READS_THE_TIME =
  /\bnew Date\(\)|\bDate\.now\b|\bTemporal\.Now\b|\b(?:current_timestamp|current_date|localtimestamp|clock_timestamp|statement_timestamp)\b|(?<!performance\.)\bnow\(\)(?! *=>)[^'`]*`|(?:date|time|julianday|strftime)\([^)]*'now'/i

describe('the clock', () => {
  afterEach(followSystem)

  it('is the only source of the current time', () => {
    const files = globSync('server/**/*.ts', {
      cwd: root,
      exclude: ['server/db/migrat*/**', 'server/db/migrate.ts'],
    })
    const offenders = files.filter((file) => {
      const code = readFileSync(resolve(root, file), 'utf8').replace(/^\s*(?:\*|\/\/|\/\*).*$/gm, '')
      return !(file in OF_THE_SYSTEM) && READS_THE_TIME.test(code)
    })
    assert.deepEqual(offenders, [], 'use currentTime() of kernel/clock.ts, or performance.now() for durations')
  })

  it('follows the system, stands, or runs on from where it is set', () => {
    assert.ok(Math.abs(currentTime().getTime() - Date.now()) < 1000)
    const at = new Date('2026-01-05T09:00:00Z')
    setClock({ at, runs: false })
    assert.deepEqual(readClock(), { at, runs: false })
    setClock({ at, runs: true })
    assert.ok(currentTime().getTime() - at.getTime() < 1000)
    assert.equal(readClock().runs, true)
    followSystem()
    assert.ok(Math.abs(currentTime().getTime() - Date.now()) < 1000)
  })
})
