/** Brings in the two documents: the official one from its file, ours from a running server. */
import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { parse } from 'yaml'

const repository = resolve(import.meta.dirname, '../..')
const customary = '../shared/reference/openproject-apiv3.openapi.yml'

/** A server to ask: its origin, an administrator's API token, and how to stop it. */
export type Server = { url: string; token: string; stop: () => Promise<void> }

/** Reads a JSON file that lies beside this one. */
export const readBeside = (name: string): any => JSON.parse(readFileSync(resolve(import.meta.dirname, name), 'utf8'))

/** Reads the official document from HALYARD_CONTRACT or the customary place; undefined when there is no such file. */
export function loadOfficial(): any {
  const path = resolve(repository, process.env.HALYARD_CONTRACT ?? customary)
  return existsSync(path) ? parse(readFileSync(path, 'utf8')) : undefined
}

/** Fetches the document that the server gives of itself. Throws when it gives none. */
export async function loadServed({ url, token }: Omit<Server, 'stop'>): Promise<any> {
  const headers = { Authorization: `Basic ${btoa(`apikey:${token}`)}` }
  const response = await fetch(`${url}/api/v3/spec.json`, { headers })
  if (!response.ok) throw new Error(`${url}/api/v3/spec.json answered ${response.status}`)
  return response.json()
}

/** Starts our server on a free port with demo data kept in memory. Throws when it ends or says no address within a minute. */
export async function startServer(): Promise<Server> {
  const token = `opapi-${randomBytes(20).toString('hex')}`
  const options = ['--ephemeral', '--seed', 'demo', '--port', '0', '--admin-token', token]
  const child = spawn(process.execPath, ['bin/halyard.js', 'serve', ...options], { cwd: repository })
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
    },
  }
}
