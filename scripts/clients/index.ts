/**
 * Generates clients from the server's OpenAPI document by two generators, compiles them strictly, and lets each walk through ten
 * resources of a running server: the program behind `npm run clients`. It installs the generators, which need a TypeScript of
 * their own, into this folder.
 */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'

const here = import.meta.dirname
const root = join(here, '../..')
const generated = join(here, 'generated')
const ONE_MINUTE = 60_000

const run = (file: string, ...args: string[]): void =>
  void execFileSync(file, args, { cwd: here, stdio: ['ignore', 'ignore', 'inherit'] })
const tool = (name: string, ...args: string[]): void => run(join(here, 'node_modules/.bin', name), ...args)

/** Starts a server that stores nothing. Returns its address and a function that ends it. Throws an Error unless it starts. */
async function start(token: string): Promise<{ url: string; stop(): Promise<void> }> {
  const args = [join(root, 'bin/halyard.js'), 'serve', '--ephemeral', '--port', '0', '--seed', 'demo', '--admin-token', token]
  const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', 'pipe', 'inherit'] })
  process.once('exit', () => child.kill('SIGKILL'))
  let output = ''
  const ended = once(child, 'exit')
  const url = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`The server did not start:\n${output}`)), ONE_MINUTE)
    void ended.then(() => reject(new Error(`The server ended:\n${output}`)))
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      const found = /ready: (http:\/\/\S+)\n/.exec(output)?.[1]
      if (found === undefined) return
      clearTimeout(timer)
      resolve(found)
    })
  })
  return {
    url,
    stop: async () => {
      child.kill('SIGTERM')
      await ended
    },
  }
}

if (!existsSync(join(here, 'node_modules'))) run('npm', 'ci', '--no-audit', '--no-fund', '--loglevel=error')
rmSync(generated, { recursive: true, force: true })
mkdirSync(generated)
const token = `opapi-${randomBytes(20).toString('hex')}`
const server = await start(token)
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
