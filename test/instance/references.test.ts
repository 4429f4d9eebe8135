/** References in texts: resolved to what the reader may see, and to nothing else. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { invalidate } from '#kernel/cache.ts'
import { type FieldPlan, makeField } from '#modules/custom-fields/making.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import { forgetReads, stopUsageRecords } from '#test/statements.ts'
import { upload } from '../files/upload.ts'

let it: Instance
let reader: Client
let project: number
let mast: number
let secret: number
let vault: number
let home: number

before(async () => {
  it = await instance()
  const { make, admin } = it
  project = await make.project({ identifier: 'ship', name: 'The "ship"', public: false })
  vault = await make.project({ identifier: 'vault', public: false })
  mast = await make.workPackage({ project_id: project, subject: 'Raise <the> mast' })
  secret = await make.workPackage({ project_id: vault, subject: 'Bury the gold' })
  home = (await admin.post(`/projects/${project}/work_packages`, { subject: 'Texts' })).body.id
  const user = await make.user({ login: 'vera', first_name: 'Vera', last_name: 'Voss', name: 'Vera Voss' })
  await make.member(user, project, ['view_work_packages', 'add_work_package_comments', 'edit_work_packages'])
  reader = await it.as(user)
})
after(() => it.close())

const paragraph = (html: string) => `<p class="op-uc-p">${html}</p>`
const link = (path: string, text: string, title = '') =>
  `<a class="op-uc-link" href="${path}"${title && ` title="${title}"`}>${text}</a>`
const person = (path: string, text: string, title = '') =>
  link(path, text, title).replace('op-uc-link', 'user-mention op-uc-link')

/** The HTML of a text as the description of a work package, as a client reads it. */
async function shown(raw: string, client = reader): Promise<string> {
  const { lockVersion } = (await it.admin.get(`/work_packages/${home}`)).body
  const saved = await it.admin.patch(`/work_packages/${home}`, { lockVersion, description: { raw } })
  assert.equal(saved.status, 200)
  const { body } = await client.get(`/work_packages/${home}`)
  assert.equal(body.description.raw, raw)
  return body.description.html
}

