/** Roles: sets of permissions that memberships grant. */
import { amongTexts } from '#db/dialect.ts'
import { and, negated, sql } from '#db/sql.ts'
import { everyone, signedIn } from '#kernel/access/rules.ts'
import { isId } from '#kernel/read/operators.ts'
import { resource } from '#kernel/resource.ts'
import { mayGive } from './giving-roles.ts'
import { seesMembers } from './visibility.ts'

/** Kinds of roles by the value of the filter `unit`. */
const kindOfUnit: Record<string, string> = { project: 'project', system: 'global' }

export const Role = resource('Role', 'roles', {
  path: 'roles',
  description: 'A set of permissions that memberships grant.',
  glossary: {
    name: 'Name.',
  },
  example: { id: 4, name: 'Member' },
  title: 'name',
  cached: 'all',
  order: { column: 'position' },
  paginated: false,
  visible: everyone,
  guards: { index: signedIn, show: seesMembers },
  // Roles of shares are not for members.
  index: () => ({ within: sql`roles.kind in ('project', 'global')` }),
  properties: ({ text, integer }) => ({
    id: integer(),
    name: text({ required: true, max: 256 }),
  }),
  filters: {
    /** Whether memberships can have the role: built-in roles apply by themselves. */
    grantable: {
      strategy: 'boolean',
      where: () => sql`roles.builtin is null`,
    },
    /** Whether the viewer may give the role in one of these projects. */
    grantableIn: {
      strategy: 'list',
      to: 'Project',
      where: ({ values }, context) => mayGive(context, values.filter(isId).map(Number)),
    },
    /** The kind of membership that can have the role: in a project, or global. */
    unit: {
      strategy: 'list',
      allowed: (values) => values.every((value) => Object.hasOwn(kindOfUnit, value)),
      // Roles of another kind are asked for as they are, those built in among them.
      ownNegation: true,
      where: ({ operator, values }, { engine }) => {
        const kinds = values.map((value) => kindOfUnit[value] ?? '')
        const isOne = amongTexts(engine, sql`roles.kind`, kinds)
        return operator === '=' ? and([isOne, sql`roles.builtin is null`]) : negated(isOne)
      },
    },
  },
  operations: ['index', 'show'],
})
