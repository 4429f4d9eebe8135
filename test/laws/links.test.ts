/** Laws of links: a link is offered if and only if following it is permitted, and hidden rows are not disclosed. */
import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import type { Resource } from '#kernel/declaration.ts'
import { runDue } from '#test/jobs.ts'
import { type Judge, judgeByOurs } from '#test/judge.ts'
import { orphans, versionFaults } from '#test/layout.ts'
import { type Embedded, embeddedIn, follow, isHarmless, type Offer, offerFault, offersOf } from '#test/links.ts'
import { multiplyRows, type Person, type Populated, populated } from '#test/populated.ts'
import { addressesOf, isStored, operationAt, operations, parametersOf, pathWith, readingsWith } from '#test/registry.ts'
import { sampled } from '#test/sample.ts'
import type { Exchange } from '#test/wire.ts'

/** Targets of links that do not exist yet. */
const planned: RegExp[] = []
/** Lists with resources that cannot all be viewed individually, as in OpenProject. */
const offeredToMore = new Set([
  ...['Role self GET', 'PlaceholderUser self GET', 'Reminder self GET'],
  // Files are readable for users who are connected to their storage.
  'ProjectStorage projectFolder GET',
])
/** Links that are offered to fewer users than may follow them: users change themselves, and archivers may do nothing else. */
const offeredToFewer = new Set(['User updateImmediately', 'Project update', 'Project updateImmediately'])
/** Actions that are rejected by a violation which names the affected row, as in OpenProject. */
const refusedInWords = new Set(['WorkPackage addRelation'])
const isOfferedToAll = (resource: Resource, rel: string) =>
  resource.actions?.[rel] !== null && !offeredToFewer.has(`${resource.name} ${rel}`)

const heard: Exchange[] = []
let world: Populated
let judge: Judge
before(async () => {
  world = await populated((exchange) => heard.push(exchange))
  judge = judgeByOurs((await world.server.admin.get('/openapi.json')).body)
})
after(() => world.close())

/** The number of times each kind of link is followed within each project; viewers with one of many permission sets try a part. */
const most = ({ name }: Person) => (name.startsWith('coded') ? 1 : 3)

interface Crawled {
  /** Offered links that were rejected. */
  readonly offerFaults: readonly string[]
  /** Embedded resources that differ from the response of their address. */
  readonly untrue: readonly string[]
}
const crawls = new Map<string, Promise<Crawled>>()
/** Findings of a viewer who follows safe links from response to response, a few of each kind. */
const crawled = (person: Person): Promise<Crawled> => crawls.getOrInsertComputed(person.name, () => crawl(person))

/** An object without its embedded resources, and without the link by which a query repeats its page of results. */
const shallow = ({ _embedded, _links: { results, ...links }, ...rest }: Record<string, any>): string =>
  JSON.stringify({ ...rest, _links: links })

const hrefOf = ({ body }: Embedded): string => body._links.self.href

async function crawl(person: Person): Promise<Crawled> {
  const { send } = person
  const starts = operations()
    .filter((one) => one.method === 'GET' && parametersOf(one) === 0)
    .map((one) => `${pathWith(one, [])}?pageSize=100`)
  for (const resource of readingsWith('show')) starts.push(...(await addressesOf(world.server.db, resource, 10)))
  const queue: Exchange[] = []
  for (const path of starts) queue.push(await send('GET', path))
  const followed = new Map<string, Set<string>>()
  const offerFaults = new Map<string, string>()
  const untrue = new Map<string, string>()
  const looked = (one: Embedded) => followed.getOrInsertComputed(`embedded ${one.by} ${one.rel}`, () => new Set())
  const unknown = ({ body }: Exchange) =>
    [...embeddedIn(body)].filter((one) => !looked(one).has(hrefOf(one)) && looked(one).size < most(person))
  /** Compares embedded resources with their own responses, up to a number for each kind. */
  const look = async ({ path, body }: Exchange) => {
    for (const one of [...embeddedIn(body)]) {
      const { by, rel } = one
      const href = hrefOf(one)
      if (looked(one).has(href) || looked(one).size >= most(person)) continue
      looked(one).add(href)
      const { status, body: whole } = await send('GET', href)
      // Lists have a guard of their own.
      if (status === 403 && rel === 'elements') continue
      if (status !== 200) untrue.set(`${by} ${rel}`, `${path} embeds ${rel} ${href}, which answers ${status}`)
      else if (shallow(whole) !== shallow(one.body))
        untrue.set(`${by} ${rel}`, `${path} embeds ${rel} ${shallow(one.body)}, but ${href} answers ${shallow(whole)}`)
    }
  }
  for (const answer of queue) {
    if (answer.status !== 200) continue
    // Followed links may have changed the resource, so it is read again.
    if (unknown(answer).length > 0) await look(await send('GET', answer.path))
    for (const offer of offersOf(answer.body)) {
      const kind = `${offer.by} ${offer.rel} ${offer.method}`
      const place = offer.from._links?.project?.href
      const known = followed.getOrInsertComputed(`${kind} ${offer.onlyNames} ${place}`, () => new Set())
      if (!isHarmless(offer) || known.has(offer.href) || known.size >= most(person)) continue
      known.add(offer.href)
      const next = await follow(offer, send)
      if (offer.method === 'GET') queue.push(next)
      else if (next.status === 200) await look(next)
      const reason = offerFault(offer, next)
      const isKnown = offeredToMore.has(kind) || planned.some((path) => path.test(offer.href))
      if (reason && !isKnown) offerFaults.set(kind, reason)
    }
  }
  return { offerFaults: [...offerFaults.values()], untrue: [...untrue.values()] }
}

