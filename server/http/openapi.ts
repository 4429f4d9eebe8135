/** The model as an OpenAPI 3.1 document. */
import type { BodyType } from '#kernel/bodies.ts'
import type { Model, Resource } from '#kernel/declaration.ts'
import { common, type Json } from './openapi/common.ts'
import { introduction } from './openapi/introduction.ts'
import { type Desk, describeOperation, named, refusalComponents } from './openapi/operations.ts'
import { collectionModel, formModel, model, schemaModel, writeModel } from './openapi/schemas.ts'
import { security, securitySchemes } from './openapi/security.ts'
import { chapterNames, tagGroupsOf, tagsOf } from './openapi/tags.ts'

/** Everything that there could be a reference to, by name. Throws where two things have one name. */
function schemasOf(all: readonly Resource[], bodies: ReadonlyMap<string, BodyType>): ReadonlyMap<string, () => Json> {
  const schemas = new Map<string, () => Json>()
  const add = (name: string, make: () => Json) => {
    if (schemas.has(name)) throw new Error(`The description of the API has two schemas named ${name}.`)
    schemas.set(name, make)
  }
  for (const [name, schema] of Object.entries(common)) add(name, () => schema)
  for (const resource of all) {
    add(resource.name, () => model(resource, all))
    add(`${resource.name}Write`, () => writeModel(resource))
    add(`${resource.name}Schema`, () => schemaModel(resource))
    add(`${resource.name}Form`, () => formModel(resource))
    add(`${resource.name}Collection`, () => collectionModel(resource.name, resource))
  }
  for (const [name, { description, schema }] of bodies) {
    add(name, () => ({ description, ...schema }))
    add(`${name}Collection`, () => collectionModel(name, undefined))
  }
  return schemas
}

/** The names of schemas that a part of the document refers to. */
function* referencesIn(part: unknown): Generator<string> {
  if (typeof part !== 'object' || part === null) return
  for (const [key, value] of Object.entries(part)) {
    if (key === '$ref' && typeof value === 'string') {
      if (value.startsWith(SCHEMAS)) yield value.slice(SCHEMAS.length)
    } else yield* referencesIn(value)
  }
}

const SCHEMAS = '#/components/schemas/'

/** The schemas that the document needs, and no others. Throws where there is none of a name. */
function used(all: readonly Resource[], bodies: ReadonlyMap<string, BodyType>, parts: unknown): Record<string, Json> {
  const known = schemasOf(all, bodies)
  const found: Record<string, Json> = {}
  const left = [...referencesIn(parts)]
  for (let name = left.pop(); name !== undefined; name = left.pop()) {
    if (Object.hasOwn(found, name)) continue
    const make = known.get(name)
    if (!make) throw new Error(`The description of the API refers to ${name}, which is neither a resource nor a body.`)
    const schema = make()
    found[name] = schema
    left.push(...referencesIn(schema))
  }
  return Object.fromEntries(Object.entries(found).sort(([a], [b]) => a.localeCompare(b)))
}

/** The document that describes all operations of a model. */
export function openapi({ resources: all, operations, bodies, chapters }: Model, version: string, server = '/'): Json {
  const desk: Desk = {
    all,
    resources: new Map(all.map((one) => [one.name, one])),
    bodies,
    chapters: chapterNames(chapters),
    parameters: {},
    examples: {},
  }
  const paths: Record<string, Json> = {}
  for (const one of operations.toSorted((a, b) => a.path.localeCompare(b.path))) {
    const path = `/api/v3${named(one.path)}`.replace(/\/$/, '')
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: describeOperation(one, desk) }
  }
  const responses = refusalComponents()
  return {
    openapi: '3.1.0',
    info: {
      title: 'Halyard API v3',
      version,
      summary: 'A project-management server that speaks the OpenProject APIv3.',
      description: introduction,
      license: { name: 'MIT', identifier: 'MIT' },
    },
    // Relative, so that it works at every origin: the document belongs to the server that returns it.
    servers: [{ url: server, description: 'This server.' }],
    security,
    tags: tagsOf(chapters),
    'x-tagGroups': tagGroupsOf(chapters),
    paths,
    components: {
      securitySchemes,
      parameters: desk.parameters,
      responses,
      examples: desk.examples,
      schemas: used(all, bodies, [paths, responses]),
    },
  }
}
