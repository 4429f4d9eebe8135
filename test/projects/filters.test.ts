/** Filtering and sorting lists of projects. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { type Client, filters, type Instance, ids, instance } from '#test/instance.ts'

let halyard: Instance
let vera: Client
let veraId: number
let adaId: number
const projects: Record<string, number> = {}

/** The names of the projects that satisfy a filter, in alphabetical order. */
async function found(client: Client, ...list: Parameters<typeof filters>): Promise<string[]> {
  const reply = await client.get(`/projects?pageSize=100&${filters(...list)}`)
  assert.equal(reply.status, 200, reply.text)
  return ids(reply)
    .map((id) => Object.keys(projects).find((name) => projects[name] === id) as string)
    .sort()
}
const id = (name: string) => projects[name] as number

before(async () => {
  halyard = await instance()
  const { make } = halyard
  const add = async (name: string, values: Record<string, unknown> = {}) => {
    projects[name] = await make.project({ name, identifier: name.toLowerCase().replaceAll(' ', '-'), ...values })
  }
  await add('Hull', { created_at: '2020-01-01T00:00:00.000Z', updated_at: '2020-01-01T00:00:00.000Z' })
  await add('Keel', { parent_id: projects.Hull, status_code: 'on_track' })
  await add('Bolt', { parent_id: projects.Keel, status_code: 'at_risk', templated: true })
  await add('Mast', { public: true })
  await add('Wreck', { active: false })
  await add('Secret')
  veraId = await make.user()
  for (const name of ['Hull', 'Keel', 'Bolt']) await make.member(veraId, id(name), ['view_work_packages', 'view_members'])
  adaId = await make.user({ name: 'Ada' })
  await make.member(adaId, id('Hull'), ['view_work_packages', 'add_work_packages'])
  await make.member(adaId, id('Mast'), ['view_work_packages'])
  vera = await halyard.as(veraId)
})
after(() => halyard.close())

test('by flags: active, public, templated', async () => {
  assert.deepEqual(await found(halyard.admin, ['active', '=', ['f']]), ['Wreck'])
  assert.deepEqual(await found(vera, ['active', '=', ['f']]), [])
  assert.deepEqual(await found(vera, ['public', '=', ['t']]), ['Mast'])
  assert.deepEqual(await found(vera, ['public', '!', ['t']]), ['Bolt', 'Hull', 'Keel'])
  assert.deepEqual(await found(vera, ['templated', '=', ['t']]), ['Bolt'])
})

test('by id, parent and ancestor', async () => {
  assert.deepEqual(await found(vera, ['id', '=', [id('Hull'), id('Mast')]]), ['Hull', 'Mast'])
  assert.deepEqual(await found(vera, ['parent_id', '=', [id('Hull')]]), ['Keel'])
  assert.deepEqual(await found(vera, ['parent_id', '!*']), ['Hull', 'Mast'])
  assert.deepEqual(await found(vera, ['ancestor', '=', [id('Hull')]]), ['Bolt', 'Keel'])
  assert.deepEqual(await found(vera, ['ancestor', '!', [id('Hull')]]), ['Hull', 'Mast'])
})

test('by name and identifier', async () => {
  assert.deepEqual(await found(vera, ['name_and_identifier', '~', ['ul hu']]), ['Hull'])
  assert.deepEqual(await found(vera, ['name_and_identifier', '=', ['KEEL']]), ['Keel'])
  assert.deepEqual(await found(vera, ['name_and_identifier', '!~', ['l']]), ['Mast'])
  assert.deepEqual(await found(vera, ['typeahead', '**', ['ma']]), ['Mast'])
  assert.deepEqual(await found(vera, ['name', '~', ['OL']]), ['Bolt'])
  assert.deepEqual(await found(vera, ['name', '~', ['%']]), [])
})

test('by status, by code or number', async () => {
  assert.deepEqual(await found(vera, ['project_status_code', '=', ['on_track']]), ['Keel'])
  assert.deepEqual(await found(vera, ['project_status_code', '=', ['1']]), ['Bolt'])
  assert.deepEqual(await found(vera, ['project_status_code', '!*']), ['Hull', 'Mast'])
  assert.deepEqual(await found(vera, ['project_status_code', '!', ['on_track']]), ['Bolt', 'Hull', 'Mast'])
})

test('by members, including me', async () => {
  assert.deepEqual(await found(halyard.admin, ['principal', '=', [adaId]]), ['Hull', 'Mast'])
  assert.deepEqual(await found(vera, ['principal', '=', ['me']]), ['Bolt', 'Hull', 'Keel'])
  assert.deepEqual(await found(halyard.admin, ['principal', '!*']), ['Secret', 'Wreck'])
  assert.deepEqual(await found(vera, ['member_of', '=', ['t']]), ['Bolt', 'Hull', 'Keel'])
  assert.deepEqual(await found(vera, ['member_of', '=', ['f']]), ['Mast'])
})

test('the filter by member discloses members only if the viewer sees them', async () => {
  assert.deepEqual(await found(vera, ['principal', '=', [adaId]]), ['Hull'])
  assert.deepEqual(await found(vera, ['principal', '!', [adaId]]), ['Bolt', 'Keel', 'Mast'])
  assert.deepEqual(await found(vera, ['principal', '*']), ['Bolt', 'Hull', 'Keel'])
})

