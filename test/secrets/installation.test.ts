/** File permissions of an installation, and encryption of its secrets in the database. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { describe, type TestContext, test } from 'node:test'
import { succeed } from '#test/command.ts'

const script = resolve(import.meta.dirname, '../../bin/halyard.js')
const CLEAR = 'the secret of a client'

async function folder(t: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'halyard-test-'))
  t.after(() => rm(path, { recursive: true }))
  return path
}

// Files are private with any umask: here one without restrictions, in this process and in those that it starts.
process.umask(0)

const environment = { ...process.env, HALYARD_LOG_LEVEL: 'silent' }

/** Runs a command to its end, with a umask without restrictions. */
async function run(args: readonly string[], { cwd, env = {} }: { cwd?: string; env?: Record<string, string> } = {}) {
  const child = spawn('sh', ['-c', 'umask 0; exec "$@"', 'sh', process.execPath, script, ...args], {
    env: { ...environment, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    ...(cwd !== undefined && { cwd }),
  })
  let [out, err] = ['', '']
  child.stdout.on('data', (chunk) => {
    out += chunk
  })
  child.stderr.on('data', (chunk) => {
    err += chunk
  })
  const [code] = await once(child, 'close')
  return { code, out, err }
}
const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)
const seed = (data: string) => succeed('seed', '--seed', 'basic', '--data', data)
const addProvider = async (t: TestContext, data: string, ...more: string[]) => {
  const secret = join(await folder(t), 'secret')
  await writeFile(secret, `${CLEAR}\n`)
  const known = ['--client-id', 'halyard', '--client-secret-file', secret]
  return succeed('provider', 'add', 'acme', 'https://id.example.net', ...known, '--data', data, ...more)
}
const contents = async (data: string) => {
  const names = (await readdir(data)).filter((name) => /^halyard\.db(-wal|-shm)?$/.test(name))
  return (await Promise.all(names.map((name) => readFile(join(data, name), 'latin1')))).join('')
}
const keyFile = (data: string) => join(data, 'halyard.db.key')

describe('The data', () => {
  test('is in a private folder with private files, with any umask', async (t) => {
    const data = join(await folder(t), 'below')
    await seed(data)
    assert.equal(await modeOf(data), '700')
    const names = await readdir(data)
    assert.ok(names.includes('halyard.db') && names.includes('halyard.db.key'), names.join())
    for (const name of names) assert.equal(await modeOf(join(data, name)), '600', name)
  })

  test('of an accessible installation becomes private at the next start; doctor reports it before', async (t) => {
    const data = await folder(t)
    await seed(data)
    await chmod(data, 0o755)
    await chmod(join(data, 'halyard.db'), 0o644)
    const before = await run(['doctor', '--port', '0', '--data', data])
    assert.equal(before.code, 1)
    assert.match(before.out, /^failed +File permissions: .*\(755\).* chmod 700 .*access .*halyard\.db \(644\).* chmod 600 /m)
    assert.equal(await modeOf(data), '755', 'doctor changes nothing')
    await succeed('migrate', '--data', data)
    assert.deepEqual([await modeOf(data), await modeOf(join(data, 'halyard.db'))], ['700', '600'])
    const after = await succeed('doctor', '--port', '0', '--data', data)
    assert.match(after, /^ok +File permissions: /m)
    assert.match(after, /^ok +Secrets: encrypted with the key in .*halyard\.db\.key$/m)
  })

  test('in a shared folder has private files, and the folder is unchanged', async (t) => {
    const shared = await folder(t)
    await chmod(shared, 0o755)
    const url = ['--database-url', `sqlite:${join(shared, 'work.db')}`]
    await succeed('seed', '--seed', 'basic', ...url)
    assert.deepEqual(
      [await modeOf(shared), await modeOf(join(shared, 'work.db')), await modeOf(join(shared, 'work.db.key'))],
      ['755', '600', '600'],
    )
  })
})

