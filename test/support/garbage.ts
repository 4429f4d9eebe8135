/** Seeded garbage that resembles valid input: the same seed makes the same garbage. */

import type { Operation, Property, Resource } from '#kernel/declaration.ts'
import { filtersOf } from '#kernel/read/judge.ts'
import { operatorsOf } from '#kernel/read/operators.ts'
import { isAmongLinks } from '#kernel/resource.ts'
import { product } from '#server/modules.ts'
import type { Chance } from './chance.ts'
import type { Ask } from './hidden.ts'
import { oneFile } from './parts.ts'
import { groupsOf, selectionOf, sortsOf } from './queries.ts'
import { parametersOf, pathWith } from './registry.ts'

/** Texts that are often handled incorrectly. */
export const texts = [
  ...['', ' ', '\t\r\n', '0', '-1', '1', '2147483647', '2147483648', '9007199254740993', '1e400', 'NaN', 'Infinity', '0x10', '٣'],
  ...["'", '"', '`', '\\', '%', '_', '*', '?', '$1', ':id', ';', '--', '/*', "' or 1=1 --", "'); drop table principals; --"],
  ...[
    '\u0000',
    'a\u0000b',
    '\ud800',
    '\udfff\ud800',
    '\u202e',
    '\ufeff',
    '💥',
    'ﬀ',
    'ǅ',
    'ß',
    'İ',
    'e\u0301',
    'a'.repeat(300),
    'ü'.repeat(5000),
  ],
  ...[
    '2031-02-30',
    '0000-00-00',
    '9999-12-31',
    '10000-01-01',
    '-0001-01-01',
    '2031-01-01T25:00:00Z',
    '2031-01-01T00:00:00+99:99',
  ],
  ...['PT', 'P', 'P1', 'PT-1H', '-PT1H', 'P99999999999Y', 'PT1E9H', 'PT0.000001S', 'P1DT', 'PT1H'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'null',
    'undefined',
    'true',
    'me',
    'on_track',
    'active',
    'locked',
  ],
  ...[
    '/api/v3/users/1',
    '/api/v3/users/me',
    '/api/v3/users/0',
    '/api/v3/projects/99999999999',
    '//evil/api/v3/users/1',
    '../users/1',
  ],
  ...[
    'urn:openproject-org:api:v3:undisclosed',
    'http://localhost:8080/api/v3/users/1',
    'javascript:alert(1)',
    '/api/v3/types/1?x#y',
  ],
  ...[
    '#1',
    '##1',
    '<script>',
    '[x](javascript:x)',
    '| a |\n|-|\n|',
    '`'.repeat(200),
    '> '.repeat(200),
    '['.repeat(500),
    '(((a+)+)+)+$',
  ],
]

const numbers = [0, -0, 1, -1, 0.5, 1e-9, 1e21, 1e308, -1e308, 2 ** 31, 2 ** 31 - 1, -(2 ** 31) - 1, 2 ** 53, 2 ** 63]

/** Any value, occasionally nested. */
export function anything(chance: Chance, depth = 3): unknown {
  switch (chance.below(depth > 0 ? 8 : 5)) {
    case 0:
      return null
    case 1:
      return chance.oneIn(2)
    case 2:
      return chance.of(numbers)
    case 5:
      return Array.from({ length: chance.below(4) }, () => anything(chance, depth - 1))
    case 6:
    case 7:
      return object(
        Array.from({ length: chance.below(4) }, () => [
          chance.of(['href', 'raw', 'html', 'title', '_links', ...texts]),
          anything(chance, depth - 1),
        ]),
      )
    default:
      return chance.of(texts)
  }
}

/** An object with own keys only, including `__proto__`. */
const object = (entries: [string, unknown][]): object => {
  const made = {}
  for (const [key, value] of entries)
    Object.defineProperty(made, key, { value, enumerable: true, configurable: true, writable: true })
  return made
}

/** A value for a property: valid, nearly valid, or unrelated. */
function valueFor({ kind, to, many }: Property, chance: Chance): unknown {
  if (chance.oneIn(4)) return anything(chance)
  if (to) {
    const path = product.resources.find((one) => one.name === to)?.path
    const link = () => ({ href: chance.oneIn(4) ? chance.of(texts) : `/api/v3/${path}/${chance.below(40)}` })
    return many || chance.oneIn(9) ? Array.from({ length: chance.below(4) }, link) : link()
  }
  switch (kind.type) {
    case 'Integer':
      return chance.oneIn(2) ? chance.below(200) - 50 : chance.of(numbers)
    case 'Boolean':
      return chance.oneIn(2)
    case 'Date':
      return chance.oneIn(2) ? `20${10 + chance.below(90)}-0${1 + chance.below(9)}-${10 + chance.below(25)}` : chance.of(texts)
    case 'Duration':
      return chance.oneIn(2) ? `PT${chance.below(10_000)}H` : chance.of(texts)
    case 'Formattable':
      return { raw: chance.of(texts) }
    default:
      return chance.of(texts)
  }
}

