/** Changing projects: properties, identifiers, parents and archiving. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { sql } from '#db/sql.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'

let halyard: Instance
let editor: Client
let archivist: Client
let member: Client
let editorId: number
let archivistId: number
let memberId: number

before(async () => {
  halyard = await instance()
  const { make } = halyard
  editorId = await make.user()
  archivistId = await make.user()
  memberId = await make.user()
  editor = await halyard.as(editorId)
  archivist = await halyard.as(archivistId)
  member = await halyard.as(memberId)
})
after(() => halyard.close())

/** A project with an editor, an archivist and a reader. */
async function project(values: Record<string, unknown> = {}): Promise<number> {
  const { make } = halyard
  const id = await make.project(values)
  await make.member(editorId, id, ['edit_project'])
  await make.member(archivistId, id, ['archive_project'])
  await make.member(memberId, id, ['view_work_packages'])
  return id
}
const parent = (id: number | null) => ({ _links: { parent: { href: id === null ? null : `/api/v3/projects/${id}` } } })

test('an editor changes texts, status and visibility; other properties stay', async () => {
  const id = await project({ name: 'Before', description: 'Stays' })
  const { status, body } = await editor.patch(`/projects/${id}`, {
    name: 'After',
    public: true,
    statusExplanation: { raw: 'Late' },
    _links: { status: { href: '/api/v3/project_statuses/off_track' } },
  })
  assert.equal(status, 200)
  assert.deepEqual([body.name, body.public, body.description.raw, body.statusExplanation.raw], ['After', true, 'Stays', 'Late'])
  assert.equal(body._links.status.title, 'Off track')
  const reset = await editor.patch(`/projects/${id}`, { _links: { status: { href: null } } })
  assert.deepEqual(reset.body._links.status, { href: null })
})

test('without the permission it is 403, for hidden projects 404', async () => {
  const id = await project()
  assert.equal((await member.patch(`/projects/${id}`, { name: 'No' })).status, 403)
  assert.equal((await archivist.patch(`/projects/${id}`, { name: 'No' })).status, 403)
  assert.equal((await member.post(`/projects/${id}/form`, {})).status, 403)
  const other = await halyard.make.project()
  assert.equal((await editor.patch(`/projects/${other}`, { name: 'No' })).status, 404)
})

test('computed properties cannot be written', async () => {
  const id = await project()
  const { status, body } = await editor.patch(`/projects/${id}`, { favorited: true, createdAt: '2020-01-01T00:00:00Z' })
  assert.equal(status, 422)
  assert.deepEqual(
    body._embedded.errors.map((error: any) => error._embedded.details.attribute),
    ['favorited', 'createdAt'],
  )
  for (const error of body._embedded.errors) assert.match(error.errorIdentifier, /PropertyIsReadOnly$/)
})

test('sending a representation back is accepted', async () => {
  const id = await project()
  const { body } = await editor.get(`/projects/${id}`)
  assert.equal((await editor.patch(`/projects/${id}`, body)).status, 200)
})

test('a former identifier still leads to the project and cannot be used by another', async () => {
  const id = await project({ identifier: 'first' })
  const other = await project({ identifier: 'other' })
  assert.equal((await editor.patch(`/projects/${id}`, { identifier: 'second' })).body.identifier, 'second')
  assert.equal((await editor.get('/projects/first')).body.id, id)
  assert.equal((await editor.get('/projects/second')).body.id, id)

  const taken = await editor.patch(`/projects/${other}`, { identifier: 'first' })
  assert.equal(taken.body.message, 'Identifier has already been taken.')
  assert.equal((await halyard.admin.post('/projects', { name: 'First' })).body.identifier, 'first-1')

  assert.equal((await editor.patch(`/projects/${id}`, { identifier: 'first' })).body.identifier, 'first')
  assert.equal((await editor.get('/projects/second')).body.id, id)
})

test('a stored identifier cannot be empty', async () => {
  const id = await project()
  const { body } = await editor.patch(`/projects/${id}`, { identifier: '' })
  assert.equal(body.message, "Identifier can't be blank.")
})

