/** Operations as OpenAPI describes them: parameters, bodies, responses and errors, with examples. */
import { type BodyType, ref } from '#kernel/bodies.ts'
import type { Operation, Resource } from '#kernel/declaration.ts'
import type { Json } from './common.ts'
import { changeOf, collectionOf, exampleOf, formExample, payloadOf, schemaExample } from './examples.ts'
import { type Parameters, pathParameters, queryParameter } from './parameters.ts'
import { writableOf } from './schemas.ts'

/** The sources for descriptions of operations, and the components collected from them. */
export interface Desk {
  readonly all: readonly Resource[]
  readonly resources: ReadonlyMap<string, Resource>
  readonly bodies: ReadonlyMap<string, BodyType>
  readonly chapters: ReadonlyMap<string, string>
  readonly parameters: Parameters
  readonly examples: Record<string, Json>
}

/** A path with its parameters in the syntax of OpenAPI. */
export const named = (path: string): string => path.replace(/:(\w+)/g, '{$1}').replace('*', '{id}')

const HAL = 'application/hal+json'

/** A reference to an example, which is created on first use. */
function example(desk: Desk, name: string, summary: string, make: () => unknown): Json {
  desk.examples[name] ??= { summary, value: make() }
  return { examples: { [name]: { $ref: `#/components/examples/${name}` } } }
}

/** The example of a name: a resource's representation, or a body's example. */
function oneOf(name: string, desk: Desk): unknown {
  const { resources, bodies } = desk
  const resource = resources.get(name)
  if (!resource) return bodies.get(name)?.example
  // A resource that stands for several kinds shows one of them.
  const kind = resource.variant ? desk.all.find((one) => one.table === resource.table && !one.variant) : resource
  return exampleOf(kind as Resource, (one) => resources.get(one))
}

const wordsFor = (name: string, { resources }: Desk): string => resources.get(name)?.words ?? name

function payloadExample({ method, path }: Operation, name: string, desk: Desk): Json {
  const resource = desk.resources.get(name)
  if (!resource) return example(desk, name, wordsFor(name, desk), () => desk.bodies.get(name)?.example)
  const isChange = method === 'PATCH' || path.endsWith('/:id/form')
  const make = isChange ? changeOf : payloadOf
  return example(desk, `${name}${isChange ? 'Change' : 'Write'}`, `Writable properties of ${resource.plural}`, () =>
    make(resource, writableOf(resource), (one) => desk.resources.get(one)),
  )
}

/** The content of a successful response: a reference to its schema, with an example. */
function content({ answers, path, method }: Operation, desk: Desk): Json | undefined {
  const { of, as } = answers
  if (as === 'text') {
    return {
      'text/html': {
        schema: { type: 'string' },
        ...example(desk, 'Html', 'A text as HTML', () => '<p>The mast is <strong>up</strong>.</p>'),
      },
    }
  }
  if (as === 'bytes') return { '*/*': { schema: { type: 'string', format: 'binary' } } }
  if (of === undefined) return undefined
  const resource = desk.resources.get(of)
  const hal = (schema: string, more: Json) => ({ [HAL]: { schema: ref(schema), ...more } })
  switch (as) {
    case 'collection':
      return hal(
        `${of}Collection`,
        example(desk, `${of}Collection`, `A list of ${resource?.plural ?? of}`, () => {
          const type = of === 'WorkPackage' ? 'WorkPackageCollection' : 'Collection'
          return collectionOf(
            path.replace(/:\w+/g, '3'),
            oneOf(of, desk),
            resource !== undefined && resource.paginated !== false,
            type,
          )
        }),
      )
    case 'form': {
      const isNew = !path.includes('/:id/form')
      const payload = () => payloadOf(resource as Resource, writableOf(resource as Resource), (one) => desk.resources.get(one))
      return hal(
        `${of}Form`,
        example(desk, `${of}${isNew ? '' : 'Edit'}Form`, `A form without validation errors`, () =>
          formExample(resource as Resource, payload(), isNew),
        ),
      )
    }
    case 'schema':
      return hal(
        `${of}Schema`,
        example(desk, `${of}Schema`, `The beginning of a schema of ${resource?.plural ?? of}`, () =>
          schemaExample(resource as Resource, `/api/v3${path.replace(/:\w+/g, '3')}`),
        ),
      )
    default:
      return method === 'DELETE' && answers.status === 204
        ? undefined
        : hal(
            of,
            example(desk, of, wordsFor(of, desk), () => oneOf(of, desk)),
          )
  }
}

/** The body of an upload. */
const upload = (isPrepared: boolean): Json => ({
  'multipart/form-data': {
    schema: {
      type: 'object',
      required: isPrepared ? ['metadata'] : ['metadata', 'file'],
      properties: {
        metadata: {
          type: 'object',
          description: 'Metadata of the file, as JSON.',
          required: isPrepared ? ['fileName', 'fileSize'] : ['fileName'],
          properties: {
            fileName: { type: 'string', maxLength: 255, description: 'File name.' },
            description: ref('Formattable', 'Description of the file.'),
            contentType: { type: 'string', description: 'Content type, used where it cannot be detected from the content.' },
            ...(isPrepared && { fileSize: { type: 'integer', minimum: 0, description: 'Size in bytes.' } }),
          },
        },
        ...(!isPrepared && { file: { type: 'string', format: 'binary', description: 'The file.' } }),
      },
    },
    encoding: { metadata: { contentType: 'application/json' } },
  },
})

