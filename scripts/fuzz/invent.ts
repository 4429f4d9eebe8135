/**
 * Requests generated from a description of the API: every operation, with parameters and bodies that fit the description, nearly
 * fit it, or do not. And mutations of valid requests.
 */
import type { Chance } from '#test/chance.ts'
import { anything, texts } from '#test/garbage.ts'
import type { Sent } from './send.ts'

/** Learned data about the server. */
export interface Known {
  readonly description: any
  /** Addresses from the server's links that it responded to. */
  readonly addresses: readonly string[]
  /** Values after a segment of a path, such as ids. */
  readonly members: ReadonlyMap<string, readonly string[]>
  /** Names at the end of addresses: of filters, operators, columns, orders. */
  readonly names: readonly string[]
  /** Valid bodies with their addresses. */
  readonly writes: readonly Sent[]
}

interface Described {
  readonly path: string
  readonly method: string
  readonly operation: any
}

const described = new WeakMap<object, readonly Described[]>()

function operationsOf({ description }: Known): readonly Described[] {
  let all = described.get(description)
  if (!all) {
    const methods = ['get', 'post', 'put', 'patch', 'delete']
    all = Object.entries<any>(description.paths).flatMap(([path, item]) =>
      methods
        .filter((method) => method in item)
        .map((method) => ({ path, method: method.toUpperCase(), operation: item[method] })),
    )
    described.set(description, all)
  }
  return all
}

/** Whether a request would remove or change the fuzzer's own administrator or credentials. */
const isSuicide = ({ method, target }: Sent) =>
  method !== 'GET' && /^\/api\/v3\/(users\/(1|2|me)\b|my_preferences)/.test(target) && !target.endsWith('/form')

/** A request generated from the description. */
export function invented(known: Known, chance: Chance): Sent {
  const { path, method, operation } = chance.of(operationsOf(known))
  const filled = path.replace(/([^/]+)\/\{[^}]*\}/g, (_, place) => `${place}/${segment(place, known, chance)}`)
  const target = filled + query(operation, known, chance)
  const media = Object.keys(operation.requestBody?.content ?? {})
  const type = chance.oneIn(40) ? chance.of(['text/xml', 'application/json; charset=x', 'x']) : media[0]
  const sent: Sent = { method, target: sendable(target), headers: type === undefined ? {} : { 'content-type': type } }
  const schema = operation.requestBody?.content?.[media[0] ?? '']?.schema
  const whole =
    media[0] === 'multipart/form-data'
      ? upload(known, chance)
      : media[0] === 'text/plain'
        ? { body: wellFormed(text(chance)) }
        : {}
  const body =
    schema !== undefined && media[0]?.includes('json') ? { body: JSON.stringify(value(schema, known, chance, 4)) ?? '' } : {}
  const made = { ...sent, ...body, ...whole }
  return isSuicide(made) ? { ...made, method: 'GET' } : made
}

const BOUNDARY = 'b0undary'

function upload(known: Known, chance: Chance): Partial<Sent> {
  const part = (name: string, content: string) =>
    `--${BOUNDARY}\r\ncontent-disposition: form-data; name="${name}"; filename="x"\r\n\r\n${content}\r\n`
  const metadata = JSON.stringify(
    chance.oneIn(4) ? anything(chance) : { fileName: text(chance), description: { raw: text(chance) } },
  )
  const parts = [part('metadata', metadata ?? ''), part('file', text(chance))]
  if (chance.oneIn(8)) parts.push(part(chance.of(known.names), 'x'))
  if (chance.oneIn(4)) parts.reverse()
  const body = wellFormed(`${parts.join('')}--${BOUNDARY}--\r\n`)
  return {
    headers: { 'content-type': `multipart/form-data; boundary=${BOUNDARY}` },
    body: chance.oneIn(8) ? damaged(body, chance) : body,
  }
}

const text = (chance: Chance) => chance.of(texts)
const wellFormed = (value: string) => value.toWellFormed()
/** An address of characters that a request line can contain, no longer than servers accept. */
const sendable = (target: string) =>
  target.replace(/[^!-~]/g, (character) => encodeURIComponent(character.toWellFormed())).slice(0, 8_000)

/** A value after a segment of a path: a known one, or occasionally another one. */
function segment(place: string, { names, members }: Known, chance: Chance): string {
  const seen = members.get(place)
  if (seen && !chance.oneIn(4)) return chance.of(seen)
  if (chance.oneIn(8)) return encodeURIComponent(wellFormed(text(chance)).slice(0, 200)) || '0'
  return chance.oneIn(6) ? encodeURIComponent(chance.of(names)) : String(chance.below(60))
}

