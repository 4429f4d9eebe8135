/** Actions and capabilities, as the description of the API tells them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

export const bodies: Readonly<Record<string, BodyType>> = {
  Action: {
    description: 'Something that a principal can be capable of. There is one for each permission that clients can ask about.',
    schema: hal('Action', { id: { type: 'string', description: 'What it is done to, and what is done.' } }, {}),
    example: { _type: 'Action', id: 'work_packages/read', _links: { self: { href: '/api/v3/actions/work_packages/read' } } },
  },

  Capability: {
    description: 'That a principal can do something, in a project or everywhere.',
    schema: hal(
      'Capability',
      {
        id: {
          type: 'string',
          description: 'The action, the context (`w` and the id of a project, or `g`) and the principal’s id.',
        },
      },
      {
        action: ref('Link', 'What can be done.'),
        context: ref('Link', 'The project in which it can be done, or the global context.'),
        principal: ref('Link', 'Who can do it.'),
      },
    ),
    example: {
      _type: 'Capability',
      id: 'memberships/create/w3-5',
      _links: {
        self: { href: '/api/v3/capabilities/memberships/create/w3-5' },
        action: { href: '/api/v3/actions/memberships/create' },
        context: { href: '/api/v3/projects/3', title: 'Sea trial' },
        principal: { href: '/api/v3/users/5', title: 'Vera Example' },
      },
    },
  },

  GlobalContext: {
    description: 'What stands for everywhere in place of a project.',
    schema: hal('CapabilityContext::Global', { id: { const: 'global', description: 'By what it is addressed.' } }, {}),
    example: {
      _type: 'CapabilityContext::Global',
      id: 'global',
      _links: { self: { href: '/api/v3/capabilities/context/global', title: 'Global' } },
    },
  },
}
