/** Backups that somebody has made by hand: what is refused, and that the former instance stays as it was. */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { after, before, describe, type TestContext, test } from 'node:test'
import { openStore } from '#files/open.ts'
import { type Content, contentOf, entriesOf, writeArchive } from '#server/backup/archive.ts'
import { type Lines, summing } from '#server/backup/rows.ts'
import { configOf, run, succeed } from '#test/command.ts'
import { digests, folder, place, token } from './scene.ts'

const NAME = 'a'.repeat(32)

/** What an archive consists of: its entries without the manifest, and what the manifest says besides. */
interface Parts {
  entries: [name: string, content: Buffer][]
  content: any
}

async function partsOf(path: string): Promise<Parts> {
  const entries: Parts['entries'] = []
  for await (const entry of entriesOf(path)) entries.push([entry.name, await contentOf(entry)])
  const [, manifest] = entries.pop()!
  const { entries: _, ...content } = JSON.parse(manifest.toString())
  return { entries, content }
}

/** Changes rows of a table, and the manifest accordingly. */
const withRows = (table: string, change: (lines: string[]) => string[]) => (parts: Parts) => {
  const entry = parts.entries.find(([name]) => name.startsWith(`tables/${table}/`))!
  const lines = change(entry[1].toString().split('\n'))
  entry[1] = Buffer.from(lines.join('\n'))
  const { add, digest } = summing()
  add({ lines, ordered: lines } satisfies Lines)
  parts.content.tables[table] = digest()
}

const origin = (change: object) => (parts: Parts) => {
  parts.entries[0]![1] = Buffer.from(JSON.stringify({ ...JSON.parse(parts.entries[0]![1].toString()), ...change }))
}

const adding = (name: string) => (parts: Parts) => void parts.entries.push([name, Buffer.from('Ahoy')])