test('a project moves below another one in which its editor may add subprojects', async () => {
  const [above, id, foreign] = [await project({ name: 'Above' }), await project(), await halyard.make.project()]
  assert.equal((await editor.patch(`/projects/${id}`, parent(above))).status, 422)
  await halyard.make.member((await halyard.make.user()) as number, foreign, ['add_subprojects'])
  const { status, body } = await halyard.admin.patch(`/projects/${id}`, parent(above))
  assert.equal(status, 200)
  assert.deepEqual(
    body._links.ancestors.map((link: any) => link.title),
    ['Above'],
  )
  assert.deepEqual((await editor.patch(`/projects/${id}`, parent(null))).body._links.parent, { href: null })
})

test('a project cannot move below itself or its descendants', async () => {
  const top = await project()
  const middle = await project({ parent_id: top })
  const bottom = await project({ parent_id: middle })
  for (const target of [top, middle, bottom]) {
    const { status, body } = await halyard.admin.patch(`/projects/${top}`, parent(target))
    assert.equal(status, 422)
    assert.equal(body._embedded.details.attribute, 'parent')
  }
})

test('versions are removed where they are not shared any more', async () => {
  const { make, admin, db } = halyard
  const top = await project()
  const below = await project({ parent_id: top })
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const version = await make.row('versions', { project_id: top, name: '1.0', sharing: 'descendants', ...stamps }, 'versions')
  const planned = await make.workPackage({ project_id: below, version_id: version })
  assert.equal((await admin.patch(`/projects/${below}`, parent(null))).status, 200)
  const row = await db.one(sql`select version_id, lock_version from work_packages where id = ${planned}`)
  assert.deepEqual([row?.version_id, row?.lock_version], [null, 1])
})

test('archiving has its own permission and includes all subprojects', async () => {
  const id = await project()
  const below = await project({ parent_id: id })
  assert.equal((await editor.patch(`/projects/${id}`, { active: false })).status, 403)
  const { status, body } = await archivist.patch(`/projects/${id}`, { active: false })
  assert.equal(status, 200)
  assert.equal(body.active, false)
  assert.equal((await archivist.get(`/projects/${id}`)).status, 404)
  assert.equal((await halyard.admin.get(`/projects/${below}`)).body.active, false)
})

test('archiving requires the permission for every active subproject', async () => {
  const id = await project()
  await halyard.make.project({ parent_id: id, active: false })
  await halyard.make.project({ parent_id: id })
  const { status, body } = await archivist.patch(`/projects/${id}`, { active: false })
  assert.equal(status, 422)
  assert.equal(body._embedded.details.attribute, 'base')
  assert.equal(body.message, 'The project has subprojects that you may not archive.')
})

test('a project whose versions other projects use cannot be archived', async () => {
  const { make } = halyard
  const stamps = { created_at: new Date().toISOString(), updated_at: new Date().toISOString() }
  const id = await project()
  const version = await make.row('versions', { project_id: id, name: '1.0', sharing: 'system', ...stamps }, 'versions')
  const own = await make.workPackage({ project_id: id, version_id: version })
  assert.equal((await archivist.post(`/projects/${id}/form`, { active: false })).body._embedded.validationErrors.base, undefined)
  await make.workPackage({ project_id: await make.project(), version_id: version })
  const { status, body } = await archivist.patch(`/projects/${id}`, { active: false })
  assert.equal(status, 422)
  assert.match(body.message, /^Work packages of other projects/)
  assert.ok(own)
})

test('administrators unarchive projects, parents first', async () => {
  const { admin, make } = halyard
  const top = await make.project({ active: false })
  const below = await make.project({ active: false, parent_id: top })
  assert.match((await admin.patch(`/projects/${below}`, { active: true })).body.message, /above it is archived/)
  assert.equal((await admin.patch(`/projects/${top}`, { active: true })).body.active, true)
  assert.equal((await admin.get(`/projects/${below}`)).body.active, false)
  assert.equal((await admin.patch(`/projects/${below}`, { active: true, name: 'Back' })).body.name, 'Back')
})