function bodyFor(resource: Resource | undefined, chance: Chance): unknown {
  if (!resource || chance.oneIn(8)) return anything(chance)
  const body: [string, unknown][] = []
  const links: [string, unknown][] = []
  for (const property of resource.properties) {
    if (chance.oneIn(2)) (isAmongLinks(property) ? links : body).push([property.name, valueFor(property, chance)])
  }
  body.push(['lockVersion', chance.oneIn(2) ? chance.below(3) : anything(chance)])
  body.push(['_links', chance.oneIn(9) ? anything(chance) : object(links)])
  if (chance.oneIn(3)) body.push(['_meta', anything(chance)])
  if (chance.oneIn(4)) body.push([chance.of(texts), anything(chance)])
  return object(body)
}

function queryFor(resource: Resource | undefined, chance: Chance): string {
  const parameters: [string, string][] = []
  const text = (value: unknown) => (chance.oneIn(3) ? chance.of(texts) : JSON.stringify(value))
  const filters = resource ? [...filtersOf(resource).keys()] : ['id']
  const use = () => {
    const operator = chance.oneIn(6) ? chance.of(texts) : chance.of(Object.values(operatorsOf).flat())
    const values = Array.from({ length: chance.below(4) }, () =>
      chance.oneIn(5) ? anything(chance, 1) : chance.of([...texts, '1', '2', 't']),
    )
    return object([
      [chance.oneIn(9) ? chance.of(texts) : chance.of(filters), chance.oneIn(9) ? anything(chance) : { operator, values }],
    ])
  }
  const own = (list: string[]) => (chance.oneIn(5) || list.length === 0 ? chance.of(texts) : chance.of(list))
  if (chance.oneIn(2)) parameters.push(['filters', text(Array.from({ length: chance.below(3) + 1 }, use))])
  if (chance.oneIn(3)) {
    const sorts = resource ? sortsOf(resource) : []
    parameters.push([
      'sortBy',
      text(Array.from({ length: chance.below(4) }, () => [own(sorts), chance.of(['asc', 'desc', ...texts])])),
    ])
  }
  if (chance.oneIn(4)) parameters.push([chance.of(['groupBy', 'group_by', 'g']), own(resource ? groupsOf(resource) : [])])
  if (chance.oneIn(5)) parameters.push(['select', own(resource ? selectionOf(resource) : [])])
  if (chance.oneIn(3)) parameters.push(['pageSize', chance.of(['0', '1', '-1', '1000000000', ...texts])])
  if (chance.oneIn(3)) parameters.push(['offset', chance.of(['0', '2', '-1', '1000000000000', ...texts])])
  if (chance.oneIn(6))
    parameters.push([
      chance.of(['showSums', 'eprops', 'timestamps', 'context', 'includeSubprojects', ...texts]),
      chance.of(texts),
    ])
  // Unpaired surrogates cannot be part of an address, and a longer one is rejected before any parsing.
  const sendable = parameters.map(([key, value]) => [key.slice(0, 50), value.slice(0, 600)].map((text) => text.toWellFormed()))
  return sendable.length > 0 ? `?${new URLSearchParams(sendable)}` : ''
}

/** A request to an operation, for an existing or missing row, with nearly valid input. */
export function garbage(operation: Operation, chance: Chance): Ask {
  const { method, accepts, takes, answers } = operation
  const named = (name: string | undefined) => product.resources.find((one) => one.name === name)
  const values = Array.from({ length: parametersOf(operation) }, () =>
    chance.oneIn(4)
      ? chance
          .of(texts.filter((text) => text !== ''))
          .toWellFormed()
          .slice(0, 200)
      : String(1 + chance.below(40)),
  )
  const path = pathWith(operation, values) + (method === 'GET' ? queryFor(named(answers.of), chance) : '')
  if (method === 'GET') return { method, path }
  if (accepts === 'parts') return { method, path, ...oneFile }
  if (accepts === 'text') return { method, path, body: chance.of(texts), headers: { 'content-type': 'text/plain' } }
  const body = JSON.stringify(bodyFor(named(takes), chance)) ?? ''
  return { method, path, body: chance.oneIn(12) ? damaged(body, chance) : body }
}

/** A text with a part removed, doubled or replaced. */
function damaged(text: string, chance: Chance): string {
  const [from, to] = [chance.below(text.length + 1), chance.below(text.length + 1)]
  return text.slice(0, Math.max(from, to)) + chance.of(texts).toWellFormed() + text.slice(Math.min(from, to))
}
