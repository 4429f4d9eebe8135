/** Versions shared with other projects: availability, visibility and permissions. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, type Instance, ids, instance } from '#test/instance.ts'

let halyard: Instance
const projects: Record<string, number> = {}
const versions: Record<string, number> = {}
const id = (name: string) => projects[name] as number
const version = (name: string) => versions[name] as number

// root ─┬─ upper ── middle ── lower      apart
//       └─ aside
before(async () => {
  halyard = await instance()
  const { make } = halyard
  projects.root = await make.project({ name: 'root' })
  projects.upper = await make.project({ name: 'upper', parent_id: projects.root })
  projects.middle = await make.project({ name: 'middle', parent_id: projects.upper })
  projects.lower = await make.project({ name: 'lower', parent_id: projects.middle })
  projects.aside = await make.project({ name: 'aside', parent_id: projects.root })
  projects.apart = await make.project({ name: 'apart' })
  for (const sharing of ['none', 'descendants', 'hierarchy', 'tree', 'system']) {
    versions[sharing] = await make.row(
      'versions',
      {
        project_id: id('middle'),
        name: sharing,
        sharing,
        created_at: new Date().toISOString(),
        updated_at: new Date().toISOString(),
      },
      'versions',
      'projects',
    )
  }
})
after(() => halyard.close())

const names = (body: any): string[] => body._embedded.elements.map((one: any) => one.name).sort()
/** A member of these projects who sees their work packages. */
async function memberOf(permissions: string[], ...list: string[]): Promise<Client> {
  const userId = await halyard.make.user()
  for (const name of list) await halyard.make.member(userId, id(name), permissions)
  return halyard.as(userId)
}
const viewing = (...list: string[]) => memberOf(['view_work_packages'], ...list)
const patch = (client: Client, name: string, sharing: string) => client.patch(`/versions/${version(name)}`, { sharing })

test('a project can use its own versions and those shared with it', async () => {
  const usable = async (project: string) => names((await halyard.admin.get(`/projects/${id(project)}/versions`)).body)
  assert.deepEqual(await usable('middle'), ['descendants', 'hierarchy', 'none', 'system', 'tree'])
  assert.deepEqual(await usable('lower'), ['descendants', 'hierarchy', 'system', 'tree'])
  assert.deepEqual(await usable('upper'), ['hierarchy', 'system', 'tree'])
  assert.deepEqual(await usable('aside'), ['system', 'tree'])
  assert.deepEqual(await usable('apart'), ['system'])
})

test('a version lists the visible projects in which it is available', async () => {
  const reach = async (client: Client, name: string, path = 'workspaces') => {
    const { status, body } = await client.get(`/versions/${version(name)}/${path}`)
    assert.equal(status, 200)
    assert.ok(!('pageSize' in body))
    return names(body)
  }
  assert.deepEqual(await reach(halyard.admin, 'none'), ['middle'])
  assert.deepEqual(await reach(halyard.admin, 'descendants', 'projects'), ['lower', 'middle'])
  assert.deepEqual(await reach(halyard.admin, 'hierarchy'), ['lower', 'middle', 'root', 'upper'])
  assert.deepEqual(await reach(halyard.admin, 'tree'), ['aside', 'lower', 'middle', 'root', 'upper'])
  assert.equal((await reach(halyard.admin, 'system')).length, 6)
  assert.deepEqual(await reach(await viewing('middle', 'aside'), 'tree'), ['aside', 'middle'])
})

test('members of the other project see it in their list, without the project’s name', async () => {
  const client = await viewing('lower')
  const { body } = await client.get(`/workspaces/${id('lower')}/versions`)
  assert.deepEqual(names(body), ['descendants', 'hierarchy', 'system', 'tree'])
  for (const one of body._embedded.elements) {
    assert.equal(one._links.definingProject.href, 'urn:openproject-org:api:v3:undisclosed')
  }
  const aside = await viewing('aside')
  assert.deepEqual(names((await aside.get(`/workspaces/${id('aside')}/versions`)).body), ['system', 'tree'])
})

test('a shared version has no visible address; a work package in it makes it visible', async () => {
  const client = await viewing('lower')
  assert.equal((await client.get(`/versions/${version('tree')}`)).status, 404)
  assert.deepEqual(names((await client.get('/versions')).body), ['system'])
  await halyard.make.workPackage({ project_id: id('lower'), version_id: version('tree') })
  assert.equal((await client.get(`/versions/${version('tree')}`)).status, 200)
  assert.deepEqual(names((await client.get('/versions')).body), ['system', 'tree'])
})

test('a version shared with all projects is visible to all signed-in users', async () => {
  const stranger = await halyard.as(await halyard.make.user())
  assert.equal((await stranger.get(`/versions/${version('system')}`)).status, 200)
  await halyard.setting('login_required', false)
  assert.equal((await halyard.anonymous.get(`/versions/${version('system')}`)).status, 404)
  await halyard.setting('login_required', true)
})

test('the allowed values of sharing depend on the projects in which the user manages versions', async () => {
  const allowed = async (client: Client) => {
    const { body } = await client.post(`/versions/${version('none')}/form`, {})
    return body._embedded.schema.sharing._embedded.allowedValues
  }
  const local = await memberOf(['manage_versions'], 'middle')
  assert.deepEqual(await allowed(local), ['none', 'descendants'])
  assert.deepEqual(await allowed(await memberOf(['manage_versions'], 'middle', 'root')), [
    'none',
    'descendants',
    'hierarchy',
    'tree',
  ])
  assert.deepEqual(await allowed(halyard.admin), ['none', 'descendants', 'hierarchy', 'tree', 'system'])

  const { status, body } = await patch(local, 'none', 'system')
  assert.equal(status, 422)
  assert.equal(body._embedded.details.attribute, 'sharing')
  assert.equal((await patch(local, 'system', 'system')).status, 200)
})

test('versions of an archived project are available nowhere', async () => {
  const { make, admin } = halyard
  const gone = await make.project({ active: false })
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  await make.row('versions', { project_id: gone, name: 'lost', sharing: 'system', ...stamps }, 'versions', 'projects')
  assert.deepEqual(names((await admin.get(`/projects/${id('apart')}/versions`)).body), ['system'])
})

test('narrowing the sharing removes the version from work packages of other projects', async () => {
  const { make, admin, db } = halyard
  const planned = async (project: string) => make.workPackage({ project_id: id(project), version_id: version('hierarchy') })
  const [above, below] = [await planned('upper'), await planned('lower')]
  assert.equal((await patch(admin, 'hierarchy', 'descendants')).status, 200)
  const versionOf = async (one: number) => (await db.one(sql`select version_id from work_packages where id = ${one}`))?.version_id
  assert.equal(await versionOf(above), null)
  assert.equal(await versionOf(below), version('hierarchy'))
  assert.deepEqual(
    ids(await (await viewing('upper')).get(`/projects/${id('upper')}/versions`)).includes(version('hierarchy')),
    false,
  )
})
