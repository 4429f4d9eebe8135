/** What is answered and taken about queries that is no row, as the description of the API tells it. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

const positions = { type: 'object', additionalProperties: { type: 'integer' } }

export const bodies: Readonly<Record<string, BodyType>> = {
  DefaultQuery: {
    description:
      'A query that is not saved: what a list of work packages is where none was chosen. What is not told here is as in others.',
    schema: hal(
      'Query',
      {
        id: { type: 'null', description: 'It has none.' },
        name: { type: ['string', 'null'], description: 'It has none.' },
        createdAt: { type: 'null', description: 'It was not created.' },
        updatedAt: { type: 'null', description: 'It was not changed.' },
        filters: {
          type: 'array',
          items: { type: 'object', additionalProperties: true },
          description: 'What has to hold for a work package to be in the list.',
        },
        sums: { type: 'boolean', description: 'Whether the list tells sums.' },
        public: { type: 'boolean', description: 'It is not.' },
      },
      {
        results: ref('Link', 'What it finds.'),
        update: ref('PostLink', 'The form for saving it as a query of one’s own.'),
        updateImmediately: ref('PostLink', 'Saves it as a query of one’s own.'),
        schema: ref('Link', 'What its properties are, and what can be written.'),
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
    description: 'Which operators a filter has, and which values these take.',
    schema: hal(
      'QueryFilterInstanceSchema',
      {
        _dependencies: {
          type: 'array',
          description: 'The values by the address of the operator: of which type, how many, and where they can be chosen from.',
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
        name: ref('SchemaProperty', 'What people read.'),
        filter: ref('SchemaProperty', 'The filter, of which there is one to choose.'),
        operator: ref('SchemaProperty', 'The operators to choose from.'),
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
    description: 'The address at which calendar programs read a query. It is told only this once.',
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
    description: 'What the address is for.',
    schema: {
      type: 'object',
      required: ['token_name'],
      properties: {
        token_name: { type: 'string', maxLength: 255, description: 'By what its owner knows it again. One name serves once.' },
      },
    },
    example: { token_name: 'Calendar on my telephone' },
  },

  WorkPackagePositions: {
    description: 'Positions by the ids of work packages.',
    schema: positions,
    example: { 42: 8192, 43: 16384 },
  },

  QueryOrderChange: {
    description: 'New positions by the ids of work packages.',
    schema: {
      type: 'object',
      required: ['delta'],
      properties: { delta: { ...positions, description: 'The positions; -1 takes a work package out of the order.' } },
    },
    example: { delta: { 42: 12288, 43: -1 } },
  },

  QueryOrderChanged: {
    description: 'When the order was changed.',
    schema: {
      type: 'object',
      required: ['t'],
      properties: { t: { type: 'string', format: 'date-time', description: 'That time.' } },
    },
    example: { t: '2026-03-02T09:30:00.000Z' },
  },
}
