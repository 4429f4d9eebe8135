/** The API in German: for users with that language, and for clients that prefer it as long as nobody is signed in. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { makeField } from '#modules/custom-fields/making.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'

let it: Instance
let german: Client
let project: number
before(async () => {
  it = await instance()
  const id = await it.make.user({ language: 'de', admin: true })
  german = await it.as(id)
  project = await it.make.project({ name: 'Regatta', identifier: 'regatta' })
})
after(() => it.close())

const type = async () => `/api/v3/types/${await it.id('types', 'Task')}`

describe('A user whose language is German', () => {
  test('is told of errors in German; their identifiers stay', async () => {
    const { status, body } = await german.get('/work_packages/999999')
    assert.deepEqual(
      [status, body.errorIdentifier, body.message],
      [404, 'urn:openproject-org:api:v3:errors:NotFound', 'Das gesuchte Arbeitspaket wurde nicht gefunden oder ist gelöscht.'],
    )
    assert.equal(
      (await it.admin.get('/work_packages/999999')).body.message,
      'The work package you are looking for cannot be found or has been deleted.',
    )
  })

  test('is told what is wrong with a write, beginning with the label', async () => {
    const { status, body } = await german.post('/work_packages', { subject: '', _links: { type: { href: await type() } } })
    assert.equal(status, 422)
    assert.equal(body.message, 'Mehrere Bedingungen für Felder sind verletzt.')
    assert.deepEqual(
      body._embedded.errors.map(({ message }: { message: string }) => message),
      ['Thema muss ausgefüllt werden.', 'Projekt muss ausgefüllt werden.'],
    )
  })

  test('is told which format a value has to have', async () => {
    const { body } = await german.patch(`/projects/${project}`, { public: 'yes' })
    assert.equal(
      body.message,
      "Ungültiges Format für die Eigenschaft 'public': erwartet wird ein Wahrheitswert, angegeben ist 'yes'.",
    )
    const long = await german.patch(`/projects/${project}`, { name: 'x'.repeat(300) })
    assert.equal(long.body.message, 'Name ist zu lang (höchstens 255 Zeichen).')
  })

  test('is told what is wrong with a filter', async () => {
    const of = async (filters: string) => (await german.get(`/work_packages?filters=${encodeURIComponent(filters)}`)).body.message
    assert.equal(
      await of('[{"status":{"operator":"~","values":["1"]}}]'),
      'Filter Status: Der Operator „~“ ist keiner von "o", "=", "c", "!", "*".',
    )
    assert.equal(await of('[{"assignee":{"operator":"=","values":[]}}]'), 'Der Filter Zugewiesen an braucht Werte.')
    assert.equal(await of('[{"nothing":{"operator":"=","values":[]}}]'), 'Den Filter nothing gibt es nicht.')
  })

  test('gets forms and schemas with German names, others at the same time with English ones', async () => {
    const path = `/work_packages/schemas/${project}-${await it.id('types', 'Task')}`
    for (const _ of [1, 2]) {
      const [own, others] = [(await german.get(path)).body, (await it.admin.get(path)).body]
      const of = (schema: typeof own) => ['subject', 'parent', 'assignee', 'dueDate'].map((name) => schema[name].name)
      assert.deepEqual(of(own), ['Thema', 'Übergeordnetes Element', 'Zugewiesen an', 'Endtermin'])
      assert.deepEqual(of(others), ['Subject', 'Parent', 'Assignee', 'Finish date'])
      assert.deepEqual(own._attributeGroups[0].name, 'Personen')
    }
    const form = (await german.post('/work_packages/form')).body._embedded
    assert.equal(form.schema.startDate.name, 'Anfangstermin')
    assert.equal(form.validationErrors.project.message, 'Projekt muss ausgefüllt werden.')
  })

  test('reads names of filters, operators, columns and orders in German', async () => {
    const name = async (path: string) => (await german.get(`/queries/${path}`)).body.name
    assert.equal(await name('filters/assignee'), 'Zugewiesen an')
    assert.equal(await name('operators/%3Ct+'), 'in weniger als')
    assert.equal(await name('columns/estimatedTime'), 'Aufwand')
    assert.equal(await name('sort_bys/subject-desc'), 'Thema (absteigend)')
  })

  test('reads the history and titles of links in German', async () => {
    const id = await it.make.workPackage({ project_id: project, subject: 'Mast' })
    const { body } = await german.get(`/work_packages/${id}`)
    assert.equal(body._links.addChild.title, 'Untergeordnetes Element zu Mast hinzufügen')
    await german.patch(`/work_packages/${id}`, { subject: 'Mast <2>', startDate: '2026-03-02', lockVersion: body.lockVersion })
    const { elements } = (await german.get(`/work_packages/${id}/activities`)).body._embedded
    assert.deepEqual(
      elements
        .at(-1)
        .details.map(({ raw, html }: { raw: string; html: string }) => [raw, html])
        .slice(0, 2),
      [
        [
          'Thema geändert von Mast auf Mast <2>',
          '<strong>Thema</strong> geändert von <i>Mast</i> <strong>auf</strong> <i>Mast &lt;2&gt;</i>',
        ],
        ['Anfangstermin gesetzt auf 02.03.2026', '<strong>Anfangstermin</strong> gesetzt auf <i>02.03.2026</i>'],
      ],
    )
  })

  test('is not asked for another language by the client', async () => {
    const { body, headers } = await german.get('/nothing', { 'accept-language': 'en' })
    assert.equal(body.message, 'Die angeforderte Ressource wurde nicht gefunden.')
    assert.doesNotMatch(headers.get('vary') ?? '', /accept-language/)
  })
})

describe('Without a user', () => {
  const wanting = { 'accept-language': 'fr;q=0.9, de-AT;q=0.8, en;q=0.5' }

  test('an error is in the language that the client prefers among those that there are', async () => {
    const { status, body, headers } = await it.anonymous.get('/projects', wanting)
    assert.deepEqual([status, body.message], [401, 'Sie müssen angemeldet sein, um auf diese Ressource zuzugreifen.'])
    assert.match(headers.get('vary') ?? '', /accept-language/)
    assert.equal(
      (await it.anonymous.get('/projects', { 'accept-language': 'fr' })).body.message,
      'You need to be authenticated to access this resource.',
    )
  })

  test('so is what anonymous clients read', async () => {
    await it.setting('login_required', false)
    const open = await it.make.project({ public: true })
    const path = `/work_packages/schemas/${open}-${await it.id('types', 'Task')}`
    const name = async (language: string) => (await it.anonymous.get(path, { 'accept-language': language })).body.subject.name
    assert.deepEqual([await name('de'), await name('en'), await name('de')], ['Thema', 'Subject', 'Thema'])
    assert.equal((await it.anonymous.get('/days/week/1', wanting)).body.name, 'Montag')
    await it.setting('login_required', true)
  })

  test('the language of the instance is the default', async () => {
    await it.setting('default_language', 'de')
    assert.equal(
      (await it.anonymous.get('/projects')).body.message,
      'Sie müssen angemeldet sein, um auf diese Ressource zuzugreifen.',
    )
    const nobody = await it.as(await it.make.user({ language: null }))
    assert.equal((await nobody.get('/nothing')).body.message, 'Die angeforderte Ressource wurde nicht gefunden.')
    const english = await it.as(await it.make.user({ language: 'en' }))
    assert.equal((await english.get('/nothing')).body.message, 'The requested resource could not be found.')
    await it.setting('default_language', 'en')
  })
})

test('A custom field keeps its name, even where that is a word of ours', async () => {
  const field = await it.db.transaction((tx) => makeField(tx, { resource: 'Project', name: 'Subject', format: 'string' }))
  assert.equal((await german.get('/projects/schema')).body[`customField${field}`].name, 'Subject')
})
