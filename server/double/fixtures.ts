/**
 * Fixtures: rows for a test double, described in YAML or JSON by the names of resources and properties. They are written by requests
 * to the API, so that its rules hold, history is kept, and jobs follow.
 */
import { readFile } from 'node:fs/promises'
import type { FastifyInstance } from 'fastify'
import { isMap, isNode, isSeq, LineCounter, parseDocument } from 'yaml'
import type { Database, Row } from '#db/database.ts'
import { PREFIX } from '#http/mount.ts'
import { API } from '#identity/scopes.ts'
import { isToken, makeToken, randomKey } from '#identity/tokens.ts'
import { currentTime } from '#kernel/clock.ts'
import type { Model, Property, Resource } from '#kernel/declaration.ts'
import { product } from '#server/modules.ts'
import { reasonOf } from '#server/reason.ts'
import { UsageError } from '#server/usage.ts'

/** How fixtures reach the server. */
export interface Delivery {
  readonly model: Model
  /** Sends a request as the administrator; gives the status and the body. */
  send(method: 'GET' | 'POST', path: string, body?: object): Promise<{ status: number; body: Row }>
  /** Makes a token of a user; a new one unless it is given. */
  giveToken(userId: number, token: string | undefined): Promise<string>
}

/**
 * Creates what a file describes.
 * @param credentials a token of an administrator
 * @returns the tokens of users, by their logins
 * @throws UsageError in one sentence, with the line of what is wrong
 */
export async function readFixtures(
  path: string,
  app: FastifyInstance,
  db: Database,
  credentials: string,
): Promise<Record<string, string>> {
  const headers = { authorization: `Bearer ${credentials}`, 'content-type': 'application/json' }
  try {
    return await applyFixtures(await readFile(path, 'utf8'), path, {
      model: product,
      async send(method, url, body) {
        const { statusCode, payload } = await app.inject({
          method,
          url: PREFIX + url,
          headers,
          ...(body && { payload: JSON.stringify(body) }),
        })
        return { status: statusCode, body: payload === '' ? {} : JSON.parse(payload) }
      },
      giveToken: (userId, token) =>
        db.transaction((tx) =>
          makeToken(tx, userId, { name: 'Fixtures', scope: API, expiresAt: null, projects: null }, currentTime(), token),
        ),
    })
  } catch (cause) {
    throw new UsageError(`The fixtures cannot be created: ${reasonOf(cause)}`, { cause })
  }
}

/** Members of fixtures that are no property: a label for links, and the token of a user. */
const LABEL = 'as'
const TOKEN = 'token'

/** A created row, with the names by which links can refer to it. */
interface Made {
  readonly names: readonly string[]
  readonly href: string
}

/** A part of the file that is wrong, by its offset. */
class FixtureError extends Error {
  readonly offset: number
  constructor(offset: number, message: string) {
    super(message)
    this.offset = offset
  }
}

/**
 * Creates what a text describes: for each resource, by its path in the API, a list of rows.
 * @param name the name of the file, for messages
 * @returns the tokens of users, by their logins
 * @throws Error in one sentence, with the line of what is wrong
 */
export async function applyFixtures(text: string, name: string, delivery: Delivery): Promise<Record<string, string>> {
  const lines = new LineCounter()
  const at = (offset: number) => `${name}:${lines.linePos(offset).line}`
  const document = parseDocument(text, { lineCounter: lines })
  const [fault] = document.errors
  if (fault) throw new Error(`${at(fault.pos[0])}: ${fault.message.split(' at line ', 1)[0]}.`)
  const tokens: Record<string, string> = {}
  const writer = createWriter(delivery, tokens)
  try {
    for (const [key, rows] of entriesOf(document.contents, 'The file must be a mapping, such as projects: […].')) {
      const path = String(key.value)
      for (const row of listOf(rows, `${path} must be a list.`)) await writer.create(path, key.offset, row)
    }
  } catch (error) {
    if (!(error instanceof FixtureError)) throw error
    throw new Error(`${at(error.offset)}: ${error.message}`, { cause: error })
  }
  return tokens
}