function query(operation: any, known: Known, chance: Chance): string {
  const pairs: [string, string][] = []
  for (const { name, in: place, schema } of operation.parameters ?? []) {
    if (place !== 'query' || !chance.oneIn(2)) continue
    pairs.push([name, parameter(name, schema, known, chance)])
  }
  if (chance.oneIn(8))
    pairs.push([chance.oneIn(2) ? text(chance) : chance.of(['showSums', 'groupBy', 'eprops', 'notify', 'search']), text(chance)])
  const own = pairs.map(([name, value]) => [name.slice(0, 50), value.slice(0, 1_500)].map(wellFormed))
  return own.length === 0 ? '' : `?${new URLSearchParams(own as [string, string][])}`
}

function parameter(name: string, schema: any, known: Known, chance: Chance): string {
  if (chance.oneIn(6)) return text(chance)
  const list = <T>(most: number, one: () => T) => Array.from({ length: chance.below(most) + 1 }, one)
  switch (name) {
    case 'filters':
      return JSON.stringify(
        list(3, () => ({
          [chance.of(known.names)]: { operator: operator(known, chance), values: list(3, () => scalar(chance)) },
        })),
      )
    case 'sortBy':
      return JSON.stringify(list(3, () => [chance.of(known.names).replace(/-(asc|desc)$/, ''), chance.of(['asc', 'desc', 'up'])]))
    case 'select':
      return list(4, () =>
        chance.of(['*', 'total', 'elements/*', `elements/${chance.of(known.names)}`, chance.of(known.names)]),
      ).join()
    case 'timestamps':
      return list(3, () =>
        chance.of(['PT0S', 'P-1D', 'P-1Y', 'oneDayAgo@00:00+00:00', '2031-01-01T00:00:00Z', text(chance)]),
      ).join()
    case 'groupBy':
      return chance.of(known.names)
    default:
      return schema?.type === 'integer'
        ? String(chance.of([-1, 0, 1, 2, 20, 1e9]))
        : (schema?.enum && chance.of(schema.enum)) || scalar(chance)
  }
}

const operator = ({ names }: Known, chance: Chance): string =>
  chance.of([
    '=',
    '!',
    '*',
    '!*',
    '~',
    '!~',
    'o',
    'c',
    '<t-',
    '>t+',
    't',
    'w',
    '=d',
    '<>d',
    '**',
    '>=',
    '<=',
    '&=',
    'ow',
    chance.of(names),
  ])

const scalar = (chance: Chance): string => (chance.oneIn(3) ? text(chance) : String(chance.below(60)))

/** A value of a JSON schema, or occasionally something else. */
function value(schema: any, known: Known, chance: Chance, depth: number): unknown {
  if (schema === undefined || chance.oneIn(12)) return anything(chance)
  const { $ref, properties, type, items, enum: choices, format, anyOf, oneOf, allOf } = schema
  if ($ref) return value(known.description.components.schemas[$ref.split('/').at(-1)], known, chance, depth)
  if (choices) return chance.of(choices)
  const several = anyOf ?? oneOf ?? allOf
  if (several) return value(chance.of(several as any[]), known, chance, depth)
  if (properties) {
    if (depth === 0) return {}
    const entries = Object.entries<any>(properties).filter(([name]) => name === 'lockVersion' || chance.oneIn(3))
    const made = Object.fromEntries(
      entries.map(([name, one]) => [name, name === 'href' ? href(known, chance) : value(one, known, chance, depth - 1)]),
    )
    if (chance.oneIn(6)) made[chance.of(known.names)] = anything(chance)
    return made
  }
  switch (Array.isArray(type) ? chance.of(type) : type) {
    case 'integer':
    case 'number':
      return chance.oneIn(6) ? chance.of([-1, 2 ** 31, 2 ** 53, 1e308, 0.1]) : chance.below(50)
    case 'boolean':
      return chance.oneIn(2)
    case 'array':
      return Array.from({ length: chance.below(4) }, () => value(items, known, chance, depth - 1))
    case 'null':
      return null
    default:
      if (format === 'date') return chance.oneIn(3) ? text(chance) : `2031-0${1 + chance.below(9)}-1${chance.below(10)}`
      if (format === 'duration') return chance.oneIn(3) ? text(chance) : `PT${chance.below(1000)}H`
      return chance.oneIn(2) ? text(chance) : chance.of(known.names)
  }
}

const href = ({ addresses }: Known, chance: Chance) => (chance.oneIn(5) ? text(chance) : chance.of(addresses))

/** A valid request, changed in a few places. */
export function mutated(known: Known, chance: Chance): Sent {
  let sent: Sent =
    chance.oneIn(2) && known.writes.length > 0
      ? chance.of(known.writes)
      : { method: 'GET', target: chance.of(known.addresses), headers: {} }
  for (let left = 1 + chance.below(3); left > 0; left--) sent = changed(sent, known, chance)
  return isSuicide(sent) ? { ...sent, method: 'GET' } : sent
}

