/** Work packages are found by the texts of their attachments, once these are extracted. */

import assert from 'node:assert/strict'
import { describe, mock, test } from 'node:test'
import { migrate } from '#db/migrate.ts'
import { sql } from '#db/sql.ts'
import { readContent } from '#modules/files/reading.ts'
import { product } from '#server/modules.ts'
import { emptyDatabase } from '#test/database.ts'
import { type Client, filters } from '#test/instance.ts'
import { jobsOf, runDue } from '#test/jobs.ts'
import { sampled } from '#test/sample.ts'
import { created, link, scene } from '../work-packages/scene.ts'
import { archive, bomb, pdf } from './documents.ts'
import { upload } from './upload.ts'

const it = await scene()
const { admin, db, files, make } = it
const MINUTE = 60_000
/** The time of the jobs: later than the uploads, however long these tests take. */
let moment = Date.now() + 60 * MINUTE

const only = [readContent.name]

/** Runs the extraction job until nothing is due; failed jobs wait for their next attempt. */
async function read(): Promise<void> {
  const now = new Date(moment)
  while ((await jobsOf(db, readContent)).some(({ due_at }) => due_at !== null && due_at <= now.toISOString()))
    await runDue(db, { files, now, only })
}

/** A work package with an attachment of this name. */
async function attached(fileName: string, content: string | Uint8Array<ArrayBuffer>): Promise<{ task: number; file: number }> {
  const task = (await created(admin, it.project, { subject: `With ${fileName}` })).id
  const reply = await upload(admin, `/work_packages/${task}/attachments`, { metadata: { fileName }, content })
  assert.equal(reply.status, 201, reply.text)
  return { task, file: reply.body.id }
}

/** The work packages with attachments in which these words are found. */
async function found(
  words: string,
  { client = admin as Client, name = 'attachmentContent', operator = '~' } = {},
): Promise<number[]> {
  const reply = await client.get(`/work_packages?pageSize=-1&sortBy=[["id","asc"]]&${filters([name, operator, [words]])}`)
  assert.equal(reply.status, 200, reply.text)
  return reply.body._embedded.elements.map((one: { id: number }) => one.id)
}

/** The stored text of a file. */
const kept = async (file: number) =>
  (await db.one<{ content: string }>(sql`select content from attachment_contents where id = ${file}`))?.content

/** The extraction job of a file, if any. */
const waiting = async (file: number) => (await jobsOf(db, readContent)).find(({ payload }) => payload.id === file)

const utf16 = (text: string, order: 'le' | 'be') => {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le')
  return new Uint8Array(order === 'le' ? bytes : bytes.swap16())
}
const latin1 = (text: string) => new Uint8Array(Buffer.from(text, 'latin1'))

