/** Request and response bodies that are not resources: named schemas, used by the OpenAPI document only. */

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface BodyType {
  /** A sentence or two about the body. */
  readonly description: string
  /** The JSON Schema; `$ref`s name resources and other bodies as `#/components/schemas/Name`. */
  readonly schema: JsonSchema
  /** An example of the body. */
  readonly example: unknown
}

/** A reference to a resource, a body or a shared schema. */
export const ref = (name: string, description?: string): JsonSchema => ({
  $ref: `#/components/schemas/${name}`,
  ...(description !== undefined && { description }),
})

/** The schema of a HAL object with `_type` and `_links`. */
export const hal = (type: string, properties: JsonSchema, links: JsonSchema): JsonSchema => ({
  type: 'object',
  required: ['_type', '_links'],
  properties: {
    _type: { type: 'string', const: type },
    ...properties,
    _links: { type: 'object', properties: { self: ref('Link', 'Link to this resource.'), ...links } },
  },
})
