/** What every resource's description stands on: links, texts, errors, collections, schemas and forms. */
import { ref } from '#kernel/bodies.ts'

export type Json = Record<string, unknown>

const href = {
  type: ['string', 'null'],
  description: 'Where it leads. Null: there is nothing there, or nothing that may be told.',
}

const linkMembers = {
  href,
  title: { type: ['string', 'null'], description: 'What people read.' },
  templated: { type: 'boolean', default: false, description: 'Whether `href` has parts in braces to be filled in.' },
  type: { type: 'string', description: 'The media type of what is there, where it is not this API’s.' },
  payload: { type: 'object', additionalProperties: true, description: 'What to send.' },
  identifier: { type: 'string', description: 'By what it is known besides its address.' },
}

/** A link by which something is done, with the method that does it. */
const doing = (method: string): Json => ({
  type: 'object',
  description: `A link that is followed by ${method.toUpperCase()}. It is there only for those who may.`,
  required: ['href'],
  properties: { ...linkMembers, method: { type: 'string', enum: [method], description: 'The method to follow it by.' } },
})

/** The name of the schema of links that are followed by a method; without one they are read. */
export const linkOf = (method: string | undefined): string =>
  method ? `${method.charAt(0).toUpperCase()}${method.slice(1)}Link` : 'Link'

const count = (description: string): Json => ({ type: 'integer', minimum: 0, description })

/** The schemas that all share. */
export const common: Record<string, Json> = {
  Link: {
    type: 'object',
    description: 'Another place in the API.',
    required: ['href'],
    properties: { ...linkMembers, method: { type: 'string', default: 'get', description: 'The method to follow it by.' } },
  },
  PostLink: doing('post'),
  PatchLink: doing('patch'),
  PutLink: doing('put'),
  DeleteLink: doing('delete'),
  Formattable: {
    type: 'object',
    description: 'A text and what it looks like. Of what is sent only `raw` is read.',
    properties: {
      format: { type: 'string', enum: ['markdown', 'plain', 'custom'], description: 'How `raw` is to be read.' },
      raw: { type: ['string', 'null'], description: 'The text as it was written.' },
      html: { type: 'string', readOnly: true, description: 'The text as it is shown, safe to be put into a page.' },
    },
  },
  Error: {
    type: 'object',
    description: 'Why something was not done.',
    required: ['_type', 'errorIdentifier', 'message'],
    properties: {
      _type: { const: 'Error' },
      errorIdentifier: {
        type: 'string',
        description: 'The kind of error, for programs. It stays the same whatever the sentence.',
      },
      message: { type: 'string', description: 'What is wrong, for people.' },
      _embedded: {
        type: 'object',
        properties: {
          details: {
            type: 'object',
            properties: { attribute: { type: 'string', description: 'The property that it is about.' } },
            additionalProperties: true,
          },
          errors: { type: 'array', items: ref('Error'), description: 'Each single one, where there are several.' },
        },
      },
    },
  },
  Collection: {
    type: 'object',
    description: 'A list.',
    required: ['_type', 'total', 'count', '_embedded', '_links'],
    properties: {
      _type: { type: 'string', description: '`Collection`, or a name that ends in it.' },
      total: count('How many elements there are in all.'),
      count: count('How many of them are here.'),
      _embedded: {
        type: 'object',
        properties: { elements: { type: 'array', items: { type: 'object', additionalProperties: true } } },
      },
      _links: { type: 'object', required: ['self'], properties: { self: ref('Link', 'This list, as it was asked for.') } },
    },
  },
  PaginatedCollection: {
    description: 'A page of a list.',
    allOf: [
      ref('Collection'),
      {
        type: 'object',
        properties: {
          pageSize: count('How many elements a page has at most.'),
          offset: { type: 'integer', minimum: 1, description: 'The number of the page, from 1.' },
          _links: {
            type: 'object',
            properties: {
              jumpTo: ref('Link', 'Any page: `{offset}` is its number.'),
              changeSize: ref('Link', 'Pages of another size: `{size}` is that.'),
              nextByOffset: ref('Link', 'The next page, if there is one.'),
              previousByOffset: ref('Link', 'The page before, if there is one.'),
            },
          },
        },
      },
    ],
  },
  ElementGroup: {
    type: 'object',
    description: 'What some elements of a list have in common, over all pages.',
    required: ['value', 'count'],
    properties: {
      value: { type: ['string', 'number', 'boolean', 'null'], description: 'What they have in common, as people read it.' },
      count: count('How many there are of them.'),
      sums: ref('Sums'),
      _links: {
        type: 'object',
        properties: {
          valueLink: { type: 'array', items: ref('Link'), description: 'What they have in common, where it has an address.' },
          groupBy: ref('Link', 'What they are grouped by.'),
        },
      },
    },
  },
  Sums: {
    type: 'object',
    description: 'What some properties of the elements come to, by their names. There only where `showSums` asks for it.',
    additionalProperties: { type: ['string', 'number', 'null'] },
  },
  Schema: {
    type: 'object',
    description: 'What a resource’s properties are, by their names.',
    required: ['_type', '_links'],
    properties: {
      _type: { const: 'Schema' },
      _dependencies: {
        type: 'array',
        items: { type: 'object', additionalProperties: true },
        description: 'Entries that depend on the value of another property.',
      },
      _links: { type: 'object', properties: { self: ref('Link') } },
    },
  },
  SchemaProperty: {
    type: 'object',
    description: 'What one property is.',
    required: ['type', 'name', 'required', 'hasDefault', 'writable'],
    properties: {
      type: { type: 'string', description: 'Its kind, or what it links to; `[]` in front says that it has many.' },
      name: { type: 'string', description: 'What people read.' },
      required: { type: 'boolean', description: 'Whether it has to have a value.' },
      hasDefault: { type: 'boolean', description: 'Whether it has a value where none is sent.' },
      writable: { type: 'boolean', description: 'Whether the caller may write it.' },
      location: { type: 'string', description: '`_links` or `_meta`, where it is not among the other properties.' },
      attributeGroup: { type: 'string', description: 'The part of a form that it belongs to.' },
      minLength: { type: 'integer', description: 'How many characters it has at least.' },
      maxLength: { type: 'integer', description: 'How many characters it has at most.' },
      options: { type: 'object', additionalProperties: true, description: 'What else there is to know.' },
      _links: {
        type: 'object',
        additionalProperties: true,
        description: '`allowedValues`: what can be chosen, or the one address of a list of that.',
      },
      _embedded: { type: 'object', additionalProperties: true, description: '`allowedValues`: the same in full, in forms.' },
    },
  },
}
