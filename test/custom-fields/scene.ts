/** A project whose work packages have one field of every format, and users who write, read, or see nothing. */
import type { FieldPlan } from '#modules/custom-fields/making.ts'
import { makeField } from '#modules/custom-fields/making.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'

export interface Scene {
  readonly server: Instance
  readonly project: number
  readonly type: number
  readonly writer: Client
  readonly writerId: number
  readonly reader: Client
  readonly stranger: Client
  /** Defines a field; gives its id. */
  field(plan: Omit<FieldPlan, 'resource'> & Partial<Pick<FieldPlan, 'resource'>>): Promise<number>
}

export async function scene(): Promise<Scene> {
  const server = await instance()
  const { make } = server
  const project = await make.project({ name: 'Harbour' })
  const person = async (...permissions: string[]) => {
    const id = await make.user()
    if (permissions.length > 0) await make.member(id, project, ['view_project', 'view_work_packages', ...permissions])
    return { id, client: await server.as(id) }
  }
  const writer = await person(
    'add_work_packages',
    'edit_work_packages',
    'view_project_attributes',
    'edit_project_attributes',
    'select_project_custom_fields',
  )
  return {
    server,
    project,
    type: await server.id('types', 'Task'),
    writer: writer.client,
    writerId: writer.id,
    reader: (await person('view_project_attributes')).client,
    stranger: (await person()).client,
    field: (plan) => server.db.transaction((tx) => makeField(tx, { resource: 'WorkPackage', ...plan })),
  }
}

export const link = (href: string) => ({ href: `/api/v3/${href}` })
