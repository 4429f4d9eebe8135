/** Bodies of work packages that are not rows, as the OpenAPI document describes them. */
import { type BodyType, ref } from '#kernel/bodies.ts'

export const bodies: Readonly<Record<string, BodyType>> = {
  WorkPackageSchemas: {
    description: 'Schemas by project and type.',
    schema: {
      allOf: [
        ref('Collection'),
        {
          type: 'object',
          properties: {
            _embedded: { type: 'object', properties: { elements: { type: 'array', items: ref('WorkPackageSchema') } } },
          },
        },
      ],
    },
    example: {
      _type: 'Collection',
      total: 1,
      count: 1,
      _embedded: {
        elements: [
          {
            _type: 'Schema',
            _dependencies: [],
            subject: {
              type: 'String',
              name: 'Subject',
              required: true,
              hasDefault: false,
              writable: true,
              minLength: 1,
              maxLength: 255,
            },
            _links: { self: { href: '/api/v3/work_packages/schemas/3-1' } },
          },
        ],
      },
      _links: {
        self: {
          href: '/api/v3/work_packages/schemas?filters=%5B%7B%22id%22%3A%7B%22operator%22%3A%22%3D%22%2C%22values%22%3A%5B%223-1%22%5D%7D%7D%5D',
        },
      },
    },
  },

  WatcherWrite: {
    description: 'The user to add as a watcher.',
    schema: { type: 'object', required: ['user'], properties: { user: ref('Link', 'The user.') } },
    example: { user: { href: '/api/v3/users/5' } },
  },
}
