/** Laws of writing: exactly the properties that a schema calls writable are accepted, and a valid form can be committed. */

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { name, sql } from '#db/sql.ts'
import type { Resource } from '#kernel/declaration.ts'
import { hrefOf } from '#kernel/resource.ts'
import { product } from '#server/modules.ts'
import { anotherValue, entriesOf, filledIn, held, offered, payloadOf } from '#test/forms.ts'
import { judgeByOurs } from '#test/judge.ts'
import { versionFaults } from '#test/layout.ts'
import { multiplyRows, type Person, type Populated, populated } from '#test/populated.ts'
import { addressesOf, isStored, operationAt, operations, parametersOf, pathWith, readingsWith } from '#test/registry.ts'
import { sampled } from '#test/sample.ts'
import type { Exchange } from '#test/wire.ts'

type Json = Record<string, any>

const heard: Exchange[] = []
let world: Populated
before(async () => {
  world = await populated((exchange) => heard.push(exchange))
  await multiplyRows(world.server.db)
})
after(() => world.close())

/** Runs one part of a law for all users; its function gives the violations, in words. */
function forEverybody(law: string, broken: (person: Person) => Promise<readonly string[]>): void {
  test(law, async (t) => {
    for (const person of world.people) await t.test(person.name, async () => assert.deepEqual(await broken(person), []))
  })
}

/** Addresses of rows that a link of `target` could name. */
async function rowsOf(target: Resource): Promise<string[]> {
  if (!isStored(target)) return [...(target.rows?.values() ?? [])].map((row) => hrefOf(target, row))
  const rows = await world.server.db.all(sql`select * from ${name(target.table)} order by id limit 12`)
  return rows.map((row) => hrefOf(target, row))
}

const lockOf = (body: Json) => ('lockVersion' in body ? { lockVersion: body.lockVersion } : {})

/** Whether a response reports a property as read-only. */
function saysReadOnly({ body }: Exchange, property: string): boolean {
  const errors: Json[] = body?._embedded?.errors ?? [body]
  return errors.some(
    (error) => error?.errorIdentifier?.endsWith(':PropertyIsReadOnly') && error._embedded?.details?.attribute === property,
  )
}

/** A visible row with a form that the user may request; the last rows, which no other test needs, come first. */
async function editable(
  resource: Resource,
  { send, id }: Person,
): Promise<{ address: string; body: Json; schema: Json } | undefined> {
  for (const address of (await addressesOf(world.server.db, resource, 16)).reverse()) {
    if (address.endsWith(`/users/${id}`)) continue
    const row = await send('GET', address)
    const form = row.status === 200 && (await send('POST', `${address}/form`, lockOf(row.body)))
    if (form && form.status === 200) return { address, body: row.body, schema: form.body._embedded.schema }
  }
  return undefined
}

// Before all changes: the allowed values later depend on the writes of the sample.
test('an administrator can fill in every create form from its schema alone', async () => {
  for (const resource of readingsWith('form')) {
    const { commit, answer } = await filledIn(`/api/v3/${resource.path}/form`, world.person('admin'))
    assert.ok(commit, `${resource.name}: ${JSON.stringify(answer.body?._embedded?.validationErrors ?? answer.text)}`)
  }
})

/** The first address below each path. */
const ofEachPath = (addresses: readonly string[]): string[] =>
  [...Map.groupBy(addresses, (href) => href.slice(0, href.lastIndexOf('/'))).values()].map(([first]) => first as string)

/** Links to workspaces that create forms offer, by the path of these: all of them are chosen by somebody. */
const chosen = new Map<string, Set<string>>()

forEverybody('a create form accepts the workspaces that it offers, of every kind', async (person) => {
  const broken: string[] = []
  for (const resource of readingsWith('form')) {
    // Whether a query can be saved depends on its project, and it can be asked for in all that have work packages.
    if (resource.name === 'Query') continue
    const links = resource.properties.filter(({ to }) => to !== undefined && product.of(to).readings)
    const isTried = person.name === 'admin' || sampled(world.people, 4, `offered ${resource.path}`).includes(person)
    if (links.length === 0 || !isTried) continue
    const path = `/api/v3/${resource.path}/form`
    const { answer, payload } = await filledIn(path, person)
    if (answer.status !== 200) continue
    for (const { name: own } of links) {
      const entry = answer.body._embedded.schema[own]
      if (!entry?.writable) continue
      for (const href of ofEachPath(await offered(entry, person))) {
        chosen.getOrInsertComputed(href.split('/').at(-2) as string, () => new Set()).add(`${resource.path} ${own}`)
        const sent = { ...payload, _links: { ...payload._links, [own]: { href } } }
        const { status, body } = await person.send('POST', path, sent)
        const error = status === 200 ? body._embedded.validationErrors[own] : body
        if (error) broken.push(`${path} offers ${href} as ${own}, and answers ${error.message}`)
      }
    }
  }
  return broken
})

