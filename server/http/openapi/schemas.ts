/** JSON Schemas of resources: representations, payloads, schemas, forms and lists. */
import type { Row } from '#db/database.ts'
import { ref } from '#kernel/bodies.ts'
import type { Action, Property, Resource } from '#kernel/declaration.ts'
import { isAlwaysRequired, isAmongLinks } from '#kernel/resource.ts'
import { type Json, linkOf } from './common.ts'
import { meaningOf } from './words.ts'

/** A schema that also allows null, except for formattable texts, which are always objects. */
function orNull(schema: Json): Json {
  return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'], ...enumWithNull(schema) } : schema
}

const enumWithNull = ({ enum: choices }: Json): Json => (Array.isArray(choices) ? { enum: [...choices, null] } : {})

/** The schema of a property's value. */
function valueSchema({ kind, options }: Property): Json {
  const isText = kind.type === 'String' || kind.type === 'Password'
  return kind.type === 'Formattable'
    ? ref('Formattable')
    : {
        ...kind.json,
        ...(isText && options.max !== undefined && { maxLength: options.max }),
        ...(kind.type === 'Integer' && options.min !== undefined && { minimum: options.min }),
        ...(kind.type === 'Integer' && options.max !== undefined && { maximum: options.max }),
        ...(kind.type === 'Password' && { format: 'password', writeOnly: true }),
      }
}

const isAlwaysThere = ({ kind, options }: Property): boolean =>
  isAlwaysRequired(options) || kind.type === 'Boolean' || kind.type === 'Formattable'

/** Whether clients can send a property at all. */
const isSent = (p: Property): boolean => p.options.readOnly === undefined && (p.column !== undefined || p.many) && p.name !== 'id'

/** The properties that can be sent. */
export const writableOf = (resource: Resource): readonly Property[] => resource.properties.filter(isSent)

const explained = (schema: Json, resource: Resource, { name, label }: Property): Json => ({
  ...schema,
  description: meaningOf(name, resource.glossary, `${label}.`),
})

const shownSchema = (p: Property, resource: Resource): Json => ({
  ...explained(isAlwaysThere(p) ? valueSchema(p) : orNull(valueSchema(p)), resource, p),
  ...(!isSent(p) && { readOnly: true }),
})

/** The schema of a link in a representation: to one, to many, or to a list. */
const shownLink = (p: Property, resource: Resource): Json =>
  p.many && !p.options.listedAt
    ? { type: 'array', items: ref('Link'), description: meaningOf(p.name, resource.glossary, `${p.label}.`) }
    : explained(ref('Link'), resource, p)

/** The action links that follow from a resource's operations, with paths relative to its address. */
export function standardActions({
  operations,
  actions,
}: Resource): Record<string, { method: 'post' | 'patch' | 'delete'; path: string }> {
  const own = (name: string) => !Object.hasOwn(actions ?? {}, name)
  return {
    ...(operations.includes('editForm') && own('update') && { update: { method: 'post', path: '/form' } }),
    ...(operations.includes('update') && own('updateImmediately') && { updateImmediately: { method: 'patch', path: '' } }),
    ...(operations.includes('delete') && own('delete') && { delete: { method: 'delete', path: '' } }),
  }
}

function actionSchema(name: string, action: Action<Row>, resource: Resource): Json {
  const title = typeof action.title === 'string' ? `${action.title}.` : undefined
  const description = meaningOf(name, resource.glossary, title)
  return action.links ? { type: 'array', items: ref('Link'), description } : ref(linkOf(action.method), description)
}

const anything: Json = { type: 'object', additionalProperties: true }

/** The schema of `_embedded` in the representation of a single resource. */
function embeddedSchema(resource: Resource, known: ReadonlySet<string>): Json {
  const linked = resource.properties.filter(({ to, options }) => to && options.embed && known.has(to))
  const entries = linked.map((p): [string, Json] => {
    // The row decides the linked resource, so any object is allowed.
    const target = p.options.target
      ? { type: 'object', description: meaningOf(p.name, resource.glossary), additionalProperties: true }
      : ref(p.to as string)
    const shape = p.options.listedAt ? ref(`${p.to}Collection`) : p.many ? { type: 'array', items: target } : target
    return [p.name, shape]
  })
  const others = Object.keys(resource.embedLoaders ?? {}).map((name): [string, Json] => [
    name,
    { description: meaningOf(name, resource.glossary, name), anyOf: [anything, { type: 'array', items: anything }] },
  ])
  if (entries.length + others.length === 0) return {}
  return {
    _embedded: {
      type: 'object',
      description: 'Linked resources that the caller may see, in full. Present where a single resource is returned.',
      properties: Object.fromEntries([...entries, ...others]),
    },
  }
}

