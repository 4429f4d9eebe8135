/** Flags and variables: precedence, and error messages. */
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { resolve } from 'node:path'
import { describe, test } from 'node:test'
import { variableOf } from '#server/config/options.ts'
import { UsageError } from '#server/usage.ts'
import { configOf, invoked } from '#test/command.ts'

const read = (line: string, environment: Record<string, string> = {}) => configOf(line.split(' ').filter(Boolean), environment)
const token = `opapi-${'0123456789'.repeat(4)}`

describe('a configuration', () => {
  test('has defaults, and cannot be changed', async () => {
    const config = await read('')
    assert.deepEqual(config, {
      port: 8080,
      host: '127.0.0.1',
      databaseUrl: `sqlite:${resolve('data/halyard.db')}`,
      data: resolve('data'),
      secretKey: { in: 'file', path: resolve('data/halyard.db.key'), ours: true },
      attachments: { in: 'folder', path: resolve('data/attachments') },
      seed: 'demo',
      adminToken: undefined,
      publicUrl: undefined,
      trustedProxies: ['loopback'],
      outgoingAllow: [],
      traceHosts: [],
      mail: undefined,
      double: undefined,
      workers: 1,
      worker: true,
      backup: { folder: resolve('data/backups'), every: undefined, keep: 7 },
      metrics: undefined,
      readyFile: undefined,
      logLevel: undefined,
    })
    assert.ok(Object.isFrozen(config))
  })

  test('is set by flags', async () => {
    assert.deepEqual(
      await read(
        `--port 0 --host=:: --data /srv --seed none --admin-token ${token} --log-level debug --public-url https://w.example --trusted-proxies 10.0.0.0/8 --outgoing-allow files.lan,fd00::/8 --trace-hosts S3.lan --smtp-url smtps://me:pw@mail.example:465 --mail-from pm@w.example --workers 4 --no-worker --ready-file /run/ready`,
      ),
      {
        port: 0,
        host: '::',
        databaseUrl: 'sqlite:/srv/halyard.db',
        data: '/srv',
        secretKey: { in: 'file', path: '/srv/halyard.db.key', ours: true },
        attachments: { in: 'folder', path: '/srv/attachments' },
        seed: 'none',
        adminToken: token,
        publicUrl: 'https://w.example',
        trustedProxies: ['10.0.0.0/8'],
        outgoingAllow: ['files.lan', 'fd00::/8'],
        traceHosts: ['s3.lan'],
        mail: { url: 'smtps://me:pw@mail.example:465', from: 'pm@w.example' },
        double: undefined,
        workers: 4,
        worker: false,
        backup: { folder: '/srv/backups', every: undefined, keep: 7 },
        metrics: undefined,
        readyFile: '/run/ready',
        logLevel: 'debug',
      },
    )
  })

  test('is set by the variables of the flags', async () => {
    const environment = {
      HALYARD_PORT: '3000',
      HALYARD_HOST: '0.0.0.0',
      HALYARD_DATABASE_URL: 'postgres://db/halyard',
      HALYARD_SEED: 'basic',
      HALYARD_ADMIN_TOKEN: token,
      HALYARD_PUBLIC_URL: 'http://w.example:81',
      HALYARD_TRUSTED_PROXIES: 'loopback, ::1/64',
      HALYARD_SMTP_URL: 'smtp://mail.example',
      HALYARD_MAIL_FROM: 'Work <pm@w.example>',
      HALYARD_NO_WORKER: 'yes',
      HALYARD_WORKERS: '2',
      HALYARD_LOG_LEVEL: 'error',
    }
    assert.deepEqual(await read('', environment), {
      port: 3000,
      host: '0.0.0.0',
      databaseUrl: 'postgres://db/halyard',
      data: resolve('data'),
      secretKey: { in: 'file', path: resolve('data/halyard.key'), ours: true },
      attachments: { in: 'folder', path: resolve('data/attachments') },
      seed: 'basic',
      adminToken: token,
      publicUrl: 'http://w.example:81',
      trustedProxies: ['loopback', '::1/64'],
      outgoingAllow: [],
      traceHosts: [],
      mail: { url: 'smtp://mail.example', from: 'Work <pm@w.example>' },
      double: undefined,
      workers: 2,
      worker: false,
      backup: { folder: resolve('data/backups'), every: undefined, keep: 7 },
      metrics: undefined,
      readyFile: undefined,
      logLevel: 'error',
    })
  })

  test('gives flags precedence over variables, and ignores empty variables', async () => {
    assert.equal((await read('--port 1', { HALYARD_PORT: '2' })).port, 1)
    assert.equal((await read('', { HALYARD_PORT: '', HALYARD_EPHEMERAL: '' })).port, 8080)
  })
})