test('memberships, versions, work packages and time entries can be of programs and portfolios as well as of projects', () => {
  for (const kind of ['projects', 'programs', 'portfolios'])
    for (const link of ['memberships project', 'versions definingProject', 'work_packages project', 'time_entries project'])
      assert.ok(chosen.get(kind)?.has(link), `${link} of ${kind}`)
})

forEverybody('a property can be changed if and only if the schema calls it writable', async (person) => {
  const broken: string[] = []
  for (const resource of readingsWith('editForm')) {
    if (!sampled(world.people, 5, `writable ${resource.name}`).includes(person)) continue
    const names = (await editable(resource, person))?.schema ?? {}
    for (const [property] of sampled(entriesOf(names), 4, `writable ${resource.name} ${person.name}`)) {
      // Earlier changes may have hidden the row, or changed its writable properties.
      const current = await editable(resource, person)
      const entry = current?.schema[property]
      const declared = resource.property.get(property)
      if (!current || !entry || !declared || property === 'id' || declared.column === resource.lock) continue
      const others = declared.to ? await rowsOf(product.of(declared.to)) : []
      const value = await anotherValue(entry, held(current.body, property, entry), person, { others })
      if (value === undefined) continue
      const sent = { ...lockOf(current.body), ...payloadOf(property, entry, value) }
      const answer = await person.send('PATCH', current.address, sent)
      // A value for a property of a row without any permission is 403 as a whole.
      const isRefused = answer.status === 403 && (entry.location === '_links' || !entry.writable)
      const isAnswered = entry.writable
        ? !saysReadOnly(answer, property) && (answer.status === 200 || answer.status === 422)
        : answer.status === 422 && saysReadOnly(answer, property)
      if (!isRefused && !isAnswered) {
        const called = `${property} of ${current.address} is ${entry.writable ? '' : 'not '}called writable`
        broken.push(`${called}, but ${JSON.stringify(value)} answers ${answer.status} ${answer.text.slice(0, 300)}`)
      }
    }
  }
  return broken
})

/** The paths of all create forms, with those of projects for some projects. */
async function createForms(): Promise<string[]> {
  const projects = await world.server.db.all<{ id: number }>(sql`select id from projects order by id limit 4`)
  return operations()
    .filter(({ method, path, answers }) => method === 'POST' && answers.as === 'form' && !/:id\/form$/.test(path))
    .flatMap((one) => (parametersOf(one) === 0 ? [pathWith(one, [])] : projects.map(({ id }) => pathWith(one, [String(id)]))))
}

forEverybody('a create form without errors can be committed', async (person) => {
  const broken: string[] = []
  for (const path of await createForms()) {
    if (!sampled(world.people, 5, `created ${path}`).includes(person)) continue
    const { commit, payload } = await filledIn(path, person)
    const operation = commit && operationAt(commit.method, commit.href)
    // Forms of examples cannot be committed.
    if (!operation) continue
    const answer = await person.send(commit.method, commit.href, payload)
    if (answer.status !== operation.answers.status) broken.push(`${path}: committing answers ${answer.status} ${answer.text}`)
  }
  return broken
})

forEverybody('an edit form without errors can be committed', async (person) => {
  const broken: string[] = []
  for (const resource of readingsWith('editForm')) {
    if (!sampled(world.people, 5, `committed ${resource.name}`).includes(person)) continue
    for (const address of await addressesOf(world.server.db, resource, 6)) {
      const row = await person.send('GET', address)
      if (row.status !== 200) continue
      const form = await person.send('POST', `${address}/form`, lockOf(row.body))
      const commit = form.body?._links?.commit
      if (!commit) continue
      const answer = await person.send(commit.method.toUpperCase(), commit.href, form.body._embedded.payload)
      if (answer.status !== 200) broken.push(`${commit.method} ${commit.href} answers ${answer.status} ${answer.text}`)
    }
  }
  return broken
})

test('an administrator can request the edit form of some row of every resource', async () => {
  for (const resource of readingsWith('editForm')) assert.ok(await editable(resource, world.person('admin')), resource.name)
})

test('the newest version of every journaled row equals the row', async () => {
  assert.deepEqual(await versionFaults(world.server.db), [])
})

test('every response matches the API description', async () => {
  const judge = judgeByOurs((await world.server.admin.get('/openapi.json')).body)
  const ofAKind = Map.groupBy(heard, ({ method, path, status }) => `${operationAt(method, path)?.path} ${method} ${status}`)
  assert.deepEqual(
    [...ofAKind.values()].flatMap((list) => sampled(list.slice(0, 40), 10, 'answers').flatMap(judge)),
    [],
  )
})
