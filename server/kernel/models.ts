/** What is answered or taken that is no row of a resource: named shapes, for the description of the API alone. */

/** A JSON Schema. */
export type JsonSchema = Readonly<Record<string, unknown>>

export interface Model {
  /** What it is, in a sentence or two. */
  readonly description: string
  /** Its shape; `$ref`s name resources and other models as `#/components/schemas/Name`. */
  readonly schema: JsonSchema
  /** How one looks. */
  readonly example: unknown
}

const known = new Map<string, Model>()

/** All models by name. */
export const models: ReadonlyMap<string, Model> = known

/** Declares a model; operations name it in `answers` and `takes`. Throws where there is one of that name already. */
export function model(name: string, one: Model): void {
  if (known.has(name)) throw new Error(`There are two models named ${name}.`)
  known.set(name, one)
}

/** A reference to a resource, a model or one of the shapes that all share. */
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
