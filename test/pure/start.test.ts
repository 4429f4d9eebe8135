/** What is loaded before a server starts. */
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { resolve } from 'node:path'
import { test } from 'node:test'

test('a server starts without what fetch is made of, which takes a tenth of the time', () => {
  const script = `
    await import('./server/commands/serve.ts')
    await import('./server/app.ts')
    console.log(process.moduleLoadList.filter((name) => name.includes('undici')).join())`
  const loaded = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    cwd: resolve(import.meta.dirname, '../..'),
    encoding: 'utf8',
  })
  assert.equal(loaded.trim(), '')
})
