/**
 * Processes that are killed while they save, restore, move or migrate: what they work on is whole or untouched afterwards. With
 * `--all` each is killed fifty times.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { describe, type TestContext, test } from 'node:test'
import { isDeepStrictEqual } from 'node:util'
import { migrate } from '#db/migrate.ts'
import { openDatabase } from '#server/commands/database.ts'
import { product } from '#server/modules.ts'
import { configOf, run, succeed } from '#test/command.ts'
import { sampled } from '#test/sample.ts'
import { digests, folder, killedAfter, place, script, timed, token } from './scene.ts'

const KILLS = 50
const SEEDED = ['--seed', 'demo', '--admin-token', token]

/** Moments in the second half of what a command takes, as the first half is the start of the process: fractions of the whole. */
const moments = sampled(
  Array.from({ length: KILLS }, (_, i) => 0.4 + (0.65 * i) / KILLS),
  3,
  'killed',
)

/** Kills a command at each of the moments; `check` tells after each whether all is well. */
async function killing(
  args: (i: number) => readonly string[],
  check: (i: number, hasEnded: boolean) => Promise<void>,
): Promise<void> {
  const whole = await timed(...args(-1))
  await check(-1, true)
  for (const [i, moment] of moments.entries()) {
    const hasEnded = await killedAfter(whole * moment, ...args(i))
    await check(i, hasEnded)
  }
}

/** A place that holds another instance than the backup, with its digests. */
async function occupied(t: TestContext): Promise<{ where: readonly string[]; dump: Record<string, string> }> {
  const where = await place(t)
  await succeed('seed', '--seed', 'basic', '--admin-token', token, ...where)
  return { where, dump: await digests(where) }
}

test('Ctrl-C ends a backup, and leaves a whole one or none', async (t) => {
  const [where, at] = [await place(t), await folder(t)]
  await succeed('seed', ...SEEDED, ...where)
  const file = join(at, 'x.tar.gz')
  const child = spawn(process.execPath, [script, 'backup', file, ...where], { stdio: ['ignore', 'ignore', 'pipe'] })
  const ended = once(child, 'exit')
  // The first line tells of the first rows.
  await once(child.stderr, 'data')
  child.kill('SIGINT')
  child.stderr.resume()
  const [code] = await ended
  assert.ok(code === 130 || (code === 0 && existsSync(file)), String(code))
  assert.deepEqual(readdirSync(at), code === 0 ? ['x.tar.gz'] : [])
})

describe('a process that is killed', () => {
  test('while it makes a backup leaves a whole one, or none, and the instance as it was', async (t) => {
    const [where, at] = [await place(t), await folder(t)]
    await succeed('seed', ...SEEDED, ...where)
    const expected = await digests(where)
    const fileOf = (i: number) => join(at, `${i}.tar.gz`)
    await killing(
      (i) => ['backup', fileOf(i), ...where],
      async (i) => {
        if (existsSync(fileOf(i))) assert.match(await succeed('verify', fileOf(i)), /is whole/)
      },
    )
    assert.deepEqual(await digests(where), expected)
  })

  test('while it restores leaves the former instance, or the whole backup', async (t) => {
    const [source, at] = [await place(t), await folder(t)]
    await succeed('seed', ...SEEDED, ...source)
    const after = await digests(source)
    const file = join(at, 'x.tar.gz')
    await succeed('backup', file, ...source)
    const { where, dump: before } = await occupied(t)
    const former = join(at, 'former.tar.gz')
    await succeed('backup', former, ...where)
    await killing(
      () => ['restore', file, '--replace', ...where],
      async (_, hasEnded) => {
        const found = await digests(where)
        assert.deepEqual(found, hasEnded || isDeepStrictEqual(found, after) ? after : before)
        await succeed('restore', former, '--replace', ...where)
        assert.deepEqual(await digests(where), before)
      },
    )
  })

  test('while it moves leaves the former instance, or all that was moved, and the source as it was', async (t) => {
    const source = await place(t)
    await succeed('seed', ...SEEDED, ...source)
    const after = await digests(source)
    const { where, dump: before } = await occupied(t)
    const former = join(await folder(t), 'former.tar.gz')
    await succeed('backup', former, ...where)
    const { databaseUrl } = await configOf(where)
    await killing(
      () => ['move', '--to', databaseUrl, '--replace', ...source],
      async (_, hasEnded) => {
        const found = await digests(where)
        assert.deepEqual(found, hasEnded || isDeepStrictEqual(found, after) ? after : before)
        await succeed('restore', former, '--replace', ...where)
      },
    )
    assert.deepEqual(await digests(source), after)
  })

  test('while it migrates leaves the former schema or the new one, and goes on', async (t) => {
    let where = await older(t)
    await killing(
      () => ['migrate', ...where],
      async () => {
        const { code, err } = await run('migrate', ...where)
        assert.equal(code, 0, err)
        const { folder } = (await configOf(where)).backup
        for (const name of readdirSync(folder).filter((one) => one.endsWith('.tar.gz'))) {
          assert.match(await succeed('verify', join(folder, name)), /is whole/)
        }
        where = await older(t)
      },
    )
  })
})

/** A place with the schema of an older version. */
async function older(t: TestContext): Promise<readonly string[]> {
  const where = await place(t)
  const db = await openDatabase((await configOf(where)).databaseUrl)
  await migrate(db, product.migrations, { last: '0032-internal-comments' })
  await db.close()
  return where
}