describe('the storage of attachments', () => {
  const s3 = '--attachments-s3-bucket files --attachments-s3-access-key k --attachments-s3-secret-key s'
  const bucket = { in: 's3', bucket: 'files', region: 'us-east-1', accessKey: 'k', secretKey: 's' }
  for (const [line, chosen] of [
    ['--ephemeral', { in: 'memory' }],
    ['--ephemeral --attachments-dir /files', { in: 'folder', path: '/files' }],
    ['--database-url postgres://db/halyard --data /srv', { in: 'folder', path: '/srv/attachments' }],
    [s3, { ...bucket, endpoint: 'https://s3.us-east-1.amazonaws.com' }],
    [`${s3} --attachments-s3-endpoint http://minio:9000`, { ...bucket, endpoint: 'http://minio:9000' }],
  ] as const) {
    test(`is ${chosen.in} with ${line}`, async () => assert.deepEqual((await read(line)).attachments, chosen))
  }
  for (const [line, reason] of [
    [`${s3} --attachments-dir /files`, /contradict each other/],
    ['--attachments-s3-bucket files', /HALYARD_ATTACHMENTS_S3_ACCESS_KEY/],
    [s3.replace('files', 'Fi'), /must be the name of a bucket/],
    [`${s3} --attachments-s3-endpoint ftp://x`, /must be an address/],
  ] as const) {
    test(`is rejected with ${line}`, () => assert.rejects(read(line), reason))
  }
})

describe('backups', () => {
  for (const [line, backup] of [
    ['--data /srv --backup-every 24h', { folder: '/srv/backups', every: 24 * 3_600_000, keep: 7 }],
    ['--backup-every 30m --backup-keep 2 --backup-dir /b', { folder: '/b', every: 1_800_000, keep: 2 }],
  ] as const) {
    test(`are made with ${line}`, async () => assert.deepEqual((await read(line)).backup, backup))
  }
  for (const [line, sentence] of [
    ['--backup-every daily', /^--backup-every must be a time such as 30m, 24h or 7d, not "daily"\.$/],
    ['--backup-every 0h', /^--backup-every must be a time/],
    ['--backup-every 1h --ephemeral', /^--backup-every contradicts --ephemeral/],
    ['--backup-keep 0', /^--backup-keep must be a number from 1 to 9999/],
  ] as const) {
    test(`are refused with ${line}`, () => assert.rejects(read(line), { message: sentence }))
  }
})

