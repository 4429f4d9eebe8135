/** Lists of work packages: representation, links, pages, and subprojects. */
import assert from 'node:assert/strict'
import { before, describe, test } from 'node:test'
import { filters, ids } from '#test/instance.ts'
import { created, kind, link, scene } from './scene.ts'

const it = await scene()
const { admin, project, make } = it
const all = filters()
const keys = (of: object) => Object.keys(of).sort()
const query = (href: string) => new URL(href, 'http://x').searchParams

/** Open ones in order of creation; the last one is closed. */
const open: number[] = []
let closed: number
let subproject: number
let below: number
before(async () => {
  for (let n = 0; n < 5; n++) open.push((await created(admin, project, { subject: `Number ${n}` })).id)
  closed = (await created(admin, project, { _links: { status: link('statuses', await it.statuses('Closed')) } })).id
  subproject = await make.project({ parent_id: project })
  below = (await created(admin, subproject)).id
})
const newestFirst = () => [...open].reverse()

describe('a list', () => {
  test('has the open ones, newest first, by default', async () => {
    const { body } = await admin.get('/work_packages')
    assert.equal(body._type, 'WorkPackageCollection')
    assert.deepEqual(keys(body), ['_embedded', '_links', '_type', 'count', 'offset', 'pageSize', 'total'])
    assert.deepEqual(ids({ body } as never), [below, ...newestFirst()])
    assert.deepEqual([body.total, body.count, body.pageSize, body.offset], [6, 6, 20, 1])
  })

  test('has all of them with an empty list of filters', async () => {
    assert.deepEqual(ids(await admin.get(`/work_packages?${all}`)), [below, closed, ...newestFirst()])
  })

  test('embeds the schemas of its elements, one for each pair of project and type', async () => {
    const milestone = await it.types('Milestone')
    await created(admin, project, { _links: { type: link('types', milestone) } })
    const task = await it.types('Task')
    const { _embedded } = (await admin.get('/work_packages')).body
    assert.deepEqual([_embedded.schemas._type, _embedded.schemas.total, _embedded.schemas.count], ['Collection', 3, 3])
    assert.deepEqual(
      _embedded.schemas._embedded.elements.map((one: any) => one._links.self.href).sort(),
      [`${project}-${task}`, `${project}-${milestone}`, `${subproject}-${task}`]
        .map((id) => `/api/v3/work_packages/schemas/${id}`)
        .sort(),
    )
    const { id } = (await admin.get(`/work_packages?${filters(['type', '=', [milestone]])}`)).body._embedded.elements[0]
    await admin.delete(`/work_packages/${id}`)
  })

  test('embeds no schemas without elements', async () => {
    const { body } = await admin.get(`/work_packages?${filters(['subject', '~', ['no such thing']])}`)
    assert.deepEqual(body._embedded, { elements: [] })
    assert.ok(!('schemas' in body._links))
  })
})

describe('its links', () => {
  test('repeat all parameters', async () => {
    const { _links } = (await admin.get('/work_packages?pageSize=2&offset=2&sortBy=[["subject","asc"]]')).body
    const expected = {
      filters: '[{"status":{"operator":"o","values":[]}}]',
      includeSubprojects: 'true',
      showHierarchies: 'true',
      showSums: 'false',
      sortBy: '[["subject","asc"]]',
    }
    const pages = {
      self: { offset: '2', pageSize: '2' },
      jumpTo: { offset: '{offset}', pageSize: '2' },
      changeSize: { offset: '2', pageSize: '{size}' },
      previousByOffset: { offset: '1', pageSize: '2' },
      nextByOffset: { offset: '3', pageSize: '2' },
    }
    for (const [rel, page] of Object.entries(pages)) {
      assert.ok(_links[rel].href.startsWith('/api/v3/work_packages?'))
      assert.deepEqual(Object.fromEntries(query(_links[rel].href)), { ...expected, ...page }, rel)
    }
    assert.equal(_links.jumpTo.templated, true)
    assert.match(_links.jumpTo.href, /offset=%7Boffset%7D/)
    assert.match(_links.changeSize.href, /pageSize=%7Bsize%7D/)
  })

  test('sort by id, newest first, by default', async () => {
    assert.equal(query((await admin.get('/work_packages')).body._links.self.href).get('sortBy'), '[["id","desc"]]')
  })

  test('include the next page only if there is one, and the previous one from the second page on', async () => {
    const rels = async (page: string) => {
      const { _links } = (await admin.get(`/work_packages?${page}`)).body
      return ['previousByOffset', 'nextByOffset'].filter((rel) => rel in _links)
    }
    assert.deepEqual(await rels('pageSize=6'), [])
    assert.deepEqual(await rels('pageSize=5'), ['nextByOffset'])
    assert.deepEqual(await rels('pageSize=3&offset=2'), ['previousByOffset'])
    assert.deepEqual(await rels('pageSize=6&offset=2'), ['previousByOffset'])
    assert.deepEqual(await rels('pageSize=0'), [])
  })

  test('include the permitted actions', async () => {
    const { _links } = (await admin.get(`/projects/${project}/work_packages`)).body
    assert.deepEqual(_links.createWorkPackage, { href: '/api/v3/work_packages/form', method: 'post' })
    assert.deepEqual(_links.createWorkPackageImmediate, { href: '/api/v3/work_packages', method: 'post' })
    assert.deepEqual(_links.editWorkPackage, {
      href: '/api/v3/work_packages/{work_package_id}/form',
      method: 'post',
      templated: true,
    })
    const forReader = (await it.reader.client.get('/work_packages')).body._links
    for (const rel of ['createWorkPackage', 'createWorkPackageImmediate', 'editWorkPackage']) assert.ok(!(rel in forReader), rel)
  })

  test('include actions only if they are permitted in the listed project', async () => {
    const readable = await make.project()
    await make.member(it.member.id, readable, ['view_work_packages'])
    const rels = async (path: string) => Object.keys((await it.member.client.get(path)).body._links)
    assert.ok((await rels('/work_packages')).includes('createWorkPackage'))
    assert.ok((await rels(`/projects/${project}/work_packages`)).includes('createWorkPackage'))
    const there = await rels(`/projects/${readable}/work_packages`)
    assert.ok(!there.includes('createWorkPackage') && !there.includes('editWorkPackage'))
  })

  test('include the schemas of the page', async () => {
    const { _links } = (await admin.get(`/work_packages?${filters(['id', '=', [open[0]!]])}`)).body
    const task = await it.types('Task')
    assert.deepEqual(JSON.parse(query(_links.schemas.href).get('filters') as string), [
      { id: { operator: '=', values: [`${project}-${task}`] } },
    ])
  })
})