test('by permitted actions of the viewer', async () => {
  const ada = await halyard.as(adaId)
  assert.deepEqual(await found(ada, ['user_action', '=', ['work_packages/create']]), ['Hull'])
  assert.deepEqual(await found(ada, ['user_action', '&=', ['work_packages/create', 'work_packages/read']]), ['Hull'])
  assert.deepEqual(await found(ada, ['user_action', '!', ['work_packages/create']]), ['Mast'])
  assert.equal((await ada.get(`/projects?${filters(['user_action', '=', ['work_packages/burn']])}`)).status, 400)
})

test('by users who see them', async () => {
  assert.deepEqual(await found(halyard.admin, ['visible', '=', [adaId]]), ['Hull', 'Mast'])
  assert.deepEqual(await found(halyard.admin, ['visible', '!', [veraId]]), ['Secret', 'Wreck'])
  assert.deepEqual(await found(vera, ['visible', '=', ['me']]), ['Bolt', 'Hull', 'Keel', 'Mast'])
  assert.equal((await vera.get(`/projects?${filters(['visible', '=', [adaId]])}`)).status, 400)
})

test('by types, kinds of workspace and favorites', async () => {
  const task = await halyard.id('types', 'Task')
  assert.deepEqual(await found(vera, ['type_id', '=', [task]]), ['Bolt', 'Hull', 'Keel', 'Mast'])
  assert.deepEqual(await found(vera, ['type_id', '!', [task]]), [])
  assert.deepEqual(await found(vera, ['workspace_type', '!', ['project']]), [])
  await vera.post(`/projects/${id('Keel')}/favorite`)
  assert.deepEqual(await found(vera, ['favorited', '=', ['t']]), ['Keel'])
  assert.deepEqual(await found(halyard.admin, ['favorited', '=', ['t']]), [])
  await vera.delete(`/projects/${id('Keel')}/favorite`)
})

test('by time', async () => {
  assert.deepEqual(await found(vera, ['created_at', '=d', ['2020-01-01T00:00:00Z']]), ['Hull'])
  assert.deepEqual(await found(vera, ['updated_at', '<>d', ['2025-01-01T00:00:00Z', '']]), ['Bolt', 'Keel', 'Mast'])
})

test('by the latest activity, for administrators', async () => {
  await halyard.make.workPackage({ project_id: id('Hull'), updated_at: '2021-05-05T00:00:00.000Z' })
  assert.deepEqual(await found(halyard.admin, ['latest_activity_at', '=d', ['2021-05-05T00:00:00Z']]), ['Hull'])
  const { status, body } = await vera.get(`/projects?${filters(['latest_activity_at', 't'])}`)
  assert.equal(status, 400)
  assert.equal(body.message, 'latest_activity_at filter does not exist.')
})

test('hidden and unknown values have the same responses', async () => {
  const answer = async (...list: Parameters<typeof filters>) => {
    const { status, body } = await vera.get(`/projects?${filters(...list)}`)
    return { status, body }
  }
  for (const name of ['id', 'ancestor', 'parent_id']) {
    const hidden = await answer([name, '=', [id('Secret')]])
    assert.equal(hidden.status, 400)
    assert.deepEqual(hidden, await answer([name, '=', [999_999]]))
  }
})

test('invalid filters are rejected', async () => {
  const status = async (query: string) => (await vera.get(`/projects?${query}`)).status
  assert.equal(await status(filters(['colour', '=', ['red']])), 400)
  assert.equal(await status(filters(['public', '~', ['t']])), 400)
  assert.equal(await status(filters(['project_status_code', '=', ['great']])), 400)
  assert.equal(await status(filters(['workspace_type', '=', ['company']])), 400)
  assert.equal(await status('sortBy=[["colour","asc"]]'), 400)
  assert.equal(await status('sortBy=[["latest_activity_at","asc"]]'), 400)
})

test('sorted by name, status, time and hierarchy', async () => {
  const sorted = async (client: Client, name: string, direction = 'asc') => {
    const reply = await client.get(`/projects?sortBy=${encodeURIComponent(JSON.stringify([[name, direction]]))}`)
    assert.equal(reply.status, 200, reply.text)
    return ids(reply).map((one) => Object.keys(projects).find((key) => projects[key] === one))
  }
  assert.deepEqual(await sorted(vera, 'name'), ['Bolt', 'Hull', 'Keel', 'Mast'])
  assert.deepEqual(await sorted(vera, 'name', 'desc'), ['Mast', 'Keel', 'Hull', 'Bolt'])
  assert.deepEqual(await sorted(vera, 'typeahead'), ['Hull', 'Keel', 'Bolt', 'Mast'])
  assert.deepEqual(await sorted(vera, 'id'), ['Hull', 'Keel', 'Bolt', 'Mast'])
  assert.deepEqual(await sorted(vera, 'public', 'desc'), ['Mast', 'Bolt', 'Keel', 'Hull'])
  assert.deepEqual((await sorted(vera, 'created_at'))[0], 'Hull')
  assert.deepEqual((await sorted(vera, 'project_status_code')).slice(0, 2), ['Bolt', 'Keel'])
  assert.deepEqual((await sorted(halyard.admin, 'latest_activity_at'))[0], 'Hull')
})
