/** Setup of work package tests: a project, users with different permissions in it, and shorthands for requests. */
import assert from 'node:assert/strict'
import { after } from 'node:test'
import { join, sql } from '#db/sql.ts'
import { invalidate as raise } from '#kernel/cache.ts'
import { type Client, type Instance, instance, type Reply } from '#test/instance.ts'

export interface Person {
  readonly id: number
  readonly client: Client
}

export interface Scene extends Instance {
  /** A private project with all types and modules. */
  readonly project: number
  /** A user with the seeded role Member in the project. */
  readonly member: Person
  /** A user with the seeded role Reader in the project. */
  readonly reader: Person
  /** A user without memberships. */
  readonly stranger: Person
  /** A user with exactly these permissions in the project. */
  person(...permissions: string[]): Promise<Person>
  /** A user with a share of one work package, by the name of a seeded role. */
  sharer(workPackage: number, role: string, project?: number): Promise<Person>
  /** A role of exactly these permissions in the project, and a user with it. */
  withRole(...permissions: string[]): Promise<Person & { role: number }>
  /** Permits a transition of a type between two statuses for a role. */
  transition(step: { type: string; role: number; from: string; to: string; author?: boolean; assignee?: boolean }): Promise<void>
  version(values: { project_id: number; name: string; status?: string; sharing?: string }): Promise<number>
  category(values: { project_id: number; name: string; assigned_to_id?: number }): Promise<number>
  /** Ids of seeded rows by name. */
  types(name: string): Promise<number>
  statuses(name: string): Promise<number>
  priorities(name: string): Promise<number>
}

/** A server of its own for a test file; it ends with the file. */
export async function scene(options: Parameters<typeof instance>[0] = {}): Promise<Scene> {
  const it = await instance(options)
  after(() => it.close())
  const { make } = it
  const project = await make.project({ identifier: 'ship', name: 'Ship' })
  const somebody = async (): Promise<Person> => {
    const id = await make.user()
    return { id, client: await it.as(id) }
  }
  const inRole = async (role: number) => {
    const person = await somebody()
    await make.member(person.id, project, { role })
    return { ...person, role }
  }
  const now = new Date().toISOString()
  const stamps = { created_at: now, updated_at: now }
  return {
    ...it,
    project,
    member: await inRole(await it.id('roles', 'Member')),
    reader: await inRole(await it.id('roles', 'Reader')),
    stranger: await somebody(),
    person: async (...permissions) => {
      const person = await somebody()
      await make.member(person.id, project, permissions)
      return person
    },
    sharer: async (workPackage, role, within = project) => {
      const person = await somebody()
      const share = { principal_id: person.id, project_id: within, entity_type: 'WorkPackage', entity_id: workPackage }
      const id = await make.row('memberships', { ...share, ...stamps }, 'memberships')
      await make.row('membership_roles', { membership_id: id, role_id: await it.id('roles', role) }, 'memberships')
      return person
    },
    withRole: async (...permissions) => inRole(await make.role(permissions)),
    transition: async ({ type, role, from, to, author = false, assignee = false }) => {
      const ids = [await it.id('types', type), role, await it.id('statuses', from), await it.id('statuses', to)]
      await it.db.transaction(async (tx) => {
        await tx.run(sql`insert into workflows (type_id, role_id, old_status_id, new_status_id, author, assignee)
          values (${join(ids)}, ${author}, ${assignee})`)
        await raise(tx, 'workflows')
      })
    },
    version: (values) => make.row('versions', { ...values, ...stamps }, 'versions'),
    category: (values) => make.row('categories', values, 'categories'),
    types: (name) => it.id('types', name),
    statuses: (name) => it.id('statuses', name),
    priorities: (name) => it.id('priorities', name),
  }
}

/** The links in the payload of a form, for a user who may write all of them, by name. */
export const payloadLinks: readonly string[] = [
  'assignee',
  'budget',
  'category',
  'parent',
  'priority',
  'project',
  'responsible',
  'sprint',
  'status',
  'type',
  'version',
]

/** A link in a payload. */
export const link = (path: string, id: number | string) => ({ href: `/api/v3/${path}/${id}` })

/** A work package created over HTTP; fails unless it succeeds. */
export async function created(client: Client, project: number, body: Record<string, any> = {}): Promise<any> {
  const { _links, ...rest } = body
  const reply = await client.post('/work_packages', {
    subject: 'A work package',
    ...rest,
    _links: { project: link('projects', project), ..._links },
  })
  assert.equal(reply.status, 201, reply.text)
  return reply.body
}

/** A change of the current version of a work package, with its lock version. */
export async function changed(client: Client, id: number, body: Record<string, unknown>): Promise<Reply> {
  const { lockVersion } = (await client.get(`/work_packages/${id}`)).body
  return client.patch(`/work_packages/${id}`, { lockVersion, ...body })
}

/** The errors of a reply as `attribute: message`, sorted; for one error and for several alike. */
export function errors(body: any): string[] {
  const list = body._embedded?.errors ?? [body]
  return list.map((error: any) => `${error._embedded?.details?.attribute}: ${error.message}`).sort()
}

/** The error identifier of a body. */
export const kind = (body: any): string => String(body.errorIdentifier).split(':').at(-1) as string
