/**
 * Generates clients from the server's OpenAPI document by two generators, compiles them strictly, and lets each walk through ten
 * resources of a running server: the program behind `npm run clients`. It installs the generators, which need a TypeScript of
 * their own, into this folder.
 */
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { serve } from '../server.ts'

const here = import.meta.dirname
const generated = join(here, 'generated')

const run = (file: string, ...args: string[]): void =>
  void execFileSync(file, args, { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] })
const tool = (name: string, ...args: string[]): void => run(join(here, 'node_modules/.bin', name), ...args)

if (!existsSync(join(here, 'node_modules'))) run('npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error')
rmSync(generated, { recursive: true, force: true })
mkdirSync(generated)
const token = `opapi-${randomBytes(20).toString('hex')}`
const server = await serve(token, '--ephemeral')
try {
  writeFileSync(join(generated, 'spec.json'), await (await fetch(`${server.url}/api/v3/spec.json`)).text())
  tool('openapi-typescript', 'generated/spec.json', '--output', 'generated/paths.ts')
  tool('openapi-ts', '--silent', '--no-log-file')
  tool('tsc', '--project', '.')
  for (const name of ['openapi-fetch', 'hey-api']) {
    const walk = pathToFileURL(join(generated, 'compiled/walks', `${name}.js`)).href
    await (await import(walk)).walk(server.url, token)
    console.log(`A client by ${name} compiles and walks through ten resources.`)
  }
} finally {
  await server.stop()
}
