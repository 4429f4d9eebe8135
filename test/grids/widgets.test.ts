/** Widgets of grids: their places, their options, and the queries that they show. */
import assert from 'node:assert/strict'
import { after, before, describe, test } from 'node:test'
import { type Client, type Instance, instance } from '#test/instance.ts'

let it: Instance
let project: number
let manager: Client
let reader: Client
let scope: string
before(async () => {
  it = await instance()
  project = await it.make.project({ identifier: 'regatta', public: false })
  scope = '/projects/regatta/boards'
  const [one, other] = [await it.make.user(), await it.make.user()]
  const manage = ['manage_overview', 'manage_board_views', 'save_queries', 'manage_public_queries']
  await it.make.member(one, project, ['view_work_packages', 'show_board_views', ...manage])
  await it.make.member(other, project, ['view_work_packages', 'show_board_views', 'save_queries', 'manage_overview'])
  ;[manager, reader] = [await it.as(one), await it.as(other)]
})
after(() => it.close())

/** A list of a board, in one cell of the first row. */
const list = (column: number, more: object = {}) => ({
  ...{ identifier: 'work_package_query', startRow: 1, endRow: 2, startColumn: column, endColumn: column + 1 },
  ...more,
})
const board = async (widgets: readonly object[], client = manager) =>
  client.post('/grids', { name: 'Board', rowCount: 2, columnCount: 3, widgets, _links: { scope: { href: scope } } })
const errors = (body: any) => (body._embedded.errors ?? [body]).map((one: any) => [one._embedded.details.element, one.message])
const saved = async (values: object = {}, client = manager): Promise<number> =>
  (await client.post('/queries', { name: 'List', ...values, _links: { project: { href: `/api/v3/projects/${project}` } } })).body
    .id
const hidden = () => saved({ name: 'My own', public: false }, manager)

describe('places', () => {
  test('are between lines: the first cell is between the lines 1 and 2', async () => {
    const { status, body } = await board([list(1), list(2), list(3, { endRow: 3 })])
    assert.equal(status, 201)
    assert.deepEqual(
      body.widgets.map((one: any) => [one.startRow, one.endRow, one.startColumn, one.endColumn]),
      [
        [1, 2, 1, 2],
        [1, 2, 2, 3],
        [1, 3, 3, 4],
      ],
    )
  })

  test('are faulty one by one: each widget has an error of its own', async () => {
    const overlapping = await board([list(1), list(1), list(2)])
    assert.deepEqual(
      [overlapping.status, errors(overlapping.body)],
      [
        422,
        [
          [0, 'Widgets overlap.'],
          [1, 'Widgets overlap.'],
        ],
      ],
    )
    const outside = await board([list(4), list(0), list(2)])
    assert.deepEqual(errors(outside.body), [
      [0, 'Widgets is outside of the grid.'],
      [1, 'Widgets is outside of the grid.'],
    ])
    const backwards = await board([list(1, { startRow: 2, endRow: 2 })])
    assert.deepEqual(errors(backwards.body), [[0, 'Widgets must end after the line where they start.']])
  })

  test('have to be within a grid that shrinks', async () => {
    const { id } = (await board([list(3)])).body
    const { status, body } = await manager.patch(`/grids/${id}`, { columnCount: 2 })
    assert.deepEqual([status, body.message], [422, 'Widgets is outside of the grid.'])
  })

  test('are given for new widgets', async () => {
    const { body } = await board([{ identifier: 'work_package_query', startRow: 1 }])
    assert.deepEqual(errors(body), [[0, 'Widgets needs startRow, endRow, startColumn, endColumn.']])
  })

  test('of the wrong format make the form itself answer 422', async () => {
    for (const widgets of [{}, ['news'], [list(1, { startRow: 'top' })], [list(1, { options: [] })]]) {
      const { status, body } = await manager.post('/grids/form', { widgets, _links: { scope: { href: scope } } })
      assert.deepEqual([status, body.errorIdentifier.split(':').at(-1)], [422, 'PropertyFormatError'])
    }
  })
})

