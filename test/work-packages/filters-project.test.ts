/** Filters by project, and filters in the list of a project. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters } from '#test/instance.ts'
import { kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it

async function found(path: string, client = admin): Promise<string> {
  const reply = await client.get(path)
  assert.equal(reply.status, 200, reply.text)
  return reply.body._embedded.elements
    .map((one: any) => one.subject)
    .sort()
    .join(' ')
}
const anywhere = (...uses: Parameters<typeof filters>) => `/work_packages?${filters(...uses)}`
const here = (...uses: Parameters<typeof filters>) => `/projects/${project}/work_packages?${filters(...uses)}`

/** Ids of projects and work packages: `top` above `left` and `right`, `leaf` below `left`, and `other` beside them. */
const id: Record<string, number> = {}
const work: Record<string, number> = {}
before(async () => {
  id.top = project
  id.left = await make.project({ parent_id: project })
  id.leaf = await make.project({ parent_id: id.left })
  id.right = await make.project({ parent_id: project })
  id.other = await make.project()
  for (const [subject, project_id] of Object.entries(id)) work[subject] = await make.workPackage({ project_id, subject })
})

describe('project', () => {
  test('includes subprojects', async () => {
    assert.equal(await found(anywhere(['project', '=', [id.left!]])), 'leaf left')
    assert.equal(await found(anywhere(['project_id', '=', [id.left!, id.other!]])), 'leaf left other')
    assert.equal(await found(anywhere(['project', '!', [id.left!]])), 'other right top')
  })

  test('excludes subprojects on request', async () => {
    assert.equal(await found(`${anywhere(['project', '=', [id.top!]])}&includeSubprojects=false`), 'top')
    assert.equal(await found(`${anywhere(['project', '!', [id.left!]])}&includeSubprojects=false`), 'leaf other right top')
  })

  test('has only visible work packages', async () => {
    assert.equal(await found(anywhere(['project', '=', [id.top!]]), it.member.client), 'top')
  })
})

describe('subprojectId in the list of a project', () => {
  for (const [operator, values, with_, without] of [
    ['=', ['left'], 'left top', 'left'],
    ['!', ['left'], 'leaf right top', 'leaf right'],
    ['*', [], 'leaf left right top', 'leaf left right'],
    ['!*', [], 'top', ''],
  ] as const) {
    test(`${operator}: the project itself and the selected subprojects; onlySubproject excludes the project`, async () => {
      const ids = values.map((name) => id[name]!)
      for (const name of ['subprojectId', 'subproject_id', 'subproject']) {
        assert.equal(await found(here([name, operator, ids])), with_, name)
      }
      for (const name of ['onlySubproject', 'only_subproject_id'])
        assert.equal(await found(here([name, operator, ids])), without, name)
    })
  }

  test('includes nothing from other projects', async () => {
    assert.equal(await found(here(['subprojectId', '=', [id.other!]])), 'top')
  })
})

describe('filters do not exist where they would have no effect', () => {
  const refusal = async (path: string, client = admin) => {
    const { status, body } = await client.get(path)
    return [status, body.message]
  }
  for (const name of ['category', 'subprojectId', 'onlySubproject']) {
    test(`${name}: in the list of all work packages`, async () => {
      assert.deepEqual(await refusal(anywhere([name, '*'])), [400, `${name} filter does not exist.`])
      assert.equal((await admin.get(here([name, '*']))).status, 200)
    })
  }

  for (const name of ['subprojectId', 'onlySubproject']) {
    test(`${name}: in a project without visible subprojects`, async () => {
      const inLeaf = `/projects/${id.leaf}/work_packages?${filters([name, '*'])}`
      assert.deepEqual(await refusal(inLeaf), [400, `${name} filter does not exist.`])
      assert.deepEqual(await refusal(here([name, '*']), it.member.client), [400, `${name} filter does not exist.`])
    })
  }

  test('a moved query is represented without filters that do not exist in its new project', async () => {
    const filter = (name: string, operator: string) => ({
      _links: { filter: link('queries/filters', name), operator: link('queries/operators', encodeURIComponent(operator)) },
      values: [],
    })
    const payload = { name: 'Hulls', filters: [filter('category', '!*')], _links: { project: link('projects', project) } }
    const { body, status } = await admin.post('/queries', payload)
    assert.equal(status, 201)
    const global = await admin.patch(`/queries/${body.id}`, { _links: { project: { href: null } } })
    assert.equal(global.status, 200)
    assert.deepEqual((await admin.get(`/queries/${body.id}`)).body.filters, [])
  })
})

describe('values of work packages in the list of a project', () => {
  for (const name of ['id', 'parent', 'ancestor']) {
    test(`${name}: have to be in the project, or in a subproject`, async () => {
      assert.equal((await admin.get(here([name, '=', [work.top!, work.leaf!]]))).status, 200)
      const reply = await admin.get(here([name, '=', [work.other!]]))
      assert.deepEqual([reply.status, kind(reply.body)], [400, 'InvalidQuery'])
      assert.equal((await admin.get(anywhere([name, '=', [work.other!]]))).status, 200)
    })
  }
})

test('filters of a project’s list apply together, with the project', async () => {
  assert.equal(await found(here(['subject', '~', ['l']])), 'leaf left')
  assert.equal(await found(here(['subject', '~', ['o']])), 'top')
})
