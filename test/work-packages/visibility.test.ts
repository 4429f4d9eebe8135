/** Visibility of work packages and their properties: for members, readers, non-members, users with a share, and anonymous. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { type Client, filters, ids } from '#test/instance.ts'
import { created, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it

let seen: any
let other: any
before(async () => {
  seen = await created(admin, project, { subject: 'Seen' })
  other = await created(admin, project, { subject: 'Another' })
})

/** The action links of a work package for a client. */
async function offered(client: Client, id: number): Promise<string[]> {
  const { _links } = (await client.get(`/work_packages/${id}`)).body
  const plain = ['self', 'schema', 'type', 'priority', 'status', 'author', 'project', 'category', 'version', 'assignee']
  const planned = ['budget', 'sprint', 'projectPhase', 'projectPhaseDefinition', 'fileLinks']
  const ways = [...planned, 'activities', 'relations', 'availableRelationCandidates', 'customActions', 'revisions']
  return Object.keys(_links)
    .filter((rel) => ![...plain, ...ways, 'responsible', 'parent', 'ancestors', 'attachments', 'previewMarkup'].includes(rel))
    .sort()
}

describe('action links', () => {
  test('an administrator gets all', async () => {
    assert.deepEqual(await offered(admin, seen.id), [
      'addAttachment',
      'addChild',
      'addComment',
      'addFileLink',
      'addRelation',
      'addWatcher',
      'availableWatchers',
      'changeParent',
      'delete',
      'logTime',
      'removeWatcher',
      'timeEntries',
      'update',
      'updateImmediately',
      'watch',
      'watchers',
    ])
  })

  test('a member gets all but deletion', async () => {
    assert.deepEqual(await offered(it.member.client, seen.id), [
      'addAttachment',
      'addChild',
      'addComment',
      'addFileLink',
      'addRelation',
      'addWatcher',
      'availableWatchers',
      'changeParent',
      'logTime',
      'removeWatcher',
      'timeEntries',
      'update',
      'updateImmediately',
      'watch',
      'watchers',
    ])
  })

  test('a reader gets those to comment and to watch', async () => {
    assert.deepEqual(await offered(it.reader.client, seen.id), ['addComment', 'watch'])
  })

  for (const permission of ['assign_versions', 'change_work_package_status', 'move_work_packages']) {
    test(`${permission} alone adds the update`, async () => {
      const { client } = await it.person('view_work_packages', permission)
      assert.deepEqual(await offered(client, seen.id), ['update', 'updateImmediately', 'watch'])
    })
  }

  for (const [permission, rels] of [
    ['add_work_packages', ['addChild']],
    ['edit_work_packages', ['addAttachment', 'addComment', 'update', 'updateImmediately']],
    ['add_work_package_comments', ['addComment']],
    ['add_work_package_attachments', ['addAttachment']],
    ['delete_work_packages', ['delete']],
    ['manage_work_package_relations', ['addRelation']],
    ['manage_subtasks', ['changeParent', 'update', 'updateImmediately']],
    ['view_work_package_watchers', ['watchers']],
    ['add_work_package_watchers', ['addWatcher', 'availableWatchers']],
    ['delete_work_package_watchers', ['removeWatcher']],
    ['view_time_entries', ['timeEntries']],
    ['view_own_time_entries', ['timeEntries']],
    ['log_time', ['logTime']],
    ['log_own_time', ['logTime']],
  ] as const) {
    test(`${permission} adds ${rels.join(', ')}`, async () => {
      const { client } = await it.person('view_work_packages', permission)
      assert.deepEqual(await offered(client, seen.id), [...rels, 'watch'].sort())
    })
  }

  test('a user with a share for editing gets the update and the related actions', async () => {
    const { client } = await it.sharer(seen.id, 'Work package editor')
    const rels = ['addAttachment', 'addComment', 'addRelation', 'logTime', 'timeEntries', 'update', 'updateImmediately', 'watch']
    assert.deepEqual(await offered(client, seen.id), rels)
  })
})

describe('a user with a share of one work package', () => {
  test('sees only that one', async () => {
    const { client } = await it.sharer(seen.id, 'Work package viewer')
    assert.deepEqual(ids(await client.get('/work_packages')), [seen.id])
    assert.equal((await client.get(`/work_packages/${other.id}`)).status, 404)
  })

  test('does not see the name of the project', async () => {
    const { client } = await it.sharer(seen.id, 'Work package viewer')
    const { body, text } = await client.get(`/work_packages/${seen.id}`)
    assert.equal(body._links.project.href, 'urn:openproject-org:api:v3:undisclosed')
    assert.ok(!text.includes('Ship'))
    assert.ok(!('project' in body._embedded))
  })

  test('may not change it without the permission', async () => {
    const { client } = await it.sharer(seen.id, 'Work package viewer')
    const reply = await client.patch(`/work_packages/${seen.id}`, { lockVersion: seen.lockVersion, subject: 'Mine' })
    assert.equal(reply.status, 403)
  })

  test('may change it as an editor', async () => {
    const shared = await created(admin, project)
    const { client } = await it.sharer(shared.id, 'Work package editor')
    const reply = await client.patch(`/work_packages/${shared.id}`, { lockVersion: 0, subject: 'Better' })
    assert.equal(reply.status, 200, reply.text)
    assert.equal(reply.body.subject, 'Better')
  })

  test('loses access when the project is archived', async () => {
    const shelved = await make.project()
    const { id } = await created(admin, shelved)
    const { client } = await it.sharer(id, 'Work package viewer', shelved)
    await admin.patch(`/projects/${shelved}`, { active: false })
    assert.equal((await client.get(`/work_packages/${id}`)).status, 404)
  })
})

