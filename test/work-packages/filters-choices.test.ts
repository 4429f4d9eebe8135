/** Filters by links: by ids, by absence, and by their special values. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters } from '#test/instance.ts'
import { scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
type Value = string | number

/** The list with this filter: some exist only in a project. */
const place = (name: string) => (name === 'category' ? `/projects/${project}/work_packages` : '/work_packages')

/** The subjects of the results, in order of creation. */
async function found(name: string, operator: string, values: Value[] = [], client = admin): Promise<string> {
  const reply = await client.get(`${place(name)}?${filters([name, operator, values])}&sortBy=[["id","asc"]]`)
  assert.equal(reply.status, 200, reply.text)
  return reply.body._embedded.elements.map((one: any) => one.subject).join(' ')
}

/** Ids by their names in this file. */
const id: Record<string, number> = {}
before(async () => {
  for (const name of ['Task', 'Bug']) id[name] = await it.types(name)
  for (const name of ['New', 'Closed', 'Rejected']) id[name] = await it.statuses(name)
  for (const name of ['Low', 'Normal', 'High']) id[name] = await it.priorities(name)
  for (const status of ['open', 'locked', 'closed']) id[status] = await it.version({ project_id: project, name: status, status })
  id.hull = await it.category({ project_id: project, name: 'Hull' })
  id.me = it.member.id
  id.other = it.reader.id
  const add = async (subject: string, values: Record<string, unknown>) => {
    id[subject] = await make.workPackage({
      project_id: project,
      subject,
      status_id: id.New,
      priority_id: id.Normal,
      ...values,
    })
  }
  await add('a', {
    type_id: id.Bug,
    priority_id: id.High,
    assigned_to_id: id.me,
    category_id: id.hull,
    version_id: id.open,
  })
  await add('b', {
    status_id: id.Closed,
    author_id: id.me,
    responsible_id: id.me,
    version_id: id.locked,
    parent_id: id.a,
  })
  await add('c', { status_id: id.Rejected, assigned_to_id: id.other, version_id: id.closed, parent_id: id.b })
  await add('d', { priority_id: id.Low })
})

describe('required properties', () => {
  for (const [name, value, others] of [
    ['type', 'Bug', ['Bug', 'Task']],
    ['priority', 'High', ['High', 'Low', 'Normal']],
    ['status', 'New', ['New', 'Closed', 'Rejected']],
    ['author', 'me', ['me']],
  ] as const) {
    const expected = { type: ['a', 'b c d'], priority: ['a', 'b c d'], status: ['a d', 'b c'], author: ['b', 'a c d'] }[name]
    test(`${name}: equal or unequal`, async () => {
      assert.equal(await found(name, '=', [id[value]!]), expected[0])
      assert.equal(await found(name, '!', [id[value]!]), expected[1])
      assert.equal(await found(`${name}_id`, '=', [id[value]!]), expected[0])
      const all = others.map((other) => id[other]!)
      assert.equal(await found(name, '=', all), name === 'author' ? 'b' : 'a b c d')
    })
  }

  test('the status: open, closed, any', async () => {
    assert.equal(await found('status', 'o'), 'a d')
    assert.equal(await found('status', 'c'), 'b c')
    assert.equal(await found('status', '*'), 'a b c d')
  })

  test('the id', async () => {
    assert.equal(await found('id', '=', [id.a!, id.c!]), 'a c')
    assert.equal(await found('id', '!', [id.a!, id.c!]), 'b d')
  })
})

