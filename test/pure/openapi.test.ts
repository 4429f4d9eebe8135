/** The OpenAPI document by itself: whether it is complete, and its examples match its schemas. */
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

/** Every operation with what it is called here. */
const described: [name: string, operation: Node][] = Object.entries<Node>(document.paths).flatMap(([path, item]) =>
  Object.entries<Node>(item).map(([method, one]): [string, Node] => [`${method} ${path}`, one]),
)

/** Every JSON content of answers and bodies. */
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

  test('refers to nothing that is not there, and holds no schema that nothing refers to', () => {
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

  test('has names that OpenAPI allows for what is shared', () => {
    for (const kind of Object.values<object>(document.components))
      for (const name of Object.keys(kind)) assert.match(name, /^[A-Za-z0-9._-]+$/)
  })

  test('says of every operation what it does, by a summary and a description', () => {
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

  test('describes every path parameter of a path, and no other', () => {
    for (const [name, { parameters: own = [] }] of described) {
      const inPath = own.filter((one: Node) => one.in === 'path').map((one: Node) => one.name)
      assert.deepEqual(
        inPath,
        [...name.matchAll(/\{(\w+)\}/g)].map(([, one]) => one),
      )
    }
  })

  test('explains every parameter, with an example that its schema allows', () => {
    const ajv = new Ajv2020({ strict: false })
    addFormats.default(ajv)
    const all = [...Object.values<Node>(parameters), ...described.flatMap(([, { parameters: own = [] }]) => own)].map(resolved)
    for (const { name, description, schema, example } of all) {
      assert.ok(description && schema && example !== undefined, name)
      assert.ok(ajv.validate(schema, example), `${name}: ${JSON.stringify(example)}`)
    }
  })

  test('names the tags that it explains, and uses them all', () => {
    const known = document.tags.map(({ name }: Node) => name)
    assert.ok(document.tags.every(({ description }: Node) => description))
    assert.deepEqual([...new Set(described.flatMap(([, { tags }]) => tags))].toSorted(), known.toSorted())
    assert.deepEqual(
      document['x-tagGroups'].flatMap(({ tags }: Node) => tags),
      known,
    )
  })

  test('names the ways to say who one is, and asks for those only', () => {
    assert.deepEqual(Object.keys(securitySchemes), ['basicAuth', 'bearerAuth', 'oauth2', 'session'])
    assert.deepEqual(document.security.flatMap(Object.keys), Object.keys(securitySchemes))
    assert.deepEqual(Object.keys(securitySchemes.oauth2.flows), ['authorizationCode', 'clientCredentials'])
  })

  test('names no server but the one that gives it', () => {
    assert.deepEqual(
      document.servers.map(({ url }: Node) => url),
      ['/'],
    )
  })
})

describe('its schemas', () => {
  const members = ['properties', 'additionalProperties', 'maxProperties']

  test('leave no object and no link without saying what is in it', () => {
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

  test('explain every property and every link', () => {
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
  test('are there for every JSON that is answered or taken', () => {
    assert.deepEqual(
      notLike(
        contents,
        ([, content]) => content.examples ?? content.example,
        ([name]) => name,
      ),
      [],
    )
  })

  test('are what the schemas beside them say', () => {
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    addFormats.default(ajv)
    ajv.addSchema(document, 'document')
    const wrong: string[] = []
    const pairs = contents.flatMap(([name, { schema, examples: shared = {}, example }]) => {
      const values = Object.values<Node>(shared).map((one) => resolved(one).value)
      return [...values, ...(example === undefined ? [] : [example])].map((value) => ({ name, schema, value }))
    })
    // Most operations share what they answer.
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

  test('lead to addresses that there are', () => {
    const paths = Object.keys(document.paths).map((path) => new RegExp(`^${path.replace(/\{[^}]*\}/g, '.+')}$`))
    // Addresses that objects have by which they are known, without anything to be read there.
    const names = /^\/api\/v3\/(emoji_reactions|programs|portfolios|example)(\/|$)/
    const hrefs = [...nodesOf(examples)].map(([, node]) => node.href).filter((one) => typeof one === 'string')
    const lost = hrefs.filter(
      (href) => href.startsWith('/api/v3') && !names.test(href) && !paths.some((one) => one.test(href.replace(/\?.*/, ''))),
    )
    assert.deepEqual([...new Set(lost)], [])
  })
})

test('every word of a glossary explains something that there is', () => {
  for (const { name, glossary = {}, property, meta = [], actions = {}, embedLoaders: embeds = {} } of product.resources) {
    const known = new Set([...property.keys(), ...meta.map((one) => one.name), ...Object.keys(actions), ...Object.keys(embeds)])
    for (const standard of ['self', 'update', 'updateImmediately', 'delete']) known.add(standard)
    for (const key of Object.keys(glossary)) assert.ok(known.has(key), `${name} has no ${key}`)
  }
})
