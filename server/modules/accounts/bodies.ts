/** Actions and capabilities, as the OpenAPI document describes them. */
import { type BodyType, hal, ref } from '#kernel/bodies.ts'

export const bodies: Readonly<Record<string, BodyType>> = {
  Action: {
    description: 'An action that a principal can be permitted to perform. Each permission that clients can check has one.',
    schema: hal('Action', { id: { type: 'string', description: 'Resource and verb.' } }, {}),
    example: { _type: 'Action', id: 'work_packages/read', _links: { self: { href: '/api/v3/actions/work_packages/read' } } },
  },

  Capability: {
    description: 'An action that a principal may perform, in a project or globally.',
    schema: hal(
      'Capability',
      {
        id: {
          type: 'string',
          description: 'Action, context (`w` and the id of a project, or `g`) and id of the principal.',
        },
      },
      {
        action: ref('Link', 'The action.'),
        context: ref('Link', 'The context: a project, or the global context.'),
        principal: ref('Link', 'The principal.'),
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
    description: 'The global context of capabilities, in place of a project.',
    schema: hal('CapabilityContext::Global', { id: { const: 'global', description: 'Id.' } }, {}),
    example: {
      _type: 'CapabilityContext::Global',
      id: 'global',
      _links: { self: { href: '/api/v3/capabilities/context/global', title: 'Global' } },
    },
  },
}