describe('metrics', () => {
  for (const [line, metrics] of [
    ['', undefined],
    ['--metrics-port 9464', { listen: { port: 9464, host: '127.0.0.1' }, token: undefined }],
    ['--metrics-port 0 --metrics-host 0.0.0.0', { listen: { port: 0, host: '0.0.0.0' }, token: undefined }],
    [`--metrics-token ${token}`, { listen: undefined, token }],
    [`--metrics-port 1 --metrics-token ${token}`, { listen: { port: 1, host: '127.0.0.1' }, token }],
  ] as const) {
    test(`are ${metrics ? '' : 'not '}served with "${line}"`, async () => assert.deepEqual((await read(line)).metrics, metrics))
  }
  for (const [line, sentence] of [
    ['--metrics-port 65536', /^--metrics-port must be a number from 0 to 65535, not "65536"\.$/],
    ['--metrics-host ::', /^--metrics-host requires --metrics-port\.$/],
    ['--metrics-token tooshort', /^--metrics-token must be 16 characters at least: [^"]+$/],
    ['--metrics-token with-"marks"-in-it', /^--metrics-token must be 16 characters at least: (?!.*marks)/],
  ] as const) {
    test(`are refused with ${line}`, () => assert.rejects(read(line), { message: sentence }))
  }
})

describe('workers', () => {
  for (const [line, environment, count] of [
    ['', {}, 1],
    ['--workers 1 --ephemeral', {}, 1],
    ['--workers 64', {}, 64],
    ['', { HALYARD_WORKERS: '3' }, 3],
    ['--workers auto', {}, Math.min(availableParallelism(), 64)],
  ] as const) {
    test(`are ${count} with "${line}" and ${JSON.stringify(environment)}`, async () =>
      assert.equal((await read(line, environment)).workers, count))
  }
  const shared = '--workers requires a database that processes can share: leave it out with --ephemeral.'
  for (const [line, message] of [
    ['--workers 0', '--workers must be a number from 1 to 64, or auto, not "0".'],
    ['--workers 65', '--workers must be a number from 1 to 64, or auto, not "65".'],
    ['--workers two', '--workers must be a number from 1 to 64, or auto, not "two".'],
    ['--workers 1.5', '--workers must be a number from 1 to 64, or auto, not "1.5".'],
    ['--workers 2 --ephemeral', shared],
    ['--workers auto --ephemeral', shared],
    ['--workers 2 --database-url sqlite::memory:', shared],
  ] as const) {
    test(`are refused with ${line}`, () => assert.rejects(read(line), { message }))
  }
})

describe('the secret key', () => {
  for (const [line, chosen] of [
    ['--ephemeral', { in: 'memory' }],
    ['--database-url sqlite:/srv/a.db', { in: 'file', path: '/srv/a.db.key', ours: true }],
    ['--database-url postgres://db/halyard --data /srv', { in: 'file', path: '/srv/halyard.key', ours: true }],
    ['--secret-key abc', { in: 'text', text: 'abc', named: '--secret-key' }],
    ['--secret-key-file /run/key', { in: 'file', path: '/run/key', ours: false }],
  ] as const) {
    test(`is in ${chosen.in} with ${line}`, async () => assert.deepEqual((await read(line)).secretKey, chosen))
  }
  test('is given once', () => assert.rejects(read('--secret-key a --secret-key-file b'), /contradict each other/))
})

describe('the database URL', () => {
  const places: [line: string, environment: Record<string, string>, url: string][] = [
    ['--ephemeral', {}, 'sqlite::memory:'],
    ['', { HALYARD_EPHEMERAL: 'true' }, 'sqlite::memory:'],
    ['', { HALYARD_EPHEMERAL: 'no', HALYARD_DATA: '/srv' }, 'sqlite:/srv/halyard.db'],
    ['--ephemeral', { HALYARD_DATA: '/srv', HALYARD_DATABASE_URL: 'postgres://db/halyard' }, 'sqlite::memory:'],
    ['--data /srv', { HALYARD_EPHEMERAL: 'true' }, 'sqlite:/srv/halyard.db'],
    ['--data /srv', { HALYARD_DATABASE_URL: 'postgres://db/halyard' }, 'sqlite:/srv/halyard.db'],
    ['--database-url sqlite:here.db --data /srv', {}, 'sqlite:here.db'],
    ['--database-url postgresql://db/halyard', { HALYARD_DATA: '/srv' }, 'postgresql://db/halyard'],
  ]
  for (const [line, environment, url] of places) {
    const variables = Object.entries(environment).map(([name, value]) => `${name}=${value}`)
    test(`is ${url} with ${[...variables, line].filter(Boolean).join(' ')}`, async () => {
      assert.equal((await read(line, environment)).databaseUrl, url)
    })
  }
})

describe('a test double', () => {
  const doubles: [line: string, wanted: unknown][] = [
    ['', undefined],
    ['--ephemeral', { clock: undefined, fixtures: undefined }],
    [
      '--ephemeral --clock 2026-01-05T09:00+01:00 --fixtures crew.yaml',
      { clock: { at: new Date('2026-01-05T08:00Z'), runs: false }, fixtures: 'crew.yaml' },
    ],
    [
      '--ephemeral --clock 2026-01-05 --clock-runs',
      { clock: { at: new Date('2026-01-05T00:00Z'), runs: true }, fixtures: undefined },
    ],
  ]
  for (const [line, wanted] of doubles)
    test(`with ${line || 'no options'} is ${wanted === undefined ? 'none' : 'one'}`, async () => {
      assert.deepEqual((await read(line)).double, wanted)
    })
})

describe('an error names the flag or the variable', () => {
  const mistakes: [line: string, environment: Record<string, string>, sentence: RegExp][] = [
    ['--xylophone red', {}, /^Unknown option '--xylophone'\.$/],
    ['--prot 80', {}, /^Unknown option '--prot' \(Did you mean --port\?\)$/],
    ['-p 80', {}, /^Unknown option '-p'\.$/],
    ['--port', {}, /^Option '--port <PORT>' argument missing\.$/],
    ['--host --ephemeral', {}, /^--host requires a value\.$/],
    ['--ephemeral=yes', {}, /^Unknown option '--ephemeral=yes'/],
    ['--port eighty', {}, /^--port must be a number from 0 to 65535, not "eighty"\.$/],
    ['', { HALYARD_PORT: '65536' }, /^HALYARD_PORT must be a number from 0 to 65535, not "65536"\.$/],
    ['--seed full', {}, /^--seed must be one of demo, showcase, basic, none, not "full"\.$/],
    ['', { HALYARD_LOG_LEVEL: 'loud' }, /^HALYARD_LOG_LEVEL must be one of trace, .*, silent, not "loud"\.$/],
    ['', { HALYARD_EPHEMERAL: 'perhaps' }, /^HALYARD_EPHEMERAL must be true or false, not "perhaps"\.$/],
    ['--database-url mysql://db/halyard', {}, /^--database-url must be sqlite:PATH or postgres:/],
    ['--clock 2026-01-05T09:00Z', {}, /^--clock requires --ephemeral\.$/],
    ['', { HALYARD_FIXTURES: 'crew.yaml' }, /^HALYARD_FIXTURES requires --ephemeral\.$/],
    ['--ephemeral --clock-runs', {}, /^--clock-runs requires --clock\.$/],
    ['--ephemeral --clock noon', {}, /^--clock must be a time with its zone, such as 2026-01-05T09:00Z, not "noon"\.$/],
    ['--ephemeral --clock 2026-01-05T09:00', {}, /^--clock must be a time with its zone/],
    ['--ephemeral --database-url sqlite:x', {}, /^--ephemeral and --database-url contradict each other/],
    ['', { HALYARD_EPHEMERAL: '1', HALYARD_DATA: 'x' }, /^HALYARD_EPHEMERAL and HALYARD_DATA contradict each other/],
  ]
  for (const [line, environment, message] of mistakes) {
    test(`${line || Object.keys(environment).join(' ')}: ${message.source}`, async () => {
      await assert.rejects(read(line, environment), (error) => error instanceof UsageError && message.test(error.message))
    })
  }

  test('an example of a token is rejected, except with --ephemeral', async () => {
    const readme = `opapi-${'0123456789abcdef'.repeat(3).slice(0, 40)}`
    for (const example of [readme, `opapi-${'0'.repeat(40)}`, `opapi-${'f'.repeat(40)}`]) {
      for (const place of ['', '--database-url postgres://db/halyard', '--data /srv']) {
        await assert.rejects(read(`--admin-token ${example} ${place}`), /^Error: --admin-token is a well-known example/)
      }
      assert.equal((await read(`--admin-token ${example} --ephemeral`)).adminToken, example)
    }
  })

  test('an SMTP server requires a sender, and its password is not repeated', async () => {
    await assert.rejects(read('--smtp-url smtp://mail.example'), /^Error: --smtp-url requires HALYARD_MAIL_FROM, /)
    await assert.rejects(
      read('--smtp-url smtp://mail.example --mail-from nobody'),
      /^Error: --mail-from must be an e-mail address/,
    )
    await assert.rejects(
      read('', { HALYARD_SMTP_URL: 'imap://me:secret@mail.example', HALYARD_MAIL_FROM: 'pm@w.example' }),
      ({ message }: Error) =>
        message.startsWith('HALYARD_SMTP_URL must be an address such as smtp:') && !message.includes('secret'),
    )
  })

  test('an invalid token is not repeated', async () => {
    await assert.rejects(
      read('', { HALYARD_ADMIN_TOKEN: 'opapi-secret' }),
      ({ message }: Error) => message.startsWith('HALYARD_ADMIN_TOKEN must be opapi-') && !message.includes('secret'),
    )
  })
})

test('words other than flags are left to the command', async () => {
  const { flags, words } = await invoked(['ada', '--port=1', '--', '--lovelace'], {}, ['LOGIN', 'NAME'])
  assert.deepEqual({ flags, words }, { flags: { port: '1' }, words: ['ada', '--lovelace'] })
})

test('a variable has the name of its flag', () => {
  assert.equal(variableOf('database-url'), 'HALYARD_DATABASE_URL')
})