describe('a work package', () => {
  const title = 'Raise &lt;the&gt; mast'
  const titled = () => `Task #${mast}: ${title}`

  test('by number keeps the number, and tells its subject in the title', async () => {
    assert.equal(await shown(`See #${mast}.`), paragraph(`See ${link(`/work_packages/${mast}`, `#${mast}`, title)}.`))
  })

  test('with two marks shows type and subject', async () => {
    assert.equal(await shown(`##${mast}`), paragraph(link(`/work_packages/${mast}`, titled())))
  })

  test('with three marks shows status, dates and assignee too', async () => {
    const { lockVersion } = (await it.admin.get(`/work_packages/${mast}`)).body
    const planned = { lockVersion, startDate: '2026-03-02', dueDate: '2026-03-06', scheduleManually: true }
    const { status, body } = await it.admin.patch(`/work_packages/${mast}`, planned)
    assert.equal(status, 200)
    const text = `${titled()} (${body._links.status.title}, 2026-03-02 – 2026-03-06)`
    assert.equal(await shown(`###${mast}`), paragraph(link(`/work_packages/${mast}`, text)))
  })

  test('that the reader does not see, or that does not exist, is the text of the author', async () => {
    const raw = `#${secret} ##${secret} ###${secret} #999999 workPackageValue:${secret}:subject`
    assert.equal(await shown(raw), paragraph(raw))
    assert.match(await shown(raw, it.admin), /Bury the gold/)
  })
})

describe('people', () => {
  test('are named by number, and mentioned by login in capitals or not', async () => {
    const { id } = (await reader.get('/users/me')).body
    const path = `/users/${id}`
    const raw = `@Vera user#${id} user:vera @nobody user#999999`
    const html = [person(path, '@Vera', 'Vera Voss'), person(path, 'Vera Voss'), person(path, 'Vera Voss')].join(' ')
    assert.equal(await shown(raw), paragraph(`${html} @nobody user#999999`))
  })

  test('in mention elements keep the name that the author chose', async () => {
    const { id } = (await reader.get('/users/me')).body
    const raw = `<mention data-type="user" data-id="${id}">@You</mention>`
    assert.equal(await shown(raw), paragraph(person(`/users/${id}`, '@You', 'Vera Voss')))
    assert.equal(await shown('<mention data-type="user" data-id="999999">@You</mention>'), paragraph('@You'))
  })

  test('groups are named', async () => {
    const group = await it.make.group({ name: 'Riggers' })
    assert.equal(await shown(`group#${group}`, it.admin), paragraph(person(`/groups/${group}`, 'Riggers')))
  })
})

describe('other resources', () => {
  test('versions and projects are named', async () => {
    const { id } = (
      await it.admin.post('/versions', { name: 'Maiden', _links: { definingProject: { href: '/api/v3/projects/ship' } } })
    ).body
    const ship = link(`/projects/${project}`, 'The &quot;ship&quot;')
    assert.equal(
      await shown(`version#${id} project#${project} project:ship project:vault`),
      paragraph(`${link(`/versions/${id}`, 'Maiden')} ${ship} ${ship} project:vault`),
    )
  })

  test('files are those of the work package, the last of each name', async () => {
    const other = (await upload(it.admin, `/work_packages/${mast}/attachments`, { metadata: { fileName: 'plan.txt' } })).body.id
    await upload(it.admin, `/work_packages/${home}/attachments`, { metadata: { fileName: 'plan.txt' } })
    const { id } = (await upload(it.admin, `/work_packages/${home}/attachments`, { metadata: { fileName: 'plan.txt' } })).body
    assert.notEqual(id, other)
    const path = `/api/v3/attachments/${id}/content`
    assert.equal(
      await shown('attachment:plan.txt ![Plan](plan.txt) attachment:none.txt ![](none.png)'),
      paragraph(
        `${link(path, 'plan.txt')} <img class="op-uc-image" src="${path}" alt="Plan" /> attachment:none.txt <img class="op-uc-image" src="none.png" alt="" />`,
      ),
    )
  })

  test('in a comment they are those of its work package', async () => {
    await upload(it.admin, `/work_packages/${mast}/attachments`, { metadata: { fileName: 'rope.txt' } })
    const said = await reader.post(`/work_packages/${mast}/activities`, { comment: { raw: 'attachment:rope.txt' } })
    assert.match(said.body.comment.html, /<a class="op-uc-link" href="\/api\/v3\/attachments\/\d+\/content">rope.txt<\/a>/)
    const all = (await reader.get(`/work_packages/${mast}/activities`)).body._embedded.elements
    assert.equal(all.at(-1).comment.html, said.body.comment.html)
  })
})

describe('macros', () => {
  test('show values and names of properties', async () => {
    const raw = `workPackageLabel:${mast}:dueDate: workPackageValue:${mast}:subject, workPackageValue:${mast}:type`
    assert.equal(await shown(raw), paragraph('Finish date: Raise &lt;the&gt; mast, Task'))
  })

  test('without a number are about the work package of the text, and its project', async () => {
    const raw = 'workPackageValue:subject in projectValue:name, workPackageValue:"Finish date"'
    assert.equal(await shown(raw), paragraph('Texts in The &quot;ship&quot;, '))
  })

  test('for a property that does not exist, or whose name the reader does not know, are the text of the author', async () => {
    const field = (name: string, more: Partial<FieldPlan>) =>
      it.db.transaction(async (tx) => {
        const id = await makeField(tx, { resource: 'WorkPackage', name, format: 'string', ...more })
        await invalidate(tx, 'custom_fields')
        return id
      })
    const elsewhere = await field('Salary', { projects: [vault] })
    const ofAdmins = await field('Bribe', { admin_only: true })
    const macros = ['workPackageLabel', 'workPackageValue'].flatMap((macro) =>
      ['luck', `customField${elsewhere}`, 'Salary', `customField${ofAdmins}`, 'bribe'].map((name) => `${macro}:${name}`),
    )
    assert.equal(await shown(macros.join(' ')), paragraph(macros.join(' ')))
    assert.equal(await shown('projectValue:description'), paragraph(''))
  })

  test('show texts as they were written, however they are formatted', async () => {
    const { lockVersion } = (await it.admin.get(`/work_packages/${mast}`)).body
    await it.admin.patch(`/work_packages/${mast}`, { lockVersion, description: { raw: '**Up** &up; #1' } })
    assert.equal(await shown(`workPackageValue:${mast}:description`), paragraph('**Up** &amp;up; #1'))
  })
})

describe('a text that is no description', () => {
  const raw = 'attachment:sail.txt in projectValue:name'
  const cell = { startRow: 1, endRow: 2, startColumn: 1, endColumn: 2 }
  const text = { ...cell, identifier: 'custom_text', options: { name: 'Sails', text: { raw } } }
  const assertResolved = (html: string, id: number) =>
    assert.equal(html, paragraph(`${link(`/api/v3/attachments/${id}/content`, 'sail.txt')} in The &quot;ship&quot;`))

  test('on an overview names the files of the page, and its project', async () => {
    const { admin } = it
    const scope = { href: '/projects/ship' }
    const grid = await admin.post('/grids', { rowCount: 1, columnCount: 1, widgets: [text], _links: { scope } })
    const path = `/grids/${grid.body.id}`
    const file = await upload(admin, `${path}/attachments`, { metadata: { fileName: 'sail.txt' } })
    const { widgets } = (await admin.get(path)).body
    assertResolved(widgets[0].options.text.html, file.body.id)
  })

  test('of a former version of a wiki page is read like the page', async () => {
    const { admin } = it
    const page = (
      await admin.post('/wiki_pages', { title: 'Sails', text: { raw }, _links: { project: { href: '/api/v3/projects/ship' } } })
    ).body
    const file = await upload(admin, `/wiki_pages/${page.id}/attachments`, { metadata: { fileName: 'sail.txt' } })
    const versions = (await admin.get(`/wiki_pages/${page.id}/versions`)).body._embedded.elements
    assertResolved(versions[0].text.html, file.body.id)
    assertResolved((await admin.get(`/wiki_pages/${page.id}`)).body.text.html, file.body.id)
  })
})

test('a preview is relative to its context', async () => {
  const preview = async (raw: string, context: string) =>
    (await reader.send('POST', `/api/v3/render/markdown${context}`, { body: raw, headers: { 'content-type': 'text/plain' } }))
      .text
  const raw = `workPackageValue:subject ##${secret} ##${mast}`
  const known = link(`/work_packages/${mast}`, `Task #${mast}: Raise &lt;the&gt; mast`)
  assert.equal(await preview(raw, `?context=/api/v3/work_packages/${home}`), paragraph(`Texts ##${secret} ${known}`))
  assert.equal(await preview(raw, ''), paragraph(`workPackageValue:subject ##${secret} ${known}`))
})

test('forms show them as they will be', async () => {
  const form = await it.admin.post(`/projects/${project}/work_packages/form`, { description: { raw: `##${mast} ##${secret}` } })
  assert.match(form.body._embedded.payload.description.html, /mast<\/a> <a [^>]*>Task #\d+: Bury/)
})

test('all of a page are resolved together', async () => {
  const place = await it.make.project({ public: false })
  const others: number[] = []
  for (let i = 0; i < 12; i++) others.push(await it.make.workPackage({ project_id: place }))
  for (const i of others.keys()) {
    const raw = `##${mast} ##${others[(i + 1) % 12]} @vera project:ship`
    await it.make.workPackage({ project_id: place, description: raw })
  }
  await stopUsageRecords(it.db)
  const asked = (pageSize: number) =>
    it.admin.get(`/projects/${place}/work_packages?pageSize=${pageSize}&sortBy=${encodeURIComponent('[["id","desc"]]')}`)
  const statements = async (pageSize: number) => {
    await asked(pageSize)
    await forgetReads(it.db)
    const before = it.db.statements
    const { body } = await asked(pageSize)
    return [it.db.statements - before, body._embedded.elements[0].description.html.match(/<a /g)?.length]
  }
  assert.deepEqual(await statements(12), await statements(1))
  assert.equal((await statements(1))[1], 4)
})
