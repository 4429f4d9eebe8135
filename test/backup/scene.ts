/** Places for data, what an API says of them, and processes that are killed. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import type { TestContext } from 'node:test'
import { setTimeout } from 'node:timers/promises'
import { openStore } from '#files/open.ts'
import { build } from '#server/app.ts'
import { digestOf, tablesOf } from '#server/backup/rows.ts'
import { openDatabase } from '#server/commands/database.ts'
import { configOf } from '#test/command.ts'
import { processPlace } from '#test/database.ts'

export const token = `opapi-${randomBytes(20).toString('hex')}`
export const script = resolve(import.meta.dirname, '../../bin/halyard.js')

/** A folder that is removed with the test. */
export async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'halyard-test-'))
  t.after(() => rm(path, { recursive: true, force: true }))
  return path
}

/** An empty place for data: the flags that name it. Attachments and the key are in a folder of its own on both engines. */
export async function place(t: TestContext): Promise<readonly string[]> {
  const { flags, remove } = await processPlace()
  t.after(remove)
  return flags.includes('--data') ? flags : [...flags, '--data', await folder(t)]
}

/** All that an API says to an administrator: every list, every resource in one, and the bytes of attachments. */
export async function apiDump(flags: readonly string[]): Promise<Map<string, unknown>> {
  const { databaseUrl, attachments } = await configOf(flags)
  const db = await openDatabase(databaseUrl)
  const app = await build(db, { files: openStore(attachments) })
  const dump = new Map<string, unknown>()
  const get = async (url: string) => {
    const { statusCode, body } = await app.inject({ url, headers: { authorization: `Bearer ${token}` } })
    assert.ok(statusCode < 500, `${url} answers ${statusCode}`)
    const parsed = body.startsWith('{') ? JSON.parse(body) : body
    dump.set(url, { statusCode, parsed })
    return statusCode === 200 && typeof parsed === 'object' ? parsed : {}
  }
  try {
    const { paths } = await get('/api/v3/spec.json')
    const waiting = Object.keys(paths).filter((path) => paths[path].get && !path.includes('{'))
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (dump.has(path)) continue
      const isList = !/\/\d+(\/content)?$/.test(path)
      const { _embedded, _links } = await get(isList ? `${path}?pageSize=1000` : path)
      if (!dump.has(path)) dump.set(path, undefined)
      const linked = [_links?.activities, _links?.attachments, _links?.relations, _links?.staticDownloadLocation]
      const elements = _embedded?.elements ?? []
      for (const href of [...elements.map((one: any) => one._links?.self?.href), ...linked.map((link) => link?.href)]) {
        if (typeof href === 'string' && href.startsWith('/api/v3/')) waiting.push(href)
      }
    }
    // It tells when the answer was written.
    dump.delete('/api/v3/spec.json')
    return dump
  } finally {
    await app.close()
    await db.close()
  }
}

/** Fails with the first difference of what two APIs say; a comparison of all would take minutes to print. */
export function same(found: Map<string, unknown>, expected: Map<string, unknown>): void {
  assert.deepEqual([...found.keys()].sort(), [...expected.keys()].sort())
  for (const [path, answer] of expected) assert.deepEqual(found.get(path), answer, path)
}

/** The digests of all tables of a database. */
export async function digests(flags: readonly string[]): Promise<Record<string, string>> {
  const db = await openDatabase((await configOf(flags)).databaseUrl)
  try {
    return await db.snapshot(async (reader) => {
      const found: Record<string, string> = {}
      for (const table of await tablesOf(reader)) {
        const { rows, sum } = await digestOf(reader, table)
        found[table.name] = `${rows} ${sum}`
      }
      return found
    })
  } finally {
    await db.close()
  }
}

/** Runs a command in a process that is killed after some milliseconds, unless it has ended; tells whether it had. */
export async function killedAfter(ms: number, ...args: readonly string[]): Promise<boolean> {
  const child = spawn(process.execPath, [script, ...args], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  const isOver = await Promise.race([ended.then(() => true), setTimeout(ms, false)])
  if (isOver) return true
  child.kill('SIGKILL')
  await ended
  return false
}

/** Runs a command in a process of its own; gives the milliseconds that it took. */
export async function timed(...args: readonly string[]): Promise<number> {
  const began = performance.now()
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'ignore', 'inherit'] })
  assert.deepEqual(await once(child, 'exit'), [0, null])
  return performance.now() - began
}
