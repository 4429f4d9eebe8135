/** Actions and capabilities: their lists, filters and visibility. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { type Client, filters, type Instance, instance, type Reply } from '#test/instance.ts'

let i: Instance
let project: number
let vera: number
let asVera: Client
before(async () => {
  i = await instance()
  project = await i.make.project({ name: 'Known project' })
  vera = await i.make.user({ name: 'Vera Voss' })
  await i.make.member(vera, project, ['view_work_packages', 'view_members'])
  asVera = await i.as(vera)
})
after(() => i.close())

const names = (reply: Reply): string[] => reply.body._embedded.elements.map((one: any) => one.id)
const list = (client: Client, ...uses: Parameters<typeof filters>) =>
  client.get(`/capabilities?pageSize=1000&${filters(...uses)}`)

test('the list of actions has pages and is ordered by id; each action has an address', async () => {
  const first = await asVera.get('/actions?pageSize=3')
  assert.deepEqual([first.body.total, first.body.count, first.body.pageSize], [84, 3, 3])
  assert.deepEqual(names(first), names(first).toSorted())
  assert.match(first.body._links.nextByOffset.href, /offset=2/)
  for (const path of ['work_packages/create', 'work_packages%2Fcreate']) {
    assert.deepEqual((await asVera.get(`/actions/${path}`)).body, {
      _type: 'Action',
      id: 'work_packages/create',
      _links: { self: { href: '/api/v3/actions/work_packages/create' } },
    })
  }
  assert.equal((await asVera.get('/actions/work_packages/explode')).status, 404)
  assert.equal((await asVera.get('/actions/work_packages')).status, 404)
})

test('actions are filtered by id, and select reduces them', async () => {
  const { body } = await asVera.get(`/actions?${filters(['id', '=', ['users/read']])}&select=total,elements/id`)
  assert.deepEqual(body, { total: 1, _embedded: { elements: [{ id: 'users/read' }] } })
  assert.equal((await asVera.get(`/actions?${filters(['id', '!', ['users/read']])}`)).body.total, 83)
  assert.equal((await asVera.get('/actions?select=elements/secret')).status, 400)
})

test('the actions of a member’s roles are capabilities in the project, including those of public permissions', async () => {
  const found = await list(asVera, ['principal', '=', ['me']], ['context', '=', [`w${project}`]])
  assert.ok(names(found).includes(`work_packages/read/w${project}-${vera}`))
  assert.ok(names(found).includes(`activities/read/w${project}-${vera}`))
  assert.ok(!names(found).includes(`work_packages/create/w${project}-${vera}`))
  const one = await asVera.get(`/capabilities/work_packages/read/w${project}-${vera}`)
  assert.equal(one.status, 200)
  assert.deepEqual(one.body, {
    _type: 'Capability',
    id: `work_packages/read/w${project}-${vera}`,
    _links: {
      self: { href: `/api/v3/capabilities/work_packages/read/w${project}-${vera}` },
      action: { href: '/api/v3/actions/work_packages/read' },
      context: { href: `/api/v3/projects/${project}`, title: 'Known project' },
      principal: { href: `/api/v3/users/${vera}`, title: 'Vera Voss' },
    },
  })
  assert.deepEqual((await asVera.get(`/capabilities/work_packages/read/p${project}-${vera}`)).body, one.body)
})

test('unused and unknown capabilities, malformed ids and unknown ids are not found', async () => {
  for (const id of [
    `work_packages/create/w${project}-${vera}`,
    `work_packages/explode/w${project}-${vera}`,
    `work_packages/read/w999999-${vera}`,
    `work_packages/read/w${project}-999999`,
    'work_packages/read',
    'work_packages/read/w1-1-1',
  ]) {
    assert.equal((await asVera.get(`/capabilities/${id}`)).status, 404, id)
  }
})

test('without filters the list has the viewer’s own capabilities; a list of all users’ capabilities is rejected', async () => {
  const own = await asVera.get('/capabilities?pageSize=1000')
  assert.equal(own.status, 200)
  assert.ok(own.body.total > 0 && names(own).every((id) => id.endsWith(`-${vera}`)))
  for (const use of [
    ['action', '=', ['work_packages/read']],
    ['principal', '!', [String(vera)]],
    ['principal', '=', Array.from({ length: 21 }, (_, n) => String(n + 1))],
  ] as const) {
    const { status, body } = await list(asVera, [use[0], use[1], [...use[2]]])
    assert.equal(status, 400)
    assert.match(body.errorIdentifier, /InvalidQuery$/)
  }
})

test('global permissions give capabilities in the global context', async () => {
  const manager = await i.make.user()
  await i.make.member(manager, null, ['manage_user'])
  const found = await list(await i.as(manager), ['principal', '=', [manager]], ['context', '=', ['g']])
  assert.ok(names(found).includes(`users/update/g-${manager}`))
  assert.ok(names(found).every((id) => id.endsWith(`/g-${manager}`)))
  assert.equal(found.body._embedded.elements[0]._links.context.href, '/api/v3/capabilities/context/global')
  assert.deepEqual((await i.admin.get('/capabilities/context/global')).body, {
    _type: 'CapabilityContext::Global',
    id: 'global',
    _links: { self: { href: '/api/v3/capabilities/context/global', title: 'Global' } },
  })
})

test('hidden principals and projects are not listed, counted or found', async () => {
  const foreign = await i.make.project({ name: 'Canary project' })
  const stranger = await i.make.user({ name: 'Canary person' })
  await i.make.member(stranger, foreign, ['view_work_packages'])
  const mate = await i.make.user()
  await i.make.member(mate, project, [])
  await i.make.member(mate, foreign, ['view_work_packages'])
  const all = await list(asVera, ['principal', '=', [vera, mate]])
  assert.equal(all.body.total, all.body.count)
  assert.ok(names(all).some((id) => id.endsWith(`/w${project}-${mate}`)))
  assert.ok(!names(all).some((id) => id.includes(`/w${foreign}-`)))
  for (const use of [
    ['principal', '=', [stranger]],
    ['context', '=', [`w${foreign}`]],
    ['context', '=', ['w999999']],
  ] as const) {
    const reply = await list(asVera, [use[0], use[1], [...use[2]]])
    assert.deepEqual([reply.status, reply.body.total], [200, 0])
  }
  assert.equal((await asVera.get(`/capabilities/work_packages/read/w${foreign}-${mate}`)).status, 404)
})

test('administrators have the capabilities of all enabled modules; archived projects give none', async () => {
  const me = (await i.admin.get('/users/me')).body.id
  const bare = await i.make.project()
  await i.db.transaction(async (tx) => {
    await tx.run(sql`delete from enabled_modules where project_id = ${bare} and name = 'work_package_tracking'`)
    await invalidate(tx, 'projects')
  })
  const archived = await i.make.project({ active: false })
  const has = async (id: string) => (await i.admin.get(`/capabilities/${id}`)).status === 200
  assert.ok(await has(`work_packages/create/w${project}-${me}`))
  assert.ok(await has(`memberships/create/w${bare}-${me}`))
  assert.ok(!(await has(`work_packages/create/w${bare}-${me}`)))
  assert.ok(!(await has(`memberships/create/w${archived}-${me}`)))
  assert.ok(!(await has(`work_packages/assigned/w${project}-${me}`)))
})

test('locked users have no capabilities', async () => {
  const locked = await i.make.user({ status: 3 })
  await i.make.member(locked, project, ['view_work_packages'])
  assert.equal((await list(i.admin, ['principal', '=', [locked]])).body.total, 0)
})

test('a share of one work package gives no capabilities in the project', async () => {
  const guest = await i.make.user()
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const share = await i.make.row(
    'memberships',
    { principal_id: guest, project_id: project, entity_type: 'WorkPackage', entity_id: 1, ...stamps },
    'memberships',
  )
  await i.make.row(
    'membership_roles',
    { membership_id: share, role_id: await i.id('roles', 'Work package editor') },
    'memberships',
  )
  assert.equal((await list(i.admin, ['principal', '=', [guest]], ['context', '!', ['g']])).body.total, 0)
})

test('capabilities are sorted by id and filtered by action; invalid filters are rejected', async () => {
  const wanted = filters(['context', '=', [`w${project}`]], ['action', '=', ['memberships/read', 'work_packages/read']])
  const by = (direction: string) =>
    i.admin.get(`/capabilities?pageSize=1000&${wanted}&sortBy=${encodeURIComponent(JSON.stringify([['id', direction]]))}`)
  const [up, down] = [names(await by('asc')), names(await by('desc'))]
  assert.ok(up.length > 1)
  assert.deepEqual(down, up.toReversed())
  assert.deepEqual([...new Set(up.map((id) => id.replace(/\/[^/]*$/, '')))], ['memberships/read', 'work_packages/read'])
  for (const wrong of [
    ['context', 'x5'],
    ['principal', 'everybody'],
  ] as const) {
    assert.equal((await list(i.admin, [wrong[0], '=', [wrong[1]]])).status, 400)
  }
  assert.equal((await list(i.admin, ['colour', '=', ['red']])).status, 400)
})
