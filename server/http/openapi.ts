/** The registry as an OpenAPI 3.1 document. */
import type { Operation, Property, Resource } from '#kernel/declaration.ts'
import { defaultSettings } from '#kernel/settings.ts'

type Json = Record<string, unknown>

const ref = (name: string): Json => ({ $ref: `#/components/schemas/${name}` })
const hal = (schema: Json): Json => ({ 'application/hal+json': { schema } })
const orNull = (schema: Json): Json =>
  'type' in schema && typeof schema['type'] === 'string' ? { ...schema, type: [schema['type'], 'null'] } : schema

/** What a property's value looks like in a representation. */
function valueSchema({ kind, label, options }: Property): Json {
  const limits = kind.type === 'String' && options.max ? { maxLength: options.max } : {}
  const schema = kind.type === 'Formattable' ? ref('Formattable') : { ...kind.json, ...limits }
  const nullable = options.required === true || kind.type === 'Boolean' || kind.type === 'Formattable' ? schema : orNull(schema)
  return '$ref' in nullable ? nullable : { ...nullable, description: label }
}

/** The body of an upload. */
const upload: Json = {
  'multipart/form-data': {
    schema: {
      type: 'object',
      required: ['metadata', 'file'],
      properties: {
        metadata: {
          type: 'object',
          required: ['fileName'],
          properties: { fileName: { type: 'string' }, description: ref('Formattable') },
        },
        file: { type: 'string', format: 'binary' },
      },
    },
  },
}

const linkSchema = ({ many }: Property): Json => (many ? { type: 'array', items: ref('Link') } : ref('Link'))

/** The schema of a resource's representation; of a polymorphic resource, the schema of any variant. */
function model(resource: Resource, all: readonly Resource[]): Json {
  if (resource.variant) {
    return { anyOf: all.filter((one) => one.table === resource.table && !one.variant).map((one) => ref(one.name)) }
  }
  const shown = resource.properties.filter((p) => !p.to && p.kind.type !== 'Password')
  const links = resource.properties.filter((p) => p.to)
  return {
    type: 'object',
    required: ['_type', '_links'],
    properties: {
      _type: { type: 'string', ...(!resource.type && { const: resource.name }) },
      ...Object.fromEntries(shown.map((p) => [p.name, valueSchema(p)])),
      _links: {
        type: 'object',
        required: ['self'],
        properties: {
          self: ref('Link'),
          ...Object.fromEntries(links.map((p) => [p.name, p.options.collected ? ref('Link') : linkSchema(p)])),
          ...Object.fromEntries(
            Object.entries(resource.actions ?? {})
              .filter(([, action]) => action)
              .map(([name]) => [name, {}]),
          ),
        },
      },
    },
  }
}

/** The schema of a payload that creates or changes a resource. */
function writeModel(resource: Resource): Json {
  const writable = resource.properties.filter((p) => p.options.writable !== false && (p.column || p.many) && p.name !== 'id')
  const links = writable.filter((p) => p.to)
  const meta = resource.meta ?? []
  return {
    type: 'object',
    properties: {
      ...Object.fromEntries(writable.filter((p) => !p.to).map((p) => [p.name, valueSchema(p)])),
      ...(links.length > 0 && {
        _links: { type: 'object', properties: Object.fromEntries(links.map((p) => [p.name, linkSchema(p)])) },
      }),
      ...(meta.length > 0 && {
        _meta: { type: 'object', properties: Object.fromEntries(meta.map((p) => [p.name, valueSchema(p)])) },
      }),
    },
  }
}

function schemaModel(resource: Resource): Json {
  return {
    allOf: [
      ref('Schema'),
      { type: 'object', properties: Object.fromEntries(resource.properties.map((p) => [p.name, ref('SchemaProperty')])) },
    ],
  }
}

const collectionModel = (resource: Resource): Json => ({
  allOf: [
    ref(resource.paginated === false ? 'Collection' : 'PaginatedCollection'),
    {
      type: 'object',
      properties: { _embedded: { type: 'object', properties: { elements: { type: 'array', items: ref(resource.name) } } } },
    },
  ],
})

