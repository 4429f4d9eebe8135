/** Previews of formatted texts. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, type Instance, instance } from '#test/instance.ts'

let halyard: Instance
let vera: Client
let projectId: number
let workPackageId: number
let hiddenId: number

before(async () => {
  halyard = await instance()
  const { make } = halyard
  projectId = await make.project({ identifier: 'ship' })
  workPackageId = await make.workPackage({ project_id: projectId })
  hiddenId = await make.workPackage({ project_id: await make.project() })
  const userId = await make.user()
  await make.member(userId, projectId, ['view_work_packages'])
  vera = await halyard.as(userId)
})
after(() => halyard.close())

const render = (path: string, body: string, type = 'text/plain') =>
  vera.send('POST', `/api/v3/render/${path}`, { body, headers: { 'content-type': type } })

test('markdown becomes safe HTML', async () => {
  const { status, headers, text } = await render('markdown', 'Hello **world** <script>alert(1)</script>')
  assert.equal(status, 200)
  assert.match(headers.get('content-type') ?? '', /^text\/html/)
  assert.match(text, /<strong>world<\/strong>/)
  assert.ok(!text.includes('<script'))
})

test('plain text becomes paragraphs only', async () => {
  const { status, text } = await render('plain', 'one *two*\n\n<b>three</b>')
  assert.equal(status, 200)
  assert.equal(text, '<p>one *two*</p><p>&lt;b&gt;three&lt;/b&gt;</p>')
  assert.equal((await render('plain', '')).text, '')
})

test('other content types are rejected', async () => {
  for (const path of ['markdown', 'plain']) {
    const { status, body } = await render(path, '{}', 'application/json')
    assert.equal(status, 415)
    assert.match(body.errorIdentifier, /TypeNotSupported$/)
  }
})

test('a visible context is accepted', async () => {
  for (const context of [`work_packages/${workPackageId}`, `projects/${projectId}`, 'projects/ship', 'workspaces/ship']) {
    assert.equal((await render(`markdown?context=/api/v3/${context}`, 'x')).status, 200, context)
  }
  assert.equal((await render(`markdown?/api/v3/work_packages/${workPackageId}`, 'x')).status, 200)
})

test('a context that is invalid, of another kind, hidden or unknown is rejected', async () => {
  const refused = async (context: string) => {
    const { status, body } = await render(`markdown?context=${context}`, 'x')
    assert.equal(status, 400, context)
    assert.match(body.errorIdentifier, /InvalidRenderContext$/)
    return body.message
  }
  const messages = [
    await refused('nonsense'),
    await refused('/api/v3/statuses/1'),
    await refused(`/api/v3/work_packages/${hiddenId}`),
    await refused('/api/v3/work_packages/999999'),
  ]
  assert.equal(new Set(messages).size, 3)
  assert.equal(messages[2], messages[3])
})