describe('the text is extracted from', () => {
  /** Each file contains words of its own: `says` finds the file, and `not` is no part of its text. */
  const kinds: { file: string; content: string | Uint8Array<ArrayBuffer>; says: string[]; not?: string[] }[] = [
    { file: 'plain.txt', content: 'Ahoy,\n\tmate: the Grüße-Buoy', says: ['ahoy, mate', 'grüße-buoy', 'uoy AHO'] },
    { file: 'marked.txt', content: '\ufeffMarkedText', says: ['markedtext'] },
    { file: 'utf16.txt', content: utf16('Zwölf Bojen', 'le'), says: ['zwölf bojen'] },
    { file: 'utf16-be.csv', content: utf16('Boje;Dreizehn', 'be'), says: ['boje;dreizehn'] },
    { file: 'latin.txt', content: latin1('Vierzehn Löcher für 5 £'), says: ['vierzehn löcher', 'für 5 £'] },
    { file: 'table.csv', content: 'sextant;12\ncompass;3\n', says: ['sextant;12', 'compass'] },
    { file: 'notes.md', content: '# Tide *tables*\n', says: ['tide *tables*'] },
    { file: 'settings.yml', content: 'keelson: oak\n', says: ['keelson: oak'] },
    { file: 'data.json', content: '{"g\\u00f6sch": "one\\ntransom"}', says: ['gösch', 'transom'], not: ['ntransom', 'u00f6'] },
    {
      file: 'list.xml',
      content: '<?xml version="1.0"?><list note="hidden"><a>Binnacle</a><a>Bow&amp;Stern &#x2693;</a><![CDATA[<raw>]]></list>',
      says: ['binnacle bow&stern', '⚓', '<raw>'],
      not: ['binnaclebow', 'hidden', '&amp;'],
    },
    {
      file: 'page.html',
      content:
        '<!doctype html><title>Log book</title><style>.gimbal{}</style><p>Cap<b>sta</b>n &eacute;toile</p><p>Davit<br>Derrick<script>var yawl</script>',
      says: ['log book', 'capstan étoile', 'davit derrick'],
      not: ['gimbal', 'yawl', 'davitderrick'],
    },
    {
      file: 'paper.pdf',
      content: pdf('Fathoms \\(deep\\)', 'Second p\xe4ge'),
      says: ['fathoms (deep)', 'second päge'],
      not: ['Helvetica'],
    },
    {
      file: 'letter.docx',
      content: archive({
        '[Content_Types].xml': '<Types>notme</Types>',
        'word/document.xml':
          '<w:document xmlns:w="w"><w:p><w:r><w:t>Mizzen</w:t></w:r><w:r><w:t>mast</w:t></w:r></w:p><w:p><w:r><w:instrText>fieldcode</w:instrText><w:t xml:space="preserve">Spank</w:t><w:tab/><w:t>er</w:t></w:r></w:p></w:document>',
        'word/header1.xml': '<w:hdr xmlns:w="w"><w:p><w:r><w:t>Letterhead</w:t></w:r></w:p></w:hdr>',
      }),
      says: ['mizzenmast', 'spank', 'letterhead'],
      not: ['mastspank', 'spanker', 'fieldcode', 'notme'],
    },
    {
      file: 'sums.xlsx',
      content: archive({
        'xl/sharedStrings.xml': '<sst><si><t>Hard</t></si><si><r><t>tack</t></r><r><t>ed</t></r></si></sst>',
        'xl/worksheets/sheet1.xml':
          '<worksheet><sheetData><row><c t="s"><v>86753</v></c><c><v>4711</v></c><c t="str"><f>CONCAT</f><v>Grog</v></c><c t="inlineStr"><is><t>Pemmican</t></is></c></row></sheetData></worksheet>',
      }),
      says: ['hard tacked', '4711', 'grog', 'pemmican'],
      not: ['hardtack', '86753', 'concat', '4711grog'],
    },
    {
      file: 'talk.pptx',
      content: archive({
        'ppt/slides/slide1.xml': '<p:sld><a:p><a:r><a:t>Figure</a:t></a:r><a:r><a:t>head</a:t></a:r></a:p></p:sld>',
        'ppt/notesSlides/notesSlide1.xml': '<p:notes><a:p><a:r><a:t>Whisper</a:t></a:r></a:p></p:notes>',
        'ppt/theme/theme1.xml': '<a:theme><a:t>Themed</a:t></a:theme>',
      }),
      says: ['figurehead', 'whisper'],
      not: ['themed'],
    },
    {
      file: 'letter.odt',
      content: archive({
        mimetype: 'application/vnd.oasis.opendocument.text',
        'content.xml': '<o><text:h>Orlop</text:h><text:p>lower<text:span>deck</text:span><text:s/>side</text:p></o>',
        'meta.xml': '<m>unread</m>',
      }),
      says: ['orlop', 'lowerdeck side'],
      not: ['orloplower', 'unread'],
    },
    {
      file: 'sums.ods',
      content: archive({
        'content.xml':
          '<o><table:table-cell><text:p>Ballast</text:p></table:table-cell><table:table-cell><text:p>Lead</text:p></table:table-cell></o>',
      }),
      says: ['ballast lead'],
      not: ['ballastlead'],
    },
  ]
  for (const { file: fileName, content, says, not = [] } of sampled(kinds, kinds.length, 'kinds of files')) {
    test(fileName, async () => {
      const { task, file } = await attached(fileName, content)
      await read()
      for (const words of says) assert.deepEqual(await found(words), [task], words)
      for (const words of not) assert.deepEqual(await found(words), [], words)
      assert.equal(await waiting(file), undefined)
    })
  }
})