/** A scalar with its place in the file. */
interface Key {
  readonly value: unknown
  readonly offset: number
}

const offsetOf = (node: unknown): number => (isNode(node) ? (node.range?.[0] ?? 0) : 0)

/** The entries of a mapping. */
function entriesOf(node: unknown, expected: string): [Key, unknown][] {
  if (node === null || node === undefined) return []
  if (!isMap(node)) throw new FixtureError(offsetOf(node), expected)
  return node.items.map(({ key, value }) => [{ value: plainOf(key), offset: offsetOf(key) }, value])
}

function listOf(node: unknown, expected: string): unknown[] {
  if (node === null || node === undefined) return []
  if (!isSeq(node)) throw new FixtureError(offsetOf(node), expected)
  return node.items
}

const plainOf = (node: unknown): unknown => (isNode(node) ? node.toJSON() : node)

/** The addresses at which rows of a resource are created: its own, or below a row of another one that it links to. */
function placeOf(model: Model, path: string): { resource: Resource; path: string; parent?: Property | undefined } | undefined {
  for (const { method, path: url, answers } of model.operations) {
    if (method !== 'POST' || answers.status !== 201 || answers.of === undefined) continue
    const resource = model.resources.find((one) => one.name === answers.of)
    if (!resource) continue
    if (url === `/${path}`) return { resource, path: url }
    const [, above, below] = /^\/(\w+)\/:id\/(\w+)$/.exec(url) ?? []
    if (below !== path || resource.path !== path) continue
    const target = model.resources.find((one) => one.path === above)
    const parent = resource.properties.find(({ to, many }) => target !== undefined && to === target.name && !many)
    if (parent && !model.operations.some((one) => one.method === 'POST' && one.path === `/${path}`)) {
      return { resource, path: url, parent }
    }
  }
  return undefined
}

