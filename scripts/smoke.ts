/** Starts Halyard as the README says, asks it a few questions over HTTP, and starts it again on the same data. */
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

/** Nothing that the person at the terminal has set for a Halyard of their own, above all no database, reaches this one. */
const withoutSettings = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('HALYARD_')))

/** Copies what a clone holds, so that nothing left behind by earlier commands can help; the installed packages are borrowed. */
function copyClone(folder: string): void {
  const list = 'git ls-files -z --cached --others --exclude-standard'
  const files = execSync(list, { cwd: root, encoding: 'utf8' }).split('\0').filter(Boolean)
  for (const file of files.filter((file) => existsSync(join(root, file)))) cpSync(join(root, file), join(folder, file))
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
}

/**
 * Runs `npm start` in the folder until it says where it listens and, on its first start, what the administrator's token is.
 * `stop` throws unless the server ends well.
 */
async function start(folder: string, data: string, firstStart: boolean): Promise<Server> {
  const npm = spawn('npm', ['start', '--', '--port', '0', '--data', data], {
    cwd: folder,
    // A process group of its own, so that a server which outlives its npm can still be ended.
    detached: true,
    stdio: ['ignore', 'pipe', 'inherit'],
    env: withoutSettings,
  })
  process.prependOnceListener('exit', () => {
    try {
      process.kill(-npm.pid!, 'SIGKILL')
    } catch {
      // It has ended, as it should.
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

/** The answers to all questions, as text without the server's address. Throws unless each is of its type. */
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

/** Throws unless anonymous requests are either answered or asked to log in, as the instance is set up. */
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
