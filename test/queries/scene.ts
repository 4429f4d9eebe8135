/** A project with some work packages, and users who save queries there, manage public ones, or only read. */
import { type Client, type Instance, instance } from '#test/instance.ts'

export interface Scene {
  readonly server: Instance
  readonly project: number
  /** Another project, visible to administrators only. */
  readonly elsewhere: number
  readonly keeper: Client
  readonly keeperId: number
  readonly manager: Client
  readonly viewer: Client
  readonly viewerId: number
  readonly stranger: Client
}

export async function scene(): Promise<Scene> {
  const server = await instance()
  const { make } = server
  const project = await make.project({ name: 'Harbour' })
  const elsewhere = await make.project({ name: 'Secret' })
  const person = async (...permissions: string[]) => {
    const id = await make.user()
    if (permissions.length > 0) await make.member(id, project, ['view_work_packages', ...permissions])
    return { id, client: await server.as(id) }
  }
  const keeper = await person('save_queries')
  const viewer = await person('view_project')
  return {
    server,
    project,
    elsewhere,
    keeper: keeper.client,
    keeperId: keeper.id,
    manager: (await person('save_queries', 'manage_public_queries')).client,
    viewer: viewer.client,
    viewerId: viewer.id,
    stranger: (await person()).client,
  }
}

export const link = (href: string) => ({ href: `/api/v3/${href}` })

/** A filter in a payload of a query, with links or plain values. */
export const filter = (name: string, operator: string, values: readonly (string | boolean)[] = []) => {
  const named = values.filter((value) => String(value).startsWith('/')).map((value) => link(String(value).slice(1)))
  return {
    _links: {
      filter: link(`queries/filters/${name}`),
      operator: link(`queries/operators/${encodeURIComponent(operator)}`),
      ...(named.length > 0 && { values: named }),
    },
    ...(named.length === 0 && { values }),
  }
}