/** The representation of a row, or undefined where the person cannot see it. */
async function seenBy({ send }: Person, address: string): Promise<Record<string, any> | undefined> {
  const answer = await send('GET', address)
  return answer.status === 200 ? answer.body : undefined
}

const lockOf = (body: Record<string, any>) => ('lockVersion' in body ? { lockVersion: body.lockVersion } : {})

/** The requests of standard links, which get 403 where the links are not offered. */
function* standard(resource: Resource, address: string, body: Record<string, any>) {
  const { operations: known } = resource
  if (known.includes('editForm')) yield { rel: 'update', method: 'POST', path: `${address}/form`, sent: lockOf(body) }
  if (known.includes('update')) yield { rel: 'updateImmediately', method: 'PATCH', path: address, sent: lockOf(body) }
  if (known.includes('delete')) yield { rel: 'delete', method: 'DELETE', path: address, sent: undefined }
}

/** Users who follow all links: the administrator, who sees most, and a sample of the others. */
const crawlers = () => world.people.filter((one, i) => i < 1 || sampled(world.people.slice(1), 1, 'crawl').includes(one))

/** Runs one part of a law for users; its function gives the violations, in words. */
function forPeople(law: string, people: () => readonly Person[], broken: (person: Person) => Promise<readonly string[]>): void {
  test(law, async (t) => {
    for (const person of people()) await t.test(person.name, async () => assert.deepEqual(await broken(person), []))
  })
}

/** Runs one part of a law for resources and users; in a sampled run, each resource is for some of them. */
function forEverybody(law: string, broken: (person: Person, resource: Resource) => Promise<readonly string[]>): void {
  const isTried = (person: Person, { name }: Resource) => sampled(world.people, 2, `${law} ${name}`).includes(person)
  forPeople(
    law,
    () => world.people,
    async (person) => {
      const all: string[] = []
      for (const resource of readingsWith('show')) if (isTried(person, resource)) all.push(...(await broken(person, resource)))
      return all
    },
  )
}

forPeople('an offered link is permitted', crawlers, async (person) => (await crawled(person)).offerFaults)

forPeople(
  'an embedded resource equals the response of its own address',
  crawlers,
  async (person) => (await crawled(person)).untrue,
)

forEverybody('changing or deleting a row without the offered link is rejected', async (person, resource) => {
  const broken: string[] = []
  for (const address of await addressesOf(world.server.db, resource, 8)) {
    const body = await seenBy(person, address)
    if (!body) continue
    for (const { rel, method, path, sent } of standard(resource, address, body)) {
      if (rel in body._links || !isOfferedToAll(resource, rel)) continue
      const { status } = await person.send(method, path, sent)
      if (status !== (resource.refusal ?? 403)) broken.push(`${rel} is not offered, but ${method} ${path} answers ${status}`)
    }
  }
  return broken
})