function changed(sent: Sent, known: Known, chance: Chance): Sent {
  const { target, headers, body } = sent
  switch (chance.below(8)) {
    case 0:
      return { ...sent, target: sendable(damaged(target, chance)).replace(/^\/?/, '/') }
    case 1:
      return {
        ...sent,
        target: sendable(
          `${target}${target.includes('?') ? '&' : '?'}${chance.of(['filters', 'sortBy', 'groupBy', 'select', 'pageSize', 'offset', 'timestamps', 'eprops'])}=${parameter(chance.of(['filters', 'sortBy', 'x']), undefined, known, chance)}`,
        ),
      }
    case 2:
      return { ...sent, method: chance.of(['GET', 'POST', 'PATCH', 'PUT', 'DELETE', 'HEAD', 'OPTIONS', 'TRACE']) }
    case 3:
      return { ...sent, headers: { ...headers, ...oddHeader(chance) } }
    case 4:
      return body === undefined ? sent : { ...sent, body: damaged(body, chance) }
    case 5: {
      const base64 = Buffer.from(Array.from({ length: chance.below(200) }, () => chance.below(256))).toString('base64')
      return chance.oneIn(4) ? { ...sent, base64 } : sent
    }
    default:
      return body === undefined
        ? { ...sent, target: target.replace(/\d+/, scalarIn) }
        : { ...sent, body: withAnother(body, known, chance) }
  }
  function scalarIn(): string {
    return encodeURIComponent(wellFormed(scalar(chance)).slice(0, 100))
  }
}

const oddHeader = (chance: Chance): Record<string, string> =>
  chance.of<() => Record<string, string>>([
    () => ({
      'content-type': chance.of([
        'application/json',
        'text/plain',
        'multipart/form-data; boundary=b',
        'multipart/form-data',
        'x/y;;=',
        'application/x-www-form-urlencoded',
      ]),
    }),
    () => ({ accept: chance.of(['text/html', '*/*;q=0', 'x']) }),
    () => ({ 'accept-encoding': chance.of(['gzip', 'deflate;q=0', 'br, gzip;q=0.0', `${'gzip '.repeat(500)};q=0`]) }),
    () => ({
      authorization: chance.of([
        'Basic',
        'Basic Og==',
        'Bearer',
        'Bearer x.y.z',
        'Bearer e30.e30.e30',
        `Basic ${'='.repeat(2000)}`,
        'Digest x',
        '',
        '\t',
      ]),
    }),
    () => ({ range: chance.of(['bytes=0-', 'bytes=-1', 'bytes=9-1', 'bytes=0-1,3-4', `bytes=${'9'.repeat(400)}-`, 'x']) }),
    () => ({ 'if-none-match': chance.of(['*', '"x"', `${'"x",'.repeat(500)}`]) }),
    () => ({ origin: chance.of(['null', 'http://x', 'https://localhost']), 'access-control-request-method': 'POST' }),
    () => ({
      cookie: chance.of(['_open_project_session=x', `_open_project_session=${'a'.repeat(64)}`, ';;=;', '=']),
      'x-requested-with': 'XMLHttpRequest',
    }),
    () => ({
      'x-authentication-scheme': chance.of(['Session', 'x"\\']),
      'x-forwarded-for': chance.of(['1.2.3.4', 'x', '::1, ::']),
    }),
    () => ({ host: chance.of(['', 'x', 'a:b', '[::', 'localhost:99999999']) }),
  ])()

/** A JSON text with one of its values replaced, removed or doubled. */
function withAnother(body: string, known: Known, chance: Chance): string {
  let whole: unknown
  try {
    whole = JSON.parse(body)
  } catch {
    return damaged(body, chance)
  }
  const places: [any, string][] = []
  const walk = (node: any): void => {
    if (typeof node !== 'object' || node === null) return
    for (const key of Object.keys(node)) {
      places.push([node, key])
      walk(node[key])
    }
  }
  walk(whole)
  if (places.length === 0) return JSON.stringify(anything(chance)) ?? ''
  const [holder, key] = chance.of(places)
  if (key === 'href') holder[key] = href(known, chance)
  else if (chance.oneIn(4)) delete holder[key]
  else holder[key] = chance.oneIn(4) ? [holder[key], structuredClone(holder[key])] : anything(chance)
  return JSON.stringify(whole)
}

/** A text with some of it missing, doubled or replaced. */
function damaged(original: string, chance: Chance): string {
  const [from, to] = [chance.below(original.length + 1), chance.below(original.length + 1)]
  return wellFormed(original.slice(0, Math.max(from, to)) + text(chance) + original.slice(Math.min(from, to)))
}