describe('optional properties', () => {
  for (const [name, value, equal, unequal, any, none] of [
    ['assignee', 'me', 'a', 'b c d', 'a c', 'b d'],
    ['responsible', 'me', 'b', 'a c d', 'b', 'a c d'],
    ['category', 'hull', 'a', 'b c d', 'a', 'b c d'],
    ['version', 'locked', 'b', 'a c d', 'a b c', 'd'],
  ] as const) {
    test(`${name}: equal, unequal, any, none`, async () => {
      assert.equal(await found(name, '=', [id[value]!]), equal)
      assert.equal(await found(name, '!', [id[value]!]), unequal)
      assert.equal(await found(name, '*'), any)
      assert.equal(await found(name, '!*'), none)
    })

    test(`${name}: -1 is none among others`, async () => {
      const both = [equal, none].join(' ').split(' ').sort()
      assert.equal(await found(name, '=', [id[value]!, -1]), [...new Set(both)].join(' '))
      assert.equal(await found(name, '=', [-1]), none)
    })
  }

  test('the version: with an open, locked or closed one', async () => {
    assert.equal(await found('version', 'o'), 'a')
    assert.equal(await found('version', 'l'), 'b')
    assert.equal(await found('version', 'c'), 'c')
  })

  test('the parent', async () => {
    assert.equal(await found('parent', '=', [id.a!]), 'b')
    assert.equal(await found('parent', '!', [id.a!]), 'a c d')
    assert.equal(await found('parent', '=', [-1]), 'a d')
  })
})

test('an ancestor: all descendants, without itself', async () => {
  assert.equal(await found('ancestor', '=', [id.a!]), 'b c')
  assert.equal(await found('ancestor', '=', [id.b!, id.d!]), 'c')
  assert.equal(await found('ancestor', '!', [id.a!]), 'a d')
})

test('isMilestone', async () => {
  const one = await make.workPackage({
    project_id: project,
    subject: 'm',
    type_id: await it.types('Milestone'),
    status_id: id.Closed,
  })
  assert.equal(await found('isMilestone', '=', ['t']), 'm')
  assert.equal(await found('isMilestone', '=', ['f']), 'a b c d')
  assert.equal(await found('isMilestone', '!', ['t']), 'a b c d')
  await admin.delete(`/work_packages/${one}`)
})

describe('me', () => {
  test('is the viewer', async () => {
    assert.equal(await found('assignee', '=', ['me'], it.member.client), 'a')
    assert.equal(await found('assignee', '=', ['me'], it.reader.client), 'c')
    assert.equal(await found('responsible', '=', ['me'], it.member.client), 'b')
    assert.equal(await found('author', '!', ['me'], it.member.client).then((all) => all.includes('b')), false)
  })

  test('is rejected for anonymous users', async () => {
    await it.setting('login_required', false)
    await make.project({ public: true })
    const reply = await it.anonymous.get(`/work_packages?${filters(['assignee', '=', ['me']])}`)
    assert.equal(reply.status, 400)
    await it.setting('login_required', true)
  })
})

describe('invalid values', () => {
  for (const [name, value] of [
    ['type', 99999],
    ['status', 99999],
    ['priority', 'high'],
    ['author', 99999],
    ['assignee', 'somebody'],
    ['category', 99999],
    ['version', 99999],
    ['id', 99999],
    ['id', 'x'],
    ['parent', 99999],
    ['ancestor', 99999],
    ['project', 99999],
    ['watcher', 99999],
  ] as const) {
    test(`${name}: ${value}`, async () => {
      const reply = await admin.get(`${place(name)}?${filters([name, '=', [value]])}`)
      assert.equal(reply.status, 400)
      assert.match(reply.body.message, /filter has invalid values\.$/)
    })
  }

  test('hidden values get the same response as unknown ones', async () => {
    const secret = await make.project()
    const hidden = {
      id: await make.workPackage({ project_id: secret }),
      project: secret,
      version: await it.version({ project_id: secret, name: 'v' }),
      category: await it.category({ project_id: secret, name: 'c' }),
      assignee: await make.user(),
      parent: await make.workPackage({ project_id: secret }),
    }
    for (const [name, value] of Object.entries(hidden)) {
      const [there, nowhere] = await Promise.all(
        [value, 99999].map((one) => it.member.client.get(`${place(name)}?${filters([name, '=', [one]])}`)),
      )
      assert.deepEqual([there?.status, there?.body], [400, nowhere?.body], name)
    }
  })
})
