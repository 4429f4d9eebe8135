/** Starts Halyard as in the README, sends a few requests over HTTP, and starts it again on the same data. */
import assert from 'node:assert/strict'
import { execSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { setTimeout } from 'node:timers/promises'

type Server = { url: string; token: string | undefined; stop(): Promise<void> }

const root = resolve(import.meta.dirname, '..')
const oneMinute = 60_000
const questions = {
  '/api/v3': 'Root',
  '/api/v3/projects': 'Collection',
  '/api/v3/work_packages': 'WorkPackageCollection',
}

/** The environment without the variables that configure the developer's own Halyard, above all its database. */
const withoutSettings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HALYARD_')))

/** Copies the files of a clone, without the leftovers of earlier commands; the installed packages are linked. */
function copyClone(folder: string): void {
  const list = 'git ls-files -z --cached --others --exclude-standard'
  const files = execSync(list, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  for (const file of files.filter((file) => existsSync(join(root, file)))) cpSync(join(root, file), join(folder, file))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
}

/**
 * Runs `npm start` in the folder until it prints its address and, on its first start, the administrator's token.
 * `stop` throws unless the server ends without an error.
 */
async function start(folder: string, data: string, firstStart: boolean): Promise<Server> {
  const npm = spawn('npm', ['start', '--', '--port', '0', '--data', data], {
    cwd: folder,
    // A process group of its own, so that a server that outlives its npm can still be ended.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: withoutSettings,
  })
  process.prependOnceListener('exit', () => {
    try {
      process.kill(-npm.pid!, 'SIGKILL')
    } catch {
      // It has ended, as expected.
    }
  })
  let output = ''
  const url = () => /ready: (http:\/\/\S+)\n/.exec(output)?.[1]
  const token = () => /^API token: +(opapi-[0-9a-f]{40})\b.*\n/m.exec(output)?.[1]
  const ended = once(npm, 'close').then(([code, signal]) => `ended with ${code ?? signal}`)
  const ready = new Promise((resolve) => {
    npm.stdout.setEncoding('utf8').on('data', (text: string) => {
      output += text
      if (url() !== undefined && (token() !== undefined || !firstStart)) resolve('ready')
    })
  })
  const outcome = await Promise.race([ready, ended, setTimeout(oneMinute, 'stayed silent', { ref: false })])
  assert.equal(outcome, 'ready', `instead of being ready, npm start ${outcome}. Its output:\n${output}`)

  return {
    url: url()!,
    token: token(),
    async stop() {
      npm.kill('SIGTERM')
      const outcome = await Promise.race([ended, setTimeout(oneMinute, 'went on', { ref: false })])
      assert.equal(outcome, 'ended with 0', `after SIGTERM, npm start ${outcome}`)
      if (!firstStart) assert.doesNotMatch(output, /^(API token|Admin password):/m, 'secrets are shown on the first start only')
    },
  }
}

/** The responses to all requests, as text without the server's address. Throws unless each has its type. */
async function askAsAdmin(server: Server, token: string): Promise<string[]> {
  const headers = { authorization: `Basic ${btoa(`apikey:${token}`)}` }
  const answers: string[] = []
  for (const [path, type] of Object.entries(questions)) {
    const response = await fetch(server.url + path, { headers })
    const text = await response.text()
    assert.equal(response.status, 200, `GET ${path} as admin: ${text}`)
    assert.equal(JSON.parse(text)._type, type, `GET ${path} as admin`)
    answers.push(text.replaceAll(server.url, ''))
  }
  return answers
}

/** Throws unless anonymous requests get a response or a 401, by the setting of the instance. */
async function askAnonymously(server: Server): Promise<void> {
  for (const [path, type] of Object.entries(questions)) {
    const response = await fetch(server.url + path)
    const body = (await response.json()) as { _type?: string }
    assert.ok([200, 401].includes(response.status), `GET ${path} anonymously: ${response.status}`)
    assert.equal(body._type, response.status === 200 ? type : 'Error', `GET ${path} anonymously`)
  }
}

const folder = mkdtempSync(join(tmpdir(), 'halyard-smoke-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => process.exit(1))

const clone = join(folder, 'clone')
const data = join(folder, 'data')
copyClone(clone)

const first = await start(clone, data, true)
const answers = await askAsAdmin(first, first.token!)
await askAnonymously(first)
await first.stop()
console.log(`First start: ${Object.keys(questions).join(', ')} answer to the administrator and to strangers.`)

const second = await start(clone, data, false)
const answersAgain = await askAsAdmin(second, first.token!)
await second.stop()
assert.deepEqual(answersAgain, answers, 'the second start gives the same answers')
console.log('Second start: the same token gets the same answers, and no secret is shown again.')