describe('a work package', () => {
  test('is found once its file has been read, until the file is deleted', async () => {
    const { task, file } = await attached('a.txt', 'Quarterdeck')
    assert.deepEqual(await found('quarterdeck'), [])
    await read()
    assert.deepEqual(await found('quarterdeck'), [task])
    await runDue(db)
    assert.deepEqual(await found('quarterdeck'), [task])
    assert.equal((await admin.delete(`/attachments/${file}`)).status, 204)
    assert.deepEqual(await found('quarterdeck'), [])
    assert.equal(await kept(file), undefined)
    await runDue(db)
    assert.deepEqual(await found('quarterdeck'), [])
  })

  test('is found if one file contains all words; !~ finds the others', async () => {
    const { task } = await attached('a.txt', 'Jib and topsail')
    await upload(admin, `/work_packages/${task}/attachments`, { content: 'Jib and staysail' })
    const other = await attached('b.txt', 'Nothing of that')
    await read()
    assert.deepEqual(await found('topsail jib'), [task])
    assert.deepEqual(await found('topsail staysail'), [])
    const others = await found('topsail', { operator: '!~' })
    assert.ok(others.includes(other.task) && !others.includes(task))
  })

  test('is found by a search, and by the former name of the filter', async () => {
    const { task } = await attached('a.txt', 'Marlinspike')
    await read()
    assert.deepEqual(await found('marlinspike', { name: 'search', operator: '**' }), [task])
    assert.deepEqual(await found('marlinspike', { name: 'attachment_content' }), [task])
    assert.deepEqual(await found('marlinspike', { name: 'attachmentFileName' }), [])
  })

  test('is found by a file that was read before it was claimed', async () => {
    const { id } = (await upload(admin, '/attachments', { content: 'Kedge anchor' })).body
    await read()
    assert.deepEqual(await found('kedge'), [])
    const { id: task } = await created(admin, it.project, { _links: { attachments: [link('attachments', id)] } })
    assert.deepEqual(await found('kedge'), [task])
  })

  test('is found by users who see it, and not by the attachments of its comments', async () => {
    const { task } = await attached('a.txt', 'Bosun’s chair')
    const comment = (await admin.post(`/work_packages/${task}/activities`, { comment: { raw: 'See there' } })).body.id
    await upload(admin, `/activities/${comment}/attachments`, { content: 'Scuppers' })
    await read()
    const other = await make.user()
    await make.member(other, await make.project(), ['view_work_packages'])
    const elsewhere = await it.as(other)
    assert.deepEqual(await found('bosun’s', { client: it.reader.client }), [task])
    for (const [name, operator] of [
      ['attachmentContent', '~'],
      ['search', '**'],
    ] as const) {
      assert.deepEqual(await found('bosun’s', { client: elsewhere, name, operator }), [])
      assert.deepEqual(await found('scuppers', { name, operator }), [])
    }
  })
})

describe('no text is extracted from', () => {
  const nothing = async (fileName: string, content: string | Uint8Array<ArrayBuffer>) => {
    const { file } = await attached(fileName, content)
    await read()
    assert.deepEqual([await kept(file), await waiting(file)], [undefined, undefined], fileName)
  }

  test('files of kinds without text, which are not read from the store', async () => {
    const reads = mock.method(files, 'read')
    await nothing('a.png', new Uint8Array([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]))
    await nothing('a.zip', archive({ 'a.txt': 'Not looked into' }))
    assert.equal(reads.mock.callCount(), 0)
    reads.mock.restore()
  })

  test('files above the size limit, which are not read from the store', async () => {
    const { file } = await attached('a.txt', 'Large as a whale')
    await db.transaction((tx) => tx.run(sql`update attachments set file_size = ${32 * 1024 * 1024 + 1} where id = ${file}`))
    const reads = mock.method(files, 'read')
    await read()
    assert.equal(reads.mock.callCount(), 0)
    reads.mock.restore()
    assert.deepEqual([await kept(file), await waiting(file)], [undefined, undefined])
  })

  test('empty and broken files, and those of another kind than their name', async () => {
    await nothing('a.txt', '')
    await nothing('noise.txt', new Uint8Array([1, 0, 2, 0, 255]))
    await nothing('broken.pdf', '%PDF-1.7\nand then nothing')
    const whole = archive({ 'word/document.xml': '<w:t>Half</w:t>' })
    await nothing('cut.docx', whole.slice(0, whole.length - 30))
    await nothing('empty.docx', archive({}))
    await nothing('odd.docx', archive({ 'word/document.xml': new Uint8Array([255, 255, 255]) }))
  })

  test('parts of archives that decompress endlessly', async () => {
    const part = bomb('<w:t>Inflated</w:t>', 100)
    await nothing('bomb.docx', archive({ 'word/document.xml': part, 'word/header1.xml': part }))
  })

  test('files that were removed from the store', async () => {
    const { file } = await attached('a.txt', 'Overboard')
    const { storage_name } = (await db.one<{ storage_name: string }>(
      sql`select storage_name from attachments where id = ${file}`,
    ))!
    await files.remove(storage_name)
    await read()
    assert.deepEqual([await kept(file), await waiting(file)], [undefined, undefined])
  })
})

describe('a text is stored', () => {
  test('without invisible characters, and with single spaces', async () => {
    const { file } = await attached('a.txt', utf16('Top\u00adgal\u200blant\u0000 \u0007  \r\n\tsail\u001b', 'le'))
    await read()
    assert.equal(await kept(file), 'Topgallant sail')
  })

  test('in composed form (NFC)', async () => {
    const { task } = await attached('a.txt', 'Pie\u0300ce de re\u0301sistance')
    await read()
    assert.deepEqual(await found('pièce résistance'), [task])
  })

  test('up to a million characters, without half characters', async () => {
    const { file } = await attached('a.txt', `a${'⛵🦀'.repeat(340_000)}`)
    await read()
    const content = (await kept(file)) as string
    assert.equal(content.length, 1_000_000)
    assert.ok(content.endsWith('⛵🦀') || content.endsWith('⛵\ufffd'))
  })
})