describe('a stranger', () => {
  test('gets the same response for a hidden as for a missing one', async () => {
    const hidden = await it.stranger.client.get(`/work_packages/${seen.id}`)
    const missing = await it.stranger.client.get('/work_packages/99999')
    assert.equal(hidden.status, 404)
    assert.deepEqual(hidden.body, missing.body)
    assert.equal(hidden.body.message, 'The work package you are looking for cannot be found or has been deleted.')
  })

  for (const [method, below] of [
    ['patch', ''],
    ['delete', ''],
    ['post', '/form'],
    ['get', '/watchers'],
    ['post', '/watchers'],
    ['get', '/available_watchers'],
    ['get', '/available_assignees'],
    ['get', '/available_projects'],
  ] as const) {
    test(`gets 404 at ${method.toUpperCase()} …${below} as well`, async () => {
      assert.equal((await it.stranger.client[method](`/work_packages/${seen.id}${below}`)).status, 404)
    })
  }

  test('gets 403 for the list if no work packages are visible in any project', async () => {
    const reply = await it.stranger.client.get('/work_packages')
    assert.equal(reply.status, 403)
    assert.equal(kind(reply.body), 'MissingPermission')
  })

  test('gets 404 for the project’s list', async () => {
    assert.equal((await it.stranger.client.get(`/projects/${project}/work_packages`)).status, 404)
  })
})

test('a member without the permission to see work packages gets 403 for those of the project', async () => {
  const { client } = await it.person('view_members')
  assert.equal((await client.get(`/projects/${project}/work_packages`)).status, 403)
  assert.equal((await client.get(`/work_packages/${seen.id}`)).status, 404)
})

test('a hidden parent is represented like none; hidden ancestors and children are absent', async () => {
  const secret = await make.project({ name: 'Secret' })
  const root = await created(admin, project, { subject: 'Root' })
  const middle = await created(admin, secret, { subject: 'Hidden', _links: { parent: link('work_packages', root.id) } })
  const leaf = await created(admin, project, { subject: 'Leaf', _links: { parent: link('work_packages', middle.id) } })
  const { body, text } = await it.reader.client.get(`/work_packages/${leaf.id}`)
  assert.deepEqual(body._links.parent, { href: null })
  assert.ok(!('parent' in body._embedded))
  assert.deepEqual(
    body._links.ancestors.map((one: any) => one.title),
    ['Root'],
  )
  assert.ok(!text.includes('Hidden'))
  assert.ok(!('children' in (await it.reader.client.get(`/work_packages/${root.id}`)).body._links))
})

test('a hidden parent stays if the payload sends null back', async () => {
  const secret = await make.project()
  const parent = await created(admin, secret)
  const child = await created(admin, project, { _links: { parent: link('work_packages', parent.id) } })
  const reply = await it.member.client.patch(`/work_packages/${child.id}`, {
    lockVersion: child.lockVersion,
    _links: { parent: { href: null } },
  })
  assert.equal(reply.status, 200, reply.text)
  assert.equal((await admin.get(`/work_packages/${child.id}`)).body._links.parent.title, parent.subject)
})

describe('an anonymous user', () => {
  let open: number
  let shown: any
  before(async () => {
    open = await make.project({ public: true })
    shown = await created(admin, open, { subject: 'For everybody' })
    await it.setting('login_required', false)
  })

  test('sees only public projects', async () => {
    assert.deepEqual(ids(await it.anonymous.get(`/work_packages?${filters()}`)), [shown.id])
    assert.equal((await it.anonymous.get(`/work_packages/${seen.id}`)).status, 404)
  })

  test('gets no action links', async () => {
    assert.deepEqual(await offered(it.anonymous, shown.id), [])
  })

  test('may not write', async () => {
    assert.equal((await it.anonymous.patch(`/work_packages/${shown.id}`, { lockVersion: 0 })).status, 403)
    const made = await it.anonymous.post('/work_packages', { subject: 'Mine', _links: { project: link('projects', open) } })
    assert.equal(made.status, 403)
  })

  test('gets 401 while login is required', async () => {
    await it.setting('login_required', true)
    assert.equal((await it.anonymous.get(`/work_packages/${shown.id}`)).status, 401)
    await it.setting('login_required', false)
  })

  test('a stranger sees public projects as well, and may watch there', async () => {
    assert.deepEqual(ids(await it.stranger.client.get('/work_packages')), [shown.id])
    assert.deepEqual(await offered(it.stranger.client, shown.id), ['watch'])
  })
})
