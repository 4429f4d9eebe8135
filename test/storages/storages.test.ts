/** Storages: administrators set them up, secrets are told once or never, and users see those that their projects use. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'

let it: Instance
let member: Client
let memberId: number
before(async () => {
  it = await instance()
  memberId = await it.make.user()
  member = await it.as(memberId)
})
after(() => it.close())

const URN = 'urn:openproject-org:api:v3:storages'
let count = 0
const nextcloud = (more: object = {}, links: object = {}) => ({
  name: `Chart room ${++count}`,
  ...more,
  _links: { type: { href: `${URN}:Nextcloud` }, origin: { href: `https://files${count}.example.org/` }, ...links },
})
const oneDrive = (more: object = {}) => ({ name: `Drive ${++count}`, ...more, _links: { type: { href: `${URN}:OneDrive` } } })
const create = async (payload: object) => (await it.admin.post('/storages', payload)).body

test('a Nextcloud comes with an application for it, whose secret is told once', async () => {
  const { status, body } = await it.admin.post('/storages', nextcloud())
  assert.equal(status, 201)
  assert.deepEqual(Object.keys(body).sort(), [
    ...['_embedded', '_links', '_type', 'configured', 'createdAt', 'hasApplicationPassword', 'id', 'name', 'updatedAt'],
  ])
  const application = body._embedded.oauthApplication
  assert.match(application.clientSecret, /^\S{40,}$/)
  assert.deepEqual([application._type, application.confidential, application.scopes], ['OAuthApplication', true, ['api_v3']])
  assert.deepEqual(application._links.redirectUri, [
    { href: `${body._links.origin.href}/index.php/apps/integration_openproject/oauth-redirect` },
  ])
  assert.deepEqual(application._links.integration, { href: `/api/v3/storages/${body.id}`, title: body.name })
  assert.deepEqual(body._links.oauthApplication, {
    href: `/api/v3/oauth_applications/${application.id}`,
    title: `${body.name} (Nextcloud)`,
  })
  const again = (await it.admin.get(`/storages/${body.id}`)).body
  assert.equal(again._embedded.oauthApplication.clientSecret, undefined)
  assert.equal((await it.admin.get(`/oauth_applications/${application.id}`)).body.clientSecret, undefined)
})

test('its links say what it is, and how the viewer is connected', async () => {
  const { id, _links: links } = await create(nextcloud())
  assert.deepEqual(links.self, { href: `/api/v3/storages/${id}`, title: `Chart room ${count}` })
  assert.deepEqual(links.type, { href: `${URN}:Nextcloud`, title: 'Nextcloud' })
  // Without the slash that was sent.
  assert.deepEqual(links.origin, { href: `https://files${count}.example.org` })
  assert.equal(links.authenticationMethod.href, `${URN}:authenticationMethod:TwoWayOAuth2`)
  assert.deepEqual(links.authorizationState, { href: `${URN}:authorization:NotConnected`, title: 'Not connected' })
  assert.deepEqual([links.open, links.prepareUpload], [{ href: `/api/v3/storages/${id}/open` }, []])
  assert.match(decodeURIComponent(links.projectStorages.href), new RegExp(`"storageId".*"${id}"`))
  // Nobody can connect before there are credentials.
  assert.deepEqual([links.oauthClientCredentials, links.authorize], [{ href: null }, undefined])
})

test('a drive has a tenant and a drive, and no address or application', async () => {
  const { body } = await it.admin.post('/storages', oneDrive({ tenantId: 'e36f1dbc', driveId: null, storageAudience: 'x' }))
  assert.deepEqual([body.tenantId, body.driveId, body.configured], ['e36f1dbc', null, false])
  assert.deepEqual(body._links.type, { href: `${URN}:OneDrive`, title: 'OneDrive' })
  assert.deepEqual(body._links.open, { href: null })
  for (const absent of ['storageAudience', 'hasApplicationPassword', 'forbiddenFileNameCharacters'])
    assert.ok(!(absent in body), absent)
  for (const absent of ['origin', 'authenticationMethod', 'oauthApplication']) assert.ok(!(absent in body._links), absent)
  const site = await it.admin.post('/storages', {
    name: 'Site',
    _links: { type: { href: `${URN}:Sharepoint` }, origin: { href: 'https://example.sharepoint.com/sites/Docs' } },
  })
  assert.deepEqual([site.status, site.body._links.type.title], [201, 'SharePoint'])
})

test('what is wrong is named', async () => {
  const wrong = async (payload: object) => {
    const { status, body } = await it.admin.post('/storages', payload)
    const errors = body._embedded?.errors ?? [body]
    return [status, ...errors.map((one: any) => [one._embedded.details.attribute, one.message])]
  }
  const origin = (href: string) => nextcloud({}, { origin: { href } })
  assert.deepEqual(await wrong(nextcloud({}, { type: { href: `${URN}:Dropbox` } })), [
    422,
    ['type', 'Type is not set to one of the allowed values.'],
  ])
  assert.deepEqual(await wrong({ name: 'x', _links: { origin: { href: 'https://x.example' } } }), [
    422,
    ['type', "Type can't be blank."],
  ])
  assert.deepEqual(await wrong({ _links: { type: { href: `${URN}:Nextcloud` } } }), [422, ['origin', "Origin can't be blank."]])
  assert.deepEqual(await wrong(origin('http://files.example.org')), [422, ['origin', 'Origin must begin with https://.']])
  for (const href of ['files', 'https://me:pw@x.example', 'https://x.example?y', 'javascript:alert(1)', 'https://x y'])
    assert.deepEqual(await wrong(origin(href)), [422, ['origin', 'Origin must be an address such as https://files.example.org.']])
  const { name, _links: links } = await create(nextcloud())
  assert.deepEqual(await wrong(nextcloud({ name })), [422, ['name', 'Name has already been taken.']])
  assert.deepEqual(await wrong(nextcloud({}, { origin: links.origin })), [422, ['origin', 'Origin has already been taken.']])
  assert.deepEqual(await wrong(oneDrive({ driveId: '../me' })), [422, ['driveId', 'Drive ID is invalid.']])
})

test('without a name it is called like its type', async () => {
  const { _links } = oneDrive()
  assert.equal((await it.admin.post('/storages', { _links })).body.name, 'OneDrive')
})

test('an application password is never shown, is stored encrypted, and is removed by null', async () => {
  const secret = 'wide sea 9!'
  const made = await it.admin.post('/storages', nextcloud({ applicationPassword: secret }))
  assert.equal(made.body.hasApplicationPassword, true)
  assert.ok(!made.text.includes(secret))
  const { id } = made.body
  const stored = async () => (await it.db.one(sql`select application_password as p from storages where id = ${id}`))!.p
  assert.match(await stored(), /^sealed:/)
  const other = await it.admin.patch(`/storages/${id}`, { name: `Chart room ${++count}` })
  assert.deepEqual([other.status, other.body.hasApplicationPassword], [200, true])
  assert.equal((await it.admin.patch(`/storages/${id}`, { applicationPassword: 'x' })).body.hasApplicationPassword, true)
  assert.equal((await it.admin.patch(`/storages/${id}`, { applicationPassword: null })).body.hasApplicationPassword, false)
  assert.equal(await stored(), null)
})

test('an update changes what is sent, and the application follows', async () => {
  const { id } = await create(nextcloud())
  const { status, body } = await it.admin.patch(`/storages/${id}`, {
    name: 'Map room',
    forbiddenFileNameCharacters: '\\/:',
    _links: { origin: { href: 'https://maps.example.org' } },
  })
  assert.deepEqual([status, body.name, body.forbiddenFileNameCharacters], [200, 'Map room', '\\/:'])
  const application = body._embedded.oauthApplication
  assert.deepEqual([application.name, application.clientSecret], ['Map room (Nextcloud)', undefined])
  assert.match(application._links.redirectUri[0].href, /^https:\/\/maps\.example\.org\//)
  const changed = await it.admin.patch(`/storages/${id}`, { _links: { type: { href: `${URN}:OneDrive` } } })
  assert.deepEqual([changed.status, changed.body.errorIdentifier.split(':').at(-1)], [422, 'PropertyIsReadOnly'])
})

test('credentials of the storage make it usable; new ones replace them', async () => {
  const { id } = await create(nextcloud())
  const set = (clientId: string) =>
    it.admin.post(`/storages/${id}/oauth_client_credentials`, { clientId, clientSecret: 'northern light 4!' })
  const first = await set('first')
  assert.deepEqual([first.status, first.body._type, first.body.configured], [201, 'Storage', true])
  assert.ok(!first.text.includes('northern light'))
  const { href } = first.body._links.oauthClientCredentials
  const { body } = await it.admin.get(href.replace('/api/v3', ''))
  assert.deepEqual([body._type, body.clientId, body.confidential], ['OAuthClientCredentials', 'first', true])
  assert.deepEqual(body._links.integration, { href: `/api/v3/storages/${id}`, title: `Chart room ${count}` })
  assert.match(
    (await it.db.one(sql`select client_secret as s from oauth_client_credentials where storage_id = ${id}`))!.s,
    /^sealed:/,
  )
  assert.match(first.body._links.authorize.href, /^http:\/\/.*\/oauth_clients\/first\/ensure_connection\?storage_id=\d+$/)
  assert.equal((await set('second')).body._embedded.oauthClientCredentials.clientId, 'second')
  assert.equal((await it.admin.get(href.replace('/api/v3', ''))).status, 404)
  const blank = await it.admin.post(`/storages/${id}/oauth_client_credentials`, { clientId: 'third' })
  assert.deepEqual([blank.status, blank.body.message], [422, "Client secret can't be blank."])
})

test('only administrators write; others see nothing until a project of theirs uses it', async () => {
  const { id } = await create(nextcloud())
  assert.equal((await member.post('/storages', nextcloud())).status, 403)
  assert.deepEqual(ids(await member.get('/storages')), [])
  for (const [send, status] of [
    [member, 404],
    [it.anonymous, 401],
  ] as const) {
    assert.equal((await send.get(`/storages/${id}`)).status, status)
    assert.equal((await send.patch(`/storages/${id}`, { name: 'Mine' })).status, status)
    assert.equal((await send.delete(`/storages/${id}`)).status, status)
  }
  const project = await it.make.project({ public: false })
  await it.make.member(memberId, project, ['view_work_packages', 'view_file_links'])
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const use = { project_id: project, storage_id: id, creator_id: memberId, project_folder_mode: 'inactive', ...stamps }
  await it.make.row('project_storages', use, 'projects')
  const { status, body } = await member.get(`/storages/${id}`)
  assert.equal(status, 200)
  for (const absent of ['oauthApplication', 'oauthClientCredentials', 'delete', 'updateImmediately'])
    assert.ok(!(absent in body._links), absent)
  assert.equal(body._embedded, undefined)
  assert.deepEqual(body._links.prepareUpload, [])
  assert.deepEqual(ids(await member.get('/storages')), [id])
  assert.equal((await member.patch(`/storages/${id}`, { name: 'Mine' })).status, 403)
  assert.equal((await member.delete(`/storages/${id}`)).status, 403)
  const credentials = { clientId: 'x', clientSecret: 'y' }
  assert.equal((await member.post(`/storages/${id}/oauth_client_credentials`, credentials)).status, 403)
  const linker = await it.make.user()
  await it.make.member(linker, project, ['view_work_packages', 'view_file_links', 'manage_file_links'])
  assert.deepEqual((await (await it.as(linker)).get(`/storages/${id}`)).body._links.prepareUpload, [
    {
      href: `/api/v3/storages/${id}/files/prepare_upload`,
      method: 'post',
      title: 'Upload file',
      payload: { projectId: project, fileName: '{fileName}', parent: '{parent}' },
      templated: true,
    },
  ])
})

test('a deletion takes along the application, the credentials and everything that refers to it', async () => {
  const { id, _embedded } = await create(nextcloud())
  const { body } = await it.admin.post(`/storages/${id}/oauth_client_credentials`, { clientId: 'x', clientSecret: 'y' })
  assert.equal((await it.admin.delete(`/storages/${id}`)).status, 204)
  assert.equal((await it.admin.get(`/storages/${id}`)).status, 404)
  assert.equal((await it.admin.get(`/oauth_applications/${_embedded.oauthApplication.id}`)).status, 404)
  assert.equal((await it.admin.get(`/oauth_client_credentials/${body._embedded.oauthClientCredentials.id}`)).status, 404)
})

test('credentials and applications are for administrators alone', async () => {
  assert.equal((await member.get('/oauth_client_credentials/1')).status, 403)
  assert.equal((await member.get('/oauth_applications/1')).status, 403)
})