/** The schemas that all resources share. */
const common: Record<string, Json> = {
  Link: {
    type: 'object',
    required: ['href'],
    properties: {
      href: { type: ['string', 'null'] },
      title: { type: ['string', 'null'] },
      method: { type: 'string', default: 'get' },
      templated: { type: 'boolean', default: false },
      type: { type: 'string' },
      payload: { type: 'object' },
      identifier: { type: 'string' },
    },
  },
  Formattable: {
    type: 'object',
    required: ['format'],
    properties: {
      format: { type: 'string', enum: ['markdown', 'plain', 'custom'] },
      raw: { type: ['string', 'null'] },
      html: { type: 'string', readOnly: true },
    },
  },
  Error: {
    type: 'object',
    required: ['_type', 'errorIdentifier', 'message'],
    properties: {
      _type: { const: 'Error' },
      errorIdentifier: { type: 'string' },
      message: { type: 'string' },
      _embedded: { type: 'object', properties: { details: { type: 'object' }, errors: { type: 'array', items: ref('Error') } } },
    },
  },
  Collection: {
    type: 'object',
    required: ['_type', 'total', 'count', '_embedded', '_links'],
    properties: {
      _type: { type: 'string' },
      total: { type: 'integer', minimum: 0 },
      count: { type: 'integer', minimum: 0 },
      _embedded: { type: 'object', properties: { elements: { type: 'array', items: {} } } },
      _links: { type: 'object', required: ['self'], properties: { self: ref('Link') } },
    },
  },
  PaginatedCollection: {
    allOf: [
      ref('Collection'),
      {
        type: 'object',
        properties: {
          pageSize: { type: 'integer', minimum: 0 },
          offset: { type: 'integer', minimum: 1, description: 'The page number, from 1.' },
          _links: {
            type: 'object',
            properties: Object.fromEntries(
              ['jumpTo', 'changeSize', 'nextByOffset', 'previousByOffset'].map((rel) => [rel, ref('Link')]),
            ),
          },
        },
      },
    ],
  },
  Schema: {
    type: 'object',
    required: ['_type', '_links'],
    properties: { _type: { const: 'Schema' }, _dependencies: { type: 'array', items: {} }, _links: { type: 'object' } },
  },
  SchemaProperty: {
    type: 'object',
    required: ['type', 'name', 'required', 'hasDefault', 'writable'],
    properties: {
      type: { type: 'string' },
      name: { type: 'string' },
      required: { type: 'boolean' },
      hasDefault: { type: 'boolean' },
      writable: { type: 'boolean' },
      location: { type: 'string' },
      minLength: { type: 'integer' },
      maxLength: { type: 'integer' },
      options: { type: 'object' },
      _links: { type: 'object' },
      _embedded: { type: 'object' },
    },
  },
  Form: {
    type: 'object',
    required: ['_type', '_embedded', '_links'],
    properties: {
      _type: { const: 'Form' },
      _embedded: {
        type: 'object',
        required: ['payload', 'schema', 'validationErrors'],
        properties: {
          payload: { type: 'object' },
          schema: ref('Schema'),
          validationErrors: { type: 'object', additionalProperties: ref('Error') },
        },
      },
      _links: {
        type: 'object',
        required: ['self', 'validate'],
        properties: { self: ref('Link'), validate: ref('Link'), commit: ref('Link') },
      },
    },
  },
}

const queryParameters: Record<string, Json> = {
  offset: { schema: { type: 'integer', minimum: 1, default: 1 }, description: 'The page number.' },
  pageSize: {
    schema: { type: 'integer', minimum: -1 },
    description: 'Elements per page; 0 for totals only, -1 for the maximum.',
  },
  filters: {
    schema: { type: 'string' },
    example: '[{"id":{"operator":"=","values":["1"]}}]',
    description: 'A JSON array of filters, all of which must hold.',
  },
  sortBy: { schema: { type: 'string' }, example: '[["id","asc"]]', description: 'A JSON array of pairs of name and direction.' },
  select: { schema: { type: 'string' }, example: 'total,elements/id', description: 'The properties to return, instead of all.' },
  groupBy: { schema: { type: 'string' }, description: 'The property to group by.' },
  timestamps: {
    schema: { type: 'string', default: 'PT0S' },
    example: 'P-1W,PT0S',
    description:
      'Comma-separated timestamps to compare: ISO 8601 dates, dates with times, durations before now, or relative days such as oneDayAgo@08:00+00:00. The first is the baseline; the last is represented in full.',
  },
  showSums: { schema: { type: 'boolean' }, description: 'Whether to include sums.' },
}

const bodySchema = (of: string, as: Operation['answers']['as']): Json => {
  switch (as) {
    case 'collection':
      return ref(`${of}Collection`)
    case 'form':
      return ref('Form')
    case 'schema':
      return ref(`${of}Schema`)
    default:
      return ref(of)
  }
}

