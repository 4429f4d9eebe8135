/** Copies of projects: the form, the job, and the contents of the copy. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { filters, type Instance, instance, type Reply } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

let halyard: Instance
let source: number
let vera: number
let parent: number
let child: number
let follower: number
let version: number
let category: number

const FLAGS = [
  'copyPhases',
  'copyMembers',
  'copyVersions',
  'copyCategories',
  'copyWorkPackages',
  'copyWorkPackageAttachments',
  'copyWorkPackageShares',
  'copyWiki',
  'copyWikiPageAttachments',
  'copyForums',
  'copyQueries',
  'copyBoards',
  'copyOverview',
  'copyStorages',
  'copyStorageProjectFolders',
  'copyFileLinks',
  'sendNotifications',
]

before(async () => {
  halyard = await instance()
  const { make, admin } = halyard
  const stamps = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' }
  source = await make.project({ name: 'Refit', identifier: 'refit', description: 'The *whole* ship.' })
  vera = await make.user({ name: 'Vera' })
  await make.member(vera, source, ['view_work_packages'])
  version = await make.row('versions', { project_id: source, name: '1.0', ...stamps }, 'versions')
  category = await make.row('categories', { project_id: source, name: 'Hull' }, 'categories')
  const dates = { start_date: '2026-03-02', due_date: '2026-03-06', duration: 5, schedule_manually: true }
  parent = await make.workPackage({ project_id: source, subject: 'Hull', version_id: version, ...dates })
  child = await make.workPackage({ project_id: source, subject: 'Paint', parent_id: parent, category_id: category, ...dates })
  follower = await make.workPackage({ project_id: source, subject: 'Launch', assigned_to_id: vera })
  await make.row('relations', { from_id: follower, to_id: child, relation_type: 'follows', ...stamps })
  await halyard.db.transaction((tx) => tx.run(sql`insert into watchers (work_package_id, user_id) values (${child}, ${vera})`))
  const body = new FormData()
  body.append('metadata', JSON.stringify({ fileName: 'plan.txt' }))
  body.append('file', new Blob(['Two coats.']), 'plan.txt')
  assert.equal((await admin.send('POST', `/api/v3/work_packages/${child}/attachments`, { body })).status, 201)
  const query = await admin.post('/queries', {
    name: 'Due for 1.0',
    filters: [
      {
        _links: {
          filter: { href: '/api/v3/queries/filters/version' },
          operator: { href: '/api/v3/queries/operators/=' },
          values: [{ href: `/api/v3/versions/${version}` }],
        },
      },
    ],
    public: true,
    _links: { project: { href: `/api/v3/projects/${source}` } },
  })
  assert.equal(query.status, 201, query.text)
})
after(() => halyard.close())

/** Runs the jobs, and gives the job status at the response's location. */
async function finished(reply: Reply): Promise<Reply> {
  assert.equal(reply.status, 302, reply.text)
  const address = reply.headers.get('location') ?? ''
  assert.match(address, /^\/api\/v3\/job_statuses\/[0-9a-f-]{36}$/)
  await runDue(halyard.db, { files: halyard.files })
  return halyard.admin.send('GET', address)
}

const idAt = (link: { href: string }): number => Number(link.href.split('/').at(-1))
const elementsOf = async (path: string): Promise<any[]> => (await halyard.admin.get(path)).body._embedded.elements

describe('The form of a copy', () => {
  test('has the properties of the project, and an option for each part', async () => {
    const { status, body } = await halyard.admin.post(`/projects/${source}/copy/form`, { name: 'Second refit' })
    assert.equal(status, 200)
    const { payload, schema, validationErrors } = body._embedded
    assert.deepEqual(validationErrors, {})
    assert.equal(payload.description.raw, 'The *whole* ship.')
    assert.deepEqual(payload._meta, Object.fromEntries(FLAGS.map((flag) => [flag, true])))
    const { copyWorkPackages, sendNotifications } = schema
    assert.deepEqual(
      [copyWorkPackages.type, copyWorkPackages.location, copyWorkPackages.hasDefault, copyWorkPackages.required],
      ['Boolean', '_meta', true, false],
    )
    assert.equal(copyWorkPackages.description, '3 objects')
    assert.equal('description' in sendNotifications, false)
    assert.deepEqual(body._links.commit, { href: `/api/v3/projects/${source}/copy`, method: 'post' })
  })

  test('requires a name', async () => {
    const { body } = await halyard.admin.post(`/projects/${source}/copy/form`, {})
    assert.deepEqual(Object.keys(body._embedded.validationErrors), ['name'])
    assert.equal(body._links.commit, undefined)
  })

  test('is 403 without the permission to copy, and 404 for a hidden project', async () => {
    const client = await halyard.as(vera)
    assert.equal((await client.post(`/projects/${source}/copy/form`, {})).status, 403)
    assert.equal((await client.post(`/projects/${source}/copy`, { name: 'Mine' })).status, 403)
    const stranger = await halyard.as(await halyard.make.user())
    assert.equal((await stranger.post(`/projects/${source}/copy/form`, {})).status, 404)
  })
})

