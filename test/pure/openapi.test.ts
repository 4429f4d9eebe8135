/** The OpenAPI document: completeness, consistency and valid examples. */
import assert from 'node:assert/strict'
import { describe, test } from 'node:test'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { openapiDocument } from '#http/documents.ts'
import { product } from '#server/modules.ts'

const operations = product.operations
const document = JSON.parse(JSON.stringify(openapiDocument(product)))
const { schemas, parameters, examples, securitySchemes } = document.components

type Node = Record<string, any>

/** Every object in a part of the document, with the pointer to it. */
function* nodesOf(part: unknown, at = ''): Generator<[pointer: string, node: Node]> {
  if (typeof part !== 'object' || part === null) return
  if (!Array.isArray(part)) yield [at, part as Node]
  for (const [key, value] of Object.entries(part))
    yield* nodesOf(value, `${at}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`)
}

/** The target of a reference. */
const target = (pointer: string): unknown =>
  pointer
    .slice(2)
    .split('/')
    .reduce((node: any, key) => node?.[key.replaceAll('~1', '/').replaceAll('~0', '~')], document)

const resolved = (node: Node): Node => (typeof node.$ref === 'string' ? (target(node.$ref) as Node) : node)

/** Every operation with its name. */
const described: [name: string, operation: Node][] = Object.entries<Node>(document.paths).flatMap(([path, item]) =>
  Object.entries<Node>(item).map(([method, one]): [string, Node] => [`${method} ${path}`, one]),
)

/** Every JSON content of responses and bodies. */
const contents: [name: string, content: Node][] = described.flatMap(([name, { responses, requestBody }]) =>
  [...Object.entries<Node>(responses), ...(requestBody ? [['body', requestBody] as [string, Node]] : [])].flatMap(([what, one]) =>
    Object.entries<Node>(resolved(one).content ?? {})
      .filter(([type]) => type.endsWith('json'))
      .map(([, content]): [string, Node] => [`${name} ${what}`, content]),
  ),
)

const notLike = <T>(list: readonly T[], isRight: (one: T) => unknown, name: (one: T) => string): string[] =>
  list.filter((one) => !isRight(one)).map(name)

describe('the document', () => {
  test('describes every operation, each with an id of its own', () => {
    assert.equal(described.length, operations.length)
    assert.equal(new Set(described.map(([, { operationId }]) => operationId)).size, operations.length)
  })

  test('has no dangling references, and no unused schema', () => {
    const references = [...nodesOf(document)].map(([, node]) => node.$ref).filter((one) => typeof one === 'string')
    assert.deepEqual(
      references.filter((one) => target(one) === undefined),
      [],
    )
    const used = new Set(references)
    for (const kind of ['schemas', 'parameters', 'examples', 'responses'])
      for (const name of Object.keys(document.components[kind]))
        assert.ok(used.has(`#/components/${kind}/${name}`), `nothing refers to ${kind}/${name}`)
  })

  test('has component names that OpenAPI allows', () => {
    for (const kind of Object.values<object>(document.components))
      for (const name of Object.keys(kind)) assert.match(name, /^[A-Za-z0-9._-]+$/)
  })

  test('has a summary and a description for every operation', () => {
    const isTold = ([, { summary, description }]: [string, Node]) => summary && description && summary !== description
    assert.deepEqual(notLike(described, isTold, String), [])
  })

  test('uses the right article and the right plural', () => {
    const texts = described.flatMap(([, { summary, description }]) => [summary, description])
    const wrong = texts.filter((text) =>
      /\ba (?:[aeio]|u(?!se|ni))|\ban (?![aeiou8])|[^aeiou]ys\b|statuss|hourss|timess/i.test(text),
    )
    assert.deepEqual(wrong, [])
  })

  test('describes exactly the path parameters of a path', () => {
    for (const [name, { parameters: own = [] }] of described) {
      const inPath = own.filter((one: Node) => one.in === 'path').map((one: Node) => one.name)
      assert.deepEqual(
        inPath,
        [...name.matchAll(/\{(\w+)\}/g)].map(([, one]) => one),
      )
    }
  })

  test('describes every parameter, with an example that its schema allows', () => {
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    const all = [...Object.values<Node>(parameters), ...described.flatMap(([, { parameters: own = [] }]) => own)].map(resolved)
    for (const { name, description, schema, example } of all) {
      assert.ok(description && schema && example !== undefined, name)
      assert.ok(ajv.validate(schema, example), `${name}: ${JSON.stringify(example)}`)
    }
  })

  test('describes the tags, and uses them all', () => {
    const known = document.tags.map(({ name }: Node) => name)
    assert.ok(document.tags.every(({ description }: Node) => description))
    assert.deepEqual([...new Set(described.flatMap(([, { tags }]) => tags))].toSorted(), known.toSorted())
    assert.deepEqual(
      document['x-tagGroups'].flatMap(({ tags }: Node) => tags),
      known,
    )
  })

  test('has the security schemes, and requires only those', () => {
    assert.deepEqual(Object.keys(securitySchemes), ['basicAuth', 'bearerAuth', 'oauth2', 'session'])
    assert.deepEqual(document.security.flatMap(Object.keys), Object.keys(securitySchemes))
    assert.deepEqual(Object.keys(securitySchemes.oauth2.flows), ['authorizationCode', 'clientCredentials'])
  })

  test('has only its own server', () => {
    assert.deepEqual(
      document.servers.map(({ url }: Node) => url),
      ['/'],
    )
  })
})

