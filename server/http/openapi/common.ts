/** Schemas that all resources share: links, texts, errors, collections, schemas and forms. */
import { ref } from '#kernel/bodies.ts'

export type Json = Record<string, unknown>

const href = {
  type: ['string', 'null'],
  description: 'Target address. Null where there is no target, or none that the caller may see.',
}

// Without `default`: generated clients make members that have one required, in requests too.
const linkMembers = {
  href,
  title: { type: ['string', 'null'], description: 'Display name.' },
  templated: { type: 'boolean', description: 'Whether `href` is a URI template. False where absent.' },
  type: { type: 'string', description: 'Media type of the target, where it differs from the API’s.' },
  payload: { type: 'object', additionalProperties: true, description: 'Request body to send.' },
  identifier: { type: 'string', description: 'Identifier of the target besides its address.' },
}

/** The schema of an action link, with its HTTP method. */
const doing = (method: string): Json => ({
  type: 'object',
  description: `A link for a ${method.toUpperCase()} request. Present only if the caller may send it.`,
  required: ['href'],
  properties: { ...linkMembers, method: { type: 'string', enum: [method], description: 'HTTP method of the link.' } },
})

/** The name of the schema of links with an HTTP method; without one, of links to read. */
export const linkOf = (method: string | undefined): string =>
  method ? `${method.charAt(0).toUpperCase()}${method.slice(1)}Link` : 'Link'

const count = (description: string): Json => ({ type: 'integer', minimum: 0, description })

/** The shared schemas, by name. */
export const common: Record<string, Json> = {
  Link: {
    type: 'object',
    description: 'A link to another address of the API.',
    required: ['href'],
    properties: { ...linkMembers, method: { type: 'string', description: 'HTTP method of the link. `get` where absent.' } },
  },
  PostLink: doing('post'),
  PatchLink: doing('patch'),
  PutLink: doing('put'),
  DeleteLink: doing('delete'),
  Formattable: {
    type: 'object',
    description: 'A formattable text. A write reads `raw` only.',
    properties: {
      format: { type: 'string', enum: ['markdown', 'plain', 'custom'], description: 'Format of `raw`.' },
      raw: { type: ['string', 'null'], description: 'Source of the text.' },
      html: { type: 'string', readOnly: true, description: 'Rendered text, sanitised so that a page can embed it.' },
    },
  },
  Error: {
    type: 'object',
    description: 'An error: the reason why a request failed.',
    required: ['_type', 'errorIdentifier', 'message'],
    properties: {
      _type: { const: 'Error' },
      errorIdentifier: {
        type: 'string',
        description: 'Error identifier for programs. It does not depend on the message.',
      },
      message: { type: 'string', description: 'Error message for people.' },
      _embedded: {
        type: 'object',
        properties: {
          details: {
            type: 'object',
            properties: {
              attribute: { type: 'string', description: 'Property with the error.' },
              element: {
                type: 'integer',
                minimum: 0,
                description: 'Position of the element with the error, where the property is a list.',
              },
            },
            additionalProperties: true,
          },
          errors: { type: 'array', items: ref('Error'), description: 'The single errors, where there are several.' },
        },
      },
    },
  },
  Collection: {
    type: 'object',
    description: 'A collection.',
    required: ['_type', 'total', 'count', '_embedded', '_links'],
    properties: {
      _type: { type: 'string', description: '`Collection`, or a name that ends in it.' },
      total: count('Number of elements on all pages.'),
      count: count('Number of elements on this page.'),
      _embedded: {
        type: 'object',
        required: ['elements'],
        properties: { elements: { type: 'array', items: { type: 'object', additionalProperties: true } } },
      },
      _links: {
        type: 'object',
        required: ['self'],
        properties: { self: ref('Link', 'This collection, with the parameters of the request.') },
      },
    },
  },
  PaginatedCollection: {
    description: 'A page of a collection.',
    allOf: [
      ref('Collection'),
      {
        type: 'object',
        properties: {
          pageSize: count('Maximum number of elements on a page.'),
          offset: { type: 'integer', minimum: 1, description: 'Page number, from 1.' },
          _links: {
            type: 'object',
            properties: {
              jumpTo: ref('Link', 'Template for any page: `{offset}` is the page number.'),
              changeSize: ref('Link', 'Template for another page size: `{size}`.'),
              nextByOffset: ref('Link', 'The next page, if there is one.'),
              previousByOffset: ref('Link', 'The previous page, if there is one.'),
            },
          },
        },
      },
    ],
  },
  ElementGroup: {
    type: 'object',
    description: 'A group of elements with one value, over all pages.',
    required: ['value', 'count'],
    properties: {
      value: { type: ['string', 'number', 'boolean', 'null'], description: 'Display text of the group’s value.' },
      count: count('Number of elements in the group.'),
      sums: ref('Sums'),
      _links: {
        type: 'object',
        properties: {
          valueLink: { type: 'array', items: ref('Link'), description: 'Links to the group’s value, where it is a resource.' },
          groupBy: ref('Link', 'The property that the elements are grouped by.'),
        },
      },
    },
  },
  Sums: {
    type: 'object',
    description: 'Sums of the elements, by property. Present only with `showSums`.',
    additionalProperties: { type: ['string', 'number', 'null'] },
  },
  Schema: {
    type: 'object',
    description: 'A schema: the properties of a resource, by name.',
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
    description: 'The schema of one property.',
    required: ['type', 'name', 'required', 'hasDefault', 'writable'],
    properties: {
      type: { type: 'string', description: 'Type of the value, or of the linked resource; `[]` in front marks a list.' },
      name: { type: 'string', description: 'Display name.' },
      required: { type: 'boolean', description: 'Whether the property must have a value.' },
      hasDefault: { type: 'boolean', description: 'Whether the server fills in a value where none is sent.' },
      writable: { type: 'boolean', description: 'Whether the caller may write the property.' },
      location: { type: 'string', description: '`_links` or `_meta`, where the property is part of that object.' },
      attributeGroup: { type: 'string', description: 'Group of the property in a form.' },
      minLength: { type: 'integer', description: 'Minimum number of characters.' },
      maxLength: { type: 'integer', description: 'Maximum number of characters.' },
      options: { type: 'object', additionalProperties: true, description: 'Further options of the property.' },
      _links: {
        type: 'object',
        additionalProperties: true,
        description: '`allowedValues`: links to the allowed values, or one link to the list of them.',
      },
      _embedded: {
        type: 'object',
        additionalProperties: true,
        description: '`allowedValues`: the allowed values in full, in forms.',
      },
    },
  },
}
