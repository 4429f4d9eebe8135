/** Laws of declarations and queries: declarations are consistent, all their elements work, and statements are bounded. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { name, sql } from '#db/sql.ts'
import type { Scope } from '#kernel/declaration.ts'
import { product } from '#server/modules.ts'
import { judgeByOurs } from '#test/judge.ts'
import { layout } from '#test/layout.ts'
import { multiplyRows, type Populated, populated } from '#test/populated.ts'
import { filterCases, groupsOf, query, selectionOf, someIds, sortsOf } from '#test/queries.ts'
import {
  addressesOf,
  isStored,
  operationAt,
  operations,
  pathWith,
  readingsWith,
  resourcesWith,
  targetsOf,
} from '#test/registry.ts'
import { sampled, sampledOfEach } from '#test/sample.ts'
import { forgetReads, stopUsageRecords } from '#test/statements.ts'
import type { Exchange } from '#test/wire.ts'

const heard: Exchange[] = []
let world: Populated
before(async () => {
  world = await populated((exchange) => heard.push(exchange))
})
after(() => world.close())

test('every property, title, order and lock refers to a column of its table, or to a computed one', async () => {
  const { db } = world.server
  for (const resource of product.resources.filter(isStored)) {
    const { table, properties, order, lock, belongsTo, computedColumns = {} } = resource
    const columns = [...properties.map((one) => one.column), order?.column, lock, belongsTo].filter((one) => one !== undefined)
    for (const column of new Set(columns.filter((one) => !Object.hasOwn(computedColumns, one)))) {
      await assert.doesNotReject(db.all(sql`select ${name(`${table}.${column}`)} from ${name(table)} limit 1`), resource.name)
    }
  }
})

test('resources held in process have no computed columns', () => {
  for (const resource of product.resources) {
    if (!resource.cached) continue
    assert.deepEqual(Object.keys(resource.computedColumns ?? {}), [], resource.name)
    const selected = resource.properties.filter((one) => one.options.select && !one.column)
    assert.deepEqual(
      selected.map((one) => one.name),
      [],
      resource.name,
    )
  }
})

test('links refer to declared resources, and embedded or open properties are links', () => {
  const known = new Set(product.resources.map((one) => one.name))
  for (const resource of product.resources) {
    for (const { name: own, to, options } of resource.properties) {
      if (to) assert.ok(known.has(to), `${resource.name}.${own} links to ${to}`)
      else assert.ok(!options.embed && !options.alwaysNamed && !options.load, `${resource.name}.${own} is no link`)
    }
  }
})

/** Exceptions: values read through another row that are public, or read only on explicit request; with the reasons. */
const readByHand = new Map([
  ['Project.typeahead', 'projects: names of those above that the viewer sees'],
  ['Project.latestActivityAt', 'work_packages time_entries: an order of administrators'],
  ['User.group', 'principals group_users: groups that the viewer sees; an order of those who see all users'],
  ['WorkPackage.manualSorting', 'ordered_work_packages queries: the order of a query that the viewer sees'],
  ['WorkPackage.spentTime', 'time_entries: those that the viewer sees'],
  ['WorkPackage.projectPhase', 'project_phase_definitions: that of the phase, which all see who see the phase'],
  ['WorkPackage.projectPhaseDefinition', 'project_phases: the phase of the work package, where the viewer sees phases'],
  ['Budget.spentTime', 'time_entries work_packages: entries that the viewer sees, of its work packages'],
  ['Notification.project', 'work_packages: the one it is about, which the viewer sees'],
  ['View.project', 'queries: the one it is of, which the viewer sees'],
  ['Post.project', 'forums: the one it is in, which the viewer sees'],
  ['Post.repliesCount', 'posts: replies, which are seen like the post'],
  ['Post.lastReply', 'posts: replies, which are seen like the post'],
  ['MeetingAgendaItem.project', 'meetings: the one it is of, which the viewer sees'],
  ['Storage.oauthApplication', 'oauth_applications: its own; a link of administrators'],
  ['Storage.oauthClientCredentials', 'oauth_client_credentials: its own; a link of administrators'],
])

