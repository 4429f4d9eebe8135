/** Transitions between statuses, by role, author and assignee. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { changed, created, errors, kind, link, type Person, scene } from './scene.ts'

const it = await scene()
const { admin, project } = it
const status = async (name: string) => ({ _links: { status: link('statuses', await it.statuses(name)) } })
const epic = async (more: object = {}, client = admin) =>
  created(client, project, { _links: { type: link('types', await it.types('Epic')), ...more } })

const refused = [
  "status: Status is invalid because no valid transition exists from old to new status for the current user's roles.",
]

/** The names of the statuses in the edit form. */
async function offered({ client }: Person, one: { id: number }): Promise<string[]> {
  const { lockVersion } = (await client.get(`/work_packages/${one.id}`)).body
  const reply = await client.post(`/work_packages/${one.id}/form`, { lockVersion })
  return reply.body._embedded.schema.status._links.allowedValues.map((value: any) => value.title)
}

test('a member makes a defined transition', async () => {
  const one = await epic()
  const reply = await changed(it.member.client, one.id, await status('Specified'))
  assert.equal(reply.status, 200)
  assert.equal(reply.body._links.status.title, 'Specified')
})

test('and no other', async () => {
  const one = await epic()
  const reply = await changed(it.member.client, one.id, await status('Confirmed'))
  assert.equal(reply.status, 422)
  assert.deepEqual(errors(reply.body), refused)
})

test('an administrator has all roles in every project, and makes any transition of one of them', async () => {
  const elsewhere = await it.make.project()
  const one = await created(admin, elsewhere, { _links: { type: link('types', await it.types('Epic')) } })
  const mine = await it.withRole('view_work_packages')
  await it.transition({ type: 'Epic', role: mine.role, from: 'New', to: 'Rejected' })
  const names = await offered({ client: admin } as Person, one)
  assert.ok(names.includes('Specified') && names.includes('Rejected'), names.join())
  assert.equal((await changed(admin, one.id, await status('Specified'))).status, 200)
  // Undefined transitions are not allowed for administrators either, nor are those of built-in roles.
  assert.deepEqual(errors((await changed(admin, one.id, await status('Confirmed'))).body), refused)
  const visitor = await it.id('roles', 'Non member')
  await it.transition({ type: 'Epic', role: visitor, from: 'Specified', to: 'Confirmed' })
  assert.deepEqual(errors((await changed(admin, one.id, await status('Confirmed'))).body), refused)
})

test('an administrator whose token is limited to projects has the roles of a member there', async () => {
  const { id } = (await admin.get('/users/me')).body
  const limited = await it.as(id, { projects: [project] })
  await it.make.member(id, project, ['view_work_packages', 'edit_work_packages'])
  const one = await epic()
  assert.deepEqual(errors((await changed(limited, one.id, await status('Specified'))).body), refused)
  assert.equal((await changed(admin, one.id, await status('Specified'))).status, 200)
})

test('roles without a workflow make no transition, with any permissions', async () => {
  const { client } = await it.person('view_work_packages', 'edit_work_packages')
  assert.deepEqual(errors((await changed(client, (await epic()).id, await status('Specified'))).body), refused)
})

test('the workflow does not apply when the type changes as well', async () => {
  const one = await epic()
  const links = { type: link('types', await it.types('Bug')), status: link('statuses', await it.statuses('Confirmed')) }
  const reply = await changed(it.member.client, one.id, { _links: links })
  assert.equal(reply.status, 200, reply.text)
  assert.equal(reply.body._links.status.title, 'Confirmed')
})

test('roles of shares apply as well', async () => {
  const one = await epic()
  const editor = await it.sharer(one.id, 'Work package editor')
  assert.equal((await changed(editor.client, one.id, await status('Specified'))).status, 200)
})

test('the workflow is that of the type', async () => {
  assert.ok((await offered(it.member, await epic())).includes('In specification'))
  const task = await created(admin, project)
  assert.deepEqual(await offered(it.member, task), ['New', 'In progress', 'Closed', 'On hold', 'Rejected'])
})