describe('A copy of the demo project', () => {
  test('has the wiki pages and the forums, with their posts', async () => {
    const demo = await instance({ seed: 'demo' })
    const list = async (path: string) => (await demo.admin.get(path)).body._embedded.elements
    const from = (await demo.admin.get('/projects/demo-project')).body.id
    const reply = await demo.admin.post(`/projects/${from}/copy`, { name: 'Second demo' })
    await runDue(demo.db, { files: demo.files })
    const status = await demo.admin.send('GET', reply.headers.get('location') ?? '')
    assert.equal(status.body.status, 'success', status.text)
    const copy = idAt(status.body.payload._links.project)
    for (const [path, of] of [
      ['wiki_pages', 'title'],
      ['forums', 'name'],
      ['posts', 'subject'],
    ] as const) {
      const [originals, copies] = await Promise.all([from, copy].map((id) => list(`/${path}?${filters(['project', '=', [id]])}`)))
      assert.ok(originals.length > 0, path)
      assert.deepEqual(copies.map((one: any) => one[of]).sort(), originals.map((one: any) => one[of]).sort())
      assert.deepEqual(new Set(copies.map((one: any) => idAt(one._links.project))), new Set([copy]))
    }
    const counts = async (project: number) => {
      const { body } = await demo.admin.post(`/projects/${project}/copy/form`, { name: 'Any' })
      return FLAGS.map((flag) => [flag, body._embedded.schema[flag].description])
    }
    assert.deepEqual(await counts(copy), await counts(from))
    await demo.close()
  })
})

describe('A copy', () => {
  let copy: number
  let work: any[]
  const named = (subject: string) => work.find((one) => one.subject === subject)
  before(async () => {
    const status = await finished(await halyard.admin.post(`/projects/${source}/copy`, { name: 'Second refit' }))
    assert.deepEqual([status.body._type, status.body.status], ['JobStatus', 'success'])
    const { payload } = status.body
    assert.equal(payload.redirect, '/projects/second-refit')
    assert.deepEqual(Object.keys(status.body._links), ['self'])
    copy = idAt(payload._links.project)
    work = await elementsOf(`/projects/${copy}/work_packages?filters=[]`)
  })

  test('has the work packages with their dates, hierarchy and relations', async () => {
    assert.deepEqual(work.map(({ subject }) => subject).sort(), ['Hull', 'Launch', 'Paint'])
    const [hull, paint, launch] = [named('Hull'), named('Paint'), named('Launch')]
    assert.deepEqual([hull.startDate, hull.dueDate, hull.scheduleManually], ['2026-03-02', '2026-03-06', true])
    assert.equal(idAt(paint._links.parent), hull.id)
    const relations = await elementsOf(`/relations?${filters(['involved', '=', [launch.id]])}`)
    assert.deepEqual(
      relations.map(({ type, _links }) => [type, idAt(_links.from), idAt(_links.to)]),
      [['follows', launch.id, paint.id]],
    )
  })

  test('has its own versions and categories, which its work packages refer to', async () => {
    const [own] = await elementsOf(`/projects/${copy}/versions`)
    assert.equal(idAt(named('Hull')._links.version), own.id)
    assert.notEqual(own.id, version)
    const [ownCategory] = await elementsOf(`/projects/${copy}/categories`)
    assert.equal(idAt(named('Paint')._links.category), ownCategory.id)
    assert.notEqual(ownCategory.id, category)
  })

  test('has the members with their roles, and the watchers who see the copy', async () => {
    const memberships = await elementsOf(`/memberships?${filters(['project', '=', [copy]])}`)
    assert.ok(memberships.some(({ _links }) => _links.principal.title === 'Vera'))
    const client = await halyard.as(vera)
    assert.equal((await client.get(`/work_packages/${named('Paint').id}`)).status, 200)
    const watchers = await elementsOf(`/work_packages/${named('Paint').id}/watchers`)
    assert.deepEqual(
      watchers.map(({ id }) => id),
      [vera],
    )
  })

  test('has copies of the attached files', async () => {
    const [file] = await elementsOf(`/work_packages/${named('Paint').id}/attachments`)
    assert.equal(file.fileName, 'plan.txt')
    const [original] = await elementsOf(`/work_packages/${child}/attachments`)
    assert.equal((await halyard.admin.delete(`/attachments/${original.id}`)).status, 204)
    await runDue(halyard.db, { files: halyard.files })
    assert.equal((await halyard.admin.get(`/attachments/${file.id}/content`)).text, 'Two coats.')
  })

  test('has the saved queries, whose filters refer to its own versions', async () => {
    const all = await elementsOf(`/queries?${filters(['project', '=', [copy]])}`)
    const [query] = all.filter(({ name }) => name === 'Due for 1.0')
    const { body } = await halyard.admin.get(`/queries/${query.id}`)
    assert.deepEqual(
      body._embedded.results._embedded.elements.map(({ id }: { id: number }) => id),
      [named('Hull').id],
    )
  })

  test('has a history that begins with the copy', async () => {
    const [first, ...further] = await elementsOf(`/work_packages/${named('Launch').id}/activities`)
    assert.equal(further.length, 0)
    assert.equal(first.version, 1)
  })
})