/** The response of a successful operation. */
function success({ of, as }: Operation['answers'], known: ReadonlySet<string>): Json {
  if (as === 'text') return { description: 'Done.', content: { 'text/html': { schema: { type: 'string' } } } }
  if (as === 'bytes') return { description: 'Done.', content: { '*/*': { schema: { type: 'string', format: 'binary' } } } }
  if (as === 'object' || as === 'plain') return { description: 'Done.', content: hal({ type: 'object' }) }
  if (!of) return { description: 'Done.' }
  return { description: 'Done.', content: hal(known.has(of) ? bodySchema(of, as) : { type: 'object' }) }
}

/** A path with its parameters as OpenAPI writes them. */
const named = (path: string) => path.replace(/:(\w+)/g, '{$1}').replace('*', '{id}')

function describeOperation(operation: Operation, known: ReadonlySet<string>): Json {
  const { method, path, summary, tag, answers, takes, accepts, query = [] } = operation
  const parameters = [...named(path).matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
    name,
    in: 'path',
    required: true,
    schema: { type: 'string' },
  }))
  const refusal = (description: string) => ({ description, content: hal(ref('Error')) })
  const sent =
    accepts === 'text'
      ? { content: { 'text/plain': { schema: { type: 'string' } } } }
      : accepts === 'parts'
        ? { required: true, content: upload }
        : method === 'GET' || method === 'DELETE'
          ? undefined
          : { content: { 'application/json': { schema: takes && known.has(takes) ? ref(`${takes}Write`) : { type: 'object' } } } }
  return {
    operationId: `${method.toLowerCase()}${named(path)
      .replaceAll('}', '')
      .replace(/[/{](\w)/g, (_, c: string) => c.toUpperCase())
      .replace(/[^A-Za-z0-9]/g, '_')}`,
    summary,
    tags: [tag],
    ...((parameters.length > 0 || query.length > 0) && {
      parameters: [
        ...parameters,
        ...query.map((name) => ({ name, in: 'query', ...(queryParameters[name] ?? { schema: { type: 'string' } }) })),
      ],
    }),
    ...(sent && { requestBody: sent }),
    responses: {
      [answers.status]: success(answers, known),
      400: refusal('The request could not be understood.'),
      401: refusal('The request requires a login.'),
      403: refusal('The permission is missing.'),
      ...(parameters.length > 0 && { 404: refusal('The resource does not exist, or the viewer cannot see it.') }),
      ...(takes && {
        409: refusal('The resource was changed in the meantime.'),
        422: refusal('The body is invalid.'),
      }),
    },
  }
}

/** The document that describes all operations. */
export function openapi(resources: Iterable<Resource>, operations: readonly Operation[], version: string, server = '/'): Json {
  const all = [...resources]
  const schemas: Record<string, Json> = { ...common }
  for (const resource of all) {
    schemas[resource.name] = model(resource, all)
    schemas[`${resource.name}Write`] = writeModel(resource)
    schemas[`${resource.name}Schema`] = schemaModel(resource)
    schemas[`${resource.name}Collection`] = collectionModel(resource)
  }
  const known = new Set(all.map((r) => r.name))
  const paths: Record<string, Json> = {}
  for (const one of operations.toSorted((a, b) => a.path.localeCompare(b.path))) {
    const path = `/api/v3${named(one.path)}`.replace(/\/$/, '')
    paths[path] = { ...paths[path], [one.method.toLowerCase()]: describeOperation(one, known) }
  }
  return {
    openapi: '3.1.0',
    info: {
      title: 'Halyard API v3',
      version,
      description: 'A project-management server that speaks the OpenProject APIv3.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: server }],
    security: [{ basicAuth: [] }, { bearerAuth: [] }, { session: [] }],
    tags: [...new Set(operations.map((one) => one.tag))].sort().map((name) => ({ name })),
    paths,
    components: {
      securitySchemes: {
        basicAuth: { type: 'http', scheme: 'basic', description: 'The username is apikey, and the password is an API token.' },
        bearerAuth: { type: 'http', scheme: 'bearer', description: 'An API token.' },
        session: {
          type: 'apiKey',
          in: 'cookie',
          name: defaultSettings.session_cookie_name,
          description:
            'The cookie of a session from /login; its name is configurable. All methods except GET require X-Requested-With: XMLHttpRequest.',
        },
      },
      schemas,
    },
  }
}
