/** What is sent to execute a custom action, as the description of the API tells it. */
import { type BodyType, ref } from '#kernel/bodies.ts'

export const bodies: Readonly<Record<string, BodyType>> = {
  CustomActionExecution: {
    description: 'The work package that the action is executed on, as it was read.',
    schema: {
      type: 'object',
      required: ['lockVersion', '_links'],
      properties: {
        lockVersion: { type: 'integer', description: 'That of the work package: whoever has changed it since makes this a 409.' },
        _links: { type: 'object', required: ['workPackage'], properties: { workPackage: ref('Link', 'The work package.') } },
      },
    },
    example: { lockVersion: 4, _links: { workPackage: { href: '/api/v3/work_packages/42' } } },
  },
}