describe('a list of widgets', () => {
  test('replaces the one that is there: by id they are changed, without one added, and what is missing is removed', async () => {
    const { id, widgets, updatedAt } = (await board([list(1, { options: { name: 'A' } }), list(2)])).body
    const [first, second] = widgets.map((one: any) => one.id)
    const { status, body } = await manager.patch(`/grids/${id}`, {
      widgets: [{ id: first, startRow: 2, endRow: 3 }, list(3, { options: { name: 'C' } })],
    })
    assert.equal(status, 200)
    const [kept, added] = body.widgets
    assert.deepEqual(kept, { ...widgets[0], startRow: 2, endRow: 3 })
    assert.deepEqual([added.options, added.startColumn], [{ name: 'C' }, 3])
    assert.ok(![first, second].includes(added.id))
    assert.ok(body.updatedAt > updatedAt)
    assert.deepEqual((await manager.get(`/grids/${id}`)).body.widgets, body.widgets)
    assert.deepEqual((await manager.patch(`/grids/${id}`, { widgets: [] })).body.widgets, [])
  })

  test('that is not given, or null, stays', async () => {
    const { id, widgets } = (await board([list(1)])).body
    assert.deepEqual((await manager.patch(`/grids/${id}`, { name: 'Other' })).body.widgets, widgets)
    assert.deepEqual((await manager.patch(`/grids/${id}`, { widgets: null })).body.widgets, widgets)
  })

  test('names widgets of this grid alone, each once; in a new grid all are new', async () => {
    const one = (await board([list(1)])).body
    const other = (await board([list(1)])).body
    const [foreign, own] = [one.widgets[0].id, other.widgets[0].id]
    const wrong = await manager.patch(`/grids/${other.id}`, { widgets: [{ ...list(1), id: foreign }] })
    assert.deepEqual([wrong.status, errors(wrong.body)], [422, [[0, `Widgets does not have the widget ${foreign}.`]]])
    const twice = await manager.patch(`/grids/${other.id}`, { widgets: [{ id: own }, { ...list(2), id: own }] })
    assert.deepEqual(errors(twice.body), [[1, `Widgets does not have the widget ${own}.`]])
    const copy = await board(other.widgets)
    assert.equal(copy.status, 201)
    assert.notEqual(copy.body.widgets[0].id, own)
  })

  test('has the widgets that the page takes and the caller may add; those that are there stay', async () => {
    const refusal = [[0, 'Widgets is not set to one of the allowed values.']]
    assert.deepEqual(errors((await board([list(1, { identifier: 'news' })])).body), refusal)
    const overview = { rowCount: 1, columnCount: 1, widgets: [list(1, { identifier: 'work_packages_table' })] }
    const at = { _links: { scope: { href: '/projects/regatta' } } }
    // The reader manages the overview, but not public queries.
    assert.deepEqual(errors((await reader.post('/grids', { ...overview, ...at })).body), refusal)
    const { id, widgets } = (await manager.post('/grids', { ...overview, ...at })).body
    assert.equal((await reader.patch(`/grids/${id}`, { widgets })).status, 200)
    const form = await reader.post(`/grids/${id}/form`, {})
    const identifiers = form.body._embedded.schema.widgets._embedded.allowedValues.map((one: any) => one.identifier)
    assert.deepEqual([identifiers.includes('members'), identifiers.includes('work_packages_table')], [true, false])
  })
})

test('the text of a text widget is formattable', async () => {
  const text = list(1, { identifier: 'custom_text', options: { name: 'Hello', text: { raw: '**Welcome**' } } })
  const own = { rowCount: 1, columnCount: 1, widgets: [text], _links: { scope: { href: '/my/page' } } }
  const { status, body } = await manager.post('/grids', own)
  assert.equal(status, 201)
  const { name, text: shown } = body.widgets[0].options
  assert.deepEqual([name, shown.format, shown.raw], ['Hello', 'markdown', '**Welcome**'])
  assert.match(shown.html, /<strong>Welcome<\/strong>/)
  const again = await manager.patch(`/grids/${body.id}`, { widgets: body.widgets })
  assert.deepEqual(again.body.widgets, body.widgets)
  const broken = [{ id: body.widgets[0].id, options: { text: 7 } }]
  assert.equal((await manager.patch(`/grids/${body.id}`, { widgets: broken })).status, 422)
})