test('Parts with a false option are left out', async () => {
  const _meta = { copyWorkPackages: false, copyMembers: false, copyQueries: false }
  const status = await finished(await halyard.admin.post(`/projects/${source}/copy`, { name: 'Empty hull', _meta }))
  const copy = idAt(status.body.payload._links.project)
  assert.deepEqual(await elementsOf(`/projects/${copy}/work_packages?filters=[]`), [])
  assert.equal((await elementsOf(`/projects/${copy}/versions`)).length, 1)
  const memberships = await elementsOf(`/memberships?${filters(['project', '=', [copy]])}`)
  assert.equal(
    memberships.some(({ _links }) => _links.principal.title === 'Vera'),
    false,
  )
})

test('The job fails where the copy is deleted before it', async () => {
  const { headers } = await halyard.admin.post(`/projects/${source}/copy`, { name: 'Short-lived' })
  const [copy] = await elementsOf(`/projects?${filters(['name_and_identifier', '=', ['Short-lived']])}`)
  assert.equal((await halyard.admin.delete(`/projects/${copy.id}`)).status, 204)
  await runDue(halyard.db, { only: ['projects.delete'] })
  await runDue(halyard.db, { files: halyard.files })
  const { body } = await halyard.admin.send('GET', headers.get('location') as string)
  assert.deepEqual([body.status, body.message, body.payload], ['failure', 'The project is gone.', null])
})

test('The job fails where the original is archived or deleted before its contents are copied', async () => {
  const { admin, db, make, files } = halyard
  const lost = [
    (id: number) => admin.patch(`/projects/${id}`, { active: false }),
    (id: number) => admin.delete(`/projects/${id}`),
  ]
  for (const lose of lost) {
    const id = await make.project()
    await make.workPackage({ project_id: id })
    const { headers } = await admin.post(`/projects/${id}/copy`, { name: `Copy of ${id}` })
    assert.ok((await lose(id)).status < 300)
    await runDue(db, { files })
    const { body } = await admin.send('GET', headers.get('location') as string)
    const message = 'The original was archived or deleted before all of it was copied.'
    assert.deepEqual([body.status, body.message], ['failure', message])
  }
})

test('A copy omits everything that its creator does not see', async () => {
  const copier = await halyard.make.user()
  await halyard.make.member(copier, source, ['copy_projects'])
  const client = await halyard.as(copier)
  const reply = await client.post(`/projects/${source}/copy`, { name: 'Copy of a guest' })
  assert.equal(reply.status, 302, reply.text)
  await runDue(halyard.db, { files: halyard.files })
  const status = await client.send('GET', reply.headers.get('location') ?? '')
  const copy = idAt(status.body.payload._links.project)
  assert.deepEqual(await elementsOf(`/projects/${copy}/work_packages?filters=[]`), [])
})