/** The schema of a representation; for a resource that stands for several kinds, any of theirs. */
export function model(resource: Resource, all: readonly Resource[]): Json {
  const description = resource.description ?? ''
  if (resource.variant) {
    return {
      description,
      anyOf: all.filter((one) => one.table === resource.table && isKind(one)).map((one) => ref(one.name)),
    }
  }
  const shown = resource.properties.filter((p) => !isAmongLinks(p) && p.kind.type !== 'Password')
  const links = resource.properties.filter(isAmongLinks)
  const actions = Object.entries(resource.actions ?? {}).filter((entry): entry is [string, Action<Row>] => entry[1] !== null)
  return {
    type: 'object',
    description,
    required: ['_type', '_links'],
    properties: {
      _type: resource.type ? { type: 'string', description: 'Type of the resource.' } : { type: 'string', const: resource.name },
      ...Object.fromEntries(shown.map((p) => [p.name, shownSchema(p, resource)])),
      ...embeddedSchema(resource, new Set(all.map((one) => one.name))),
      _links: {
        type: 'object',
        required: ['self'],
        properties: {
          self: ref('Link', meaningOf('self', resource.glossary)),
          ...Object.fromEntries(links.map((p) => [p.name, shownLink(p, resource)])),
          ...Object.fromEntries(
            Object.entries(standardActions(resource)).map(([name, { method }]) => [
              name,
              ref(linkOf(method), meaningOf(name, resource.glossary)),
            ]),
          ),
          ...Object.fromEntries(actions.map(([name, action]) => [name, actionSchema(name, action, resource)])),
        },
      },
    },
  }
}

/** Whether rows are represented as this resource, which a variant or a sub-address of the same table is not. */
const isKind = ({ variant, addressOf }: Resource): boolean => !variant && !addressOf

/** The schema of a payload that creates or updates a resource. */
export function writeModel(resource: Resource): Json {
  const writable = writableOf(resource)
  const links = writable.filter(isAmongLinks)
  const meta = resource.meta ?? []
  const written = (p: Property): [string, Json] => [p.name, explained(orNull(valueSchema(p)), resource, p)]
  return {
    type: 'object',
    description: `Writable properties of ${resource.plural}. The ones that the caller may write are in ${
      resource.operations.includes('form') || resource.operations.includes('editForm') ? 'the form' : 'the answer'
    }.`,
    properties: {
      ...Object.fromEntries(writable.filter((p) => !isAmongLinks(p)).map(written)),
      ...(links.length > 0 && {
        _links: {
          type: 'object',
          properties: Object.fromEntries(
            links.map((p) => [
              p.name,
              p.many
                ? { type: 'array', items: ref('Link'), description: meaningOf(p.name, resource.glossary, `${p.label}.`) }
                : explained(ref('Link'), resource, p),
            ]),
          ),
        },
      }),
      ...(meta.length > 0 && {
        _meta: {
          type: 'object',
          description: 'Options of the write.',
          properties: Object.fromEntries(meta.map(written)),
        },
      }),
    },
  }
}

/** The JSON Schema of a resource's schema, with an entry for each property. */
export const schemaModel = (resource: Resource): Json => ({
  description: `The properties of ${resource.plural}, including custom fields as \`customField\` and their id.`,
  allOf: [
    ref('Schema'),
    {
      type: 'object',
      properties: Object.fromEntries(
        resource.properties
          .filter(({ options }) => options.inSchema !== false)
          .map((property) => [
            property.name,
            ref('SchemaProperty', isAmongLinks(property) ? `The link ${property.label}.` : `${property.label}.`),
          ]),
      ),
    },
  ],
})

const LIMITS = ['maxLength', 'minLength', 'maximum', 'minimum', 'enum', 'format', 'pattern']

/** A schema without the limits that a value can violate and still be repeated in a form. */
function unlimited(schema: unknown): Json {
  return JSON.parse(JSON.stringify(schema, (key, value) => (LIMITS.includes(key) ? undefined : value)))
}

/** A form: payload, schema and validation errors. */
export const formModel = (resource: Resource): Json => ({
  type: 'object',
  description: `A form for ${resource.plural}: payload, schema and validation errors.`,
  required: ['_type', '_embedded', '_links'],
  properties: {
    _type: { const: 'Form' },
    _embedded: {
      type: 'object',
      required: ['payload', 'schema', 'validationErrors'],
      properties: {
        // The payload repeats what was sent, valid or not, so limits do not apply to it.
        payload: {
          ...unlimited(writeModel(resource)),
          description: 'The payload as it would be saved, with the properties that the caller may write. Send it to `commit`.',
        },
        schema: ref(`${resource.name}Schema`, 'The schema, with the allowed values.'),
        validationErrors: {
          type: 'object',
          description: 'Validation errors by property; empty for a valid payload.',
          additionalProperties: ref('Error'),
        },
      },
    },
    _links: {
      type: 'object',
      required: ['self', 'validate'],
      properties: {
        self: ref('PostLink'),
        validate: ref('PostLink', 'The form itself, to validate another payload.'),
        commit: ref('Link', 'Saves the payload. Present only if the payload is valid and the caller may save it.'),
      },
    },
  },
})

/** The schema of a collection of a resource or body. */
export function collectionModel(name: string, resource: Resource | undefined): Json {
  const has = (option: 'group' | 'sum') => resource?.properties.some(({ options }) => options[option]) === true
  return {
    description: `A collection of \`${name}\`.`,
    allOf: [
      ref(resource && resource.paginated !== false ? 'PaginatedCollection' : 'Collection'),
      {
        type: 'object',
        properties: {
          ...(has('group') && {
            groups: { type: 'array', items: ref('ElementGroup'), description: 'Groups. Present only with `groupBy`.' },
          }),
          ...(has('sum') && { totalSums: ref('Sums') }),
          _embedded: { type: 'object', required: ['elements'], properties: { elements: { type: 'array', items: ref(name) } } },
        },
      },
    ],
  }
}