/** The request body of an operation. */
function requestBody(operation: Operation, desk: Desk): Json | undefined {
  const { method, accepts, takes, path, answers } = operation
  if (accepts === 'text') {
    return {
      description: 'The text.',
      required: true,
      content: { 'text/plain': { schema: { type: 'string' }, example: 'The mast is **up**.' } },
    }
  }
  if (accepts === 'parts') return { required: true, content: upload(path.endsWith('/prepare')) }
  if (method === 'GET' || method === 'DELETE') return undefined
  if (takes === undefined) {
    return {
      description: 'The body is ignored, but the header `Content-Type` is required.',
      content: { 'application/json': { schema: { type: 'object', maxProperties: 0 }, example: {} } },
    }
  }
  const schema = desk.resources.has(takes) ? `${takes}Write` : takes
  return {
    required: answers.as !== 'form',
    content: { 'application/json': { schema: ref(schema), ...payloadExample(operation, takes, desk) } },
  }
}

/** Error responses by status. */
export const refusals: Record<string, { description: string; identifier: string; message: string }> = {
  400: {
    description: 'The request is malformed.',
    identifier: 'InvalidQuery',
    message: 'Sorting by "mast" is not supported.',
  },
  401: {
    description: 'Credentials are missing or wrong.',
    identifier: 'Unauthenticated',
    message: 'You need to be authenticated to access this resource.',
  },
  403: {
    description: 'The permission is missing.',
    identifier: 'MissingPermission',
    message: 'You are not authorized to access this resource.',
  },
  404: {
    description: 'There is no such resource, or the caller may not see it.',
    identifier: 'NotFound',
    message: 'The requested resource could not be found.',
  },
  409: {
    description: 'The resource was changed in the meantime: read it again, and repeat the change on the new version.',
    identifier: 'UpdateConflict',
    message: 'The resource was changed in the meantime. Fetch it again and repeat the change on the new version.',
  },
  415: {
    description: 'The content type of the body is not supported.',
    identifier: 'TypeNotSupported',
    message: "Expected CONTENT-TYPE to be application/json or application/hal+json but got 'text/csv'.",
  },
  422: {
    description: 'Values in the body are not valid. Nothing was saved.',
    identifier: 'PropertyConstraintViolation',
    message: "Subject can't be blank.",
  },
}

/** The error responses as components of the document. */
export const refusalComponents = (): Record<string, Json> => ({
  ...Object.fromEntries(
    Object.entries(refusals).map(([status, { description, identifier, message }]) => [
      `Refusal${status}`,
      {
        description,
        content: {
          [HAL]: {
            schema: ref('Error'),
            example: {
              _type: 'Error',
              errorIdentifier: `urn:openproject-org:api:v3:errors:${identifier}`,
              message,
              ...(status === '422' && { _embedded: { details: { attribute: 'subject' } } }),
            },
          },
        },
      },
    ]),
  ),
  Refusal406: {
    description: 'The header `Content-Type` is missing.',
    content: { 'text/plain': { schema: { type: 'string' }, example: 'Missing content-type header' } },
  },
})

const refusal = (status: number): [string, Json] => [String(status), { $ref: `#/components/responses/Refusal${status}` }]

const operationIds = new WeakMap<object, string>()

/** The `operationId` of an operation. */
export function operationIdOf(operation: Pick<Operation, 'method' | 'path'>): string {
  let id = operationIds.get(operation)
  if (id === undefined) {
    const words = named(operation.path)
      .replaceAll('}', '')
      .replace(/[/{](\w)/g, (_, c: string) => c.toUpperCase())
      .replace(/[^A-Za-z0-9]/g, '_')
    id = `${operation.method.toLowerCase()}${words}`
    operationIds.set(operation, id)
  }
  return id
}

/** An operation as OpenAPI describes it. */
export function describeOperation(operation: Operation, desk: Desk): Json {
  const { method, path, summary, description, tag, answers, takes, query = [] } = operation
  const listed = answers.as === 'collection' ? desk.resources.get(answers.of ?? '') : desk.resources.get(tag)
  const parameters = [
    ...pathParameters(named(path), desk.all),
    ...query.map((name) => queryParameter(name, listed, answers.of, desk.parameters)),
  ]
  const hasBody = method !== 'GET' && method !== 'DELETE'
  const body = requestBody(operation, desk)
  const good = content(operation, desk)
  return {
    operationId: operationIdOf(operation),
    summary,
    description,
    ...(operation.extension && { 'x-halyard-extension': true }),
    tags: [desk.chapters.get(tag)],
    ...(parameters.length > 0 && { parameters }),
    ...(body && { requestBody: body }),
    responses: {
      [answers.status]: { description: said(answers.status), ...(good && { content: good }) },
      ...Object.fromEntries(
        Object.entries(answers.also ?? {}).map(([status, meaning]) => [
          status,
          { description: meaning, ...(Number(status) < 300 && good && { content: good }) },
        ]),
      ),
      ...Object.fromEntries(
        [
          400,
          401,
          403,
          ...(path.includes(':') || path.includes('*') ? [404] : []),
          ...(hasBody ? [406] : []),
          ...(takes ? [409] : []),
          ...(hasBody ? [415] : []),
          ...(takes || operation.accepts === 'parts' ? [422] : []),
        ].map(refusal),
      ),
    },
  }
}

/** The description of a status that is not an error. */
const said = (status: number): string =>
  ({
    201: 'Created.',
    202: 'Accepted for deletion.',
    204: 'Done; the response has no body.',
    301: 'Redirect to the address in `Location`.',
    308: 'Redirect: send the same request to the address in `Location`.',
  })[status] ?? 'Done.'