describe('a transition for authors, one for assignees, and a common one', () => {
  let person: Person & { role: number }
  before(async () => {
    person = await it.withRole('view_work_packages', 'add_work_packages', 'edit_work_packages', 'work_package_assigned')
    const { role } = person
    await it.transition({ type: 'Epic', role, from: 'New', to: 'Specified' })
    await it.transition({ type: 'Epic', role, from: 'New', to: 'In progress', author: true })
    await it.transition({ type: 'Epic', role, from: 'New', to: 'On hold', assignee: true })
  })

  test('users who are neither author nor assignee make the common transition', async () => {
    assert.deepEqual(await offered(person, await epic()), ['New', 'Specified'])
  })

  test('the author makes the transition of authors, and the common one', async () => {
    assert.deepEqual(await offered(person, await epic({}, person.client)), ['New', 'Specified', 'In progress'])
  })

  test('the assignee makes the transition of assignees, and the common one', async () => {
    const mine = await epic({ assignee: link('users', person.id) })
    assert.deepEqual(await offered(person, mine), ['New', 'Specified', 'On hold'])
  })

  test('a user who is both may make any transition', async () => {
    const mine = await epic({ assignee: link('users', person.id) }, person.client)
    assert.deepEqual(await offered(person, mine), ['New', 'Specified', 'In progress', 'On hold'])
  })

  test('the former assignee still counts as assignee', async () => {
    const mine = await epic({ assignee: link('users', person.id) })
    const reply = await changed(person.client, mine.id, {
      _links: { assignee: { href: null }, status: link('statuses', await it.statuses('On hold')) },
    })
    assert.equal(reply.status, 200, reply.text)
  })

  test('the new assignee counts as assignee as well', async () => {
    const reply = await changed(person.client, (await epic()).id, {
      _links: { assignee: link('users', person.id), status: link('statuses', await it.statuses('On hold')) },
    })
    assert.equal(reply.status, 200, reply.text)
  })
})

describe('a closed work package with a closed version', () => {
  let one: any
  before(async () => {
    const version = await it.version({ project_id: project, name: '1.0' })
    one = await epic({ version: link('versions', version), status: link('statuses', await it.statuses('Closed')) })
    await admin.patch(`/versions/${version}`, { status: 'closed' })
  })

  test('it cannot be reopened', async () => {
    const reply = await changed(it.member.client, one.id, await status('In progress'))
    assert.equal(reply.status, 422)
    assert.equal(kind(reply.body), 'MultipleErrors')
    assert.deepEqual(errors(reply.body), ['base: A work package assigned to a closed version cannot be reopened.', ...refused])
  })

  test('its form offers only the current status', async () => {
    assert.deepEqual(await offered(it.member, one), ['Closed'])
    const reply = await it.member.client.post(`/work_packages/${one.id}/form`, { lockVersion: one.lockVersion })
    assert.equal(reply.body._embedded.schema.status.writable, false)
  })

  test('everything else can be changed', async () => {
    assert.equal((await changed(it.member.client, one.id, { subject: 'Still closed' })).status, 200)
  })

  test('it can be reopened with another version', async () => {
    const next = await it.version({ project_id: project, name: '1.1' })
    const links = { version: link('versions', next), status: link('statuses', await it.statuses('In progress')) }
    assert.equal((await changed(it.member.client, one.id, { _links: links })).status, 200)
  })
})

describe('a new type', () => {
  test('keeps a status of its workflow', async () => {
    const one = await epic({ status: link('statuses', await it.statuses('In progress')) })
    const { body } = await changed(it.member.client, one.id, { _links: { type: link('types', await it.types('Bug')) } })
    assert.equal(body._links.status.title, 'In progress')
  })

  test('replaces another status by the default status', async () => {
    const one = await epic({ status: link('statuses', await it.statuses('Specified')) })
    const { body } = await changed(it.member.client, one.id, { _links: { type: link('types', await it.types('Bug')) } })
    assert.equal(body._links.status.title, 'New')
  })

  test('keeps the description, template or not', async () => {
    const one = await created(admin, project)
    const { body } = await changed(it.member.client, one.id, { _links: { type: link('types', await it.types('Bug')) } })
    assert.equal(body.description.raw, one.description.raw)
  })

  test('has to be enabled in the project', async () => {
    const narrow = (await admin.post('/projects', { name: 'Narrow' })).body.id
    const one = await created(admin, narrow)
    const reply = await changed(admin, one.id, { _links: { type: link('types', await it.types('Epic')) } })
    assert.deepEqual(errors(reply.body), ['type: Type is not set to one of the allowed values.'])
  })
})