describe('The members of a copy', () => {
  const COPIES = ['copy_projects', 'view_project']
  /** The members of a copy by a user with these permissions in the original, and the count that the form tells. */
  async function copied(name: string, permissions: string[]): Promise<{ told: string; copy: number; members: string[] }> {
    const copier = await halyard.make.user({ name: `Copier of ${name}` })
    await halyard.make.member(copier, source, permissions)
    const client = await halyard.as(copier)
    const form = await client.post(`/projects/${source}/copy/form`, { name })
    const reply = await client.post(`/projects/${source}/copy`, { name })
    assert.equal(reply.status, 302, reply.text)
    await runDue(halyard.db, { files: halyard.files })
    const copy = idAt((await client.send('GET', reply.headers.get('location') ?? '')).body.payload._links.project)
    const memberships = await elementsOf(`/memberships?${filters(['project', '=', [copy]])}&pageSize=-1`)
    const members = memberships.map(({ _links }) => _links.principal.title as string)
    return { told: form.body._embedded.schema.copyMembers.description, copy, members: members.sort() }
  }

  test('are those of the original, for whoever may copy it and sees them: nothing changes there', async () => {
    const { members } = await copied('Seen', [...COPIES, 'view_members'])
    assert.ok(members.includes('Vera'), 'manage_members is not needed')
    assert.ok(members.includes('Copier of Seen'))
  })

  test('are hidden from a copier who does not see them, and none is copied but the copier', async () => {
    const { told, members } = await copied('Unseen', COPIES)
    assert.deepEqual([told, members], ['0 objects', ['Copier of Unseen']])
  })

  test('have no roles that the copier could not give, where the settings limit these', async () => {
    await halyard.setting('members_given_held_permissions_only', true)
    const captain = await halyard.make.user({ name: 'Captain' })
    await halyard.make.member(captain, source, ['view_work_packages', 'delete_work_packages'])
    const creator = await halyard.make.role([...COPIES, 'view_members', 'view_work_packages'])
    await halyard.setting('new_project_user_role_id', creator)
    const { members } = await copied('Limited', [...COPIES, 'view_members', 'view_work_packages'])
    await halyard.setting('members_given_held_permissions_only', false)
    await halyard.setting('new_project_user_role_id', null)
    assert.ok(members.includes('Vera') && !members.includes('Captain'), members.join())
  })
})

test('The status of a job is visible only to its user', async () => {
  const reply = await halyard.admin.post(`/projects/${source}/copy`, { name: 'Third refit' })
  const address = reply.headers.get('location') ?? ''
  const waiting = await halyard.admin.send('GET', address)
  assert.deepEqual([waiting.body.status, waiting.body.percentageDone], ['in_queue', 0])
  const client = await halyard.as(vera)
  assert.equal((await client.send('GET', address)).status, 404)
  assert.equal((await halyard.admin.get('/job_statuses/nothing')).status, 404)
})

test('Another process continues a copy after the last transaction, without duplicates', async () => {
  const reply = await halyard.admin.post(`/projects/${source}/copy`, { name: 'Fourth refit' })
  const ending = new AbortController()
  // The first process ends after the first copied rows.
  const db = { ...halyard.db, transaction: halyard.db.transaction }
  const watched: typeof halyard.db = Object.assign(Object.create(halyard.db), {
    transaction: async (work: Parameters<typeof db.transaction>[0]) => {
      const result = await halyard.db.transaction(work)
      if (await halyard.db.one(sql`select 1 as one from task_rows limit 1`)) ending.abort()
      return result
    },
  })
  await runDue(watched, { files: halyard.files, signal: ending.signal })
  assert.equal(ending.signal.aborted, true)
  const address = reply.headers.get('location') ?? ''
  assert.notEqual((await halyard.admin.send('GET', address)).body.status, 'success')
  await runDue(halyard.db, { files: halyard.files })
  const status = await halyard.admin.send('GET', address)
  assert.equal(status.body.status, 'success', status.text)
  const copy = idAt(status.body.payload._links.project)
  assert.equal((await elementsOf(`/projects/${copy}/work_packages?filters=[]`)).length, 3)
  assert.equal((await elementsOf(`/projects/${copy}/versions`)).length, 1)
})