/** Links to actions on a row that depend on permissions and have the same meaning for all users. */
function* actionLinks(resource: Resource, address: string, body: Record<string, any>, offeredTo: Person): Generator<Offer> {
  for (const offer of offersOf({ ...body, _embedded: {} })) {
    const { rel, method, href, payload } = offer
    const isPersonal = payload !== undefined || new RegExp(`/${offeredTo.id}(/|$)`).test(href)
    const isItsOwn = href !== address && parametersOf(operationAt(method, href)!) > 0
    if (resource.actions?.[rel]?.may && method !== 'GET' && isItsOwn && !isPersonal) yield offer
  }
}

forEverybody('an action that is only offered to the administrator is rejected', async (person, resource) => {
  const broken: string[] = []
  const admin = world.person('admin')
  for (const address of await addressesOf(world.server.db, resource, 6)) {
    const [all, own] = [await seenBy(admin, address), await seenBy(person, address)]
    if (!all || !own) continue
    for (const offer of actionLinks(resource, address, all, admin)) {
      if (offer.rel in own._links || !isOfferedToAll(resource, offer.rel)) continue
      const { status } = await follow(offer, person.send)
      const isRefused = status === 422 && refusedInWords.has(`${resource.name} ${offer.rel}`)
      if (status !== 403 && status !== 404 && !isRefused)
        broken.push(`${offer.rel}: ${offer.method} ${offer.href} answers ${status}`)
    }
  }
  return broken
})

forEverybody('hidden rows have the same responses as missing ones, for all requests', async (person, resource) => {
  const broken: string[] = []
  if (!isStored(resource)) return broken
  for (const address of await addressesOf(world.server.db, resource, 8)) {
    if (await seenBy(person, address)) continue
    const absent = address.replace(/\d+$/, '99999999')
    const known = (one: 'update' | 'editForm' | 'delete') => resource.operations.includes(one)
    const asks: [method: string, rest: string, sent?: unknown][] = [
      ['GET', ''],
      ['HEAD', ''],
      ['OPTIONS', ''],
    ]
    if (known('update')) asks.push(['PATCH', '', {}])
    if (known('editForm')) asks.push(['POST', '/form', {}])
    if (known('delete')) asks.push(['DELETE', ''])
    for (const [method, rest, sent] of asks) {
      const answer = await person.send(method, address + rest, sent)
      const expected = await person.send(method, absent + rest, sent)
      const asked = `${method} ${address}${rest}`
      if (answer.status !== expected.status || answer.text !== expected.text)
        broken.push(
          `${asked} answers ${answer.status} ${answer.text}, and where there is no row ${expected.status} ${expected.text}`,
        )
      const isGuarded = resource.guards
      if (answer.status === 403 && !isGuarded) broken.push(`${asked} answers 403`)
    }
  }
  return broken
})

test('offered actions are permitted, and deleted resources leave no traces', async (t) => {
  await multiplyRows(world.server.db)
  for (const person of world.people) {
    await t.test(person.name, async () => {
      const broken: (string | undefined)[] = []
      for (const resource of readingsWith('show')) {
        if (!sampled(world.people, 3, `deeds ${resource.name}`).includes(person)) continue
        for (const address of (await addressesOf(world.server.db, resource)).slice(-3)) {
          const body = await seenBy(person, address)
          if (!body || address.endsWith(`users/${person.id}`)) continue
          const offers = [...offersOf({ ...body, _embedded: {} })].filter((offer) => !isHarmless(offer))
          for (const offer of offers.sort((a, b) => Number(a.rel === 'delete') - Number(b.rel === 'delete'))) {
            const answer = await follow(offer, person.send)
            broken.push(offerFault(offer, answer))
            const isGone = offer.rel === 'delete' && answer.status < 300
            // What is deleted in the background is gone after its job.
            if (isGone) await runDue(world.server.db, { only: ['projects.delete'] })
            if (isGone && (await seenBy(person, address))) broken.push(`${address} is there although it was deleted`)
          }
        }
      }
      assert.deepEqual(
        [...broken.filter(Boolean), ...(await orphans(world.server.db)), ...(await versionFaults(world.server.db))],
        [],
      )
    })
  }
})

test('every response matches the API description', () => {
  assert.ok(heard.length > 1000)
  const ofAKind = Map.groupBy(heard, ({ method, path, status }) => `${operationAt(method, path)?.path} ${method} ${status}`)
  assert.deepEqual(
    [...ofAKind.values()].flatMap((list) => sampled(list.slice(0, 40), 10, 'answers').flatMap(judge)),
    [],
  )
})