describe('its schemas', () => {
  const members = ['properties', 'additionalProperties', 'maxProperties']

  test('describe the contents of all objects and links', () => {
    const shapes = [...nodesOf(schemas), ...contents.flatMap(([name, { schema }]) => [...nodesOf(schema, name)])]
    const bare = shapes.filter(([at, node]) => {
      if (/\/(?:properties|examples|example|enum|default)$|\/examples\//.test(at)) return false
      const isNothing = Object.keys(node).every((key) => key === 'description')
      return isNothing || (node.type === 'object' && !members.some((one) => one in node))
    })
    assert.deepEqual(
      bare.map(([at]) => at),
      [],
    )
  })

  test('describe every property and every link', () => {
    const undescribed = Object.entries<Node>(schemas).flatMap(([name, { properties = {}, description }]) => {
      const own = Object.entries<Node>({ ...properties, ...properties._links?.properties })
      const isTold = ([key, one]: [string, Node]) => key.startsWith('_') || resolved(one).description
      return [...(description ? [] : [name]), ...notLike(own, isTold, ([key]) => `${name}.${key}`)]
    })
    assert.deepEqual(undescribed, [])
  })

  test('have the HTTP method of each action', () => {
    const links = schemas.WorkPackage.properties._links.properties
    assert.equal(resolved(links.watch).properties.method.enum[0], 'post')
    assert.equal(resolved(links.updateImmediately).properties.method.enum[0], 'patch')
    assert.equal(resolved(links.unwatch).properties.method.enum[0], 'delete')
    assert.equal(links.self.$ref, '#/components/schemas/Link')
  })
})

describe('its examples', () => {
  test('exist for every JSON of responses and bodies', () => {
    assert.deepEqual(
      notLike(
        contents,
        ([, content]) => content.examples ?? content.example,
        ([name]) => name,
      ),
      [],
    )
  })

  test('match the schemas beside them', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    addFormats.default(ajv)
    ajv.addSchema(document, 'document')
    const wrong: string[] = []
    const pairs = contents.flatMap(([name, { schema, examples: shared = {}, example }]) => {
      const values = Object.values<Node>(shared).map((one) => resolved(one).value)
      return [...values, ...(example === undefined ? [] : [example])].map((value) => ({ name, schema, value }))
    })
    // Most operations share their responses.
    const unlike = new Map(pairs.map((one) => [JSON.stringify([one.schema, one.value]), one]))
    const judges = new Map<string, ValidateFunction>()
    for (const { name, schema, value } of unlike.values()) {
      const shape = schema.$ref ? { $ref: `document${schema.$ref}` } : schema
      const validate = judges.getOrInsertComputed(JSON.stringify(shape), () => ajv.compile(shape))
      if (!validate(value))
        wrong.push(`${name}: ${validate.errors?.map((one) => `${one.instancePath} ${one.message}`).join(', ')}`)
    }
    assert.deepEqual(wrong, [])
  })

  test('have existing addresses', () => {
    const paths = Object.keys(document.paths).map((path) => new RegExp(`^${path.replace(/\{[^}]*\}/g, '.+')}$`))
    // Addresses that only identify objects, without a resource to read.
    const names = /^\/api\/v3\/(emoji_reactions|programs|portfolios|example)(\/|$)/
    const hrefs = [...nodesOf(examples)].map(([, node]) => node.href).filter((one) => typeof one === 'string')
    const lost = hrefs.filter(
      (href) => href.startsWith('/api/v3') && !names.test(href) && !paths.some((one) => one.test(href.replace(/\?.*/, ''))),
    )
    assert.deepEqual([...new Set(lost)], [])
  })
})

test('every word of a glossary describes an existing element', () => {
  for (const { name, glossary = {}, property, meta = [], actions = {}, embedLoaders: embeds = {} } of product.resources) {
    const known = new Set([...property.keys(), ...meta.map((one) => one.name), ...Object.keys(actions), ...Object.keys(embeds)])
    for (const standard of ['self', 'update', 'updateImmediately', 'delete']) known.add(standard)
    for (const key of Object.keys(glossary)) assert.ok(known.has(key), `${name} has no ${key}`)
  }
})