describe('pages', () => {
  const page = async (parameters: string) => {
    const reply = await admin.get(`/work_packages?${parameters}`)
    const { total, count, pageSize, offset } = reply.body
    return { ids: ids(reply), total, count, pageSize, offset }
  }

  test('are counted from one', async () => {
    const [a, b, c] = newestFirst()
    assert.deepEqual(await page('pageSize=2&offset=2'), { ids: [b, c], total: 6, count: 2, pageSize: 2, offset: 2 })
    assert.deepEqual((await page('pageSize=2')).ids, [below, a])
  })

  test('are the first for an invalid number', async () => {
    for (const offset of ['0', '-1', 'x', '']) assert.equal((await page(`pageSize=2&offset=${offset}`)).offset, 1, offset)
  })

  test('past the end are empty', async () => {
    assert.deepEqual(await page('pageSize=5&offset=9'), { ids: [], total: 6, count: 0, pageSize: 5, offset: 9 })
  })

  test('without elements have the total', async () => {
    assert.deepEqual(await page('pageSize=0'), { ids: [], total: 6, count: 0, pageSize: 0, offset: 1 })
  })

  test('have the maximum size for -1 and for larger values', async () => {
    await it.setting('apiv3_max_page_size', 4)
    for (const size of ['-1', '5', '100000000']) {
      const { count, pageSize } = await page(`pageSize=${size}`)
      assert.deepEqual([count, pageSize], [4, 4])
    }
    await it.setting('apiv3_max_page_size', 1000)
  })
})

describe('the list of a project', () => {
  for (const route of [() => `/projects/${project}`, () => `/workspaces/${project}`, () => '/projects/ship']) {
    test(`includes subprojects: ${route().replace(/\d+/, ':id')}`, async () => {
      assert.deepEqual(ids(await admin.get(`${route()}/work_packages`)), [below, ...newestFirst()])
    })
  }

  test('excludes subprojects on request', async () => {
    const { body } = await admin.get(`/projects/${project}/work_packages?includeSubprojects=false`)
    assert.deepEqual(ids({ body } as never), newestFirst())
    assert.equal(query(body._links.self.href).get('includeSubprojects'), 'false')
    assert.ok(body._links.self.href.startsWith(`/api/v3/projects/${project}/work_packages?`))
  })

  test('excludes them by a setting', async () => {
    await it.setting('display_subprojects_work_packages', false)
    assert.deepEqual(ids(await admin.get(`/projects/${project}/work_packages`)), newestFirst())
    assert.deepEqual(ids(await admin.get(`/projects/${project}/work_packages?includeSubprojects=true`)), [
      below,
      ...newestFirst(),
    ])
    await it.setting('display_subprojects_work_packages', true)
  })

  test('of a subproject excludes its parent', async () => {
    assert.deepEqual(ids(await admin.get(`/projects/${subproject}/work_packages`)), [below])
  })

  test('has only visible work packages', async () => {
    assert.deepEqual(ids(await it.reader.client.get(`/projects/${project}/work_packages`)), newestFirst())
  })

  test('is overridden by a filter by project', async () => {
    const other = await make.project()
    const elsewhere = (await created(admin, other)).id
    assert.deepEqual(ids(await admin.get(`/projects/${project}/work_packages?${filters(['project', '=', [other]])}`)), [
      elsewhere,
    ])
    await admin.delete(`/work_packages/${elsewhere}`)
  })
})

describe('hierarchies', () => {
  test('are shown unless the list is grouped', async () => {
    const shown = async (parameters: string) =>
      query((await admin.get(`/work_packages?${parameters}`)).body._links.self.href).get('showHierarchies')
    assert.equal(await shown(''), 'true')
    assert.equal(await shown('showHierarchies=false'), 'false')
    assert.equal(await shown('groupBy=status'), 'false')
  })

  test('and groups exclude each other', async () => {
    const reply = await admin.get('/work_packages?groupBy=status&showHierarchies=true')
    assert.deepEqual([reply.status, kind(reply.body)], [400, 'BadRequest'])
    assert.equal((await admin.get('/work_packages?groupBy=status&showHierarchies=false')).status, 200)
  })
})

test('work packages of archived projects are excluded', async () => {
  const shelved = await make.project()
  const { id } = await created(admin, shelved)
  await admin.patch(`/projects/${shelved}`, { active: false })
  assert.ok(!ids(await admin.get(`/work_packages?${all}`)).includes(id))
  assert.equal((await admin.get(`/work_packages/${id}`)).status, 404)
})