describe('The secret of a provider', () => {
  test('is not in the files of the database', async (t) => {
    const data = await folder(t)
    await seed(data)
    await addProvider(t, data)
    assert.equal((await contents(data)).includes(CLEAR), false)
    assert.match(await succeed('secrets', 'list', '--data', data), /auth_providers\.client_secret +[0-9a-f]{8} +1/)
  })

  test('is encrypted with a new key after a rotation, and a copy of the old key is useless', async (t) => {
    const data = await folder(t)
    await seed(data)
    await addProvider(t, data)
    const old = await readFile(keyFile(data))
    assert.match(await succeed('secrets', 'rotate', '--data', data), /^Encrypted 1 secret with the key [0-9a-f]{8}\./)
    const fresh = await readFile(keyFile(data))
    assert.notDeepEqual(fresh, old)
    assert.equal(await modeOf(keyFile(data)), '600')
    await succeed('migrate', '--data', data)
    await writeFile(keyFile(data), old)
    const refused = await run(['migrate', '--data', data])
    assert.equal(refused.code, 1)
    assert.match(
      refused.err,
      /^The secrets in the database are encrypted with the key [0-9a-f]{8}, which is not in .*halyard\.db\.key\. Start Halyard with that key/,
    )
    assert.match((await run(['doctor', '--port', '0', '--data', data])).out, /^failed +Secrets: encrypted with the key/m)
    // Killed before the transaction or after it, a rotation leaves a file that holds both.
    await writeFile(keyFile(data), `${old}${fresh}`)
    await succeed('migrate', '--data', data)
    await succeed('secrets', 'rotate', '--data', data)
    assert.equal((await readFile(keyFile(data), 'utf8')).trim().split('\n').length, 1)
  })

  test('of an earlier version is encrypted at the next start and overwritten in the files', async (t) => {
    const data = await folder(t)
    await seed(data)
    await addProvider(t, data)
    const db = new DatabaseSync(join(data, 'halyard.db'))
    db.prepare('update auth_providers set client_secret = ?').run(CLEAR)
    db.close()
    assert.equal((await contents(data)).includes(CLEAR), true)
    await succeed('migrate', '--data', data)
    assert.equal((await contents(data)).includes(CLEAR), false)
    assert.match(await succeed('secrets', 'list', '--data', data), /auth_providers\.client_secret +[0-9a-f]{8} +1/)
  })

  test('is not decrypted without its key, and no other key is created', async (t) => {
    const data = await folder(t)
    await seed(data)
    await addProvider(t, data)
    await rm(keyFile(data))
    const { code, err } = await run(['serve', '--port', '0', '--data', data])
    assert.deepEqual([code, /which is not in .*halyard\.db\.key/.test(err)], [1, true])
    assert.equal((await readdir(data)).includes('halyard.db.key'), false)
  })

  test('is encrypted with the configured key, and a key in front of it rotates it', async (t) => {
    const data = await folder(t)
    const [first, second] = [(await succeed('secrets', 'generate')).trim(), (await succeed('secrets', 'generate')).trim()]
    const by = (...keys: string[]) => ({ env: { HALYARD_SECRET_KEY: keys.join(' ') } })
    const on = ['--data', data]
    assert.equal((await run(['seed', '--seed', 'basic', ...on], by(first))).code, 0)
    assert.equal((await readdir(data)).includes('halyard.db.key'), false)
    await addProvider(t, data, '--secret-key', first)
    assert.match(
      (await run(['secrets', 'rotate', ...on], by(first))).err,
      /^The first key of HALYARD_SECRET_KEY is already the current key/,
    )
    assert.equal((await run(['migrate', ...on], by(second))).code, 1)
    assert.equal((await run(['secrets', 'rotate', ...on], by(second, first))).code, 0)
    assert.equal((await run(['migrate', ...on], by(second))).code, 0)
    assert.equal((await run(['migrate', ...on], by(first))).code, 1)
    const wrong = await run(['migrate', ...on], by('too short'))
    assert.match(wrong.err, /^HALYARD_SECRET_KEY must contain a key of 32 bytes/)
    assert.equal(wrong.err.includes('too short'), false)
  })
})

test('With --ephemeral no key is stored', async (t) => {
  const cwd = await folder(t)
  const child = spawn(process.execPath, [script, 'serve', '--ephemeral', '--port', '0', '--seed', 'basic'], {
    cwd,
    env: environment,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  t.after(() => child.kill('SIGKILL'))
  let out = ''
  for await (const chunk of child.stdout) {
    out += chunk
    if (out.includes('Halyard is ready')) break
  }
  assert.match(out, /Halyard is ready/)
  assert.deepEqual(await readdir(cwd), [])
  child.kill('SIGTERM')
  await once(child, 'close')
})
