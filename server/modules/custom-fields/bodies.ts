/** The payload that executes a custom action, as the OpenAPI document describes it. */
import { type BodyType, ref } from '#kernel/bodies.ts'

export const bodies: Readonly<Record<string, BodyType>> = {
  CustomActionExecution: {
    description: 'The work package to execute the action on, with the lock version that was read.',
    schema: {
      type: 'object',
      required: ['lockVersion', '_links'],
      properties: {
        lockVersion: {
          type: 'integer',
          description: 'Lock version of the work package; after a concurrent change the response is 409.',
        },
        _links: { type: 'object', required: ['workPackage'], properties: { workPackage: ref('Link', 'The work package.') } },
      },
    },
    example: { lockVersion: 4, _links: { workPackage: { href: '/api/v3/work_packages/42' } } },
  },
}
