/** Bodies that are answered or taken and are no resource: named shapes, for the description of the API alone. */

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface BodyType {
  /** What it is, in a sentence or two. */
  readonly description: string
  /** Its shape; `$ref`s name resources and other bodies as `#/components/schemas/Name`. */
  readonly schema: JsonSchema
  /** How one looks. */
  readonly example: unknown
}

/** A reference to a resource, a body or one of the shapes that all share. */
export const ref = (name: string, description?: string): JsonSchema => ({
  $ref: `#/components/schemas/${name}`,
  ...(description !== undefined && { description }),
})

/** The shape of an object that says by `_type` what it is, and links by `_links`. */
export const hal = (type: string, properties: JsonSchema, links: JsonSchema): JsonSchema => ({
  type: 'object',
  required: ['_type', '_links'],
  properties: {
    _type: { type: 'string', const: type },
    ...properties,
    _links: { type: 'object', properties: { self: ref('Link', 'Its own address.'), ...links } },
  },
})
