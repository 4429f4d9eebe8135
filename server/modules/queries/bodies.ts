/** Bodies of queries that are not stored rows, as the OpenAPI document describes them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

const positions = { type: 'object', additionalProperties: { type: 'integer' } }

export const bodies: Readonly<Record<string, BodyType>> = {
  DefaultQuery: {
    description: 'The default query of work packages, which is not saved. Other properties are those of a query.',
    schema: hal(
      'Query',
      {
        id: { type: 'null', description: 'Always null.' },
        name: { type: ['string', 'null'], description: 'Always null.' },
        createdAt: { type: 'null', description: 'Always null.' },
        updatedAt: { type: 'null', description: 'Always null.' },
        filters: {
          type: 'array',
          items: { type: 'object', additionalProperties: true },
          description: 'Filters that the work packages match.',
        },
        sums: { type: 'boolean', description: 'Whether the results have sums.' },
        public: { type: 'boolean', description: 'Always false.' },
      },
      {
        results: ref('Link', 'The results.'),
        update: ref('PostLink', 'The form for saving it as a query of the caller.'),
        updateImmediately: ref('PostLink', 'Saves it as a query of the caller.'),
        schema: ref('Link', 'The schema: its properties, and which are writable.'),
      },
    ),
    example: {
      _type: 'Query',
      id: null,
      name: null,
      createdAt: null,
      updatedAt: null,
      filters: [],
      sums: false,
      public: false,
      _links: {
        self: { href: '/api/v3/queries/default', title: 'Default' },
        results: { href: '/api/v3/work_packages?pageSize=20&sortBy=%5B%5B%22id%22%2C%22asc%22%5D%5D' },
        update: { href: '/api/v3/queries/form', method: 'post' },
      },
    },
  },

  QueryFilterInstanceSchema: {
    description: 'The operators of a filter and their values.',
    schema: hal(
      'QueryFilterInstanceSchema',
      {
        _dependencies: {
          type: 'array',
          description: 'The values by address of the operator: their type, their number, and links to the allowed values.',
          items: {
            type: 'object',
            properties: {
              _type: { const: 'SchemaDependency' },
              on: { const: 'operator' },
              dependencies: {
                type: 'object',
                additionalProperties: { type: 'object', properties: { values: ref('SchemaProperty') } },
              },
            },
          },
        },
        name: ref('SchemaProperty', 'Schema of the display name.'),
        filter: ref('SchemaProperty', 'Schema of the filter, with one allowed value.'),
        operator: ref('SchemaProperty', 'Schema of the operator, with the allowed operators.'),
      },
      { filter: ref('Link', 'The filter.') },
    ),
    example: {
      _type: 'QueryFilterInstanceSchema',
      _dependencies: [
        {
          _type: 'SchemaDependency',
          on: 'operator',
          dependencies: {
            '/api/v3/queries/operators/~': {
              values: { type: '[1]String', name: 'Values', required: true, hasDefault: false, writable: true },
            },
          },
        },
      ],
      name: { type: 'String', name: 'Name', required: true, hasDefault: false, writable: false },
      filter: { type: 'QueryFilter', name: 'Filter', required: true, hasDefault: false, writable: true, location: '_links' },
      operator: {
        type: 'QueryOperator',
        name: 'Operator',
        required: true,
        hasDefault: false,
        writable: true,
        location: '_links',
      },
      _links: {
        self: { href: '/api/v3/queries/filter_instance_schemas/subject', title: 'Subject' },
        filter: { href: '/api/v3/queries/filters/subject', title: 'Subject' },
      },
    },
  },

  QueryICalUrl: {
    description: 'The iCalendar address of a query. No other response shows it again.',
    schema: hal(
      'QueryICalUrl',
      {},
      { self: ref('PostLink'), query: ref('Link', 'The query.'), icalUrl: ref('Link', 'The address, with its secret.') },
    ),
    example: {
      _type: 'QueryICalUrl',
      _links: {
        self: { href: '/api/v3/queries/42/ical_url', method: 'post' },
        query: { href: '/api/v3/queries/42', method: 'get' },
        icalUrl: { href: 'https://pm.example.org/projects/3/calendars/42/ical?ical_token=0f9c…', method: 'get' },
      },
    },
  },

  QueryICalUrlWrite: {
    description: 'The name of a new iCalendar address.',
    schema: {
      type: 'object',
      required: ['token_name'],
      properties: {
        token_name: { type: 'string', maxLength: 255, description: 'Name of the token for its owner. Names are unique.' },
      },
    },
    example: { token_name: 'Calendar on my telephone' },
  },

  WorkPackagePositions: {
    description: 'Positions by work package id.',
    schema: positions,
    example: { 42: 8192, 43: 16384 },
  },

  QueryOrderChange: {
    description: 'New positions by work package id.',
    schema: {
      type: 'object',
      required: ['delta'],
      properties: { delta: { ...positions, description: 'The positions; -1 removes a work package from the order.' } },
    },
    example: { delta: { 42: 12288, 43: -1 } },
  },

  QueryOrderChanged: {
    description: 'The time of a change of the order.',
    schema: {
      type: 'object',
      required: ['t'],
      properties: { t: { type: 'string', format: 'date-time', description: 'Time of the change.' } },
    },
    example: { t: '2026-03-02T09:30:00.000Z' },
  },
}
