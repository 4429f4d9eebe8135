/**
 * Packs the package, installs the archive in an empty folder as somebody would who has nothing but npm, and uses it there: the program
 * behind `npm run packed`. Packages come from the registry, as for anybody else.
 */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { environment, npm, pack, temporaryFolder } from './packing.ts'

const ONE_MINUTE = 60_000
const folder = temporaryFolder()

/** Installs an archive in an empty folder; gives the command. */
function install(archive: string): string {
  const home = join(folder, 'home')
  mkdirSync(home)
  // The Node that comes with the package is set up by its install script, which a project has to allow.
  writeFileSync(join(home, 'package.json'), JSON.stringify({ name: 'home', private: true, allowScripts: { node: true } }))
  npm(['install', '--no-audit', '--no-fund', '--loglevel=error', archive], home)
  assert.ok(!readdirSync(join(home, 'node_modules')).includes('esbuild'), 'what builds the package is not installed with it')
  return join(home, 'node_modules', '.bin', 'halyard')
}

/** A request, and what its answer has to say. */
const requests: Readonly<Record<string, RegExp>> = {
  '/api/v3': /"_type":"Root"/,
  '/api/v3/projects': /"identifier":"demo-project"/,
  '/api/v3/work_packages?pageSize=2': /"_type":"WorkPackageCollection"/,
  '/api/v3/work_packages/1': /"_type":"WorkPackage"/,
  '/api/v3/work_packages/1/activities': /"_type":"Activity"/,
  '/api/v3/users/me': /"_type":"User"/,
  '/api/v3/statuses': /"In progress"/,
  '/api/v3/queries/default': /"_type":"Query"/,
  '/api/v3/spec.json': /"openapi":"3\.1/,
  '/api/v3/job_statuses/none': /"_type":"Error"/,
  '/login': /<form/,
  '/api/docs': /<!doctype html>/,
  '/readyz': /./,
}

/** Starts the command, asks it all there is to ask, and ends it. */
async function walk(command: string): Promise<void> {
  const token = `opapi-${'0123456789'.repeat(4)}`
  const args = [
    'serve',
    '--port',
    '0',
    '--log-level',
    'error',
    '--seed',
    'demo',
    '--admin-token',
    token,
    '--data',
    join(folder, 'data'),
  ]
  const child = spawn(command, args, { cwd: folder, env: environment, stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  let output = ''
  const url = new Promise<string>((found) => {
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const ready = /ready: (http:\/\/\S+)\n/.exec(output)
      if (ready) found(ready[1] as string)
    })
  })
  const ended = once(child, 'exit').then(() => undefined)
  const address = await Promise.race([url, ended, setTimeout(ONE_MINUTE, undefined, { ref: false })])
  assert.ok(address, `The installed command did not become ready. Its output:\n${output}`)
  const headers = { authorization: `Basic ${btoa(`apikey:${token}`)}` }
  for (const [path, expected] of Object.entries(requests)) {
    const text = await (await fetch(address + path, { headers })).text()
    assert.match(text, expected, path)
  }
  const form = new FormData()
  form.append('metadata', JSON.stringify({ fileName: 'chart.html' }))
  form.append('file', new Blob(['<p>The harbour of Quintessence.</p>']))
  const sent = await fetch(`${address}/api/v3/work_packages/1/attachments`, { method: 'POST', headers, body: form })
  assert.equal(sent.status, 201)
  await untilFound(`${address}/api/v3/work_packages`, 'quintessence', headers)
  child.kill('SIGTERM')
  assert.deepEqual(await once(child, 'exit'), [0, null])
}

/** Waits until the text of an attachment is found: a process of its own has extracted it by then. */
async function untilFound(address: string, word: string, headers: Record<string, string>): Promise<void> {
  const filters = JSON.stringify([{ attachment_content: { operator: '~', values: [word] } }])
  const query = `${address}?filters=${encodeURIComponent(filters)}`
  for (let i = 0; i < 150; i++) {
    const body = (await (await fetch(query, { headers })).json()) as { total?: number }
    if (body.total === 1) return
    await setTimeout(200)
  }
  throw new Error('The text of an attachment was not extracted.')
}

const command = install(pack(folder))
await walk(command)
console.log(`The installed command answers ${Object.keys(requests).length} requests, and reads an attachment.`)