describe('the extraction', () => {
  const failing = (error = new Error('The store is away.')) =>
    mock.method(files, 'read', async () => {
      throw error
    })
  const pass = () => runDue(db, { files, now: new Date(moment), only })

  test('runs once, for any number of processes', async () => {
    await read()
    const several = [await attached('a.txt', 'One'), await attached('b.txt', 'Two'), await attached('c.txt', 'Three')]
    const reads = mock.method(files, 'read')
    await Promise.all([pass(), pass(), pass()])
    await read()
    assert.equal(reads.mock.callCount(), several.length)
    reads.mock.restore()
    for (const { file } of several) assert.equal(await waiting(file), undefined)
  })

  test('is retried later if the store does not respond; others continue', async () => {
    const { task, file } = await attached('a.txt', 'Barnacle')
    const away = failing()
    await assert.rejects(pass(), new RegExp(`Attachment ${file} could not be read`))
    await pass()
    assert.equal(away.mock.callCount(), 1)
    away.mock.restore()
    const other = await attached('b.txt', 'Limpet')
    await read()
    assert.deepEqual([await found('limpet'), await found('barnacle')], [[other.task], []])
    moment += MINUTE
    await read()
    assert.deepEqual(await found('barnacle'), [task])
  })

  test('is abandoned after five attempts, in three days', async () => {
    const { file } = await attached('a.txt', 'Never read')
    const away = failing()
    const start = moment
    const tried: number[] = []
    for (const minute of [0, 0.9, 1, 15, 16, 240, 241, 3120, 3121, 99_999]) {
      moment = start + minute * MINUTE
      await pass().catch(() => tried.push(minute))
    }
    away.mock.restore()
    assert.deepEqual(tried, [0, 1, 16, 241, 3121])
    const left = await waiting(file)
    assert.deepEqual([left?.attempts, left?.due_at], [5, null])
    assert.equal(left?.last_error, `Attachment ${file} could not be read. The store is away.`)
  })

  test('stores nothing if the attachment is removed meanwhile', async () => {
    const { file } = await attached('a.txt', 'Jetsam')
    const { read: really } = files
    const reads = mock.method(files, 'read', async (name: string) => {
      assert.equal((await admin.delete(`/attachments/${file}`)).status, 204)
      return really(name)
    })
    await read()
    reads.mock.restore()
    assert.equal(await kept(file), undefined)
  })

  test('ends with the server, and continues after the next start', async () => {
    const { task } = await attached('a.txt', 'Lantern')
    const ending = new AbortController()
    const reads = mock.method(files, 'read', async () =>
      (async function* () {
        yield Buffer.from('Lan')
        ending.abort()
        await new Promise(() => {})
      })(),
    )
    await runDue(db, { files, now: new Date(moment), only, signal: ending.signal })
    reads.mock.restore()
    moment += MINUTE
    await read()
    assert.deepEqual(await found('lantern'), [task])
  })
})

test('includes files that were attached before there was any extraction', async () => {
  const { db: older, drop } = await emptyDatabase()
  await migrate(older, product.migrations, { last: '0019-oauth' })
  const stamps = { created_at: '2026-01-02T03:04:05.000Z', updated_at: '2026-01-02T03:04:05.000Z' }
  await older.transaction(async (tx) => {
    const { id } = (await tx.one<{ id: number }>(sql`insert into principals (type, name, status, created_at, updated_at)
      values ('User', 'Vera', 1, ${stamps.created_at}, ${stamps.updated_at}) returning id`))!
    for (const status of ['uploaded', 'prepared'])
      await tx.run(sql`insert into attachments (author_id, file_name, content_type, file_size, storage_name, status, created_at, updated_at)
        values (${id}, 'a.txt', 'text/plain', 1, ${status}, ${status}, ${stamps.created_at}, ${stamps.updated_at})`)
  })
  await migrate(older, product.migrations)
  const jobs = await jobsOf(older, readContent)
  assert.deepEqual(
    jobs.map(({ attempts, due_at }) => [attempts, due_at]),
    [[0, stamps.created_at]],
  )
  assert.deepEqual(
    await older
      .all(sql`select a.status from attachments a where a.id = ${jobs[0]?.payload.id}`)
      .then((rows) => rows.map((row) => row.status)),
    ['uploaded'],
  )
  await drop()
})