function createWriter({ model, send, giveToken }: Delivery, tokens: Record<string, string>) {
  /** What was created, by the tables of their resources: a group is a principal as well. */
  const made = new Map<string, Made[]>()
  const listed = new Map<string, Promise<readonly Made[]>>()
  const resourceOf = (name: string): Resource => model.of(name)

  /** What there is of a resource besides fixtures. */
  const existing = (resource: Resource): Promise<readonly Made[]> =>
    listed.getOrInsertComputed(resource.name, async () => {
      const { status, body } = await send('GET', `/${resource.path}?pageSize=1000`)
      if (status !== 200) return []
      return (body._embedded?.elements ?? []).map(madeOf)
    })

  /** What a form allows for a property, where there is no list of it. */
  async function allowed({ path }: Resource, { name }: Property, payload: Row): Promise<readonly Made[]> {
    const { body } = await send('POST', `/${path}/form`, payload)
    const { _embedded: embedded, _links: links } = body._embedded?.schema?.[name] ?? {}
    const linked: Row[] = Array.isArray(links?.allowedValues) ? links.allowedValues : []
    return [...(embedded?.allowedValues ?? []).map(madeOf), ...linked.map(({ href, title }) => ({ href, names: [title] }))]
  }

  /** The address of a row that a fixture names. */
  async function find(of: Resource, property: Property, node: unknown, payload: Row): Promise<string> {
    const value = plainOf(node)
    const resource = resourceOf(property.to as string)
    if (typeof value === 'number') return `/api/v3/${resource.path}/${value}`
    if (typeof value !== 'string') throw new FixtureError(offsetOf(node), `${property.name} must be a name or an id.`)
    if (value.startsWith('/api/v3/')) return value
    const own = (made.get(resource.table) ?? []).filter(({ names }) => names.includes(value))
    const isNamed = ({ names }: Made) => names.includes(value)
    const others = own.length > 0 ? own : (await existing(resource)).filter(isNamed)
    const all = others.length > 0 ? others : (await allowed(of, property, payload)).filter(isNamed)
    const [first] = all
    if (!first) throw new FixtureError(offsetOf(node), `${property.name}: there is no ${resource.words} "${value}".`)
    if (all.some(({ href }) => href !== first.href)) {
      throw new FixtureError(
        offsetOf(node),
        `${property.name}: there are several "${value}"; set "${LABEL}" on the one that is meant, and name that.`,
      )
    }
    return first.href
  }

  /** Adds a member of a fixture to a payload. */
  async function put(payload: Row, resource: Resource, key: Key, node: unknown): Promise<void> {
    const name = String(key.value)
    const property = resource.property.get(name)
    if (!property) {
      const known = resource.properties.filter(({ options }) => options.readOnly === undefined).map((one) => one.name)
      throw new FixtureError(key.offset, `${resource.words} has no property "${name}"; it has ${known.join(', ')}.`)
    }
    if (property.to === undefined) {
      const value = plainOf(node)
      const isText = property.kind.type === 'Formattable' && typeof value === 'string'
      payload[name] = isText ? { raw: value } : value
      return
    }
    if (plainOf(node) === null) payload._links[name] = { href: null }
    else if (!property.many) payload._links[name] = { href: await find(resource, property, node, payload) }
    else {
      const links = []
      for (const one of listOf(node, `${name} must be a list.`))
        links.push({ href: await find(resource, property, one, payload) })
      payload._links[name] = links
    }
  }

  /** Creates a row. */
  async function create(path: string, offset: number, node: unknown): Promise<void> {
    const place = placeOf(model, path)
    if (!place)
      throw new FixtureError(offset, `"${path}" cannot be created by the API. Use names such as projects or work_packages.`)
    const { resource, parent } = place
    const entries = entriesOf(node, `${path} must be a list of mappings.`)
    const payload: Row = { _links: {} }
    for (const [key, value] of entries) {
      const isOwn = key.value === LABEL || (key.value === TOKEN && resource.name === 'User')
      if (!isOwn) await put(payload, resource, key, value)
    }
    if (resource.name === 'User') {
      payload.status ??= 'active'
      // One that nobody knows, as whoever signs in by it has to set another one anyway.
      if (payload.status === 'active') payload.password ??= `A1-${randomKey()}`
    }
    const above = parent && payload._links[parent.name]?.href
    if (parent && !above) throw new FixtureError(offsetOf(node), `${resource.words} needs "${parent.name}".`)
    const url = parent ? place.path.replace(':id', String(above).split('/').at(-1) as string) : place.path
    const { status, body } = await send('POST', url, payload)
    if (status !== 201) throw new FixtureError(offsetOf(node), `${resource.words}: ${sentencesOf(body)}`)
    const given = (wanted: string) => plainOf(entries.find(([key]) => key.value === wanted)?.[1])
    const label = given(LABEL)
    const one = madeOf(body)
    const names = typeof label === 'string' ? [label, ...one.names] : one.names
    made.getOrInsertComputed(resource.table, () => []).push({ ...one, names })
    const token = resource.name === 'User' ? given(TOKEN) : undefined
    if (token === undefined || token === false) return
    if (token !== true && !(typeof token === 'string' && isToken(token))) {
      throw new FixtureError(offsetOf(node), 'token must be true, or opapi- followed by 40 hexadecimal digits.')
    }
    tokens[body.login] = await giveToken(body.id, token === true ? undefined : token)
  }
  return { create }
}

/** A row as the API represents it. */
function madeOf(body: Row): Made {
  const names = [body.identifier, body.login, body.name, body.subject, body.title].filter((one) => typeof one === 'string')
  return { names: [...new Set<string>(names)], href: body._links.self.href }
}

/** The sentences of an error. */
function sentencesOf(body: Row): string {
  const errors: Row[] = body._embedded?.errors ?? [body]
  return errors.map((error) => error.message).join(' ')
}
