/** Backups: what they hold, beside whom they are made, and what is refused. */
import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, type TestContext, test } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import { migrate } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import { openDatabase } from '#server/commands/database.ts'
import { oldBackups } from '#server/commands/regular-backups.ts'
import { product } from '#server/modules.ts'
import { configOf, run, succeed } from '#test/command.ts'
import { isPostgres, processPlace } from '#test/database.ts'
import { client } from '#test/instance.ts'
import { upload } from '../files/upload.ts'
import { apiDump, folder, place, same, token } from './scene.ts'

const script = resolve(import.meta.dirname, '../../bin/halyard.js')
const SEEDED = ['--seed', 'demo', '--admin-token', token]

/** Starts a server; it ends with the test. */
async function serve(
  t: TestContext,
  ...flags: readonly string[]
): Promise<{ url: string; child: ChildProcess; stop(): Promise<void> }> {
  const child = spawn(process.execPath, [script, 'serve', '--port', '0', '--json', '--log-level', 'silent', ...flags], {
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  t.after(() => child.kill('SIGKILL'))
  const ended = once(child, 'exit')
  let out = ''
  for await (const chunk of child.stdout.setEncoding('utf8').iterator({ destroyOnReturn: false })) {
    out += chunk
    if (out.includes('\n')) break
  }
  child.stdout.resume()
  const stop = async () => {
    child.kill('SIGTERM')
    assert.deepEqual(await ended, [0, null])
  }
  return { url: JSON.parse(out.split('\n')[0]!).url, child, stop }
}

test('a backup beside twelve writers is of one moment, and one of a still instance is restored to the same API', async (t) => {
  const [where, other, elsewhere, at] = [await place(t), await place(t), await place(t), await folder(t)]
  const server = await serve(t, ...SEEDED, ...where)
  const admin = client(server.url, token)
  assert.equal((await upload(admin, '/work_packages/1/attachments', { content: 'The harbour' })).status, 201)
  let isOver = false
  const written: number[] = []
  const writers = Array.from({ length: 12 }, async (_, i) => {
    while (!isOver) {
      const reply = await admin.post('/projects/demo-project/work_packages', {
        subject: `Writer ${i}`,
        description: { raw: 'Ahoy' },
      })
      assert.equal(reply.status, 201, reply.text)
      written.push(reply.body.id)
    }
  })
  while (written.length < 24) await admin.get('/statuses')
  const before = Math.max(...written)
  const saved = await succeed('backup', join(at, 'busy.tar.gz'), ...where)
  const meanwhile = written.length
  while (written.length < meanwhile + 12) await admin.get('/statuses')
  isOver = true
  await Promise.all(writers)
  await server.stop()
  assert.match(saved, /^Saved \d+ rows and 1 files in .*busy\.tar\.gz \(\S+ kB\)\.\nIt holds the secret key as well/)

  await succeed('restore', join(at, 'busy.tar.gz'), ...other)
  const { databaseUrl } = await configOf(other)
  const db = await openDatabase(databaseUrl)
  const [one] = await db.all<{ newest: number; torn: number }>(sql`
    select max(id) as newest, (select count(*) from work_packages w where subject like 'Writer %' and not exists
      (select 1 from journals j where j.resource = 'work_packages' and j.resource_id = w.id)) as torn from work_packages`)
  await db.close()
  assert.equal(one?.torn, 0)
  assert.ok(one.newest >= before && one.newest < Math.max(...written))

  await succeed('backup', join(at, 'still.tar.gz'), ...where)
  await succeed('restore', join(at, 'still.tar.gz'), ...elsewhere)
  same(await apiDump(elsewhere), await apiDump(where))
  // It goes on with numbers that no row had before.
  const restored = await serve(t, ...elsewhere)
  const created = await client(restored.url, token).post('/projects/demo-project/work_packages', { subject: 'Next' })
  assert.ok(created.body.id > Math.max(...written))
  await restored.stop()
})

test('an instance is moved to the other engine and back', async (t) => {
  const [where, at] = [await place(t), await folder(t)]
  await succeed('seed', ...SEEDED, ...where)
  const { databaseUrl } = await configOf(where)
  const expected = await apiDump(where)
  const data = where[where.indexOf('--data') + 1]!
  const there = `sqlite:${join(at, 'there.db')}`
  assert.match(
    await succeed('move', '--to', there, ...where),
    /^Moved \d+ rows in \d+ tables to .*there\.db, and compared their hashes\.\nAttachments stay where they are: start with --database-url/,
  )
  same(await apiDump(['--database-url', there, '--attachments-dir', join(data, 'attachments')]), expected)
  const { err } = await run('move', '--database-url', there, '--to', databaseUrl)
  assert.match(err, /holds data already; --replace gives them up\.\n$/)
  await succeed('move', '--database-url', there, '--to', databaseUrl, '--replace')
  same(await apiDump(where), expected)
})

describe('a backup', () => {
  let at: string
  let file: string
  let source: readonly string[]
  let removal: () => Promise<void>

  before(async () => {
    const made = await processPlace()
    at = join(process.env.TMPDIR ?? '/tmp', `halyard-backups-${process.pid}`)
    mkdirSync(at, { recursive: true })
    source = made.flags.includes('--data') ? made.flags : [...made.flags, '--data', join(at, 'data')]
    removal = made.remove
    file = join(at, 'basic.tar.gz')
    await succeed('seed', '--seed', 'basic', '--admin-token', token, ...source)
    writeFileSync(join(at, 'halyard.yaml'), 'log-level: error\n')
    await succeed('backup', file, '--config', join(at, 'halyard.yaml'), ...source)
  })
  after(async () => {
    rmSync(at, { recursive: true })
    await removal()
  })

  test('is verified, is for its owner alone, and does not replace a file', async () => {
    assert.match(
      await succeed('verify', file),
      /is whole: \d+ rows and 0 files of 2\d{3}-\S+Z, made by Halyard \d\S+ on (sqlite|postgres) \(/,
    )
    const { rows, engine } = JSON.parse(await succeed('verify', file, '--json'))
    assert.ok(rows > 50)
    assert.equal(engine, isPostgres ? 'postgres' : 'sqlite')
    assert.equal(statSync(file).mode & 0o777, 0o600)
    assert.match((await run('backup', file, ...source)).err, /^The file .* exists already\.\n$/)
    const nowhere = join(at, 'nowhere', 'x.tar.gz')
    assert.match((await run('backup', nowhere, ...source)).err, /^The folder .*nowhere does not exist; create it first\.\n$/)
    assert.deepEqual(
      readdirSync(at).filter((name) => name.endsWith('.partial')),
      [],
    )
  })

  test('tells how far it is, as lines or as JSON', async (t) => {
    const path = join(await folder(t), 'x.tar.gz')
    const { out, err } = await run('backup', path, '--json', ...source)
    const steps = err
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    assert.deepEqual([...new Set(steps.map(({ step }) => step))], ['rows'])
    assert.equal(steps.at(-1).done, steps.at(-1).total)
    assert.equal(JSON.parse(out).path, path)
    rmSync(path)
    assert.match((await run('backup', path, ...source)).err, /^rows: \d+ of \d+\n/)
  })

  test('holds the key and the configuration, and leaves out what it is told to', async (t) => {
    const names = namesIn(file)
    assert.ok(names.includes('configuration/halyard.yaml') && names.includes('configuration/secret.key'))
    const other = join(await folder(t), 'other.tar.gz')
    await succeed('backup', other, '--without-key', ...source)
    assert.ok(!namesIn(other).includes('configuration/secret.key'))
    // Secrets can be read where it is restored.
    const target = await place(t)
    await succeed('restore', file, ...target)
    const { secretKey } = await configOf(target)
    const { secretKey: former } = await configOf(source)
    assert.ok(secretKey.in === 'file' && former.in === 'file')
    assert.equal(readFileSync(secretKey.path, 'utf8'), readFileSync(former.path, 'utf8'))
    assert.equal((await run('doctor', '--deep', '--port', '0', ...target)).code, 0)
  })

  /** The names in a tar. */
  function namesIn(path: string): string[] {
    const bytes = gunzipSync(readFileSync(path))
    const names: string[] = []
    for (let i = 0; i + 512 <= bytes.length && bytes[i] !== 0; ) {
      names.push(bytes.toString('latin1', i, i + 100).replaceAll('\0', ''))
      const size = Number.parseInt(bytes.toString('latin1', i + 124, i + 135), 8)
      i += 512 + Math.ceil(size / 512) * 512
    }
    return names
  }

  const damages: [name: string, change: (bytes: Buffer) => Buffer, sentence: RegExp][] = [
    [
      'half of it',
      (bytes) => bytes.subarray(0, bytes.length / 2),
      /cannot be read as a backup: |is not whole: its end is missing/,
    ],
    ['nothing', () => Buffer.alloc(0), /cannot be read as a backup: |is not whole/],
    ['something else', () => Buffer.from('Ahoy'), /cannot be read as a backup: incorrect header check\./],
    ['another tar', () => gzipSync(Buffer.alloc(10_240)), /is not whole: its end is missing/],
    [
      'a changed row',
      (bytes) => recompressed(bytes, (plain) => plain.replace('"login":"admin"', '"login":"ahoy!"')),
      /is damaged: tables\/principals\/000001\.jsonl is not as it was written/,
    ],
    [
      'a renamed part',
      (bytes) => recompressed(bytes, (plain) => plain.replace('halyard.json', 'halyurd.json')),
      /cannot be read as a backup|is not a backup of Halyard/,
    ],
    [
      'a newer format',
      (bytes) => recompressed(bytes, (plain) => plain.replace('{"format":1,', '{"format":9,')),
      /was made by a newer version of Halyard/,
    ],
  ]
  for (const [name, change, sentence] of damages) {
    test(`with ${name} is refused, and nothing is changed`, async (t) => {
      const [path, target] = [join(await folder(t), 'damaged.tar.gz'), await place(t)]
      await succeed('seed', '--seed', 'none', '--admin-token', token, ...target)
      const before = await apiDump(target)
      writeFileSync(path, change(readFileSync(file)))
      for (const command of [
        ['verify', path],
        ['restore', path, '--replace', ...target],
      ]) {
        const { code, err } = await run(...command)
        assert.deepEqual([code, sentence.test(err)], [1, true], err)
      }
      same(await apiDump(target), before)
    })
  }

  /** The archive with another content; texts keep their length. */
  function recompressed(bytes: Buffer, change: (plain: string) => string): Buffer {
    return gzipSync(Buffer.from(change(gunzipSync(bytes).toString('latin1')), 'latin1'))
  }

  test('of a newer version is refused', async (t) => {
    const [path, target] = [join(await folder(t), 'newer.tar.gz'), await place(t)]
    const { databaseUrl } = await configOf(source)
    const db = await openDatabase(databaseUrl)
    await db.transaction((tx) => tx.run(sql`insert into migrations (name) values ('9999-tomorrow')`))
    await succeed('backup', path, ...source)
    await db.transaction((tx) => tx.run(sql`delete from migrations where name = '9999-tomorrow'`))
    await db.close()
    assert.match(
      (await run('restore', path, ...target)).err,
      /made by a newer version of Halyard, which has the migration 9999-tomorrow/,
    )
  })

  test('is not restored over data without --replace, over something else, or over a newer instance', async (t) => {
    const target = await place(t)
    await succeed('restore', file, ...target)
    assert.match((await run('restore', file, ...target)).err, /holds data already; --replace gives them up\.\n$/)
    assert.match(await succeed('restore', file, '--replace', ...target), /^Restored \d+ rows and 0 files to /)
    const { databaseUrl } = await configOf(target)
    const db = await openDatabase(databaseUrl)
    await db.transaction((tx) => tx.run(sql`insert into migrations (name) values ('9999-tomorrow')`))
    await db.close()
    assert.match(
      (await run('restore', file, '--replace', ...target)).err,
      /belongs to a newer version of Halyard; nothing is replaced there/,
    )

    const foreign = await place(t)
    const other = await openDatabase((await configOf(foreign)).databaseUrl)
    await other.script('create table ships (id integer)')
    await other.close()
    assert.match((await run('restore', file, '--replace', ...foreign)).err, /holds something other than Halyard/)
  })

  test('is not restored, and nothing is moved, while a server runs', async (t) => {
    const [target, free] = [await place(t), await place(t)]
    const server = await serve(t, '--seed', 'basic', ...target)
    const { databaseUrl } = await configOf(free)
    for (const command of [
      ['restore', file, '--replace', ...target],
      ['move', '--to', databaseUrl, ...target],
    ]) {
      assert.match((await run(...command)).err, /^Another Halyard process uses the database .*; stop it first\.\n$/)
    }
    await server.stop()
  })

  test('of another engine is restored as well', async (t) => {
    const [there, back] = [await folder(t), await place(t)]
    const path = join(there, 'other.tar.gz')
    await succeed('restore', file, '--data', there)
    await succeed('backup', path, '--data', there)
    await succeed('restore', path, ...back)
    same(await apiDump(back), await apiDump(source))
  })
})

test('the log of a database is never applied to another that is restored in its place', { skip: isPostgres }, async (t) => {
  const [where, at] = [await folder(t), await folder(t)]
  const data = ['--data', where]
  await succeed('seed', ...SEEDED, ...data)
  const path = join(at, 'x.tar.gz')
  await succeed('backup', path, ...data)
  const expected = await apiDump(data)
  // A process that was killed leaves what it wrote in the log.
  const server = await serve(t, ...data)
  assert.equal((await client(server.url, token).post('/projects', { name: 'In the log' })).status, 201)
  server.child.kill('SIGKILL')
  await once(server.child, 'exit')
  assert.ok(statSync(join(where, 'halyard.db-wal')).size > 0)
  await succeed('restore', path, '--replace', ...data)
  assert.equal(existsSync(join(where, 'halyard.db-wal')), false)
  same(await apiDump(data), expected)
})

test('rows are saved before a migration that rewrites some, and not before others', async (t) => {
  const where = await place(t)
  const { databaseUrl, backup } = await configOf(where)
  const db = await openDatabase(databaseUrl)
  await migrate(db, product.migrations, { last: '0032-internal-comments' })
  await db.close()
  const { out, err } = await run('migrate', ...where)
  assert.match(
    err,
    /^Saved the rows of the database in .*before-00\S+\.tar\.gz, as 00\S+ rewrites some\.\nMigration 1 of \d+: 0033-jobs\n/,
  )
  assert.match(out, /^Applied 0033-jobs, /)
  const [saved] = readdirSync(backup.folder)
  assert.match(await succeed('verify', join(backup.folder, saved!)), /is whole/)
  assert.equal((await run('migrate', ...where)).err, '')
  assert.equal(readdirSync(backup.folder).length, 1)
})

test('nothing is migrated where the rows cannot be saved before', async (t) => {
  const where = await place(t)
  const { databaseUrl } = await configOf(where)
  const db = await openDatabase(databaseUrl)
  await migrate(db, product.migrations, { last: '0032-internal-comments' })
  await db.close()
  const blocked = join(await folder(t), 'file')
  writeFileSync(blocked, '')
  const { code, err } = await run('migrate', '--backup-dir', blocked, ...where)
  assert.equal(code, 1)
  assert.match(err, /^The database is not migrated, as it could not be saved before in /)
  assert.match((await run('user', 'list', ...where)).err, /has the schema of another version; run halyard migrate/)
})

test('regular backups are made by a server, and the newest are kept', async (t) => {
  const [where, at] = [await place(t), await folder(t)]
  for (const day of ['01', '02', '03']) writeFileSync(join(at, `halyard-202001${day}T000000Z.tar.gz`), '')
  writeFileSync(join(at, 'mine.tar.gz'), '')
  const regular = ['--backup-dir', at, '--backup-every', '1d', '--backup-keep', '2']
  const server = await serve(t, ...SEEDED, ...regular, ...where)
  const admin = client(server.url, token)
  const made = () => readdirSync(at).filter((name) => !/2020|mine|partial/.test(name))
  while (made().length === 0 || readdirSync(at).length > 3) await admin.get('/statuses')
  await server.stop()
  assert.deepEqual(readdirSync(at).sort(), [...['halyard-20200103T000000Z.tar.gz', ...made(), 'mine.tar.gz']].sort())
  assert.match(await succeed('verify', join(at, made()[0]!)), /is whole/)
  // A restart does not make another one of the same day.
  const again = await serve(t, ...regular, ...where)
  await client(again.url, token).get('/statuses')
  await again.stop()
  assert.equal(made().length, 1)
  assert.deepEqual(oldBackups(at, 1), ['halyard-20200103T000000Z.tar.gz'])
})

describe('halyard doctor --deep', () => {
  /** Runs it, and gives what it found wrong. */
  const faults = async (where: readonly string[]) =>
    JSON.parse((await run('doctor', '--deep', '--json', '--port', '0', ...where)).out)
      .filter(({ ok }: { ok: boolean }) => !ok)
      .map(({ check, result }: { check: string; result: string }) => `${check}: ${result}`)

  test('finds attachments without their file, with another one, and files that no row tells of', async (t) => {
    const where = await place(t)
    const server = await serve(t, ...SEEDED, ...where)
    for (const content of ['one', 'two']) {
      assert.equal((await upload(client(server.url, token), '/work_packages/1/attachments', { content })).status, 201)
    }
    await server.stop()
    const { attachments, databaseUrl } = await configOf(where)
    assert.ok(attachments.in === 'folder')
    const db = await openDatabase(databaseUrl)
    const [first, second] = await db.all<{ id: number; name: string }>(
      sql`select id, storage_name as name from attachments order by id`,
    )
    await db.close()
    const pathOf = (name: string) => join(attachments.path, name.slice(0, 2), name.slice(2, 4), name)
    assert.deepEqual(await faults(where), [])
    rmSync(pathOf(first!.name))
    writeFileSync(pathOf(second!.name), 'zwo')
    mkdirSync(join(attachments.path, '00'), { recursive: true })
    writeFileSync(join(attachments.path, '00', '0'.repeat(32)), '')
    assert.deepEqual(await faults(where), [
      `Attachments: without their file: ${first!.id}; not as they were uploaded: ${second!.id}; 1 files that no row tells of`,
    ])
    // A backup says so, too.
    const path = join(await folder(t), 'x.tar.gz')
    assert.match(await succeed('backup', path, ...where), /^1 attachments are missing in the store/m)
  })

  test('finds texts without an index, and halyard reindex builds it', { skip: isPostgres }, async (t) => {
    const data = ['--data', await folder(t)]
    await succeed('seed', '--seed', 'demo', ...data)
    assert.match(await succeed('reindex', ...data), /^Indexed the texts of \d+ rows\.\n$/)
    assert.deepEqual(await faults(data), [])
    const file = new DatabaseSync(join(data[1]!, 'halyard.db'))
    file.exec('delete from texts_work_packages_subject where rowid = 1')
    file.close()
    assert.deepEqual(await faults(data), ['Text indexes: 1 texts of work_packages.subject are not indexed; run halyard reindex'])
    await succeed('reindex', ...data)
    assert.deepEqual(await faults(data), [])
  })

  test('finds rows that refer to missing ones', { skip: isPostgres }, async (t) => {
    const data = ['--data', await folder(t)]
    await succeed('seed', '--seed', 'demo', ...data)
    const file = new DatabaseSync(join(data[1]!, 'halyard.db'))
    file.exec('pragma foreign_keys = off; update work_packages set status_id = 999 where id = 1')
    file.close()
    assert.deepEqual(await faults(data), ['Integrity: 1 rows refer to missing ones, in work_packages'])
  })

  test('finds backups that are not made, and a mail server and a public address that do not answer', async (t) => {
    const where = await place(t)
    await succeed('seed', '--seed', 'basic', ...where)
    const at = await folder(t)
    const found = await faults([
      ...['--smtp-url', 'smtp://127.0.0.1:1', '--mail-from', 'pm@example.org', '--public-url', 'http://127.0.0.1:4'],
      ...['--backup-every', '1d', '--backup-dir', at, ...where],
    ])
    assert.deepEqual(
      found.map((line: string) => line.replace(/connect ECONNREFUSED.*/, 'refused')),
      [`Backups: there is none in ${at}`, 'Mail server: refused', 'Public address: http://127.0.0.1:4 does not answer: refused'],
    )
    chmodSync(at, 0o777)
    assert.deepEqual(await faults(['--backup-every', '1d', '--backup-dir', at, ...where]), [
      `Backups: other users can write to ${at}, and so replace or end backups; run chmod go-w ${at}`,
    ])
  })
})

test('a folder that cannot be written to is told', { skip: process.getuid?.() === 0 }, async (t) => {
  const [where, at] = [await place(t), await folder(t)]
  await succeed('seed', '--seed', 'basic', ...where)
  chmodSync(at, 0o500)
  assert.match((await run('backup', join(at, 'x.tar.gz'), ...where)).err, /EACCES/)
})
