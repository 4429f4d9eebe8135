/** What a work package embeds is as it is now, also where its own row stays the same: texts of it are kept. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Instance, instance } from '#test/instance.ts'

let server: Instance
let id: number
let parent: number
before(async () => {
  server = await instance()
  const project = await server.make.project()
  parent = await server.make.workPackage({ project_id: project, subject: 'Parent' })
  id = await server.make.workPackage({ project_id: project, subject: 'Child', parent_id: parent })
})
after(() => server.close())

const embedded = async () => (await server.admin.get(`/work_packages/${id}`)).body._embedded

test('the embedded parent follows changes of the parent', async () => {
  assert.equal((await embedded()).parent.subject, 'Parent')
  await server.admin.patch(`/work_packages/${parent}`, { lockVersion: 0, subject: 'Renamed' })
  assert.equal((await embedded()).parent.subject, 'Renamed')
})

test('embedded relations follow changes of a relation', async () => {
  const other = await server.make.workPackage({ project_id: 1, subject: 'Other' })
  const { body: relation } = await server.admin.post(`/work_packages/${id}/relations`, {
    type: 'relates',
    description: 'First',
    _links: { to: { href: `/api/v3/work_packages/${other}` } },
  })
  const told = async () => (await embedded()).relations._embedded.elements.map((one: { description: string }) => one.description)
  assert.deepEqual(await told(), ['First'])
  await server.admin.patch(`/relations/${relation.id}`, { description: 'Second' })
  assert.deepEqual(await told(), ['Second'])
})

test('the embedded author follows changes of the user', async () => {
  const { author } = await embedded()
  await server.admin.patch(`/users/${author.id}`, { lastName: 'Changed' })
  assert.equal((await embedded()).author.lastName, 'Changed')
})