describe('a forged backup', () => {
  let at: string
  let file: string

  before(async () => {
    at = await mkdtemp(join(tmpdir(), 'halyard-forged-'))
    file = join(at, 'basic.tar.gz')
    await succeed('seed', '--seed', 'basic', '--admin-token', token, '--data', at)
    // A start of the server would have created it.
    writeFileSync(join(at, 'halyard.db.key'), Buffer.alloc(32, 1).toString('base64'))
    await succeed('backup', file, '--data', at)
  })
  after(() => rm(at, { recursive: true, force: true }))

  /** The archive with other parts. */
  async function forged(t: TestContext, change: (parts: Parts) => unknown): Promise<string> {
    const parts = await partsOf(file)
    change(parts)
    const path = join(await folder(t), 'forged.tar.gz')
    await writeArchive(path, async (packer) => {
      for (const [name, content] of parts.entries) await packer.add(name, content)
      return parts.content as Content
    })
    return path
  }

  const refused: [what: string, change: (parts: Parts) => unknown, sentence: RegExp][] = [
    ['an entry outside of it', adding('../../ahoy.txt'), /has an entry that is no part of a backup\.\n$/],
    ['an absolute name', adding('/tmp/ahoy.txt'), /has an entry that is no part of a backup\.\n$/],
    ['a name that paints', adding('tables/\u001b[31m/1'), /has an entry that is no part of a backup\.\n$/],
    [
      'two entries of a name',
      ({ entries }) => entries.push(entries[1]!),
      /has two entries named tables\/\w+\/000001\.jsonl\.\n$/,
    ],
    ['no list of entries', ({ content }) => Object.assign(content, { entries: null }), /its manifest cannot be read\.\n$/],
    ['no tables', ({ content }) => Object.assign(content, { tables: 5 }), /its manifest cannot be read\.\n$/],
    ['no files', ({ content }) => Object.assign(content, { files: undefined }), /its manifest cannot be read\.\n$/],
    ['counters of text', ({ content }) => Object.assign(content.counters, { projects: 'x' }), /its manifest cannot be read\.\n$/],
    [
      'entries that paint',
      ({ content }) => Object.assign(content, { entries: { '\u001b[31m': { sha256: '' } } }),
      /its manifest cannot/,
    ],
    ['no migrations', origin({ migrations: [] }), /is not a backup of Halyard\.\n$/],
    ['a version that paints', origin({ halyard: '\u001b[31m' }), /is not a backup of Halyard\.\n$/],
    ['an origin of nothing', ({ entries }) => entries.splice(0, 1, ['halyard.json', Buffer.from('null')]), /is not a backup of/],
    ['an origin of junk', ({ entries }) => entries.splice(0, 1, ['halyard.json', Buffer.from('{{')]), /is not a backup of/],
  ]
  for (const [what, change, sentence] of refused) {
    test(`with ${what} is not verified`, async (t) => {
      const { code, err } = await run('verify', await forged(t, change))
      assert.deepEqual([code, sentence.test(err)], [1, true], err)
    })
  }

  const unfit: [what: string, change: (parts: Parts) => unknown, sentence: RegExp][] = [
    [
      'a table that does not exist',
      ({ entries }) => entries.splice(1, 0, ['tables/ships/000001.jsonl', Buffer.from('{"id":1}')]),
      /^There is no table ships\.$/m,
    ],
    ['a counter of no table', ({ content }) => Object.assign(content.counters, { ships: 5 }), /^There is no table ships\.$/m],
    [
      'lines that are no JSON',
      withRows('roles', (lines) => ['{"id":', ...lines]),
      /^The table roles does not take its rows: .+\.$/m,
    ],
    ['a row twice', withRows('roles', (lines) => [...lines, lines[0]!]), /^The table roles does not take its rows: .+\.$/m],
    [
      'a reference to nothing',
      withRows('tokens', (lines) => lines.map((line) => line.replace(/"user_id":\d+/, '"user_id":99999'))),
      /^A row of the table tokens refers to one that is missing\.$/m,
    ],
    [
      'a manifest that lies',
      ({ content }) => Object.assign(content.tables.roles, { rows: 1 }),
      /^The table roles has not the rows that it had: \d+ of 1\.$/m,
    ],
  ]
  for (const [what, change, sentence] of unfit) {
    test(`with ${what} leaves the former instance, its attachments and its key`, async (t) => {
      const path = await forged(t, (parts) => {
        change(parts)
        const key = parts.entries.find(([name]) => name === 'configuration/secret.key')!
        key[1] = Buffer.from(Buffer.alloc(32, 7).toString('base64'))
        parts.entries.push([`files/${NAME}`, Buffer.from('Forged')])
      })
      const target = await place(t)
      await succeed('seed', '--seed', 'basic', ...target)
      const { attachments, secretKey, databaseUrl } = await configOf(target)
      const store = openStore(attachments)
      await store.write(NAME, [Buffer.from('Former')] as any)
      assert.ok(secretKey.in === 'file')
      const formerKey = Buffer.alloc(32, 2).toString('base64url')
      writeFileSync(secretKey.path, formerKey)
      const before = await digests(target)
      const { code, err } = await run('restore', path, '--replace', ...target)
      assert.deepEqual([code, sentence.test(err)], [1, true], err)
      assert.deepEqual(await digests(target), before)
      const [kept] = await Array.fromAsync((await store.read(NAME))!)
      assert.equal(String(kept), 'Former')
      assert.equal(readFileSync(secretKey.path, 'utf8').split('\n')[0], formerKey)
      if (databaseUrl.startsWith('sqlite:')) {
        const names = readdirSync(dirname(databaseUrl.slice('sqlite:'.length)))
        assert.deepEqual(
          names.filter((name) => name.includes('restoring')),
          [],
        )
      }
    })
  }

  test('attachments that differ are replaced once the database is', async (t) => {
    const path = await forged(t, ({ entries }) => void entries.push([`files/${NAME}`, Buffer.from('Saved')]))
    const target = await place(t)
    await succeed('seed', '--seed', 'basic', ...target)
    const store = openStore((await configOf(target)).attachments)
    await store.write(NAME, [Buffer.from('Damaged')] as any)
    await succeed('restore', path, '--replace', ...target)
    const [now] = await Array.fromAsync((await store.read(NAME))!)
    assert.equal(String(now), 'Saved')
  })
})
