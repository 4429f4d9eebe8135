/** What resources look like: as they are answered, as they are sent, and what their schemas, forms and lists are. */
import type { Row } from '#db/database.ts'
import { ref } from '#kernel/bodies.ts'
import type { Action, Property, Resource } from '#kernel/declaration.ts'
import { isAlwaysRequired, linkKind } from '#kernel/resource.ts'
import { type Json, linkOf } from './common.ts'
import { meaningOf } from './words.ts'

/** A schema that allows null besides; a formatted text is an object in any case. */
function orNull(schema: Json): Json {
  return typeof schema.type === 'string' ? { ...schema, type: [schema.type, 'null'], ...enumWithNull(schema) } : schema
}

const enumWithNull = ({ enum: choices }: Json): Json => (Array.isArray(choices) ? { enum: [...choices, null] } : {})

/** What a property's value looks like. */
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

/** A link as it is answered: to one, to many, or to the list of them. */
const shownLink = (p: Property, resource: Resource): Json =>
  p.many && !p.options.listedAt
    ? { type: 'array', items: ref('Link'), description: meaningOf(p.name, resource.glossary, `${p.label}.`) }
    : explained(ref('Link'), resource, p)

/** The actions that every resource has by its declaration, with where they lead from its address. */
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

/** What is embedded where a resource is answered by itself. */
function embeddedSchema(resource: Resource, known: ReadonlySet<string>): Json {
  const linked = resource.properties.filter(({ to, options }) => to && options.embed && known.has(to))
  const entries = linked.map((p): [string, Json] => {
    // Where the row says what kind of thing it is, it may be of any kind.
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
      description: 'What is linked to, in full, where the resource is answered by itself and the caller may see it.',
      properties: Object.fromEntries([...entries, ...others]),
    },
  }
}

/** The representation of a resource; of one that stands for several kinds, that of any of them. */
export function model(resource: Resource, all: readonly Resource[]): Json {
  const description = resource.description ?? ''
  if (resource.variant) {
    return {
      description,
      anyOf: all.filter((one) => one.table === resource.table && isKind(one)).map((one) => ref(one.name)),
    }
  }
  const shown = resource.properties.filter((p) => !p.to && p.kind.type !== 'Password')
  const links = resource.properties.filter((p) => p.to)
  const actions = Object.entries(resource.actions ?? {}).filter((entry): entry is [string, Action<Row>] => entry[1] !== null)
  return {
    type: 'object',
    description,
    required: ['_type', '_links'],
    properties: {
      _type: resource.type
        ? { type: 'string', description: 'What kind of it this is.' }
        : { type: 'string', const: resource.name },
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

/** Whether rows are answered as this resource, rather than that it shares their table for another purpose. */
const isKind = ({ variant, addressOf }: Resource): boolean => !variant && !addressOf

/** What may be sent to create or change a resource. */
export function writeModel(resource: Resource): Json {
  const writable = writableOf(resource)
  const links = writable.filter((p) => p.to)
  const meta = resource.meta ?? []
  const written = (p: Property): [string, Json] => [p.name, explained(orNull(valueSchema(p)), resource, p)]
  return {
    type: 'object',
    description: `What can be sent of ${resource.plural}. Which of it this caller may write is told by ${
      resource.operations.includes('form') || resource.operations.includes('editForm') ? 'the form' : 'the answer'
    }.`,
    properties: {
      ...Object.fromEntries(writable.filter((p) => !p.to).map(written)),
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
          description: 'What the write is to do besides.',
          properties: Object.fromEntries(meta.map(written)),
        },
      }),
    },
  }
}

/** The schema that a resource has at its address, with an entry for each property. */
export const schemaModel = (resource: Resource): Json => ({
  description: `What the properties of ${resource.plural} are. Custom fields are there as well, as \`customField\` and their number.`,
  allOf: [
    ref('Schema'),
    {
      type: 'object',
      properties: Object.fromEntries(
        resource.properties
          .filter(({ options }) => options.inSchema !== false)
          .map(({ name, kind, label }) => [name, ref('SchemaProperty', kind === linkKind ? `The link ${label}.` : `${label}.`)]),
      ),
    },
  ],
})

/** A form: what would be saved, what it has to fit, and what is wrong with it. */
/** A schema without limits of length and size. */
function unlimited(schema: unknown): Json {
  return JSON.parse(
    JSON.stringify(schema, (key, value) => (['maxLength', 'minLength', 'maximum', 'minimum'].includes(key) ? undefined : value)),
  )
}

export const formModel = (resource: Resource): Json => ({
  type: 'object',
  description: `What would be saved of ${resource.plural}, what it has to fit, and what is wrong with it.`,
  required: ['_type', '_embedded', '_links'],
  properties: {
    _type: { const: 'Form' },
    _embedded: {
      type: 'object',
      required: ['payload', 'schema', 'validationErrors'],
      properties: {
        // What is wrong with it may be its length: the limits of what can be saved do not hold for it.
        payload: {
          ...unlimited(writeModel(resource)),
          description: 'What would be saved, as far as the caller may write it. Send it back to commit.',
        },
        schema: ref(`${resource.name}Schema`, 'The schema, with the values that there are to choose from.'),
        validationErrors: {
          type: 'object',
          description: 'What is wrong, by the name of the property; nothing where all is well.',
          additionalProperties: ref('Error'),
        },
      },
    },
    _links: {
      type: 'object',
      required: ['self', 'validate'],
      properties: {
        self: ref('PostLink'),
        validate: ref('PostLink', 'The form itself: asks again with another payload.'),
        commit: ref('Link', 'Saves the payload. There only where nothing is wrong and the caller may.'),
      },
    },
  },
})

/** A list of what has this name. */
export function collectionModel(name: string, resource: Resource | undefined): Json {
  const has = (option: 'group' | 'sum') => resource?.properties.some(({ options }) => options[option]) === true
  return {
    description: `A list; its elements are of the kind \`${name}\`.`,
    allOf: [
      ref(resource && resource.paginated !== false ? 'PaginatedCollection' : 'Collection'),
      {
        type: 'object',
        properties: {
          ...(has('group') && {
            groups: { type: 'array', items: ref('ElementGroup'), description: 'There only where `groupBy` asks for them.' },
          }),
          ...(has('sum') && { totalSums: ref('Sums') }),
          _embedded: { type: 'object', properties: { elements: { type: 'array', items: ref(name) } } },
        },
      },
    ],
  }
}
