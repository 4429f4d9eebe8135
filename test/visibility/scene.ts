/**
 * A bay that its members see, and a deep that only the administrator sees, with relations between both projects.
 * The watch is a member of the bay, and some work packages of the deep are shared with them.
 */

import type { FieldPlan } from '#modules/custom-fields/making.ts'
import { makeField } from '#modules/custom-fields/making.ts'
import { product } from '#server/modules.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'

const { permissions } = product

const now = new Date().toISOString()
export const stamps = { created_at: now, updated_at: now }

/** All permissions of a project except the one to manage members, which would show all groups and their users. */
const most = permissions
  .filter((one) => one.scopes.includes('project') && !one.public && one.name !== 'manage_members')
  .map((one) => one.name)

export interface Scene {
  readonly server: Instance
  readonly bay: number
  readonly deep: number
  /** A member of the bay. */
  readonly watch: Client & { readonly id: number }
  /** A user whom only the administrator sees. */
  person(name: string, values?: Record<string, unknown>): Promise<number>
  /** A work package of the bay, or of the deep and shared with the watch. */
  task(subject: string, values?: Record<string, unknown>): Promise<number>
  shared(subject: string, values?: Record<string, unknown>): Promise<number>
  /** Defines a field, by default of work packages; gives its id. */
  field(plan: Omit<FieldPlan, 'resource'> & Partial<Pick<FieldPlan, 'resource'>>): Promise<number>
}

export async function scene(): Promise<Scene> {
  const server = await instance()
  const { make, db } = server
  const bay = await make.project({ identifier: 'bay', name: 'Bay' })
  const deep = await make.project({ identifier: 'deep', name: 'Deep' })
  const id = await make.user({ name: 'Wendy Watch', login: 'watch' })
  await make.member(id, bay, most)
  const share = await make.role(['view_work_packages', 'edit_work_packages', 'add_work_package_comments'], 'work_package')
  return {
    server,
    bay,
    deep,
    watch: { ...(await server.as(id)), id },
    person: (name, values = {}) => {
      const [first_name, last_name] = name.split(' ') as [string, string]
      return make.user({ name, first_name, last_name, ...values })
    },
    task: (subject, values = {}) => make.workPackage({ project_id: bay, subject, ...values }),
    shared: async (subject, values = {}) => {
      const entity_id = await make.workPackage({ project_id: deep, subject, ...values })
      const of = { principal_id: id, project_id: Number(values.project_id ?? deep), entity_type: 'WorkPackage', entity_id }
      const membership_id = await make.row('memberships', { ...of, ...stamps }, 'memberships')
      await make.row('membership_roles', { membership_id, role_id: share }, 'memberships')
      return entity_id
    },
    field: (plan) => db.transaction((tx) => makeField(tx, { resource: 'WorkPackage', ...plan })),
  }
}

/** The subjects or names of a list's elements, in order. */
export const named = ({ body }: { body: any }): string[] => body._embedded.elements.map((one: any) => one.subject ?? one.name)

/** The groups of a list, each with its count. */
export const grouped = ({ body }: { body: any }): [value: string | null, count: number][] =>
  body.groups.map((one: any) => [one.value, one.count])
