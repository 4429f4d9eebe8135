/** The root and the configuration. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { invalidate } from '#kernel/cache.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'

let halyard: Instance
let vera: Client
let veraId: number
let projectId: number

before(async () => {
  halyard = await instance()
  projectId = await halyard.make.project({ identifier: 'ship' })
  veraId = await halyard.make.user({ name: 'Vera' })
  await halyard.make.member(veraId, projectId, ['view_members'])
  vera = await halyard.as(veraId)
})
after(() => halyard.close())

test('the root links to the resources and to the current user', async () => {
  const { status, body } = await vera.get('')
  assert.equal(status, 200)
  assert.deepEqual([body._type, body.instanceName], ['Root', 'Halyard'])
  assert.ok(!('coreVersion' in body))
  assert.deepEqual(Object.keys(body._links), [
    'self',
    'configuration',
    'memberships',
    'priorities',
    'relations',
    'statuses',
    'time_entries',
    'types',
    'user',
    'userPreferences',
    'workPackages',
  ])
  assert.deepEqual(body._links.user, { href: `/api/v3/users/${veraId}`, title: 'Vera' })
  assert.deepEqual(body._links.userPreferences, { href: `/api/v3/users/${veraId}/preferences` })
})

test('only administrators see the version, only users who see members the link to memberships', async () => {
  assert.match((await halyard.admin.get('')).body.coreVersion, /^\d+\.\d+\.\d+$/)
  const stranger = await halyard.as(await halyard.make.user())
  assert.ok(!('memberships' in (await stranger.get('/')).body._links))
})

test('anonymous users get no root while login is required, and otherwise one without a user', async () => {
  const refused = await halyard.anonymous.get('')
  assert.equal(refused.status, 401)
  assert.match(refused.headers.get('link') ?? '', /openapi\.json/)
  await halyard.setting('login_required', false)
  const { status, body } = await halyard.anonymous.get('')
  assert.equal(status, 200)
  assert.ok(!('user' in body._links))
  await halyard.setting('login_required', true)
})

test('the configuration has the settings, sizes in bytes', async () => {
  await halyard.setting('attachment_max_size', 10)
  const { status, body } = await vera.get('/configuration')
  assert.equal(status, 200)
  const { _links, _embedded, hostName, ...rest } = body
  assert.deepEqual(rest, {
    _type: 'Configuration',
    maximumAttachmentFileSize: 10_240,
    maximumAPIV3PageSize: 1000,
    perPageOptions: [20, 100],
    dateFormat: null,
    timeFormat: null,
    durationFormat: 'hours_only',
    userDefaultTimezone: null,
    startOfWeek: null,
    hoursPerDay: 8,
    daysPerMonth: 20,
    activeFeatureFlags: [],
    availableFeatures: [],
    triallingFeatures: [],
    allowedLinkProtocols: [],
    attachmentWhitelist: [],
  })
  assert.equal(typeof hostName, 'string')
  assert.equal(_links.self.href, '/api/v3/configuration')
  assert.equal(_embedded.userPreferences._type, 'UserPreferences')
})

test('a project has a configuration with further properties', async () => {
  const { status, body } = await vera.get('/projects/ship/configuration')
  assert.equal(status, 200)
  assert.equal(body._type, 'Configuration')
  assert.equal(body.enabledInternalComments, true)
  assert.equal(body._links.self.href, `/api/v3/projects/${projectId}/configuration`)
  const without = await halyard.make.project({ identifier: 'without', public: true })
  await halyard.db.transaction(async (tx) => {
    await tx.run(sql`delete from enabled_modules where project_id = ${without} and name = 'internal_comments'`)
    await invalidate(tx, 'projects')
  })
  assert.equal((await halyard.admin.get('/projects/without/configuration')).body.enabledInternalComments, false)
  const stranger = await halyard.as(await halyard.make.user())
  assert.equal((await stranger.get('/projects/ship/configuration')).status, 404)
})