describe('the query of a widget', () => {
  test('is named by its id in the options', async () => {
    const query = await saved({ public: true })
    const { body } = await board([list(1, { options: { queryId: String(query), filters: [] } })])
    assert.deepEqual(body.widgets[0].options, { queryId: query, filters: [] })
  })

  test('is nothing to those who do not see it, whether it is named or there', async () => {
    const query = await hidden()
    const { id, widgets } = (await board([list(1, { options: { queryId: query } })])).body
    assert.equal(widgets[0].options.queryId, query)
    assert.deepEqual((await reader.get(`/grids/${id}`)).body.widgets[0].options, { queryId: null })
    const own = (await reader.post('/grids', { _links: { scope: { href: '/my/page' } } })).body
    for (const queryId of [query, 99_999]) {
      const widgets = [list(1, { identifier: 'custom_text', options: { queryId } })]
      const refused = await reader.patch(`/grids/${own.id}`, { widgets })
      assert.deepEqual(errors(refused.body), [[0, `Widgets refers to the query ${queryId}, which does not exist.`]])
    }
  })

  test('that is hidden stays where the widget is sent back as it was read', async () => {
    const query = await hidden()
    const { id } = (await board([list(1, { options: { queryId: query } })])).body
    const seen = (await it.admin.get(`/grids/${id}`)).body.widgets
    assert.equal(seen[0].options.queryId, null)
    assert.equal((await it.admin.patch(`/grids/${id}`, { widgets: seen })).status, 200)
    assert.equal((await manager.get(`/grids/${id}`)).body.widgets[0].options.queryId, query)
  })

  test('is nothing once it is deleted', async () => {
    const query = await saved({ public: true })
    const { id } = (await board([list(1, { options: { queryId: query } })])).body
    assert.equal((await manager.delete(`/queries/${query}`)).status, 204)
    assert.deepEqual((await manager.get(`/grids/${id}`)).body.widgets[0].options, { queryId: null })
  })

  test('is deleted with its widget or its board, where the caller may delete it', async () => {
    const [one, other, foreign] = [await saved({ public: true }), await saved({ public: true }), await saved({}, it.admin)]
    const lists = [one, other].map((query, at) => list(at + 1, { options: { queryId: query } }))
    const { id, widgets } = (await board(lists)).body
    assert.equal((await manager.patch(`/grids/${id}`, { widgets: [widgets[1]] })).status, 200)
    assert.equal((await manager.get(`/queries/${one}`)).status, 404)
    assert.equal((await manager.delete(`/grids/${id}`)).status, 204)
    assert.equal((await manager.get(`/queries/${other}`)).status, 404)

    const theirs = (await board([list(1, { options: { queryId: foreign } })], it.admin)).body
    assert.equal((await manager.delete(`/grids/${theirs.id}`)).status, 204)
    assert.equal((await it.admin.get(`/queries/${foreign}`)).status, 200)
  })

  test('stays as long as a view or another widget shows it', async () => {
    const [viewed, twice] = [await saved({ public: true }), await saved({ public: true })]
    await manager.post('/views/work_packages_table', { _links: { query: { href: `/api/v3/queries/${viewed}` } } })
    const shows = (query: number, at: number) => list(at, { options: { queryId: query } })
    const other = (await board([shows(twice, 1)])).body
    const { id } = (await board([shows(viewed, 1), shows(twice, 2)])).body
    assert.equal((await manager.delete(`/grids/${id}`)).status, 204)
    assert.equal((await manager.get(`/queries/${viewed}`)).status, 200)
    assert.equal((await manager.get(`/grids/${other.id}`)).body.widgets[0].options.queryId, twice)
  })
})
