/** Loads the two documents: the official one from its file, ours from a running server. */
import { execFileSync, spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parse } from 'yaml'
import { build } from '../build.ts'

const repository = resolve(import.meta.dirname, '../..')
const customary = '../shared/reference/openproject-apiv3.openapi.yml'

/** A server under test: its origin, an administrator's API token, and a function that stops it. */
export type Server = { url: string; token: string; stop: () => Promise<void> }

/** Reads a JSON file in this folder. */
export const readBeside = (name: string): any => JSON.parse(readFileSync(resolve(import.meta.dirname, name), 'utf8'))

/** Reads the official document from HALYARD_TEST_CONTRACT or the customary place; undefined when there is no such file. */
export function loadOfficial(): any {
  const path = resolve(repository, process.env.HALYARD_TEST_CONTRACT ?? customary)
  return existsSync(path) ? parse(readFileSync(path, 'utf8')) : undefined
}

/** Fetches the server's own document. Throws if there is none. */
export async function loadServed({ url, token }: Omit<Server, 'stop'>): Promise<any> {
  const headers = { Authorization: `Basic ${btoa(`apikey:${token}`)}` }
  const response = await fetch(`${url}/api/v3/spec.json`, { headers })
  if (!response.ok) throw new Error(`${url}/api/v3/spec.json answered ${response.status}`)
  return response.json()
}

// Started is what is installed.
await build()
const script = ['bin/halyard.js']

/** What only an operator can create and set. */
const definitions = [
  ['setting', 'set', 'users_deletable_by_admins', 'true'],
  ['custom-field', 'create', 'WorkPackage', 'Size', 'list', '--options', 'S,M,L', '--default', 'M'],
  ['custom-field', 'create', 'WorkPackage', 'Colours', 'list', '--options', 'red,blue', '--multiple'],
  ['custom-field', 'create', 'WorkPackage', 'Place', 'hierarchy', '--items', 'Europe/Spain (ES),Europe/Italy,Asia'],
  ['custom-field', 'create', 'WorkPackage', 'Points', 'int', '--default', '3'],
  ['custom-field', 'create', 'Project', 'Sponsor', 'string', '--default', 'Town'],
  ['oauth', 'register', 'Chart', '--redirect-uris', 'https://app.example/callback'],
  ['custom-action', 'create', 'Take it', '--changes', '{"_links":{"assignee":{"href":"/api/v3/users/me"}}}'],
]

/**
 * Starts our server on a free port with demo data, in a folder of its own unless a database is given. Throws if it ends or
 * reports no address within a minute.
 */
export async function startServer({ databaseUrl }: { databaseUrl?: string | undefined } = {}): Promise<Server> {
  const token = `opapi-${randomBytes(20).toString('hex')}`
  const folder = mkdtempSync(join(tmpdir(), 'halyard-contract-'))
  const data = databaseUrl === undefined ? ['--data', folder] : ['--database-url', databaseUrl]
  const run = (args: string[]) => execFileSync(process.execPath, [...script, ...args, ...data], { cwd: repository })
  run(['seed', '--seed', 'demo', '--admin-token', token])
  for (const definition of definitions) run(definition)
  // A repository of one commit, which mentions the first work packages.
  const git = (...args: string[]) => execFileSync('git', ['-C', folder, ...args], { stdio: 'ignore' })
  git('init')
  const message = `Begin #${Array.from({ length: 40 }, (_, i) => i + 1).join(' #')}`
  git('-c', 'user.name=Contract', '-c', 'user.email=contract@example.net', 'commit', '--allow-empty', '-m', message)
  run(['revisions', 'import', 'demo-project', folder])
  const child = spawn(
    process.execPath,
    [...script, 'serve', '--port', '0', '--attachments-dir', join(folder, 'attachments'), ...data],
    { cwd: repository },
  )
  const ended = new Promise<void>((done) => child.once('close', () => done()))
  let said = ''
  let complained = ''
  child.stderr.on('data', (chunk: Buffer) => {
    complained = (complained + chunk).slice(-10_000)
  })
  const address = new Promise<string>((found, fail) => {
    child.stdout.on('data', (chunk: Buffer) => {
      said = (said + chunk).slice(-10_000)
      const line = /http:\/\/127\.0\.0\.1:\d+(?=\D)/.exec(said)
      if (line) found(line[0])
    })
    child.once('error', fail)
    ended.then(() => fail(new Error(`the server ended before it named its address\n${said}${complained}`)))
  })
  const late = setTimeout(() => child.kill('SIGKILL'), 60_000)
  const url = await address.finally(() => clearTimeout(late))
  return {
    url,
    token,
    stop: async () => {
      child.kill('SIGTERM')
      const stuck = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await ended
      clearTimeout(stuck)
      rmSync(folder, { recursive: true })
    },
  }
}