/** A user with every permission in two projects and in no other. */
const somewhere: Scope['viewer'] = {
  ...{ id: 1, key: '1', row: {}, limits: {}, admin: false, signedIn: true, globals: new Set<string>() },
  rights: new WeakMap(),
  sets: { has: () => true, get: () => ({ ids: new Set([1, 2]), list: [1, 2], everything: false }) } as never,
}

test('order, groups and sums of rows read no other rows than the declared targets of their links', () => {
  // By these, rules hide what is being deleted.
  const tables = new Set(layout.keys()).difference(new Set(['work_package_deletions', 'removals']))
  const found = new Map<string, string>()
  for (const resource of product.resources.filter(isStored)) {
    const { name: of, table, properties, sorts = {} } = resource
    // An administrator has further orders.
    for (const viewer of [somewhere, { ...somewhere, admin: true }]) {
      const context = { viewer, engine: 'sqlite', settings: {}, params: new URLSearchParams({ queryId: '1' }) } as never
      const look = (own: string, expression: unknown) => {
        if (typeof expression !== 'function') return
        const { text = '' } = expression(context, table) ?? {}
        const read = [...text.matchAll(/\b(?:from|join)\s+"?(\w+)/g)]
          .map(([, one]) => one as string)
          .filter((one) => tables.has(one))
        if (read.length > 0) found.set(`${of}.${own}`, [...new Set(read)].toSorted().join(' '))
      }
      for (const { name: own, options } of properties)
        for (const key of ['sort', 'select', 'sum'] as const) look(own, options[key])
      for (const [own, order] of Object.entries(sorts)) look(own, typeof order === 'function' ? order : order.by)
    }
  }
  const expected = [...readByHand].map(([own, why]) => [own, why.split(':')[0]!.split(' ').toSorted().join(' ')])
  assert.deepEqual([...found].toSorted(), expected.toSorted())
})

test('operations have unique methods and paths', () => {
  const places = operations().map(({ method, path }) => `${method} ${path.replace(/:\w+/g, ':')}`)
  assert.deepEqual(places.toSorted(), [...new Set(places)].toSorted())
})

/** The lists with the paths to request them, and the listed resource. */
async function lists() {
  const found = []
  for (const operation of operations()) {
    const { method, answers } = operation
    const listed = product.resources.find((one) => one.name === answers.of)
    if (method !== 'GET' || answers.as !== 'collection' || !listed) continue
    const targets = targetsOf(operation)
    const first = await Promise.all(
      targets.map(async (target) => (target ? (await addressesOf(world.server.db, target))[0]?.split('/').at(-1) : undefined)),
    )
    if (first.every((id) => id !== undefined)) found.push({ path: pathWith(operation, first), listed, operation })
  }
  return found
}

const asked = ['admin', 'member'] as const

test('every filter accepts each of its operators', async (t) => {
  const ids = await someIds(world)
  for (const resource of resourcesWith('index')) {
    await t.test(resource.name, async () => {
      const broken: string[] = []
      for (const who of asked) {
        const { send } = world.person(who)
        if ((await send('GET', `/api/v3/${resource.path}`)).status === 403) continue
        const cases = sampledOfEach(filterCases(resource, ids), ({ filter }) => filter, 1, `filters ${resource.name} ${who}`)
        for (const { filter, operator, candidates, isPlaced } of cases) {
          const place = isPlaced ? `projects/lab/${resource.path}` : resource.path
          const refusals: Exchange[] = []
          let accepted: Exchange | undefined
          for (const values of candidates) {
            const answer = await send('GET', `/api/v3/${place}${query({ filters: [{ [filter]: { operator, values } }] })}`)
            if (answer.status === 200) accepted = answer
            else refusals.push(answer)
            if (accepted || answer.status !== 400) break
          }
          if (!accepted && who === 'admin') broken.push(`${filter} ${operator}: ${refusals.at(-1)?.text}`)
          const wrong = refusals.find(({ status, text }) => status !== 400 || !text.includes(':InvalidQuery"'))
          if (wrong) broken.push(`${filter} ${operator}: ${wrong.path} answers ${wrong.status} ${wrong.text}`)
        }
      }
      assert.deepEqual(broken, [])
    })
  }
})

/** Pairs of operators with complementary results. */
const opposites = [
  ['=', '!'],
  ['~', '!~'],
  ['*', '!*'],
  ['o', 'c'],
] as const
/** Filters that depend on more than the row, or that exclude rows whose value the viewer may not read. */
const contextual = new Set([
  ...['WorkPackage version o', 'Role unit ='],
  ...['WorkPackage budget', 'WorkPackage sprint', 'WorkPackage projectPhaseDefinition'],
])

test('an operator and its opposite partition the list', async (t) => {
  const ids = await someIds(world)
  const { send } = world.person('admin')
  for (const resource of resourcesWith('index')) {
    await t.test(resource.name, async () => {
      const path = `/api/v3/${resource.path}`
      const count = async (filters: unknown[]) => (await send('GET', path + query({ filters, pageSize: '0' }))).body?.total
      const all = await count([])
      const cases = Map.groupBy(filterCases(resource, ids), (one) => one.filter)
      for (const [filter, list] of sampled([...cases], 10, `opposites ${resource.name}`)) {
        for (const pair of opposites) {
          const [one, other] = pair.map((operator) => list.find((each) => each.operator === operator))
          if (
            !one ||
            !other ||
            contextual.has(`${resource.name} ${filter}`) ||
            contextual.has(`${resource.name} ${filter} ${pair[0]}`)
          )
            continue
          for (const values of one.candidates.slice(0, 40)) {
            const found = await count([{ [filter]: { operator: pair[0], values } }])
            if (found === undefined) continue
            const rest = await count([{ [filter]: { operator: pair[1], values } }])
            assert.equal(found + rest, all, `${filter} ${pair.join(' and ')} ${values}`)
            break
          }
        }
      }
    })
  }
})

test('every order, group, sum and selection is accepted', async (t) => {
  for (const resource of resourcesWith('index')) {
    await t.test(resource.name, async () => {
      const broken: string[] = []
      const parameters: Record<string, unknown>[] = [
        ...sortsOf(resource).flatMap((own) => [{ sortBy: [[own, 'asc']] }, { sortBy: [[own, 'desc']] }]),
        { sortBy: sortsOf(resource).map((own) => [own, 'desc']) },
        ...groupsOf(resource).flatMap((own) => [{ groupBy: own }, { groupBy: own, showSums: 'true' }]),
        { showSums: 'true' },
        ...selectionOf(resource).map((own) => ({ select: own })),
        { select: selectionOf(resource).join(',') },
      ]
      for (const who of asked) {
        const { send } = world.person(who)
        if ((await send('GET', `/api/v3/${resource.path}`)).status === 403) continue
        for (const one of sampled(parameters, 25, `parameters ${resource.name} ${who}`)) {
          const { status, text, path } = await send('GET', `/api/v3/${resource.path}${query({ pageSize: '100', ...one })}`)
          // Values that only some viewers see are sortable for these only.
          const isKept = who !== 'admin' && status === 400 && text.includes(':InvalidQuery"')
          if (status !== 200 && !isKept) broken.push(`${path} answers ${status} ${text}`)
        }
      }
      assert.deepEqual(broken, [])
    })
  }
})

test('groups count every row once, and their sums add up to the total', async () => {
  const { send } = world.person('member')
  for (const resource of resourcesWith('index')) {
    for (const groupBy of groupsOf(resource)) {
      const { body } = await send(
        'GET',
        `/api/v3/${resource.path}${query({ groupBy, filters: [], pageSize: '0', showSums: 'true' })}`,
      )
      const counts: number[] = body.groups.map((group: { count: number }) => group.count)
      assert.equal(
        counts.reduce((sum, count) => sum + count, 0),
        body.total,
        `${resource.name} by ${groupBy}`,
      )
    }
  }
})

test('a list has as many elements as its total, and its pages form the list', async () => {
  for (const person of world.people) {
    for (const resource of resourcesWith('index')) {
      if (!sampled(world.people, 5, `pages ${resource.name}`).includes(person)) continue
      const { status, body } = await person.send('GET', `/api/v3/${resource.path}?pageSize=1000`)
      if (status !== 200) continue
      const said = `${resource.name} as ${person.name}`
      const keys = (list: any) => list._embedded.elements.map((one: any) => one._links.self.href)
      assert.deepEqual([body.total, body.count], [keys(body).length, keys(body).length], said)
      if (resource.paginated === false || body.total < 2) continue
      const size = Math.ceil(body.total / 2)
      const pages = []
      for (const offset of [1, 2]) {
        pages.push(...keys((await person.send('GET', `/api/v3/${resource.path}?pageSize=${size}&offset=${offset}`)).body))
      }
      assert.deepEqual(pages, keys(body), said)
    }
  }
})

/** The number of statements of a request with warm caches. */
async function statements(who: string, path: string): Promise<number> {
  const { send } = world.person(who)
  const { db } = world.server
  await send('GET', path)
  await forgetReads(db)
  const before = db.statements
  const { status } = await send('GET', path)
  assert.equal(status, 200, path)
  return db.statements - before
}

test('the number of statements does not depend on the number of rows', async (t) => {
  await stopUsageRecords(world.server.db)
  const measured: { who: string; path: string; few: number }[] = []
  for (const who of asked) {
    for (const { path, listed } of await lists()) {
      if (!sampled(asked, 1, `statements ${path}`).includes(who)) continue
      if ((await world.person(who).send('GET', path)).status !== 200) continue
      const one = await statements(who, `${path}?pageSize=1`)
      const fifty = await statements(who, `${path}?pageSize=50`)
      // One row may link to fewer resources than many rows, but the number of kinds is limited; so may what is embedded in it.
      const embedded = listed.properties.flatMap(({ to, options }) => (to && options.embed ? product.of(to).properties : []))
      const kinds = new Set([...listed.properties, ...embedded].map((property) => property.to)).size
      assert.ok(fifty <= one + kinds, `${path} as ${who}: ${one} statements for one row, ${fifty} for fifty`)
      measured.push({ who, path, few: await statements(who, `${path}?pageSize=1000`) })
    }
    for (const resource of readingsWith('show')) {
      for (const path of sampled(await addressesOf(world.server.db, resource, 4), 2, `statements ${resource.name} ${who}`)) {
        if ((await world.person(who).send('GET', path)).status !== 200) continue
        measured.push({ who, path, few: await statements(who, `${path}?pageSize=1000`) })
      }
    }
  }
  assert.ok(measured.length > 50)
  await multiplyRows(world.server.db, 150)
  for (const { who, path, few } of measured) {
    const many = await statements(who, `${path}?pageSize=1000`)
    assert.ok(many <= few, `${path} as ${who}: ${few} statements with few rows, ${many} with many`)
  }
  await t.test('at most five for a work package, and eight for a list of them', async () => {
    const WorkPackage = product.resources.find((one) => one.name === 'WorkPackage')!
    for (const who of asked) {
      for (const path of sampled(await addressesOf(world.server.db, WorkPackage, 100), 30, `few statements ${who}`)) {
        const { status, body } = await world.person(who).send('GET', path)
        if (status !== 200) continue
        // The users of a group take another one.
        const groups = ['assignee', 'responsible'].some((one) => body._links[one].href?.startsWith('/api/v3/groups/'))
        // Attachments take one, and their containers another.
        const files = body._embedded.attachments.total > 0
        // So do relations, and their other ends.
        const relations = body._embedded.relations.total > 0
        // Its phase and its budget are read, and those of its parent.
        const further = [body, body._embedded.parent]
          .flatMap((one) => [one?._links.projectPhase, one?._links.budget])
          .filter((link) => link?.href).length
        // A reference in a text takes one.
        const texts = Number(/work_packages\/\d+\\" title/.test(JSON.stringify(body)))
        const count = await statements(who, path)
        assert.ok(
          count <= 5 + further + texts + (groups ? 1 : 0) + (files ? 2 : 0) + (relations ? 2 : 0),
          `${path} as ${who}: ${count}`,
        )
      }
      const count = await statements(who, '/api/v3/work_packages?pageSize=100')
      // Those of which some have a phase and some a budget.
      assert.ok(count <= 8 + 2, `a list as ${who}: ${count}`)
    }
  })
})

test('the API description is consistent OpenAPI 3.1', async () => {
  const document = (await world.server.admin.get('/openapi.json')).body
  assert.match(document.openapi, /^3\.1\./)
  const at = (reference: string) =>
    reference
      .slice(2)
      .split('/')
      .reduce((node, key) => node[key], document)
  const resolved = (one: any) => (one.$ref ? at(one.$ref) : one)
  const operationIds: string[] = []
  for (const [path, item] of Object.entries<any>(document.paths)) {
    const expected = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1])
    assert.equal(new Set(expected).size, expected.length, path)
    for (const [method, operation] of Object.entries<any>(item)) {
      assert.match(method, /^(get|post|put|patch|delete)$/)
      operationIds.push(operation.operationId)
      const parameters: any[] = (operation.parameters ?? []).map(resolved)
      const inPath = parameters.filter((one) => one.in === 'path')
      assert.deepEqual(inPath.map((one) => one.name).toSorted(), expected.toSorted(), `${method} ${path}`)
      assert.ok(
        inPath.every((one) => one.required === true),
        `${method} ${path}`,
      )
      assert.equal(new Set(parameters.map((one) => `${one.in} ${one.name}`)).size, parameters.length, `${method} ${path}`)
      for (const parameter of parameters) assert.ok(parameter.schema, `${method} ${path} ${parameter.name}`)
      const statuses = Object.entries<any>(operation.responses)
      assert.ok(
        statuses.some(([status]) => /^[23]/.test(status)),
        `${method} ${path}`,
      )
      for (const [status, response] of statuses) {
        assert.match(status, /^[1-5]\d\d$/)
        assert.equal(typeof resolved(response).description, 'string')
      }
      if (method === 'get' || method === 'delete') assert.equal(operation.requestBody, undefined, `${method} ${path}`)
      for (const tag of operation.tags)
        assert.ok(
          document.tags.some((one: any) => one.name === tag),
          tag,
        )
    }
  }
  assert.deepEqual(operationIds.toSorted(), [...new Set(operationIds)].toSorted())
  assert.equal(operationIds.length, operations().length)
  for (const [, pointer] of JSON.stringify(document).matchAll(/"\$ref":"#([^"]*)"/g)) {
    const target = pointer!
      .split('/')
      .slice(1)
      .reduce((node, key) => node?.[key], document)
    assert.ok(target, `${pointer} leads nowhere`)
  }
  const ajv = new Ajv2020({ strict: false, allErrors: true })
  addFormats.default(ajv)
  ajv.addSchema({ $id: 'ours', ...document })
  for (const schema of Object.keys(document.components.schemas)) {
    assert.doesNotThrow(() => ajv.compile({ $ref: `ours#/components/schemas/${schema}` }), schema)
    assert.ok(ajv.validateSchema(document.components.schemas[schema]), `${schema}: ${ajv.errorsText()}`)
  }
})

test('every response matches the API description', async () => {
  const judge = judgeByOurs((await world.server.admin.get('/openapi.json')).body)
  const ofAKind = Map.groupBy(heard, ({ method, path, status }) => `${operationAt(method, path)?.path} ${method} ${status}`)
  assert.deepEqual(
    [...ofAKind.values()].flatMap((list) => sampled(list.slice(0, 40), 10, 'answers').flatMap(judge)),
    [],
  )
})
