/** Representation of work packages: properties, by viewer, and their formats. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { created, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
const path = (id: number) => `/work_packages/${id}`
const keys = (of: object) => Object.keys(of).sort()

const always = [
  '_links',
  '_type',
  'createdAt',
  'derivedEstimatedTime',
  'derivedPercentageDone',
  'derivedRemainingTime',
  'description',
  'estimatedTime',
  'id',
  'ignoreNonWorkingDays',
  'lockVersion',
  'percentageDone',
  'remainingTime',
  'scheduleManually',
  'subject',
  'updatedAt',
]
const unlessMilestone = ['derivedDueDate', 'derivedStartDate', 'dueDate', 'duration', 'startDate']
const links = [
  'ancestors',
  'assignee',
  'attachments',
  'author',
  'availableRelationCandidates',
  'budget',
  'category',
  'customActions',
  'parent',
  'previewMarkup',
  'priority',
  'project',
  'projectPhaseDefinition',
  'relations',
  'responsible',
  'schema',
  'sprint',
  'self',
  'status',
  'type',
  'version',
]
const whoeverSignsIn = ['watch']
const whoeverEdits = ['addAttachment', 'update', 'updateImmediately']

describe('a work package with all properties', () => {
  let body: any
  before(async () => {
    const version = await it.version({ project_id: project, name: '1.0' })
    const category = await it.category({ project_id: project, name: 'Rigging' })
    const parent = await created(admin, project, { subject: 'Above' })
    const made = await created(admin, project, {
      subject: 'Splice the halyards',
      description: { raw: '**Twice**' },
      startDate: '2024-03-01',
      dueDate: '2024-03-05',
      estimatedTime: 'PT40H',
      percentageDone: 40,
      _links: {
        type: link('types', await it.types('Feature')),
        priority: link('priorities', await it.priorities('High')),
        assignee: link('users', it.member.id),
        responsible: link('users', it.member.id),
        version: link('versions', version),
        category: link('categories', category),
        parent: link('work_packages', parent.id),
      },
    })
    await created(admin, project, { subject: 'Below', _links: { parent: link('work_packages', made.id) } })
    body = (await admin.get(path(made.id))).body
  })

  test('has exactly the properties of a work package other than a milestone, with time tracking enabled', () => {
    assert.deepEqual(keys(body), [...always, ...unlessMilestone, '_embedded', 'spentTime'].sort())
  })

  test('has all links of an administrator', () => {
    const actions = [
      ...whoeverEdits,
      ...whoeverSignsIn,
      'addChild',
      'addComment',
      'addRelation',
      'addWatcher',
      'availableWatchers',
      'changeParent',
      'delete',
    ]
    const ways = [
      'activities',
      'addFileLink',
      'children',
      'fileLinks',
      'logTime',
      'removeWatcher',
      'revisions',
      'timeEntries',
      'watchers',
    ]
    assert.deepEqual(keys(body._links), [...links, ...actions, ...ways].sort())
  })

  test('embeds its links, except those without target', () => {
    const embedded = [
      'assignee',
      'attachments',
      'author',
      'category',
      'customActions',
      'parent',
      'priority',
      'project',
      'relations',
      'responsible',
      'status',
      'type',
      'version',
    ]
    assert.deepEqual(keys(body._embedded), embedded)
    assert.equal(body._embedded.assignee._type, 'User')
    assert.equal(body._embedded.parent.subject, 'Above')
    assert.equal(body._embedded.parent._embedded, undefined)
  })

  test('has durations in days of 24 hours, dates without time, timestamps in UTC with milliseconds', () => {
    assert.equal(body.estimatedTime, 'P1DT16H')
    assert.equal(body.remainingTime, 'P1D')
    assert.equal(body.percentageDone, 40)
    assert.equal(body.startDate, '2024-03-01')
    assert.equal(body.duration, 'P3D')
    assert.match(body.createdAt, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  })

  test('renders its description', () => {
    assert.deepEqual(body.description, {
      format: 'markdown',
      raw: '**Twice**',
      html: '<p class="op-uc-p"><strong>Twice</strong></p>',
    })
  })

  test('has titles in its links', () => {
    assert.deepEqual(body._links.self, { href: `/api/v3/work_packages/${body.id}`, title: 'Splice the halyards' })
    assert.equal(body._links.schema.href, `/api/v3/work_packages/schemas/${project}-${body._embedded.type.id}`)
    assert.equal(body._links.type.title, 'Feature')
    assert.equal(body._links.version.title, '1.0')
    assert.deepEqual(body._links.author, { href: body._embedded.author._links.self.href, title: 'OpenProject Admin' })
    assert.equal(body._links.parent.title, 'Above')
    assert.deepEqual(
      body._links.ancestors.map((one: any) => one.title),
      ['Above'],
    )
    assert.deepEqual(
      body._links.children.map((one: any) => one.title),
      ['Below'],
    )
  })

  test('has its action links', () => {
    const self = `/api/v3/work_packages/${body.id}`
    const { _links } = body
    assert.deepEqual(_links.update, { href: `${self}/form`, method: 'post' })
    assert.deepEqual(_links.updateImmediately, { href: self, method: 'patch' })
    assert.deepEqual(_links.delete, { href: self, method: 'delete' })
    assert.deepEqual(_links.addWatcher, {
      href: `${self}/watchers`,
      method: 'post',
      payload: { user: { href: '/api/v3/users/{user_id}' } },
      templated: true,
    })
    assert.deepEqual(_links.removeWatcher, { href: `${self}/watchers/{user_id}`, method: 'delete', templated: true })
    assert.deepEqual(_links.addChild, {
      href: '/api/v3/projects/ship/work_packages',
      method: 'post',
      title: 'Add child of Splice the halyards',
    })
    assert.equal(_links.changeParent.method, 'patch')
    assert.deepEqual(_links.previewMarkup, { href: `/api/v3/render/markdown?context=${self}`, method: 'post' })
    const query = new URL(_links.timeEntries.href, 'http://x').searchParams.get('filters')
    assert.deepEqual(JSON.parse(query as string), [{ work_package_id: { operator: '=', values: [String(body.id)] } }])
  })
})

test('a work package without values has null for empty properties, and no children', async () => {
  const body = await created(admin, project)
  for (const unset of ['startDate', 'dueDate', 'duration', 'estimatedTime', 'remainingTime', 'percentageDone']) {
    assert.equal(body[unset], null, unset)
  }
  for (const derived of ['StartDate', 'DueDate', 'EstimatedTime', 'RemainingTime', 'PercentageDone']) {
    assert.equal(body[`derived${derived}`], null, derived)
  }
  for (const unset of ['assignee', 'responsible', 'category', 'version', 'parent']) {
    assert.deepEqual(body._links[unset], { href: null }, unset)
  }
  assert.deepEqual(body._links.ancestors, [])
  assert.ok(!('children' in body._links))
  assert.equal(body.lockVersion, 0)
  assert.equal(body.scheduleManually, true)
  assert.equal(body.ignoreNonWorkingDays, false)
  assert.equal(body.spentTime, 'PT0S')
})

test('a milestone has one date in place of start, due date and duration, and no addChild link', async () => {
  const body = await created(admin, project, {
    date: '2024-03-01',
    _links: { type: link('types', await it.types('Milestone')) },
  })
  assert.deepEqual(keys(body), [...always, '_embedded', 'date', 'spentTime'].sort())
  assert.equal(body.date, '2024-03-01')
  assert.ok(!('addChild' in body._links))
})

test('elements of a list have no embedded resources', async () => {
  await created(admin, project)
  const { body } = await admin.get(`/projects/${project}/work_packages`)
  for (const element of body._embedded.elements) assert.ok(!('_embedded' in element))
})

test('principals are linked by their types', async () => {
  const group = await make.group({ name: 'Crew' })
  const placeholder = await make.row(
    'principals',
    {
      type: 'PlaceholderUser',
      name: 'Rigger',
      status: 1,
      created_at: new Date().toISOString(),
      updated_at: new Date().toISOString(),
    },
    'principals',
  )
  await make.member(group, project, ['work_package_assigned'])
  await make.member(placeholder, project, ['work_package_assigned'])
  const body = await created(admin, project, {
    _links: { assignee: link('groups', group), responsible: link('placeholder_users', placeholder) },
  })
  assert.deepEqual(body._links.assignee, { href: `/api/v3/groups/${group}`, title: 'Crew' })
  assert.deepEqual(body._links.responsible, { href: `/api/v3/placeholder_users/${placeholder}`, title: 'Rigger' })
  assert.equal(body._embedded.responsible._type, 'PlaceholderUser')
})

test('ancestors are listed from the root', async () => {
  const root = await created(admin, project, { subject: 'Root' })
  const middle = await created(admin, project, { subject: 'Middle', _links: { parent: link('work_packages', root.id) } })
  const leaf = await created(admin, project, { subject: 'Leaf', _links: { parent: link('work_packages', middle.id) } })
  assert.deepEqual(
    leaf._links.ancestors.map((one: any) => one.title),
    ['Root', 'Middle'],
  )
})

test('a watched work package has the unwatch link', async () => {
  const { id } = await created(admin, project)
  const { id: me } = (await admin.get('/users/me')).body
  assert.deepEqual((await admin.get(path(id))).body._links.watch.payload, { user: { href: `/api/v3/users/${me}` } })
  await admin.post(`${path(id)}/watchers`, { user: link('users', me) })
  const { _links } = (await admin.get(path(id))).body
  assert.ok(!('watch' in _links))
  assert.deepEqual(_links.unwatch, { href: `/api/v3/work_packages/${id}/watchers/${me}`, method: 'delete' })
})

test('spent time is absent if time tracking is disabled', async () => {
  await it.setting('default_projects_modules', ['work_package_tracking'])
  const { id: quiet } = (await admin.post('/projects', { name: 'Quiet' })).body
  const body = await created(admin, quiet)
  assert.ok(!('spentTime' in body))
  assert.ok(!('timeEntries' in body._links))
  assert.ok(!('logTime' in body._links))
})
