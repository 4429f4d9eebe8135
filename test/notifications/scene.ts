/** A project with users, and the notifications that they get. */

import { sql } from '#db/sql.ts'
import { type Client, type Instance, instance } from '#test/instance.ts'
import { runDue } from '#test/jobs.ts'

export interface Person {
  readonly id: number
  readonly client: Client
  /** The notifications since the last call: reasons with ids of work packages, oldest first. */
  told(): Promise<[reason: string, workPackage: number][]>
}

export interface Scene {
  readonly server: Instance
  readonly project: number
  /** A user who sees the work packages of the project, with further permissions. */
  person(permissions?: readonly string[], values?: Record<string, unknown>): Promise<Person>
  /** Runs the due jobs. */
  pass(now?: Date): Promise<void>
  close(): Promise<void>
}

export async function scene(): Promise<Scene> {
  const server = await instance()
  await server.setting('journal_aggregation_time_minutes', 0)
  const project = await server.make.project({ name: 'Harbour' })
  const pass = (now = new Date()) => runDue(server.db, { now })
  return {
    server,
    project,
    pass,
    person: async (permissions = [], values = {}) => {
      const id = await server.make.user(values)
      await server.make.member(id, project, ['view_work_packages', 'work_package_assigned', ...permissions])
      const client = await server.as(id)
      return {
        id,
        client,
        told: async () => {
          await pass()
          const { body } = await client.get('/notifications?pageSize=1000')
          await server.db.transaction((tx) => tx.run(sql`delete from notifications where recipient_id = ${id}`))
          return body._embedded.elements
            .map((one: any) => [one.reason, Number(one._links.resource.href.split('/').at(-1))])
            .toReversed()
        },
      }
    },
    close: () => server.close(),
  }
}

/** Changes the current version of a work package. Gives the response. */
export async function patch(client: Client, id: number, body: object, query = '') {
  const { lockVersion } = (await client.get(`/work_packages/${id}`)).body
  return client.patch(`/work_packages/${id}${query}`, { lockVersion, ...body })
}

export const user = (id: number) => ({ href: `/api/v3/users/${id}` })
